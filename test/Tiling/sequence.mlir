// Embeddings, positions, rotary embeddings and pooling give the same numbers as tiles and as a graph, with sequences that end inside
// a block and masks that leave nothing.
// RUN: girih-eval %s --entry=lookups --levels=graph,tile --symbols=batch=1,seq=1 | FileCheck %s
// RUN: girih-eval %s --entry=lookups --levels=graph,tile --symbols=batch=3,seq=7 | FileCheck %s
// RUN: girih-eval %s --entry=lookups --levels=graph,tile --symbols=batch=2,seq=129 | FileCheck %s
// RUN: girih-eval %s --entry=ropes --levels=graph,tile --symbols=batch=1,seq=1 | FileCheck %s
// RUN: girih-eval %s --entry=ropes --levels=graph,tile --symbols=batch=3,seq=7 | FileCheck %s
// RUN: girih-eval %s --entry=ropes --levels=graph,tile --symbols=batch=2,seq=129 | FileCheck %s
// RUN: girih-eval %s --entry=rotated_attention --levels=graph,tile --symbols=batch=1,seq=1 | FileCheck %s
// RUN: girih-eval %s --entry=rotated_attention --levels=graph,tile --symbols=batch=3,seq=7 | FileCheck %s
// RUN: girih-eval %s --entry=rotated_attention --levels=graph,tile --symbols=batch=2,seq=129 | FileCheck %s
// RUN: girih-eval %s --entry=pools --levels=graph,tile --symbols=batch=1,seq=1 | FileCheck %s
// RUN: girih-eval %s --entry=pools --levels=graph,tile --symbols=batch=3,seq=7 | FileCheck %s
// RUN: girih-eval %s --entry=pools --levels=graph,tile --symbols=batch=2,seq=129 | FileCheck %s
// CHECK: tile: {{.*}}PASS
// CHECK-NOT: FAIL

girih.symbol @batch {min = 1 : i64, max = 8 : i64}
girih.symbol @seq {min = 1 : i64, max = 300 : i64}

