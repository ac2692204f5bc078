// What decoders need of the machine: rows found by index in both directions, parts of a kernel, slices, logarithms; drawing is the host's.
// RUN: split-file %s %t
// RUN: girih-opt %t/gather.mlir --systolic-lower-programs=machine=edge16 | FileCheck %t/gather.mlir
// RUN: girih-opt %t/scatter.mlir --systolic-lower-programs=machine=edge16 | FileCheck %t/scatter.mlir
// RUN: girih-opt %t/parts.mlir --systolic-lower-programs=machine=edge16 | FileCheck %t/parts.mlir
// RUN: girih-opt %t/slice.mlir --systolic-lower-programs=machine=edge16 | FileCheck %t/slice.mlir
// RUN: girih-opt %t/log.mlir --systolic-lower-programs=machine=edge16 | FileCheck %t/log.mlir
// RUN: girih-opt %t/sampling.mlir --systolic-lower-programs=machine=edge16 --cpu-lower-programs="versions=x86-64-v3 sampling-only" | FileCheck %t/sampling.mlir
// RUN: girih-opt %t/log.mlir --cpu-lower-programs="versions=x86-64-v3 sampling-only" | FileCheck %s --check-prefix=NONE
// RUN: not girih-opt %t/choice.mlir --systolic-lower-programs=machine=edge16 2>&1 | FileCheck %s --check-prefix=CHOICE
// RUN: not girih-opt %t/outside.mlir --systolic-lower-programs=machine=edge16 2>&1 | FileCheck %s --check-prefix=OUTSIDE

// NONE-NOT: module @
// CHOICE: error: target 'systolic:edge16' cannot compute 'arith.cmpi' of kernel 'choice': the sequencer has no such scalar operation
// OUTSIDE: error: target 'systolic:edge16' cannot compute 'tile.gather' of kernel 'outside': a part of a row found by index lies inside of it

//--- gather.mlir
// Indices are clamped to rows whose number a register holds, and become i32; a head is one piece of a row, every second element of which
// would be many.
// CHECK: systolic.program @gather
// CHECK: systolic.vector {{.*}}fn = "max"
// CHECK: systolic.vector {{.*}}fn = "min"{{.*}}td = "i32"
// CHECK: systolic.load {{.*}}cols = 24 : i64{{.*}}gather{{.*}}px = 48
// CHECK-NOT: systolic.load
// CHECK: systolic.store
tile.program @gather(%x: !tile.view<?x2x12xbf16>, %at: !tile.view<16xi32>, %y: !tile.view<16x2x12xbf16>) grid [] outputs 1 {
  %c0 = arith.constant 0 : index
  %i = tile.load %at[%c0] : !tile.view<16xi32> -> tensor<16xi32>
  %t = tile.gather %x[%i, %c0, %c0] : !tile.view<?x2x12xbf16>, tensor<16xi32> -> tensor<16x2x12xbf16>
  tile.store %t, %y[%c0, %c0, %c0] : tensor<16x2x12xbf16>, !tile.view<16x2x12xbf16>
  tile.return
}

//--- scatter.mlir
// Rows whose index lies past the end get a negative one, which the machine skips. Rows that the model lacks are not transferred: their
// number is a register's.
// CHECK: systolic.program @scatter
// CHECK: systolic.vector {{.*}}fn = "sub"{{.*}}td = "i32"
// CHECK: systolic.store {{.*}}cols = 8 : i64{{.*}}gather{{.*}}rn = 
tile.program @scatter(%x: !tile.view<?x8xbf16>, %at: !tile.view<?xi32>, %c: !tile.view<64x8xbf16>, %y: !tile.view<64x8xbf16> {tile.in_place = 2 : i64})
    grid [#tile.grid<arg = 0, dim = 0, step = 16>] outputs 1 {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %ib = tile.program_index 0
  %r = arith.muli %ib, %c16 : index
  %i = tile.load %at[%r] : !tile.view<?xi32> -> tensor<16xi32>
  %t = tile.load %x[%r, %c0] : !tile.view<?x8xbf16> -> tensor<16x8xbf16>
  tile.scatter %t, %y[%i, %c0] : tensor<16x8xbf16>, !tile.view<64x8xbf16>, tensor<16xi32>
  tile.return
}

//--- parts.mlir
// Two kinds of blocks, in ranges of the first dimension: three of one, one of the other, each a loop of its own. No branch is left.
// CHECK: systolic.program @parts
// CHECK: systolic.loop rows 3
// CHECK: systolic.vector {{.*}}fn = "max"
// CHECK: systolic.barrier
// CHECK: systolic.loop rows 1
// CHECK: systolic.vector {{.*}}fn = "first.tanh"
// CHECK-NOT: systolic.br
tile.program @parts(%x: !tile.view<64x8xf32>, %y: !tile.view<48x8xf32>, %z: !tile.view<16x8xf32>) grid [#tile.grid<blocks = 4>] outputs 2 {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %c16 = arith.constant 16 : index
  %zero = arith.constant dense<0.0> : tensor<16x8xf32>
  %ib = tile.program_index 0
  %i = arith.muli %ib, %c16 : index
  %t = tile.load %x[%i, %c0] : !tile.view<64x8xf32> -> tensor<16x8xf32>
  %first = arith.cmpi ult, %ib, %c3 : index
  scf.if %first {
    %r = arith.maximumf %t, %zero : tensor<16x8xf32>
    tile.store %r, %y[%i, %c0] : tensor<16x8xf32>, !tile.view<48x8xf32>
  } else {
    %r = math.tanh %t : tensor<16x8xf32>
    tile.store %r, %z[%c0, %c0] : tensor<16x8xf32>, !tile.view<16x8xf32>
  }
  tile.return
}

