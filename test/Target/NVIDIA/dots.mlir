// Contractions, by type and machine: chains of fused multiply-adds in f32; fragments for a warp in bf16 and f16, with copies of the next chunks
// under way where operands are plain loads and evaluated elements where not; warp groups for 128 rows on sm_90a.
// RUN: split-file %s %t
// RUN: girih-opt %t/f32.mlir --nvidia-lower-programs | FileCheck %t/f32.mlir
// RUN: girih-opt %t/fragments.mlir --nvidia-lower-programs | FileCheck %t/fragments.mlir
// RUN: girih-opt %t/computed.mlir --nvidia-lower-programs | FileCheck %t/computed.mlir
// RUN: girih-opt %t/paged.mlir --nvidia-lower-programs | FileCheck %t/paged.mlir
// RUN: girih-opt %t/groups.mlir --nvidia-lower-programs | FileCheck %t/groups.mlir --check-prefix=HOPPER
// RUN: girih-opt %t/groups.mlir --nvidia-lower-programs=architecture=sm_80 | FileCheck %t/groups.mlir --check-prefix=AMPERE

//--- f32.mlir
// 64 x 64 elements on 256 threads: sixteen sums each, a chunk of 32 elements at a time, and the chain is added to the accumulator.
// CHECK: func.func @chain
// CHECK: scf.for %{{.*}} = %c0 to %c256 step %c32 iter_args({{(%[a-z0-9]+ = %[a-z0-9_]+, ){15}%[a-z0-9]+ = %[a-z0-9_]+\)}}
// CHECK: nvvm.barrier0
// CHECK: scf.for %{{.*}} = %c0 to %c32 step %c1 iter_args
// CHECK-COUNT-16: math.fma
// CHECK: nvvm.barrier0
// CHECK: arith.addf
// CHECK: llvm.store %{{.*}}, %{{.*}} : f32, !llvm.ptr<3>
tile.program @chain(%x: !tile.view<64x256xf32>, %w: !tile.view<64x256xf32>, %y: !tile.view<64x64xf32>) grid [] outputs 1 {
  %c0 = arith.constant 0 : index
  %none = arith.constant dense<0.0> : tensor<64x64xf32>
  %a = tile.load %x[%c0, %c0] : !tile.view<64x256xf32> -> tensor<64x256xf32>
  %b = tile.load %w[%c0, %c0] : !tile.view<64x256xf32> -> tensor<64x256xf32>
  %d = tile.dot %a, %b, %none {transpose_b} : tensor<64x256xf32>, tensor<64x256xf32>, tensor<64x64xf32>
  tile.store %d, %y[%c0, %c0] : tensor<64x64xf32>, !tile.view<64x64xf32>
  tile.return
}

//--- fragments.mlir
// Rows that the view lacks are filled with zeros by the copy itself. V lies with its columns side by side, so its fragments are loaded transposed.
// CHECK: func.func @attend
// CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 16, cache =  cg, %{{.*}} : !llvm.ptr<3>, !llvm.ptr<1>, i32
// CHECK: nvvm.cp.async.commit.group
// CHECK: nvvm.cp.async.wait.group
// CHECK: nvvm.barrier0
// CHECK: nvvm.ldmatrix %{{.*}} {eltType = #nvvm.ld_st_matrix_elt_type<b16>, layout = #nvvm.mma_layout<row>, num = 4 : i32
// CHECK: nvvm.ldmatrix %{{.*}} {eltType = #nvvm.ld_st_matrix_elt_type<b16>, layout = #nvvm.mma_layout<col>, num = 4 : i32
// CHECK: nvvm.mma.sync {{.*}}#nvvm.mma_type<bf16>{{.*}}#nvvm.shape<m = 16, n = 8, k = 16>
tile.program @attend(%x: !tile.view<?x128xbf16>, %v: !tile.view<128x64xbf16>, %y: !tile.view<?x64xf32>)
    grid [#tile.grid<arg = 2, dim = 0, step = 64>] outputs 1 {
  %c64 = arith.constant 64 : index
  %c0 = arith.constant 0 : index
  %b = tile.program_index 0
  %i = arith.muli %b, %c64 : index
  %none = arith.constant dense<0.0> : tensor<64x64xf32>
  %p = tile.load %x[%i, %c0] : !tile.view<?x128xbf16> -> tensor<64x128xbf16>
  %t = tile.load %v[%c0, %c0] : !tile.view<128x64xbf16> -> tensor<128x64xbf16>
  %d = tile.dot %p, %t, %none : tensor<64x128xbf16>, tensor<128x64xbf16>, tensor<64x64xf32>
  tile.store %d, %y[%i, %c0] : tensor<64x64xf32>, !tile.view<?x64xf32>
  tile.return
}

