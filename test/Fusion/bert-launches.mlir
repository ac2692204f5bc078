// An encoder layer runs in seven launches, the embeddings with their norm in one, and pooling with normalization in two.
// RUN: girih-opt %s --pass-pipeline='builtin.module(func.func(fusion-flatten-rows,canonicalize,cse),fusion-form-kernels,fusion-outline-kernels)' | FileCheck %s
// RUN: girih-eval %s --levels=graph,tile --symbols=batch=3,seq=7 --weights=random:1 | FileCheck %s --check-prefix=EVAL
// RUN: girih-eval %s --levels=graph,tile --symbols=batch=1,seq=129 --weights=random:1 | FileCheck %s --check-prefix=EVAL
// EVAL: tile: {{.*}}PASS

// CHECK: girih.launch @positions_embedding_slice_add_more(
// CHECK: girih.launch @linear(
// CHECK: girih.launch @attention(
// CHECK: girih.launch @linear_add(
// CHECK: girih.launch @layer_norm(
// CHECK: girih.launch @linear_gelu(
// CHECK: girih.launch @linear_add_0(
// CHECK: girih.launch @layer_norm(
// CHECK: girih.launch @pool(
// CHECK: girih.launch @l2_normalize(
// CHECK-NOT: girih.launch
// CHECK: return
module attributes {girih.contract = "stable"} {
  girih.symbol @batch {min = 1 : i64, max = 32 : i64}
  girih.symbol @seq {min = 1 : i64, max = 512 : i64}
  girih.parameter @word : tensor<1000x384xf32>
  girih.parameter @pos : tensor<512x384xf32>
  girih.parameter @type : tensor<2x384xf32>
  girih.parameter @g : tensor<384xf32>
  girih.parameter @b : tensor<384xf32>
  girih.parameter @wq : tensor<384x384xf32>
  girih.parameter @wk : tensor<384x384xf32>
  girih.parameter @wv : tensor<384x384xf32>
  girih.parameter @wo : tensor<384x384xf32>
  girih.parameter @w1 : tensor<1536x384xf32>
  girih.parameter @b1 : tensor<1536xf32>
  girih.parameter @w2 : tensor<384x1536xf32>
  func.func @encode(%ids: tensor<?x?xi32, #girih.dims<"batch","seq">> {girih.name = "ids", girih.range = [0, 1000]}, %mask: tensor<?x?xi32, #girih.dims<"batch","seq">>) -> (tensor<?x384xf32, #girih.dims<"batch">>) attributes {girih.entry} {
    %word = girih.get_parameter @word : tensor<1000x384xf32>
    %post = girih.get_parameter @pos : tensor<512x384xf32>
    %type = girih.get_parameter @type : tensor<2x384xf32>
    %g = girih.get_parameter @g : tensor<384xf32>
    %b = girih.get_parameter @b : tensor<384xf32>
    %wq = girih.get_parameter @wq : tensor<384x384xf32>
    %wk = girih.get_parameter @wk : tensor<384x384xf32>
    %wv = girih.get_parameter @wv : tensor<384x384xf32>
    %wo = girih.get_parameter @wo : tensor<384x384xf32>
    %w1 = girih.get_parameter @w1 : tensor<1536x384xf32>
    %b1 = girih.get_parameter @b1 : tensor<1536xf32>
    %w2 = girih.get_parameter @w2 : tensor<384x1536xf32>
    %p = girih.positions absolute %ids : (tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?xi32, #girih.dims<"batch","seq">>
    %e0 = girih.embedding %word, %ids : (tensor<1000x384xf32>, tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?x384xf32, #girih.dims<"batch","seq">>
    %e1 = girih.embedding %post, %p : (tensor<512x384xf32>, tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?x384xf32, #girih.dims<"batch","seq">>
    %t0 = girih.slice %type offsets [0, 0] sizes [1, -1] : (tensor<2x384xf32>) -> tensor<1x384xf32>
    %a0 = girih.add %e0, %e1 : (tensor<?x?x384xf32, #girih.dims<"batch","seq">>, tensor<?x?x384xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x384xf32, #girih.dims<"batch","seq">>
    %a1 = girih.add %a0, %t0 : (tensor<?x?x384xf32, #girih.dims<"batch","seq">>, tensor<1x384xf32>) -> tensor<?x?x384xf32, #girih.dims<"batch","seq">>
    %x = girih.layer_norm %a1, %g, %b {epsilon = 1.0e-12 : f32} : (tensor<?x?x384xf32, #girih.dims<"batch","seq">>, tensor<384xf32>, tensor<384xf32>) -> tensor<?x?x384xf32, #girih.dims<"batch","seq">>
    %q = girih.linear %x, %wq, %b : (tensor<?x?x384xf32, #girih.dims<"batch","seq">>, tensor<384x384xf32>, tensor<384xf32>) -> tensor<?x?x384xf32, #girih.dims<"batch","seq">>
    %k = girih.linear %x, %wk, %b : (tensor<?x?x384xf32, #girih.dims<"batch","seq">>, tensor<384x384xf32>, tensor<384xf32>) -> tensor<?x?x384xf32, #girih.dims<"batch","seq">>
    %v = girih.linear %x, %wv, %b : (tensor<?x?x384xf32, #girih.dims<"batch","seq">>, tensor<384x384xf32>, tensor<384xf32>) -> tensor<?x?x384xf32, #girih.dims<"batch","seq">>
    %q4 = girih.reshape %q : (tensor<?x?x384xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x12x32xf32, #girih.dims<"batch","seq">>
    %k4 = girih.reshape %k : (tensor<?x?x384xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x12x32xf32, #girih.dims<"batch","seq">>
    %v4 = girih.reshape %v : (tensor<?x?x384xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x12x32xf32, #girih.dims<"batch","seq">>
    %at = girih.attention %q4, %k4, %v4 mask %mask {scale = 0.176776695 : f32} : (tensor<?x?x12x32xf32, #girih.dims<"batch","seq">>, tensor<?x?x12x32xf32, #girih.dims<"batch","seq">>, tensor<?x?x12x32xf32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?x12x32xf32, #girih.dims<"batch","seq">>
    %at3 = girih.reshape %at : (tensor<?x?x12x32xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x384xf32, #girih.dims<"batch","seq">>
    %o = girih.linear %at3, %wo, %b : (tensor<?x?x384xf32, #girih.dims<"batch","seq">>, tensor<384x384xf32>, tensor<384xf32>) -> tensor<?x?x384xf32, #girih.dims<"batch","seq">>
    %r = girih.add %o, %x : (tensor<?x?x384xf32, #girih.dims<"batch","seq">>, tensor<?x?x384xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x384xf32, #girih.dims<"batch","seq">>
    %n = girih.layer_norm %r, %g, %b {epsilon = 1.0e-12 : f32} : (tensor<?x?x384xf32, #girih.dims<"batch","seq">>, tensor<384xf32>, tensor<384xf32>) -> tensor<?x?x384xf32, #girih.dims<"batch","seq">>
    %f1 = girih.linear %n, %w1, %b1 : (tensor<?x?x384xf32, #girih.dims<"batch","seq">>, tensor<1536x384xf32>, tensor<1536xf32>) -> tensor<?x?x1536xf32, #girih.dims<"batch","seq">>
    %ge = girih.gelu %f1 : (tensor<?x?x1536xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x1536xf32, #girih.dims<"batch","seq">>
    %f2 = girih.linear %ge, %w2, %b : (tensor<?x?x1536xf32, #girih.dims<"batch","seq">>, tensor<384x1536xf32>, tensor<384xf32>) -> tensor<?x?x384xf32, #girih.dims<"batch","seq">>
    %r2 = girih.add %f2, %n : (tensor<?x?x384xf32, #girih.dims<"batch","seq">>, tensor<?x?x384xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x384xf32, #girih.dims<"batch","seq">>
    %n2 = girih.layer_norm %r2, %g, %b {epsilon = 1.0e-12 : f32} : (tensor<?x?x384xf32, #girih.dims<"batch","seq">>, tensor<384xf32>, tensor<384xf32>) -> tensor<?x?x384xf32, #girih.dims<"batch","seq">>
    %pl = girih.pool mean %n2, %mask : (tensor<?x?x384xf32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x384xf32, #girih.dims<"batch">>
    %l2 = girih.l2_normalize %pl {epsilon = 1.0e-12 : f32} : (tensor<?x384xf32, #girih.dims<"batch">>) -> tensor<?x384xf32, #girih.dims<"batch">>
    return %l2 : tensor<?x384xf32, #girih.dims<"batch">>
  }
}
