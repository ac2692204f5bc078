// Kernels become functions; two that differ only in weights and layer names share one, and each launch keeps its layer's name. A kernel whose
// arithmetic differs keeps its own.
// RUN: girih-opt %s --fusion-outline-kernels --mlir-print-debuginfo | FileCheck %s

girih.symbol @rows {min = 1 : i64, max = 64 : i64}
girih.parameter @w0 : tensor<8x8xf32>
girih.parameter @w1 : tensor<8x8xf32>

// CHECK: %[[W0:.*]] = girih.get_parameter @w0
// CHECK: %[[W1:.*]] = girih.get_parameter @w1
// CHECK: %[[FIRST:.*]] = girih.launch @linear_relu(%arg0, %[[W0]]) {{.*}} loc(#[[LOC0:.*]])
// CHECK: %[[SECOND:.*]] = girih.launch @linear_relu(%[[FIRST]], %[[W1]]) {{.*}} loc(#[[LOC1:.*]])
// CHECK: girih.launch @linear_relu_0(%[[SECOND]], %[[W1]])
// CHECK: func.func private @linear_relu(
// CHECK-SAME: attributes {girih.kernel}
// CHECK: func.func private @linear_relu_0(
// CHECK-NOT: func.func
// CHECK-DAG: #[[LOC0]] = loc("layer.0")
// CHECK-DAG: #[[LOC1]] = loc("layer.1")
func.func @f(%x: tensor<?x8xf32, #girih.dims<"rows">>) -> tensor<?x8xf32, #girih.dims<"rows">> attributes {girih.entry} {
  %w0 = girih.get_parameter @w0 : tensor<8x8xf32>
  %w1 = girih.get_parameter @w1 : tensor<8x8xf32>
  %0 = girih.kernel(%a = %x, %b = %w0 : tensor<?x8xf32, #girih.dims<"rows">>, tensor<8x8xf32>) -> (tensor<?x8xf32, #girih.dims<"rows">>) {
    %l = girih.linear %a, %b : (tensor<?x8xf32, #girih.dims<"rows">>, tensor<8x8xf32>) -> tensor<?x8xf32, #girih.dims<"rows">>
    %r = girih.relu %l : (tensor<?x8xf32, #girih.dims<"rows">>) -> tensor<?x8xf32, #girih.dims<"rows">>
    girih.yield %r : tensor<?x8xf32, #girih.dims<"rows">>
  } loc("layer.0")
  %1 = girih.kernel(%a = %0, %b = %w1 : tensor<?x8xf32, #girih.dims<"rows">>, tensor<8x8xf32>) -> (tensor<?x8xf32, #girih.dims<"rows">>) {
    %l = girih.linear %a, %b : (tensor<?x8xf32, #girih.dims<"rows">>, tensor<8x8xf32>) -> tensor<?x8xf32, #girih.dims<"rows">>
    %r = girih.relu %l : (tensor<?x8xf32, #girih.dims<"rows">>) -> tensor<?x8xf32, #girih.dims<"rows">>
    girih.yield %r : tensor<?x8xf32, #girih.dims<"rows">>
  } loc("layer.1")
  %2 = girih.kernel(%a = %1, %b = %w1 : tensor<?x8xf32, #girih.dims<"rows">>, tensor<8x8xf32>) -> (tensor<?x8xf32, #girih.dims<"rows">>) {
    %l = girih.linear %a, %b {compute = bf16} : (tensor<?x8xf32, #girih.dims<"rows">>, tensor<8x8xf32>) -> tensor<?x8xf32, #girih.dims<"rows">>
    %r = girih.relu %l : (tensor<?x8xf32, #girih.dims<"rows">>) -> tensor<?x8xf32, #girih.dims<"rows">>
    girih.yield %r : tensor<?x8xf32, #girih.dims<"rows">>
  } loc("layer.2")
  return %2 : tensor<?x8xf32, #girih.dims<"rows">>
}