//--- computed.mlir
// What is computed is no copy, nor is a row of 100 elements, which is no multiple of what a copy takes; past the depth are zeros.
// CHECK: func.func @computed
// CHECK-NOT: nvvm.cp.async.shared.global
// CHECK: arith.addf %{{.*}} : f32
// CHECK: arith.truncf %{{.*}} : f32 to f16
// CHECK: arith.select %{{.*}} : f16
// CHECK: llvm.store %{{.*}} : f16, !llvm.ptr<3>
// CHECK: llvm.bitcast %{{.*}} : i32 to vector<2xf16>
// CHECK: nvvm.mma.sync {{.*}} : (vector<2xf16>, vector<2xf16>, f32)
tile.program @computed(%x: !tile.view<16x100xf16>, %w: !tile.view<8x100xf16>, %y: !tile.view<16x8xf32>) grid [] outputs 1 {
  %c0 = arith.constant 0 : index
  %none = arith.constant dense<0.0> : tensor<16x8xf32>
  %a = tile.load %x[%c0, %c0] : !tile.view<16x100xf16> -> tensor<16x100xf16>
  %two = arith.addf %a, %a : tensor<16x100xf16>
  %b = tile.load %w[%c0, %c0] : !tile.view<8x100xf16> -> tensor<8x100xf16>
  %d = tile.dot %two, %b, %none {transpose_b} : tensor<16x100xf16>, tensor<8x100xf16>, tensor<16x8xf32>
  tile.store %d, %y[%c0, %c0] : tensor<16x8xf32>, !tile.view<16x8xf32>
  tile.return
}

//--- paged.mlir
// Rows of a cache that a table names are copied from where they lie; those that a mask leaves out are zeros, without a look at what is there.
// CHECK: func.func @paged
// CHECK: arith.maxsi
// CHECK: %[[SEEN:.*]] = arith.cmpi slt
// CHECK: arith.select %[[SEEN]], %{{.*}}, %{{.*}} : !llvm.ptr<1>
// CHECK: %[[BYTES:.*]] = arith.select %[[SEEN]], %{{.*}}, %{{.*}} : i32
// CHECK: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 16, cache =  cg, %[[BYTES]]
// CHECK: nvvm.mma.sync
tile.program @paged(%p: !tile.view<16x64xbf16>, %cache: !tile.view<?x2x64xbf16>, %table: !tile.view<64xi32>, %y: !tile.view<16x64xf32>) grid [] outputs 1 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %none = arith.constant dense<0.0> : tensor<16x64xf32>
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %end = arith.constant dense<40> : tensor<64xi32>
  %weights = tile.load %p[%c0, %c0] : !tile.view<16x64xbf16> -> tensor<16x64xbf16>
  %slots = tile.load %table[%c0] : !tile.view<64xi32> -> tensor<64xi32>
  %rows = tile.gather %cache[%slots, %c1, %c0] : !tile.view<?x2x64xbf16>, tensor<64xi32> -> tensor<64x1x64xbf16>
  %values = tile.reshape %rows : tensor<64x1x64xbf16> -> tensor<64x64xbf16>
  %wide = arith.extf %values : tensor<64x64xbf16> to tensor<64x64xf32>
  %places = tile.iota 0 : tensor<64xi32>
  %seen = arith.cmpi slt, %places, %end : tensor<64xi32>
  %mask = tile.broadcast %seen dims [0] : tensor<64xi1> -> tensor<64x64xi1>
  %kept = arith.select %mask, %wide, %zero : tensor<64x64xi1>, tensor<64x64xf32>
  %narrow = arith.truncf %kept : tensor<64x64xf32> to tensor<64x64xbf16>
  %d = tile.dot %weights, %narrow, %none : tensor<16x64xbf16>, tensor<64x64xbf16>, tensor<16x64xf32>
  tile.store %d, %y[%c0, %c0] : tensor<16x64xf32>, !tile.view<16x64xf32>
  tile.return
}

//--- groups.mlir
// Four instructions a chunk, all sums tied to their registers; the fence lets the matrix unit see what threads copied.
// HOPPER: func.func @groups{{.*}}shared_bytes = 131072 : i32
// HOPPER: nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>, space = #nvvm.shared_space<cta>}
// HOPPER-NEXT: nvvm.barrier0
// HOPPER: llvm.inline_asm has_side_effects "{{.*}}wgmma.fence.sync.aligned{{.*}}wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16{{.*}}wgmma.commit_group
// HOPPER: nvvm.cp.async.shared.global
// HOPPER: nvvm.wgmma.wait.group.sync.aligned 1
// HOPPER: llvm.inline_asm has_side_effects "wgmma.wait_group.sync.aligned 0;"
// AMPERE: func.func @groups
// AMPERE-NOT: wgmma
// AMPERE: nvvm.mma.sync
tile.program @groups(%x: !tile.view<128x512xbf16>, %w: !tile.view<128x512xbf16>, %y: !tile.view<128x128xf32>) grid [] outputs 1 {
  %c0 = arith.constant 0 : index
  %none = arith.constant dense<0.0> : tensor<128x128xf32>
  %a = tile.load %x[%c0, %c0] : !tile.view<128x512xbf16> -> tensor<128x512xbf16>
  %b = tile.load %w[%c0, %c0] : !tile.view<128x512xbf16> -> tensor<128x512xbf16>
  %d = tile.dot %a, %b, %none {transpose_b} : tensor<128x512xbf16>, tensor<128x512xbf16>, tensor<128x128xf32>
  tile.store %d, %y[%c0, %c0] : tensor<128x128xf32>, !tile.view<128x128xf32>
  tile.return
}
