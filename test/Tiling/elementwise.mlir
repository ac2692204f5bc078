// Every element-wise op, broadcast and cast gives the same numbers as tiles and as a graph: one block, several
// blocks, and sizes that divide nothing.
// RUN: girih-eval %s --entry=unary --levels=graph,tile --symbols=batch=1,seq=1 | FileCheck %s
// RUN: girih-eval %s --entry=unary --levels=graph,tile --symbols=batch=3,seq=7 | FileCheck %s
// RUN: girih-eval %s --entry=unary --levels=graph,tile --symbols=batch=2,seq=129 | FileCheck %s
// RUN: girih-eval %s --entry=binary --levels=graph,tile --symbols=batch=1,seq=1 | FileCheck %s
// RUN: girih-eval %s --entry=binary --levels=graph,tile --symbols=batch=3,seq=7 | FileCheck %s
// RUN: girih-eval %s --entry=binary --levels=graph,tile --symbols=batch=2,seq=129 | FileCheck %s
// RUN: girih-eval %s --entry=integers --levels=graph,tile --symbols=batch=1,seq=1 | FileCheck %s
// RUN: girih-eval %s --entry=integers --levels=graph,tile --symbols=batch=3,seq=7 | FileCheck %s
// RUN: girih-eval %s --entry=integers --levels=graph,tile --symbols=batch=2,seq=129 | FileCheck %s
// RUN: girih-eval %s --entry=narrow --levels=graph,tile --symbols=batch=1,seq=1 | FileCheck %s
// RUN: girih-eval %s --entry=narrow --levels=graph,tile --symbols=batch=3,seq=7 | FileCheck %s
// RUN: girih-eval %s --entry=narrow --levels=graph,tile --symbols=batch=2,seq=129 | FileCheck %s
// CHECK: tile: {{.*}}PASS
// CHECK-NOT: FAIL

girih.symbol @batch {min = 1 : i64, max = 8 : i64}
girih.symbol @seq {min = 1 : i64, max = 300 : i64}

func.func @unary(%a0: tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>) attributes {girih.entry} {
  %0 = girih.relu %a0 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %1 = girih.silu %a0 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %2 = girih.tanh %a0 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %3 = girih.sigmoid %a0 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %4 = girih.exp %a0 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %5 = girih.neg %a0 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %6 = girih.erf %a0 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %7 = girih.gelu %a0 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %8 = girih.gelu %a0 approximate tanh : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %9 = girih.exp %a0 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %10 = girih.sqrt %9 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %11 = girih.rsqrt %9 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %12 = girih.reciprocal %9 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  return %0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12 : tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>
}

func.func @binary(%a0: tensor<?x?x67xf32, #girih.dims<"batch","seq">>, %a1: tensor<?x?x67xf32, #girih.dims<"batch","seq">>, %a2: tensor<67xf32>, %a3: tensor<?x1x67xf32, #girih.dims<"batch">>, %a4: tensor<?x?x1xf32, #girih.dims<"batch","seq">>, %a5: tensor<f32>) -> (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>) attributes {girih.entry} {
  %0 = girih.add %a0, %a1 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %1 = girih.add %a0, %a2 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<67xf32>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %2 = girih.add %a0, %a3 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x1x67xf32, #girih.dims<"batch">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %3 = girih.add %a0, %a4 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x1xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %4 = girih.add %a0, %a5 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<f32>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %5 = girih.add %a4, %a2 : (tensor<?x?x1xf32, #girih.dims<"batch","seq">>, tensor<67xf32>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %6 = girih.sub %a0, %a1 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %7 = girih.sub %a0, %a2 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<67xf32>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %8 = girih.sub %a0, %a3 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x1x67xf32, #girih.dims<"batch">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %9 = girih.sub %a0, %a4 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x1xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %10 = girih.sub %a0, %a5 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<f32>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %11 = girih.sub %a4, %a2 : (tensor<?x?x1xf32, #girih.dims<"batch","seq">>, tensor<67xf32>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %12 = girih.mul %a0, %a1 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %13 = girih.mul %a0, %a2 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<67xf32>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %14 = girih.mul %a0, %a3 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x1x67xf32, #girih.dims<"batch">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %15 = girih.mul %a0, %a4 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x1xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %16 = girih.mul %a0, %a5 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<f32>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %17 = girih.mul %a4, %a2 : (tensor<?x?x1xf32, #girih.dims<"batch","seq">>, tensor<67xf32>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %18 = girih.maximum %a0, %a1 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %19 = girih.maximum %a0, %a2 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<67xf32>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %20 = girih.maximum %a0, %a3 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x1x67xf32, #girih.dims<"batch">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %21 = girih.maximum %a0, %a4 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x1xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %22 = girih.maximum %a0, %a5 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<f32>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %23 = girih.maximum %a4, %a2 : (tensor<?x?x1xf32, #girih.dims<"batch","seq">>, tensor<67xf32>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %24 = girih.minimum %a0, %a1 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %25 = girih.minimum %a0, %a2 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<67xf32>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %26 = girih.minimum %a0, %a3 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x1x67xf32, #girih.dims<"batch">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %27 = girih.minimum %a0, %a4 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x1xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %28 = girih.minimum %a0, %a5 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<f32>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %29 = girih.minimum %a4, %a2 : (tensor<?x?x1xf32, #girih.dims<"batch","seq">>, tensor<67xf32>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %30 = girih.exp %a1 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %31 = girih.div %a0, %30 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %32 = girih.gate silu %a0, %a1 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %33 = girih.gate gelu %a0, %a1 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %34 = girih.gate gelu_tanh %a0, %a1 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %35 = girih.gate relu %a0, %a1 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  %36 = girih.gate sigmoid %a0, %a1 : (tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf32, #girih.dims<"batch","seq">>
  return %0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36 : tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>, tensor<?x?x67xf32, #girih.dims<"batch","seq">>
}

