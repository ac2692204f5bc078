// The example of quantization-linears in docs/passes.md: what goes in, and all that comes out.
// RUN: girih-opt %s --quantization-linears | FileCheck %s

module attributes {girih.dtype = "int8"} {
  girih.parameter @w : tensor<8x64xbf16> {source = #girih.source<file = "model.safetensors", offset = 0, bytes = 1024, type = bf16>}
  func.func @f(%x: tensor<4x64xbf16>) -> tensor<4x8xbf16> {
    %w = girih.get_parameter @w : tensor<8x64xbf16>
    %0 = girih.linear %x, %w : (tensor<4x64xbf16>, tensor<8x64xbf16>) -> tensor<4x8xbf16>
    return %0 : tensor<4x8xbf16>
  }
}

// CHECK:      module attributes {girih.dtype = "int8"} {
// CHECK-NEXT:   girih.parameter @w.values : tensor<8x64xi8> {quantized = #girih.quantized<values, columns = 64>, source = #girih.source<file = "model.safetensors", offset = 0, bytes = 1024, type = bf16>}
// CHECK-NEXT:   girih.parameter @w.scales : tensor<8xf32> {quantized = #girih.quantized<scales, columns = 64>, source = #girih.source<file = "model.safetensors", offset = 0, bytes = 1024, type = bf16>}
// CHECK-NEXT:   girih.parameter @w.sums : tensor<8xf32> {quantized = #girih.quantized<sums, columns = 64>, source = #girih.source<file = "model.safetensors", offset = 0, bytes = 1024, type = bf16>}
// CHECK-NEXT:   func.func @f(%arg0: tensor<4x64xbf16>) -> tensor<4x8xbf16> {
// CHECK-NEXT:     %result, %scale, %center = girih.quantize_rows %arg0 : (tensor<4x64xbf16>) -> (tensor<4x64xi8>, tensor<4x1xf32>, tensor<4x1xf32>)
// CHECK-NEXT:     %0 = girih.get_parameter @w.values : tensor<8x64xi8>
// CHECK-NEXT:     %1 = girih.linear %result, %0 : (tensor<4x64xi8>, tensor<8x64xi8>) -> tensor<4x8xi32>
// CHECK-NEXT:     %2 = girih.get_parameter @w.scales : tensor<8xf32>
// CHECK-NEXT:     %3 = girih.get_parameter @w.sums : tensor<8xf32>
// CHECK-NEXT:     %4 = girih.dequantize %1, %scale, %center, %2, %3 {element = bf16} : (tensor<4x8xi32>, tensor<4x1xf32>, tensor<4x1xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<4x8xbf16>
// CHECK-NEXT:     return %4 : tensor<4x8xbf16>
// CHECK-NEXT:   }
// CHECK-NEXT: }
