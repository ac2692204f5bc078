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

// A draw skips what its row does not ask for: walks stay inside of their conditions.
// CHECK-LABEL: tile.program @draw
// CHECK-NOT: scf.for
// CHECK: scf.if
// CHECK: scf.for
// CHECK: else
// CHECK: tensor.extract
// CHECK-NOT: scf.for
// CHECK: scf.if
// CHECK: arith.bitcast
func.func private @draw(%x: tensor<?x5001xf32, #girih.dims<"rows">>, %f: tensor<?xf32, #girih.dims<"rows">>, %i: tensor<?xi32, #girih.dims<"rows">>, %s: tensor<?x5001xi8, #girih.dims<"rows">>)
    -> tensor<?xi32, #girih.dims<"rows">> attributes {girih.kernel} {
  %0 = girih.sample %x temperature %f top_k %i top_p %f min_p %f penalty %f seen %s seed %i step %i :
    (tensor<?x5001xf32, #girih.dims<"rows">>, tensor<?xf32, #girih.dims<"rows">>, tensor<?xi32, #girih.dims<"rows">>, tensor<?xf32, #girih.dims<"rows">>, tensor<?xf32, #girih.dims<"rows">>,
     tensor<?xf32, #girih.dims<"rows">>, tensor<?x5001xi8, #girih.dims<"rows">>, tensor<?xi32, #girih.dims<"rows">>, tensor<?xi32, #girih.dims<"rows">>) -> tensor<?xi32, #girih.dims<"rows">>
  return %0 : tensor<?xi32, #girih.dims<"rows">>
}

// Equal scores, infinities and numbers that are none, drawn and greedy rows side by side: row 0 draws among equals, row 1 must take +infinity, row 2 the NaN, rows 3 and 4 are greedy and penalised.
// RUN: girih-eval %s --entry=odd --levels=graph,tile,cpu --print | FileCheck %s --check-prefix=ODD
// ODD: result 0 [5] i32: [[#]] 2 1 0 1
// ODD: {{^}}PASS
func.func @odd() -> tensor<5xi32> attributes {girih.entry} {
  %x = girih.constant dense<[[1.0, 1.0, 1.0], [0.0, -1.0, 0x7F800000], [9.0, 0x7FC00000, 9.5], [3.0, 2.0, 1.0], [3.0, 2.0, 1.0]]> : tensor<5x3xf32>
  %t = girih.constant dense<[0.5, 1.0, 2.0, 0.0, 0.0]> : tensor<5xf32>
  %k = girih.constant dense<[2, 2, 1, 0, 0]> : tensor<5xi32>
  %p = girih.constant dense<[0.5, 0.9, 0.1, 0.5, 1.0]> : tensor<5xf32>
  %m = girih.constant dense<[0.9, 0.1, 0.5, 0.0, 0.0]> : tensor<5xf32>
  %r = girih.constant dense<[1.0, 1.0, 1.0, 1.0, 2.0]> : tensor<5xf32>
  %s = girih.constant dense<[[0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], [1, 0, 1]]> : tensor<5x3xi8>
  %n = girih.constant dense<[0, 1, 2, 3, 4]> : tensor<5xi32>
  %0 = girih.sample %x temperature %t top_k %k top_p %p min_p %m penalty %r seen %s seed %n step %n :
    (tensor<5x3xf32>, tensor<5xf32>, tensor<5xi32>, tensor<5xf32>, tensor<5xf32>, tensor<5xf32>, tensor<5x3xi8>, tensor<5xi32>, tensor<5xi32>) -> tensor<5xi32>
  return %0 : tensor<5xi32>
}

// TIES: result 0 [4] i32: 1 2 0 1
func.func @ties() -> tensor<4xi32> attributes {girih.entry} {
  %x = girih.constant dense<[[1.0, 3.0, 3.0], [-3.0, -2.0, -1.0], [0xFF800000, 0xFF800000, 0xFF800000], [4.0, 0x7FC00000, 9.0]]> : tensor<4x3xf32>
  %0 = girih.argmax %x : (tensor<4x3xf32>) -> tensor<4xi32>
  return %0 : tensor<4xi32>
}
