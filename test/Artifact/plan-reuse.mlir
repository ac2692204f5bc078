// Proves that buffers whose lives do not overlap share a slot, that the launch before a dependent one gets a barrier and an
// independent one none, and that sizes stay expressions.
// RUN: girih-opt %s --artifact-print-plan -o /dev/null | FileCheck %s

// CHECK: symbol seq 1 to 128
// CHECK: entry encode
// The second and fourth values live apart, so three values of f32[seq, 16] and one twice as large take two slots.
// CHECK-NEXT: slot0 offset 0 bytes 128 seq * 64 ceildiv 64 *
// CHECK-NEXT: slot1 offset [[END:128 seq \* 64 ceildiv 64 \*]] bytes 64 seq * 64 ceildiv 64 *
// CHECK-NEXT: arena
// CHECK-NEXT: widen(x[seq, 16], slot0[seq, 32]) grid [seq 8 ceildiv] label "first"
// CHECK-NEXT: narrow(x[seq, 16], slot1[seq, 16])
// CHECK-NEXT: barrier
// CHECK-NEXT: join(slot0[seq, 32], slot1[seq, 16], y[seq, 16])
// CHECK-NEXT: barrier
// CHECK-NEXT: narrow(y[seq, 16], slot{{[01]}}[seq, 16])
// CHECK-NEXT: barrier
// CHECK-NEXT: narrow(slot{{[01]}}[seq, 16], z[seq, 16])

girih.symbol @seq {min = 1 : i64, max = 128 : i64}
#s = #girih.dims<"seq">

tile.program @widen(%x: !tile.view<?x16xf32>, %y: !tile.view<?x32xf32>) grid [#tile.grid<arg = 1, dim = 0, step = 8>] outputs 1 {
  tile.return
}
tile.program @narrow(%x: !tile.view<?x16xf32>, %y: !tile.view<?x16xf32>) grid [] outputs 1 {
  tile.return
}
tile.program @join(%x: !tile.view<?x32xf32>, %x2: !tile.view<?x16xf32>, %y: !tile.view<?x16xf32>) grid [] outputs 1 {
  tile.return
}

func.func @encode(%x: tensor<?x16xf32, #s> {girih.name = "x"})
    -> (tensor<?x16xf32, #s> {girih.name = "y"}, tensor<?x16xf32, #s> {girih.name = "z"}) attributes {girih.entry} {
  %a = girih.launch @widen(%x) : (tensor<?x16xf32, #s>) -> tensor<?x32xf32, #s> loc("first")
  %b = girih.launch @narrow(%x) : (tensor<?x16xf32, #s>) -> tensor<?x16xf32, #s>
  %c = girih.launch @join(%a, %b) : (tensor<?x32xf32, #s>, tensor<?x16xf32, #s>) -> tensor<?x16xf32, #s>
  %d = girih.launch @narrow(%c) : (tensor<?x16xf32, #s>) -> tensor<?x16xf32, #s>
  %e = girih.launch @narrow(%d) : (tensor<?x16xf32, #s>) -> tensor<?x16xf32, #s>
  return %c, %e : tensor<?x16xf32, #s>, tensor<?x16xf32, #s>
}
