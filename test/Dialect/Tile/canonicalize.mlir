// Sizes known at compile time fold, movement that moves nothing disappears, movements merge; equal loads are one, loads leave
// loops, and stores stay in order and in number.
// RUN: girih-opt %s -canonicalize -cse -loop-invariant-code-motion | FileCheck %s

// CHECK-LABEL: tile.program @sizes
tile.program @sizes(%x: !tile.view<?x384xf32>, %y: !tile.view<?x384xf32>) grid [] outputs 1 {
  // CHECK-DAG: %[[N:.*]] = tile.dim %{{.*}}, 0
  // CHECK-DAG: %[[H:.*]] = arith.constant 384 : index
  %n = tile.dim %x, 0 : !tile.view<?x384xf32>
  %h = tile.dim %x, 1 : !tile.view<?x384xf32>
  // CHECK: tile.load %{{.*}}[%[[N]], %[[H]]]
  %t = tile.load %x[%n, %h] : !tile.view<?x384xf32> -> tensor<4x4xf32>
  tile.store %t, %y[%n, %h] : tensor<4x4xf32>, !tile.view<?x384xf32>
  tile.return
}

// CHECK-LABEL: tile.program @loads
tile.program @loads(%x: !tile.view<8xf32>, %y: !tile.view<8xf32>) grid [] outputs 1 {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %eight = arith.constant 8 : index
  // CHECK: %[[T:.*]] = tile.load
  // CHECK-NEXT: %[[S:.*]] = arith.addf %[[T]], %[[T]]
  // CHECK-NEXT: scf.for
  // CHECK-NOT: tile.load
  scf.for %i = %zero to %eight step %one {
    %a = tile.load %x[%zero] : !tile.view<8xf32> -> tensor<1xf32>
    %b = tile.load %x[%zero] : !tile.view<8xf32> -> tensor<1xf32>
    %s = arith.addf %a, %b : tensor<1xf32>
    // CHECK: tile.store %[[S]]
    // CHECK: tile.store %[[S]]
    tile.store %s, %y[%i] : tensor<1xf32>, !tile.view<8xf32>
    tile.store %s, %y[%i] : tensor<1xf32>, !tile.view<8xf32>
  }
  tile.return
}

// CHECK-LABEL: func @identities(
// CHECK-SAME: %[[X:.*]]: tensor<4x8xf32>
// CHECK-NEXT: return %[[X]], %[[X]], %[[X]], %[[X]]
func.func @identities(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>) {
  %b = tile.broadcast %x dims [0, 1] : tensor<4x8xf32> -> tensor<4x8xf32>
  %t = tile.transpose %x [0, 1] : tensor<4x8xf32>
  %r = tile.reshape %x : tensor<4x8xf32> -> tensor<4x8xf32>
  %c = tile.concat %x axis 0 : tensor<4x8xf32>
  return %b, %t, %r, %c : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>
}

// CHECK-LABEL: func @merge(
// CHECK-SAME: %[[X:.*]]: tensor<2x3x4xf32>
func.func @merge(%x: tensor<2x3x4xf32>, %v: tensor<4xf32>) -> (tensor<4x2x3xf32>, tensor<24xf32>, tensor<2x3x4xf32>) {
  // CHECK-DAG: tile.transpose %[[X]] [2, 0, 1]
  // CHECK-DAG: tile.reshape %[[X]] : tensor<2x3x4xf32> -> tensor<24xf32>
  // CHECK-DAG: tile.broadcast %{{.*}} dims [2] : tensor<4xf32> -> tensor<2x3x4xf32>
  %t1 = tile.transpose %x [1, 2, 0] : tensor<2x3x4xf32>
  %t2 = tile.transpose %t1 [1, 2, 0] : tensor<3x4x2xf32>
  %r1 = tile.reshape %x : tensor<2x3x4xf32> -> tensor<6x4xf32>
  %r2 = tile.reshape %r1 : tensor<6x4xf32> -> tensor<24xf32>
  %b1 = tile.broadcast %v dims [1] : tensor<4xf32> -> tensor<3x4xf32>
  %b2 = tile.broadcast %b1 dims [1, 2] : tensor<3x4xf32> -> tensor<2x3x4xf32>
  return %t2, %r2, %b2 : tensor<4x2x3xf32>, tensor<24xf32>, tensor<2x3x4xf32>
}

// CHECK-LABEL: func @splats(
// CHECK-SAME: %[[X:.*]]: f32
func.func @splats(%x: f32) -> (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4xi32>) {
  // CHECK-DAG: %[[C:.*]] = arith.constant dense<2.000000e+00> : tensor<4x8xf32>
  // CHECK-DAG: %[[D:.*]] = arith.constant dense<[1, 2, 3, 4]> : tensor<4xi32>
  // CHECK-DAG: %[[S:.*]] = tensor.splat %[[X]] : tensor<4x8xf32>
  // CHECK: return %[[C]], %[[S]], %[[D]]
  %c = arith.constant dense<2.0> : tensor<8xf32>
  %cb = tile.broadcast %c dims [1] : tensor<8xf32> -> tensor<4x8xf32>
  %s = tensor.splat %x : tensor<8x4xf32>
  %st = tile.transpose %s [1, 0] : tensor<8x4xf32>
  %d = arith.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi32>
  %dr = tile.reshape %d : tensor<2x2xi32> -> tensor<4xi32>
  return %cb, %st, %dr : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4xi32>
}
