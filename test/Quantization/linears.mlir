// Linear layers multiply integers: rows by what they span, or by what calibration saw.
// RUN: girih-opt %s --quantization-linears --split-input-file --verify-diagnostics | FileCheck %s

// Layers that read the same rows share what is made of them; weights are three parts of one source.
module attributes {girih.dtype = "int8"} {
girih.symbol @batch {min = 1 : i64, max = 32 : i64}
// CHECK-DAG: girih.parameter @q.values : tensor<8x64xi8> {quantized = #girih.quantized<values, columns = 64>, source = #girih.source<file = "w", offset = 0, bytes = 2048, type = f32>}
// CHECK-DAG: girih.parameter @q.scales : tensor<8xf32> {quantized = #girih.quantized<scales, columns = 64>, source = #girih.source<file = "w", offset = 0, bytes = 2048, type = f32>}
girih.parameter @q : tensor<8x64xbf16> {source = #girih.source<file = "w", offset = 0, bytes = 2048, type = f32>}
// CHECK-DAG: girih.parameter @q.sums : tensor<8xf32> {quantized = #girih.quantized<sums, columns = 64>, source = #girih.source<file = "w", offset = 0, bytes = 2048, type = f32>}
// CHECK-DAG: girih.parameter @k.values : tensor<8x64xi8> {quantized = #girih.quantized<values, columns = 64>, source = #girih.source<file = "w", offset = 64, bytes = 320, type = f32, format = q4_1>}
girih.parameter @k : tensor<8x64xf32, #girih.blocks<q4_1>> {source = #girih.source<file = "w", offset = 64, bytes = 320, type = f32, format = q4_1>}
girih.parameter @b : tensor<8xbf16>
// CHECK-LABEL: func.func @rows
// CHECK-SAME: %[[X:.*]]: tensor<?x64xbf16
func.func @rows(%x: tensor<?x64xbf16, #girih.dims<"batch">>) -> (tensor<?x8xbf16, #girih.dims<"batch">>, tensor<?x8xbf16, #girih.dims<"batch">>) {
  %q = girih.get_parameter @q : tensor<8x64xbf16>
  %k = girih.get_parameter @k : tensor<8x64xf32, #girih.blocks<q4_1>>
  %b = girih.get_parameter @b : tensor<8xbf16>
  // CHECK: %[[ROWS:.*]], %[[SCALE:.*]], %[[CENTER:.*]] = girih.quantize_rows %[[X]]
  // CHECK: %[[Q:.*]] = girih.get_parameter @q.values
  // CHECK: %[[SUM:.*]] = girih.linear %[[ROWS]], %[[Q]]
  // CHECK: girih.dequantize %[[SUM]], %[[SCALE]], %[[CENTER]], %{{.*}}, %{{.*}} bias %{{.*}} {element = bf16}
  // CHECK-NOT: girih.quantize_rows
  // CHECK: %[[K:.*]] = girih.get_parameter @k.values
  // CHECK: girih.linear %[[ROWS]], %[[K]]
  %0 = girih.linear %x, %q, %b : (tensor<?x64xbf16, #girih.dims<"batch">>, tensor<8x64xbf16>, tensor<8xbf16>) -> tensor<?x8xbf16, #girih.dims<"batch">>
  %1 = girih.linear %x, %k : (tensor<?x64xbf16, #girih.dims<"batch">>, tensor<8x64xf32, #girih.blocks<q4_1>>) -> tensor<?x8xbf16, #girih.dims<"batch">>
  return %0, %1 : tensor<?x8xbf16, #girih.dims<"batch">>, tensor<?x8xbf16, #girih.dims<"batch">>
}
}

// -----

// One unit and one center for the tensor.
module attributes {girih.dtype = "int8", girih.ranges = {layer = array<f32: -60.5, 66.5>}} {
girih.symbol @batch {min = 1 : i64, max = 32 : i64}
girih.parameter @w : tensor<8x64xbf16>
// CHECK-LABEL: func.func @tensor
func.func @tensor(%x: tensor<?x64xbf16, #girih.dims<"batch">>) -> tensor<?x8xbf16, #girih.dims<"batch">> {
  %w = girih.get_parameter @w : tensor<8x64xbf16>
  // CHECK: %[[SCALE:.*]] = girih.constant dense<5.000000e-01> : tensor<1xf32>
  // CHECK: %[[CENTER:.*]] = girih.constant dense<3.000000e+00> : tensor<1xf32>
  // CHECK: %[[ROWS:.*]] = girih.quantize %{{.*}}, %[[SCALE]], %[[CENTER]]
  // CHECK: girih.dequantize %{{.*}}, %[[SCALE]], %[[CENTER]], %{{.*}}, %{{.*}} {element = bf16}
  %0 = girih.linear %x, %w : (tensor<?x64xbf16, #girih.dims<"batch">>, tensor<8x64xbf16>) -> tensor<?x8xbf16, #girih.dims<"batch">> loc("layer")
  return %0 : tensor<?x8xbf16, #girih.dims<"batch">>
}
}

// -----

module attributes {girih.dtype = "int8", girih.ranges = {other = array<f32: 0.0, 1.0>}} {
girih.parameter @w : tensor<8x64xbf16>
func.func @missing(%x: tensor<2x64xbf16>) -> tensor<2x8xbf16> {
  %w = girih.get_parameter @w : tensor<8x64xbf16>
  // expected-error @+1 {{expected the calibration to have a range for 'girih.linear' but it has none; calibrate this model again}}
  %0 = girih.linear %x, %w : (tensor<2x64xbf16>, tensor<8x64xbf16>) -> tensor<2x8xbf16>
  return %0 : tensor<2x8xbf16>
}
}

// -----

// A computed weight stays as it is.
module attributes {girih.dtype = "int8"} {
// CHECK-LABEL: func.func @computed
func.func @computed(%x: tensor<2x64xbf16>, %w: tensor<8x64xbf16>) -> tensor<2x8xbf16> {
  // expected-remark @+2 {{'girih.linear' stays in 'bf16': its weight is no parameter of the model's files}}
  // CHECK: girih.linear {{.*}} -> tensor<2x8xbf16>
  %0 = girih.linear %x, %w : (tensor<2x64xbf16>, tensor<8x64xbf16>) -> tensor<2x8xbf16>
  return %0 : tensor<2x8xbf16>
}
}

// -----

// Without int8 nothing changes.
module attributes {girih.dtype = "bf16"} {
girih.parameter @w : tensor<8x64xbf16>
// CHECK-LABEL: func.func @floats
func.func @floats(%x: tensor<2x64xbf16>) -> tensor<2x8xbf16> {
  %w = girih.get_parameter @w : tensor<8x64xbf16>
  // CHECK: girih.linear {{.*}} -> tensor<2x8xbf16>
  %0 = girih.linear %x, %w : (tensor<2x64xbf16>, tensor<8x64xbf16>) -> tensor<2x8xbf16>
  return %0 : tensor<2x8xbf16>
}
}
