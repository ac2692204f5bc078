// The example of nvidia-lower-programs in docs/passes.md: what goes in, and all that comes out.
// RUN: girih-opt %s --nvidia-lower-programs | FileCheck %s

tile.program @scale(%x: !tile.view<256xf32>, %y: !tile.view<256xf32>) grid [] outputs 1 {
  %c0 = arith.constant 0 : index
  %0 = tile.load %x[%c0] : !tile.view<256xf32> -> tensor<256xf32>
  %1 = arith.addf %0, %0 : tensor<256xf32>
  tile.store %1, %y[%c0] : tensor<256xf32>, !tile.view<256xf32>
  tile.return
}

// CHECK:      module {
// CHECK-NEXT:   tile.program @scale(%arg0: !tile.view<256xf32>, %arg1: !tile.view<256xf32>) grid [] outputs 1 {
// CHECK-NEXT:     %c0 = arith.constant 0 : index
// CHECK-NEXT:     %0 = tile.load %arg0[%c0] : !tile.view<256xf32> -> tensor<256xf32>
// CHECK-NEXT:     %1 = arith.addf %0, %0 : tensor<256xf32>
// CHECK-NEXT:     tile.store %1, %arg1[%c0] : tensor<256xf32>, !tile.view<256xf32>
// CHECK-NEXT:     tile.return
// CHECK-NEXT:   }
// CHECK-NEXT:   module @nvidia {
// CHECK-NEXT:     llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>
// CHECK-NEXT:     func.func @scale(%arg0: i64, %arg1: i64, %arg2: i64, %arg3: i64) attributes {shared_bytes = 0 : i32, threads = 256 : i32} {
// CHECK-NEXT:       %c0 = arith.constant 0 : index
// CHECK-NEXT:       %c1 = arith.constant 1 : index
// CHECK-NEXT:       %c256 = arith.constant 256 : index
// CHECK-NEXT:       %0 = llvm.mlir.addressof @shared : !llvm.ptr<3>
// CHECK-NEXT:       %1 = nvvm.read.ptx.sreg.tid.x : i32
// CHECK-NEXT:       %2 = arith.index_cast %1 : i32 to index
// CHECK-NEXT:       %3 = llvm.inttoptr %arg0 : i64 to !llvm.ptr<1>
// CHECK-NEXT:       %4 = llvm.inttoptr %arg2 : i64 to !llvm.ptr<1>
// CHECK-NEXT:       %5 = nvvm.read.ptx.sreg.ctaid.x : i32
// CHECK-NEXT:       %6 = arith.index_cast %5 : i32 to index
// CHECK-NEXT:       %7 = arith.index_cast %2 : index to i64
// CHECK-NEXT:       %8 = llvm.getelementptr %3[%7] : (!llvm.ptr<1>, i64) -> !llvm.ptr<1>, f32
// CHECK-NEXT:       %9 = llvm.load %8 invariant : !llvm.ptr<1> -> f32
// CHECK-NEXT:       %10 = arith.addf %9, %9 : f32
// CHECK-NEXT:       %11 = arith.index_cast %2 : index to i64
// CHECK-NEXT:       %12 = llvm.getelementptr %4[%11] : (!llvm.ptr<1>, i64) -> !llvm.ptr<1>, f32
// CHECK-NEXT:       llvm.store %10, %12 : f32, !llvm.ptr<1>
// CHECK-NEXT:       return
// CHECK-NEXT:     }
// CHECK-NEXT:   }
// CHECK-NEXT: }
