// Ops that move, select or combine elements give the same numbers as tiles and as a graph, along every kind of axis.
// RUN: girih-eval %s --entry=moves --levels=graph,tile --symbols=batch=1,seq=1 | FileCheck %s
// RUN: girih-eval %s --entry=moves --levels=graph,tile --symbols=batch=3,seq=7 | FileCheck %s
// RUN: girih-eval %s --entry=moves --levels=graph,tile --symbols=batch=2,seq=129 | FileCheck %s
// RUN: girih-eval %s --entry=gathers --levels=graph,tile --symbols=batch=1,seq=1 | FileCheck %s
// RUN: girih-eval %s --entry=gathers --levels=graph,tile --symbols=batch=3,seq=7 | FileCheck %s
// RUN: girih-eval %s --entry=gathers --levels=graph,tile --symbols=batch=2,seq=129 | FileCheck %s
// RUN: girih-eval %s --entry=reductions --levels=graph,tile --symbols=batch=1,seq=1 | FileCheck %s
// RUN: girih-eval %s --entry=reductions --levels=graph,tile --symbols=batch=3,seq=7 | FileCheck %s
// RUN: girih-eval %s --entry=reductions --levels=graph,tile --symbols=batch=2,seq=129 | FileCheck %s
// RUN: girih-eval %s --entry=centred --levels=graph,tile --symbols=batch=1,seq=1 | FileCheck %s
// RUN: girih-eval %s --entry=centred --levels=graph,tile --symbols=batch=3,seq=7 | FileCheck %s
// RUN: girih-eval %s --entry=centred --levels=graph,tile --symbols=batch=2,seq=129 | FileCheck %s
// CHECK: tile: {{.*}}PASS
// CHECK-NOT: FAIL

girih.symbol @batch {min = 1 : i64, max = 8 : i64}
girih.symbol @seq {min = 1 : i64, max = 300 : i64}

