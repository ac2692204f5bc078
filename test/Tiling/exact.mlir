// Under the contract `exact` a sum over K is one chain, whatever K is; under the others it is taken in blocks.
// RUN: girih-opt %s --fusion-form-kernels --fusion-outline-kernels --tiling-emit-programs | FileCheck %s
// RUN: sed 's/"exact"/"stable"/' %s | girih-opt --fusion-form-kernels --fusion-outline-kernels --tiling-emit-programs | FileCheck %s --check-prefix=STABLE
// RUN: girih-eval %s --levels=graph,tile,cpu | FileCheck %s --check-prefix=NUMBERS

// CHECK: tile.program
// CHECK-NOT: scf.for
// CHECK: tile.dot {{.*}}tensor<3x600xf32>
// CHECK-NOT: tile.dot
// STABLE: tile.dot {{.*}}tensor<3x256xf32>
// STABLE: tile.dot {{.*}}tensor<3x88xf32>
// NUMBERS: tile: {{.*}}PASS
// NUMBERS: cpu: {{.*}}PASS
module attributes {girih.contract = "exact"} {
  func.func @f(%x: tensor<3x600xf32>, %w: tensor<5x600xf32>) -> tensor<3x5xf32> attributes {girih.entry} {
    %0 = girih.linear %x, %w : (tensor<3x600xf32>, tensor<5x600xf32>) -> tensor<3x5xf32>
    return %0 : tensor<3x5xf32>
  }
}
