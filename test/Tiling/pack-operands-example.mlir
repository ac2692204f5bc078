// The example of tiling-pack-operands in docs/passes.md: what goes in, and all that comes out.
// RUN: girih-opt %s --tiling-pack-operands=target=cpu:x86-64-v3 | FileCheck %s

girih.parameter @w : tensor<64x32xf32>
func.func private @linear(%x: tensor<6x32xf32>, %w: tensor<64x32xf32>) -> tensor<6x64xf32> attributes {girih.kernel} {
  %0 = girih.linear %x, %w : (tensor<6x32xf32>, tensor<64x32xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}
func.func @f(%x: tensor<6x32xf32>) -> tensor<6x64xf32> attributes {girih.entry} {
  %w = girih.get_parameter @w : tensor<64x32xf32>
  %0 = girih.launch @linear(%x, %w) : (tensor<6x32xf32>, tensor<64x32xf32>) -> tensor<6x64xf32>
  return %0 : tensor<6x64xf32>
}

// CHECK:      girih.parameter @w : tensor<64x32xf32, #girih.panels<width = 48>>
// CHECK-NEXT: func.func private @linear(%arg0: tensor<6x32xf32>, %arg1: tensor<64x32xf32, #girih.panels<width = 48>>) -> tensor<6x64xf32> attributes {girih.kernel} {
// CHECK-NEXT:   %0 = girih.linear %arg0, %arg1 : (tensor<6x32xf32>, tensor<64x32xf32, #girih.panels<width = 48>>) -> tensor<6x64xf32>
// CHECK-NEXT:   return %0 : tensor<6x64xf32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @f(%arg0: tensor<6x32xf32>) -> tensor<6x64xf32> attributes {girih.entry} {
// CHECK-NEXT:   %0 = girih.get_parameter @w : tensor<64x32xf32, #girih.panels<width = 48>>
// CHECK-NEXT:   %1 = girih.launch @linear(%arg0, %0) : (tensor<6x32xf32>, tensor<64x32xf32, #girih.panels<width = 48>>) -> tensor<6x64xf32>
// CHECK-NEXT:   return %1 : tensor<6x64xf32>
// CHECK-NEXT: }
