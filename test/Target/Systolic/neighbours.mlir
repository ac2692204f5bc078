// Blocks with loops inside run four neighbours as one, each on an array and a vector slice of its own; loads that several of them want are
// made once. Where a loop depends on the block, each runs alone.
// RUN: split-file %s %t
// RUN: girih-opt %t/heads.mlir --systolic-lower-programs=machine=tpu-v5e-like | FileCheck %t/heads.mlir
// RUN: girih-opt %t/heads.mlir --systolic-lower-programs=machine=edge16 | FileCheck %t/heads.mlir --check-prefix=ONE
// RUN: girih-opt %t/own.mlir --systolic-lower-programs=machine=tpu-v5e-like | FileCheck %t/own.mlir
// RUN: girih-opt %t/banks.mlir --systolic-lower-programs=machine=tpu-v5e-like | FileCheck %t/banks.mlir

//--- heads.mlir
// CHECK: systolic.program @heads
// CHECK: systolic.loop rows 2 {
// CHECK-COUNT-8: systolic.load {{.*}}ta = "bf16"
// CHECK-NOT: systolic.load {{.*}}ta = "bf16"
// CHECK: systolic.load {{.*}}ta = "f32"
// CHECK-NOT: systolic.load
// CHECK: systolic.barrier
// CHECK: systolic.wload {{.*}}mask = 1 : i64
// CHECK: systolic.matmul {{.*}}mask = 1 : i64
// CHECK: systolic.wload {{.*}}mask = 2 : i64
// CHECK: systolic.matmul {{.*}}mask = 2 : i64
// CHECK: systolic.wload {{.*}}mask = 4 : i64
// CHECK: systolic.matmul {{.*}}mask = 4 : i64
// CHECK: systolic.wload {{.*}}mask = 8 : i64
// CHECK: systolic.matmul {{.*}}mask = 8 : i64
// CHECK: systolic.vector {{.*}}mask = 2 : i64
// CHECK: systolic.vector {{.*}}mask = 4 : i64
// CHECK: systolic.vector {{.*}}mask = 8 : i64
// ONE: systolic.program @heads
// ONE: systolic.loop rows 2 {
// ONE-NOT: mask = 2 : i64
tile.program @heads(%q: !tile.view<8x16x16xbf16>, %k: !tile.view<8x?x16xbf16>, %b: !tile.view<?xf32>, %y: !tile.view<8x16x16xf32>)
    grid [#tile.grid<arg = 3, dim = 0, step = 1>] outputs 1 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %zero = arith.constant dense<0.0> : tensor<16x16xf32>
  %h = tile.program_index 0
  %qs = tile.load %q[%h, %c0, %c0] dims [1, 2] : !tile.view<8x16x16xbf16> -> tensor<16x16xbf16>
  %n = tile.dim %k, 1 : !tile.view<8x?x16xbf16>
  %blocks = arith.ceildivui %n, %c16 : index
  %all = scf.for %i = %c0 to %blocks step %c1 iter_args(%sum = %zero) -> (tensor<16x16xf32>) {
    %from = arith.muli %i, %c16 : index
    %ks = tile.load %k[%h, %from, %c0] dims [1, 2] : !tile.view<8x?x16xbf16> -> tensor<16x16xbf16>
    %bias = tile.load %b[%from] : !tile.view<?xf32> -> tensor<16xf32>
    %p = tile.dot %qs, %ks, %zero {transpose_b} : tensor<16x16xbf16>, tensor<16x16xbf16>, tensor<16x16xf32>
    %row = tile.broadcast %bias dims [1] : tensor<16xf32> -> tensor<16x16xf32>
    %s = arith.addf %p, %row : tensor<16x16xf32>
    %next = arith.addf %sum, %s : tensor<16x16xf32>
    scf.yield %next : tensor<16x16xf32>
  }
  tile.store %all, %y[%h, %c0, %c0] dims [1, 2] : tensor<16x16xf32>, !tile.view<8x16x16xf32>
  tile.return
}

//--- own.mlir
// CHECK: systolic.program @own
// CHECK: systolic.loop rows 8 {
// CHECK-NOT: mask = 2 : i64
tile.program @own(%x: !tile.view<8x16xf32>, %y: !tile.view<8x16xf32>) grid [#tile.grid<arg = 1, dim = 0, step = 1>] outputs 1 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant dense<0.0> : tensor<1x16xf32>
  %h = tile.program_index 0
  %all = scf.for %i = %c0 to %h step %c1 iter_args(%sum = %zero) -> (tensor<1x16xf32>) {
    %t = tile.load %x[%i, %c0] : !tile.view<8x16xf32> -> tensor<1x16xf32>
    %next = arith.addf %sum, %t : tensor<1x16xf32>
    scf.yield %next : tensor<1x16xf32>
  }
  tile.store %all, %y[%h, %c0] : tensor<1x16xf32>, !tile.view<8x16xf32>
  tile.return
}

//--- banks.mlir
// 96 KiB of weights for each array begin at banks of 256 KiB, so that four loads read at once.
// CHECK: systolic.program @banks
// CHECK: systolic.load {{.*}}cols = 384 : i64{{.*}}pd = 2048 : i64{{.*}}px = 768 : i64
// CHECK: systolic.wload {{.*}}a_offset = 262144 : i64{{.*}}mask = 1 : i64, pa = 2048 : i64
// CHECK: systolic.wload {{.*}}a_offset = 524288 : i64{{.*}}mask = 2 : i64, pa = 2048 : i64
// CHECK: systolic.wload {{.*}}a_offset = 786432 : i64{{.*}}mask = 4 : i64, pa = 2048 : i64
// CHECK: systolic.wload {{.*}}a_offset = 1048576 : i64{{.*}}mask = 8 : i64, pa = 2048 : i64
tile.program @banks(%x: !tile.view<64x384xbf16>, %w: !tile.view<512x384xbf16>, %y: !tile.view<64x512xf32>) grid [] outputs 1 {
  %c0 = arith.constant 0 : index
  %xs = tile.load %x[%c0, %c0] : !tile.view<64x384xbf16> -> tensor<64x384xbf16>
  %ws = tile.load %w[%c0, %c0] : !tile.view<512x384xbf16> -> tensor<512x384xbf16>
  %zero = arith.constant dense<0.0> : tensor<64x512xf32>
  %p = tile.dot %xs, %ws, %zero {transpose_b} : tensor<64x384xbf16>, tensor<512x384xbf16>, tensor<64x512xf32>
  tile.store %p, %y[%c0, %c0] : tensor<64x512xf32>, !tile.view<64x512xf32>
  tile.return
}
