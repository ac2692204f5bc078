// Norms and softmax give the same numbers as tiles and as a graph: along any axis, over rows that fit a tile, rows too
// long for one, and rows whose length is known only at run time.
// RUN: girih-eval %s --entry=norms --levels=graph,tile --symbols=batch=1,seq=1 | FileCheck %s
// RUN: girih-eval %s --entry=norms --levels=graph,tile --symbols=batch=3,seq=7 | FileCheck %s
// RUN: girih-eval %s --entry=norms --levels=graph,tile --symbols=batch=2,seq=129 | FileCheck %s
// RUN: girih-eval %s --entry=long_rows --levels=graph,tile --symbols=batch=1,seq=1 | FileCheck %s
// RUN: girih-eval %s --entry=long_rows --levels=graph,tile --symbols=batch=3,seq=7 | FileCheck %s
// RUN: girih-eval %s --entry=long_rows --levels=graph,tile --symbols=batch=2,seq=129 | FileCheck %s
// RUN: girih-eval %s --entry=narrow --levels=graph,tile --symbols=batch=1,seq=1 | FileCheck %s
// RUN: girih-eval %s --entry=narrow --levels=graph,tile --symbols=batch=3,seq=7 | FileCheck %s
// RUN: girih-eval %s --entry=narrow --levels=graph,tile --symbols=batch=2,seq=129 | FileCheck %s
// RUN: girih-eval %s --entry=statistics --levels=graph,tile --symbols=batch=1,seq=1 | FileCheck %s
// RUN: girih-eval %s --entry=statistics --levels=graph,tile --symbols=batch=3,seq=129 | FileCheck %s
// CHECK: tile: {{.*}}PASS
// CHECK-NOT: FAIL

girih.symbol @batch {min = 1 : i64, max = 8 : i64}
girih.symbol @seq {min = 1 : i64, max = 300 : i64}

