// On AVX2 a block's scale multiplies the sum over its elements: in the inner loop an element becomes a number by one shuffle and one
// conversion, and costs one fused multiply-add. Few rows and many share the order of sums; under `exact`, which asks for the reference's
// order, elements are decoded.
// RUN: split-file %s %t
// RUN: girih-opt %t/sums.mlir --cpu-lower-programs=versions=x86-64-v3 | FileCheck %t/sums.mlir
// RUN: girih-opt %t/sums.mlir --cpu-lower-programs=versions=x86-64-v4 | FileCheck %s --check-prefix=ELEMENTS
// RUN: girih-opt %t/exact.mlir --cpu-lower-programs=versions=x86-64-v3 | FileCheck %s --check-prefix=ELEMENTS
// ELEMENTS: call @project.rows1more.q4_1x48
// ELEMENTS-NOT: sums1

//--- sums.mlir
// The sums of the left operand's rows, for the minima; then few rows or many.
// CHECK-LABEL: func.func @project
// CHECK: vector.shuffle
// CHECK: arith.cmpi sle, %{{.*}}, %c7
// CHECK: call @project.sums4.q4_1x48v1
// CHECK: call @project.sums1.q4_1x48v1
// CHECK: } else {
// CHECK: call @project.integers.q4_1x48v1
//
// The blocks of a column, sixteen rows after another: the scale is met once for each.
// CHECK-LABEL: func.func private @project.sums1.q4_1x48v1
// CHECK: scf.for
// CHECK: scf.for
// CHECK: %[[MINIMUM:.*]] = vector.fma
// CHECK: %[[SCALE:.*]] = arith.mulf
// CHECK: %[[SUM:.*]] = scf.for
// CHECK: llvm.intr.prefetch
// CHECK: arith.andi
// CHECK: arith.subi %{{.*}} : vector<64xi8>
// CHECK: vector.shuffle
// CHECK: arith.sitofp
// CHECK: vector.fma
// CHECK-NOT: arith.mulf
// CHECK: scf.yield
// CHECK: vector.fma %[[SUM]], %[[SCALE]]
// CHECK: vector.fma %{{.*}}, %[[MINIMUM]]
tile.program @project(%x: !tile.view<?x64xf32>, %w: !tile.view<48x64xf32, #girih.block_panels<q4_1, width = 48>>, %y: !tile.view<?x48xf32>)
    grid [#tile.grid<arg = 2, dim = 0, step = 64>] outputs 1 {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64x48xf32>
  %i = tile.program_index 0
  %row = arith.muli %i, %c64 : index
  %x0 = tile.load %x[%row, %c0] : !tile.view<?x64xf32> -> tensor<64x64xf32>
  %w0 = tile.load %w[%c0, %c0] : !tile.view<48x64xf32, #girih.block_panels<q4_1, width = 48>> -> tensor<48x64xf32>
  %0 = tile.dot %x0, %w0, %zero {transpose_b} : tensor<64x64xf32>, tensor<48x64xf32>, tensor<64x48xf32>
  tile.store %0, %y[%row, %c0] : tensor<64x48xf32>, !tile.view<?x48xf32>
  tile.return
}

//--- exact.mlir
module attributes {girih.contract = "exact"} {
  tile.program @project(%x: !tile.view<?x64xf32>, %w: !tile.view<48x64xf32, #girih.block_panels<q4_1, width = 48>>, %y: !tile.view<?x48xf32>)
      grid [#tile.grid<arg = 2, dim = 0, step = 64>] outputs 1 {
    %c0 = arith.constant 0 : index
    %c64 = arith.constant 64 : index
    %zero = arith.constant dense<0.0> : tensor<64x48xf32>
    %i = tile.program_index 0
    %row = arith.muli %i, %c64 : index
    %x0 = tile.load %x[%row, %c0] : !tile.view<?x64xf32> -> tensor<64x64xf32>
    %w0 = tile.load %w[%c0, %c0] : !tile.view<48x64xf32, #girih.block_panels<q4_1, width = 48>> -> tensor<48x64xf32>
    %0 = tile.dot %x0, %w0, %zero {transpose_b} : tensor<64x64xf32>, tensor<48x64xf32>, tensor<64x48xf32>
    tile.store %0, %y[%row, %c0] : tensor<64x48xf32>, !tile.view<?x48xf32>
    tile.return
  }
}
