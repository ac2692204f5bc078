// A tile program becomes one program of the machine: loops for the grid, tokens between iterations, halves of the memories in turns.
// RUN: split-file %s %t
// RUN: girih-opt %t/linear.mlir --systolic-lower-programs=machine=edge16 | FileCheck %t/linear.mlir
// RUN: girih-opt %t/linear.mlir --systolic-lower-programs=machine=edge16 | FileCheck %t/linear.mlir --check-prefix=ORDER
// RUN: girih-opt %t/fused.mlir --systolic-lower-programs=machine=edge16 | FileCheck %t/fused.mlir
// RUN: girih-opt %t/large.mlir "--systolic-lower-programs=machine=edge16 remarks" 2>&1 | FileCheck %t/large.mlir
// RUN: girih-opt %t/integers.mlir --systolic-lower-programs=machine=edge16 | FileCheck %t/integers.mlir
// RUN: girih-opt %t/arrays.mlir --systolic-lower-programs=machine=tpu-v5e-like | FileCheck %t/arrays.mlir
// RUN: not girih-opt %t/linear.mlir --systolic-lower-programs=machine=none 2>&1 | FileCheck %s --check-prefix=MACHINE
// RUN: not girih-opt %t/f32.mlir --systolic-lower-programs=machine=edge16 2>&1 | FileCheck %s --check-prefix=F32
// RUN: not girih-opt %t/erf.mlir --systolic-lower-programs=machine=edge16 2>&1 | FileCheck %s --check-prefix=ERF
// RUN: not girih-opt %t/too-large.mlir --systolic-lower-programs=machine=edge16 2>&1 | FileCheck %s --check-prefix=TOO-LARGE

// MACHINE: error: {{.*}}none
// F32: error: target 'systolic:edge16' cannot compute 'tile.dot' of kernel 'linear': the array multiplies bf16 and i8, but the operands are f32; compile with --dtype=bf16 or int8
// ERF: error: target 'systolic:edge16' cannot compute 'math.erf' of kernel 'erf': no instruction of the machine computes it
// TOO-LARGE: error: target 'systolic:edge16' cannot compute 'tile.load' of kernel 'copy': there is no room for 524288 bytes beside its other tiles in a scratchpad of 262144 and accumulators of 65536; choose a machine with more

//--- linear.mlir
// The rows depend on the outer loop alone and are loaded there, to the end of the memory, which leaves the rest in one piece. In the inner loop the next block of weights is loaded before this one is
// multiplied; the array starts with a token of that load from the iteration before, and the first find tokens of the sequencer's.
// CHECK: tile.program @linear
// CHECK: systolic.program @linear attributes {bindings = array<i64: {{.*}}>, machine = "edge16"}
// CHECK: systolic.loop
// CHECK: systolic.load {{.*}}cols = 32 : i64, dst_offset = 260096
// CHECK: systolic.load {{.*}}cols = 512 : i64, dst_offset
// CHECK: systolic.barrier
// CHECK: systolic.nop {{.*}}signal
// CHECK: systolic.loop
// CHECK: systolic.load {{.*}}wait{{.*}}signal
// CHECK: systolic.wload {{.*}}wait({{.*}}transpose
// CHECK-NEXT: systolic.matmul
// CHECK: systolic.wload {{.*}}bank
// CHECK: systolic.matmul {{.*}}accumulate
// CHECK: systolic.vector {{.*}}td = "bf16"
// CHECK: systolic.store
// CHECK: systolic.next
// CHECK: systolic.barrier
// CHECK-NEXT: systolic.nop {{.*}}wait
// CHECK: systolic.halt
// No barrier between iterations of the inner loop.
// ORDER: systolic.wload
// ORDER-NOT: systolic.barrier
// ORDER: systolic.next
tile.program @linear(%x: !tile.view<?x32xbf16>, %w: !tile.view<64x32xbf16>, %y: !tile.view<?x64xbf16>)
    grid [#tile.grid<arg = 2, dim = 0, step = 32>, #tile.grid<arg = 2, dim = 1, step = 16>] outputs 1 {
  %c16 = arith.constant 16 : index
  %c32 = arith.constant 32 : index
  %c0 = arith.constant 0 : index
  %ib = tile.program_index 0
  %jb = tile.program_index 1
  %i = arith.muli %ib, %c32 : index
  %j = arith.muli %jb, %c16 : index
  %xs = tile.load %x[%i, %c0] : !tile.view<?x32xbf16> -> tensor<32x32xbf16>
  %ws = tile.load %w[%j, %c0] : !tile.view<64x32xbf16> -> tensor<16x32xbf16>
  %zero = arith.constant dense<0.0> : tensor<32x16xf32>
  %p = tile.dot %xs, %ws, %zero {transpose_b} : tensor<32x32xbf16>, tensor<16x32xbf16>, tensor<32x16xf32>
  %r = arith.truncf %p : tensor<32x16xf32> to tensor<32x16xbf16>
  tile.store %r, %y[%i, %j] : tensor<32x16xbf16>, !tile.view<?x64xbf16>
  tile.return
}

