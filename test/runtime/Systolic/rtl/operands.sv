// The operand stage, between sequencer and queues: adds registers to fields, finds the banks of every operand and how long the
// instruction lasts. "What an instruction means", first paragraph, and the table of "Cycles". Programs are valid: what the definition
// calls an error is not looked for.
module operands import machine::*;
(
  input facts_t facts,
  input instruction_t code,
  input logic signed [63:0] registers [32],
  input word_t counter, cycle,
  output operation_t resolved
);

// What a register adds to a field; nothing where the rule that adds it is broken.
function automatic word_t added(input int rule, input logic [4:0] which);
  return control == rule ? 0 : registers[which][31:0];
endfunction

word_t dst, a, b;
sword_t rows, cols, imm;
logic signed [63:0] x;
int t;
always_comb begin
  dst = word_t'(code.dst) + added(C_REGISTER_DST, code.rd);
  a = word_t'(code.a) + added(C_REGISTER_A, code.ra);
  b = word_t'(code.b) + added(C_REGISTER_B, code.rb);
  x = code.x + (control == C_REGISTER_X ? 0 : registers[code.rx]);
  rows = code.rows + added(C_REGISTER_ROWS, code.rn);
  cols = code.cols + added(C_REGISTER_COLS, code.rk);
  imm = code.imm + added(C_REGISTER_IMM, code.ri);
  t = bytes_of(code.ta);
end

// Rows of `size` bytes, `pitch` apart.
function automatic span_t span(input word_t address, input sword_t pitch, input sword_t count, input sword_t size);
  span_t s;
  sword_t offset, last, low, high;
  word_t bank;
  s = '0;
  if (count == 0 && control != C_EMPTY_PORTS)
    return s;
  offset = sword_t'(address[27:0]);
  last = offset + (count - 1) * pitch;
  low = pitch < 0 && control != C_NEGATIVE_PITCH ? last : offset;
  high = (pitch < 0 ? offset : last) + size - 1 + off(C_SPAN_END);
  bank = address[31] ? facts.accumulator_bytes / facts.accumulator_banks : facts.scratchpad_bytes / facts.scratchpad_banks;
  s.valid = 1;
  s.accumulator = address[31];
  s.array = address[31] ? address[30:28] : 0;
  s.first = 6'(word_t'(low - (off(C_SPAN_BEGIN) != 0 && low > 0 ? 1 : 0)) / bank);
  s.last = 6'(word_t'(high) / bank);
  return s;
endfunction

