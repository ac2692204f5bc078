// Every constraint of the dialect is refused with its message.
// RUN: girih-translate --systolic-to-assembly %s --split-input-file --verify-diagnostics

systolic.program @p {
  // expected-error@+1 {{'systolic.semaphore' op attribute 'number' failed to satisfy constraint}}
  %s = systolic.semaphore 32
}

// -----

systolic.program @p {
  // expected-error@+1 {{expects 1 to 268435456 bytes within 268435456, but got 16 at 268435456}}
  %a = systolic.scratchpad 268435456 : !systolic.scratchpad<16>
}

// -----

systolic.program @p {
  // expected-error@+1 {{expects an array 0 to 7, but got 8}}
  %a = systolic.accumulator 8, 0 : !systolic.accumulator<16>
}

// -----

systolic.program @p {
  // expected-error@+1 {{is invalid: ta is type 4, expected i8 or bf16}}
  systolic.matmul {ta = "f32"}
}

// -----

systolic.program @p {
  // expected-error@+1 {{has no function 'mul.log'}}
  systolic.vector {fn = "mul.log", td = "f32", ta = "f32", tb = "f32"}
}

// -----

systolic.program @p {
  // expected-error@+1 {{expects ta to be i8, bf16, i32 or f32, but got 'f64'}}
  systolic.load {ta = "f64"}
}

// -----

systolic.program @p {
  // expected-error@+1 {{expects mask to fit 8 bits, but got 256}}
  systolic.wload {ta = "i8", mask = 256 : i64}
}

// -----

systolic.program @p {
  %s = systolic.semaphore 1
  // expected-error@+1 {{is invalid: the instruction waits for semaphore 1 twice}}
  systolic.nop wait(%s, %s)
}

// -----

systolic.program @p {
  %s = systolic.semaphore 1
  // expected-error@+1 {{expects 1 to 7 tokens of a systolic.semaphore to signal, but got 8}}
  systolic.nop signal(%s) {signal_counts = array<i64: 8>}
}

// -----

systolic.program @p {
  // expected-error@+1 {{expects its body to end with systolic.next}}
  systolic.loop rows 3 {
    systolic.nop
  }
}

// -----

// expected-error@+1 {{names no machine: expected a machine: edge16, edge32, tpu-v1-like, tpu-v5e-like, or the path of a facts file, but found 'edge1'}}
systolic.program @p attributes {machine = "edge1"} {
  systolic.halt
}

// -----

systolic.program @p attributes {machine = "edge16"} {
  %a = systolic.scratchpad 0 : !systolic.scratchpad<4096>
  // expected-error@+1 {{is not possible on edge16: expected at most 16 rows, but got 17}}
  systolic.wload a(%a : !systolic.scratchpad<4096>) {mask = 1 : i64, ta = "i8", rows = 17 : i64, cols = 16 : i64, pa = 16 : i64}
}

// -----

systolic.program @p {
  %s = systolic.semaphore 4
  // expected-error@+1 {{waits for semaphore 4, which no instruction of the program signals}}
  systolic.nop wait(%s)
}

// -----

systolic.program @p attributes {machine = "edge16"} {
  %a = systolic.scratchpad 0 : !systolic.scratchpad<4096>
  %s = systolic.semaphore 4
  // expected-note@+1 {{the other instruction; let it signal a semaphore that this one waits for}}
  systolic.load dst(%a : !systolic.scratchpad<4096>) {ta = "i8", rows = 1 : i64, cols = 16 : i64}
  // expected-error@+1 {{touches bytes between 8 and 16 of the scratchpad, but no semaphore leads here from another instruction that touches them}}
  systolic.store a(%a : !systolic.scratchpad<4096>) signal(%s) {a_offset = 8 : i64, ta = "i8", rows = 1 : i64, cols = 16 : i64}
}

// -----

systolic.program @p {
  systolic.loop rows 1 {
    systolic.loop rows 1 {
      systolic.loop rows 1 {
        systolic.loop rows 1 {
          systolic.loop rows 1 {
            systolic.loop rows 1 {
              systolic.loop rows 1 {
                systolic.loop rows 1 {
                  // expected-error@+1 {{expects loops to nest at most 8 deep, but got 9}}
                  systolic.loop rows 1 {
                    systolic.next
                  }
                  systolic.next
                }
                systolic.next
              }
              systolic.next
            }
            systolic.next
          }
          systolic.next
        }
        systolic.next
      }
      systolic.next
    }
    systolic.next
  }
  systolic.halt
}

// -----

// expected-error@+1 {{expects bindings as quadruples of register 1 to 31, kind 0 to 2, and two indices}}
systolic.program @p attributes {bindings = array<i64: 1, 0, 0, 0, 2>} {
  systolic.halt
}

// -----

// expected-error@+1 {{expects bindings as quadruples of register 1 to 31, kind 0 to 2, and two indices}}
systolic.program @p attributes {bindings = array<i64: 1, 3, 0, 0>} {
  systolic.halt
}

