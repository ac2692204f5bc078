// Every op of the graph dialect parses, verifies and prints back the same, in text, in generic form and in bytecode.
// RUN: girih-opt %s | girih-opt | FileCheck %s
// RUN: girih-opt %s --mlir-print-op-generic | girih-opt | FileCheck %s
// RUN: girih-opt %s --emit-bytecode | girih-opt | FileCheck %s

module attributes {girih.contract = "stable", girih.model = "/models/m", girih.target = "cpu:zen4"} {

// CHECK: girih.symbol @batch {likely = 2 : i64, max = 32 : i64, min = 1 : i64}
girih.symbol @batch {min = 1 : i64, max = 32 : i64, likely = 2 : i64}
girih.symbol @seq {min = 2 : i64, max = 512 : i64}
// CHECK: girih.parameter @table : tensor<100x384xf32> {source = #girih.source<file = "model.safetensors", offset = 0, bytes = 76800, type = bf16>}
girih.parameter @table : tensor<100x384xf32> {source = #girih.source<file = "model.safetensors", offset = 0, bytes = 76800, type = bf16>}
// CHECK: girih.parameter @"layer-0.dense.weight" : tensor<48x384xf32, #girih.panels<width = 32>>{{$}}
girih.parameter @"layer-0.dense.weight" : tensor<48x384xf32, #girih.panels<width = 32>>
// CHECK: girih.parameter @quantized : tensor<8x64xf32, #girih.blocks<q4_1>> {source = #girih.source<file = "model.gguf", offset = 32, bytes = 320, type = f32, format = q4_1>}
girih.parameter @quantized : tensor<8x64xf32, #girih.blocks<q4_1>> {source = #girih.source<file = "model.gguf", offset = 32, bytes = 320, type = f32, format = q4_1>}
// CHECK: girih.parameter @stacked : tensor<3x256xf32, #girih.blocks<q6_k>> {sources = [#girih.source<file = "a", offset = 0, bytes = 420, type = f32, format = q6_k>, #girih.source<file = "b", offset = 0, bytes = 210, type = f32, format = q6_k>]}
girih.parameter @stacked : tensor<3x256xf32, #girih.blocks<q6_k>> {sources = [#girih.source<file = "a", offset = 0, bytes = 420, type = f32, format = q6_k>, #girih.source<file = "b", offset = 0, bytes = 210, type = f32, format = q6_k>]}
// CHECK: girih.parameter @block_panels : tensor<8x64xf32, #girih.block_panels<q5_0, width = 48>>
girih.parameter @block_panels : tensor<8x64xf32, #girih.block_panels<q5_0, width = 48>>
// CHECK: girih.parameter @cos : tensor<2x2xf32> {value = dense<1.000000e+00> : tensor<2x2xf32>}
girih.parameter @cos : tensor<2x2xf32> {value = dense<1.0> : tensor<2x2xf32>}

// CHECK: girih.parameter @values : tensor<8x64xi8> {quantized = #girih.quantized<values, columns = 64>, source = #girih.source<file = "w", offset = 0, bytes = 2048, type = f32>}
girih.parameter @values : tensor<8x64xi8> {source = #girih.source<file = "w", offset = 0, bytes = 2048, type = f32>, quantized = #girih.quantized<values, columns = 64>}
// CHECK: girih.parameter @sums : tensor<8xf32> {quantized = #girih.quantized<sums, columns = 64>}
girih.parameter @sums : tensor<8xf32> {quantized = #girih.quantized<sums, columns = 64>}

// CHECK-LABEL: func.func @integers
func.func @integers(%x: tensor<?x64xbf16, #girih.dims<"batch">>, %one: tensor<1xf32>, %n: tensor<8xf32>) {
  // CHECK: girih.quantize %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x64xbf16, #girih.dims<"batch">>, tensor<1xf32>, tensor<1xf32>) -> tensor<?x64xi8, #girih.dims<"batch">>
  %p = girih.quantize %x, %one, %one : (tensor<?x64xbf16, #girih.dims<"batch">>, tensor<1xf32>, tensor<1xf32>) -> tensor<?x64xi8, #girih.dims<"batch">>
  // CHECK: girih.quantize_rows %{{.*}} : (tensor<?x64xbf16, #girih.dims<"batch">>) -> (tensor<?x64xi8, #girih.dims<"batch">>, tensor<?x1xf32, #girih.dims<"batch">>, tensor<?x1xf32, #girih.dims<"batch">>)
  %q, %s, %c = girih.quantize_rows %x : (tensor<?x64xbf16, #girih.dims<"batch">>) -> (tensor<?x64xi8, #girih.dims<"batch">>, tensor<?x1xf32, #girih.dims<"batch">>, tensor<?x1xf32, #girih.dims<"batch">>)
  %w = girih.get_parameter @values : tensor<8x64xi8>
  // CHECK: girih.linear %{{.*}}, %{{.*}} : (tensor<?x64xi8, #girih.dims<"batch">>, tensor<8x64xi8>) -> tensor<?x8xi32, #girih.dims<"batch">>
  %y = girih.linear %q, %w : (tensor<?x64xi8, #girih.dims<"batch">>, tensor<8x64xi8>) -> tensor<?x8xi32, #girih.dims<"batch">>
  // CHECK: girih.dequantize %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} bias %{{.*}} {element = bf16} : (tensor<?x8xi32, #girih.dims<"batch">>, tensor<?x1xf32, #girih.dims<"batch">>, tensor<1xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8xbf16, #girih.dims<"batch">>
  %z = girih.dequantize %y, %s, %one, %n, %n bias %n {element = bf16} : (tensor<?x8xi32, #girih.dims<"batch">>, tensor<?x1xf32, #girih.dims<"batch">>, tensor<1xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8xbf16, #girih.dims<"batch">>
  return
}

// CHECK-LABEL: func.func @encode
// CHECK-SAME: {girih.name = "ids", girih.range = [0, 100]}
// CHECK-SAME: {girih.name = "embedding"}
// CHECK-SAME: attributes {girih.entry}
func.func @encode(%ids: tensor<?x?xi32, #girih.dims<"batch", "seq">> {girih.name = "ids", girih.range = [0, 100]})
    -> (tensor<?x?x384xf32, #girih.dims<"batch", "seq">> {girih.name = "embedding"}) attributes {girih.entry} {
  // CHECK: girih.get_parameter @table : tensor<100x384xf32>
  %table = girih.get_parameter @table : tensor<100x384xf32>
  // CHECK: girih.embedding %{{.*}}, %{{.*}} : (tensor<100x384xf32>, tensor<?x?xi32, #girih.dims<"batch", "seq">>) -> tensor<?x?x384xf32, #girih.dims<"batch", "seq">>
  %x = girih.embedding %table, %ids : (tensor<100x384xf32>, tensor<?x?xi32, #girih.dims<"batch", "seq">>) -> tensor<?x?x384xf32, #girih.dims<"batch", "seq">>
  return %x : tensor<?x?x384xf32, #girih.dims<"batch", "seq">>
}

// CHECK-LABEL: func.func @positions
func.func @positions(%ids: tensor<?x?xi32, #girih.dims<"batch", "seq">>) {
  // CHECK: girih.positions absolute %{{.*}} : (tensor
  %0 = girih.positions absolute %ids : (tensor<?x?xi32, #girih.dims<"batch", "seq">>) -> tensor<?x?xi32, #girih.dims<"batch", "seq">>
  // CHECK: girih.positions skip_padding %{{.*}} {padding_index = 1 : i64} :
  %1 = girih.positions skip_padding %ids {padding_index = 1 : i64} : (tensor<?x?xi32, #girih.dims<"batch", "seq">>) -> tensor<?x?xi32, #girih.dims<"batch", "seq">>
  return
}

// CHECK-LABEL: func.func @linear
func.func @linear(%x: tensor<?x384xf32, #girih.dims<"2*batch*seq">>, %w: tensor<48x384xf32, #girih.panels<width = 32>>, %b: tensor<48xf32>) {
  // CHECK: girih.linear %{{.*}}, %{{.*}} : (tensor<?x384xf32, #girih.dims<"2*batch*seq">>, tensor<48x384xf32, #girih.panels<width = 32>>) -> tensor<?x48xf32, #girih.dims<"2*batch*seq">>
  %0 = girih.linear %x, %w : (tensor<?x384xf32, #girih.dims<"2*batch*seq">>, tensor<48x384xf32, #girih.panels<width = 32>>) -> tensor<?x48xf32, #girih.dims<"2*batch*seq">>
  // CHECK: girih.linear %{{.*}}, %{{.*}}, %{{.*}} {accumulate = f32, compute = bf16} :
  %1 = girih.linear %x, %w, %b {compute = bf16, accumulate = f32} : (tensor<?x384xf32, #girih.dims<"2*batch*seq">>, tensor<48x384xf32, #girih.panels<width = 32>>, tensor<48xf32>) -> tensor<?x48xf32, #girih.dims<"2*batch*seq">>
  return
}

// CHECK-LABEL: func.func @attention
func.func @attention(%q: tensor<?x?x8x64xbf16, #girih.dims<"batch", "seq">>, %k: tensor<?x?x2x64xbf16, #girih.dims<"batch", "seq">>,
    %v: tensor<?x?x2x32xbf16, #girih.dims<"batch", "seq">>, %m: tensor<?x?xi32, #girih.dims<"batch", "seq">>, %b: tensor<1x8x?x?xf32, #girih.dims<"seq", "seq">>) {
  // CHECK: girih.attention %{{.*}}, %{{.*}}, %{{.*}} {causal, scale = 1.250000e-01 : f32} :
  %0 = girih.attention %q, %k, %v {causal, scale = 0.125 : f32} : (tensor<?x?x8x64xbf16, #girih.dims<"batch", "seq">>, tensor<?x?x2x64xbf16, #girih.dims<"batch", "seq">>, tensor<?x?x2x32xbf16, #girih.dims<"batch", "seq">>) -> tensor<?x?x8x32xbf16, #girih.dims<"batch", "seq">>
  // CHECK: girih.attention %{{.*}}, %{{.*}}, %{{.*}} mask %{{.*}} bias %{{.*}} {return_lse, scale = 1.250000e-01 : f32} :
  // CHECK-SAME: -> (tensor<?x?x8x32xbf16, #girih.dims<"batch", "seq">>, tensor<?x8x?xf32, #girih.dims<"batch", "seq">>)
  %1:2 = girih.attention %q, %k, %v mask %m bias %b {return_lse, scale = 0.125 : f32} : (tensor<?x?x8x64xbf16, #girih.dims<"batch", "seq">>, tensor<?x?x2x64xbf16, #girih.dims<"batch", "seq">>, tensor<?x?x2x32xbf16, #girih.dims<"batch", "seq">>, tensor<?x?xi32, #girih.dims<"batch", "seq">>, tensor<1x8x?x?xf32, #girih.dims<"seq", "seq">>)
    -> (tensor<?x?x8x32xbf16, #girih.dims<"batch", "seq">>, tensor<?x8x?xf32, #girih.dims<"batch", "seq">>)
  return
}

// CHECK-LABEL: func.func @normalizations
func.func @normalizations(%x: tensor<?x384xf32, #girih.dims<"batch">>, %w: tensor<384xf32>) {
  // CHECK: girih.rms_norm %{{.*}}, %{{.*}} {epsilon = 9.99999974E-6 : f32} :
  %0 = girih.rms_norm %x, %w {epsilon = 1.0e-05 : f32} : (tensor<?x384xf32, #girih.dims<"batch">>, tensor<384xf32>) -> tensor<?x384xf32, #girih.dims<"batch">>
  // CHECK: girih.rms_norm %{{.*}}, %{{.*}} {epsilon = 0.000000e+00 : f32, unit_offset} :
  %offset = girih.rms_norm %x, %w {epsilon = 0.0 : f32, unit_offset} : (tensor<?x384xf32, #girih.dims<"batch">>, tensor<384xf32>) -> tensor<?x384xf32, #girih.dims<"batch">>
  // CHECK: girih.layer_norm %{{.*}}, %{{.*}} {epsilon
  %1 = girih.layer_norm %x, %w {epsilon = 1.0e-05 : f32} : (tensor<?x384xf32, #girih.dims<"batch">>, tensor<384xf32>) -> tensor<?x384xf32, #girih.dims<"batch">>
  // CHECK: girih.layer_norm %{{.*}}, %{{.*}}, %{{.*}} {epsilon
  %2 = girih.layer_norm %x, %w, %w {epsilon = 1.0e-05 : f32} : (tensor<?x384xf32, #girih.dims<"batch">>, tensor<384xf32>, tensor<384xf32>) -> tensor<?x384xf32, #girih.dims<"batch">>
  // CHECK: girih.l2_normalize %{{.*}} {epsilon
  %3 = girih.l2_normalize %x {epsilon = 1.0e-12 : f32} : (tensor<?x384xf32, #girih.dims<"batch">>) -> tensor<?x384xf32, #girih.dims<"batch">>
  // CHECK: girih.softmax %{{.*}} {axis = 1 : i64} :
  %4 = girih.softmax %x {axis = 1 : i64} : (tensor<?x384xf32, #girih.dims<"batch">>) -> tensor<?x384xf32, #girih.dims<"batch">>
  return
}

// CHECK-LABEL: func.func @unary
func.func @unary(%x: tensor<4x8xf32>) {
  // CHECK: girih.relu %{{.*}} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %0 = girih.relu %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: girih.silu
  %1 = girih.silu %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: girih.tanh
  %2 = girih.tanh %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: girih.sigmoid
  %3 = girih.sigmoid %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: girih.exp
  %4 = girih.exp %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: girih.sqrt
  %5 = girih.sqrt %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: girih.rsqrt
  %6 = girih.rsqrt %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: girih.neg
  %7 = girih.neg %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: girih.reciprocal
  %8 = girih.reciprocal %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: girih.erf
  %9 = girih.erf %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: girih.gelu %{{.*}} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %10 = girih.gelu %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: girih.gelu %{{.*}} approximate tanh :
  %11 = girih.gelu %x approximate tanh : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// CHECK-LABEL: func.func @gates
func.func @gates(%g: tensor<?x8xf16, #girih.dims<"seq">>) {
  // CHECK: girih.gate silu %{{.*}}, %{{.*}} : (tensor
  %0 = girih.gate silu %g, %g : (tensor<?x8xf16, #girih.dims<"seq">>, tensor<?x8xf16, #girih.dims<"seq">>) -> tensor<?x8xf16, #girih.dims<"seq">>
  // CHECK: girih.gate gelu
  %1 = girih.gate gelu %g, %g : (tensor<?x8xf16, #girih.dims<"seq">>, tensor<?x8xf16, #girih.dims<"seq">>) -> tensor<?x8xf16, #girih.dims<"seq">>
  // CHECK: girih.gate gelu_tanh
  %2 = girih.gate gelu_tanh %g, %g : (tensor<?x8xf16, #girih.dims<"seq">>, tensor<?x8xf16, #girih.dims<"seq">>) -> tensor<?x8xf16, #girih.dims<"seq">>
  // CHECK: girih.gate relu
  %3 = girih.gate relu %g, %g : (tensor<?x8xf16, #girih.dims<"seq">>, tensor<?x8xf16, #girih.dims<"seq">>) -> tensor<?x8xf16, #girih.dims<"seq">>
  // CHECK: girih.gate sigmoid
  %4 = girih.gate sigmoid %g, %g : (tensor<?x8xf16, #girih.dims<"seq">>, tensor<?x8xf16, #girih.dims<"seq">>) -> tensor<?x8xf16, #girih.dims<"seq">>
  return
}

// CHECK-LABEL: func.func @binary
func.func @binary(%x: tensor<?x1x8xf32, #girih.dims<"batch">>, %y: tensor<?x8xf32, #girih.dims<"seq">>, %i: tensor<4xi32>, %j: tensor<1xi32>) {
  // CHECK: girih.add {{.*}} -> tensor<?x?x8xf32, #girih.dims<"batch", "seq">>
  %0 = girih.add %x, %y : (tensor<?x1x8xf32, #girih.dims<"batch">>, tensor<?x8xf32, #girih.dims<"seq">>) -> tensor<?x?x8xf32, #girih.dims<"batch", "seq">>
  // CHECK: girih.sub {{.*}} -> tensor<?x?x8xf32, #girih.dims<"batch", "seq">>
  %1 = girih.sub %y, %x : (tensor<?x8xf32, #girih.dims<"seq">>, tensor<?x1x8xf32, #girih.dims<"batch">>) -> tensor<?x?x8xf32, #girih.dims<"batch", "seq">>
  // CHECK: girih.mul {{.*}} -> tensor<4xi32>
  %2 = girih.mul %i, %j : (tensor<4xi32>, tensor<1xi32>) -> tensor<4xi32>
  // CHECK: girih.div
  %3 = girih.div %i, %i : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  // CHECK: girih.maximum
  %4 = girih.maximum %i, %j : (tensor<4xi32>, tensor<1xi32>) -> tensor<4xi32>
  // CHECK: girih.minimum
  %5 = girih.minimum %i, %j : (tensor<4xi32>, tensor<1xi32>) -> tensor<4xi32>
  return
}

// CHECK-LABEL: func.func @cast_and_constant
func.func @cast_and_constant(%i: tensor<?xi32, #girih.dims<"seq">>) {
  // CHECK: girih.cast {{.*}} -> tensor<?xf32, #girih.dims<"seq">>
  %0 = girih.cast %i : (tensor<?xi32, #girih.dims<"seq">>) -> tensor<?xf32, #girih.dims<"seq">>
  // CHECK: girih.constant dense<[1, 2]> : tensor<2xi32>
  %1 = girih.constant dense<[1, 2]> : tensor<2xi32>
  // CHECK: girih.constant dense<1.000000e+00> : tensor<f32>
  %2 = girih.constant dense<1.0> : tensor<f32>
  return
}

// CHECK-LABEL: func.func @reductions
func.func @reductions(%x: tensor<?x?x8xf32, #girih.dims<"batch", "seq">>) {
  // CHECK: girih.reduce sum %{{.*}} axes [1] : {{.*}} -> tensor<?x8xf32, #girih.dims<"batch">>
  %0 = girih.reduce sum %x axes [1] : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>) -> tensor<?x8xf32, #girih.dims<"batch">>
  // CHECK: girih.reduce mean %{{.*}} axes [1, 2] keep_dims : {{.*}} -> tensor<?x1x1xf32, #girih.dims<"batch">>
  %1 = girih.reduce mean %x axes [1, 2] keep_dims : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>) -> tensor<?x1x1xf32, #girih.dims<"batch">>
  // CHECK: girih.reduce max
  %2 = girih.reduce max %x axes [2] : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>) -> tensor<?x?xf32, #girih.dims<"batch", "seq">>
  // CHECK: girih.reduce min {{.*}} -> tensor<f32>
  %3 = girih.reduce min %x axes [0, 1, 2] : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>) -> tensor<f32>
  return
}

// CHECK-LABEL: func.func @movement
func.func @movement(%x: tensor<?x?x8xf32, #girih.dims<"batch", "seq">>, %i: tensor<?x2xi32, #girih.dims<"seq">>) {
  // CHECK: girih.gather {{.*}} {axis = 1 : i64} : {{.*}} -> tensor<?x?x2x8xf32, #girih.dims<"batch", "seq">>
  %0 = girih.gather %x, %i {axis = 1 : i64} : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>, tensor<?x2xi32, #girih.dims<"seq">>) -> tensor<?x?x2x8xf32, #girih.dims<"batch", "seq">>
  // CHECK: girih.concat %{{.*}}, %{{.*}} {axis = 1 : i64} : {{.*}} -> tensor<?x?x8xf32, #girih.dims<"batch", "2*seq">>
  %1 = girih.concat %x, %x {axis = 1 : i64} : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>, tensor<?x?x8xf32, #girih.dims<"batch", "seq">>) -> tensor<?x?x8xf32, #girih.dims<"batch", "2*seq">>
  // CHECK: girih.slice %{{.*}} offsets [0, 1, 3] sizes [-1, 1, -1] : {{.*}} -> tensor<?x1x5xf32, #girih.dims<"batch">>
  %2 = girih.slice %x offsets [0, 1, 3] sizes [-1, 1, -1] : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>) -> tensor<?x1x5xf32, #girih.dims<"batch">>
  // CHECK: girih.reshape {{.*}} -> tensor<?x2x4xf32, #girih.dims<"batch*seq">>
  %3 = girih.reshape %x : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>) -> tensor<?x2x4xf32, #girih.dims<"batch*seq">>
  // CHECK: girih.transpose %{{.*}} [2, 0, 1] : {{.*}} -> tensor<8x?x?xf32, #girih.dims<"batch", "seq">>
  %4 = girih.transpose %x [2, 0, 1] : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>) -> tensor<8x?x?xf32, #girih.dims<"batch", "seq">>
  return
}

// CHECK-LABEL: func.func @rope
func.func @rope(%x: tensor<?x?x8x64xf32, #girih.dims<"batch", "seq">>, %p: tensor<?x?xi32, #girih.dims<"batch", "seq">>, %t: tensor<512x16xf32>) {
  // CHECK: girih.rope %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {interleaved} :
  %0 = girih.rope %x, %p, %t, %t {interleaved} : (tensor<?x?x8x64xf32, #girih.dims<"batch", "seq">>, tensor<?x?xi32, #girih.dims<"batch", "seq">>, tensor<512x16xf32>, tensor<512x16xf32>) -> tensor<?x?x8x64xf32, #girih.dims<"batch", "seq">>
  return
}

// CHECK-LABEL: func.func @pools
func.func @pools(%x: tensor<?x?x8xf32, #girih.dims<"batch", "seq">>, %m: tensor<?x?xi32, #girih.dims<"batch", "seq">>) {
  // CHECK: girih.pool mean %{{.*}}, %{{.*}} : {{.*}} -> tensor<?x8xf32, #girih.dims<"batch">>
  %0 = girih.pool mean %x, %m : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>, tensor<?x?xi32, #girih.dims<"batch", "seq">>) -> tensor<?x8xf32, #girih.dims<"batch">>
  // CHECK: girih.pool cls
  %1 = girih.pool cls %x, %m : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>, tensor<?x?xi32, #girih.dims<"batch", "seq">>) -> tensor<?x8xf32, #girih.dims<"batch">>
  // CHECK: girih.pool max
  %2 = girih.pool max %x, %m : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>, tensor<?x?xi32, #girih.dims<"batch", "seq">>) -> tensor<?x8xf32, #girih.dims<"batch">>
  // CHECK: girih.pool last
  %3 = girih.pool last %x, %m : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>, tensor<?x?xi32, #girih.dims<"batch", "seq">>) -> tensor<?x8xf32, #girih.dims<"batch">>
  return
}

// CHECK-LABEL: func.func @kernels
func.func @kernels(%x: tensor<?x8xf32, #girih.dims<"seq">>, %w: tensor<4x8xf32>) -> tensor<?x4xf32, #girih.dims<"seq">> {
  // CHECK: girih.kernel(%[[A:.*]] = %{{.*}}, %[[B:.*]] = %{{.*}} : tensor<?x8xf32, #girih.dims<"seq">>, tensor<4x8xf32>) -> (tensor<?x4xf32, #girih.dims<"seq">>, tensor<?x8xf32, #girih.dims<"seq">>) {
  %0:2 = girih.kernel(%a = %x, %b = %w : tensor<?x8xf32, #girih.dims<"seq">>, tensor<4x8xf32>) -> (tensor<?x4xf32, #girih.dims<"seq">>, tensor<?x8xf32, #girih.dims<"seq">>) {
    // CHECK: girih.tanh %[[A]]
    %1 = girih.tanh %a : (tensor<?x8xf32, #girih.dims<"seq">>) -> tensor<?x8xf32, #girih.dims<"seq">>
    %2 = girih.linear %1, %b : (tensor<?x8xf32, #girih.dims<"seq">>, tensor<4x8xf32>) -> tensor<?x4xf32, #girih.dims<"seq">>
    // CHECK: girih.yield %{{.*}}, %{{.*}} : tensor<?x4xf32, #girih.dims<"seq">>, tensor<?x8xf32, #girih.dims<"seq">>
    girih.yield %2, %1 : tensor<?x4xf32, #girih.dims<"seq">>, tensor<?x8xf32, #girih.dims<"seq">>
  }
  // CHECK: girih.kernel() -> tensor<2xf32> attributes {layer = 3 : i64} {
  %3 = girih.kernel() -> tensor<2xf32> attributes {layer = 3 : i64} {
    %4 = girih.constant dense<0.0> : tensor<2xf32>
    girih.yield %4 : tensor<2xf32>
  }
  // CHECK: girih.launch @k(%{{.*}}, %{{.*}}) : (tensor<?x8xf32, #girih.dims<"seq">>, tensor<4x8xf32>) -> tensor<?x4xf32, #girih.dims<"seq">>
  %5 = girih.launch @k(%x, %w) : (tensor<?x8xf32, #girih.dims<"seq">>, tensor<4x8xf32>) -> tensor<?x4xf32, #girih.dims<"seq">>
  // CHECK: girih.launch @k(%{{.*}}, %{{.*}}) {girih.bytes = ["128", "48*seq"], girih.flops = ["64*seq"]} :
  %6 = girih.launch @k(%x, %w) {girih.bytes = ["128", "48*seq"], girih.flops = ["64*seq"]} : (tensor<?x8xf32, #girih.dims<"seq">>, tensor<4x8xf32>) -> tensor<?x4xf32, #girih.dims<"seq">>
  return %5 : tensor<?x4xf32, #girih.dims<"seq">>
}

// CHECK: func.func private @k({{.*}}) -> {{.*}} attributes {girih.kernel}
func.func private @k(%x: tensor<?x8xf32, #girih.dims<"seq">>, %w: tensor<4x8xf32>) -> tensor<?x4xf32, #girih.dims<"seq">> attributes {girih.kernel} {
  %0 = girih.linear %x, %w : (tensor<?x8xf32, #girih.dims<"seq">>, tensor<4x8xf32>) -> tensor<?x4xf32, #girih.dims<"seq">>
  return %0 : tensor<?x4xf32, #girih.dims<"seq">>
}

}

// CHECK-LABEL: func.func @decoding
// CHECK-SAME: {girih.state}
func.func @decoding(%q: tensor<1x3x6x32xf32>, %c: tensor<40x2x32xf32> {girih.state}, %r: tensor<1x3x2x32xf32>, %s: tensor<1x3xi32>, %t: tensor<1x40xi32>, %l: tensor<1x3x9xf32>)
    -> (tensor<1x3x6x32xf32>, tensor<40x2x32xf32> {girih.state = 1 : i64}) attributes {girih.entry} {
  // CHECK: girih.cache_write %{{.*}}, %{{.*}} at %{{.*}} : (tensor<40x2x32xf32>, tensor<1x3x2x32xf32>, tensor<1x3xi32>) -> tensor<40x2x32xf32>
  %0 = girih.cache_write %c, %r at %s : (tensor<40x2x32xf32>, tensor<1x3x2x32xf32>, tensor<1x3xi32>) -> tensor<40x2x32xf32>
  // CHECK: girih.paged_attention %{{.*}}, %{{.*}}, %{{.*}} table %{{.*}} positions %{{.*}} {scale = 1.250000e-01 : f32, softcap = 5.000000e+01 : f32, window = 7 : i64}
  %1 = girih.paged_attention %q, %0, %0 table %t positions %s {scale = 0.125 : f32, window = 7 : i64, softcap = 50.0 : f32} : (tensor<1x3x6x32xf32>, tensor<40x2x32xf32>, tensor<40x2x32xf32>, tensor<1x40xi32>, tensor<1x3xi32>) -> tensor<1x3x6x32xf32>
  %q1 = girih.slice %q offsets [0, 2, 0, 0] sizes [1, 1, 6, 32] : (tensor<1x3x6x32xf32>) -> tensor<1x1x6x32xf32>
  %s1 = girih.slice %s offsets [0, 2] sizes [1, 1] : (tensor<1x3xi32>) -> tensor<1x1xi32>
  // CHECK: girih.split_attention %{{.*}}, %{{.*}}, %{{.*}} table %{{.*}} positions %{{.*}} {block = 16 : i64, parts = 2 : i64, scale = 1.250000e-01 : f32}
  %w, %m, %d = girih.split_attention %q1, %0, %0 table %t positions %s1 {scale = 0.125 : f32, parts = 2 : i64, block = 16 : i64} :
    (tensor<1x1x6x32xf32>, tensor<40x2x32xf32>, tensor<40x2x32xf32>, tensor<1x40xi32>, tensor<1x1xi32>) -> (tensor<1x2x6x32xf32>, tensor<1x2x6xf32>, tensor<1x2x6xf32>)
  // CHECK: girih.merge_attention %{{.*}}, %{{.*}}, %{{.*}} {element = bf16} : (tensor<1x2x6x32xf32>, tensor<1x2x6xf32>, tensor<1x2x6xf32>) -> tensor<1x1x6x32xbf16>
  %a = girih.merge_attention %w, %m, %d {element = bf16} : (tensor<1x2x6x32xf32>, tensor<1x2x6xf32>, tensor<1x2x6xf32>) -> tensor<1x1x6x32xbf16>
  // CHECK: girih.attention %{{.*}} {causal, scale = 1.250000e-01 : f32, window = 7 : i64}
  %2 = girih.attention %r, %r, %r {causal, scale = 0.125 : f32, window = 7 : i64} : (tensor<1x3x2x32xf32>, tensor<1x3x2x32xf32>, tensor<1x3x2x32xf32>) -> tensor<1x3x2x32xf32>
  // CHECK: girih.argmax %{{.*}} : (tensor<1x3x9xf32>) -> tensor<1x3xi32>
  %3 = girih.argmax %l : (tensor<1x3x9xf32>) -> tensor<1x3xi32>
  // CHECK: girih.cross_entropy %{{.*}}, %{{.*}} : (tensor<1x3x9xf32>, tensor<1x3xi32>) -> tensor<1x3xf32>
  %4 = girih.cross_entropy %l, %3 : (tensor<1x3x9xf32>, tensor<1x3xi32>) -> tensor<1x3xf32>
  return %1, %0 : tensor<1x3x6x32xf32>, tensor<40x2x32xf32>
}
