// A kernel becomes a program: its grid over the first result, the loop over K in blocks of 256 with the rest peeled, siblings in one loop, the
// epilogue on the accumulator. A function that is not a kernel is left alone.
// RUN: girih-opt %s --tiling-emit-programs='target=cpu:x86-64-v3' | FileCheck %s

girih.symbol @rows {min = 1 : i64, max = 64 : i64}

// CHECK-LABEL: tile.program @two(
// CHECK-SAME: grid [#tile.grid<arg = 4, dim = 1, step = [[N:[0-9]+]]>, #tile.grid<arg = 4, dim = 0, step = [[M:[0-9]+]]>] outputs 2
// CHECK: %[[J:.*]] = arith.muli
// CHECK: %[[I:.*]] = arith.muli
// CHECK: %[[SUMS:.*]]:2 = scf.for %[[BLOCK:.*]] = %c0 to %c2 step %c1 iter_args
// CHECK: %[[K:.*]] = arith.muli %[[BLOCK]], %c256
// CHECK: %[[X:.*]] = tile.load %arg0[%[[I]], %[[K]]] : !tile.view<?x600xf32> -> tensor<[[M]]x256xf32>
// CHECK: %[[W:.*]] = tile.load %arg1[%[[J]], %[[K]]] : !tile.view<500x600xf32> -> tensor<[[N]]x256xf32>
// CHECK: tile.dot %[[X]], %[[W]], {{.*}} {transpose_b}
// CHECK: tile.dot %[[X]], {{.*}} {transpose_b}
// CHECK: scf.yield
// CHECK: tile.load %arg0[%[[I]], %c512] : !tile.view<?x600xf32> -> tensor<[[M]]x88xf32>
// CHECK: %[[FIRST:.*]] = tile.dot {{.*}}, {{.*}}, %[[SUMS]]#0
// CHECK: %[[SECOND:.*]] = tile.dot {{.*}}, {{.*}}, %[[SUMS]]#1
// CHECK: %[[BIAS:.*]] = tile.load %arg2[%[[J]]] : !tile.view<500xf32> -> tensor<[[N]]xf32>
// CHECK: %[[BIASES:.*]] = tile.broadcast %[[BIAS]] dims [1]
// CHECK: %[[BIASED:.*]] = arith.addf %[[FIRST]], %[[BIASES]]
// CHECK: %[[POSITIVE:.*]] = arith.maximumf %[[BIASED]]
// CHECK: tile.store %[[POSITIVE]], %arg4[%[[I]], %[[J]]]
// CHECK: tile.store %[[SECOND]], %arg5[%[[I]], %[[J]]]
// CHECK: tile.return
func.func private @two(%x: tensor<?x600xf32, #girih.dims<"rows">>, %w: tensor<500x600xf32>, %b: tensor<500xf32>, %u: tensor<500x600xf32>) -> (tensor<?x500xf32, #girih.dims<"rows">>, tensor<?x500xf32, #girih.dims<"rows">>) attributes {girih.kernel} {
  %0 = girih.linear %x, %w, %b : (tensor<?x600xf32, #girih.dims<"rows">>, tensor<500x600xf32>, tensor<500xf32>) -> tensor<?x500xf32, #girih.dims<"rows">>
  %1 = girih.linear %x, %u : (tensor<?x600xf32, #girih.dims<"rows">>, tensor<500x600xf32>) -> tensor<?x500xf32, #girih.dims<"rows">>
  %2 = girih.relu %0 : (tensor<?x500xf32, #girih.dims<"rows">>) -> tensor<?x500xf32, #girih.dims<"rows">>
  return %2, %1 : tensor<?x500xf32, #girih.dims<"rows">>, tensor<?x500xf32, #girih.dims<"rows">>
}

// A bf16 layer multiplies bf16, sums in f32 and rounds once, when it stores.
// CHECK-LABEL: tile.program @narrow(
// CHECK-NOT: arith.extf
// CHECK: %[[SUM:.*]] = tile.dot {{.*}} : tensor<{{.*}}xbf16>, tensor<{{.*}}xbf16>, tensor<{{.*}}xf32>
// CHECK: %[[ROUNDED:.*]] = arith.truncf %[[SUM]]
// CHECK: tile.store %[[ROUNDED]]
func.func private @narrow(%x: tensor<?x64xbf16, #girih.dims<"rows">>, %w: tensor<32x64xbf16>) -> tensor<?x32xbf16, #girih.dims<"rows">> attributes {girih.kernel} {
  %0 = girih.linear %x, %w : (tensor<?x64xbf16, #girih.dims<"rows">>, tensor<32x64xbf16>) -> tensor<?x32xbf16, #girih.dims<"rows">>
  return %0 : tensor<?x32xbf16, #girih.dims<"rows">>
}

// Statistics of a row too long for a tile are computed once, before the loop over its columns.
// CHECK-LABEL: tile.program @long_rows(
// CHECK: scf.for
// CHECK: tile.reduce {{ *}}add
// CHECK: scf.yield
// CHECK: scf.for
// CHECK-NOT: tile.reduce
// CHECK: tile.store
func.func private @long_rows(%x: tensor<?x9001xf32, #girih.dims<"rows">>) -> tensor<?x9001xf32, #girih.dims<"rows">> attributes {girih.kernel} {
  %0 = girih.l2_normalize %x {epsilon = 1.0e-12 : f32} : (tensor<?x9001xf32, #girih.dims<"rows">>) -> tensor<?x9001xf32, #girih.dims<"rows">>
  return %0 : tensor<?x9001xf32, #girih.dims<"rows">>
}

// CHECK-LABEL: func.func @plain
// CHECK-NEXT: girih.relu
func.func @plain(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = girih.relu %x : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}