// -----

// expected-error@+1 {{expects at most 32 registers, but got 33}}
systolic.program @p attributes {registers = array<i64: 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0>} {
  systolic.halt
}

// -----

systolic.program @p {
  %0 = systolic.semaphore 0
  %1 = systolic.semaphore 1
  %2 = systolic.semaphore 2
  // expected-error@+1 {{expects at most two semaphores to signal, each with a count if any has one, but got 3 and 0 counts}}
  systolic.nop signal(%0, %1, %2)
}

// -----

systolic.program @p {
  %0 = systolic.semaphore 0
  // expected-error@+1 {{expects at most two semaphores to wait, each with a count if any has one, but got 1 and 2 counts}}
  systolic.nop wait(%0) {wait_counts = array<i64: 1, 1>}
}

// -----

systolic.program @p {
  %a = builtin.unrealized_conversion_cast to !systolic.scratchpad<64>
  // expected-error@+1 {{expects memory made by systolic.scratchpad or systolic.accumulator}}
  systolic.load dst(%a : !systolic.scratchpad<64>) {ta = "i8", rows = 1 : i64, cols = 16 : i64}
}

// -----

systolic.program @p {
  // expected-error@+1 {{expects an instruction of the systolic machine here}}
  %a = builtin.unrealized_conversion_cast to !systolic.scratchpad<64>
}

// -----

// expected-error@+1 {{op expects parent op to be one of 'systolic.program, systolic.loop'}}
systolic.nop

// -----

systolic.program @p {
  %a = systolic.scratchpad 0 : !systolic.scratchpad<16>
  // expected-error@+1 {{expects dst and its offset to fit 32 bits, but got 0 and 8589934592}}
  systolic.load dst(%a : !systolic.scratchpad<16>) {dst_offset = 8589934592 : i64, ta = "i8", rows = 1 : i64, cols = 16 : i64}
}

// -----

systolic.program @p {
  %a = systolic.scratchpad 0 : !systolic.scratchpad<4096>
  // expected-error@+1 {{operand #0 must be a piece of an array's accumulators, but got '!systolic.scratchpad<4096>'}}
  systolic.matmul dst(%a : !systolic.scratchpad<4096>) a(%a : !systolic.scratchpad<4096>) {ta = "i8", mask = 1 : i64}
}

// -----

systolic.program @p {
  %a = systolic.accumulator 0, 0 : !systolic.accumulator<4096>
  // expected-error@+1 {{operand #0 must be a piece of the scratchpad, but got '!systolic.accumulator<4096>'}}
  systolic.wload a(%a : !systolic.accumulator<4096>) {ta = "i8", mask = 1 : i64}
}

// -----

systolic.program @p {
  %a = systolic.accumulator 1, 0 : !systolic.accumulator<4096>
  // expected-error@+1 {{expects array 1, whose accumulators dst names, in its mask, but got 1}}
  systolic.matmul dst(%a : !systolic.accumulator<4096>) {ta = "i8", mask = 1 : i64}
}

// -----

systolic.program @p attributes {machine = "edge16"} {
  %a = systolic.scratchpad 64 : !systolic.scratchpad<16>
  // expected-error@+1 {{touches bytes 64 to 320, but the piece of memory that it names has bytes 64 to 80}}
  systolic.load dst(%a : !systolic.scratchpad<16>) {ta = "i8", rows = 16 : i64, cols = 16 : i64, pd = 16 : i64, px = 16 : i64}
}

// -----

systolic.program @p attributes {machine = "edge16"} {
  %a = systolic.scratchpad 0 : !systolic.scratchpad<64>
  %b = systolic.scratchpad 32 : !systolic.scratchpad<64>
  // expected-error@+1 {{is not possible on edge16: dst at 0x20 overlaps its source at 0x0, expected them apart}}
  systolic.transpose dst(%b : !systolic.scratchpad<64>) a(%a : !systolic.scratchpad<64>) {mask = 1 : i64, ta = "i8", rows = 8 : i64, cols = 8 : i64, pd = 8 : i64, pa = 8 : i64}
}

// -----

systolic.program @p {
  // expected-error@+1 {{leads to instruction 100 of 2}}
  systolic.br {fn = "eq", imm = 100 : i64}
  systolic.halt
}

// -----

// expected-error@+1 {{expects a systolic.halt, without which it runs past its end}}
systolic.program @p {
  systolic.nop
}

// -----

systolic.program @p {
  %s = systolic.semaphore 4
  systolic.nop signal(%s)
  // expected-error@+1 {{waits for one of 3 tokens of semaphore 4, but the program gives it 1}}
  systolic.nop wait(%s) {wait_counts = array<i64: 3>}
  systolic.halt
}

// -----

