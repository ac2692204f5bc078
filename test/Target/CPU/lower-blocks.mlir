// Quantized weights are decoded in helpers that a kernel's dots share: two depths of one weight make one helper for each number of rows
// and one that decodes for many. The weights' bits never become a tile in memory where rows are few.
// RUN: girih-opt %s --cpu-lower-programs=versions=x86-64-v4 | FileCheck %s

// CHECK-LABEL: func.func @project
// CHECK: arith.cmpi sle, %{{.*}}, %c7
// CHECK: call @project.rows4more.q4_0x48v3
// CHECK: call @project.rows2more.q4_0x48v3
// CHECK: call @project.rows1more.q4_0x48v3
// CHECK: } else {
// CHECK: call @project.decode.q4_0x48v3
// CHECK-DAG: func.func private @project.rows4more.q4_0x48v3
// CHECK-DAG: func.func private @project.rows2more.q4_0x48v3
// CHECK-DAG: func.func private @project.rows1more.q4_0x48v3
// CHECK-DAG: func.func private @project.decode.q4_0x48v3
// CHECK-NOT: func.func
tile.program @project(%x: !tile.view<?x288xf32>, %w: !tile.view<96x288xf32, #girih.block_panels<q4_0, width = 48>>, %y: !tile.view<?x96xf32>)
    grid [#tile.grid<arg = 2, dim = 0, step = 64>] outputs 1 {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %c256 = arith.constant 256 : index
  %zero = arith.constant dense<0.0> : tensor<64x96xf32>
  %i = tile.program_index 0
  %row = arith.muli %i, %c64 : index
  %x0 = tile.load %x[%row, %c0] : !tile.view<?x288xf32> -> tensor<64x256xf32>
  %w0 = tile.load %w[%c0, %c0] : !tile.view<96x288xf32, #girih.block_panels<q4_0, width = 48>> -> tensor<96x256xf32>
  %0 = tile.dot %x0, %w0, %zero {transpose_b} : tensor<64x256xf32>, tensor<96x256xf32>, tensor<64x96xf32>
  %x1 = tile.load %x[%row, %c256] : !tile.view<?x288xf32> -> tensor<64x32xf32>
  %w1 = tile.load %w[%c0, %c256] : !tile.view<96x288xf32, #girih.block_panels<q4_0, width = 48>> -> tensor<96x32xf32>
  %1 = tile.dot %x1, %w1, %0 {transpose_b} : tensor<64x32xf32>, tensor<96x32xf32>, tensor<64x96xf32>
  tile.store %1, %y[%row, %c0] : tensor<64x96xf32>, !tile.view<?x96xf32>
  tile.return
}
