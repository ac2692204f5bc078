// Proves that every version of a state is the caller's memory, which is no output and never copied; that who reads the old version is done
// before the writer starts, and who reads the new one starts after it; and that what is no state is copied before it is written over.
// RUN: girih-opt %s --artifact-print-plan -o /dev/null | FileCheck %s

// CHECK: entry decode
// CHECK-NEXT: slot0
// CHECK-NOT: slot1
// CHECK: read(cache[slots, 16], slot0[slots, 16])
// CHECK-NEXT: barrier
// CHECK-NEXT: write(cache[slots, 16], slot0[slots, 16], cache[slots, 16])
// CHECK-NEXT: barrier
// CHECK-NEXT: write(cache[slots, 16], slot0[slots, 16], cache[slots, 16])
// CHECK-NEXT: barrier
// CHECK-NEXT: read(cache[slots, 16], y[slots, 16])
// CHECK-NOT: copy

// CHECK: entry plain
// CHECK-NEXT: arena 0
// CHECK-NEXT: copy(x[slots, 16], y[slots, 16])
// CHECK-NEXT: barrier
// CHECK-NEXT: write(x[slots, 16], x[slots, 16], y[slots, 16])
// CHECK-NOT: copy

girih.symbol @slots {min = 1 : i64, max = 128 : i64}
!t = tensor<?x16xf32, #girih.dims<"slots">>

tile.program @read(%x: !tile.view<?x16xf32>, %y: !tile.view<?x16xf32>) grid [] outputs 1 {
  tile.return
}
tile.program @write(%old: !tile.view<?x16xf32>, %x: !tile.view<?x16xf32>, %new: !tile.view<?x16xf32> {tile.in_place = 0 : i64})
    grid [] outputs 1 {
  tile.return
}

func.func @decode(%cache: !t {girih.name = "cache", girih.state})
    -> (!t {girih.name = "y"}, !t {girih.state = 0 : i64}) attributes {girih.entry} {
  %a = girih.launch @read(%cache) : (!t) -> !t
  %second = girih.launch @write(%cache, %a) : (!t, !t) -> !t
  %third = girih.launch @write(%second, %a) : (!t, !t) -> !t
  %y = girih.launch @read(%third) : (!t) -> !t
  return %y, %third : !t, !t
}

func.func @plain(%x: !t {girih.name = "x"}) -> (!t {girih.name = "y"}) attributes {girih.entry} {
  %y = girih.launch @write(%x, %x) : (!t, !t) -> !t
  return %y : !t
}
