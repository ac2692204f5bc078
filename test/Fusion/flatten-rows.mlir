// Row-wise ops come to work on [rows, features] and the reshapes between them cancel; what tells batch from sequence is left alone, and so is
// what is broadcast along rows.
// RUN: girih-opt %s --pass-pipeline='builtin.module(func.func(fusion-flatten-rows))' | FileCheck %s

girih.symbol @batch {min = 1 : i64, max = 8 : i64}
girih.symbol @seq {min = 1 : i64, max = 128 : i64}

// CHECK-LABEL: func.func @layers(%arg0: tensor<?x?x8xf32, #girih.dims<"batch", "seq">>
// CHECK-NEXT: %[[ROWS:.*]] = girih.reshape %arg0 : {{.*}} -> tensor<?x8xf32, #girih.dims<"batch*seq">>
// CHECK-NEXT: %[[LINEAR:.*]] = girih.linear %[[ROWS]], %arg1
// CHECK-NEXT: %[[GELU:.*]] = girih.gelu %[[LINEAR]]
// CHECK-NEXT: %[[SUM:.*]] = girih.add %[[GELU]], %arg2
// CHECK-NEXT: %[[NORM:.*]] = girih.layer_norm %[[SUM]], %arg2
// CHECK-NEXT: %[[RESULT:.*]] = girih.reshape %[[NORM]] : {{.*}} -> tensor<?x?x4xf32, #girih.dims<"batch", "seq">>
// CHECK-NEXT: return %[[RESULT]]
func.func @layers(%x: tensor<?x?x8xf32, #girih.dims<"batch", "seq">>, %w: tensor<4x8xf32>, %v: tensor<4xf32>) -> tensor<?x?x4xf32, #girih.dims<"batch", "seq">> {
  %0 = girih.linear %x, %w : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>, tensor<4x8xf32>) -> tensor<?x?x4xf32, #girih.dims<"batch", "seq">>
  %1 = girih.gelu %0 : (tensor<?x?x4xf32, #girih.dims<"batch", "seq">>) -> tensor<?x?x4xf32, #girih.dims<"batch", "seq">>
  %2 = girih.add %1, %v : (tensor<?x?x4xf32, #girih.dims<"batch", "seq">>, tensor<4xf32>) -> tensor<?x?x4xf32, #girih.dims<"batch", "seq">>
  %3 = girih.layer_norm %2, %v {epsilon = 1.0e-5 : f32} : (tensor<?x?x4xf32, #girih.dims<"batch", "seq">>, tensor<4xf32>) -> tensor<?x?x4xf32, #girih.dims<"batch", "seq">>
  return %3 : tensor<?x?x4xf32, #girih.dims<"batch", "seq">>
}

// Tokens are looked up one after another, whatever sentence they belong to; rows are reduced and softmaxed likewise.
// CHECK-LABEL: func.func @tokens
// CHECK: %[[IDS:.*]] = girih.reshape %arg0 : {{.*}} -> tensor<?xi32, #girih.dims<"batch*seq">>
// CHECK: %[[ROWS:.*]] = girih.embedding %arg1, %[[IDS]] : {{.*}} -> tensor<?x8xf32, #girih.dims<"batch*seq">>
// CHECK: %[[SOFT:.*]] = girih.softmax %[[ROWS]] {axis = 1 : i64}
// CHECK: girih.reduce sum %[[SOFT]] axes [1] : {{.*}} -> tensor<?xf32, #girih.dims<"batch*seq">>
func.func @tokens(%ids: tensor<?x?xi32, #girih.dims<"batch", "seq">>, %table: tensor<9x8xf32>) -> tensor<?x?xf32, #girih.dims<"batch", "seq">> {
  %0 = girih.embedding %table, %ids : (tensor<9x8xf32>, tensor<?x?xi32, #girih.dims<"batch", "seq">>) -> tensor<?x?x8xf32, #girih.dims<"batch", "seq">>
  %1 = girih.softmax %0 {axis = 2 : i64} : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>) -> tensor<?x?x8xf32, #girih.dims<"batch", "seq">>
  %2 = girih.reduce sum %1 axes [2] : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>) -> tensor<?x?xf32, #girih.dims<"batch", "seq">>
  return %2 : tensor<?x?xf32, #girih.dims<"batch", "seq">>
}

// An element-wise op behind a reshape to heads moves in front of it, where it meets the linear layer.
// CHECK-LABEL: func.func @heads
// CHECK: %[[X:.*]] = girih.silu %arg0 : (tensor<?x8xf32
// CHECK: girih.reshape %[[X]]
func.func @heads(%x: tensor<?x8xf32, #girih.dims<"batch*seq">>) -> tensor<?x?x2x4xf32, #girih.dims<"batch", "seq">> {
  %0 = girih.reshape %x : (tensor<?x8xf32, #girih.dims<"batch*seq">>) -> tensor<?x?x2x4xf32, #girih.dims<"batch", "seq">>
  %1 = girih.silu %0 : (tensor<?x?x2x4xf32, #girih.dims<"batch", "seq">>) -> tensor<?x?x2x4xf32, #girih.dims<"batch", "seq">>
  return %1 : tensor<?x?x2x4xf32, #girih.dims<"batch", "seq">>
}

// CHECK-LABEL: func.func @left_alone
// CHECK-NEXT: girih.pool
// CHECK-NEXT: girih.add %arg0, %arg2 : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>, tensor<?x1x8xf32, #girih.dims<"batch">>)
// CHECK-NEXT: girih.softmax {{.*}} {axis = 1 : i64} : (tensor<?x?x8xf32
// CHECK-NEXT: return
func.func @left_alone(%x: tensor<?x?x8xf32, #girih.dims<"batch", "seq">>, %m: tensor<?x?xi32, #girih.dims<"batch", "seq">>, %y: tensor<?x1x8xf32, #girih.dims<"batch">>) -> (tensor<?x8xf32, #girih.dims<"batch">>, tensor<?x?x8xf32, #girih.dims<"batch", "seq">>) {
  %0 = girih.pool mean %x, %m : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>, tensor<?x?xi32, #girih.dims<"batch", "seq">>) -> tensor<?x8xf32, #girih.dims<"batch">>
  %1 = girih.add %x, %y : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>, tensor<?x1x8xf32, #girih.dims<"batch">>) -> tensor<?x?x8xf32, #girih.dims<"batch", "seq">>
  %2 = girih.softmax %1 {axis = 1 : i64} : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>) -> tensor<?x?x8xf32, #girih.dims<"batch", "seq">>
  return %0, %2 : tensor<?x8xf32, #girih.dims<"batch">>, tensor<?x?x8xf32, #girih.dims<"batch", "seq">>
}

// A reshape that changes nothing between two ops once made the pass run for ever.
// CHECK-LABEL: func.func @chain
// CHECK: girih.gelu {{.*}} -> tensor<?x8xf32, #girih.dims<"batch*seq">>
// CHECK-NEXT: girih.gelu {{.*}} -> tensor<?x8xf32, #girih.dims<"batch*seq">>
func.func @chain(%x: tensor<?x?x8xf32, #girih.dims<"batch", "seq">>) -> tensor<?x?x8xf32, #girih.dims<"batch", "seq">> {
  %0 = girih.gelu %x : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>) -> tensor<?x?x8xf32, #girih.dims<"batch", "seq">>
  %1 = girih.gelu %0 : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>) -> tensor<?x?x8xf32, #girih.dims<"batch", "seq">>
  return %1 : tensor<?x?x8xf32, #girih.dims<"batch", "seq">>
}
