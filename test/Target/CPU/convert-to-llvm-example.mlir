// The example of cpu-convert-to-llvm in docs/passes.md: what goes in, and all that comes out.
// RUN: girih-opt %s --cpu-convert-to-llvm | FileCheck %s

func.func @f(%p: !llvm.ptr, %i: index) -> vector<16xf32> {
  %0 = arith.index_cast %i : index to i64
  %1 = llvm.getelementptr %p[%0] : (!llvm.ptr, i64) -> !llvm.ptr, f32
  %2 = llvm.load %1 : !llvm.ptr -> vector<16xf32>
  %3 = vector.fma %2, %2, %2 : vector<16xf32>
  return %3 : vector<16xf32>
}

// CHECK:      llvm.func @f(%arg0: !llvm.ptr, %arg1: i64) -> vector<16xf32> {
// CHECK-NEXT:   %0 = llvm.getelementptr %arg0[%arg1] : (!llvm.ptr, i64) -> !llvm.ptr, f32
// CHECK-NEXT:   %1 = llvm.load %0 : !llvm.ptr -> vector<16xf32>
// CHECK-NEXT:   %2 = llvm.intr.fmuladd(%1, %1, %1) : (vector<16xf32>, vector<16xf32>, vector<16xf32>) -> vector<16xf32>
// CHECK-NEXT:   llvm.return %2 : vector<16xf32>
// CHECK-NEXT: }