//--- fused.mlir
// A product that is summed, and a difference whose exponential is taken, are one instruction each.
// CHECK: systolic.program @fused
// CHECK: systolic.vector {{.*}}fn = "sub.exp2"{{.*}}scale
// CHECK: systolic.vector {{.*}}fn = "mul"{{.*}}reduce
// CHECK-NOT: fn = "exp2"
tile.program @fused(%x: !tile.view<8x16xf32>, %y: !tile.view<8x16xf32>, %z: !tile.view<8x16xf32>, %s: !tile.view<8xf32>)
    grid [] outputs 2 {
  %c0 = arith.constant 0 : index
  %a = tile.load %x[%c0, %c0] : !tile.view<8x16xf32> -> tensor<8x16xf32>
  %b = tile.load %y[%c0, %c0] : !tile.view<8x16xf32> -> tensor<8x16xf32>
  %d = arith.subf %a, %b : tensor<8x16xf32>
  %e = math.exp %d : tensor<8x16xf32>
  tile.store %e, %z[%c0, %c0] : tensor<8x16xf32>, !tile.view<8x16xf32>
  %q = arith.mulf %a, %a : tensor<8x16xf32>
  %t = tile.reduce add %q axis 1 : tensor<8x16xf32>
  tile.store %t, %s[%c0] : tensor<8xf32>, !tile.view<8xf32>
  tile.return
}

//--- arrays.mlir
// Two arrays and a part of a third have neighbouring columns: each loads its own weights, one stream feeds all. The vector unit reads
// their accumulators one after another, and what it writes is in one piece.
// CHECK: systolic.program @arrays
// CHECK: systolic.wload {{.*}}mask = 1 : i64
// CHECK: systolic.wload {{.*}}mask = 2 : i64
// CHECK: systolic.wload {{.*}}mask = 4 : i64
// CHECK-NEXT: systolic.matmul {{.*}}mask = 7 : i64
// CHECK-COUNT-3: systolic.vector {{.*}}td = "bf16"
// CHECK-NEXT: systolic.store
tile.program @arrays(%x: !tile.view<64x128xbf16>, %w: !tile.view<300x128xbf16>, %y: !tile.view<64x300xbf16>) grid [] outputs 1 {
  %c0 = arith.constant 0 : index
  %xs = tile.load %x[%c0, %c0] : !tile.view<64x128xbf16> -> tensor<64x128xbf16>
  %ws = tile.load %w[%c0, %c0] : !tile.view<300x128xbf16> -> tensor<300x128xbf16>
  %zero = arith.constant dense<0.0> : tensor<64x300xf32>
  %p = tile.dot %xs, %ws, %zero {transpose_b} : tensor<64x128xbf16>, tensor<300x128xbf16>, tensor<64x300xf32>
  %r = arith.truncf %p : tensor<64x300xf32> to tensor<64x300xbf16>
  tile.store %r, %y[%c0, %c0] : tensor<64x300xbf16>, !tile.view<64x300xbf16>
  tile.return
}

//--- large.mlir
// Two halves do not hold the tiles; one memory does, and iterations follow one another.
// CHECK: remark: iterations of kernel 'copy' do not overlap on edge16: a half of its memories has no room for 204800 bytes beside the other tiles
// CHECK: systolic.loop
// CHECK: systolic.load
// CHECK-NOT: systolic.barrier
// CHECK: systolic.store
tile.program @copy(%x: !tile.view<?x200xbf16>, %y: !tile.view<?x200xbf16>) grid [#tile.grid<arg = 1, dim = 0, step = 512>] outputs 1 {
  %c512 = arith.constant 512 : index
  %c0 = arith.constant 0 : index
  %ib = tile.program_index 0
  %i = arith.muli %ib, %c512 : index
  %t = tile.load %x[%i, %c0] : !tile.view<?x200xbf16> -> tensor<512x200xbf16>
  tile.store %t, %y[%i, %c0] : tensor<512x200xbf16>, !tile.view<?x200xbf16>
  tile.return
}

