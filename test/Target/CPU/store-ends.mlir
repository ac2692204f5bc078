// A tile whose rows end between two vectors is stored to its last element and no further: what lies behind it belongs to another
// block, which on another thread may have been stored before. Here blocks run from the last to the first,
// and each adds its number.
// RUN: girih-eval %s --from=tile --entry=rows --symbols=n=70 --levels=tile,cpu | FileCheck %s
// RUN: girih-eval %s --from=tile --entry=rows --symbols=n=70 --levels=tile,cpu --code-version=x86-64-v3 | FileCheck %s
// RUN: girih-eval %s --from=tile --entry=elements --symbols=n=70 --levels=tile,cpu | FileCheck %s
// CHECK-NOT: FAIL
// CHECK: {{^}}PASS

girih.symbol @n {min = 1 : i64, max = 100 : i64}

tile.program private @ten_columns(%x: !tile.view<3x?xf32>, %y: !tile.view<3x?xf32>)
    grid [#tile.grid<arg = 1, dim = 1, step = 10>] outputs 1 {
  %zero = arith.constant 0 : index
  %ten = arith.constant 10 : index
  %last = arith.constant 6 : index
  %i = tile.program_index 0
  %from_end = arith.subi %last, %i : index
  %at = arith.muli %from_end, %ten : index
  %t = tile.load %x[%zero, %at] : !tile.view<3x?xf32> -> tensor<3x10xf32>
  %word = arith.index_cast %i : index to i32
  %number = arith.sitofp %word : i32 to f32
  %mine = tensor.splat %number : tensor<3x10xf32>
  %sum = arith.addf %t, %mine : tensor<3x10xf32>
  tile.store %sum, %y[%zero, %at] : tensor<3x10xf32>, !tile.view<3x?xf32>
  tile.return
}
func.func @rows(%x: tensor<3x?xf32, #girih.dims<"n">>) -> tensor<3x?xf32, #girih.dims<"n">> attributes {girih.entry} {
  %y = girih.launch @ten_columns(%x) : (tensor<3x?xf32, #girih.dims<"n">>) -> tensor<3x?xf32, #girih.dims<"n">>
  return %y : tensor<3x?xf32, #girih.dims<"n">>
}

tile.program private @one_element(%x: !tile.view<3x?xf32>, %y: !tile.view<3x?xf32>)
    grid [#tile.grid<arg = 1, dim = 0, step = 1>, #tile.grid<arg = 1, dim = 1, step = 1>] outputs 1 {
  %last = arith.constant 69 : index
  %i = tile.program_index 0
  %j = tile.program_index 1
  %at = arith.subi %last, %j : index
  %t = tile.load %x[%i, %at] : !tile.view<3x?xf32> -> tensor<1x1xf32>
  %word = arith.index_cast %j : index to i32
  %number = arith.sitofp %word : i32 to f32
  %mine = tensor.splat %number : tensor<1x1xf32>
  %sum = arith.addf %t, %mine : tensor<1x1xf32>
  tile.store %sum, %y[%i, %at] : tensor<1x1xf32>, !tile.view<3x?xf32>
  tile.return
}
func.func @elements(%x: tensor<3x?xf32, #girih.dims<"n">>) -> tensor<3x?xf32, #girih.dims<"n">> attributes {girih.entry} {
  %y = girih.launch @one_element(%x) : (tensor<3x?xf32, #girih.dims<"n">>) -> tensor<3x?xf32, #girih.dims<"n">>
  return %y : tensor<3x?xf32, #girih.dims<"n">>
}
