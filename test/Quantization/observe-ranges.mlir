// Entries without caches tell the extremes of the rows of their linear layers.
// RUN: girih-opt %s --quantization-observe-ranges | FileCheck %s

// Layers of one operand share a column; of other rows are none.
// CHECK: module attributes {girih.properties = {kind = "encoder", observed = "q k\0Aup"}}
module attributes {girih.properties = {kind = "encoder"}} {
girih.symbol @batch {min = 1 : i64, max = 32 : i64}
// CHECK-LABEL: func.func @encode
// CHECK-SAME: -> (tensor<?x8xf32, #girih.dims<"batch">> {girih.name = "y"}, tensor<?x4xf32, #girih.dims<"batch">> {girih.name = "ranges"})
func.func @encode(%x: tensor<?x64xf32, #girih.dims<"batch">>, %w: tensor<8x64xf32>, %u: tensor<8x8xf32>, %one: tensor<8xf32>)
    -> (tensor<?x8xf32, #girih.dims<"batch">> {girih.name = "y"}) attributes {girih.entry} {
  %q = girih.linear %x, %w : (tensor<?x64xf32, #girih.dims<"batch">>, tensor<8x64xf32>) -> tensor<?x8xf32, #girih.dims<"batch">> loc("q")
  %k = girih.linear %x, %w : (tensor<?x64xf32, #girih.dims<"batch">>, tensor<8x64xf32>) -> tensor<?x8xf32, #girih.dims<"batch">> loc("k")
  %y = girih.linear %q, %u : (tensor<?x8xf32, #girih.dims<"batch">>, tensor<8x8xf32>) -> tensor<?x8xf32, #girih.dims<"batch">> loc("up")
  %p = girih.linear %one, %u : (tensor<8xf32>, tensor<8x8xf32>) -> tensor<8xf32> loc("pooler")
  // CHECK: %[[A:.*]] = girih.reduce max %arg0 axes [1] keep_dims
  // CHECK: %[[B:.*]] = girih.reduce max
  // CHECK: %[[C:.*]] = girih.reduce min %arg0 axes [1] keep_dims
  // CHECK: %[[D:.*]] = girih.reduce min
  // CHECK: %[[E:.*]] = girih.concat %[[A]], %[[B]], %[[C]], %[[D]] {axis = 1 : i64}
  // CHECK: return %{{.*}}, %[[E]]
  return %y : tensor<?x8xf32, #girih.dims<"batch">>
}

// CHECK-LABEL: func.func @decode
// CHECK-SAME: -> (tensor<4x8xf32> {girih.state = 0 : i64})
func.func @decode(%cache: tensor<4x8xf32> {girih.state}, %slots: tensor<1x1xi32>, %x: tensor<1x1x8xf32>, %w: tensor<8x8xf32>)
    -> (tensor<4x8xf32> {girih.state = 0 : i64}) attributes {girih.entry} {
  // CHECK-NOT: girih.reduce
  %0 = girih.linear %x, %w : (tensor<1x1x8xf32>, tensor<8x8xf32>) -> tensor<1x1x8xf32>
  %1 = girih.cache_write %cache, %0 at %slots : (tensor<4x8xf32>, tensor<1x1x8xf32>, tensor<1x1xi32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
}
