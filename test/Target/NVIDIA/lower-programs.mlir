// A tile program becomes what each thread of a block does: elements dealt out one after another, kept tiles in shared memory with barriers
// between writers and readers; what does not fit or cannot be lowered is declined by name.
// RUN: split-file %s %t
// RUN: girih-opt %t/elementwise.mlir --nvidia-lower-programs | FileCheck %t/elementwise.mlir
// RUN: girih-opt %t/norm.mlir --nvidia-lower-programs | FileCheck %t/norm.mlir
// RUN: girih-opt %t/lifetimes.mlir --nvidia-lower-programs | FileCheck %t/lifetimes.mlir
// RUN: girih-opt %t/greatest.mlir --nvidia-lower-programs | FileCheck %t/greatest.mlir
// RUN: girih-opt %t/rope.mlir --nvidia-lower-programs | FileCheck %t/rope.mlir
// RUN: not girih-opt %t/norm.mlir --nvidia-lower-programs=shared-bytes=64 2>&1 | FileCheck %s --check-prefix=ROOM
// RUN: not girih-opt %t/unknown.mlir --nvidia-lower-programs 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not girih-opt %t/integers.mlir --nvidia-lower-programs 2>&1 | FileCheck %s --check-prefix=INTEGERS

// ROOM: error: kernel 'norm' keeps 128 bytes of tiles in shared memory, but a block has at most 64; choose a GPU with more, or a narrower model
// UNKNOWN: error: 'tensor.reshape' op cannot be lowered for a GPU: expected arith, math, tile, tensor.splat, tensor.extract, a static tensor.extract_slice, scf.for or scf.if in a tile program
// INTEGERS: error: 'tile.dot' op multiplies 8-bit integers, for which GPUs have no kernel here; expected f32, bf16 or f16

//--- elementwise.mlir
// The programs stay beside their kernels. Rows past the view's end are no thread's.
// CHECK: tile.program @scale
// CHECK: module @nvidia
// CHECK: llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64}
// CHECK: func.func @scale(%[[X:[a-z0-9]+]]: i64, %[[ROWS:[a-z0-9]+]]: i64, {{.*}}: i64, %[[Y:[a-z0-9]+]]: i64, {{.*}}: i64, {{.*}}: i64, %[[GRID:[a-z0-9]+]]: i64)
// CHECK-SAME: shared_bytes = 0 : i32, threads = 256 : i32
// CHECK: %[[THREAD:.*]] = arith.index_cast %{{.*}} : i32 to index
// CHECK: %[[LEFT:.*]] = arith.subi
// CHECK: arith.minsi %{{.*}}, %[[LEFT]] : index
// CHECK: scf.for %{{.*}} = %[[THREAD]] to %{{.*}} step %c256
// CHECK: llvm.load %{{.*}} invariant : !llvm.ptr<1> -> bf16
// CHECK: arith.extf %{{.*}} : bf16 to f32
// CHECK: arith.mulf
// CHECK: llvm.store %{{.*}}, %{{.*}} : f32, !llvm.ptr<1>
// CHECK-NOT: nvvm.barrier0
// CHECK: return
tile.program @scale(%x: !tile.view<?x100xbf16>, %y: !tile.view<?x100xf32>) grid [#tile.grid<arg = 1, dim = 0, step = 64>] outputs 1 {
  %i = tile.program_index 0
  %c64 = arith.constant 64 : index
  %c0 = arith.constant 0 : index
  %row = arith.muli %i, %c64 : index
  %t = tile.load %x[%row, %c0] : !tile.view<?x100xbf16> -> tensor<64x100xbf16>
  %wide = arith.extf %t : tensor<64x100xbf16> to tensor<64x100xf32>
  %two = arith.constant dense<2.0> : tensor<64x100xf32>
  %r = arith.mulf %wide, %two : tensor<64x100xf32>
  tile.store %r, %y[%row, %c0] : tensor<64x100xf32>, !tile.view<?x100xf32>
  tile.return
}

//--- norm.mlir
// Sixteen threads a row hold the partial sums, of twelve elements and, half of the threads, one more; four shuffles are the tree. One of the threads
// writes the sum, and a barrier lets the others read it.
// CHECK: func.func @norm
// CHECK-COUNT-12: arith.addf
// CHECK: %[[LAST:.*]] = arith.select %{{.*}}, %{{.*}}, %{{.*}} : f32
// CHECK: %[[SUM:.*]] = arith.addf %{{.*}}, %[[LAST]] : f32
// CHECK: nvvm.shfl.sync down %{{.*}}, %[[SUM]], %{{.*}}, %{{.*}} : f32 -> f32
// CHECK-COUNT-3: nvvm.shfl.sync down
// CHECK: llvm.store %{{.*}}, %{{.*}} : f32, !llvm.ptr<3>
// CHECK: nvvm.barrier0
// CHECK: llvm.load %{{.*}} : !llvm.ptr<3> -> f32
tile.program @norm(%x: !tile.view<32x200xf32>, %y: !tile.view<32x200xf32>) grid [#tile.grid<arg = 1, dim = 0, step = 16>] outputs 1 {
  %i = tile.program_index 0
  %c16 = arith.constant 16 : index
  %c0 = arith.constant 0 : index
  %row = arith.muli %i, %c16 : index
  %t = tile.load %x[%row, %c0] : !tile.view<32x200xf32> -> tensor<16x200xf32>
  %s = tile.reduce add %t axis 1 : tensor<16x200xf32>
  %b = tile.broadcast %s dims [0] : tensor<16xf32> -> tensor<16x200xf32>
  %r = arith.mulf %t, %b : tensor<16x200xf32>
  tile.store %r, %y[%row, %c0] : tensor<16x200xf32>, !tile.view<32x200xf32>
  tile.return
}

