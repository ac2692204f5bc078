// Layers of several shapes on the same rows are one program: its grid holds the blocks of columns of one after those of the other, and a
// block finds its part by its number. Keys are cut by whole heads, which the block rotates before it stores them.
// RUN: girih-opt %s --tiling-emit-programs='target=cpu:skylake-avx512' | FileCheck %s
// RUN: girih-eval %s --entry=run --symbols=rows=1 --levels=graph,tile,cpu | FileCheck %s --check-prefix=EVAL
// RUN: girih-eval %s --entry=run --symbols=rows=70 --levels=graph,tile,cpu | FileCheck %s --check-prefix=EVAL
// RUN: girih-eval %s --entry=run --symbols=rows=70 --levels=graph,tile,cpu --dtype=bf16 --code-version=x86-64-v3 | FileCheck %s --check-prefix=EVAL
// EVAL-NOT: FAIL
// EVAL: {{^}}PASS

girih.symbol @rows {min = 1 : i64, max = 100 : i64, likely = 1 : i64}

// 288 columns are three blocks of 96; 160 columns of heads of 80 are cut at 480, of which there is less than one.
// CHECK-LABEL: tile.program @projections
// CHECK-SAME: grid [#tile.grid<blocks = 4>, #tile.grid<arg = 0, dim = 0, step = 64>] outputs 2
// CHECK: %[[BLOCK:.*]] = tile.program_index 0
// CHECK: %[[FIRST:.*]] = arith.cmpi ult, %[[BLOCK]], %c3
// CHECK: scf.if %[[FIRST]] {
// CHECK: tile.dot {{.*}}tensor<64x96xf32>
// CHECK: tile.store {{.*}} : tensor<64x96xf32>, !tile.view<?x288xf32>
// CHECK: } else {
// CHECK: tile.dot {{.*}}tensor<64x160xf32>
// CHECK-NOT: tile.dot
// CHECK: tensor.extract_slice
// CHECK: tile.store {{.*}} : tensor<1x64x2x80xf32>, !tile.view<1x?x2x80xf32>
func.func private @projections(%x: tensor<?x120xf32, #girih.dims<"rows">>, %n: tensor<120xf32>, %q: tensor<288x120xf32>, %b: tensor<288xf32>, %k: tensor<160x120xf32>, %p: tensor<1x?xi32, #girih.dims<"rows">>, %cos: tensor<64x20xf32>, %sin: tensor<64x20xf32>)
    -> (tensor<?x288xf32, #girih.dims<"rows">>, tensor<1x?x2x80xf32, #girih.dims<"rows">>) attributes {girih.kernel} {
  %h = girih.rms_norm %x, %n {epsilon = 1.0e-5 : f32} : (tensor<?x120xf32, #girih.dims<"rows">>, tensor<120xf32>) -> tensor<?x120xf32, #girih.dims<"rows">>
  %0 = girih.linear %h, %q, %b : (tensor<?x120xf32, #girih.dims<"rows">>, tensor<288x120xf32>, tensor<288xf32>) -> tensor<?x288xf32, #girih.dims<"rows">>
  %1 = girih.linear %h, %k : (tensor<?x120xf32, #girih.dims<"rows">>, tensor<160x120xf32>) -> tensor<?x160xf32, #girih.dims<"rows">>
  %2 = girih.reshape %1 : (tensor<?x160xf32, #girih.dims<"rows">>) -> tensor<1x?x2x80xf32, #girih.dims<"rows">>
  %3 = girih.rope %2, %p, %cos, %sin : (tensor<1x?x2x80xf32, #girih.dims<"rows">>, tensor<1x?xi32, #girih.dims<"rows">>, tensor<64x20xf32>, tensor<64x20xf32>) -> tensor<1x?x2x80xf32, #girih.dims<"rows">>
  return %0, %3 : tensor<?x288xf32, #girih.dims<"rows">>, tensor<1x?x2x80xf32, #girih.dims<"rows">>
}

func.func @run(%x: tensor<?x120xf32, #girih.dims<"rows">>, %n: tensor<120xf32>, %q: tensor<288x120xf32>, %b: tensor<288xf32>, %k: tensor<160x120xf32>, %p: tensor<1x?xi32, #girih.dims<"rows">> {girih.range = [0, 64]}, %cos: tensor<64x20xf32>, %sin: tensor<64x20xf32>)
    -> (tensor<?x288xf32, #girih.dims<"rows">>, tensor<1x?x2x80xf32, #girih.dims<"rows">>) attributes {girih.entry} {
  %h = girih.rms_norm %x, %n {epsilon = 1.0e-5 : f32} : (tensor<?x120xf32, #girih.dims<"rows">>, tensor<120xf32>) -> tensor<?x120xf32, #girih.dims<"rows">>
  %0 = girih.linear %h, %q, %b : (tensor<?x120xf32, #girih.dims<"rows">>, tensor<288x120xf32>, tensor<288xf32>) -> tensor<?x288xf32, #girih.dims<"rows">>
  %1 = girih.linear %h, %k : (tensor<?x120xf32, #girih.dims<"rows">>, tensor<160x120xf32>) -> tensor<?x160xf32, #girih.dims<"rows">>
  %2 = girih.reshape %1 : (tensor<?x160xf32, #girih.dims<"rows">>) -> tensor<1x?x2x80xf32, #girih.dims<"rows">>
  %3 = girih.rope %2, %p, %cos, %sin : (tensor<1x?x2x80xf32, #girih.dims<"rows">>, tensor<1x?xi32, #girih.dims<"rows">>, tensor<64x20xf32>, tensor<64x20xf32>) -> tensor<1x?x2x80xf32, #girih.dims<"rows">>
  return %0, %3 : tensor<?x288xf32, #girih.dims<"rows">>, tensor<1x?x2x80xf32, #girih.dims<"rows">>
}