function automatic word_t ceiling(input word_t n, input word_t d); return (n + d - 1) / d; endfunction
function automatic word_t larger(input word_t p, input word_t q); return p > q ? p : q; endfunction
function automatic word_t beats(input span_t s, input logic [3:0] of);
  return s.valid && !s.accumulator ? larger(1, ceiling(word_t'(bytes_of(of)), facts.scratchpad_element_bytes)) + word_t'(off(C_BEATS)) : 1;
endfunction

function automatic word_t function_cycles(input logic [3:0] which);
  case (which)
  4'd3: return facts.cycles_exp2 + word_t'(off(C_CYCLES_EXP2));
  4'd4: return facts.cycles_recip + word_t'(off(C_CYCLES_RECIP));
  4'd5: return facts.cycles_rsqrt + word_t'(off(C_CYCLES_RSQRT));
  4'd6: return facts.cycles_sigmoid + word_t'(off(C_CYCLES_SIGMOID));
  4'd7: return facts.cycles_silu + word_t'(off(C_CYCLES_SILU));
  4'd8: return facts.cycles_tanh + word_t'(off(C_CYCLES_TANH));
  4'd9, 4'd10: return facts.cycles_gelu + word_t'(off(C_CYCLES_GELU));
  default: return facts.cycles_simple + word_t'(off(C_CYCLES_SIMPLE));
  endcase
endfunction

span_t dst_banks, a_banks, b_banks;
word_t duration, latency, cost, from_a, from_b, reads;
sword_t from_first; // lanes of a sparse row that come from a
logic reads_a, reads_b;
always_comb begin
  dst_banks = '0;
  a_banks = '0;
  b_banks = '0;
  duration = 1;
  latency = 0;
  cost = 1;
  from_a = 0;
  from_b = 0;
  reads = 0;
  reads_a = code.fn[3:0] != 1 || control == C_SECOND_READS;
  reads_b = code.fn[3:0] != 0 && !code.flags[VECTOR_CONSTANT];
  from_first = cols < R || facts.output_stationary != 0 ? cols : R;
  case (code.op)
  WLOAD: begin
    a_banks = span(a, code.pa, rows, cols * t);
    if (code.flags[WLOAD_SPARSE])
      b_banks = span(b, code.pb, rows, (cols + 3) / 4);
    duration = ceiling(word_t'(R * C * t), facts.weight_port_bytes) + word_t'(off(C_WLOAD_DURATION));
  end
  MATMUL: begin
    a_banks = span(a, code.pa, rows, from_first * t);
    if (cols > from_first)
      b_banks = span(b, code.pb, rows, (cols - from_first) * t);
    dst_banks = span({1'b1, 31'(dst)}, code.pd, facts.output_stationary != 0 && rows > R && control != C_OUTPUT_ROWS ? R : rows, 4 * code.px);
    duration = larger(1 + word_t'(off(C_EMPTY_MATMUL)),
                      ceiling(word_t'(rows) * (code.ta == I8 ? facts.matmul_eighths_i8 : facts.matmul_eighths_bf16), 8 + word_t'(off(C_MATMUL_RATE)))) +
               word_t'(off(C_MATMUL_DURATION));
    latency = word_t'(R + C - 2 + off(C_MATMUL_DRAIN));
  end
  VECTOR: begin
    dst_banks = span(dst, code.pd, rows, (code.flags[VECTOR_REDUCE] ? 1 : cols) * bytes_of(code.td));
    if (reads_a)
      a_banks = span(a, code.pa, rows, cols * t);
    if (reads_b)
      b_banks = span(b, code.pb, rows, (code.flags[VECTOR_SCALAR] ? 1 : cols) * bytes_of(code.tb));
    from_a = reads_a ? beats(a_banks, code.ta) : 0;
    from_b = reads_b && (code.pb != 0 || control == C_KEPT_ROW) ? beats(b_banks, code.tb) : 0;
    reads = same_memory(a_banks, b_banks) && a_banks.first <= b_banks.last && b_banks.first <= a_banks.last && control != C_SHARED_BANKS
              ? from_a + from_b : larger(from_a, from_b);
    cost = larger(larger(function_cycles(code.fn[7:4]), beats(dst_banks, control == C_RESULT_BEATS ? I8 : code.td)), reads);
    duration = larger(1 + word_t'(off(C_EMPTY_VECTOR)), word_t'(rows) * cost) + word_t'(off(C_VECTOR_DURATION));
    latency = facts.vector_latency + word_t'(off(C_VECTOR_LATENCY)) +
              (code.flags[VECTOR_REDUCE] ? word_t'(LEVELS + off(C_REDUCE_LEVELS)) : 0);
  end
  REQUANT: begin
    dst_banks = span(dst, code.pd, rows, cols);
    a_banks = span(a, code.pa, rows, 4 * cols);
    if (control == C_TABLE_PORT)
      b_banks = span(b, code.pb, 3, 4 * cols);
    cost = larger(larger(facts.cycles_simple, beats(a_banks, control == C_REQUANT_BEATS ? I8 : I32)), beats(dst_banks, I8));
    duration = larger(1 + word_t'(off(C_EMPTY_REQUANT)), word_t'(rows) * cost) + word_t'(off(C_REQUANT_DURATION));
    latency = facts.vector_latency + word_t'(off(C_REQUANT_LATENCY));
  end
  TRANSPOSE: begin
    dst_banks = span(dst, code.pd, rows == 0 ? 0 : cols, rows * t);
    a_banks = span(a, code.pa, rows, cols * t);
    cost = larger(beats(a_banks, code.ta), beats(dst_banks, code.ta));
    duration = larger(1 + word_t'(off(C_EMPTY_TRANSPOSE)), word_t'(rows) * cost) + word_t'(cols) - word_t'(off(C_TRANSPOSE_DURATION));
    latency = facts.vector_latency + word_t'(off(C_TRANSPOSE_LATENCY));
  end
  default: ;
  endcase
end

always_comb begin
  resolved.op = code.op;
  resolved.fn = code.fn;
  resolved.mask = code.mask;
  resolved.flags = code.flags;
  resolved.wait0 = code.wait0;
  resolved.wait1 = code.wait1;
  resolved.signal0 = code.signal0;
  resolved.signal1 = code.signal1;
  resolved.td = code.td;
  resolved.ta = code.ta;
  resolved.tb = code.tb;
  resolved.dst = dst;
  resolved.a = a;
  resolved.b = b;
  resolved.pd = code.pd;
  resolved.pa = code.pa;
  resolved.pb = code.pb;
  resolved.rows = rows;
  resolved.cols = cols;
  resolved.px = code.px;
  resolved.imm = imm;
  resolved.x = x;
  resolved.dst_banks = dst_banks;
  resolved.a_banks = a_banks;
  resolved.b_banks = b_banks;
  resolved.duration = duration;
  resolved.latency = latency;
  resolved.row_cycles = cost;
  resolved.index = counter;
  resolved.dispatched = cycle;
end

endmodule