systolic.program @p attributes {machine = "tpu-v5e-like"} {
  %w = systolic.scratchpad 0 : !systolic.scratchpad<32768>
  %acc = systolic.accumulator 0, 0 : !systolic.accumulator<65536>
  systolic.wload a(%w : !systolic.scratchpad<32768>) {mask = 1 : i64, ta = "bf16", rows = 128 : i64, cols = 128 : i64, pa = 256 : i64}
  // expected-error@+1 {{uses weight bank 0 of array 1, which no wload of the program fills}}
  systolic.matmul dst(%acc : !systolic.accumulator<65536>) a(%w : !systolic.scratchpad<32768>) {mask = 3 : i64, ta = "bf16", rows = 4 : i64, cols = 128 : i64, px = 128 : i64, pa = 256 : i64, pd = 512 : i64}
  systolic.halt
}

// -----

systolic.program @p attributes {machine = "tpu-v5e-like"} {
  %a = systolic.scratchpad 0 : !systolic.scratchpad<4096>
  // expected-note@+1 {{the other instruction; let it signal a semaphore that this one waits for}}
  systolic.vector dst(%a : !systolic.scratchpad<4096>) {fn = "second", mask = 1 : i64, td = "i8", rows = 1 : i64, cols = 64 : i64, constant}
  // The same slice orders them, and another byte needs no order.
  systolic.vector dst(%a : !systolic.scratchpad<4096>) {fn = "second", mask = 1 : i64, td = "i8", rows = 1 : i64, cols = 64 : i64, constant}
  systolic.vector dst(%a : !systolic.scratchpad<4096>) {fn = "second", mask = 2 : i64, td = "i8", rows = 1 : i64, cols = 64 : i64, dst_offset = 64 : i64, constant}
  // expected-error@+1 {{touches bytes between 0 and 64 of the scratchpad, but no semaphore leads here}}
  systolic.vector dst(%a : !systolic.scratchpad<4096>) {fn = "second", mask = 2 : i64, td = "i8", rows = 1 : i64, cols = 64 : i64, constant}
}

// -----

systolic.program @p attributes {machine = "edge16"} {
  %a = systolic.scratchpad 0 : !systolic.scratchpad<4096>
  %b = systolic.scratchpad 4096 : !systolic.scratchpad<4096>
  // expected-note@+1 {{the other instruction; let it signal a semaphore that this one waits for}}
  systolic.store a(%a : !systolic.scratchpad<4096>) {ta = "i8", rows = 4 : i64, cols = 8 : i64, pa = 8 : i64, px = 16 : i64}
  // Between the rows that were stored, and on one of them.
  systolic.load dst(%b : !systolic.scratchpad<4096>) {ta = "i8", rows = 4 : i64, cols = 8 : i64, pd = 8 : i64, px = 16 : i64, x = 8 : i64}
  // expected-error@+1 {{touches bytes between 16 and 40 of DRAM, but no semaphore leads here}}
  systolic.load dst(%b : !systolic.scratchpad<4096>) {dst_offset = 32 : i64, ta = "i8", rows = 1 : i64, cols = 24 : i64, x = 16 : i64}
}

// -----

systolic.program @p attributes {machine = "edge16"} {
  %a = systolic.scratchpad 0 : !systolic.scratchpad<4096>
  // expected-note@+1 {{the other instruction; let it signal a semaphore that this one waits for}}
  systolic.load dst(%a : !systolic.scratchpad<4096>) {ta = "i8", rows = 4 : i64, cols = 8 : i64, pd = 16 : i64, px = 8 : i64}
  // The gaps, and a row.
  systolic.store a(%a : !systolic.scratchpad<4096>) {a_offset = 8 : i64, ta = "i8", rows = 4 : i64, cols = 8 : i64, pa = 16 : i64, px = 8 : i64, x = 4096 : i64}
  // expected-error@+1 {{touches bytes between 48 and 56 of the scratchpad, but no semaphore leads here}}
  systolic.store a(%a : !systolic.scratchpad<4096>) {a_offset = 48 : i64, ta = "i8", rows = 1 : i64, cols = 8 : i64, x = 8192 : i64}
}

// -----

systolic.program @p attributes {machine = "edge16"} {
  %table = systolic.scratchpad 0 : !systolic.scratchpad<64>
  %rows = systolic.scratchpad 64 : !systolic.scratchpad<4096>
  // expected-note@+1 {{the other instruction; let it signal a semaphore that this one waits for}}
  systolic.load dst(%table : !systolic.scratchpad<64>) {ta = "i32", rows = 1 : i64, cols = 4 : i64}
  // expected-error@+1 {{touches bytes between 0 and 16 of the scratchpad, but no semaphore leads here}}
  systolic.load dst(%rows : !systolic.scratchpad<4096>) b(%table : !systolic.scratchpad<64>) {ta = "i8", rows = 4 : i64, cols = 8 : i64, pd = 8 : i64, px = 8 : i64, gather}
}
