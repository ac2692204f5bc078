// Lowered kernels convert to the LLVM dialect in one step; an operation without a conversion is declined by name.
// RUN: split-file %s %t
// RUN: girih-opt %t/loop.mlir --cpu-convert-to-llvm | FileCheck %t/loop.mlir
// RUN: not girih-opt %t/unknown.mlir --cpu-convert-to-llvm 2>&1 | FileCheck %t/unknown.mlir

//--- loop.mlir
// CHECK: llvm.func @sum(%{{.*}}: !llvm.ptr, %{{.*}}: i64) -> f32 attributes {scratch_bytes = 64 : i64}
// CHECK-NOT: scf.
// CHECK-NOT: unrealized_conversion_cast
// CHECK: llvm.cond_br
// CHECK: llvm.fadd
func.func @sum(%p: !llvm.ptr, %n: index) -> f32 attributes {scratch_bytes = 64 : i64} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %s = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> f32 {
    %word = arith.index_cast %i : index to i64
    %at = llvm.getelementptr %p[%word] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    %x = llvm.load %at : !llvm.ptr -> f32
    %r = arith.addf %acc, %x : f32
    scf.yield %r : f32
  }
  return %s : f32
}

//--- unknown.mlir
// CHECK: error: failed to legalize operation 'tile.iota'
func.func @unknown() {
  %0 = tile.iota 0 : tensor<4xi32>
  return
}
