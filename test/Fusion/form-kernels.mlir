// Ops are grouped into kernels by the rules of fusion-form-kernels: epilogues, siblings, gates, rows; and are left apart where another reader,
// another shape or a dependency forbids it, which a remark explains.
// RUN: girih-opt %s --fusion-form-kernels='remarks=true' 2>/dev/null | FileCheck %s
// RUN: girih-opt %s --fusion-form-kernels='remarks=true' -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

// Values that are not one repeated number become a parameter that the kernel reads.
// CHECK: girih.parameter @[[NAME:constant.*]] : tensor<4xf32> {value = dense<[1.000000e+00,
// CHECK-LABEL: func.func @stored_constant
// CHECK: %[[C:.*]] = girih.get_parameter @[[NAME]]
// CHECK: girih.kernel({{.*}} = %arg0, {{.*}} = %[[C]]
func.func @stored_constant(%x: tensor<?x4xf32, #girih.dims<"rows">>) -> tensor<?x4xf32, #girih.dims<"rows">> {
  %c = girih.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %0 = girih.add %x, %c : (tensor<?x4xf32, #girih.dims<"rows">>, tensor<4xf32>) -> tensor<?x4xf32, #girih.dims<"rows">>
  return %0 : tensor<?x4xf32, #girih.dims<"rows">>
}

girih.symbol @rows {min = 1 : i64, max = 64 : i64}
girih.symbol @seq {min = 1 : i64, max = 64 : i64}

// A linear layer takes what alone reads its result, as far as that goes.
// CHECK-LABEL: func.func @epilogue
// CHECK: girih.kernel
// CHECK-NEXT: girih.linear
// CHECK-NEXT: girih.gelu
// CHECK-NEXT: girih.add
// CHECK-NEXT: girih.yield
// CHECK-NOT: girih.kernel
// CHECK: return
func.func @epilogue(%x: tensor<?x8xf32, #girih.dims<"rows">>, %w: tensor<4x8xf32>, %r: tensor<?x4xf32, #girih.dims<"rows">>) -> tensor<?x4xf32, #girih.dims<"rows">> {
  %0 = girih.linear %x, %w : (tensor<?x8xf32, #girih.dims<"rows">>, tensor<4x8xf32>) -> tensor<?x4xf32, #girih.dims<"rows">>
  %1 = girih.gelu %0 : (tensor<?x4xf32, #girih.dims<"rows">>) -> tensor<?x4xf32, #girih.dims<"rows">>
  %2 = girih.add %1, %r : (tensor<?x4xf32, #girih.dims<"rows">>, tensor<?x4xf32, #girih.dims<"rows">>) -> tensor<?x4xf32, #girih.dims<"rows">>
  return %2 : tensor<?x4xf32, #girih.dims<"rows">>
}

// Siblings of one shape share a kernel; the gate between two of them joins it.
// CHECK-LABEL: func.func @siblings
// CHECK: girih.kernel
// CHECK-NEXT: girih.linear
// CHECK-NEXT: girih.linear
// CHECK-NEXT: girih.gate silu
// CHECK-NEXT: girih.yield
// CHECK: return
func.func @siblings(%x: tensor<?x8xf32, #girih.dims<"rows">>, %w: tensor<4x8xf32>, %u: tensor<4x8xf32>) -> tensor<?x4xf32, #girih.dims<"rows">> {
  %0 = girih.linear %x, %w : (tensor<?x8xf32, #girih.dims<"rows">>, tensor<4x8xf32>) -> tensor<?x4xf32, #girih.dims<"rows">>
  %1 = girih.linear %x, %u : (tensor<?x8xf32, #girih.dims<"rows">>, tensor<4x8xf32>) -> tensor<?x4xf32, #girih.dims<"rows">>
  %2 = girih.gate silu %0, %1 : (tensor<?x4xf32, #girih.dims<"rows">>, tensor<?x4xf32, #girih.dims<"rows">>) -> tensor<?x4xf32, #girih.dims<"rows">>
  return %2 : tensor<?x4xf32, #girih.dims<"rows">>
}

// A row-wise kernel takes the lookups and sums before its norm; constants are repeated inside.
// CHECK-LABEL: func.func @row_kernels
// CHECK: girih.kernel
// CHECK-NEXT: girih.constant
// CHECK-NEXT: girih.embedding
// CHECK-NEXT: girih.mul
// CHECK-NEXT: girih.layer_norm
// CHECK-NEXT: girih.relu
// CHECK-NEXT: girih.yield
// CHECK-NOT: girih.kernel
// CHECK: return
func.func @row_kernels(%table: tensor<9x8xf32>, %ids: tensor<?xi32, #girih.dims<"rows">>, %w: tensor<8xf32>) -> tensor<?x8xf32, #girih.dims<"rows">> {
  %c = girih.constant dense<2.0> : tensor<8xf32>
  %0 = girih.embedding %table, %ids : (tensor<9x8xf32>, tensor<?xi32, #girih.dims<"rows">>) -> tensor<?x8xf32, #girih.dims<"rows">>
  %1 = girih.mul %0, %c : (tensor<?x8xf32, #girih.dims<"rows">>, tensor<8xf32>) -> tensor<?x8xf32, #girih.dims<"rows">>
  %2 = girih.layer_norm %1, %w {epsilon = 1.0e-5 : f32} : (tensor<?x8xf32, #girih.dims<"rows">>, tensor<8xf32>) -> tensor<?x8xf32, #girih.dims<"rows">>
  %3 = girih.relu %2 : (tensor<?x8xf32, #girih.dims<"rows">>) -> tensor<?x8xf32, #girih.dims<"rows">>
  return %3 : tensor<?x8xf32, #girih.dims<"rows">>
}

// A pull never enters a second contraction: the linear layer after the first one's epilogue is a kernel of its own.
// CHECK-LABEL: func.func @two_contractions
// CHECK: girih.kernel
// CHECK-NEXT: girih.linear
// CHECK-NEXT: girih.relu
// CHECK-NEXT: girih.yield
// CHECK: girih.kernel
// CHECK-NEXT: girih.linear
// CHECK-NEXT: girih.yield
// CHECK: return
func.func @two_contractions(%x: tensor<?x8xf32, #girih.dims<"rows">>, %w: tensor<8x8xf32>) -> tensor<?x8xf32, #girih.dims<"rows">> {
  %0 = girih.linear %x, %w : (tensor<?x8xf32, #girih.dims<"rows">>, tensor<8x8xf32>) -> tensor<?x8xf32, #girih.dims<"rows">>
  %1 = girih.relu %0 : (tensor<?x8xf32, #girih.dims<"rows">>) -> tensor<?x8xf32, #girih.dims<"rows">>
  %2 = girih.linear %1, %w : (tensor<?x8xf32, #girih.dims<"rows">>, tensor<8x8xf32>) -> tensor<?x8xf32, #girih.dims<"rows">>
  return %2 : tensor<?x8xf32, #girih.dims<"rows">>
}

// The projection is read by two layers, so the activation runs apart from it.
// CHECK-LABEL: func.func @read_twice
// CHECK: girih.kernel
// CHECK-NEXT: girih.linear
// CHECK-NEXT: girih.yield
// CHECK: girih.kernel
// CHECK-NEXT: girih.relu
// CHECK-NEXT: girih.mul
// CHECK-NEXT: girih.yield
// REMARK-DAG: remark: {{.*}}'layer.activation' runs apart from 'layer.projection': its operand is read elsewhere too
func.func @read_twice(%x: tensor<?x8xf32, #girih.dims<"rows">>, %w: tensor<8x8xf32>) -> tensor<?x8xf32, #girih.dims<"rows">> {
  %0 = girih.linear %x, %w : (tensor<?x8xf32, #girih.dims<"rows">>, tensor<8x8xf32>) -> tensor<?x8xf32, #girih.dims<"rows">> loc("layer.projection")
  %1 = girih.relu %0 : (tensor<?x8xf32, #girih.dims<"rows">>) -> tensor<?x8xf32, #girih.dims<"rows">> loc("layer.activation")
  %2 = girih.mul %1, %0 : (tensor<?x8xf32, #girih.dims<"rows">>, tensor<?x8xf32, #girih.dims<"rows">>) -> tensor<?x8xf32, #girih.dims<"rows">> loc("layer.activation")
  return %2 : tensor<?x8xf32, #girih.dims<"rows">>
}

// Layers of other shapes on the same rows have a loop of their own in the same kernel.
// CHECK-LABEL: func.func @unlike_siblings
// CHECK: girih.kernel
// CHECK-NEXT: girih.linear
// CHECK-NEXT: girih.linear
// CHECK-NEXT: girih.yield
// CHECK-NOT: girih.kernel
// CHECK: return
func.func @unlike_siblings(%x: tensor<?x8xf32, #girih.dims<"rows">>, %w: tensor<8x8xf32>, %v: tensor<4x8xf32>) -> (tensor<?x8xf32, #girih.dims<"rows">>, tensor<?x4xf32, #girih.dims<"rows">>) {
  %0 = girih.linear %x, %w : (tensor<?x8xf32, #girih.dims<"rows">>, tensor<8x8xf32>) -> tensor<?x8xf32, #girih.dims<"rows">> loc("layer.q")
  %1 = girih.linear %x, %v : (tensor<?x8xf32, #girih.dims<"rows">>, tensor<4x8xf32>) -> tensor<?x4xf32, #girih.dims<"rows">> loc("layer.v")
  return %0, %1 : tensor<?x8xf32, #girih.dims<"rows">>, tensor<?x4xf32, #girih.dims<"rows">>
}

// The sum waits for a softmax of the first layer's other sibling, so it cannot join their kernel: a kernel must not wait for itself.
// CHECK-LABEL: func.func @convex
// CHECK: girih.kernel
// CHECK-NEXT: girih.linear
// CHECK-NEXT: girih.linear
// CHECK-NEXT: girih.yield
// CHECK: girih.kernel
// CHECK-NEXT: girih.softmax
// CHECK-NEXT: girih.add
// CHECK-NEXT: girih.yield
// REMARK-DAG: remark: {{.*}}'layer.sum' runs apart from 'layer.first': another operand is computed from the kernel's result
func.func @convex(%x: tensor<?x8xf32, #girih.dims<"rows">>, %w: tensor<8x8xf32>, %v: tensor<8x8xf32>) -> tensor<?x8xf32, #girih.dims<"rows">> {
  %0 = girih.linear %x, %w : (tensor<?x8xf32, #girih.dims<"rows">>, tensor<8x8xf32>) -> tensor<?x8xf32, #girih.dims<"rows">> loc("layer.first")
  %1 = girih.linear %x, %v : (tensor<?x8xf32, #girih.dims<"rows">>, tensor<8x8xf32>) -> tensor<?x8xf32, #girih.dims<"rows">> loc("layer.second")
  %2 = girih.softmax %1 {axis = 1 : i64} : (tensor<?x8xf32, #girih.dims<"rows">>) -> tensor<?x8xf32, #girih.dims<"rows">>
  %3 = girih.add %0, %2 : (tensor<?x8xf32, #girih.dims<"rows">>, tensor<?x8xf32, #girih.dims<"rows">>) -> tensor<?x8xf32, #girih.dims<"rows">> loc("layer.sum")
  return %3 : tensor<?x8xf32, #girih.dims<"rows">>
}


// Queries, keys and values of a decoded token: the norm before them, the heads' rotation and the layers are one kernel.
girih.symbol @token {min = 1 : i64, max = 64 : i64, likely = 1 : i64}
// CHECK-LABEL: func.func @projections
// CHECK: girih.kernel
// CHECK-NEXT: girih.rms_norm
// CHECK-NEXT: girih.linear
// CHECK-NEXT: girih.linear
// CHECK-NEXT: girih.reshape
// CHECK-NEXT: girih.rope
// CHECK-NEXT: girih.yield
// CHECK-NOT: girih.kernel
// CHECK: return
func.func @projections(%x: tensor<?x8xf32, #girih.dims<"token">>, %n: tensor<8xf32>, %q: tensor<16x8xf32>, %k: tensor<8x8xf32>, %p: tensor<1x?xi32, #girih.dims<"token">>, %c: tensor<64x2xf32>)
    -> (tensor<?x16xf32, #girih.dims<"token">>, tensor<1x?x2x4xf32, #girih.dims<"token">>) {
  %h = girih.rms_norm %x, %n {epsilon = 1.0e-5 : f32} : (tensor<?x8xf32, #girih.dims<"token">>, tensor<8xf32>) -> tensor<?x8xf32, #girih.dims<"token">>
  %0 = girih.linear %h, %q : (tensor<?x8xf32, #girih.dims<"token">>, tensor<16x8xf32>) -> tensor<?x16xf32, #girih.dims<"token">>
  %1 = girih.linear %h, %k : (tensor<?x8xf32, #girih.dims<"token">>, tensor<8x8xf32>) -> tensor<?x8xf32, #girih.dims<"token">>
  %2 = girih.reshape %1 : (tensor<?x8xf32, #girih.dims<"token">>) -> tensor<1x?x2x4xf32, #girih.dims<"token">>
  %3 = girih.rope %2, %p, %c, %c : (tensor<1x?x2x4xf32, #girih.dims<"token">>, tensor<1x?xi32, #girih.dims<"token">>, tensor<64x2xf32>, tensor<64x2xf32>) -> tensor<1x?x2x4xf32, #girih.dims<"token">>
  return %0, %3 : tensor<?x16xf32, #girih.dims<"token">>, tensor<1x?x2x4xf32, #girih.dims<"token">>
}

// A norm that is read elsewhere as well is stored.
// CHECK-LABEL: func.func @norm_read_twice
// CHECK: girih.kernel
// CHECK-NEXT: girih.rms_norm
// CHECK-NEXT: girih.yield
// CHECK: girih.kernel
// CHECK-NEXT: girih.linear
// CHECK-NEXT: girih.yield
// REMARK-DAG: remark: {{.*}}'layer.norm' runs apart from 'layer.up': its result is read elsewhere too
func.func @norm_read_twice(%x: tensor<?x8xf32, #girih.dims<"token">>, %n: tensor<8xf32>, %w: tensor<8x8xf32>) -> (tensor<?x8xf32, #girih.dims<"token">>, tensor<?x8xf32, #girih.dims<"token">>) {
  %h = girih.rms_norm %x, %n {epsilon = 1.0e-5 : f32} : (tensor<?x8xf32, #girih.dims<"token">>, tensor<8xf32>) -> tensor<?x8xf32, #girih.dims<"token">> loc("layer.norm")
  %0 = girih.linear %h, %w : (tensor<?x8xf32, #girih.dims<"token">>, tensor<8x8xf32>) -> tensor<?x8xf32, #girih.dims<"token">> loc("layer.up")
  return %0, %h : tensor<?x8xf32, #girih.dims<"token">>, tensor<?x8xf32, #girih.dims<"token">>
}
