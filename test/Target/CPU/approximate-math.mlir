// exp, erf and tanh of f32 become polynomials, scalar or vector; roots are IEEE operations; what needs no approximation is left alone.
// RUN: girih-opt %s --pass-pipeline='builtin.module(func.func(cpu-approximate-math))' | FileCheck %s

// CHECK-LABEL: func.func @expanded
// CHECK-NOT: math.exp
// CHECK-NOT: math.erf
// CHECK-NOT: math.tanh
// CHECK: math.fma {{.*}} : vector<16xf32>
// CHECK: math.fma {{.*}} : f32
// CHECK: return
func.func @expanded(%v: vector<16xf32>, %s: f32) -> (vector<16xf32>, f32) {
  %0 = math.exp %v : vector<16xf32>
  %1 = math.erf %0 : vector<16xf32>
  %2 = math.tanh %1 : vector<16xf32>
  %3 = math.tanh %s : f32
  return %2, %3 : vector<16xf32>, f32
}

// CHECK-LABEL: func.func @rsqrt
// CHECK: %[[ROOT:.*]] = math.sqrt
// CHECK: arith.divf %{{.*}}, %[[ROOT]]
func.func @rsqrt(%v: vector<16xf32>) -> vector<16xf32> {
  %0 = math.rsqrt %v : vector<16xf32>
  return %0 : vector<16xf32>
}

// Rounding to bf16 is integer arithmetic: no library function does it.
// CHECK-LABEL: func.func @narrowed
// CHECK-NOT: arith.truncf
// CHECK: arith.bitcast {{.*}} to vector<16xbf16>
func.func @narrowed(%v: vector<16xf32>) -> vector<16xbf16> {
  %0 = arith.truncf %v : vector<16xf32> to vector<16xbf16>
  return %0 : vector<16xbf16>
}

// CHECK-LABEL: func.func @left_alone
// CHECK-NEXT: math.sqrt
// CHECK-NEXT: math.absf
// CHECK-NEXT: return
func.func @left_alone(%v: vector<16xf32>) -> vector<16xf32> {
  %0 = math.sqrt %v : vector<16xf32>
  %1 = math.absf %0 : vector<16xf32>
  return %1 : vector<16xf32>
}
