// One token's attention is cut along its positions where heads are few; what is left whole says why, by layer.
// RUN: girih-opt %s --split-input-file --fusion-split-attention="target=cpu:x86-64-v4 remarks=true" --verify-diagnostics | FileCheck %s

girih.symbol @batch {likely = 1 : i64, min = 1 : i64, max = 32 : i64}
girih.symbol @total {min = 1 : i64, max = 2048 : i64}
girih.symbol @slots {min = 1 : i64, max = 65536 : i64}

// CHECK-LABEL: func.func @token
func.func @token(%q: tensor<?x1x9x64xf32, #girih.dims<"batch">>, %k: tensor<?x3x64xf32, #girih.dims<"slots">>,
                 %t: tensor<?x?xi32, #girih.dims<"batch", "total">>, %p: tensor<?x1xi32, #girih.dims<"batch">>) -> tensor<?x1x9x64xf32, #girih.dims<"batch">> {
  // CHECK: %[[W:.*]], %[[M:.*]], %[[S:.*]] = girih.split_attention %{{.*}}, %{{.*}}, %{{.*}} table %{{.*}} positions %{{.*}} {block = 128 : i64, parts = 8 : i64, scale = 1.250000e-01 : f32, window = 700 : i64}
  // CHECK-SAME: (tensor<?x8x9x64xf32, #girih.dims<"batch">>, tensor<?x8x9xf32, #girih.dims<"batch">>, tensor<?x8x9xf32, #girih.dims<"batch">>)
  // CHECK: %[[R:.*]] = girih.merge_attention %[[W]], %[[M]], %[[S]] :
  // CHECK: return %[[R]]
  %0 = girih.paged_attention %q, %k, %k table %t positions %p {scale = 0.125 : f32, window = 700 : i64} :
    (tensor<?x1x9x64xf32, #girih.dims<"batch">>, tensor<?x3x64xf32, #girih.dims<"slots">>, tensor<?x3x64xf32, #girih.dims<"slots">>,
     tensor<?x?xi32, #girih.dims<"batch", "total">>, tensor<?x1xi32, #girih.dims<"batch">>) -> tensor<?x1x9x64xf32, #girih.dims<"batch">>
  return %0 : tensor<?x1x9x64xf32, #girih.dims<"batch">>
}

// CHECK-LABEL: func.func @narrow
func.func @narrow(%q: tensor<1x1x2x64xbf16>, %k: tensor<4096x2x64xbf16>, %t: tensor<1x4096xi32>, %p: tensor<1x1xi32>) -> tensor<1x1x2x64xbf16> {
  // CHECK: girih.merge_attention {{.*}} {element = bf16} : {{.*}} -> tensor<1x1x2x64xbf16>
  %0 = girih.paged_attention %q, %k, %k table %t positions %p {scale = 0.125 : f32} :
    (tensor<1x1x2x64xbf16>, tensor<4096x2x64xbf16>, tensor<4096x2x64xbf16>, tensor<1x4096xi32>, tensor<1x1xi32>) -> tensor<1x1x2x64xbf16>
  return %0 : tensor<1x1x2x64xbf16>
}

// -----

// CHECK-LABEL: func.func @left_whole
// CHECK-NOT: split_attention
func.func @left_whole(%q: tensor<1x2x4x64xf32>, %one: tensor<1x1x4x64xf32>, %many: tensor<8x1x4x64xf32>, %k: tensor<4096x4x64xf32>,
                      %t: tensor<1x4096xi32>, %short: tensor<1x100xi32>, %all: tensor<8x4096xi32>, %p: tensor<1x2xi32>, %p1: tensor<1x1xi32>, %p8: tensor<8x1xi32>) {
  // expected-remark @unknown {{'layers.0.attn' is not split along its positions: blocks of queries are work for every thread}}
  %0 = girih.paged_attention %q, %k, %k table %t positions %p {scale = 0.125 : f32} :
    (tensor<1x2x4x64xf32>, tensor<4096x4x64xf32>, tensor<4096x4x64xf32>, tensor<1x4096xi32>, tensor<1x2xi32>) -> tensor<1x2x4x64xf32> loc("layers.0.attn")
  // expected-remark @unknown {{'layers.1.attn' is not split along its positions: a sequence has at most one block of 128 positions}}
  %1 = girih.paged_attention %one, %k, %k table %short positions %p1 {scale = 0.125 : f32} :
    (tensor<1x1x4x64xf32>, tensor<4096x4x64xf32>, tensor<4096x4x64xf32>, tensor<1x100xi32>, tensor<1x1xi32>) -> tensor<1x1x4x64xf32> loc("layers.1.attn")
  // expected-remark @unknown {{'layers.2.attn' is not split along its positions: 4 key heads are work for every thread}}
  %2 = girih.paged_attention %many, %k, %k table %all positions %p8 {scale = 0.125 : f32} :
    (tensor<8x1x4x64xf32>, tensor<4096x4x64xf32>, tensor<4096x4x64xf32>, tensor<8x4096xi32>, tensor<8x1xi32>) -> tensor<8x1x4x64xf32> loc("layers.2.attn")
  return
}

// -----

// Under `exact` nothing is computed in parts.
module attributes {girih.contract = "exact"} {
  func.func @exact(%q: tensor<1x1x2x64xf32>, %k: tensor<4096x2x64xf32>, %t: tensor<1x4096xi32>, %p: tensor<1x1xi32>) -> tensor<1x1x2x64xf32> {
    // expected-remark @+1 {{'girih.paged_attention' is not split along its positions: the contract is exact}}
    %0 = girih.paged_attention %q, %k, %k table %t positions %p {scale = 0.125 : f32} :
      (tensor<1x1x2x64xf32>, tensor<4096x2x64xf32>, tensor<4096x2x64xf32>, tensor<1x4096xi32>, tensor<1x1xi32>) -> tensor<1x1x2x64xf32>
    return %0 : tensor<1x1x2x64xf32>
  }
}
