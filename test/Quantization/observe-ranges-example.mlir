// The example of quantization-observe-ranges in docs/passes.md: what goes in, and all that comes out.
// RUN: girih-opt %s --quantization-observe-ranges | FileCheck %s

module {
  func.func @encode(%x: tensor<4x64xf32>, %w: tensor<8x64xf32>) -> (tensor<4x8xf32> {girih.name = "y"}) attributes {girih.entry} {
    %0 = girih.linear %x, %w : (tensor<4x64xf32>, tensor<8x64xf32>) -> tensor<4x8xf32>
    return %0 : tensor<4x8xf32>
  }
}

// CHECK:      module attributes {girih.properties = {observed = "girih.linear"}} {
// CHECK-NEXT:   func.func @encode(%arg0: tensor<4x64xf32>, %arg1: tensor<8x64xf32>) -> (tensor<4x8xf32> {girih.name = "y"}, tensor<4x2xf32> {girih.name = "ranges"}) attributes {girih.entry} {
// CHECK-NEXT:     %0 = girih.linear %arg0, %arg1 : (tensor<4x64xf32>, tensor<8x64xf32>) -> tensor<4x8xf32>
// CHECK-NEXT:     %1 = girih.reduce  max %arg0 axes [1] keep_dims : (tensor<4x64xf32>) -> tensor<4x1xf32>
// CHECK-NEXT:     %2 = girih.reduce  min %arg0 axes [1] keep_dims : (tensor<4x64xf32>) -> tensor<4x1xf32>
// CHECK-NEXT:     %3 = girih.concat %1, %2 {axis = 1 : i64} : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x2xf32>
// CHECK-NEXT:     return %0, %3 : tensor<4x8xf32>, tensor<4x2xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }
