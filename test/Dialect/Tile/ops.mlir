// Every op of the tile dialect parses, prints as written, and parses again.
// RUN: girih-opt %s | girih-opt | FileCheck %s

// CHECK-LABEL: tile.program @structure(%{{.*}}: !tile.view<?x384xf32>, %{{.*}}: !tile.view<384x1536xf32, #girih.panels<width = 32>>, %{{.*}}: !tile.view<?xi1>)
// CHECK-SAME: grid [#tile.grid<arg = 2, dim = 0, step = 64>] outputs 1 {
tile.program @structure(%x: !tile.view<?x384xf32>, %w: !tile.view<384x1536xf32, #girih.panels<width = 32>>, %y: !tile.view<?xi1>)
    grid [#tile.grid<arg = 2, dim = 0, step = 64>] outputs 1 {
  // CHECK: tile.program_index 0
  %i = tile.program_index 0
  // CHECK: tile.dim %{{.*}}, 0 : !tile.view<?x384xf32>
  %n = tile.dim %x, 0 : !tile.view<?x384xf32>
  // CHECK: tile.return
  tile.return
}

// A grid whose first dimension is shared out by the program.
// CHECK-LABEL: tile.program @shared
// CHECK-SAME: grid [#tile.grid<blocks = 10>, #tile.grid<arg = 0, dim = 0, step = 64>] outputs 1 {
tile.program @shared(%y: !tile.view<?xf32>) grid [#tile.grid<blocks = 10>, #tile.grid<arg = 0, dim = 0, step = 64>] outputs 1 {
  tile.return
}

// An output that is an input's memory, of which rows are written by index.
// CHECK-LABEL: tile.program @cache
// CHECK-SAME: %{{.*}}: !tile.view<?x2x8xf32> {tile.in_place = 0 : i64}
tile.program @cache(%c: !tile.view<?x2x8xf32>, %s: !tile.view<4xi32>, %y: !tile.view<?x2x8xf32> {tile.in_place = 0 : i64}) grid [] outputs 1 {
  %z = arith.constant 0 : index
  %slots = tile.load %s[%z] : !tile.view<4xi32> -> tensor<4xi32>
  %rows = arith.constant dense<1.0> : tensor<4x2x8xf32>
  // CHECK: tile.scatter %{{.*}}, %{{.*}}[%{{.*}}, %{{.*}}, %{{.*}}] : tensor<4x2x8xf32>, !tile.view<?x2x8xf32>, tensor<4xi32>
  tile.scatter %rows, %y[%slots, %z, %z] : tensor<4x2x8xf32>, !tile.view<?x2x8xf32>, tensor<4xi32>
  tile.return
}

// A single block, a scalar output, a visibility, and attributes on program and argument.
// CHECK-LABEL: tile.program private @scalar(%{{.*}}: !tile.view<bf16> {girih.name = "y"}) grid [] outputs 1
// CHECK-SAME: attributes {tile.note = "kept"} {
tile.program private @scalar(%y: !tile.view<bf16> {girih.name = "y"}) grid [] outputs 1 attributes {tile.note = "kept"} {
  // CHECK: tile.store %{{.*}}, %{{.*}}[] : tensor<bf16>, !tile.view<bf16>
  %zero = arith.constant dense<0.0> : tensor<bf16>
  tile.store %zero, %y[] : tensor<bf16>, !tile.view<bf16>
  tile.return
}

// CHECK-LABEL: tile.program @memory
tile.program @memory(%q: !tile.view<?x?x12x32xf32>, %table: !tile.view<30522x384xf32>, %ids: !tile.view<?xi32>,
                     %y: !tile.view<?x384xf32>) grid [#tile.grid<arg = 3, dim = 0, step = 64>] outputs 1 {
  %z = arith.constant 0 : index
  // CHECK: tile.load %{{.*}}[%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}] dims [1, 3] : !tile.view<?x?x12x32xf32> -> tensor<64x32xf32>
  %t = tile.load %q[%z, %z, %z, %z] dims [1, 3] : !tile.view<?x?x12x32xf32> -> tensor<64x32xf32>
  // CHECK: tile.load %{{.*}}[%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}] dims [] : !tile.view<?x?x12x32xf32> -> tensor<f32>
  %e = tile.load %q[%z, %z, %z, %z] dims [] : !tile.view<?x?x12x32xf32> -> tensor<f32>
  // CHECK: tile.load %{{.*}}[%{{.*}}] : !tile.view<?xi32> -> tensor<64xi32>
  %rows = tile.load %ids[%z] : !tile.view<?xi32> -> tensor<64xi32>
  // CHECK: tile.gather %{{.*}}[%{{.*}}, %{{.*}}] : !tile.view<30522x384xf32>, tensor<64xi32> -> tensor<64x384xf32>
  %g = tile.gather %table[%rows, %z] : !tile.view<30522x384xf32>, tensor<64xi32> -> tensor<64x384xf32>
  // CHECK: tile.gather %{{.*}}[%{{.*}}] : !tile.view<?xi32>, tensor<64xi32> -> tensor<64xi32>
  %h = tile.gather %ids[%rows] : !tile.view<?xi32>, tensor<64xi32> -> tensor<64xi32>
  // CHECK: tile.store %{{.*}}, %{{.*}}[%{{.*}}, %{{.*}}] : tensor<64x384xf32>, !tile.view<?x384xf32>
  tile.store %g, %y[%z, %z] : tensor<64x384xf32>, !tile.view<?x384xf32>
  tile.return
}

// CHECK-LABEL: tile.program @values
tile.program @values(%x: !tile.view<64x256xf32>, %y: !tile.view<64x32xf32>) grid [] outputs 1 {
  %z = arith.constant 0 : index
  %a = tile.load %x[%z, %z] : !tile.view<64x256xf32> -> tensor<64x256xf32>
  %b = tile.load %x[%z, %z] : !tile.view<64x256xf32> -> tensor<32x256xf32>
  %acc = arith.constant dense<0.0> : tensor<64x32xf32>
  // CHECK: tile.quantize %{{.*}} : tensor<64x256xf32> -> tensor<64x256xi8>
  %qa = tile.quantize %a : tensor<64x256xf32> -> tensor<64x256xi8>
  %qb = tile.quantize %b : tensor<32x256xf32> -> tensor<32x256xi8>
  %zero = arith.constant dense<0> : tensor<64x32xi32>
  // CHECK: tile.dot %{{.*}}, %{{.*}}, %{{.*}} {transpose_b} : tensor<64x256xi8>, tensor<32x256xi8>, tensor<64x32xi32>
  %qc = tile.dot %qa, %qb, %zero {transpose_b} : tensor<64x256xi8>, tensor<32x256xi8>, tensor<64x32xi32>
  // CHECK: tile.dot %{{.*}}, %{{.*}}, %{{.*}} {transpose_b} : tensor<64x256xf32>, tensor<32x256xf32>, tensor<64x32xf32>
  %c = tile.dot %a, %b, %acc {transpose_b} : tensor<64x256xf32>, tensor<32x256xf32>, tensor<64x32xf32>
  // CHECK: tile.transpose %{{.*}} [1, 0] : tensor<32x256xf32>
  %bt = tile.transpose %b [1, 0] : tensor<32x256xf32>
  // CHECK: tile.dot %{{.*}}, %{{.*}}, %{{.*}} : tensor<64x256xf32>, tensor<256x32xf32>, tensor<64x32xf32>
  %d = tile.dot %a, %bt, %c : tensor<64x256xf32>, tensor<256x32xf32>, tensor<64x32xf32>
  // CHECK: tile.reduce add %{{.*}} axis 1 : tensor<64x32xf32>
  %s = tile.reduce add %d axis 1 : tensor<64x32xf32>
  // CHECK: tile.reduce max %{{.*}} axis 0 : tensor<64xf32>
  %m = tile.reduce max %s axis 0 : tensor<64xf32>
  // CHECK: tile.broadcast %{{.*}} dims [] : tensor<f32> -> tensor<64xf32>
  %mb = tile.broadcast %m dims [] : tensor<f32> -> tensor<64xf32>
  // CHECK: tile.broadcast %{{.*}} dims [0] : tensor<64xf32> -> tensor<64x16xf32>
  %sb = tile.broadcast %mb dims [0] : tensor<64xf32> -> tensor<64x16xf32>
  // CHECK: tile.concat %{{.*}}, %{{.*}} axis 1 : tensor<64x16xf32>, tensor<64x16xf32>
  %j = tile.concat %sb, %sb axis 1 : tensor<64x16xf32>, tensor<64x16xf32>
  // CHECK: tile.reshape %{{.*}} : tensor<64x32xf32> -> tensor<1x64x1x32xf32>
  %r = tile.reshape %j : tensor<64x32xf32> -> tensor<1x64x1x32xf32>
  %r2 = tile.reshape %r : tensor<1x64x1x32xf32> -> tensor<64x32xf32>
  // CHECK: tile.iota 1 : tensor<64x32xi32>
  %n = tile.iota 1 : tensor<64x32xi32>
  tile.store %r2, %y[%z, %z] : tensor<64x32xf32>, !tile.view<64x32xf32>
  tile.return
}
