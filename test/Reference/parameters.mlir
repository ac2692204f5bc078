// Parameters come from a file, converted to their type; from a value; or at random, and then the same ones for the same seed
// and name. An encoding stores and gives back the same elements. What is missing or out of bounds is an error at the parameter.
// RUN: split-file %s %t
// RUN: printf '\000\000\200\077\000\000\000\100\000\000\100\100\000\000\200\100' > %t/weights.bin
// RUN: sed -e 's|DIRECTORY|%t|' %t/good.mlir > %t/model.mlir
// RUN: girih-eval %t/model.mlir --print | FileCheck %s --check-prefix=GOOD
// RUN: sed -e 's|DIRECTORY|%t|' %t/short.mlir > %t/short-model.mlir
// RUN: not girih-eval %t/short-model.mlir 2>&1 | FileCheck %s --check-prefix=SHORT
// RUN: not girih-eval %t/none.mlir 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: girih-eval %t/none.mlir --weights=random:1 --print | FileCheck %s --check-prefix=RANDOM

// GOOD: result 0 [2, 2] bf16: 1 2 3 4
// GOOD: result 1 [2, 2] f32: 1 2 3 4
// GOOD: result 2 [2] f32: 5 6

// Pairs become halves, in the interpreter and in an artifact: rows 0 and 2 of the bytes, then 1 and 3; each is doubled. A transposed source gives its columns.
// RUN: sed -e 's|DIRECTORY|%t|' %t/pairs.mlir > %t/pairs-model.mlir
// RUN: girih-eval %t/pairs-model.mlir --levels=graph,tile,cpu --target=cpu --print | FileCheck %s --check-prefix=PAIRS
// PAIRS: result 0 [4, 1] f32: 2 6 4 8
// PAIRS: result 1 [1, 2] f32: 4 8
// PAIRS: {{^}}PASS
//--- pairs.mlir
module attributes {girih.model = "DIRECTORY"} {
  girih.parameter @pairs : tensor<4x1xf32> {source = #girih.source<file = "weights.bin", offset = 0, bytes = 16, type = f32, unpaired = 4>}
  girih.parameter @column : tensor<1x2xf32> {source = #girih.source<file = "weights.bin", offset = 4, bytes = 12, type = f32, transposed = 2>}
  func.func @main() -> (tensor<4x1xf32>, tensor<1x2xf32>) attributes {girih.entry} {
    %h = girih.get_parameter @pairs : tensor<4x1xf32>
    %0 = girih.add %h, %h : (tensor<4x1xf32>, tensor<4x1xf32>) -> tensor<4x1xf32>
    %c = girih.get_parameter @column : tensor<1x2xf32>
    %1 = girih.add %c, %c : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
    return %0, %1 : tensor<4x1xf32>, tensor<1x2xf32>
  }
}

//--- good.mlir
module attributes {girih.model = "DIRECTORY"} {
  girih.parameter @rows : tensor<2x2xbf16> {source = #girih.source<file = "weights.bin", offset = 0, bytes = 16, type = f32>}
  girih.parameter @panels : tensor<2x2xf32, #girih.panels<width = 32>>
    {source = #girih.source<file = "weights.bin", offset = 0, bytes = 16, type = f32>}
  girih.parameter @value : tensor<2xf32> {value = dense<[5.0, 6.0]> : tensor<2xf32>}
  func.func @main() -> (tensor<2x2xbf16>, tensor<2x2xf32, #girih.panels<width = 32>>, tensor<2xf32>) attributes {girih.entry} {
    %r = girih.get_parameter @rows : tensor<2x2xbf16>
    %p = girih.get_parameter @panels : tensor<2x2xf32, #girih.panels<width = 32>>
    %v = girih.get_parameter @value : tensor<2xf32>
    return %r, %p, %v : tensor<2x2xbf16>, tensor<2x2xf32, #girih.panels<width = 32>>, tensor<2xf32>
  }
}

// SHORT: 'girih.parameter' op expects its bytes inside 'weights.bin', which has 16 bytes, but they end at 20
// SHORT: error: [not-interpreted]
//--- short.mlir
module attributes {girih.model = "DIRECTORY"} {
  girih.parameter @rows : tensor<2x2xf32> {source = #girih.source<file = "weights.bin", offset = 4, bytes = 16, type = f32>}
  func.func @main() -> tensor<2x2xf32> attributes {girih.entry} {
    %r = girih.get_parameter @rows : tensor<2x2xf32>
    return %r : tensor<2x2xf32>
  }
}

// NONE: 'girih.parameter' op expects a source or a value to be loaded, but has neither; give random weights a seed
// RANDOM: result 0 [2, 3] f32: -0.766308 -0.22231 0.84284 -0.477849 -0.766643 0.863191
//--- none.mlir
girih.parameter @a : tensor<2x3xf32>
func.func @main() -> tensor<2x3xf32> attributes {girih.entry} {
  %r = girih.get_parameter @a : tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}
