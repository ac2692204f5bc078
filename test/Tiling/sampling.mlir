// Rows of logits are walked in chunks: their greatest element's place, and how unlikely a label is. Rows end inside a chunk, equal
// maxima give the first place, and labels that do not count cost nothing.
// RUN: girih-opt %s --split-input-file --tiling-emit-programs='target=cpu:skylake-avx512' | FileCheck %s
// RUN: girih-eval %s --entry=run --symbols=rows=3 --levels=graph,tile,cpu | FileCheck %s --check-prefix=EVAL
// RUN: girih-eval %s --entry=run --symbols=rows=1 --levels=graph,tile,cpu --code-version=x86-64-v3 | FileCheck %s --check-prefix=EVAL
// RUN: girih-eval %s --entry=ties --levels=graph,tile,cpu --print | FileCheck %s --check-prefix=TIES
// EVAL-NOT: FAIL
// EVAL: {{^}}PASS

girih.symbol @rows {min = 1 : i64, max = 100 : i64}

// CHECK-LABEL: tile.program @greatest
// CHECK: scf.for
// CHECK: tile.reduce max
// CHECK: tile.reduce min
func.func private @greatest(%x: tensor<?x5001xf32, #girih.dims<"rows">>) -> tensor<?xi32, #girih.dims<"rows">> attributes {girih.kernel} {
  %0 = girih.argmax %x : (tensor<?x5001xf32, #girih.dims<"rows">>) -> tensor<?xi32, #girih.dims<"rows">>
  return %0 : tensor<?xi32, #girih.dims<"rows">>
}

func.func @run(%x: tensor<?x5001xf32, #girih.dims<"rows">>, %l: tensor<?xi32, #girih.dims<"rows">> {girih.range = [-1, 5001]})
    -> (tensor<?xi32, #girih.dims<"rows">>, tensor<?xf32, #girih.dims<"rows">>) attributes {girih.entry} {
  %0 = girih.argmax %x : (tensor<?x5001xf32, #girih.dims<"rows">>) -> tensor<?xi32, #girih.dims<"rows">>
  %1 = girih.cross_entropy %x, %l : (tensor<?x5001xf32, #girih.dims<"rows">>, tensor<?xi32, #girih.dims<"rows">>) -> tensor<?xf32, #girih.dims<"rows">>
  return %0, %1 : tensor<?xi32, #girih.dims<"rows">>, tensor<?xf32, #girih.dims<"rows">>
}

// TIES: result 0 [4] i32: 1 2 0 1
func.func @ties() -> tensor<4xi32> attributes {girih.entry} {
  %x = girih.constant dense<[[1.0, 3.0, 3.0], [-3.0, -2.0, -1.0], [0xFF800000, 0xFF800000, 0xFF800000], [4.0, 0x7FC00000, 9.0]]> : tensor<4x3xf32>
  %0 = girih.argmax %x : (tensor<4x3xf32>) -> tensor<4xi32>
  return %0 : tensor<4xi32>
}
