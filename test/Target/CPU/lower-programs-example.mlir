// The example of cpu-lower-programs in docs/passes.md: what goes in, and all that comes out.
// RUN: girih-opt %s --cpu-lower-programs=versions=x86-64-v3 | FileCheck %s

tile.program @scale(%x: !tile.view<64xf32>, %y: !tile.view<64xf32>) grid [#tile.grid<arg = 1, dim = 0, step = 64>] outputs 1 {
  %c0 = arith.constant 0 : index
  %0 = tile.load %x[%c0] : !tile.view<64xf32> -> tensor<64xf32>
  %1 = arith.addf %0, %0 : tensor<64xf32>
  tile.store %1, %y[%c0] : tensor<64xf32>, !tile.view<64xf32>
  tile.return
}

// CHECK:      tile.program @scale(%arg0: !tile.view<64xf32>, %arg1: !tile.view<64xf32>) grid [#tile.grid<arg = 1, dim = 0, step = 64>] outputs 1 {
// CHECK-NEXT:   %c0 = arith.constant 0 : index
// CHECK-NEXT:   %0 = tile.load %arg0[%c0] : !tile.view<64xf32> -> tensor<64xf32>
// CHECK-NEXT:   %1 = arith.addf %0, %0 : tensor<64xf32>
// CHECK-NEXT:   tile.store %1, %arg1[%c0] : tensor<64xf32>, !tile.view<64xf32>
// CHECK-NEXT:   tile.return
// CHECK-NEXT: }
// CHECK-NEXT: module @"x86-64-v3" {
// CHECK-NEXT:   func.func @scale(%arg0: !llvm.ptr, %arg1: !llvm.ptr, %arg2: !llvm.ptr) attributes {scratch_bytes = 0 : i64} {
// CHECK-NEXT:     %c16 = arith.constant 16 : index
// CHECK-NEXT:     %c0 = arith.constant 0 : index
// CHECK-NEXT:     %c1 = arith.constant 1 : index
// CHECK-NEXT:     %c64 = arith.constant 64 : index
// CHECK-NEXT:     %0 = llvm.getelementptr %arg0[0] : (!llvm.ptr) -> !llvm.ptr, i64
// CHECK-NEXT:     %1 = llvm.load %0 : !llvm.ptr -> !llvm.ptr
// CHECK-NEXT:     %2 = llvm.getelementptr %arg0[1] : (!llvm.ptr) -> !llvm.ptr, i64
// CHECK-NEXT:     %3 = llvm.load %2 : !llvm.ptr -> i64
// CHECK-NEXT:     %4 = llvm.getelementptr %arg0[2] : (!llvm.ptr) -> !llvm.ptr, i64
// CHECK-NEXT:     %5 = llvm.load %4 : !llvm.ptr -> !llvm.ptr
// CHECK-NEXT:     %6 = llvm.getelementptr %arg0[3] : (!llvm.ptr) -> !llvm.ptr, i64
// CHECK-NEXT:     %7 = llvm.load %6 : !llvm.ptr -> i64
// CHECK-NEXT:     %c0_0 = arith.constant 0 : index
// CHECK-NEXT:     scf.for %arg3 = %c0 to %c64 step %c16 {
// CHECK-NEXT:       %8 = arith.index_cast %arg3 : index to i64
// CHECK-NEXT:       %9 = llvm.getelementptr %1[%8] : (!llvm.ptr, i64) -> !llvm.ptr, f32
// CHECK-NEXT:       %10 = llvm.load %9 {alignment = 4 : i64} : !llvm.ptr -> vector<16xf32>
// CHECK-NEXT:       %11 = arith.addf %10, %10 : vector<16xf32>
// CHECK-NEXT:       %12 = arith.index_cast %arg3 : index to i64
// CHECK-NEXT:       %13 = llvm.getelementptr %5[%12] : (!llvm.ptr, i64) -> !llvm.ptr, f32
// CHECK-NEXT:       llvm.store %11, %13 {alignment = 4 : i64} : vector<16xf32>, !llvm.ptr
// CHECK-NEXT:     }
// CHECK-NEXT:     return
// CHECK-NEXT:   }
// CHECK-NEXT: }