func.func @lookups(%a0: tensor<?x?xi32, #girih.dims<"batch","seq">> {girih.range = [0, 11]}, %a1: tensor<11x70xf32>, %a2: tensor<302x70xf32>, %a3: tensor<11x70xbf16>) -> (tensor<?x?x70xf32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?x70xf32, #girih.dims<"batch","seq">>, tensor<?x?x70xf32, #girih.dims<"batch","seq">>, tensor<?x?x70xbf16, #girih.dims<"batch","seq">>) attributes {girih.entry} {
  %0 = girih.embedding %a1, %a0 : (tensor<11x70xf32>, tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?x70xf32, #girih.dims<"batch","seq">>
  %1 = girih.positions absolute %a0 : (tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?xi32, #girih.dims<"batch","seq">>
  %2 = girih.positions skip_padding %a0 {padding_index = 1 : i64} : (tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?xi32, #girih.dims<"batch","seq">>
  %3 = girih.embedding %a1, %a0 : (tensor<11x70xf32>, tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?x70xf32, #girih.dims<"batch","seq">>
  %4 = girih.positions absolute %a0 : (tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?xi32, #girih.dims<"batch","seq">>
  %5 = girih.embedding %a2, %4 : (tensor<302x70xf32>, tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?x70xf32, #girih.dims<"batch","seq">>
  %6 = girih.add %3, %5 : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>, tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x70xf32, #girih.dims<"batch","seq">>
  %7 = girih.positions skip_padding %a0 {padding_index = 0 : i64} : (tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?xi32, #girih.dims<"batch","seq">>
  %8 = girih.embedding %a2, %7 : (tensor<302x70xf32>, tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?x70xf32, #girih.dims<"batch","seq">>
  %9 = girih.embedding %a3, %a0 : (tensor<11x70xbf16>, tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?x70xbf16, #girih.dims<"batch","seq">>
  return %0, %1, %2, %6, %8, %9 : tensor<?x?x70xf32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<?x?x70xf32, #girih.dims<"batch","seq">>, tensor<?x?x70xf32, #girih.dims<"batch","seq">>, tensor<?x?x70xbf16, #girih.dims<"batch","seq">>
}

func.func @ropes(%a0: tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>, %a1: tensor<?x?xi32, #girih.dims<"batch","seq">> {girih.range = [0, 300]}, %a2: tensor<300x8xf32>, %a3: tensor<300x8xf32>, %a4: tensor<300x4xf32>, %a5: tensor<300x4xf32>) -> (tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>, tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>, tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>, tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>) attributes {girih.entry} {
  %0 = girih.rope %a0, %a1, %a2, %a3 : (tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<300x8xf32>, tensor<300x8xf32>) -> tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>
  %1 = girih.rope %a0, %a1, %a2, %a3 {interleaved} : (tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<300x8xf32>, tensor<300x8xf32>) -> tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>
  %2 = girih.rope %a0, %a1, %a4, %a5 : (tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<300x4xf32>, tensor<300x4xf32>) -> tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>
  %3 = girih.rope %a0, %a1, %a4, %a5 {interleaved} : (tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<300x4xf32>, tensor<300x4xf32>) -> tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>
  return %0, %1, %2, %3 : tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>, tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>, tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>, tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>
}

func.func @rotated_attention(%a0: tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>, %a1: tensor<?x?xi32, #girih.dims<"batch","seq">> {girih.range = [0, 300]}, %a2: tensor<300x8xf32>, %a3: tensor<300x8xf32>, %a4: tensor<?x?xi32, #girih.dims<"batch","seq">> {girih.range = [0, 2]}, %a5: tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>) -> (tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>) attributes {girih.entry} {
  %0 = girih.rope %a0, %a1, %a2, %a3 : (tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<300x8xf32>, tensor<300x8xf32>) -> tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>
  %1 = girih.rope %a5, %a1, %a2, %a3 {interleaved} : (tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>, tensor<300x8xf32>, tensor<300x8xf32>) -> tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>
  %2 = girih.attention %0, %1, %a5 mask %a4 {scale = 0.25 : f32} : (tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>, tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>, tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>
  return %2 : tensor<?x?x3x16xf32, #girih.dims<"batch","seq">>
}

func.func @pools(%a0: tensor<?x?x300xf32, #girih.dims<"batch","seq">>, %a1: tensor<?x?xi32, #girih.dims<"batch","seq">> {girih.range = [0, 2]}, %a2: tensor<?x?x30xbf16, #girih.dims<"batch","seq">>) -> (tensor<?x300xf32, #girih.dims<"batch">>, tensor<?x300xf32, #girih.dims<"batch">>, tensor<?x300xf32, #girih.dims<"batch">>, tensor<?x300xf32, #girih.dims<"batch">>, tensor<?x30xbf16, #girih.dims<"batch">>) attributes {girih.entry} {
  %0 = girih.pool mean %a0, %a1 : (tensor<?x?x300xf32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x300xf32, #girih.dims<"batch">>
  %1 = girih.pool cls %a0, %a1 : (tensor<?x?x300xf32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x300xf32, #girih.dims<"batch">>
  %2 = girih.pool max %a0, %a1 : (tensor<?x?x300xf32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x300xf32, #girih.dims<"batch">>
  %3 = girih.pool last %a0, %a1 : (tensor<?x?x300xf32, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x300xf32, #girih.dims<"batch">>
  %4 = girih.pool mean %a2, %a1 : (tensor<?x?x30xbf16, #girih.dims<"batch","seq">>, tensor<?x?xi32, #girih.dims<"batch","seq">>) -> tensor<?x30xbf16, #girih.dims<"batch">>
  return %0, %1, %2, %3, %4 : tensor<?x300xf32, #girih.dims<"batch">>, tensor<?x300xf32, #girih.dims<"batch">>, tensor<?x300xf32, #girih.dims<"batch">>, tensor<?x300xf32, #girih.dims<"batch">>, tensor<?x30xbf16, #girih.dims<"batch">>
}
