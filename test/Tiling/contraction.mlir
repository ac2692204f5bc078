// Linear layers give the same numbers as tiles and as a graph: with a tail of K and with none, alone, as siblings, and with
// what is fused behind them.
// RUN: girih-eval %s --entry=linears --levels=graph,tile --symbols=batch=1,seq=1 | FileCheck %s
// RUN: girih-eval %s --entry=linears --levels=graph,tile --symbols=batch=3,seq=7 | FileCheck %s
// RUN: girih-eval %s --entry=linears --levels=graph,tile --symbols=batch=2,seq=129 | FileCheck %s
// RUN: girih-eval %s --entry=fused --levels=graph,tile --symbols=batch=1,seq=1 | FileCheck %s
// RUN: girih-eval %s --entry=fused --levels=graph,tile --symbols=batch=3,seq=7 | FileCheck %s
// RUN: girih-eval %s --entry=fused --levels=graph,tile --symbols=batch=2,seq=129 | FileCheck %s
// RUN: girih-eval %s --entry=narrow --levels=graph,tile --symbols=batch=1,seq=1 | FileCheck %s
// RUN: girih-eval %s --entry=narrow --levels=graph,tile --symbols=batch=3,seq=7 | FileCheck %s
// RUN: girih-eval %s --entry=narrow --levels=graph,tile --symbols=batch=2,seq=129 | FileCheck %s
// CHECK: tile: {{.*}}PASS
// CHECK-NOT: FAIL

girih.symbol @batch {min = 1 : i64, max = 8 : i64}
girih.symbol @seq {min = 1 : i64, max = 300 : i64}

func.func @linears(%a0: tensor<?x?x300xf32, #girih.dims<"batch","seq">>, %a1: tensor<70x300xf32>, %a2: tensor<70xf32>, %a3: tensor<33x300xf32>, %a4: tensor<?x5xf32, #girih.dims<"seq">>, %a5: tensor<70x5xf32>, %a6: tensor<1030xf32>, %a7: tensor<3x1030xf32>) -> (tensor<?x?x70xf32, #girih.dims<"batch","seq">>, tensor<?x?x70xf32, #girih.dims<"batch","seq">>, tensor<?x?x33xf32, #girih.dims<"batch","seq">>, tensor<?x70xf32, #girih.dims<"seq">>, tensor<3xf32>) attributes {girih.entry} {
  %0 = girih.linear %a0, %a1 : (tensor<?x?x300xf32, #girih.dims<"batch","seq">>, tensor<70x300xf32>) -> tensor<?x?x70xf32, #girih.dims<"batch","seq">>
  %1 = girih.linear %a0, %a1, %a2 : (tensor<?x?x300xf32, #girih.dims<"batch","seq">>, tensor<70x300xf32>, tensor<70xf32>) -> tensor<?x?x70xf32, #girih.dims<"batch","seq">>
  %2 = girih.linear %a0, %a3 : (tensor<?x?x300xf32, #girih.dims<"batch","seq">>, tensor<33x300xf32>) -> tensor<?x?x33xf32, #girih.dims<"batch","seq">>
  %3 = girih.linear %a4, %a5, %a2 : (tensor<?x5xf32, #girih.dims<"seq">>, tensor<70x5xf32>, tensor<70xf32>) -> tensor<?x70xf32, #girih.dims<"seq">>
  %4 = girih.linear %a6, %a7 : (tensor<1030xf32>, tensor<3x1030xf32>) -> tensor<3xf32>
  return %0, %1, %2, %3, %4 : tensor<?x?x70xf32, #girih.dims<"batch","seq">>, tensor<?x?x70xf32, #girih.dims<"batch","seq">>, tensor<?x?x33xf32, #girih.dims<"batch","seq">>, tensor<?x70xf32, #girih.dims<"seq">>, tensor<3xf32>
}

func.func @fused(%a0: tensor<?x?x300xf32, #girih.dims<"batch","seq">>, %a1: tensor<70x300xf32>, %a2: tensor<70x300xf32>, %a3: tensor<70xf32>, %a4: tensor<?x?x70xf32, #girih.dims<"batch","seq">>, %a5: tensor<64x70xf32>) -> (tensor<?x?x70xf32, #girih.dims<"batch","seq">>, tensor<?x?x64xf32, #girih.dims<"batch","seq">>) attributes {girih.entry} {
  %0 = girih.linear %a0, %a1, %a3 : (tensor<?x?x300xf32, #girih.dims<"batch","seq">>, tensor<70x300xf32>, tensor<70xf32>) -> tensor<?x?x70xf32, #girih.dims<"batch","seq">>
  %1 = girih.linear %a0, %a2 : (tensor<?x?x300xf32, #girih.dims<"batch","seq">>, tensor<70x300xf32>) -> tensor<?x?x70xf32, #girih.dims<"batch","seq">>
  %2 = girih.gate silu %0, %1 : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>, tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x70xf32, #girih.dims<"batch","seq">>
  %3 = girih.add %2, %a4 : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>, tensor<?x?x70xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x70xf32, #girih.dims<"batch","seq">>
  %4 = girih.linear %a4, %a5 : (tensor<?x?x70xf32, #girih.dims<"batch","seq">>, tensor<64x70xf32>) -> tensor<?x?x64xf32, #girih.dims<"batch","seq">>
  %5 = girih.gelu %4 : (tensor<?x?x64xf32, #girih.dims<"batch","seq">>) -> tensor<?x?x64xf32, #girih.dims<"batch","seq">>
  return %3, %5 : tensor<?x?x70xf32, #girih.dims<"batch","seq">>, tensor<?x?x64xf32, #girih.dims<"batch","seq">>
}

func.func @narrow(%a0: tensor<?x?x300xbf16, #girih.dims<"batch","seq">>, %a1: tensor<70x300xbf16>, %a2: tensor<70xbf16>, %a3: tensor<?x?x300xf16, #girih.dims<"batch","seq">>, %a4: tensor<70x300xf16>, %a5: tensor<?x?x300xf32, #girih.dims<"batch","seq">>, %a6: tensor<70x300xf32>) -> (tensor<?x?x70xbf16, #girih.dims<"batch","seq">>, tensor<?x?x70xf16, #girih.dims<"batch","seq">>, tensor<?x?x70xf32, #girih.dims<"batch","seq">>) attributes {girih.entry} {
  %0 = girih.linear %a0, %a1, %a2 : (tensor<?x?x300xbf16, #girih.dims<"batch","seq">>, tensor<70x300xbf16>, tensor<70xbf16>) -> tensor<?x?x70xbf16, #girih.dims<"batch","seq">>
  %1 = girih.linear %a3, %a4 : (tensor<?x?x300xf16, #girih.dims<"batch","seq">>, tensor<70x300xf16>) -> tensor<?x?x70xf16, #girih.dims<"batch","seq">>
  %2 = girih.linear %a5, %a6 {compute = bf16} : (tensor<?x?x300xf32, #girih.dims<"batch","seq">>, tensor<70x300xf32>) -> tensor<?x?x70xf32, #girih.dims<"batch","seq">>
  return %0, %1, %2 : tensor<?x?x70xbf16, #girih.dims<"batch","seq">>, tensor<?x?x70xf16, #girih.dims<"batch","seq">>, tensor<?x?x70xf32, #girih.dims<"batch","seq">>
}
