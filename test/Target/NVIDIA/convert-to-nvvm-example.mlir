// The example of nvidia-convert-to-nvvm in docs/passes.md: what goes in, and all that comes out.
// RUN: girih-opt %s --nvidia-convert-to-nvvm | FileCheck %s

module @nvidia {
  func.func @f(%p: i64) attributes {shared_bytes = 0 : i32, threads = 256 : i32} {
    %0 = llvm.inttoptr %p : i64 to !llvm.ptr<1>
    %1 = llvm.load %0 : !llvm.ptr<1> -> f32
    %2 = math.fma %1, %1, %1 : f32
    llvm.store %2, %0 : f32, !llvm.ptr<1>
    return
  }
}

// CHECK:      module @nvidia {
// CHECK-NEXT:   llvm.func @f(%arg0: i64) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 256, 1, 1>, shared_bytes = 0 : i32, threads = 256 : i32} {
// CHECK-NEXT:     %0 = llvm.inttoptr %arg0 : i64 to !llvm.ptr<1>
// CHECK-NEXT:     %1 = llvm.load %0 : !llvm.ptr<1> -> f32
// CHECK-NEXT:     %2 = llvm.intr.fma(%1, %1, %1) : (f32, f32, f32) -> f32
// CHECK-NEXT:     llvm.store %2, %0 : f32, !llvm.ptr<1>
// CHECK-NEXT:     llvm.return
// CHECK-NEXT:   }
// CHECK-NEXT: }
