// The example of fusion-outline-kernels in docs/passes.md: what goes in, and all that comes out.
// RUN: girih-opt %s --fusion-outline-kernels | FileCheck %s

func.func @f(%x: tensor<6x8xf32>, %v: tensor<8x8xf32>, %w: tensor<8x8xf32>) -> tensor<6x8xf32> attributes {girih.entry} {
  %0 = girih.kernel(%a = %x, %b = %v : tensor<6x8xf32>, tensor<8x8xf32>) -> (tensor<6x8xf32>) {
    %l = girih.linear %a, %b : (tensor<6x8xf32>, tensor<8x8xf32>) -> tensor<6x8xf32>
    girih.yield %l : tensor<6x8xf32>
  }
  %1 = girih.kernel(%a = %0, %b = %w : tensor<6x8xf32>, tensor<8x8xf32>) -> (tensor<6x8xf32>) {
    %l = girih.linear %a, %b : (tensor<6x8xf32>, tensor<8x8xf32>) -> tensor<6x8xf32>
    girih.yield %l : tensor<6x8xf32>
  }
  return %1 : tensor<6x8xf32>
}

// CHECK:      func.func @f(%arg0: tensor<6x8xf32>, %arg1: tensor<8x8xf32>, %arg2: tensor<8x8xf32>) -> tensor<6x8xf32> attributes {girih.entry} {
// CHECK-NEXT:   %0 = girih.launch @linear(%arg0, %arg1) : (tensor<6x8xf32>, tensor<8x8xf32>) -> tensor<6x8xf32>
// CHECK-NEXT:   %1 = girih.launch @linear(%0, %arg2) : (tensor<6x8xf32>, tensor<8x8xf32>) -> tensor<6x8xf32>
// CHECK-NEXT:   return %1 : tensor<6x8xf32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func private @linear(%arg0: tensor<6x8xf32>, %arg1: tensor<8x8xf32>) -> tensor<6x8xf32> attributes {girih.kernel} {
// CHECK-NEXT:   %0 = girih.linear %arg0, %arg1 : (tensor<6x8xf32>, tensor<8x8xf32>) -> tensor<6x8xf32>
// CHECK-NEXT:   return %0 : tensor<6x8xf32>
// CHECK-NEXT: }
