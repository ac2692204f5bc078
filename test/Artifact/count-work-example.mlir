// The example of artifact-count-work in docs/passes.md: what goes in, and all that comes out.
// RUN: girih-opt %s --artifact-count-work | FileCheck %s

girih.symbol @seq {min = 1 : i64, max = 128 : i64}
func.func private @linear(%x: tensor<?x16xf32, #girih.dims<"seq">>, %w: tensor<64x16xf32>) -> tensor<?x64xf32, #girih.dims<"seq">> attributes {girih.kernel} {
  %0 = girih.linear %x, %w : (tensor<?x16xf32, #girih.dims<"seq">>, tensor<64x16xf32>) -> tensor<?x64xf32, #girih.dims<"seq">>
  return %0 : tensor<?x64xf32, #girih.dims<"seq">>
}
func.func @f(%x: tensor<?x16xf32, #girih.dims<"seq">>, %w: tensor<64x16xf32>) -> tensor<?x64xf32, #girih.dims<"seq">> attributes {girih.entry} {
  %0 = girih.launch @linear(%x, %w) : (tensor<?x16xf32, #girih.dims<"seq">>, tensor<64x16xf32>) -> tensor<?x64xf32, #girih.dims<"seq">>
  return %0 : tensor<?x64xf32, #girih.dims<"seq">>
}

// CHECK:      girih.symbol @seq {max = 128 : i64, min = 1 : i64}
// CHECK-NEXT: func.func private @linear(%arg0: tensor<?x16xf32, #girih.dims<"seq">>, %arg1: tensor<64x16xf32>) -> tensor<?x64xf32, #girih.dims<"seq">> attributes {girih.kernel} {
// CHECK-NEXT:   %0 = girih.linear %arg0, %arg1 : (tensor<?x16xf32, #girih.dims<"seq">>, tensor<64x16xf32>) -> tensor<?x64xf32, #girih.dims<"seq">>
// CHECK-NEXT:   return %0 : tensor<?x64xf32, #girih.dims<"seq">>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @f(%arg0: tensor<?x16xf32, #girih.dims<"seq">>, %arg1: tensor<64x16xf32>) -> tensor<?x64xf32, #girih.dims<"seq">> attributes {girih.entry} {
// CHECK-NEXT:   %0 = girih.launch @linear(%arg0, %arg1) {girih.bytes = ["320*seq", "4096"], girih.flops = ["2048*seq"]} : (tensor<?x16xf32, #girih.dims<"seq">>, tensor<64x16xf32>) -> tensor<?x64xf32, #girih.dims<"seq">>
// CHECK-NEXT:   return %0 : tensor<?x64xf32, #girih.dims<"seq">>
// CHECK-NEXT: }
