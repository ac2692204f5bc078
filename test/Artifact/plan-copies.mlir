// Proves that a result that is an input, a weight, or another result under a second name is copied at the end, and only then.
// RUN: girih-opt %s --artifact-print-plan -o /dev/null | FileCheck %s

// CHECK: weight table tensor<4x16xf32>
// CHECK: entry encode
// CHECK-NEXT: arena 0
// CHECK-NEXT: f(x[seq, 16], first[seq, 16])
// CHECK-NEXT: barrier
// CHECK-NEXT: copy(first[seq, 16], second[seq, 16])
// CHECK-NEXT: copy(x[seq, 16], echo[seq, 16])
// CHECK-NEXT: copy(table[4, 16], weight[4, 16])

girih.symbol @seq {min = 1 : i64, max = 128 : i64}
!t = tensor<?x16xf32, #girih.dims<"seq">>
girih.parameter @table : tensor<4x16xf32> {value = dense<0.5> : tensor<4x16xf32>}

tile.program @f(%x: !tile.view<?x16xf32>, %y: !tile.view<?x16xf32>) grid [] outputs 1 {
  tile.return
}

func.func @encode(%x: !t {girih.name = "x"})
    -> (!t {girih.name = "first"}, !t {girih.name = "second"}, !t {girih.name = "echo"}, tensor<4x16xf32> {girih.name = "weight"})
    attributes {girih.entry} {
  %w = girih.get_parameter @table : tensor<4x16xf32>
  %a = girih.launch @f(%x) : (!t) -> !t
  return %a, %a, %x, %w : !t, !t, !t, tensor<4x16xf32>
}
