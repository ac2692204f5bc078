// Folds remove what computes nothing, merge chains of movements, and leave alone what would change a bit of a result.
// RUN: girih-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @identities
// CHECK-SAME: (%[[X:.*]]: tensor<4x8xf32>)
// CHECK-NEXT: return %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]] :
func.func @identities(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>) {
  %0 = girih.cast %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = girih.reshape %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = girih.transpose %x [0, 1] : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %3 = girih.slice %x offsets [0, 0] sizes [-1, 8] : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %4 = girih.concat %x {axis = 1 : i64} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %5 = girih.maximum %x, %x : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %6 = girih.neg %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %7 = girih.neg %6 : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0, %1, %2, %3, %4, %5, %7 : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func.func @arithmetic
// CHECK-SAME: (%[[X:.*]]: tensor<4x8xf32>, %[[I:.*]]: tensor<4xi32>)
// CHECK-NEXT: return %[[X]], %[[X]], %[[X]], %[[X]], %[[I]], %[[I]] :
func.func @arithmetic(%x: tensor<4x8xf32>, %i: tensor<4xi32>) -> (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4xi32>, tensor<4xi32>) {
  %zero = girih.constant dense<0.0> : tensor<8xf32>
  %minus_zero = girih.constant dense<-0.0> : tensor<f32>
  %one = girih.constant dense<1.0> : tensor<1x8xf32>
  %none = girih.constant dense<0> : tensor<1xi32>
  %unit = girih.constant dense<1> : tensor<i32>
  %0 = girih.add %minus_zero, %x : (tensor<f32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = girih.sub %x, %zero : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  %2 = girih.mul %one, %x : (tensor<1x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  %3 = girih.div %x, %one : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  %4 = girih.add %i, %none : (tensor<4xi32>, tensor<1xi32>) -> tensor<4xi32>
  %5 = girih.mul %i, %unit : (tensor<4xi32>, tensor<i32>) -> tensor<4xi32>
  return %0, %1, %2, %3, %4, %5 : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4xi32>, tensor<4xi32>
}

// -----

// Adding 0 turns -0 into 0, and a broadcast changes the shape: both stay.
// CHECK-LABEL: func.func @kept
// CHECK: girih.add
// CHECK: girih.mul
func.func @kept(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<4x8xf32>) {
  %zero = girih.constant dense<0.0> : tensor<8xf32>
  %one = girih.constant dense<1.0> : tensor<4x8xf32>
  %0 = girih.add %x, %zero : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %1 = girih.mul %x, %one : (tensor<8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0, %1 : tensor<8xf32>, tensor<4x8xf32>
}

// -----

girih.symbol @batch {min = 1 : i64, max = 8 : i64}
girih.symbol @seq {min = 4 : i64, max = 8 : i64}

// CHECK-LABEL: func.func @chains
// CHECK-SAME: (%[[X:.*]]: tensor<?x?x8xf32, #girih.dims<"batch", "seq">>)
func.func @chains(%x: tensor<?x?x8xf32, #girih.dims<"batch", "seq">>)
    -> (tensor<?x?x2x4xf32, #girih.dims<"batch", "seq">>, tensor<?x8x?xf32, #girih.dims<"seq", "batch">>, tensor<?x1x3xf32, #girih.dims<"batch">>, tensor<?x?x8xf32, #girih.dims<"batch", "seq">>) {
  // CHECK-NEXT: %[[R:.*]] = girih.reshape %[[X]] : {{.*}} -> tensor<?x?x2x4xf32, #girih.dims<"batch", "seq">>
  %0 = girih.reshape %x : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>) -> tensor<?x8xf32, #girih.dims<"batch*seq">>
  %1 = girih.reshape %0 : (tensor<?x8xf32, #girih.dims<"batch*seq">>) -> tensor<?x?x2x4xf32, #girih.dims<"batch", "seq">>
  // CHECK-NEXT: %[[T:.*]] = girih.transpose %[[X]] [1, 2, 0]
  %2 = girih.transpose %x [2, 0, 1] : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>) -> tensor<8x?x?xf32, #girih.dims<"batch", "seq">>
  %3 = girih.transpose %2 [2, 0, 1] : (tensor<8x?x?xf32, #girih.dims<"batch", "seq">>) -> tensor<?x8x?xf32, #girih.dims<"seq", "batch">>
  // CHECK-NEXT: %[[S:.*]] = girih.slice %[[X]] offsets [0, 2, 3] sizes [-1, 1, 3]
  %4 = girih.slice %x offsets [0, 1, 1] sizes [-1, 3, 6] : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>) -> tensor<?x3x6xf32, #girih.dims<"batch">>
  %5 = girih.slice %4 offsets [0, 1, 2] sizes [-1, 1, 3] : (tensor<?x3x6xf32, #girih.dims<"batch">>) -> tensor<?x1x3xf32, #girih.dims<"batch">>
  %6 = girih.transpose %x [1, 0, 2] : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>) -> tensor<?x?x8xf32, #girih.dims<"seq", "batch">>
  %7 = girih.transpose %6 [1, 0, 2] : (tensor<?x?x8xf32, #girih.dims<"seq", "batch">>) -> tensor<?x?x8xf32, #girih.dims<"batch", "seq">>
  // CHECK-NEXT: return %[[R]], %[[T]], %[[S]], %[[X]]
  return %1, %3, %5, %7 : tensor<?x?x2x4xf32, #girih.dims<"batch", "seq">>, tensor<?x8x?xf32, #girih.dims<"seq", "batch">>, tensor<?x1x3xf32, #girih.dims<"batch">>, tensor<?x?x8xf32, #girih.dims<"batch", "seq">>
}

// -----

// CHECK-LABEL: func.func @casts
// CHECK-SAME: (%[[X:.*]]: tensor<4xbf16>, %[[Y:.*]]: tensor<4xf32>)
func.func @casts(%x: tensor<4xbf16>, %y: tensor<4xf32>) -> (tensor<4xbf16>, tensor<4xf32>, tensor<2xbf16>) {
  // CHECK-DAG: %[[C:.*]] = girih.constant dense<[1.000000e+00, 3.320310e-01]> : tensor<2xbf16>
  %c = girih.constant dense<[1.0, 0.333]> : tensor<2xf32>
  %0 = girih.cast %c : (tensor<2xf32>) -> tensor<2xbf16>
  %1 = girih.cast %x : (tensor<4xbf16>) -> tensor<4xf32>
  %2 = girih.cast %1 : (tensor<4xf32>) -> tensor<4xbf16>
  // Rounding to bf16 loses bits, so it stays.
  // CHECK-DAG: %[[N:.*]] = girih.cast %[[Y]] : (tensor<4xf32>) -> tensor<4xbf16>
  // CHECK: %[[W:.*]] = girih.cast %[[N]] : (tensor<4xbf16>) -> tensor<4xf32>
  %3 = girih.cast %y : (tensor<4xf32>) -> tensor<4xbf16>
  %4 = girih.cast %3 : (tensor<4xbf16>) -> tensor<4xf32>
  // CHECK: return %[[X]], %[[W]], %[[C]]
  return %2, %4, %0 : tensor<4xbf16>, tensor<4xf32>, tensor<2xbf16>
}

// -----

// CHECK-LABEL: func.func @constants
// CHECK: %[[C:.*]] = girih.constant dense<{{\[}}[1.000000e+00, 2.000000e+00], [3.000000e+00, 4.000000e+00]]> : tensor<2x2xf32>
// CHECK: return %[[C]]
func.func @constants() -> tensor<2x2xf32> {
  %c = girih.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %0 = girih.reshape %c : (tensor<4xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}
