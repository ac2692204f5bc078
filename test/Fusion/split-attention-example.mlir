// The example of fusion-split-attention in docs/passes.md: what goes in, and all that comes out.
// RUN: girih-opt %s --fusion-split-attention=target=cpu:x86-64-v4 | FileCheck %s

func.func @f(%q: tensor<1x1x2x64xf32>, %k: tensor<4096x2x64xf32>, %t: tensor<1x4096xi32>, %p: tensor<1x1xi32>) -> tensor<1x1x2x64xf32> {
  %0 = girih.paged_attention %q, %k, %k table %t positions %p {scale = 0.125 : f32} :
    (tensor<1x1x2x64xf32>, tensor<4096x2x64xf32>, tensor<4096x2x64xf32>, tensor<1x4096xi32>, tensor<1x1xi32>) -> tensor<1x1x2x64xf32>
  return %0 : tensor<1x1x2x64xf32>
}

// CHECK:      func.func @f(%arg0: tensor<1x1x2x64xf32>, %arg1: tensor<4096x2x64xf32>, %arg2: tensor<1x4096xi32>, %arg3: tensor<1x1xi32>) -> tensor<1x1x2x64xf32> {
// CHECK-NEXT:   %weighted, %maximum, %sum = girih.split_attention %arg0, %arg1, %arg1 table %arg2 positions %arg3 {block = 128 : i64, parts = 8 : i64, scale = 1.250000e-01 : f32} : (tensor<1x1x2x64xf32>, tensor<4096x2x64xf32>, tensor<4096x2x64xf32>, tensor<1x4096xi32>, tensor<1x1xi32>) -> (tensor<1x8x2x64xf32>, tensor<1x8x2xf32>, tensor<1x8x2xf32>)
// CHECK-NEXT:   %0 = girih.merge_attention %weighted, %maximum, %sum : (tensor<1x8x2x64xf32>, tensor<1x8x2xf32>, tensor<1x8x2xf32>) -> tensor<1x1x2x64xf32>
// CHECK-NEXT:   return %0 : tensor<1x1x2x64xf32>
// CHECK-NEXT: }