func.func @norms(%a0: tensor<?x?x100xf32, #girih.dims<"batch","seq">>, %a1: tensor<100xf32>, %a2: tensor<100xf32>, %a3: tensor<?x5x?xf32, #girih.dims<"batch","seq">>) -> (tensor<?x?x100xf32, #girih.dims<"batch","seq">>, tensor<?x?x100xf32, #girih.dims<"batch","seq">>, tensor<?x?x100xf32, #girih.dims<"batch","seq">>, tensor<?x?x100xf32, #girih.dims<"batch","seq">>, tensor<?x?x100xf32, #girih.dims<"batch","seq">>, tensor<?x?x100xf32, #girih.dims<"batch","seq">>, tensor<?x?x100xf32, #girih.dims<"batch","seq">>, tensor<?x5x?xf32, #girih.dims<"batch","seq">>, tensor<?x5x?xf32, #girih.dims<"batch","seq">>) attributes {girih.entry} {
  %0 = girih.layer_norm %a0, %a1, %a2 {epsilon = 1.0e-5 : f32} : (tensor<?x?x100xf32, #girih.dims<"batch","seq">>, tensor<100xf32>, tensor<100xf32>) -> tensor<?x?x100xf32, #girih.dims<"batch","seq">>
  %1 = girih.layer_norm %a0, %a1 {epsilon = 1.0e-12 : f32} : (tensor<?x?x100xf32, #girih.dims<"batch","seq">>, tensor<100xf32>) -> tensor<?x?x100xf32, #girih.dims<"batch","seq">>
  %2 = girih.rms_norm %a0, %a1 {epsilon = 1.0e-6 : f32} : (tensor<?x?x100xf32, #girih.dims<"batch","seq">>, tensor<100xf32>) -> tensor<?x?x100xf32, #girih.dims<"batch","seq">>
  %3 = girih.l2_normalize %a0 {epsilon = 1.0e-12 : f32} : (tensor<?x?x100xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x100xf32, #girih.dims<"batch","seq">>
  %4 = girih.softmax %a0 {axis = 0 : i64} : (tensor<?x?x100xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x100xf32, #girih.dims<"batch","seq">>
  %5 = girih.softmax %a0 {axis = 1 : i64} : (tensor<?x?x100xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x100xf32, #girih.dims<"batch","seq">>
  %6 = girih.softmax %a0 {axis = 2 : i64} : (tensor<?x?x100xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x100xf32, #girih.dims<"batch","seq">>
  %7 = girih.softmax %a3 {axis = 1 : i64} : (tensor<?x5x?xf32, #girih.dims<"batch","seq">>) -> tensor<?x5x?xf32, #girih.dims<"batch","seq">>
  %8 = girih.softmax %a3 {axis = 2 : i64} : (tensor<?x5x?xf32, #girih.dims<"batch","seq">>) -> tensor<?x5x?xf32, #girih.dims<"batch","seq">>
  return %0, %1, %2, %3, %4, %5, %6, %7, %8 : tensor<?x?x100xf32, #girih.dims<"batch","seq">>, tensor<?x?x100xf32, #girih.dims<"batch","seq">>, tensor<?x?x100xf32, #girih.dims<"batch","seq">>, tensor<?x?x100xf32, #girih.dims<"batch","seq">>, tensor<?x?x100xf32, #girih.dims<"batch","seq">>, tensor<?x?x100xf32, #girih.dims<"batch","seq">>, tensor<?x?x100xf32, #girih.dims<"batch","seq">>, tensor<?x5x?xf32, #girih.dims<"batch","seq">>, tensor<?x5x?xf32, #girih.dims<"batch","seq">>
}

func.func @long_rows(%a0: tensor<?x9001xf32, #girih.dims<"batch">>, %a1: tensor<9001xf32>) -> (tensor<?x9001xf32, #girih.dims<"batch">>, tensor<?x9001xf32, #girih.dims<"batch">>, tensor<?x9001xf32, #girih.dims<"batch">>, tensor<?x9001xf32, #girih.dims<"batch">>) attributes {girih.entry} {
  %0 = girih.layer_norm %a0, %a1 {epsilon = 1.0e-5 : f32} : (tensor<?x9001xf32, #girih.dims<"batch">>, tensor<9001xf32>) -> tensor<?x9001xf32, #girih.dims<"batch">>
  %1 = girih.rms_norm %a0, %a1 {epsilon = 1.0e-6 : f32} : (tensor<?x9001xf32, #girih.dims<"batch">>, tensor<9001xf32>) -> tensor<?x9001xf32, #girih.dims<"batch">>
  %2 = girih.l2_normalize %a0 {epsilon = 1.0e-12 : f32} : (tensor<?x9001xf32, #girih.dims<"batch">>) -> tensor<?x9001xf32, #girih.dims<"batch">>
  %3 = girih.softmax %a0 {axis = 1 : i64} : (tensor<?x9001xf32, #girih.dims<"batch">>) -> tensor<?x9001xf32, #girih.dims<"batch">>
  return %0, %1, %2, %3 : tensor<?x9001xf32, #girih.dims<"batch">>, tensor<?x9001xf32, #girih.dims<"batch">>, tensor<?x9001xf32, #girih.dims<"batch">>, tensor<?x9001xf32, #girih.dims<"batch">>
}

func.func @narrow(%a0: tensor<?x?x100xbf16, #girih.dims<"batch","seq">>, %a1: tensor<100xbf16>) -> (tensor<?x?x100xbf16, #girih.dims<"batch","seq">>, tensor<?x?x100xbf16, #girih.dims<"batch","seq">>) attributes {girih.entry} {
  %0 = girih.layer_norm %a0, %a1, %a1 {epsilon = 1.0e-5 : f32} : (tensor<?x?x100xbf16, #girih.dims<"batch","seq">>, tensor<100xbf16>, tensor<100xbf16>) -> tensor<?x?x100xbf16, #girih.dims<"batch","seq">>
  %1 = girih.softmax %a0 {axis = 2 : i64} : (tensor<?x?x100xbf16, #girih.dims<"batch","seq">>) -> tensor<?x?x100xbf16, #girih.dims<"batch","seq">>
  return %0, %1 : tensor<?x?x100xbf16, #girih.dims<"batch","seq">>, tensor<?x?x100xbf16, #girih.dims<"batch","seq">>
}

// Statistics that leave their rows behind, and rows that are needed beside them.
func.func @statistics(%x: tensor<?x?x40xf32, #girih.dims<"batch","seq">>) -> (tensor<?x?xf32, #girih.dims<"batch","seq">>, tensor<?x?x40xf32, #girih.dims<"batch","seq">>, tensor<?x?x40xf32, #girih.dims<"batch","seq">>, tensor<?x?x1xf32, #girih.dims<"batch","seq">>, tensor<?x?x20xf32, #girih.dims<"batch","seq">>) attributes {girih.entry} {
  %0 = girih.softmax %x {axis = 2 : i64} : (tensor<?x?x40xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x40xf32, #girih.dims<"batch","seq">>
  %1 = girih.reduce max %0 axes [2] : (tensor<?x?x40xf32, #girih.dims<"batch","seq">>) -> tensor<?x?xf32, #girih.dims<"batch","seq">>
  %2 = girih.gelu %x : (tensor<?x?x40xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x40xf32, #girih.dims<"batch","seq">>
  %3 = girih.reduce mean %2 axes [2] keep_dims : (tensor<?x?x40xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x1xf32, #girih.dims<"batch","seq">>
  %4 = girih.sub %2, %3 : (tensor<?x?x40xf32, #girih.dims<"batch","seq">>, tensor<?x?x1xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x40xf32, #girih.dims<"batch","seq">>
  %5 = girih.silu %x : (tensor<?x?x40xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x40xf32, #girih.dims<"batch","seq">>
  %6 = girih.l2_normalize %5 {epsilon = 1.0e-12 : f32} : (tensor<?x?x40xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x40xf32, #girih.dims<"batch","seq">>
  %7 = girih.add %6, %5 : (tensor<?x?x40xf32, #girih.dims<"batch","seq">>, tensor<?x?x40xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x40xf32, #girih.dims<"batch","seq">>
  %8 = girih.slice %x offsets [0, 0, 3] sizes [-1, -1, 20] : (tensor<?x?x40xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x20xf32, #girih.dims<"batch","seq">>
  %9 = girih.slice %x offsets [0, 0, 20] sizes [-1, -1, 20] : (tensor<?x?x40xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x20xf32, #girih.dims<"batch","seq">>
  %10 = girih.gate silu %8, %9 : (tensor<?x?x20xf32, #girih.dims<"batch","seq">>, tensor<?x?x20xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x20xf32, #girih.dims<"batch","seq">>
  return %1, %4, %7, %3, %10 : tensor<?x?xf32, #girih.dims<"batch","seq">>, tensor<?x?x40xf32, #girih.dims<"batch","seq">>, tensor<?x?x40xf32, #girih.dims<"batch","seq">>, tensor<?x?x1xf32, #girih.dims<"batch","seq">>, tensor<?x?x20xf32, #girih.dims<"batch","seq">>
}
