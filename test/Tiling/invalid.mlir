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

// -----

func.func private @other_parts(%q: tensor<1x1x6x32xf32>, %k: tensor<400x2x32xf32>, %t: tensor<1x400xi32>, %p: tensor<1x1xi32>)
    -> (tensor<1x3x6x32xf32>, tensor<1x3x6xf32>, tensor<1x3x6xf32>) attributes {girih.kernel} {
  // expected-error@+1 {{expected the target's 8 parts of blocks of 128 positions, found 3 and 16}}
  %0:3 = girih.split_attention %q, %k, %k table %t positions %p {scale = 1.0 : f32, parts = 3 : i64, block = 16 : i64} :
    (tensor<1x1x6x32xf32>, tensor<400x2x32xf32>, tensor<400x2x32xf32>, tensor<1x400xi32>, tensor<1x1xi32>) -> (tensor<1x3x6x32xf32>, tensor<1x3x6xf32>, tensor<1x3x6xf32>)
  return %0#0, %0#1, %0#2 : tensor<1x3x6x32xf32>, tensor<1x3x6xf32>, tensor<1x3x6xf32>
}