func.func @moves(%a0: tensor<?x?x5x6xf32, #girih.dims<"batch","seq">>, %a1: tensor<?x?x5x6xf32, #girih.dims<"batch","seq">>, %a2: tensor<?x70xf32, #girih.dims<"seq">>, %a3: tensor<?x3000xf32, #girih.dims<"seq">>) -> (tensor<?x5x?x6xf32, #girih.dims<"batch","seq">>, tensor<6x?x5x?xf32, #girih.dims<"seq","batch">>, tensor<70x?xf32, #girih.dims<"seq">>, tensor<?x?x3x4xf32, #girih.dims<"batch","seq">>, tensor<?x1x5x1xf32, #girih.dims<"batch">>, tensor<?x?x5x12xf32, #girih.dims<"batch","seq">>, tensor<?x?x5x6xf32, #girih.dims<"batch","2*seq">>, tensor<?x?x5x6xf32, #girih.dims<"3*batch","seq">>, tensor<?x6000xf32, #girih.dims<"seq">>) attributes {girih.entry} {
  %0 = girih.transpose %a0 [0, 2, 1, 3] : (tensor<?x?x5x6xf32, #girih.dims<"batch","seq">>) -> tensor<?x5x?x6xf32, #girih.dims<"batch","seq">>
  %1 = girih.transpose %a0 [3, 1, 2, 0] : (tensor<?x?x5x6xf32, #girih.dims<"batch","seq">>) -> tensor<6x?x5x?xf32, #girih.dims<"seq","batch">>
  %2 = girih.transpose %a2 [1, 0] : (tensor<?x70xf32, #girih.dims<"seq">>) -> tensor<70x?xf32, #girih.dims<"seq">>
  %3 = girih.slice %a0 offsets [0, 0, 1, 2] sizes [-1, -1, 3, 4] : (tensor<?x?x5x6xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x3x4xf32, #girih.dims<"batch","seq">>
  %4 = girih.slice %a0 offsets [0, 0, 0, 3] sizes [-1, 1, -1, 1] : (tensor<?x?x5x6xf32, #girih.dims<"batch","seq">>) -> tensor<?x1x5x1xf32, #girih.dims<"batch">>
  %5 = girih.concat %a0, %a1 {axis = 3 : i64} : (tensor<?x?x5x6xf32, #girih.dims<"batch","seq">>, tensor<?x?x5x6xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x5x12xf32, #girih.dims<"batch","seq">>
  %6 = girih.concat %a0, %a1 {axis = 1 : i64} : (tensor<?x?x5x6xf32, #girih.dims<"batch","seq">>, tensor<?x?x5x6xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x5x6xf32, #girih.dims<"batch","2*seq">>
  %7 = girih.concat %a0, %a1, %a0 {axis = 0 : i64} : (tensor<?x?x5x6xf32, #girih.dims<"batch","seq">>, tensor<?x?x5x6xf32, #girih.dims<"batch","seq">>, tensor<?x?x5x6xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x5x6xf32, #girih.dims<"3*batch","seq">>
  %8 = girih.concat %a3, %a3 {axis = 1 : i64} : (tensor<?x3000xf32, #girih.dims<"seq">>, tensor<?x3000xf32, #girih.dims<"seq">>) -> tensor<?x6000xf32, #girih.dims<"seq">>
  return %0, %1, %2, %3, %4, %5, %6, %7, %8 : tensor<?x5x?x6xf32, #girih.dims<"batch","seq">>, tensor<6x?x5x?xf32, #girih.dims<"seq","batch">>, tensor<70x?xf32, #girih.dims<"seq">>, tensor<?x?x3x4xf32, #girih.dims<"batch","seq">>, tensor<?x1x5x1xf32, #girih.dims<"batch">>, tensor<?x?x5x12xf32, #girih.dims<"batch","seq">>, tensor<?x?x5x6xf32, #girih.dims<"batch","2*seq">>, tensor<?x?x5x6xf32, #girih.dims<"3*batch","seq">>, tensor<?x6000xf32, #girih.dims<"seq">>
}

func.func @gathers(%a0: tensor<11x6xf32>, %a1: tensor<?x?xi32, #girih.dims<"batch","seq">> {girih.range = [0, 11]}, %a2: tensor<11xf32>, %a3: tensor<?x11x6xf32, #girih.dims<"batch">>, %a4: tensor<?xi32, #girih.dims<"seq">> {girih.range = [0, 11]}, %a5: tensor<2x2xi32> {girih.range = [0, 6]}) -> (tensor<?x?x6xf32, #girih.dims<"batch","seq">>, tensor<?x?xf32, #girih.dims<"batch","seq">>, tensor<?x?x6xf32, #girih.dims<"batch","seq">>, tensor<11x2x2xf32>) attributes {girih.entry} {
  %0 = girih.gather %a0, %a1 {axis = 0 : i64} : (tensor<11x6xf32>, tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?x6xf32, #girih.dims<"batch","seq">>
  %1 = girih.gather %a2, %a1 {axis = 0 : i64} : (tensor<11xf32>, tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?xf32, #girih.dims<"batch","seq">>
  %2 = girih.gather %a3, %a4 {axis = 1 : i64} : (tensor<?x11x6xf32, #girih.dims<"batch">>, tensor<?xi32, #girih.dims<"seq">>) -> tensor<?x?x6xf32, #girih.dims<"batch","seq">>
  %3 = girih.gather %a0, %a5 {axis = 1 : i64} : (tensor<11x6xf32>, tensor<2x2xi32>) -> tensor<11x2x2xf32>
  return %0, %1, %2, %3 : tensor<?x?x6xf32, #girih.dims<"batch","seq">>, tensor<?x?xf32, #girih.dims<"batch","seq">>, tensor<?x?x6xf32, #girih.dims<"batch","seq">>, tensor<11x2x2xf32>
}

func.func @reductions(%a0: tensor<?x?x70xf32, #girih.dims<"batch","seq">>, %a1: tensor<?x?xi32, #girih.dims<"batch","seq">> {girih.range = [-9, 9]}, %a2: tensor<?x9001xf32, #girih.dims<"batch">>) -> (tensor<?x?xf32, #girih.dims<"batch","seq">>, tensor<?x?x1xf32, #girih.dims<"batch","seq">>, tensor<?x70xf32, #girih.dims<"batch">>, tensor<?x1x70xf32, #girih.dims<"batch">>, tensor<?xf32, #girih.dims<"seq">>, tensor<1x?x1xf32, #girih.dims<"seq">>, tensor<f32>, tensor<1x1x1xf32>, tensor<?x?xf32, #girih.dims<"batch","seq">>, tensor<?x?x1xf32, #girih.dims<"batch","seq">>, tensor<?x70xf32, #girih.dims<"batch">>, tensor<?x1x70xf32, #girih.dims<"batch">>, tensor<?xf32, #girih.dims<"seq">>, tensor<1x?x1xf32, #girih.dims<"seq">>, tensor<f32>, tensor<1x1x1xf32>, tensor<?x?xf32, #girih.dims<"batch","seq">>, tensor<?x?x1xf32, #girih.dims<"batch","seq">>, tensor<?x70xf32, #girih.dims<"batch">>, tensor<?x1x70xf32, #girih.dims<"batch">>, tensor<?xf32, #girih.dims<"seq">>, tensor<1x?x1xf32, #girih.dims<"seq">>, tensor<f32>, tensor<1x1x1xf32>, tensor<?x?xf32, #girih.dims<"batch","seq">>, tensor<?x?x1xf32, #girih.dims<"batch","seq">>, tensor<?x70xf32, #girih.dims<"batch">>, tensor<?x1x70xf32, #girih.dims<"batch">>, tensor<?xf32, #girih.dims<"seq">>, tensor<1x?x1xf32, #girih.dims<"seq">>, tensor<f32>, tensor<1x1x1xf32>, tensor<?xi32, #girih.dims<"batch">>, tensor<?xi32, #girih.dims<"seq">>, tensor<?xf32, #girih.dims<"batch">>) attributes {girih.entry} {
  %0 = girih.reduce sum %a0 axes [2] : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?x?xf32, #girih.dims<"batch","seq">>
  %1 = girih.reduce sum %a0 axes [2] keep_dims : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x1xf32, #girih.dims<"batch","seq">>
  %2 = girih.reduce sum %a0 axes [1] : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?x70xf32, #girih.dims<"batch">>
  %3 = girih.reduce sum %a0 axes [1] keep_dims : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?x1x70xf32, #girih.dims<"batch">>
  %4 = girih.reduce sum %a0 axes [0, 2] : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?xf32, #girih.dims<"seq">>
  %5 = girih.reduce sum %a0 axes [0, 2] keep_dims : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<1x?x1xf32, #girih.dims<"seq">>
  %6 = girih.reduce sum %a0 axes [0, 1, 2] : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<f32>
  %7 = girih.reduce sum %a0 axes [0, 1, 2] keep_dims : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<1x1x1xf32>
  %8 = girih.reduce mean %a0 axes [2] : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?x?xf32, #girih.dims<"batch","seq">>
  %9 = girih.reduce mean %a0 axes [2] keep_dims : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x1xf32, #girih.dims<"batch","seq">>
  %10 = girih.reduce mean %a0 axes [1] : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?x70xf32, #girih.dims<"batch">>
  %11 = girih.reduce mean %a0 axes [1] keep_dims : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?x1x70xf32, #girih.dims<"batch">>
  %12 = girih.reduce mean %a0 axes [0, 2] : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?xf32, #girih.dims<"seq">>
  %13 = girih.reduce mean %a0 axes [0, 2] keep_dims : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<1x?x1xf32, #girih.dims<"seq">>
  %14 = girih.reduce mean %a0 axes [0, 1, 2] : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<f32>
  %15 = girih.reduce mean %a0 axes [0, 1, 2] keep_dims : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<1x1x1xf32>
  %16 = girih.reduce max %a0 axes [2] : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?x?xf32, #girih.dims<"batch","seq">>
  %17 = girih.reduce max %a0 axes [2] keep_dims : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x1xf32, #girih.dims<"batch","seq">>
  %18 = girih.reduce max %a0 axes [1] : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?x70xf32, #girih.dims<"batch">>
  %19 = girih.reduce max %a0 axes [1] keep_dims : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?x1x70xf32, #girih.dims<"batch">>
  %20 = girih.reduce max %a0 axes [0, 2] : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?xf32, #girih.dims<"seq">>
  %21 = girih.reduce max %a0 axes [0, 2] keep_dims : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<1x?x1xf32, #girih.dims<"seq">>
  %22 = girih.reduce max %a0 axes [0, 1, 2] : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<f32>
  %23 = girih.reduce max %a0 axes [0, 1, 2] keep_dims : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<1x1x1xf32>
  %24 = girih.reduce min %a0 axes [2] : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?x?xf32, #girih.dims<"batch","seq">>
  %25 = girih.reduce min %a0 axes [2] keep_dims : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x1xf32, #girih.dims<"batch","seq">>
  %26 = girih.reduce min %a0 axes [1] : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?x70xf32, #girih.dims<"batch">>
  %27 = girih.reduce min %a0 axes [1] keep_dims : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?x1x70xf32, #girih.dims<"batch">>
  %28 = girih.reduce min %a0 axes [0, 2] : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?xf32, #girih.dims<"seq">>
  %29 = girih.reduce min %a0 axes [0, 2] keep_dims : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<1x?x1xf32, #girih.dims<"seq">>
  %30 = girih.reduce min %a0 axes [0, 1, 2] : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<f32>
  %31 = girih.reduce min %a0 axes [0, 1, 2] keep_dims : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<1x1x1xf32>
  %32 = girih.reduce sum %a1 axes [1] : (tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?xi32, #girih.dims<"batch">>
  %33 = girih.reduce max %a1 axes [0] : (tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?xi32, #girih.dims<"seq">>
  %34 = girih.reduce sum %a2 axes [1] : (tensor<?x9001xf32, #girih.dims<"batch">>) -> tensor<?xf32, #girih.dims<"batch">>
  return %0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34 : tensor<?x?xf32, #girih.dims<"batch","seq">>, tensor<?x?x1xf32, #girih.dims<"batch","seq">>, tensor<?x70xf32, #girih.dims<"batch">>, tensor<?x1x70xf32, #girih.dims<"batch">>, tensor<?xf32, #girih.dims<"seq">>, tensor<1x?x1xf32, #girih.dims<"seq">>, tensor<f32>, tensor<1x1x1xf32>, tensor<?x?xf32, #girih.dims<"batch","seq">>, tensor<?x?x1xf32, #girih.dims<"batch","seq">>, tensor<?x70xf32, #girih.dims<"batch">>, tensor<?x1x70xf32, #girih.dims<"batch">>, tensor<?xf32, #girih.dims<"seq">>, tensor<1x?x1xf32, #girih.dims<"seq">>, tensor<f32>, tensor<1x1x1xf32>, tensor<?x?xf32, #girih.dims<"batch","seq">>, tensor<?x?x1xf32, #girih.dims<"batch","seq">>, tensor<?x70xf32, #girih.dims<"batch">>, tensor<?x1x70xf32, #girih.dims<"batch">>, tensor<?xf32, #girih.dims<"seq">>, tensor<1x?x1xf32, #girih.dims<"seq">>, tensor<f32>, tensor<1x1x1xf32>, tensor<?x?xf32, #girih.dims<"batch","seq">>, tensor<?x?x1xf32, #girih.dims<"batch","seq">>, tensor<?x70xf32, #girih.dims<"batch">>, tensor<?x1x70xf32, #girih.dims<"batch">>, tensor<?xf32, #girih.dims<"seq">>, tensor<1x?x1xf32, #girih.dims<"seq">>, tensor<f32>, tensor<1x1x1xf32>, tensor<?xi32, #girih.dims<"batch">>, tensor<?xi32, #girih.dims<"seq">>, tensor<?xf32, #girih.dims<"batch">>
}

func.func @centred(%a0: tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) attributes {girih.entry} {
  %0 = girih.reduce mean %a0 axes [2] keep_dims : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x1xf32, #girih.dims<"batch","seq">>
  %1 = girih.sub %a0, %0 : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>, tensor<?x?x1xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x70xf32, #girih.dims<"batch","seq">>
  return %1 : tensor<?x?x70xf32, #girih.dims<"batch","seq">>
}
