// The weight of a linear layer is packed as the target asks, in parameter, read, launch and kernel alike. A table that an
// embedding reads too is read through the same encoding and stored once; one that something else reads is stored twice. Quantized blocks
// become panels of the same blocks, but stay as they are where nothing multiplies with them. What is computed, and every other operand, is
// left row-major.
// RUN: girih-opt %s --tiling-pack-operands='target=cpu:x86-64-v3' | FileCheck %s

girih.symbol @rows {min = 1 : i64, max = 64 : i64}
// CHECK: girih.parameter @alone : tensor<64x32xf32, #girih.panels<width = [[W:[0-9]+]]>> {source = #girih.source<file = "model.safetensors", offset = 0, bytes = 8192, type = f32>}
// CHECK: girih.parameter @tied : tensor<64x32xf32, #girih.panels<width = [[W]]>>
// CHECK: girih.parameter @shared : tensor<64x32xf32>
// CHECK-NEXT: girih.parameter @shared.packed : tensor<64x32xf32, #girih.panels<width = [[W]]>>
// CHECK: girih.parameter @quantized : tensor<64x32xf32, #girih.block_panels<q4_0, width = [[W]]>>
// CHECK: girih.parameter @lookup : tensor<64x32xf32, #girih.blocks<q4_0>>
// CHECK: girih.parameter @bias : tensor<64xf32>
girih.parameter @alone : tensor<64x32xf32> {source = #girih.source<file = "model.safetensors", offset = 0, bytes = 8192, type = f32>}
girih.parameter @tied : tensor<64x32xf32>
girih.parameter @shared : tensor<64x32xf32>
girih.parameter @quantized : tensor<64x32xf32, #girih.blocks<q4_0>>
girih.parameter @lookup : tensor<64x32xf32, #girih.blocks<q4_0>>
girih.parameter @bias : tensor<64xf32>

// CHECK-LABEL: func.func @f
// CHECK-DAG: %[[ALONE:.*]] = girih.get_parameter @alone : tensor<64x32xf32, #girih.panels<width = [[W]]>>
// CHECK: girih.launch @embed({{.*}}) : (tensor<64x32xf32, #girih.panels<width = [[W]]>>,
// CHECK: girih.launch @project({{.*}}, %[[ALONE]]
// CHECK: girih.launch @project({{.*}}) : (tensor<?x32xf32, #girih.dims<"rows">>, tensor<64x32xf32, #girih.panels<width = [[W]]>>, tensor<64xf32>)
// CHECK: girih.launch @computed({{.*}}) : (tensor<?x32xf32, #girih.dims<"rows">>, tensor<64x32xf32>)
// CHECK-LABEL: func.func @g
// CHECK: girih.launch @sum({{.*}}) : (tensor<64x32xf32>)
// CHECK: girih.launch @plain({{.*}}) : (tensor<?x32xf32, #girih.dims<"rows">>, tensor<64x32xf32, #girih.panels<width = [[W]]>>)
// CHECK: girih.launch @decoding({{.*}}) : (tensor<?x32xf32, #girih.dims<"rows">>, tensor<64x32xf32, #girih.block_panels<q4_0, width = [[W]]>>)
// CHECK: girih.launch @embed_blocks({{.*}}) : (tensor<64x32xf32, #girih.blocks<q4_0>>,
func.func @f(%ids: tensor<?xi32, #girih.dims<"rows">>, %m: tensor<64x32xf32>) -> (tensor<?x64xf32, #girih.dims<"rows">>, tensor<?x64xf32, #girih.dims<"rows">>, tensor<?x64xf32, #girih.dims<"rows">>) attributes {girih.entry} {
  %alone = girih.get_parameter @alone : tensor<64x32xf32>
  %tied = girih.get_parameter @tied : tensor<64x32xf32>
  %bias = girih.get_parameter @bias : tensor<64xf32>
  %x = girih.launch @embed(%tied, %ids) : (tensor<64x32xf32>, tensor<?xi32, #girih.dims<"rows">>) -> tensor<?x32xf32, #girih.dims<"rows">>
  %0 = girih.launch @project(%x, %alone, %bias) : (tensor<?x32xf32, #girih.dims<"rows">>, tensor<64x32xf32>, tensor<64xf32>) -> tensor<?x64xf32, #girih.dims<"rows">>
  %1 = girih.launch @project(%x, %tied, %bias) : (tensor<?x32xf32, #girih.dims<"rows">>, tensor<64x32xf32>, tensor<64xf32>) -> tensor<?x64xf32, #girih.dims<"rows">>
  %2 = girih.launch @computed(%x, %m) : (tensor<?x32xf32, #girih.dims<"rows">>, tensor<64x32xf32>) -> tensor<?x64xf32, #girih.dims<"rows">>
  return %0, %1, %2 : tensor<?x64xf32, #girih.dims<"rows">>, tensor<?x64xf32, #girih.dims<"rows">>, tensor<?x64xf32, #girih.dims<"rows">>
}
func.func @g(%ids: tensor<?xi32, #girih.dims<"rows">>, %x: tensor<?x32xf32, #girih.dims<"rows">>) -> (tensor<64xf32>, tensor<?x64xf32, #girih.dims<"rows">>, tensor<?x64xf32, #girih.dims<"rows">>, tensor<?x32xf32, #girih.dims<"rows">>) attributes {girih.entry} {
  %shared = girih.get_parameter @shared : tensor<64x32xf32>
  %quantized = girih.get_parameter @quantized : tensor<64x32xf32, #girih.blocks<q4_0>>
  %lookup = girih.get_parameter @lookup : tensor<64x32xf32, #girih.blocks<q4_0>>
  %0 = girih.launch @sum(%shared) : (tensor<64x32xf32>) -> tensor<64xf32>
  %1 = girih.launch @plain(%x, %shared) : (tensor<?x32xf32, #girih.dims<"rows">>, tensor<64x32xf32>) -> tensor<?x64xf32, #girih.dims<"rows">>
  %2 = girih.launch @decoding(%x, %quantized) : (tensor<?x32xf32, #girih.dims<"rows">>, tensor<64x32xf32, #girih.blocks<q4_0>>) -> tensor<?x64xf32, #girih.dims<"rows">>
  %3 = girih.launch @embed_blocks(%lookup, %ids) : (tensor<64x32xf32, #girih.blocks<q4_0>>, tensor<?xi32, #girih.dims<"rows">>) -> tensor<?x32xf32, #girih.dims<"rows">>
  return %0, %1, %2, %3 : tensor<64xf32>, tensor<?x64xf32, #girih.dims<"rows">>, tensor<?x64xf32, #girih.dims<"rows">>, tensor<?x32xf32, #girih.dims<"rows">>
}
func.func private @sum(%t: tensor<64x32xf32>) -> tensor<64xf32> attributes {girih.kernel} {
  %0 = girih.reduce sum %t axes [1] : (tensor<64x32xf32>) -> tensor<64xf32>
  return %0 : tensor<64xf32>
}
func.func private @plain(%x: tensor<?x32xf32, #girih.dims<"rows">>, %w: tensor<64x32xf32>) -> tensor<?x64xf32, #girih.dims<"rows">> attributes {girih.kernel} {
  %0 = girih.linear %x, %w : (tensor<?x32xf32, #girih.dims<"rows">>, tensor<64x32xf32>) -> tensor<?x64xf32, #girih.dims<"rows">>
  return %0 : tensor<?x64xf32, #girih.dims<"rows">>
}
func.func private @decoding(%x: tensor<?x32xf32, #girih.dims<"rows">>, %w: tensor<64x32xf32, #girih.blocks<q4_0>>) -> tensor<?x64xf32, #girih.dims<"rows">> attributes {girih.kernel} {
  %0 = girih.linear %x, %w : (tensor<?x32xf32, #girih.dims<"rows">>, tensor<64x32xf32, #girih.blocks<q4_0>>) -> tensor<?x64xf32, #girih.dims<"rows">>
  return %0 : tensor<?x64xf32, #girih.dims<"rows">>
}
func.func private @embed_blocks(%t: tensor<64x32xf32, #girih.blocks<q4_0>>, %ids: tensor<?xi32, #girih.dims<"rows">>) -> tensor<?x32xf32, #girih.dims<"rows">> attributes {girih.kernel} {
  %0 = girih.embedding %t, %ids : (tensor<64x32xf32, #girih.blocks<q4_0>>, tensor<?xi32, #girih.dims<"rows">>) -> tensor<?x32xf32, #girih.dims<"rows">>
  return %0 : tensor<?x32xf32, #girih.dims<"rows">>
}
// CHECK: func.func private @embed(%arg0: tensor<64x32xf32, #girih.panels<width = [[W]]>>,
func.func private @embed(%t: tensor<64x32xf32>, %ids: tensor<?xi32, #girih.dims<"rows">>) -> tensor<?x32xf32, #girih.dims<"rows">> attributes {girih.kernel} {
  %0 = girih.embedding %t, %ids : (tensor<64x32xf32>, tensor<?xi32, #girih.dims<"rows">>) -> tensor<?x32xf32, #girih.dims<"rows">>
  return %0 : tensor<?x32xf32, #girih.dims<"rows">>
}
// CHECK: func.func private @project({{.*}}, %arg1: tensor<64x32xf32, #girih.panels<width = [[W]]>>, %arg2: tensor<64xf32>)
func.func private @project(%x: tensor<?x32xf32, #girih.dims<"rows">>, %w: tensor<64x32xf32>, %b: tensor<64xf32>) -> tensor<?x64xf32, #girih.dims<"rows">> attributes {girih.kernel} {
  %0 = girih.linear %x, %w, %b : (tensor<?x32xf32, #girih.dims<"rows">>, tensor<64x32xf32>, tensor<64xf32>) -> tensor<?x64xf32, #girih.dims<"rows">>
  return %0 : tensor<?x64xf32, #girih.dims<"rows">>
}
func.func private @computed(%x: tensor<?x32xf32, #girih.dims<"rows">>, %w: tensor<64x32xf32>) -> tensor<?x64xf32, #girih.dims<"rows">> attributes {girih.kernel} {
  %0 = girih.linear %x, %w : (tensor<?x32xf32, #girih.dims<"rows">>, tensor<64x32xf32>) -> tensor<?x64xf32, #girih.dims<"rows">>
  return %0 : tensor<?x64xf32, #girih.dims<"rows">>
}
