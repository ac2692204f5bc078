// Under the contract `exact` every op's result is rounded, so nothing is fused.
// RUN: girih-opt %s --fusion-form-kernels | FileCheck %s

module attributes {girih.contract = "exact"} {
  // CHECK: girih.kernel
  // CHECK-NEXT: girih.exp
  // CHECK-NEXT: girih.yield
  // CHECK: girih.kernel
  // CHECK-NEXT: girih.neg
  // CHECK-NEXT: girih.yield
  func.func @f(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
    %0 = girih.exp %x : (tensor<4x4xf32>) -> tensor<4x4xf32>
    %1 = girih.neg %0 : (tensor<4x4xf32>) -> tensor<4x4xf32>
    return %1 : tensor<4x4xf32>
  }
}
