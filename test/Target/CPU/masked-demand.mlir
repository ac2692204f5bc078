// What a mask hides nobody computes: scores of a block of positions are needed as far as the table of positions goes, so a short sequence
// does not pay for a whole block of keys. A mask whose end is no view's size leaves the block whole.
// RUN: girih-opt %s --cpu-lower-programs=versions=x86-64-v3 | FileCheck %s
// CHECK-LABEL: func.func @scores
// CHECK: scf.for
// CHECK: %[[BEGIN:.*]] = arith.muli %{{.*}}, %c32
// CHECK: %[[LEFT:.*]] = arith.subi %[[TOTAL:.*]], %[[BEGIN]]
// CHECK: %[[HELD:.*]] = arith.minsi %{{.*}}, %[[LEFT]]
// CHECK: scf.for %{{.*}} = %c0 to %[[HELD]] step %c16
// CHECK-LABEL: func.func @whole
// CHECK-NOT: arith.minsi %c32
tile.program @scores(%q: !tile.view<4x16xf32>, %k: !tile.view<?x16xf32>, %table: !tile.view<?xi32>, %y: !tile.view<4xf32>)
    grid [#tile.grid<arg = 3, dim = 0, step = 4>] outputs 1 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c32 = arith.constant 32 : index
  %none = arith.constant dense<0.0> : tensor<4x32xf32>
  %never = arith.constant dense<0xFF800000> : tensor<4x32xf32>
  %start = arith.constant dense<0xFF800000> : tensor<4xf32>
  %total = tile.dim %table, 0 : !tile.view<?xi32>
  %end = arith.index_cast %total : index to i32
  %ends = tensor.splat %end : tensor<4x32xi32>
  %count = tile.iota 1 : tensor<4x32xi32>
  %query = tile.load %q[%c0, %c0] : !tile.view<4x16xf32> -> tensor<4x16xf32>
  %best = scf.for %i = %c0 to %c2 step %c1 iter_args(%held = %start) -> tensor<4xf32> {
    %begin = arith.muli %i, %c32 : index
    %slots = tile.load %table[%begin] : !tile.view<?xi32> -> tensor<32xi32>
    %keys = tile.gather %k[%slots, %c0] : !tile.view<?x16xf32>, tensor<32xi32> -> tensor<32x16xf32>
    %raw = tile.dot %query, %keys, %none {transpose_b} : tensor<4x16xf32>, tensor<32x16xf32>, tensor<4x32xf32>
    %first = arith.index_cast %begin : index to i32
    %firsts = tensor.splat %first : tensor<4x32xi32>
    %places = arith.addi %count, %firsts : tensor<4x32xi32>
    %seen = arith.cmpi slt, %places, %ends : tensor<4x32xi32>
    %score = arith.select %seen, %raw, %never : tensor<4x32xi1>, tensor<4x32xf32>
    %most = tile.reduce max %score axis 1 : tensor<4x32xf32>
    %next = arith.maximumf %held, %most : tensor<4xf32>
    scf.yield %next : tensor<4xf32>
  }
  tile.store %best, %y[%c0] : tensor<4xf32>, !tile.view<4xf32>
  tile.return
}
tile.program @whole(%q: !tile.view<4x16xf32>, %k: !tile.view<64x16xf32>, %ends: !tile.view<4x32xi32>, %y: !tile.view<4xf32>)
    grid [#tile.grid<arg = 3, dim = 0, step = 4>] outputs 1 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c32 = arith.constant 32 : index
  %none = arith.constant dense<0.0> : tensor<4x32xf32>
  %never = arith.constant dense<0xFF800000> : tensor<4x32xf32>
  %start = arith.constant dense<0xFF800000> : tensor<4xf32>
  %end = tile.load %ends[%c0, %c0] : !tile.view<4x32xi32> -> tensor<4x32xi32>
  %count = tile.iota 1 : tensor<4x32xi32>
  %query = tile.load %q[%c0, %c0] : !tile.view<4x16xf32> -> tensor<4x16xf32>
  %best = scf.for %i = %c0 to %c2 step %c1 iter_args(%held = %start) -> tensor<4xf32> {
    %begin = arith.muli %i, %c32 : index
    %keys = tile.load %k[%begin, %c0] : !tile.view<64x16xf32> -> tensor<32x16xf32>
    %raw = tile.dot %query, %keys, %none {transpose_b} : tensor<4x16xf32>, tensor<32x16xf32>, tensor<4x32xf32>
    %first = arith.index_cast %begin : index to i32
    %firsts = tensor.splat %first : tensor<4x32xi32>
    %places = arith.addi %count, %firsts : tensor<4x32xi32>
    %seen = arith.cmpi slt, %places, %end : tensor<4x32xi32>
    %score = arith.select %seen, %raw, %never : tensor<4x32xi1>, tensor<4x32xf32>
    %most = tile.reduce max %score axis 1 : tensor<4x32xf32>
    %next = arith.maximumf %held, %most : tensor<4xf32>
    scf.yield %next : tensor<4xf32>
  }
  tile.store %best, %y[%c0] : tensor<4xf32>, !tile.view<4xf32>
  tile.return
}
