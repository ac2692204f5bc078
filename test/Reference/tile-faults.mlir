// Programs that are wrong in ways a parallel machine would hide: two blocks storing one element, and an element that
// nobody stores.
// RUN: not girih-eval %s --entry=race 2>&1 | FileCheck %s --check-prefix=RACE
// RUN: not girih-eval %s --entry=hole 2>&1 | FileCheck %s --check-prefix=HOLE

// RACE: 'tile.store' op expects blocks that store different elements, but block 1 stores element 0 of output 0, which another block stored
tile.program private @same_place(%x: !tile.view<8xf32>, %y: !tile.view<8xf32>) grid [#tile.grid<arg = 1, dim = 0, step = 4>] outputs 1 {
  %zero = arith.constant 0 : index
  %t = tile.load %x[%zero] : !tile.view<8xf32> -> tensor<1xf32>
  tile.store %t, %y[%zero] : tensor<1xf32>, !tile.view<8xf32>
  tile.return
}
func.func @race(%x: tensor<8xf32>) -> tensor<8xf32> attributes {girih.entry} {
  %y = girih.launch @same_place(%x) : (tensor<8xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}

// HOLE: 'tile.program' op expects every element of output 0 to be stored, but no block of 1 stores element 4
tile.program private @half(%x: !tile.view<8xf32>, %y: !tile.view<8xf32>) grid [] outputs 1 {
  %zero = arith.constant 0 : index
  %t = tile.load %x[%zero] : !tile.view<8xf32> -> tensor<4xf32>
  tile.store %t, %y[%zero] : tensor<4xf32>, !tile.view<8xf32>
  tile.return
}
func.func @hole(%x: tensor<8xf32>) -> tensor<8xf32> attributes {girih.entry} {
  %y = girih.launch @half(%x) : (tensor<8xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}