//--- slice.mlir
// A slice is where its elements lie: nothing is copied before the sum.
// CHECK: systolic.program @slice
// CHECK: systolic.load
// CHECK-NEXT: systolic.vector {{.*}}fn = "add"
// CHECK-NEXT: systolic.vector {{.*}}fn = "second"
// CHECK-NEXT: systolic.store
tile.program @slice(%x: !tile.view<16x8xf32>, %y: !tile.view<16x4xf32>) grid [] outputs 1 {
  %c0 = arith.constant 0 : index
  %t = tile.load %x[%c0, %c0] : !tile.view<16x8xf32> -> tensor<16x8xf32>
  %a = tensor.extract_slice %t[0, 0] [16, 4] [1, 1] : tensor<16x8xf32> to tensor<16x4xf32>
  %b = tensor.extract_slice %t[0, 4] [16, 4] [1, 1] : tensor<16x8xf32> to tensor<16x4xf32>
  %s = arith.addf %a, %b : tensor<16x4xf32>
  tile.store %s, %y[%c0, %c0] : tensor<16x4xf32>, !tile.view<16x4xf32>
  tile.return
}

//--- log.mlir
// The bits as an integer begin it; two steps with exponentials follow.
// CHECK: systolic.program @log
// CHECK: systolic.vector {{.*}}ta = "i32"
// CHECK-COUNT-2: fn = "first.exp2"
tile.program @log(%x: !tile.view<8x16xf32>, %y: !tile.view<8x16xf32>) grid [] outputs 1 {
  %c0 = arith.constant 0 : index
  %t = tile.load %x[%c0, %c0] : !tile.view<8x16xf32> -> tensor<8x16xf32>
  %r = math.log %t : tensor<8x16xf32>
  tile.store %r, %y[%c0, %c0] : tensor<8x16xf32>, !tile.view<8x16xf32>
  tile.return
}

//--- sampling.mlir
// CHECK: tile.program @draw
// CHECK: module @systolic
// CHECK: systolic.program @copy
// CHECK-NOT: systolic.program @draw
// CHECK: module @"x86-64-v3"
// CHECK: func.func @draw
// CHECK-NOT: func.func @copy
tile.program @draw(%x: !tile.view<8xi32>, %y: !tile.view<8xi32>) grid [] outputs 1 attributes {sampling} {
  %c0 = arith.constant 0 : index
  %t = tile.load %x[%c0] : !tile.view<8xi32> -> tensor<8xi32>
  %r = arith.xori %t, %t : tensor<8xi32>
  tile.store %r, %y[%c0] : tensor<8xi32>, !tile.view<8xi32>
  tile.return
}
tile.program @copy(%x: !tile.view<8xi32>, %y: !tile.view<8xi32>) grid [] outputs 1 {
  %c0 = arith.constant 0 : index
  %t = tile.load %x[%c0] : !tile.view<8xi32> -> tensor<8xi32>
  tile.store %t, %y[%c0] : tensor<8xi32>, !tile.view<8xi32>
  tile.return
}

//--- choice.mlir
tile.program @choice(%x: !tile.view<?x8xf32>, %y: !tile.view<?x8xf32>) grid [#tile.grid<arg = 1, dim = 0, step = 16>] outputs 1 {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %ib = tile.program_index 0
  %t = tile.load %x[%c0, %c0] : !tile.view<?x8xf32> -> tensor<16x8xf32>
  %first = arith.cmpi ult, %ib, %c3 : index
  scf.if %first {
    tile.store %t, %y[%c0, %c0] : tensor<16x8xf32>, !tile.view<?x8xf32>
  }
  tile.return
}

//--- outside.mlir
tile.program @outside(%x: !tile.view<9x8xbf16>, %at: !tile.view<16xi32>, %y: !tile.view<16x12xbf16>) grid [] outputs 1 {
  %c0 = arith.constant 0 : index
  %i = tile.load %at[%c0] : !tile.view<16xi32> -> tensor<16xi32>
  %t = tile.gather %x[%i, %c0] : !tile.view<9x8xbf16>, tensor<16xi32> -> tensor<16x12xbf16>
  tile.store %t, %y[%c0, %c0] : tensor<16x12xbf16>, !tile.view<16x12xbf16>
  tile.return
}
