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
  // expected-error@+1 {{touches bytes 8 to 16 of the scratchpad, but no semaphore leads here from another instruction that touches them}}
  systolic.store a(%a : !systolic.scratchpad<4096>) signal(%s) {a_offset = 8 : i64, ta = "i8", rows = 1 : i64, cols = 16 : i64}
}
