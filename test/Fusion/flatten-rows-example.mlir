// The example of fusion-flatten-rows in docs/passes.md: what goes in, and all that comes out.
// RUN: girih-opt %s --pass-pipeline='builtin.module(func.func(fusion-flatten-rows,canonicalize,cse))' | FileCheck %s

girih.symbol @batch {min = 1 : i64, max = 8 : i64}
girih.symbol @seq {min = 1 : i64, max = 128 : i64}
func.func @f(%x: tensor<?x?x8xf32, #girih.dims<"batch", "seq">>, %w: tensor<4x8xf32>) -> tensor<?x?x4xf32, #girih.dims<"batch", "seq">> {
  %0 = girih.linear %x, %w : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>, tensor<4x8xf32>) -> tensor<?x?x4xf32, #girih.dims<"batch", "seq">>
  %1 = girih.gelu %0 : (tensor<?x?x4xf32, #girih.dims<"batch", "seq">>) -> tensor<?x?x4xf32, #girih.dims<"batch", "seq">>
  return %1 : tensor<?x?x4xf32, #girih.dims<"batch", "seq">>
}

// CHECK:      girih.symbol @batch {max = 8 : i64, min = 1 : i64}
// CHECK-NEXT: girih.symbol @seq {max = 128 : i64, min = 1 : i64}
// CHECK-NEXT: func.func @f(%arg0: tensor<?x?x8xf32, #girih.dims<"batch", "seq">>, %arg1: tensor<4x8xf32>) -> tensor<?x?x4xf32, #girih.dims<"batch", "seq">> {
// CHECK-NEXT:   %0 = girih.reshape %arg0 : (tensor<?x?x8xf32, #girih.dims<"batch", "seq">>) -> tensor<?x8xf32, #girih.dims<"batch*seq">>
// CHECK-NEXT:   %1 = girih.linear %0, %arg1 : (tensor<?x8xf32, #girih.dims<"batch*seq">>, tensor<4x8xf32>) -> tensor<?x4xf32, #girih.dims<"batch*seq">>
// CHECK-NEXT:   %2 = girih.gelu %1 : (tensor<?x4xf32, #girih.dims<"batch*seq">>) -> tensor<?x4xf32, #girih.dims<"batch*seq">>
// CHECK-NEXT:   %3 = girih.reshape %2 : (tensor<?x4xf32, #girih.dims<"batch*seq">>) -> tensor<?x?x4xf32, #girih.dims<"batch", "seq">>
// CHECK-NEXT:   return %3 : tensor<?x?x4xf32, #girih.dims<"batch", "seq">>
// CHECK-NEXT: }
