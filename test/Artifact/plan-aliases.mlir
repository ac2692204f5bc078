// Proves that a reshape names the same memory with other dimensions, lengthens its owner's life, and does not keep a result
// from being written where the caller wants it.
// RUN: girih-opt %s --artifact-print-plan -o /dev/null | FileCheck %s

// CHECK: entry encode
// CHECK: slot0
// CHECK: slot1
// CHECK-NOT: slot2
// CHECK: f(x[batch, seq, 16], slot[[A:[01]]][batch, seq, 16])
// CHECK-NEXT: barrier
// CHECK-NEXT: g(slot[[A]][batch seq *, 16], slot[[B:[01]]][batch seq *, 16])
// CHECK-NEXT: barrier
// The first value is read again under its other name, so the second one did not take its slot.
// CHECK-NEXT: h(slot[[B]][batch seq *, 16], slot[[A]][batch seq *, 16], y[batch seq *, 16])
// CHECK-NOT: copy

girih.symbol @batch {min = 1 : i64, max = 4 : i64}
girih.symbol @seq {min = 1 : i64, max = 128 : i64}
!three = tensor<?x?x16xf32, #girih.dims<"batch", "seq">>
!two = tensor<?x16xf32, #girih.dims<"batch*seq">>

tile.program @f(%x: !tile.view<?x?x16xf32>, %y: !tile.view<?x?x16xf32>) grid [] outputs 1 {
  tile.return
}
tile.program @g(%x: !tile.view<?x16xf32>, %y: !tile.view<?x16xf32>) grid [] outputs 1 {
  tile.return
}
tile.program @h(%x: !tile.view<?x16xf32>, %x2: !tile.view<?x16xf32>, %y: !tile.view<?x16xf32>) grid [] outputs 1 {
  tile.return
}

func.func @encode(%x: !three {girih.name = "x"}) -> (!three {girih.name = "y"}) attributes {girih.entry} {
  %a = girih.launch @f(%x) : (!three) -> !three
  %flat = girih.reshape %a : (!three) -> !two
  %b = girih.launch @g(%flat) : (!two) -> !two
  %again = girih.reshape %a : (!three) -> !two
  %c = girih.launch @h(%b, %again) : (!two, !two) -> !two
  %y = girih.reshape %c : (!two) -> !three
  return %y : !three
}
