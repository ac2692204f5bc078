// What cannot become a tile program is refused with the reason and the way out.
// RUN: girih-opt %s --split-input-file --verify-diagnostics --tiling-emit-programs

// expected-error@+1 {{expected tensors of at most 4 dimensions, found 'tensor<2x2x2x2x2xf32>'; reshape it in the graph}}
func.func private @five(%x: tensor<2x2x2x2x2xf32>) -> tensor<2x2x2x2x2xf32> attributes {girih.kernel} {
  %0 = girih.relu %x : (tensor<2x2x2x2x2xf32>) -> tensor<2x2x2x2x2xf32>
  return %0 : tensor<2x2x2x2x2xf32>
}

// -----

func.func private @computed_table(%x: tensor<9x4xf32>, %ids: tensor<3xi32>) -> tensor<3x4xf32> attributes {girih.kernel} {
  %0 = girih.relu %x : (tensor<9x4xf32>) -> tensor<9x4xf32>
  // expected-error@+1 {{expected a table in memory, found one that the kernel computes; keep the two in separate kernels}}
  %1 = girih.embedding %0, %ids : (tensor<9x4xf32>, tensor<3xi32>) -> tensor<3x4xf32>
  return %1 : tensor<3x4xf32>
}

// -----

// expected-error@+1 {{abacus}}
module attributes {girih.target = "abacus"} {
}
