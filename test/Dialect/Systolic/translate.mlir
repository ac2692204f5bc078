// The dialect goes to assembly and to the binary form, and comes back from both with the same instructions.
// RUN: girih-translate --systolic-to-assembly %s | FileCheck %s
// RUN: girih-translate --systolic-to-assembly %s -o %t.s
// RUN: girih-translate --systolic-to-binary %s -o %t.bin
// RUN: girih-translate --import-systolic %t.bin -o %t.mlir
// RUN: girih-translate --systolic-to-assembly %t.mlir | diff %t.s -
// RUN: girih-translate --import-systolic %t.s | FileCheck %s --check-prefix=IMPORTED
// RUN: girih-sim --disassemble %t.bin | diff %t.s -
// RUN: girih-sim --machine=edge16 %t.bin

// CHECK: .reg r1 16
// CHECK-NEXT: load signal=0 ta=i8 dst=0x100 pd=16 rows=16 cols=16 x=r2 px=16
// CHECK-NEXT: wload wait=0 mask=1 ta=i8 a=0x100 pa=16 rows=16 cols=16 bank
// CHECK-NEXT: loop rows=2 cols=3
// CHECK-NEXT: matmul mask=1 ta=i8 dst=0x40+r3 a=0x100 pd=64 pa=16 rows=r1 cols=16 px=16 bank
// CHECK-NEXT: salu fn=mul rd=r4 ra=r1 x=0x3
// CHECK-NEXT: next rd=r3 dst=0x400
// CHECK-NEXT: nop signal=1:2
// CHECK-NEXT: barrier
// CHECK-NEXT: vector wait=1:2 fn=add.gelu mask=1 td=bf16 ta=i32 tb=f32 dst=0x8000 a=acc0+64 b=0x4000 pd=32 pa=64 rows=16 cols=16 imm=1f scale
// CHECK-NEXT: halt

// IMPORTED: systolic.program @main attributes {registers = array<i64: 0, 16,
// IMPORTED: systolic.loop rows 2
// IMPORTED-NEXT: systolic.matmul dst(%{{.*}} : !systolic.accumulator<268435456>) a(%{{.*}} : !systolic.scratchpad<268435456>)
systolic.program @main attributes {registers = array<i64: 0, 16>} {
  %pad = systolic.scratchpad 256 : !systolic.scratchpad<256>
  %bias = systolic.scratchpad 16384 : !systolic.scratchpad<1024>
  %out = systolic.scratchpad 32768 : !systolic.scratchpad<512>
  %acc = systolic.accumulator 0, 64 : !systolic.accumulator<4096>
  %loaded = systolic.semaphore 0
  %go = systolic.semaphore 1
  systolic.load dst(%pad : !systolic.scratchpad<256>) signal(%loaded) {ta = "i8", rows = 16 : i64, cols = 16 : i64, pd = 16 : i64, px = 16 : i64, rx = 2 : i64}
  systolic.wload a(%pad : !systolic.scratchpad<256>) wait(%loaded) {mask = 1 : i64, ta = "i8", rows = 16 : i64, cols = 16 : i64, pa = 16 : i64, bank}
  systolic.loop rows 2 {
    systolic.matmul dst(%acc : !systolic.accumulator<4096>) a(%pad : !systolic.scratchpad<256>) {mask = 1 : i64, ta = "i8", rn = 1 : i64, rd = 3 : i64, cols = 16 : i64, px = 16 : i64, pa = 16 : i64, pd = 64 : i64, bank}
    systolic.salu {fn = "mul", rd = 4 : i64, ra = 1 : i64, x = 3 : i64}
    systolic.next {rd = 3 : i64, dst = 1024 : i64}
  }
  systolic.nop signal(%go) {signal_counts = array<i64: 2>}
  systolic.barrier
  systolic.vector dst(%out : !systolic.scratchpad<512>) a(%acc : !systolic.accumulator<4096>) b(%bias : !systolic.scratchpad<1024>) wait(%go) {wait_counts = array<i64: 2>, fn = "add.gelu", mask = 1 : i64, td = "bf16", ta = "i32", tb = "f32", rows = 16 : i64, cols = 16 : i64, pd = 32 : i64, pa = 64 : i64, imm = 1065353216 : i64, scale}
  systolic.halt
}
