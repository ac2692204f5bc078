// Operations of the `systolic` dialect: structure, then one for each instruction in the order of SystolicISA.def.
#ifndef GIRIH_DIALECTS_SYSTOLIC_SYSTOLICOPS_TD
#define GIRIH_DIALECTS_SYSTOLIC_SYSTOLICOPS_TD

include "dialects/Systolic/SystolicTypes.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Systolic_Op<string mnemonic, list<Trait> traits = []> : Op<Systolic_Dialect, mnemonic, traits>;

//===- Structure ----------------------------------------------------------------------------------===//

def Systolic_ProgramOp : Systolic_Op<"program", [Symbol, IsolatedFromAbove, SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "a program of the machine";
  let description = [{
    Holds the instructions in order. `registers` are r0 to r31 at launch, the rest 0. With `machine`, the facts file it names is
    what addresses, extents and hazards are checked against. `bindings` says what a launch of the compiler's kernel puts into registers,
    four numbers each: the register; 0 for where an argument lies in DRAM, 1 for the size of one of its dimensions, 2 for the blocks along
    a dimension of the grid; the argument or the grid's dimension; the argument's dimension.

    C1: `machine` names a preset or a facts file.
    C2: an instruction that uses no register is possible on the machine: its operands lie in the pieces of memory that they name, are
        aligned, fit the arrays.
    C3: every semaphore that is waited for is signalled by some instruction, and where neither a branch nor a loop around a signal leaves
        that open, with as many tokens.
    C4: two instructions of different units (a DMA queue, an array, a vector slice) that touch the same byte, one of them writing, have a
        path of semaphores from the first's queue to the second's (or a barrier stands in the program); only operands at fixed addresses
        count. A gather reads its table when it issues, so that not even its own queue orders what wrote the table.
    C5: `bindings` are whole quadruples that name registers 1 to 31, kinds 0 to 2 and no negative index.
    C6: there are at most 32 `registers`.
    C7: a branch leads to an instruction of the program, and there is a `systolic.halt`.
    C8: on a machine that is weight stationary, some wload fills the weight banks that a matmul uses.

    ```mlir
    systolic.program @copy attributes {machine = "edge16"} {
      %pad = systolic.scratchpad 0 : !systolic.scratchpad<256>
      %loaded = systolic.semaphore 0
      systolic.load dst(%pad : !systolic.scratchpad<256>) signal(%loaded) {ta = "i8", rows = 1 : i64, cols = 256 : i64}
      systolic.store a(%pad : !systolic.scratchpad<256>) wait(%loaded) {ta = "i8", rows = 1 : i64, cols = 256 : i64, x = 4096 : i64}
      systolic.halt
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<StrAttr>:$machine, OptionalAttr<DenseI64ArrayAttr>:$registers,
                       OptionalAttr<DenseI64ArrayAttr>:$bindings);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Systolic_ScratchpadOp : Systolic_Op<"scratchpad", [Pure]> {
  let summary = "a piece of the scratchpad at an address";
  let description = [{
    Names the bytes from `address` on.

    C1: the piece lies within 2^28 bytes.

    ```mlir
    systolic.program @example {
      %a = systolic.scratchpad 4096 : !systolic.scratchpad<1024>
      systolic.halt
    }
    ```
  }];
  let arguments = (ins ConfinedAttr<I64Attr, [IntNonNegative]>:$address);
  let results = (outs Systolic_ScratchpadType:$result);
  let assemblyFormat = "$address attr-dict `:` qualified(type($result))";
  let hasVerifier = 1;
}

def Systolic_AccumulatorOp : Systolic_Op<"accumulator", [Pure]> {
  let summary = "a piece of an array's accumulators at an address";
  let description = [{
    Names the bytes from `address` on in the accumulators of `array`. A matmul writes to the same offset of every array in its mask.

    C1: the piece lies within 2^28 bytes, and the array is 0 to 7.

    ```mlir
    systolic.program @example {
      %a = systolic.accumulator 0, 4096 : !systolic.accumulator<1024>
      systolic.halt
    }
    ```
  }];
  let arguments = (ins ConfinedAttr<I64Attr, [IntNonNegative]>:$array, ConfinedAttr<I64Attr, [IntNonNegative]>:$address);
  let results = (outs Systolic_AccumulatorType:$result);
  let assemblyFormat = "$array `,` $address attr-dict `:` qualified(type($result))";
  let hasVerifier = 1;
}

def Systolic_SemaphoreOp : Systolic_Op<"semaphore", [Pure]> {
  let summary = "one of the 32 semaphores";
  let description = [{
    Names a semaphore by its number.

    C1: the number is below 32.

    ```mlir
    systolic.program @example {
      %s = systolic.semaphore 31
      systolic.nop signal(%s)
      systolic.halt
    }
    ```
  }];
  let arguments = (ins ConfinedAttr<I64Attr, [IntNonNegative, IntMaxValue<31>]>:$number);
  let results = (outs Systolic_Semaphore:$result);
  let assemblyFormat = "$number attr-dict";
}

//===- Instructions -------------------------------------------------------------------------------===//

/// An instruction stands in a program or in a loop's body.
class Systolic_InstructionOp<string mnemonic, list<Trait> traits = []> :
    Systolic_Op<mnemonic, !listconcat(traits, [AttrSizedOperandSegments, ParentOneOf<["ProgramOp", "LoopOp"]>])>;

def Systolic_NopOp : Systolic_InstructionOp<"nop"> {
  let summary = "does nothing, but waits and signals";
  let description = [{
    Waits and signals, nothing else.

    Order, for every instruction: it takes its tokens when it issues and gives its signals when it retires. Two accesses to the same byte, one of
    them a write, must be ordered by a token, which orders what retired before its signal before what issues after its wait. No token is
    needed within one queue on one unit (a DMA queue, an array, a slice), from a wload to the matmuls that use its bank, after what an
    earlier instruction of the queue waited for, or after what the sequencer waited for before it dispatched. Two things order less than
    they seem to: a gather reads its table when it issues, while earlier transfers of its queue may be under way, and `release` frees a bank
    while sums still drain. A race ends the program.

    Timing: a cycle of the sequencer, which stalls until the tokens are there.

    Encoding: opcode 0x01, queue SEQ; `op` w0[7:0]; `wait0`, `wait1`, `signal0`, `signal1` w1.

    C1: the instruction is one that `checkInstruction` accepts: known functions, types and flags, and
        no semaphore waited for or signalled twice.
    C2: at most two semaphores each, 1 to 7 tokens.

    ```mlir
    systolic.program @example {
      systolic.nop
      systolic.halt
    }
    ```

    Translation: `dialects/Systolic/Translate.cpp`.
  }];
  let arguments = (ins Variadic<Systolic_Semaphore>:$waits,
      Variadic<Systolic_Semaphore>:$signals,
      OptionalAttr<DenseI64ArrayAttr>:$wait_counts,
      OptionalAttr<DenseI64ArrayAttr>:$signal_counts);
  let assemblyFormat = "(`wait` `(` $waits^ `)`)? (`signal` `(` $signals^ `)`)? attr-dict";
  let hasVerifier = 1;
}

def Systolic_HaltOp : Systolic_InstructionOp<"halt"> {
  let summary = "ends the program once every queue is empty";
  let description = [{
    Ends the program.

    Timing: executes once every queue is empty and everything has retired; the program has taken that cycle + 1 cycles.

    Encoding: opcode 0x02, queue SEQ; `op` w0[7:0]; `wait0`, `wait1`, `signal0`, `signal1` w1.

    C1: the instruction is one that `checkInstruction` accepts: known functions, types and flags, and
        no semaphore waited for or signalled twice.
    C2: at most two semaphores each, 1 to 7 tokens.

    ```mlir
    systolic.program @example {
      systolic.halt
    }
    ```

    Translation: `dialects/Systolic/Translate.cpp`.
  }];
  let arguments = (ins Variadic<Systolic_Semaphore>:$waits,
      Variadic<Systolic_Semaphore>:$signals,
      OptionalAttr<DenseI64ArrayAttr>:$wait_counts,
      OptionalAttr<DenseI64ArrayAttr>:$signal_counts);
  let assemblyFormat = "(`wait` `(` $waits^ `)`)? (`signal` `(` $signals^ `)`)? attr-dict";
  let hasVerifier = 1;
}

def Systolic_SaluOp : Systolic_InstructionOp<"salu"> {
  let summary = "scalar arithmetic: R[rd] = R[ra] fn (R[rb] + x)";
  let description = [{
    Computes `R[rd] = R[ra] fn (R[rb] + x)` on signed 64-bit numbers; `div` and `rem` round towards zero.

    Timing: one cycle.

    Encoding: opcode 0x03, queue SEQ; `op` w0[7:0], `fn` w0[15:8], `rd` w3[4:0], `ra` w3[9:5], `rb` w3[14:10], `x` w12[63:0]; `wait0`, `wait1`, `signal0`, `signal1` w1.

    C1: the instruction is one that `checkInstruction` accepts: known functions, types and flags, and
        no semaphore waited for or signalled twice.
    C2: at most two semaphores each, 1 to 7 tokens.

    ```mlir
    systolic.program @example {
      systolic.salu {fn = "add", rd = 1 : i64, ra = 1 : i64, x = 64 : i64}
      systolic.halt
    }
    ```

    Translation: `dialects/Systolic/Translate.cpp`.
  }];
  let arguments = (ins Variadic<Systolic_Semaphore>:$waits,
      Variadic<Systolic_Semaphore>:$signals,
      OptionalAttr<DenseI64ArrayAttr>:$wait_counts,
      OptionalAttr<DenseI64ArrayAttr>:$signal_counts,
      OptionalAttr<StrAttr>:$fn,
      OptionalAttr<I64Attr>:$rd,
      OptionalAttr<I64Attr>:$ra,
      OptionalAttr<I64Attr>:$rb,
      OptionalAttr<I64Attr>:$x);
  let assemblyFormat = "(`wait` `(` $waits^ `)`)? (`signal` `(` $signals^ `)`)? attr-dict";
  let hasVerifier = 1;
}

def Systolic_SloadOp : Systolic_InstructionOp<"sload"> {
  let summary = "loads a scalar: R[rd] = the sign-extended i32 at local address a + R[ra]";
  let description = [{
    Loads `R[rd] = sign-extended i32 at a + a_offset + R[ra]`.

    Timing: one cycle; a run without data cannot execute it.

    Encoding: opcode 0x04, queue SEQ; `op` w0[7:0], `rd` w3[4:0], `ra` w3[9:5], `a` w5[31:0]; `wait0`, `wait1`, `signal0`, `signal1` w1.

    C1: the instruction is one that `checkInstruction` accepts: known functions, types and flags, and
        no semaphore waited for or signalled twice.
    C2: at most two semaphores each, 1 to 7 tokens.

    ```mlir
    systolic.program @example {
      %pad = systolic.scratchpad 0 : !systolic.scratchpad<4096>
      systolic.sload a(%pad : !systolic.scratchpad<4096>) {rd = 1 : i64}
      systolic.halt
    }
    ```

    Translation: `dialects/Systolic/Translate.cpp`.
  }];
  let arguments = (ins Variadic<Systolic_Semaphore>:$waits,
      Variadic<Systolic_Semaphore>:$signals,
      Arg<Optional<Systolic_Memory>, "local address of source a">:$a,
      OptionalAttr<DenseI64ArrayAttr>:$wait_counts,
      OptionalAttr<DenseI64ArrayAttr>:$signal_counts,
      OptionalAttr<I64Attr>:$a_offset,
      OptionalAttr<I64Attr>:$rd,
      OptionalAttr<I64Attr>:$ra);
  let assemblyFormat = "(`a` `(` $a^ `:` type($a) `)`)? (`wait` `(` $waits^ `)`)? (`signal` `(` $signals^ `)`)? attr-dict";
  let hasVerifier = 1;
}

def Systolic_BrOp : Systolic_InstructionOp<"br"> {
  let summary = "branches by imm instructions if R[ra] fn (R[rb] + x)";
  let description = [{
    Branches to the instruction `imm` further, one of the program's, if `R[ra] fn (R[rb] + x)`.

    Timing: one cycle, taken or not.

    Encoding: opcode 0x05, queue SEQ; `op` w0[7:0], `fn` w0[15:8], `ra` w3[9:5], `rb` w3[14:10], `x` w12[63:0], `imm` w15[31:0]; `wait0`, `wait1`, `signal0`, `signal1` w1.

    C1: the instruction is one that `checkInstruction` accepts: known functions, types and flags, and
        no semaphore waited for or signalled twice.
    C2: at most two semaphores each, 1 to 7 tokens.

    ```mlir
    systolic.program @example {
      systolic.br {fn = "lt", ra = 1 : i64, x = 8 : i64, imm = 2 : i64}
      systolic.nop
      systolic.halt
    }
    ```

    Translation: `dialects/Systolic/Translate.cpp`.
  }];
  let arguments = (ins Variadic<Systolic_Semaphore>:$waits,
      Variadic<Systolic_Semaphore>:$signals,
      OptionalAttr<DenseI64ArrayAttr>:$wait_counts,
      OptionalAttr<DenseI64ArrayAttr>:$signal_counts,
      OptionalAttr<StrAttr>:$fn,
      OptionalAttr<I64Attr>:$ra,
      OptionalAttr<I64Attr>:$rb,
      OptionalAttr<I64Attr>:$x,
      OptionalAttr<I64Attr>:$imm);
  let assemblyFormat = "(`wait` `(` $waits^ `)`)? (`signal` `(` $signals^ `)`)? attr-dict";
  let hasVerifier = 1;
}

def Systolic_LoopOp : Systolic_InstructionOp<"loop", [SingleBlock, NoRegionArguments]> {
  let summary = "repeats its body rows + R[rn] times";
  let description = [{
    Repeats its body, which ends with its `systolic.next`, `rows + R[rn]` times; not at all if that is 0 or negative. In assembly `cols` may say how
    many instructions the body has, its `next` included.

    Timing: one cycle; the body's `next` takes one each iteration.

    Encoding: opcode 0x06, queue SEQ; `op` w0[7:0], `rn` w3[24:20], `rows` w10[31:0], `cols` w11[31:0], which is the length of the body; `wait0`, `wait1`, `signal0`, `signal1` w1.

    C1: loops nest at most 8 deep.

    ```mlir
    systolic.program @example {
      systolic.loop rows 16 {
        systolic.nop
        systolic.next {rd = 2 : i64, dst = 1 : i64}
      }
      systolic.halt
    }
    ```

    Translation: `dialects/Systolic/Translate.cpp`.
  }];
  let arguments = (ins Variadic<Systolic_Semaphore>:$waits, Variadic<Systolic_Semaphore>:$signals,
      OptionalAttr<DenseI64ArrayAttr>:$wait_counts, OptionalAttr<DenseI64ArrayAttr>:$signal_counts,
      I64Attr:$rows, OptionalAttr<I64Attr>:$rn);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "`rows` $rows (`wait` `(` $waits^ `)`)? (`signal` `(` $signals^ `)`)? attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

def Systolic_NextOp : Systolic_Op<"next", [AttrSizedOperandSegments, Terminator, HasParent<"LoopOp">]> {
  let summary = "ends an iteration: R[rd] += dst, R[ra] += a, R[rb] += b";
  let description = [{
    Ends an iteration: `R[rd] += dst`, `R[ra] += a`, `R[rb] += b`, then the loop goes on or ends.

    Timing: one cycle.

    Encoding: opcode 0x07, queue SEQ; `op` w0[7:0], `rd` w3[4:0], `ra` w3[9:5], `rb` w3[14:10], `dst` w4[31:0], `a` w5[31:0], `b` w6[31:0]; `wait0`, `wait1`, `signal0`, `signal1` w1.

    C1: the instruction is one that `checkInstruction` accepts: known functions, types and flags, and
        no semaphore waited for or signalled twice.
    C2: at most two semaphores each, 1 to 7 tokens.

    ```mlir
    systolic.program @example {
      systolic.loop rows 4 {
        systolic.next {rd = 1 : i64, dst = 64 : i64}
      }
      systolic.halt
    }
    ```

    Translation: `dialects/Systolic/Translate.cpp`.
  }];
  let arguments = (ins Variadic<Systolic_Semaphore>:$waits,
      Variadic<Systolic_Semaphore>:$signals,
      OptionalAttr<DenseI64ArrayAttr>:$wait_counts,
      OptionalAttr<DenseI64ArrayAttr>:$signal_counts,
      OptionalAttr<I64Attr>:$rd,
      OptionalAttr<I64Attr>:$ra,
      OptionalAttr<I64Attr>:$rb,
      OptionalAttr<I64Attr>:$dst,
      OptionalAttr<I64Attr>:$a,
      OptionalAttr<I64Attr>:$b);
  let assemblyFormat = "(`wait` `(` $waits^ `)`)? (`signal` `(` $signals^ `)`)? attr-dict";
  let hasVerifier = 1;
}

def Systolic_BarrierOp : Systolic_InstructionOp<"barrier"> {
  let summary = "waits until every queue is empty and every instruction has retired";
  let description = [{
    Waits until every queue is empty and every instruction has retired.

    Timing: the cycle in which that holds.

    Encoding: opcode 0x08, queue SEQ; `op` w0[7:0]; `wait0`, `wait1`, `signal0`, `signal1` w1.

    C1: the instruction is one that `checkInstruction` accepts: known functions, types and flags, and
        no semaphore waited for or signalled twice.
    C2: at most two semaphores each, 1 to 7 tokens.

    ```mlir
    systolic.program @example {
      systolic.barrier
      systolic.halt
    }
    ```

    Translation: `dialects/Systolic/Translate.cpp`.
  }];
  let arguments = (ins Variadic<Systolic_Semaphore>:$waits,
      Variadic<Systolic_Semaphore>:$signals,
      OptionalAttr<DenseI64ArrayAttr>:$wait_counts,
      OptionalAttr<DenseI64ArrayAttr>:$signal_counts);
  let assemblyFormat = "(`wait` `(` $waits^ `)`)? (`signal` `(` $signals^ `)`)? attr-dict";
  let hasVerifier = 1;
}

def Systolic_TagOp : Systolic_InstructionOp<"tag"> {
  let summary = "names the instructions that follow in profiles";
  let description = [{
    Names the instructions that follow in profiles.

    Timing: one cycle.

    Encoding: opcode 0x09, queue SEQ; `op` w0[7:0], `imm` w15[31:0]; `wait0`, `wait1`, `signal0`, `signal1` w1.

    C1: the instruction is one that `checkInstruction` accepts: known functions, types and flags, and
        no semaphore waited for or signalled twice.
    C2: at most two semaphores each, 1 to 7 tokens.

    ```mlir
    systolic.program @example {
      systolic.tag {imm = 7 : i64}
      systolic.halt
    }
    ```

    Translation: `dialects/Systolic/Translate.cpp`.
  }];
  let arguments = (ins Variadic<Systolic_Semaphore>:$waits,
      Variadic<Systolic_Semaphore>:$signals,
      OptionalAttr<DenseI64ArrayAttr>:$wait_counts,
      OptionalAttr<DenseI64ArrayAttr>:$signal_counts,
      OptionalAttr<I64Attr>:$imm);
  let assemblyFormat = "(`wait` `(` $waits^ `)`)? (`signal` `(` $signals^ `)`)? attr-dict";
  let hasVerifier = 1;
}

def Systolic_LoadOp : Systolic_InstructionOp<"load"> {
  let summary = "copies rows from DRAM";
  let description = [{
    Copies rows from DRAM: `dst[i pd + j t] = dram[x + i px + j t]`, i < rows, j < cols. `transpose` exchanges i and j locally; with `gather` the row is read through a table at `b`, of pages of 2^fn rows from row `imm` on: row i is g with J = i + imm, e = table[J >> fn] (i32) and g = e 2^fn + J mod 2^fn, and a negative e skips it.

    Limits: `rows` from 0, `cols` from 1, both below 2^31; a row has fewer than 2^31 bytes. `b` and `imm` belong to `gather`.

    Flags: `transpose`: local memory gets the block transposed; `gather`: DRAM rows are chosen by a table at b.

    Timing: at most `dma_in_flight` outstanding; the data phase starts `dram_latency` cycles after issue or when the bus is free, and takes ceil(bytes / `dram_bytes_per_cycle`) cycles, for each row if the rows are not contiguous.

    Encoding: opcode 0x10, queue LD; `op` w0[7:0], `fn` w0[15:8], `flags` w0[31:24], `ta` w2[7:4], `rd` w3[4:0], `rb` w3[14:10], `rx` w3[19:15], `rn` w3[24:20], `rk` w3[29:25], `ri` w2[16:12], `dst` w4[31:0], `b` w6[31:0], `pd` w7[31:0], `rows` w10[31:0], `cols` w11[31:0], `x` w12[63:0], `px` w14[31:0], `imm` w15[31:0]; `wait0`, `wait1`, `signal0`, `signal1` w1.

    C1: the instruction is one that `checkInstruction` accepts: known functions, types and flags, and
        no semaphore waited for or signalled twice.
    C2: at most two semaphores each, 1 to 7 tokens.

    ```mlir
    systolic.program @example {
      %pad = systolic.scratchpad 0 : !systolic.scratchpad<4096>
      %ready = systolic.semaphore 0
      systolic.load dst(%pad : !systolic.scratchpad<4096>) signal(%ready) {ta = "i8", rows = 16 : i64, cols = 16 : i64, pd = 16 : i64, px = 16 : i64, x = 4096 : i64}
      systolic.halt
    }
    ```

    Translation: `dialects/Systolic/Translate.cpp`.
  }];
  let arguments = (ins Variadic<Systolic_Semaphore>:$waits,
      Variadic<Systolic_Semaphore>:$signals,
      Arg<Optional<Systolic_Memory>, "local address of the destination">:$dst,
      Arg<Optional<Systolic_Memory>, "local address of source b">:$b,
      OptionalAttr<DenseI64ArrayAttr>:$wait_counts,
      OptionalAttr<DenseI64ArrayAttr>:$signal_counts,
      OptionalAttr<I64Attr>:$dst_offset,
      OptionalAttr<I64Attr>:$b_offset,
      OptionalAttr<StrAttr>:$fn,
      OptionalAttr<StrAttr>:$ta,
      OptionalAttr<I64Attr>:$rd,
      OptionalAttr<I64Attr>:$rb,
      OptionalAttr<I64Attr>:$rx,
      OptionalAttr<I64Attr>:$rn,
      OptionalAttr<I64Attr>:$rk,
      OptionalAttr<I64Attr>:$ri,
      OptionalAttr<I64Attr>:$pd,
      OptionalAttr<I64Attr>:$rows,
      OptionalAttr<I64Attr>:$cols,
      OptionalAttr<I64Attr>:$x,
      OptionalAttr<I64Attr>:$px,
      OptionalAttr<I64Attr>:$imm,
      UnitAttr:$transpose,
      UnitAttr:$gather);
  let assemblyFormat = "(`dst` `(` $dst^ `:` type($dst) `)`)? (`b` `(` $b^ `:` type($b) `)`)? (`wait` `(` $waits^ `)`)? (`signal` `(` $signals^ `)`)? attr-dict";
  let hasVerifier = 1;
}

def Systolic_WloadOp : Systolic_InstructionOp<"wload"> {
  let summary = "loads a weight tile into arrays";
  let description = [{
    Fills a weight bank of the arrays in `mask`: `W[r][c] = a[r pa + c t]`, 0 beyond rows and cols; `transpose` exchanges r and c; `sparse` takes 2-bit indices from `b`: cell (r, c) has bits `2 (c mod 4)` and the next of the byte `b + r pb + c / 4`.
    With 2:4 weights row r of the array multiplies lane `4 (r / 2) + index` of the activations.

    Limits: `rows` from 0 to R, `cols` from 1 to C (exchanged by `transpose`, which excludes `sparse`); `a` and `b` lie in the scratchpad.

    Flags: `bank`: weight bank 1 instead of 0; `transpose`: source rows become columns of the tile; `sparse`: 2:4: index bits lie at b.

    Timing: issues when each array's weight port and the bank are free; takes ceil(R C t / `weight_port_bytes`) cycles, holding the read ports of its source's banks.

    Encoding: opcode 0x20, queue WL; `op` w0[7:0], `mask` w0[23:16], `flags` w0[31:24], `ta` w2[7:4], `ra` w3[9:5], `rb` w3[14:10], `rn` w3[24:20], `rk` w3[29:25], `a` w5[31:0], `b` w6[31:0], `pa` w8[31:0], `pb` w9[31:0], `rows` w10[31:0], `cols` w11[31:0]; `wait0`, `wait1`, `signal0`, `signal1` w1.

    C1: the instruction is one that `checkInstruction` accepts: known functions, types and flags, and
        no semaphore waited for or signalled twice.
    C2: at most two semaphores each, 1 to 7 tokens.

    ```mlir
    systolic.program @example {
      %pad = systolic.scratchpad 0 : !systolic.scratchpad<4096>
      systolic.wload a(%pad : !systolic.scratchpad<4096>) {mask = 1 : i64, ta = "i8", rows = 16 : i64, cols = 16 : i64, pa = 16 : i64}
      systolic.halt
    }
    ```

    Translation: `dialects/Systolic/Translate.cpp`.
  }];
  let arguments = (ins Variadic<Systolic_Semaphore>:$waits,
      Variadic<Systolic_Semaphore>:$signals,
      Arg<Optional<Systolic_ScratchpadType>, "local address of source a">:$a,
      Arg<Optional<Systolic_ScratchpadType>, "local address of source b">:$b,
      OptionalAttr<DenseI64ArrayAttr>:$wait_counts,
      OptionalAttr<DenseI64ArrayAttr>:$signal_counts,
      OptionalAttr<I64Attr>:$a_offset,
      OptionalAttr<I64Attr>:$b_offset,
      OptionalAttr<StrAttr>:$ta,
      OptionalAttr<I64Attr>:$mask,
      OptionalAttr<I64Attr>:$ra,
      OptionalAttr<I64Attr>:$rb,
      OptionalAttr<I64Attr>:$rn,
      OptionalAttr<I64Attr>:$rk,
      OptionalAttr<I64Attr>:$pa,
      OptionalAttr<I64Attr>:$pb,
      OptionalAttr<I64Attr>:$rows,
      OptionalAttr<I64Attr>:$cols,
      UnitAttr:$bank,
      UnitAttr:$transpose,
      UnitAttr:$sparse);
  let assemblyFormat = "(`a` `(` $a^ `:` type($a) `)`)? (`b` `(` $b^ `:` type($b) `)`)? (`wait` `(` $waits^ `)`)? (`signal` `(` $signals^ `)`)? attr-dict";
  let hasVerifier = 1;
}

def Systolic_MatmulOp : Systolic_InstructionOp<"matmul"> {
  let summary = "streams activation rows through arrays";
  let description = [{
    Streams `rows` rows of activations through the arrays in `mask`: `dst[i pd + 4 c] (+)= sum over r of (a[i][r] - imm) W[r][c]`, c < px, in array order. Lanes from `cols` on are 0; `imm` is the zero
    point of int8 activations, -128 to 127, and 0 with bf16.

    Limits: `rows` from 0, `cols` from 1 to R (2R with `sparse`, lanes from R on from `b`), `px` from 1 to C; `a` and `b` lie in the scratchpad;
    `dst` is an offset in the accumulators of every array in `mask`.

    Flags: `bank`: weight bank 1 instead of 0; `accumulate`: adds to the accumulator rows; `release`: last use of the weights: the bank may be loaded again; `sparse`: the bank holds 2:4 weights; lanes from R on come from b.

    Timing: issues when the bank is full and loaded and the last stream has ended; D = ceil(rows `matmul_cycles`), retires at D + R + C - 2.

    Encoding: opcode 0x30, queue MX; `op` w0[7:0], `mask` w0[23:16], `flags` w0[31:24], `ta` w2[7:4], `rd` w3[4:0], `ra` w3[9:5], `rb` w3[14:10], `rn` w3[24:20], `rk` w3[29:25], `ri` w2[16:12], `dst` w4[31:0], `a` w5[31:0], `b` w6[31:0], `pd` w7[31:0], `pa` w8[31:0], `pb` w9[31:0], `rows` w10[31:0], `cols` w11[31:0], `px` w14[31:0], `imm` w15[31:0]; `wait0`, `wait1`, `signal0`, `signal1` w1.

    C1: the instruction is one that `checkInstruction` accepts: known functions, types and flags, and
        no semaphore waited for or signalled twice.
    C2: at most two semaphores each, 1 to 7 tokens.
    C3: the array whose accumulators `dst` names is in `mask`.

    ```mlir
    systolic.program @example {
      %pad = systolic.scratchpad 0 : !systolic.scratchpad<4096>
      %acc = systolic.accumulator 0, 0 : !systolic.accumulator<4096>
      systolic.matmul dst(%acc : !systolic.accumulator<4096>) a(%pad : !systolic.scratchpad<4096>) {mask = 1 : i64, ta = "i8", rows = 16 : i64, cols = 16 : i64, px = 16 : i64, pa = 16 : i64, pd = 64 : i64, release}
      systolic.halt
    }
    ```

    Translation: `dialects/Systolic/Translate.cpp`.
  }];
  let arguments = (ins Variadic<Systolic_Semaphore>:$waits,
      Variadic<Systolic_Semaphore>:$signals,
      Arg<Optional<Systolic_AccumulatorType>, "offset in the accumulators of the arrays in mask">:$dst,
      Arg<Optional<Systolic_ScratchpadType>, "local address of source a">:$a,
      Arg<Optional<Systolic_ScratchpadType>, "local address of source b">:$b,
      OptionalAttr<DenseI64ArrayAttr>:$wait_counts,
      OptionalAttr<DenseI64ArrayAttr>:$signal_counts,
      OptionalAttr<I64Attr>:$dst_offset,
      OptionalAttr<I64Attr>:$a_offset,
      OptionalAttr<I64Attr>:$b_offset,
      OptionalAttr<StrAttr>:$ta,
      OptionalAttr<I64Attr>:$mask,
      OptionalAttr<I64Attr>:$rd,
      OptionalAttr<I64Attr>:$ra,
      OptionalAttr<I64Attr>:$rb,
      OptionalAttr<I64Attr>:$rn,
      OptionalAttr<I64Attr>:$rk,
      OptionalAttr<I64Attr>:$ri,
      OptionalAttr<I64Attr>:$pd,
      OptionalAttr<I64Attr>:$pa,
      OptionalAttr<I64Attr>:$pb,
      OptionalAttr<I64Attr>:$rows,
      OptionalAttr<I64Attr>:$cols,
      OptionalAttr<I64Attr>:$px,
      OptionalAttr<I64Attr>:$imm,
      UnitAttr:$bank,
      UnitAttr:$accumulate,
      UnitAttr:$release,
      UnitAttr:$sparse);
  let assemblyFormat = "(`dst` `(` $dst^ `:` type($dst) `)`)? (`a` `(` $a^ `:` type($a) `)`)? (`b` `(` $b^ `:` type($b) `)`)? (`wait` `(` $waits^ `)`)? (`signal` `(` $signals^ `)`)? attr-dict";
  let hasVerifier = 1;
}

def Systolic_VectorOp : Systolic_InstructionOp<"vector"> {
  let summary = "element-wise function and reduction of rows";
  let description = [{
    Computes `dst[i][j] = function(combine(a[i][j], b[i][j]))` in f32, or with `reduce` one element a row, by a tree over the lanes. `px` rotates a within groups of 2 px lanes, `scale` multiplies it by `imm`, `scalar` takes one element of b a row, `constant` takes `imm` for b. `constant` excludes `scale` and `scalar`, for there is one `imm` and no b then; `max` needs `reduce` or
    `accumulate`. `ta` may be left out with `second`, `tb` must be where b is not read.

    Limits: `rows` from 0, `cols` from 1 to C, `px` from 0 to C; `mask` names one slice; operands in accumulators are i32 or f32.

    Flags: `reduce`: combines the row's elements to one; `accumulate`: combines with what the destination holds; `max`: reduce and accumulate take the maximum instead of the sum; `scale`: source a is multiplied by imm, an f32; `scalar`: source b has one element a row; `constant`: source b is imm, an f32.

    Timing: issues when the slice has finished its last instruction; D = rows times the larger of the function's cycles and the operands' beats; retires at D + `vector_latency`, plus log2 of the lanes for `reduce`.

    Encoding: opcode 0x40, queue VX; `op` w0[7:0], `fn` w0[15:8], `mask` w0[23:16], `flags` w0[31:24], `td` w2[3:0], `ta` w2[7:4], `tb` w2[11:8], `rd` w3[4:0], `ra` w3[9:5], `rb` w3[14:10], `rn` w3[24:20], `rk` w3[29:25], `ri` w2[16:12], `dst` w4[31:0], `a` w5[31:0], `b` w6[31:0], `pd` w7[31:0], `pa` w8[31:0], `pb` w9[31:0], `rows` w10[31:0], `cols` w11[31:0], `px` w14[31:0], `imm` w15[31:0]; `wait0`, `wait1`, `signal0`, `signal1` w1.

    C1: the instruction is one that `checkInstruction` accepts: known functions, types and flags, and
        no semaphore waited for or signalled twice.
    C2: at most two semaphores each, 1 to 7 tokens.

    ```mlir
    systolic.program @example {
      %pad = systolic.scratchpad 0 : !systolic.scratchpad<4096>
      %acc = systolic.accumulator 0, 0 : !systolic.accumulator<4096>
      systolic.vector dst(%pad : !systolic.scratchpad<4096>) a(%acc : !systolic.accumulator<4096>) {fn = "first.gelu", mask = 1 : i64, td = "bf16", ta = "f32", rows = 4 : i64, cols = 16 : i64, pd = 32 : i64, pa = 64 : i64}
      systolic.halt
    }
    ```

    Translation: `dialects/Systolic/Translate.cpp`.
  }];
  let arguments = (ins Variadic<Systolic_Semaphore>:$waits,
      Variadic<Systolic_Semaphore>:$signals,
      Arg<Optional<Systolic_Memory>, "local address of the destination">:$dst,
      Arg<Optional<Systolic_Memory>, "local address of source a">:$a,
      Arg<Optional<Systolic_Memory>, "local address of source b">:$b,
      OptionalAttr<DenseI64ArrayAttr>:$wait_counts,
      OptionalAttr<DenseI64ArrayAttr>:$signal_counts,
      OptionalAttr<I64Attr>:$dst_offset,
      OptionalAttr<I64Attr>:$a_offset,
      OptionalAttr<I64Attr>:$b_offset,
      OptionalAttr<StrAttr>:$fn,
      OptionalAttr<StrAttr>:$td,
      OptionalAttr<StrAttr>:$ta,
      OptionalAttr<StrAttr>:$tb,
      OptionalAttr<I64Attr>:$mask,
      OptionalAttr<I64Attr>:$rd,
      OptionalAttr<I64Attr>:$ra,
      OptionalAttr<I64Attr>:$rb,
      OptionalAttr<I64Attr>:$rn,
      OptionalAttr<I64Attr>:$rk,
      OptionalAttr<I64Attr>:$ri,
      OptionalAttr<I64Attr>:$pd,
      OptionalAttr<I64Attr>:$pa,
      OptionalAttr<I64Attr>:$pb,
      OptionalAttr<I64Attr>:$rows,
      OptionalAttr<I64Attr>:$cols,
      OptionalAttr<I64Attr>:$px,
      OptionalAttr<I64Attr>:$imm,
      UnitAttr:$reduce,
      UnitAttr:$accumulate,
      UnitAttr:$max,
      UnitAttr:$scale,
      UnitAttr:$scalar,
      UnitAttr:$constant);
  let assemblyFormat = "(`dst` `(` $dst^ `:` type($dst) `)`)? (`a` `(` $a^ `:` type($a) `)`)? (`b` `(` $b^ `:` type($b) `)`)? (`wait` `(` $waits^ `)`)? (`signal` `(` $signals^ `)`)? attr-dict";
  let hasVerifier = 1;
}

def Systolic_RequantOp : Systolic_InstructionOp<"requant"> {
  let summary = "i32 to i8 by a multiplier and a shift for each column";
  let description = [{
    Requantizes i32 to i8: `dst[i][j] = clamp(zero + round((a[i][j] + bias[j]) multiplier[j] / 2^shift[j]))` with one rounding; `b` holds rows of multipliers, shifts and biases; `imm` has the zero point in bits 7..0, the low bound in 15..8 and the high bound in 23..16, all signed.
    A multiplier has 31 bits; a shift is clamped to 0 to 62.

    Limits: `rows` from 0, `cols` from 1 to C; `mask` names one slice; the table's rows lie `pb` bytes apart.

    Timing: as `vector` with a simple function.

    Encoding: opcode 0x41, queue VX; `op` w0[7:0], `mask` w0[23:16], `rd` w3[4:0], `ra` w3[9:5], `rb` w3[14:10], `rn` w3[24:20], `rk` w3[29:25], `ri` w2[16:12], `dst` w4[31:0], `a` w5[31:0], `b` w6[31:0], `pd` w7[31:0], `pa` w8[31:0], `pb` w9[31:0], `rows` w10[31:0], `cols` w11[31:0], `imm` w15[31:0]; `wait0`, `wait1`, `signal0`, `signal1` w1.

    C1: the instruction is one that `checkInstruction` accepts: known functions, types and flags, and
        no semaphore waited for or signalled twice.
    C2: at most two semaphores each, 1 to 7 tokens.

    ```mlir
    systolic.program @example {
      %pad = systolic.scratchpad 0 : !systolic.scratchpad<4096>
      %table = systolic.scratchpad 8192 : !systolic.scratchpad<4096>
      %acc = systolic.accumulator 0, 0 : !systolic.accumulator<4096>
      systolic.requant dst(%pad : !systolic.scratchpad<4096>) a(%acc : !systolic.accumulator<4096>) b(%table : !systolic.scratchpad<4096>) {mask = 1 : i64, rows = 4 : i64, cols = 16 : i64, pd = 16 : i64, pa = 64 : i64, pb = 64 : i64, imm = 8355840 : i64}
      systolic.halt
    }
    ```

    Translation: `dialects/Systolic/Translate.cpp`.
  }];
  let arguments = (ins Variadic<Systolic_Semaphore>:$waits,
      Variadic<Systolic_Semaphore>:$signals,
      Arg<Optional<Systolic_Memory>, "local address of the destination">:$dst,
      Arg<Optional<Systolic_Memory>, "local address of source a">:$a,
      Arg<Optional<Systolic_Memory>, "local address of source b">:$b,
      OptionalAttr<DenseI64ArrayAttr>:$wait_counts,
      OptionalAttr<DenseI64ArrayAttr>:$signal_counts,
      OptionalAttr<I64Attr>:$dst_offset,
      OptionalAttr<I64Attr>:$a_offset,
      OptionalAttr<I64Attr>:$b_offset,
      OptionalAttr<I64Attr>:$mask,
      OptionalAttr<I64Attr>:$rd,
      OptionalAttr<I64Attr>:$ra,
      OptionalAttr<I64Attr>:$rb,
      OptionalAttr<I64Attr>:$rn,
      OptionalAttr<I64Attr>:$rk,
      OptionalAttr<I64Attr>:$ri,
      OptionalAttr<I64Attr>:$pd,
      OptionalAttr<I64Attr>:$pa,
      OptionalAttr<I64Attr>:$pb,
      OptionalAttr<I64Attr>:$rows,
      OptionalAttr<I64Attr>:$cols,
      OptionalAttr<I64Attr>:$imm);
  let assemblyFormat = "(`dst` `(` $dst^ `:` type($dst) `)`)? (`a` `(` $a^ `:` type($a) `)`)? (`b` `(` $b^ `:` type($b) `)`)? (`wait` `(` $waits^ `)`)? (`signal` `(` $signals^ `)`)? attr-dict";
  let hasVerifier = 1;
}

def Systolic_TransposeOp : Systolic_InstructionOp<"transpose"> {
  let summary = "transposes a block";
  let description = [{
    Transposes a block: `dst[j pd + i t] = a[i pa + j t]`.

    Limits: `rows` from 0 to C, `cols` from 1 to C; `mask` names one slice; no byte lies both in the source and in the destination.

    Timing: D = rows times the beats, plus cols.

    Encoding: opcode 0x42, queue VX; `op` w0[7:0], `mask` w0[23:16], `ta` w2[7:4], `rd` w3[4:0], `ra` w3[9:5], `rn` w3[24:20], `rk` w3[29:25], `dst` w4[31:0], `a` w5[31:0], `pd` w7[31:0], `pa` w8[31:0], `rows` w10[31:0], `cols` w11[31:0]; `wait0`, `wait1`, `signal0`, `signal1` w1.

    C1: the instruction is one that `checkInstruction` accepts: known functions, types and flags, and
        no semaphore waited for or signalled twice.
    C2: at most two semaphores each, 1 to 7 tokens.

    ```mlir
    systolic.program @example {
      %pad = systolic.scratchpad 0 : !systolic.scratchpad<4096>
      %table = systolic.scratchpad 8192 : !systolic.scratchpad<4096>
      systolic.transpose dst(%table : !systolic.scratchpad<4096>) a(%pad : !systolic.scratchpad<4096>) {mask = 1 : i64, ta = "i8", rows = 16 : i64, cols = 16 : i64, pd = 16 : i64, pa = 16 : i64}
      systolic.halt
    }
    ```

    Translation: `dialects/Systolic/Translate.cpp`.
  }];
  let arguments = (ins Variadic<Systolic_Semaphore>:$waits,
      Variadic<Systolic_Semaphore>:$signals,
      Arg<Optional<Systolic_Memory>, "local address of the destination">:$dst,
      Arg<Optional<Systolic_Memory>, "local address of source a">:$a,
      OptionalAttr<DenseI64ArrayAttr>:$wait_counts,
      OptionalAttr<DenseI64ArrayAttr>:$signal_counts,
      OptionalAttr<I64Attr>:$dst_offset,
      OptionalAttr<I64Attr>:$a_offset,
      OptionalAttr<StrAttr>:$ta,
      OptionalAttr<I64Attr>:$mask,
      OptionalAttr<I64Attr>:$rd,
      OptionalAttr<I64Attr>:$ra,
      OptionalAttr<I64Attr>:$rn,
      OptionalAttr<I64Attr>:$rk,
      OptionalAttr<I64Attr>:$pd,
      OptionalAttr<I64Attr>:$pa,
      OptionalAttr<I64Attr>:$rows,
      OptionalAttr<I64Attr>:$cols);
  let assemblyFormat = "(`dst` `(` $dst^ `:` type($dst) `)`)? (`a` `(` $a^ `:` type($a) `)`)? (`wait` `(` $waits^ `)`)? (`signal` `(` $signals^ `)`)? attr-dict";
  let hasVerifier = 1;
}

def Systolic_StoreOp : Systolic_InstructionOp<"store"> {
  let summary = "copies rows to DRAM";
  let description = [{
    Copies rows to DRAM: `dram[x + i px + j t] = a[i pa + j t]`; `transpose` and `gather` mirror those of `load`, with its limits.

    Flags: `transpose`: DRAM gets the block transposed; `gather`: DRAM rows are chosen by a table at b (a scatter).

    Timing: as `load`, on the same bus.

    Encoding: opcode 0x50, queue ST; `op` w0[7:0], `fn` w0[15:8], `flags` w0[31:24], `ta` w2[7:4], `ra` w3[9:5], `rb` w3[14:10], `rx` w3[19:15], `rn` w3[24:20], `rk` w3[29:25], `ri` w2[16:12], `a` w5[31:0], `b` w6[31:0], `pa` w8[31:0], `rows` w10[31:0], `cols` w11[31:0], `x` w12[63:0], `px` w14[31:0], `imm` w15[31:0]; `wait0`, `wait1`, `signal0`, `signal1` w1.

    C1: the instruction is one that `checkInstruction` accepts: known functions, types and flags, and
        no semaphore waited for or signalled twice.
    C2: at most two semaphores each, 1 to 7 tokens.

    ```mlir
    systolic.program @example {
      %pad = systolic.scratchpad 0 : !systolic.scratchpad<4096>
      %ready = systolic.semaphore 0
      systolic.nop signal(%ready)
      systolic.store a(%pad : !systolic.scratchpad<4096>) wait(%ready) {ta = "i8", rows = 16 : i64, cols = 16 : i64, pa = 16 : i64, px = 16 : i64, x = 8192 : i64}
      systolic.halt
    }
    ```

    Translation: `dialects/Systolic/Translate.cpp`.
  }];
  let arguments = (ins Variadic<Systolic_Semaphore>:$waits,
      Variadic<Systolic_Semaphore>:$signals,
      Arg<Optional<Systolic_Memory>, "local address of source a">:$a,
      Arg<Optional<Systolic_Memory>, "local address of source b">:$b,
      OptionalAttr<DenseI64ArrayAttr>:$wait_counts,
      OptionalAttr<DenseI64ArrayAttr>:$signal_counts,
      OptionalAttr<I64Attr>:$a_offset,
      OptionalAttr<I64Attr>:$b_offset,
      OptionalAttr<StrAttr>:$fn,
      OptionalAttr<StrAttr>:$ta,
      OptionalAttr<I64Attr>:$ra,
      OptionalAttr<I64Attr>:$rb,
      OptionalAttr<I64Attr>:$rx,
      OptionalAttr<I64Attr>:$rn,
      OptionalAttr<I64Attr>:$rk,
      OptionalAttr<I64Attr>:$ri,
      OptionalAttr<I64Attr>:$pa,
      OptionalAttr<I64Attr>:$rows,
      OptionalAttr<I64Attr>:$cols,
      OptionalAttr<I64Attr>:$x,
      OptionalAttr<I64Attr>:$px,
      OptionalAttr<I64Attr>:$imm,
      UnitAttr:$transpose,
      UnitAttr:$gather);
  let assemblyFormat = "(`a` `(` $a^ `:` type($a) `)`)? (`b` `(` $b^ `:` type($b) `)`)? (`wait` `(` $waits^ `)`)? (`signal` `(` $signals^ `)`)? attr-dict";
  let hasVerifier = 1;
}

#endif