//--- lifetimes.mlir
// A greatest is the same in any order: a whole warp looks for it. What is dead makes room: three sums of 16 rows, of which two live at once, take
// 256 bytes.
// CHECK: func.func @three{{.*}}shared_bytes = 256 : i32
// CHECK-COUNT-5: nvvm.shfl.sync down
tile.program @three(%x: !tile.view<16x64xf32>, %y: !tile.view<16xf32>) grid [] outputs 1 {
  %c0 = arith.constant 0 : index
  %t = tile.load %x[%c0, %c0] : !tile.view<16x64xf32> -> tensor<16x64xf32>
  %a = tile.reduce max %t axis 1 : tensor<16x64xf32>
  %b = tile.broadcast %a dims [0] : tensor<16xf32> -> tensor<16x64xf32>
  %d = arith.subf %t, %b : tensor<16x64xf32>
  %e = tile.reduce add %d axis 1 : tensor<16x64xf32>
  %f = tile.broadcast %e dims [0] : tensor<16xf32> -> tensor<16x64xf32>
  %g = arith.mulf %t, %f : tensor<16x64xf32>
  %h = tile.reduce add %g axis 1 : tensor<16x64xf32>
  tile.store %h, %y[%c0] : tensor<16xf32>, !tile.view<16xf32>
  tile.return
}

//--- greatest.mlir
// One result that any order gives: all threads look for it, sixteen elements each, eight at once, and one combines what eight warps found.
// CHECK: func.func @greatest
// CHECK-COUNT-8: arith.maximumf
// CHECK-COUNT-5: nvvm.shfl.sync down
// CHECK: nvvm.barrier0
// CHECK-COUNT-7: arith.maximumf
tile.program @greatest(%x: !tile.view<1x4096xf32>, %y: !tile.view<1xf32>) grid [] outputs 1 {
  %c0 = arith.constant 0 : index
  %t = tile.load %x[%c0, %c0] : !tile.view<1x4096xf32> -> tensor<1x4096xf32>
  %a = tile.reduce max %t axis 1 : tensor<1x4096xf32>
  tile.store %a, %y[%c0] : tensor<1xf32>, !tile.view<1xf32>
  tile.return
}

//--- rope.mlir
// Halves that are only stored together are computed where they go: no tile is kept.
// CHECK: func.func @rope{{.*}}shared_bytes = 0 : i32
// CHECK: scf.if %{{.*}} -> (f32)
tile.program @rope(%x: !tile.view<4x64xf32>, %y: !tile.view<4x64xf32>) grid [] outputs 1 {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %low = tile.load %x[%c0, %c0] : !tile.view<4x64xf32> -> tensor<4x32xf32>
  %high = tile.load %x[%c0, %c32] : !tile.view<4x64xf32> -> tensor<4x32xf32>
  %minus = arith.negf %high : tensor<4x32xf32>
  %both = tile.concat %minus, %low axis 1 : tensor<4x32xf32>, tensor<4x32xf32>
  tile.store %both, %y[%c0, %c0] : tensor<4x64xf32>, !tile.view<4x64xf32>
  tile.return
}

//--- unknown.mlir
tile.program @odd(%x: !tile.view<4xf32>, %y: !tile.view<2x2xf32>) grid [] outputs 1 {
  %c0 = arith.constant 0 : index
  %t = tile.load %x[%c0] : !tile.view<4xf32> -> tensor<4xf32>
  %shape = arith.constant dense<2> : tensor<2xi32>
  %r = tensor.reshape %t(%shape) : (tensor<4xf32>, tensor<2xi32>) -> tensor<2x2xf32>
  tile.store %r, %y[%c0, %c0] : tensor<2x2xf32>, !tile.view<2x2xf32>
  tile.return
}

//--- integers.mlir
tile.program @integers(%x: !tile.view<16x32xi8>, %y: !tile.view<16x16xi32>) grid [] outputs 1 {
  %c0 = arith.constant 0 : index
  %t = tile.load %x[%c0, %c0] : !tile.view<16x32xi8> -> tensor<16x32xi8>
  %none = arith.constant dense<0> : tensor<16x16xi32>
  %d = tile.dot %t, %t, %none {transpose_b} : tensor<16x32xi8>, tensor<16x32xi8>, tensor<16x16xi32>
  tile.store %d, %y[%c0, %c0] : tensor<16x16xi32>, !tile.view<16x16xi32>
  tile.return
}
