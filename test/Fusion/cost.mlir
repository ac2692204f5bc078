// Where a fusion saves one thing and loses another, the target's cost model decides: siblings need cache, and a prologue is worked
// out again for every block of columns.
// RUN: girih-opt %s --fusion-form-kernels='target=cpu:skylake-avx512' | FileCheck %s
// RUN: girih-opt %s --fusion-form-kernels='target=%S/Inputs/small-cache.facts' | FileCheck %s --check-prefix=SMALL
// RUN: girih-opt %s --fusion-form-kernels='remarks=true target=%S/Inputs/small-cache.facts' -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK
// RUN: not girih-opt %s --fusion-form-kernels='target=cpu:z80' 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: girih-eval %s --entry=prologue --symbols=rows=67 --levels=graph,tile,cpu
// RUN: girih-eval %s --entry=siblings --symbols=rows=5 --levels=graph,tile,cpu
// RUN: girih-eval %s --entry=few_rows --symbols=token=3 --levels=graph,tile,cpu
// RUN: girih-eval %s --entry=normed_residual --symbols=token=3 --levels=graph,tile,cpu

// UNKNOWN: unknown target 'cpu:z80'

// Three layers' accumulators fit a server's cache, and only one layer's the small one.
// CHECK-LABEL: func.func @siblings
// CHECK-COUNT-1: girih.kernel(
// CHECK-COUNT-3: girih.linear
// CHECK-NOT: girih.kernel(
// CHECK: return
// REMARK-DAG: remark: {{.*}}'layer.k' runs apart from 'layer.q': 1 share the loop already, and with one more a block would keep {{[0-9]+}} bytes
// SMALL-LABEL: func.func @siblings
// SMALL-COUNT-3: girih.kernel(
// SMALL: return
func.func @siblings(%x: tensor<?x256xf32, #girih.dims<"rows">>, %q: tensor<192x256xf32>, %k: tensor<192x256xf32>, %v: tensor<192x256xf32>)
    -> (tensor<?x192xf32, #girih.dims<"rows">>, tensor<?x192xf32, #girih.dims<"rows">>, tensor<?x192xf32, #girih.dims<"rows">>) attributes {girih.entry} {
  %0 = girih.linear %x, %q : (tensor<?x256xf32, #girih.dims<"rows">>, tensor<192x256xf32>) -> tensor<?x192xf32, #girih.dims<"rows">> loc("layer.q")
  %1 = girih.linear %x, %k : (tensor<?x256xf32, #girih.dims<"rows">>, tensor<192x256xf32>) -> tensor<?x192xf32, #girih.dims<"rows">> loc("layer.k")
  %2 = girih.linear %x, %v : (tensor<?x256xf32, #girih.dims<"rows">>, tensor<192x256xf32>) -> tensor<?x192xf32, #girih.dims<"rows">> loc("layer.v")
  return %0, %1, %2 : tensor<?x192xf32, #girih.dims<"rows">>, tensor<?x192xf32, #girih.dims<"rows">>, tensor<?x192xf32, #girih.dims<"rows">>
}

girih.symbol @rows {min = 1 : i64, max = 256 : i64}

// A ReLU costs less again in each block of columns than its result costs in memory.
// CHECK-LABEL: func.func @prologue
// CHECK: girih.kernel(
// CHECK-NEXT: girih.relu
// CHECK-NEXT: girih.linear
// CHECK-NEXT: girih.yield
// CHECK-NOT: girih.kernel(
// CHECK: return
func.func @prologue(%x: tensor<?x300xf32, #girih.dims<"rows">>, %w: tensor<400x300xf32>) -> tensor<?x400xf32, #girih.dims<"rows">> attributes {girih.entry} {
  %0 = girih.relu %x : (tensor<?x300xf32, #girih.dims<"rows">>) -> tensor<?x300xf32, #girih.dims<"rows">>
  %1 = girih.linear %0, %w : (tensor<?x300xf32, #girih.dims<"rows">>, tensor<400x300xf32>) -> tensor<?x400xf32, #girih.dims<"rows">>
  return %1 : tensor<?x400xf32, #girih.dims<"rows">>
}

// A GELU costs more.
// REMARK-DAG: remark: {{.*}}'mlp.activation' runs apart from 'mlp.down': each of {{[0-9]+}} blocks of columns would compute it again
// CHECK-LABEL: func.func @costly_prologue
// CHECK: girih.kernel(
// CHECK-NEXT: girih.gelu
// CHECK-NEXT: girih.yield
// CHECK: girih.kernel(
// CHECK-NEXT: girih.linear
func.func @costly_prologue(%x: tensor<?x300xf32, #girih.dims<"rows">>, %w: tensor<1600x300xf32>) -> tensor<?x1600xf32, #girih.dims<"rows">> {
  %0 = girih.gelu %x : (tensor<?x300xf32, #girih.dims<"rows">>) -> tensor<?x300xf32, #girih.dims<"rows">> loc("mlp.activation")
  %1 = girih.linear %0, %w : (tensor<?x300xf32, #girih.dims<"rows">>, tensor<1600x300xf32>) -> tensor<?x1600xf32, #girih.dims<"rows">> loc("mlp.down")
  return %1 : tensor<?x1600xf32, #girih.dims<"rows">>
}

// A norm is worked out again in each block of columns. For one row that costs less than a launch, for many it does not.
girih.symbol @token {min = 1 : i64, max = 256 : i64, likely = 1 : i64}
// CHECK-LABEL: func.func @few_rows
// CHECK: girih.kernel(
// CHECK-NEXT: girih.layer_norm
// CHECK-NEXT: girih.linear
// CHECK-NOT: girih.kernel(
// CHECK: return
func.func @few_rows(%x: tensor<?x300xf32, #girih.dims<"token">>, %n: tensor<300xf32>, %w: tensor<1600x300xf32>) -> tensor<?x1600xf32, #girih.dims<"token">> attributes {girih.entry} {
  %0 = girih.layer_norm %x, %n, %n {epsilon = 1.0e-5 : f32} : (tensor<?x300xf32, #girih.dims<"token">>, tensor<300xf32>, tensor<300xf32>) -> tensor<?x300xf32, #girih.dims<"token">>
  %1 = girih.linear %0, %w : (tensor<?x300xf32, #girih.dims<"token">>, tensor<1600x300xf32>) -> tensor<?x1600xf32, #girih.dims<"token">>
  return %1 : tensor<?x1600xf32, #girih.dims<"token">>
}
// CHECK-LABEL: func.func @many_rows
// CHECK: girih.kernel(
// CHECK-NEXT: girih.layer_norm
// CHECK-NEXT: girih.yield
// CHECK: girih.kernel(
// CHECK-NEXT: girih.linear
// REMARK-DAG: remark: {{.*}}'layer.norm' runs apart from 'layer.up': each of {{[0-9]+}} blocks of columns would compute it again
func.func @many_rows(%x: tensor<?x300xf32, #girih.dims<"rows">>, %n: tensor<300xf32>, %w: tensor<1600x300xf32>) -> tensor<?x1600xf32, #girih.dims<"rows">> {
  %0 = girih.layer_norm %x, %n, %n {epsilon = 1.0e-5 : f32} : (tensor<?x300xf32, #girih.dims<"rows">>, tensor<300xf32>, tensor<300xf32>) -> tensor<?x300xf32, #girih.dims<"rows">> loc("layer.norm")
  %1 = girih.linear %0, %w : (tensor<?x300xf32, #girih.dims<"rows">>, tensor<1600x300xf32>) -> tensor<?x1600xf32, #girih.dims<"rows">> loc("layer.up")
  return %1 : tensor<?x1600xf32, #girih.dims<"rows">>
}

// Norms on both sides of a residual sum: for one row the layers behind compute all of it, and the kernel stores the sum, which is read again.
// CHECK-LABEL: func.func @normed_residual
// CHECK: %[[K:.*]]:2 = girih.kernel(
// CHECK-NEXT: girih.rms_norm
// CHECK-NEXT: %[[SUM:.*]] = girih.add
// CHECK-NEXT: girih.rms_norm %[[SUM]]
// CHECK-NEXT: %[[UP:.*]] = girih.linear
// CHECK-NEXT: girih.yield %[[SUM]], %[[UP]]
// CHECK: girih.kernel(%{{.*}} = %[[K]]#0 :
// CHECK: return
func.func @normed_residual(%x: tensor<?x700xf32, #girih.dims<"token">>, %o: tensor<?x700xf32, #girih.dims<"token">>, %n: tensor<700xf32>, %w: tensor<400x700xf32>)
    -> (tensor<?x400xf32, #girih.dims<"token">>, tensor<?x700xf32, #girih.dims<"token">>) attributes {girih.entry} {
  %0 = girih.rms_norm %o, %n {epsilon = 1.0e-5 : f32} : (tensor<?x700xf32, #girih.dims<"token">>, tensor<700xf32>) -> tensor<?x700xf32, #girih.dims<"token">>
  %1 = girih.add %x, %0 : (tensor<?x700xf32, #girih.dims<"token">>, tensor<?x700xf32, #girih.dims<"token">>) -> tensor<?x700xf32, #girih.dims<"token">>
  %2 = girih.rms_norm %1, %n {epsilon = 1.0e-5 : f32} : (tensor<?x700xf32, #girih.dims<"token">>, tensor<700xf32>) -> tensor<?x700xf32, #girih.dims<"token">>
  %3 = girih.linear %2, %w : (tensor<?x700xf32, #girih.dims<"token">>, tensor<400x700xf32>) -> tensor<?x400xf32, #girih.dims<"token">>
  %4 = girih.softmax %1 {axis = 1 : i64} : (tensor<?x700xf32, #girih.dims<"token">>) -> tensor<?x700xf32, #girih.dims<"token">>
  return %3, %4 : tensor<?x400xf32, #girih.dims<"token">>, tensor<?x700xf32, #girih.dims<"token">>
}

// CHECK-LABEL: func.func @normed_residual_of_many_rows
// CHECK: girih.kernel(
// CHECK-NEXT: girih.rms_norm
// CHECK-NEXT: girih.add
// CHECK-NEXT: girih.rms_norm
// CHECK-NEXT: girih.yield
func.func @normed_residual_of_many_rows(%x: tensor<?x700xf32, #girih.dims<"rows">>, %o: tensor<?x700xf32, #girih.dims<"rows">>, %n: tensor<700xf32>, %w: tensor<1600x700xf32>)
    -> (tensor<?x1600xf32, #girih.dims<"rows">>, tensor<?x700xf32, #girih.dims<"rows">>) {
  %0 = girih.rms_norm %o, %n {epsilon = 1.0e-5 : f32} : (tensor<?x700xf32, #girih.dims<"rows">>, tensor<700xf32>) -> tensor<?x700xf32, #girih.dims<"rows">>
  %1 = girih.add %x, %0 : (tensor<?x700xf32, #girih.dims<"rows">>, tensor<?x700xf32, #girih.dims<"rows">>) -> tensor<?x700xf32, #girih.dims<"rows">>
  %2 = girih.rms_norm %1, %n {epsilon = 1.0e-5 : f32} : (tensor<?x700xf32, #girih.dims<"rows">>, tensor<700xf32>) -> tensor<?x700xf32, #girih.dims<"rows">>
  %3 = girih.linear %2, %w : (tensor<?x700xf32, #girih.dims<"rows">>, tensor<1600x700xf32>) -> tensor<?x1600xf32, #girih.dims<"rows">>
  return %3, %1 : tensor<?x1600xf32, #girih.dims<"rows">>, tensor<?x700xf32, #girih.dims<"rows">>
}
