// What the twin's modules share: sizes, the machine's facts, the instruction as the sequencer reads it and as it leaves the operand
// stage, local addresses. docs/design/20261127-systolic-machine.md defines the machine, SystolicISA.def the encoding; both are stated
// here anew.
//
// Sizes that are wires are parameters (macros given to Verilator): rows, columns, arrays. Every other fact is an input, so that one
// model serves many machines. Memories are as large as the largest machine the twin is used for.
package machine;

parameter int R = `TWIN_ROWS, C = `TWIN_COLUMNS, ARRAYS = `TWIN_ARRAYS;
parameter int STREAMS = 2;          // rows of activations that may enter an array in a cycle: doubled lanes of int8
parameter int PAD_BYTES = 8192, ACC_BYTES = 4096, DRAM_BYTES = 32768, CODE_WORDS = 2048;
parameter int LOCAL_BYTES = PAD_BYTES + ARRAYS * ACC_BYTES;
parameter int BANKS = 8;            // of a memory, at most
parameter int QUEUE_WORDS = 8;      // of a queue, at most
parameter int DMA_WORDS = 8;        // transfers under way, at most
parameter int BUS_BYTES = 16;       // of DRAM in a cycle, at most
parameter int PORT_BYTES = 32;      // of weights in a cycle, at most
parameter int LEVELS = $clog2(C);   // of the tree that combines a vector's lanes
parameter int LANES = 1 << LEVELS;

typedef logic [31:0] word_t;
typedef logic signed [31:0] sword_t;

// In the order of `kFacts` in ../Twin.cpp.
typedef struct packed {
  word_t shadow_weights, output_stationary;
  word_t scratchpad_bytes, scratchpad_banks, scratchpad_element_bytes, accumulator_bytes, accumulator_banks;
  word_t weight_port_bytes, vector_latency, cycles_simple, cycles_exp2, cycles_recip, cycles_rsqrt, cycles_sigmoid, cycles_silu;
  word_t cycles_tanh, cycles_gelu, dram_latency, dma_in_flight, queue_depth;
  word_t dram_sixteenths, matmul_eighths_i8, matmul_eighths_bf16; // bytes a cycle in 1/16; cycles a row in 1/8
} facts_t;

parameter logic [7:0] NOP = 8'h01, HALT = 8'h02, SALU = 8'h03, SLOAD = 8'h04, BR = 8'h05, LOOP = 8'h06, NEXT = 8'h07, BARRIER = 8'h08,
  TAG = 8'h09, LOAD = 8'h10, WLOAD = 8'h20, MATMUL = 8'h30, VECTOR = 8'h40, REQUANT = 8'h41, TRANSPOSE = 8'h42, STORE = 8'h50;

typedef enum logic [2:0] {LD, WL, MX, VX, ST, SEQ} queue_t;
parameter int QUEUES = 5;

parameter logic [3:0] I8 = 1, BF16 = 2, I32 = 3, F32 = 4;
function automatic int bytes_of(input logic [3:0] t);
  return t == I8 ? 1 : t == BF16 ? 2 : 4;
endfunction

// Bits of `flags`.
parameter int DMA_TRANSPOSE = 0, DMA_GATHER = 1, WLOAD_BANK = 0, WLOAD_TRANSPOSE = 1, WLOAD_SPARSE = 2;
parameter int MATMUL_BANK = 0, MATMUL_ACCUMULATE = 1, MATMUL_RELEASE = 2, MATMUL_SPARSE = 3;
parameter int VECTOR_REDUCE = 0, VECTOR_ACCUMULATE = 1, VECTOR_MAX = 2, VECTOR_SCALE = 3, VECTOR_SCALAR = 4, VECTOR_CONSTANT = 5;

// The 64 bytes of an instruction, w15 first because packed structures begin at the top.
typedef struct packed {
  sword_t imm, px;
  logic signed [63:0] x;
  sword_t cols, rows, pb, pa, pd, b, a, dst;
  logic [1:0] zero3;
  logic [4:0] rk, rn, rx, rb, ra, rd;
  logic [14:0] zero2;
  logic [4:0] ri;
  logic [3:0] tb, ta, td;
  logic [7:0] signal1, signal0, wait1, wait0;
  logic [7:0] flags, mask, fn, op;
} instruction_t;

// The banks that an operand touches: none, or `first` to `last` of the scratchpad or of an array's accumulators.
typedef struct packed {
  logic valid, accumulator;
  logic [2:0] array;
  logic [5:0] first, last;
} span_t;

// An instruction whose operands are resolved: what a queue holds. `ordinal` and `dispatched` are for the test bench alone.
typedef struct packed {
  logic [7:0] op, fn, mask, flags, wait0, wait1, signal0, signal1;
  logic [3:0] td, ta, tb;
  word_t dst, a, b;
  sword_t pd, pa, pb, rows, cols, px, imm;
  logic signed [63:0] x;
  span_t dst_banks, a_banks, b_banks;
  word_t duration, latency; // D, and from its end to retirement; DMA finds its own
  word_t row_cycles;        // of a vector row
  word_t index, dispatched;
} operation_t;

// A signal's or wait's coding: bits 4..0 the semaphore, 7..5 how many tokens.
typedef logic [31:0][8:0] tokens_t;

// Where a local address lies in the twin's one array of bytes: the scratchpad, then each array's accumulators.
function automatic word_t place(input word_t address);
  return address[31] ? PAD_BYTES + 32'(address[30:28]) * ACC_BYTES + 32'(address[27:0]) : 32'(address[27:0]);
endfunction

function automatic logic same_memory(input span_t p, input span_t q);
  return p.valid && q.valid && p.accumulator == q.accumulator && (!p.accumulator || p.array == q.array);
endfunction

// The rule that is altered in this run, one of controls.svh; 0: none. Negative controls only.
int control /*verilator public_flat_rw*/;
`include "controls.svh"
// 1 in the run that alters the rule, so that a rule can be written as `figure + off(RULE)`.
function automatic int off(input int rule);
  return control == rule ? 1 : 0;
endfunction

endpackage
