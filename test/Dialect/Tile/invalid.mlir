// Every constraint of the tile dialect is checked, and each message says what was expected and what was found.
// RUN: girih-opt %s -split-input-file -verify-diagnostics

// expected-error @+1 {{view expects elements of f32, bf16, f16, i32, i8 or i1, but got 'f64'}}
func.func private @element(!tile.view<4xf64>)

// -----

// expected-error @+1 {{expects argument 0 to be a view, but got 'f32'}}
tile.program @c1(%x: f32) grid [] outputs 1 { tile.return }

// -----

// expected-error @+1 {{expects at most 1 outputs, its number of arguments, but got 2}}
tile.program @c2(%x: !tile.view<4xf32>) grid [] outputs 2 { tile.return }

// -----

// expected-error @+1 {{attribute 'outputs' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
tile.program @c2_none(%x: !tile.view<4xf32>) grid [] outputs 0 { tile.return }

// -----

// expected-error @+1 {{expects grid dimension 0 to name one of 1 arguments, but got 1}}
tile.program @c3_arg(%x: !tile.view<4xf32>) grid [#tile.grid<arg = 1, dim = 0, step = 4>] outputs 1 { tile.return }

// -----

// expected-error @+1 {{expects grid dimension 0 to name a dimension of argument 0, which has rank 1, but got 1}}
tile.program @c3_dim(%x: !tile.view<4xf32>) grid [#tile.grid<arg = 0, dim = 1, step = 4>] outputs 1 { tile.return }

// -----

// expected-error @+1 {{expects grid dimension 0 to have a step of at least 1, but got 0}}
tile.program @c3_step(%x: !tile.view<4xf32>) grid [#tile.grid<arg = 0, dim = 0, step = 0>] outputs 1 { tile.return }

// -----

// expected-error @+1 {{grid expects arg, dim and step, or blocks, but got both}}
tile.program @grid_c1(%x: !tile.view<4xf32>) grid [#tile.grid<arg = 0, dim = 0, step = 4, blocks = 2>] outputs 1 { tile.return }

// -----

// expected-error @+1 {{grid expects arg, dim and step, or blocks, but got neither}}
tile.program @grid_c1_none(%x: !tile.view<4xf32>) grid [#tile.grid<>] outputs 1 { tile.return }

// -----

// expected-error @+1 {{grid expects at least 1 block, but got -3}}
tile.program @grid_c2(%x: !tile.view<4xf32>) grid [#tile.grid<blocks = -3>] outputs 1 { tile.return }

// -----

tile.program @index(%x: !tile.view<4xf32>) grid [] outputs 1 {
  // expected-error @+1 {{expects a dimension of the program's grid, which has 0, but got 0}}
  %i = tile.program_index 0
  tile.return
}

// -----

func.func @outside() {
  // expected-error @+1 {{expects to be inside a tile.program}}
  %i = tile.program_index 0
  return
}

// -----

tile.program @dim(%x: !tile.view<4xf32>) grid [] outputs 1 {
  // expected-error @+1 {{expects a dimension of a view of rank 1, but got 1}}
  %i = tile.dim %x, 1 : !tile.view<4xf32>
  tile.return
}

// -----

tile.program @load_output(%x: !tile.view<4xf32>, %y: !tile.view<4xf32>) grid [] outputs 1 {
  %z = arith.constant 0 : index
  // expected-error @+1 {{expects one of the program's inputs, but argument 1 is an output}}
  %t = tile.load %y[%z] : !tile.view<4xf32> -> tensor<4xf32>
  tile.return
}

// -----

tile.program @store_input(%x: !tile.view<4xf32>, %y: !tile.view<4xf32>) grid [] outputs 1 {
  %z = arith.constant 0 : index
  %t = arith.constant dense<0.0> : tensor<4xf32>
  // expected-error @+1 {{expects one of the program's outputs, but argument 0 is an input}}
  tile.store %t, %x[%z] : tensor<4xf32>, !tile.view<4xf32>
  tile.return
}

// -----

tile.program @store_encoded(%y: !tile.view<32x4xf32, #girih.panels<width = 32>>) grid [] outputs 1 {
  %z = arith.constant 0 : index
  %t = arith.constant dense<0.0> : tensor<4x4xf32>
  // expected-error @+1 {{expects a view without encoding, but got '!tile.view<32x4xf32, #girih.panels<width = 32>>'}}
  tile.store %t, %y[%z, %z] : tensor<4x4xf32>, !tile.view<32x4xf32, #girih.panels<width = 32>>
  tile.return
}

// -----

tile.program @offsets(%x: !tile.view<4x4xf32>, %y: !tile.view<4xf32>) grid [] outputs 1 {
  %z = arith.constant 0 : index
  // expected-error @+1 {{expects one offset for each of 2 view dimensions, but got 1}}
  %t = tile.load %x[%z] dims [1] : !tile.view<4x4xf32> -> tensor<4xf32>
  tile.return
}

// -----

tile.program @dims_count(%x: !tile.view<4x4xf32>, %y: !tile.view<4xf32>) grid [] outputs 1 {
  %z = arith.constant 0 : index
  // expected-error @+1 {{expects one of dims for each of 1 tile dimensions, but got 2}}
  %t = tile.load %x[%z, %z] : !tile.view<4x4xf32> -> tensor<4xf32>
  tile.return
}

// -----

tile.program @dims_order(%x: !tile.view<4x4xf32>, %y: !tile.view<4xf32>) grid [] outputs 1 {
  %z = arith.constant 0 : index
  // expected-error @+1 {{expects dims strictly increasing and below 2, but got [1, 0]}}
  %t = tile.load %x[%z, %z] dims [1, 0] : !tile.view<4x4xf32> -> tensor<4x4xf32>
  tile.return
}

// -----

tile.program @elements(%x: !tile.view<4xbf16>, %y: !tile.view<4xf32>) grid [] outputs 1 {
  %z = arith.constant 0 : index
  // expected-error @+1 {{expects tile and view of one element type, but got 'f32' and 'bf16'; convert with arith}}
  %t = tile.load %x[%z] : !tile.view<4xbf16> -> tensor<4xf32>
  tile.return
}

// -----

tile.program @tile_rank(%x: !tile.view<1x1x1x1x4xf32>, %y: !tile.view<4xf32>) grid [] outputs 1 {
  %z = arith.constant 0 : index
  // expected-error @+1 {{must be tile (statically shaped tensor of rank 0 to 4 without encoding)}}
  %t = tile.load %x[%z, %z, %z, %z, %z] : !tile.view<1x1x1x1x4xf32> -> tensor<1x1x1x1x4xf32>
  tile.return
}

// -----

tile.program @gather_offsets(%x: !tile.view<4x4xf32>, %y: !tile.view<4xf32>) grid [] outputs 1 {
  %rows = tile.iota 0 : tensor<4xi32>
  // expected-error @+1 {{expects one offset for each view dimension but the first, for a view of rank 2, but got 0}}
  %t = tile.gather %x[%rows] : !tile.view<4x4xf32>, tensor<4xi32> -> tensor<4x4xf32>
  tile.return
}

// -----

tile.program @gather_rows(%x: !tile.view<4x4xf32>, %y: !tile.view<4xf32>) grid [] outputs 1 {
  %z = arith.constant 0 : index
  %rows = tile.iota 0 : tensor<4xi32>
  // expected-error @+1 {{expects indices of rank 1 and a result of rank 2 with a row for each, but got 'tensor<4xi32>' and 'tensor<8x4xf32>'}}
  %t = tile.gather %x[%rows, %z] : !tile.view<4x4xf32>, tensor<4xi32> -> tensor<8x4xf32>
  tile.return
}

// -----

func.func @dot(%a: tensor<4x8xf32>, %b: tensor<4x8xf32>, %c: tensor<4x4xf32>) {
  // expected-error @+1 {{expects tiles [M,K], [K,N] and [M,N], but got 'tensor<4x8xf32>', 'tensor<4x8xf32>' and 'tensor<4x4xf32>'}}
  %d = tile.dot %a, %b, %c : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x4xf32>
  return
}

// -----

func.func @dot_sums(%a: tensor<4x8xi8>, %b: tensor<4x8xi8>, %c: tensor<4x4xf32>) {
  // expected-error @+1 {{expects sums of i32 for operands of i8, else f32, but got 'i8' and 'f32'}}
  %d = tile.dot %a, %b, %c {transpose_b} : tensor<4x8xi8>, tensor<4x8xi8>, tensor<4x4xf32>
  return
}

// -----

func.func @dot_types(%a: tensor<4x8xf32>, %b: tensor<4x8xbf16>, %c: tensor<4x4xf32>) {
  // expected-error @+1 {{expects lhs and rhs of one element type, but got 'f32' and 'bf16'}}
  %d = tile.dot %a, %b, %c {transpose_b} : tensor<4x8xf32>, tensor<4x8xbf16>, tensor<4x4xf32>
  return
}

// -----

func.func @reduce_axis(%a: tensor<4x8xf32>) {
  // expected-error @+1 {{expects axis to be a dimension of its input, but got 2 for 'tensor<4x8xf32>'}}
  %d = tile.reduce add %a axis 2 : tensor<4x8xf32>
  return
}

// -----

func.func @reduce_type(%a: tensor<4x8xbf16>) {
  // expected-error @+1 {{expects elements of f32 or i32, but got 'bf16'; widen with arith first}}
  %d = tile.reduce add %a axis 1 : tensor<4x8xbf16>
  return
}

// -----

func.func @broadcast_size(%a: tensor<4xf32>) {
  // expected-error @+1 {{expects input dimension 0 to be 1 or 8, the size of result dimension 1, but got 4}}
  %d = tile.broadcast %a dims [1] : tensor<4xf32> -> tensor<4x8xf32>
  return
}

// -----

func.func @broadcast_type(%a: tensor<4xf32>) {
  // expected-error @+1 {{expects input and result of one element type, but got 'f32' and 'bf16'}}
  %d = tile.broadcast %a dims [0] : tensor<4xf32> -> tensor<4x8xbf16>
  return
}

// -----

func.func @transpose(%a: tensor<4x8xf32>) {
  // expected-error @+1 {{expects a permutation of the dimensions of 'tensor<4x8xf32>', but got [0, 0]}}
  %d = tile.transpose %a [0, 0] : tensor<4x8xf32>
  return
}

// -----

func.func @reshape(%a: tensor<4x8xf32>) {
  // expected-error @+1 {{expects as many elements of the same type, but got 'tensor<4x8xf32>' and 'tensor<4x4xf32>'}}
  %d = tile.reshape %a : tensor<4x8xf32> -> tensor<4x4xf32>
  return
}

// -----

func.func @concat(%a: tensor<4x8xf32>, %b: tensor<8x8xf32>) {
  // expected-error @+1 {{expects inputs that differ along dimension 1 only, but got 'tensor<4x8xf32>' and 'tensor<8x8xf32>'}}
  %d = tile.concat %a, %b axis 1 : tensor<4x8xf32>, tensor<8x8xf32>
  return
}

// -----

func.func @iota() {
  // expected-error @+1 {{expects a dimension of 'tensor<4xi32>', but got 1}}
  %d = tile.iota 1 : tensor<4xi32>
  return
}

// -----

// expected-error @+1 {{expects tile.in_place of argument 1 to name an input of type '!tile.view<5xf32>', but got 0}}
tile.program @in_place(%x: !tile.view<4xf32>, %y: !tile.view<5xf32> {tile.in_place = 0 : i64}) grid [] outputs 1 { tile.return }

// -----

// expected-error @+1 {{expects tile.in_place on an output, but argument 0 is an input}}
tile.program @in_place(%x: !tile.view<4xf32> {tile.in_place = 0 : i64}, %y: !tile.view<5xf32>) grid [] outputs 1 { tile.return }

// -----

tile.program @scatter(%y: !tile.view<4x8xf32>) grid [] outputs 1 {
  %z = arith.constant 0 : index
  %i = arith.constant dense<0> : tensor<3xi32>
  %t = arith.constant dense<0.0> : tensor<2x8xf32>
  // expected-error @+1 {{expects indices of rank 1 and a tile of rank 2 with a row for each, but got 'tensor<3xi32>' and 'tensor<2x8xf32>'}}
  tile.scatter %t, %y[%i, %z] : tensor<2x8xf32>, !tile.view<4x8xf32>, tensor<3xi32>
  tile.return
}