//--- f32.mlir
tile.program @linear(%x: !tile.view<8x16xf32>, %w: !tile.view<16x16xf32>, %y: !tile.view<8x16xf32>) grid [] outputs 1 {
  %c0 = arith.constant 0 : index
  %xs = tile.load %x[%c0, %c0] : !tile.view<8x16xf32> -> tensor<8x16xf32>
  %ws = tile.load %w[%c0, %c0] : !tile.view<16x16xf32> -> tensor<16x16xf32>
  %zero = arith.constant dense<0.0> : tensor<8x16xf32>
  %p = tile.dot %xs, %ws, %zero {transpose_b} : tensor<8x16xf32>, tensor<16x16xf32>, tensor<8x16xf32>
  tile.store %p, %y[%c0, %c0] : tensor<8x16xf32>, !tile.view<8x16xf32>
  tile.return
}

//--- erf.mlir
tile.program @erf(%x: !tile.view<8x16xf32>, %y: !tile.view<8x16xf32>) grid [] outputs 1 {
  %c0 = arith.constant 0 : index
  %t = tile.load %x[%c0, %c0] : !tile.view<8x16xf32> -> tensor<8x16xf32>
  %r = math.erf %t : tensor<8x16xf32>
  tile.store %r, %y[%c0, %c0] : tensor<8x16xf32>, !tile.view<8x16xf32>
  tile.return
}

//--- too-large.mlir
tile.program @copy(%x: !tile.view<512x512xbf16>, %y: !tile.view<512x512xbf16>) grid [] outputs 1 {
  %c0 = arith.constant 0 : index
  %t = tile.load %x[%c0, %c0] : !tile.view<512x512xbf16> -> tensor<512x512xbf16>
  tile.store %t, %y[%c0, %c0] : tensor<512x512xbf16>, !tile.view<512x512xbf16>
  tile.return
}

//--- integers.mlir
// Rounding is the type of the instruction that scales; sums of integers are read as they are.
// CHECK: systolic.vector {{.*}}fn = "mul"{{.*}}td = "i8"
// CHECK: systolic.wload {{.*}}ta = "i8"
// CHECK-NEXT: systolic.matmul {{.*}}ta = "i8"
// CHECK: systolic.vector {{.*}}fn = "mul"{{.*}}ta = "i32"{{.*}}td = "f32"
// CHECK: systolic.store
tile.program @rows(%x: !tile.view<?x32xf32>, %w: !tile.view<16x32xi8>, %y: !tile.view<?x16xf32>) grid [#tile.grid<arg = 2, dim = 0, step = 16>] outputs 1 {
  %z = arith.constant 0 : index
  %step = arith.constant 16 : index
  %i = tile.program_index 0
  %row = arith.muli %i, %step : index
  %t = tile.load %x[%row, %z] : !tile.view<?x32xf32> -> tensor<16x32xf32>
  %m = arith.constant dense<8.0> : tensor<16x32xf32>
  %p = arith.mulf %t, %m : tensor<16x32xf32>
  %q = tile.quantize %p : tensor<16x32xf32> -> tensor<16x32xi8>
  %v = tile.load %w[%z, %z] : !tile.view<16x32xi8> -> tensor<16x32xi8>
  %none = arith.constant dense<0> : tensor<16x16xi32>
  %s = tile.dot %q, %v, %none {transpose_b} : tensor<16x32xi8>, tensor<16x32xi8>, tensor<16x16xi32>
  %f = arith.sitofp %s : tensor<16x16xi32> to tensor<16x16xf32>
  %u = arith.constant dense<0.125> : tensor<16x16xf32>
  %r = arith.mulf %f, %u : tensor<16x16xf32>
  tile.store %r, %y[%row, %z] : tensor<16x16xf32>, !tile.view<?x16xf32>
  tile.return
}
