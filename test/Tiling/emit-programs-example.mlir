// The example of tiling-emit-programs in docs/passes.md: what goes in, and all that comes out.
// RUN: girih-opt %s --tiling-emit-programs=target=cpu:x86-64-v3 | FileCheck %s

func.func private @relu(%x: tensor<128x256xf32>) -> tensor<128x256xf32> attributes {girih.kernel} {
  %0 = girih.relu %x : (tensor<128x256xf32>) -> tensor<128x256xf32>
  return %0 : tensor<128x256xf32>
}

// CHECK:      tile.program @relu(%arg0: !tile.view<128x256xf32>, %arg1: !tile.view<128x256xf32>) grid [#tile.grid<arg = 1, dim = 0, step = 8>, #tile.grid<arg = 1, dim = 1, step = 256>] outputs 1 {
// CHECK-NEXT:   %cst = arith.constant dense<0.000000e+00> : tensor<8x256xf32>
// CHECK-NEXT:   %c256 = arith.constant 256 : index
// CHECK-NEXT:   %c8 = arith.constant 8 : index
// CHECK-NEXT:   %0 = tile.program_index 0
// CHECK-NEXT:   %1 = arith.muli %0, %c8 : index
// CHECK-NEXT:   %2 = tile.program_index 1
// CHECK-NEXT:   %3 = arith.muli %2, %c256 : index
// CHECK-NEXT:   %4 = tile.load %arg0[%1, %3] : !tile.view<128x256xf32> -> tensor<8x256xf32>
// CHECK-NEXT:   %5 = arith.maximumf %4, %cst : tensor<8x256xf32>
// CHECK-NEXT:   tile.store %5, %arg1[%1, %3] : tensor<8x256xf32>, !tile.view<128x256xf32>
// CHECK-NEXT:   tile.return
// CHECK-NEXT: }
