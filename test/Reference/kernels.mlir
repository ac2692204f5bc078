// The interpreter runs host code at every stage: a kernel region, a launch of an outlined kernel and a launch of a tile program
// give one value.
// RUN: girih-eval %s --symbols=n=5 --print | FileCheck %s

// CHECK: result 0 [5] f32: [[VALUES:.*]]
// CHECK: result 1 [5] f32: [[VALUES]]
// CHECK: result 2 [5] f32: [[VALUES]]
girih.symbol @n {min = 1 : i64, max = 64 : i64}

func.func private @outlined(%x: tensor<?xf32, #girih.dims<"n">>) -> tensor<?xf32, #girih.dims<"n">> attributes {girih.kernel} {
  %c = girih.constant dense<2.0> : tensor<1xf32>
  %y = girih.mul %x, %c : (tensor<?xf32, #girih.dims<"n">>, tensor<1xf32>) -> tensor<?xf32, #girih.dims<"n">>
  return %y : tensor<?xf32, #girih.dims<"n">>
}

tile.program private @tiled(%x: !tile.view<?xf32>, %y: !tile.view<?xf32>) grid [#tile.grid<arg = 1, dim = 0, step = 4>] outputs 1 {
  %i = tile.program_index 0
  %four = arith.constant 4 : index
  %at = arith.muli %i, %four : index
  %t = tile.load %x[%at] : !tile.view<?xf32> -> tensor<4xf32>
  %d = arith.addf %t, %t : tensor<4xf32>
  tile.store %d, %y[%at] : tensor<4xf32>, !tile.view<?xf32>
  tile.return
}

func.func @main(%x: tensor<?xf32, #girih.dims<"n">>)
    -> (tensor<?xf32, #girih.dims<"n">>, tensor<?xf32, #girih.dims<"n">>, tensor<?xf32, #girih.dims<"n">>) attributes {girih.entry} {
  %a = girih.kernel(%k = %x : tensor<?xf32, #girih.dims<"n">>) -> (tensor<?xf32, #girih.dims<"n">>) {
    %c = girih.constant dense<2.0> : tensor<1xf32>
    %y = girih.mul %k, %c : (tensor<?xf32, #girih.dims<"n">>, tensor<1xf32>) -> tensor<?xf32, #girih.dims<"n">>
    girih.yield %y : tensor<?xf32, #girih.dims<"n">>
  }
  %b = girih.launch @outlined(%x) : (tensor<?xf32, #girih.dims<"n">>) -> tensor<?xf32, #girih.dims<"n">>
  %c = girih.launch @tiled(%x) : (tensor<?xf32, #girih.dims<"n">>) -> tensor<?xf32, #girih.dims<"n">>
  return %a, %b, %c : tensor<?xf32, #girih.dims<"n">>, tensor<?xf32, #girih.dims<"n">>, tensor<?xf32, #girih.dims<"n">>
}
