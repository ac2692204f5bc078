// The example of cpu-approximate-math in docs/passes.md: what goes in, and all that comes out.
// RUN: girih-opt %s --pass-pipeline='builtin.module(func.func(cpu-approximate-math))' | FileCheck %s

func.func @f(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = math.rsqrt %x : vector<16xf32>
  return %0 : vector<16xf32>
}

// CHECK:      func.func @f(%arg0: vector<16xf32>) -> vector<16xf32> {
// CHECK-NEXT:   %cst = arith.constant dense<1.000000e+00> : vector<16xf32>
// CHECK-NEXT:   %0 = math.sqrt %arg0 : vector<16xf32>
// CHECK-NEXT:   %1 = arith.divf %cst, %0 : vector<16xf32>
// CHECK-NEXT:   return %1 : vector<16xf32>
// CHECK-NEXT: }
