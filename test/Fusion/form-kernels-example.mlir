// The example of fusion-form-kernels in docs/passes.md: what goes in, and all that comes out.
// RUN: girih-opt %s --fusion-form-kernels=target=cpu:x86-64-v3 | FileCheck %s

func.func @f(%x: tensor<6x8xf32>, %w: tensor<4x8xf32>, %r: tensor<6x4xf32>) -> tensor<6x4xf32> {
  %0 = girih.linear %x, %w : (tensor<6x8xf32>, tensor<4x8xf32>) -> tensor<6x4xf32>
  %1 = girih.gelu %0 : (tensor<6x4xf32>) -> tensor<6x4xf32>
  %2 = girih.add %1, %r : (tensor<6x4xf32>, tensor<6x4xf32>) -> tensor<6x4xf32>
  return %2 : tensor<6x4xf32>
}

// CHECK:      func.func @f(%arg0: tensor<6x8xf32>, %arg1: tensor<4x8xf32>, %arg2: tensor<6x4xf32>) -> tensor<6x4xf32> {
// CHECK-NEXT:   %0 = girih.kernel(%arg3 = %arg0, %arg4 = %arg1, %arg5 = %arg2 : tensor<6x8xf32>, tensor<4x8xf32>, tensor<6x4xf32>) -> tensor<6x4xf32> {
// CHECK-NEXT:     %1 = girih.linear %arg3, %arg4 : (tensor<6x8xf32>, tensor<4x8xf32>) -> tensor<6x4xf32>
// CHECK-NEXT:     %2 = girih.gelu %1 : (tensor<6x4xf32>) -> tensor<6x4xf32>
// CHECK-NEXT:     %3 = girih.add %2, %arg5 : (tensor<6x4xf32>, tensor<6x4xf32>) -> tensor<6x4xf32>
// CHECK-NEXT:     girih.yield %3 : tensor<6x4xf32>
// CHECK-NEXT:   }
// CHECK-NEXT:   return %0 : tensor<6x4xf32>
// CHECK-NEXT: }
