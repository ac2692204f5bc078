// A tile program becomes, for each code version, loops over vectors of 16 lanes that stop where the outputs end; a dot becomes
// register blocks that read packed weights and rows in place; what cannot be lowered is declined by name.
// RUN: split-file %s %t
// RUN: girih-opt %t/elementwise.mlir --cpu-lower-programs=versions=x86-64-v4 | FileCheck %t/elementwise.mlir
// RUN: girih-opt %t/dot.mlir --cpu-lower-programs=versions=x86-64-v4 | FileCheck %t/dot.mlir --check-prefixes=CHECK,V4
// RUN: girih-opt %t/dot.mlir --cpu-lower-programs=versions=x86-64-v3 | FileCheck %t/dot.mlir --check-prefixes=CHECK,V3
// RUN: girih-opt %t/elementwise.mlir --cpu-lower-programs | FileCheck %s --check-prefix=BOTH
// RUN: not girih-opt %t/elementwise.mlir --cpu-lower-programs=versions=sse2 2>&1 | FileCheck %s --check-prefix=VERSION
// RUN: not girih-opt %t/unknown.mlir --cpu-lower-programs 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// The programs stay beside their lowered versions.
// BOTH: tile.program @scale
// BOTH: module @"x86-64-v3"
// BOTH: func.func @scale
// BOTH: module @"x86-64-v4"
// BOTH: func.func @scale

// VERSION: error: unknown code version 'sse2'; expected x86-64-v3 or x86-64-v4
// UNKNOWN: error: 'tensor.reshape' op cannot be lowered for the CPU: expected arith, math, tile, tensor.splat, tensor.extract, a static tensor.extract_slice, scf.for or scf.if in a tile program

//--- elementwise.mlir
// No tile becomes a vector: 64 x 100 elements are rows, then sixteen at a time, masked at a row's end only.
// CHECK: func.func @scale(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) attributes {scratch_bytes = 0 : i64}
// CHECK-NOT: tensor<
// CHECK: %[[LEFT:.*]] = arith.subi %{{.*}}, %{{.*}} overflow<nsw> : index
// CHECK: %[[ROWS:.*]] = arith.minsi %{{.*}}, %{{.*}} : index
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[ROWS]] step
// CHECK: scf.for
// CHECK: llvm.intr.masked.load {{.*}} -> vector<16xf32>
// CHECK: arith.mulf {{.*}} : vector<16xf32>
// CHECK: llvm.intr.masked.store
tile.program @scale(%x: !tile.view<?x100xf32>, %y: !tile.view<?x100xf32>) grid [#tile.grid<arg = 1, dim = 0, step = 64>] outputs 1 {
  %i = tile.program_index 0
  %c64 = arith.constant 64 : index
  %c0 = arith.constant 0 : index
  %row = arith.muli %i, %c64 : index
  %t = tile.load %x[%row, %c0] : !tile.view<?x100xf32> -> tensor<64x100xf32>
  %two = arith.constant dense<2.0> : tensor<64x100xf32>
  %r = arith.mulf %t, %two : tensor<64x100xf32>
  tile.store %r, %y[%row, %c0] : tensor<64x100xf32>, !tile.view<?x100xf32>
  tile.return
}

//--- dot.mlir
// Nothing is gathered or copied: the chain over K starts at zero and is added to the accumulator after it.
// CHECK: func.func @linear
// CHECK-NOT: masked.gather
// V4: scf.for {{.*}} iter_args({{(%[a-z0-9]+ = %[a-z0-9_]+, ){23}%[a-z0-9]+ = %[a-z0-9_]+\)}}
// V4: vector.fma {{.*}} : vector<16xf32>
// V3: scf.for {{.*}} iter_args({{(%[a-z0-9]+ = %[a-z0-9_]+, ){5}%[a-z0-9]+ = %[a-z0-9_]+\)}}
// V3: vector.fma {{.*}} : vector<16xf32>
// CHECK: arith.addf {{.*}} : vector<16xf32>
tile.program @linear(%x: !tile.view<?x256xf32>, %w: !tile.view<96x256xf32, #girih.panels<width = 48>>, %y: !tile.view<?x96xf32>)
    grid [#tile.grid<arg = 2, dim = 1, step = 96>, #tile.grid<arg = 2, dim = 0, step = 64>] outputs 1 {
  %c96 = arith.constant 96 : index
  %c64 = arith.constant 64 : index
  %c0 = arith.constant 0 : index
  %jb = tile.program_index 0
  %ib = tile.program_index 1
  %j = arith.muli %jb, %c96 : index
  %i = arith.muli %ib, %c64 : index
  %zero = arith.constant dense<0.0> : tensor<64x96xf32>
  %a = tile.load %x[%i, %c0] : !tile.view<?x256xf32> -> tensor<64x256xf32>
  %b = tile.load %w[%j, %c0] : !tile.view<96x256xf32, #girih.panels<width = 48>> -> tensor<96x256xf32>
  %d = tile.dot %a, %b, %zero {transpose_b} : tensor<64x256xf32>, tensor<96x256xf32>, tensor<64x96xf32>
  tile.store %d, %y[%i, %j] : tensor<64x96xf32>, !tile.view<?x96xf32>
  tile.return
}

//--- unknown.mlir
tile.program @odd(%x: !tile.view<8xf32>, %y: !tile.view<4x2xf32>) grid [] outputs 1 {
  %c0 = arith.constant 0 : index
  %shape = arith.constant dense<[4, 2]> : tensor<2xi32>
  %t = tile.load %x[%c0] : !tile.view<8xf32> -> tensor<8xf32>
  %r = tensor.reshape %t(%shape) : (tensor<8xf32>, tensor<2xi32>) -> tensor<4x2xf32>
  tile.store %r, %y[%c0, %c0] : tensor<4x2xf32>, !tile.view<4x2xf32>
  tile.return
}
