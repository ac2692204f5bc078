// The reference rounds to an op's types at results and a contraction's operands to its compute type, once; with --f64 it keeps
// f64. 1.00390625 = 1 + 2^-8 lies between two bf16 numbers and goes to the even one, 1.
// RUN: girih-eval %s --entry=result --print | FileCheck %s --check-prefix=RESULT
// RUN: girih-eval %s --entry=compute --print | FileCheck %s --check-prefix=COMPUTE
// RUN: girih-eval %s --entry=compute --f64 --print | FileCheck %s --check-prefix=EXACT
// RUN: girih-eval %s --entry=integers --print | FileCheck %s --check-prefix=INTEGERS

// RESULT: result 0 [4] bf16: 1 1.01562 -0.00390625 3.37624e+38
func.func @result() -> tensor<4xbf16> attributes {girih.entry} {
  %x = girih.constant dense<[1.00390625, 1.01171875, -0.00390625, 3.38e+38]> : tensor<4xf32>
  %y = girih.cast %x : (tensor<4xf32>) -> tensor<4xbf16>
  return %y : tensor<4xbf16>
}

// 1.00390625 * 256 is 256 after rounding, 257 before.
// COMPUTE: result 0 [1, 1] f32: 256
// EXACT: result 0 [1, 1] f32: 257
func.func @compute() -> tensor<1x1xf32> attributes {girih.entry} {
  %x = girih.constant dense<1.00390625> : tensor<1x1xf32>
  %w = girih.constant dense<256.0> : tensor<1x1xf32>
  %y = girih.linear %x, %w {compute = bf16} : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1xf32>
  return %y : tensor<1x1xf32>
}

// Integers wrap, and products are exact before they do.
// INTEGERS: result 0 [3] i32: -2147483648 1 6
// INTEGERS: result 1 [3] i32: -2 0 -3
func.func @integers() -> (tensor<3xi32>, tensor<3xi32>) attributes {girih.entry} {
  %x = girih.constant dense<[2147483647, 2147483647, 2]> : tensor<3xi32>
  %y = girih.constant dense<[1, 2147483647, 3]> : tensor<3xi32>
  %sum = girih.add %x, %y : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
  %product = girih.mul %x, %y : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
  %a = girih.constant dense<[-5, 3, 7]> : tensor<3xi32>
  %b = girih.constant dense<[2, 0, -2]> : tensor<3xi32>
  %quotient = girih.div %a, %b : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
  %left = girih.slice %sum offsets [0] sizes [1] : (tensor<3xi32>) -> tensor<1xi32>
  %right = girih.slice %product offsets [1] sizes [2] : (tensor<3xi32>) -> tensor<2xi32>
  %both = girih.concat %left, %right {axis = 0 : i64} : (tensor<1xi32>, tensor<2xi32>) -> tensor<3xi32>
  return %both, %quotient : tensor<3xi32>, tensor<3xi32>
}