func.func @integers(%a0: tensor<?x?xi32, #girih.dims<"batch","seq">> {girih.range = [-50, 50]}, %a1: tensor<?x?xi32, #girih.dims<"batch","seq">> {girih.range = [-3, 4]}, %a2: tensor<?x?xf32, #girih.dims<"batch","seq">>) -> (tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xf32, #girih.dims<"batch","seq">>, tensor<?x?xi1, #girih.dims<"batch","seq">>, tensor<?x?xf32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi8, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xbf16, #girih.dims<"batch","seq">>, tensor<?x?xf16, #girih.dims<"batch","seq">>, tensor<?x?xf32, #girih.dims<"batch","seq">>, tensor<?x?xi1, #girih.dims<"batch","seq">>) attributes {girih.entry} {
  %0 = girih.add %a0, %a1 : (tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?xi32, #girih.dims<"batch","seq">>
  %1 = girih.sub %a0, %a1 : (tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?xi32, #girih.dims<"batch","seq">>
  %2 = girih.mul %a0, %a1 : (tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?xi32, #girih.dims<"batch","seq">>
  %3 = girih.div %a0, %a1 : (tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?xi32, #girih.dims<"batch","seq">>
  %4 = girih.maximum %a0, %a1 : (tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?xi32, #girih.dims<"batch","seq">>
  %5 = girih.minimum %a0, %a1 : (tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?xi32, #girih.dims<"batch","seq">>
  %6 = girih.neg %a0 : (tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?xi32, #girih.dims<"batch","seq">>
  %7 = girih.relu %a0 : (tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?xi32, #girih.dims<"batch","seq">>
  %8 = girih.cast %a0 : (tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?xf32, #girih.dims<"batch","seq">>
  %9 = girih.cast %a0 : (tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?xi1, #girih.dims<"batch","seq">>
  %10 = girih.cast %9 : (tensor<?x?xi1, #girih.dims<"batch","seq">>) -> tensor<?x?xf32, #girih.dims<"batch","seq">>
  %11 = girih.cast %9 : (tensor<?x?xi1, #girih.dims<"batch","seq">>) -> tensor<?x?xi32, #girih.dims<"batch","seq">>
  %12 = girih.cast %a0 : (tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?xi8, #girih.dims<"batch","seq">>
  %13 = girih.cast %12 : (tensor<?x?xi8, #girih.dims<"batch","seq">>) -> tensor<?x?xi32, #girih.dims<"batch","seq">>
  %14 = girih.cast %a2 : (tensor<?x?xf32, #girih.dims<"batch","seq">>) -> tensor<?x?xi32, #girih.dims<"batch","seq">>
  %15 = girih.cast %a2 : (tensor<?x?xf32, #girih.dims<"batch","seq">>) -> tensor<?x?xbf16, #girih.dims<"batch","seq">>
  %16 = girih.cast %a2 : (tensor<?x?xf32, #girih.dims<"batch","seq">>) -> tensor<?x?xf16, #girih.dims<"batch","seq">>
  %17 = girih.cast %16 : (tensor<?x?xf16, #girih.dims<"batch","seq">>) -> tensor<?x?xf32, #girih.dims<"batch","seq">>
  %18 = girih.cast %a2 : (tensor<?x?xf32, #girih.dims<"batch","seq">>) -> tensor<?x?xi1, #girih.dims<"batch","seq">>
  return %0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18 : tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xf32, #girih.dims<"batch","seq">>, tensor<?x?xi1, #girih.dims<"batch","seq">>, tensor<?x?xf32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi8, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xbf16, #girih.dims<"batch","seq">>, tensor<?x?xf16, #girih.dims<"batch","seq">>, tensor<?x?xf32, #girih.dims<"batch","seq">>, tensor<?x?xi1, #girih.dims<"batch","seq">>
}

func.func @narrow(%a0: tensor<?x?x67xbf16, #girih.dims<"batch","seq">>, %a1: tensor<?x?x67xbf16, #girih.dims<"batch","seq">>, %a2: tensor<?x?x67xf16, #girih.dims<"batch","seq">>) -> (tensor<?x?x67xbf16, #girih.dims<"batch","seq">>, tensor<?x?x67xbf16, #girih.dims<"batch","seq">>, tensor<?x?x67xf16, #girih.dims<"batch","seq">>, tensor<?x?x67xf16, #girih.dims<"batch","seq">>) attributes {girih.entry} {
  %0 = girih.add %a0, %a1 : (tensor<?x?x67xbf16, #girih.dims<"batch","seq">>, tensor<?x?x67xbf16, #girih.dims<"batch","seq">>) -> tensor<?x?x67xbf16, #girih.dims<"batch","seq">>
  %1 = girih.gelu %a0 : (tensor<?x?x67xbf16, #girih.dims<"batch","seq">>) -> tensor<?x?x67xbf16, #girih.dims<"batch","seq">>
  %2 = girih.silu %a2 : (tensor<?x?x67xf16, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf16, #girih.dims<"batch","seq">>
  %3 = girih.mul %a2, %a2 : (tensor<?x?x67xf16, #girih.dims<"batch","seq">>, tensor<?x?x67xf16, #girih.dims<"batch","seq">>) -> tensor<?x?x67xf16, #girih.dims<"batch","seq">>
  return %0, %1, %2, %3 : tensor<?x?x67xbf16, #girih.dims<"batch","seq">>, tensor<?x?x67xbf16, #girih.dims<"batch","seq">>, tensor<?x?x67xf16, #girih.dims<"batch","seq">>, tensor<?x?x67xf16, #girih.dims<"batch","seq">>
}
