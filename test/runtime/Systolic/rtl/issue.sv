// Phase 2 of a cycle: LD, WL, MX, VX, ST, in this order, each issue the head of their queue if the tokens, the unit and the ports are
// there; what one takes, a later queue sees. The state are down-counters: cycles for which a port, a stream or a slice is still taken.
// "Cycles", phase 2 and the table.
module issue import machine::*;
(
  input logic clk, reset,
  input facts_t facts,
  input logic valid [QUEUES],
  input operation_t heads [QUEUES],
  input tokens_t available,
  input word_t loads, stores, // transfers under way
  output logic issued [QUEUES],
  output tokens_t left
);

// For how many cycles from now on a thing is taken.
typedef struct packed {
  logic full, sparse;
  logic [3:0] t;
  word_t loading, draining; // until its weights are there; until it may be loaded again
} weights_t;
typedef struct packed {
  weights_t [1:0] weights;
  word_t port, stream, drain, slice;
} unit_t;
word_t pad_read [BANKS], pad_write [BANKS];
word_t matrix_read [ARRAYS][BANKS], matrix_write [ARRAYS][BANKS], vector_read [ARRAYS][BANKS], vector_write [ARRAYS][BANKS]; // accumulators
unit_t units [ARRAYS];
// The same after what has issued so far in this cycle.
word_t pad_read_n [BANKS], pad_write_n [BANKS];
word_t matrix_read_n [ARRAYS][BANKS], matrix_write_n [ARRAYS][BANKS], vector_read_n [ARRAYS][BANKS], vector_write_n [ARRAYS][BANKS];
unit_t units_n [ARRAYS];

function automatic logic tokens_there(input tokens_t tokens, input operation_t o);
  return tokens[o.wait0[4:0]] + 9'(off(C_TOKEN_EARLY)) >= 9'(o.wait0[7:5]) && tokens[o.wait1[4:0]] + 9'(off(C_SECOND_TOKEN_EARLY)) >= 9'(o.wait1[7:5]);
endfunction

function automatic logic covers(input span_t s, input int bank); return s.valid && bank >= 32'(s.first) && bank <= 32'(s.last); endfunction

// Whether a read port of one of the span's banks is taken, by whom it may be.
function automatic logic read_taken(input span_t which);
  for (int i = 0; i < BANKS; i++)
    if (covers(which, i)) begin
      if (!which.accumulator && (control == C_EARLIER_QUEUES ? pad_read[i] : pad_read_n[i]) != 0)
        return 1;
      for (int m = 0; m < ARRAYS; m++)
        if (which.accumulator && which.array == 3'(m) &&
            ((matrix_read_n[m][i] != 0 && control != C_MATRIX_READ_PORT) || (vector_read_n[m][i] != 0 && control != C_VECTOR_READ_PORT)))
          return 1;
    end
  return 0;
endfunction

function automatic logic weights_ready(input operation_t o);
  for (int m = 0; m < ARRAYS; m++)
    if (o.mask[m]) begin
      if ((units_n[m].port != 0 && (m == 0 || control != C_WEIGHT_PORT_MASK)) ||
          (units_n[m].weights[o.flags[WLOAD_BANK]].full && control != C_WEIGHTS_FULL) ||
          units_n[m].weights[o.flags[WLOAD_BANK]].draining != 0)
        return 0;
    end
  return control == C_WLOAD_READ_PORT || (!read_taken(o.a_banks) && !read_taken(o.b_banks));
endfunction

function automatic logic matmul_ready(input operation_t o);
  for (int m = 0; m < ARRAYS; m++)
    if (o.mask[m]) begin
      if (facts.output_stationary != 0 ? units_n[m].drain != 0
            : !units_n[m].weights[o.flags[MATMUL_BANK]].full || (units_n[m].weights[o.flags[MATMUL_BANK]].loading != 0 && control != C_WEIGHTS_EARLY))
        return 0;
      if (units_n[m].stream != 0 && (m == 0 || control != C_STREAM_MASK))
        return 0;
      for (int i = 0; i < BANKS; i++)
        if (covers(o.dst_banks, i) && ((vector_write_n[m][i] != 0 && control != C_VECTOR_WRITE_PORT) ||
                                       (o.flags[MATMUL_ACCUMULATE] && vector_read_n[m][i] != 0 && control != C_ACCUMULATE_READ_PORT)))
          return 0;
    end
  return control == C_MATMUL_READ_PORT || (!read_taken(o.a_banks) && !read_taken(o.b_banks));
endfunction

function automatic logic vector_ready(input operation_t o);
  for (int m = 0; m < ARRAYS; m++)
    if (o.mask[m] && units_n[m].slice != 0)
      return 0;
  for (int i = 0; i < BANKS; i++)
    if (covers(o.dst_banks, i)) begin
      if (!o.dst_banks.accumulator && pad_write_n[i] != 0 && control != C_PAD_WRITE_PORT)
        return 0;
      for (int m = 0; m < ARRAYS; m++)
        if (o.dst_banks.accumulator && o.dst_banks.array == 3'(m) && ((matrix_write_n[m][i] != 0 && control != C_MATRIX_WRITE_PORT) ||
                                                                       (vector_write_n[m][i] != 0 && control != C_SLICE_WRITE_PORT)))
          return 0;
    end
  return !read_taken(o.a_banks) && ((o.op == REQUANT && control != C_TABLE_PORT) || !read_taken(o.b_banks));
endfunction

function automatic word_t later(input word_t p, input word_t q); return p > q ? p : q; endfunction

tokens_t tokens;
logic has_issued [QUEUES]; // in the cycle before
always_ff @(posedge clk)
  for (int q = 0; q < QUEUES; q++)
    has_issued[q] <= !reset && issued[q];

word_t until_end, until_retired;
always_comb begin
  pad_read_n = pad_read;
  pad_write_n = pad_write;
  matrix_read_n = matrix_read;
  matrix_write_n = matrix_write;
  vector_read_n = vector_read;
  vector_write_n = vector_write;
  units_n = units;
  tokens = available;
  until_end = 0;
  until_retired = 0;
  for (int q = 0; q < QUEUES; q++)
    issued[q] = 0;
  for (int step = 0; step < QUEUES; step++) begin
    automatic int q = control == C_ISSUE_ORDER ? QUEUES - 1 - step : step;
    if (valid[q] && tokens_there(tokens, heads[q])) begin
      case (queue_t'(q))
      LD: issued[q] = loads < facts.dma_in_flight + word_t'(off(C_LOADS_IN_FLIGHT));
      WL: issued[q] = weights_ready(heads[q]);
      MX: issued[q] = matmul_ready(heads[q]);
      VX: issued[q] = vector_ready(heads[q]);
      default: issued[q] = stores < facts.dma_in_flight - word_t'(off(C_STORES_IN_FLIGHT) != 0 && facts.dma_in_flight > 1);
      endcase
    end
    if (control == C_ISSUE_EACH_CYCLE && has_issued[q])
      issued[q] = 0;
    if (issued[q]) begin
      tokens[heads[q].wait0[4:0]] = tokens[heads[q].wait0[4:0]] - 9'(heads[q].wait0[7:5]);
      tokens[heads[q].wait1[4:0]] = tokens[heads[q].wait1[4:0]] - 9'(heads[q].wait1[7:5]) + 9'(off(C_TOKEN_KEPT) != 0 && heads[q].wait1[7:5] != 0);
      until_end = heads[q].duration;
      until_retired = heads[q].duration + heads[q].latency;
      for (int i = 0; i < BANKS; i++) begin
        if (q == 32'(WL) || q == 32'(MX) || q == 32'(VX)) begin
          // Scratchpad reads end with the stream, the vector unit's and everything in the accumulators with retirement.
          if (covers(heads[q].a_banks, i) && !heads[q].a_banks.accumulator)
            pad_read_n[i] = later(pad_read_n[i], (q == 32'(VX) ? until_retired - word_t'(off(C_VECTOR_LEASE)) : until_end) + word_t'(off(C_READ_LEASE)));
          if (covers(heads[q].b_banks, i) && !heads[q].b_banks.accumulator)
            pad_read_n[i] = later(pad_read_n[i], q == 32'(VX) ? until_retired - word_t'(off(C_VECTOR_SECOND_LEASE)) : until_end - word_t'(off(C_SECOND_LEASE)));
          if (q == 32'(VX) && covers(heads[q].dst_banks, i) && !heads[q].dst_banks.accumulator)
            pad_write_n[i] = later(pad_write_n[i], until_retired - word_t'(off(C_PAD_WRITE_LEASE)));
        end
        for (int m = 0; m < ARRAYS; m++) begin
          if (q == 32'(VX)) begin
            if (covers(heads[q].a_banks, i) && heads[q].a_banks.accumulator && heads[q].a_banks.array == 3'(m))
              vector_read_n[m][i] = later(vector_read_n[m][i], until_retired - word_t'(off(C_VECTOR_READ_LEASE)));
            if (covers(heads[q].b_banks, i) && heads[q].b_banks.accumulator && heads[q].b_banks.array == 3'(m))
              vector_read_n[m][i] = later(vector_read_n[m][i], until_retired - word_t'(off(C_VECTOR_SECOND_READ_LEASE)));
            if (covers(heads[q].dst_banks, i) && heads[q].dst_banks.accumulator && heads[q].dst_banks.array == 3'(m))
              vector_write_n[m][i] = later(vector_write_n[m][i], until_retired - word_t'(off(C_VECTOR_WRITE_LEASE)));
          end
          if (q == 32'(MX) && heads[q].mask[m] && covers(heads[q].dst_banks, i)) begin
            matrix_write_n[m][i] = later(matrix_write_n[m][i], until_retired - word_t'(off(C_MATRIX_LEASE)));
            if (heads[q].flags[MATMUL_ACCUMULATE])
              matrix_read_n[m][i] = later(matrix_read_n[m][i], until_retired - word_t'(off(C_MATRIX_READ_LEASE)));
          end
        end
      end
      for (int m = 0; m < ARRAYS; m++)
        if (heads[q].mask[m])
          case (queue_t'(q))
          WL: begin
            units_n[m].port = until_end - word_t'(off(C_WEIGHT_PORT));
            units_n[m].weights[heads[q].flags[WLOAD_BANK]].full = 1;
            units_n[m].weights[heads[q].flags[WLOAD_BANK]].sparse = heads[q].flags[WLOAD_SPARSE];
            units_n[m].weights[heads[q].flags[WLOAD_BANK]].t = heads[q].ta;
            units_n[m].weights[heads[q].flags[WLOAD_BANK]].loading = until_end + word_t'(off(C_WEIGHTS_LOADING));
          end
          MX: begin
            units_n[m].stream = until_end + word_t'(off(C_STREAM));
            units_n[m].drain = until_retired + word_t'(off(C_OUTPUT_STATIONARY));
            if (heads[q].flags[MATMUL_RELEASE]) begin
              units_n[m].weights[heads[q].flags[MATMUL_BANK]].full = 0;
              units_n[m].weights[heads[q].flags[MATMUL_BANK]].draining =
                  facts.shadow_weights != 0 ? until_end + word_t'(off(C_RELEASE_SHADOW)) : until_retired + word_t'(off(C_RELEASE_SINGLE));
            end
          end
          VX: units_n[m].slice = until_retired + word_t'(off(C_SLICE));
          default: ;
          endcase
    end
  end
  left = tokens;
end

// A cycle passes.
function automatic word_t less(input word_t n); return n == 0 || reset ? 0 : n - 1; endfunction
word_t pad_read_a [BANKS], pad_write_a [BANKS];
word_t matrix_read_a [ARRAYS][BANKS], matrix_write_a [ARRAYS][BANKS], vector_read_a [ARRAYS][BANKS], vector_write_a [ARRAYS][BANKS];
unit_t units_a [ARRAYS];
always_comb begin
  for (int i = 0; i < BANKS; i++) begin
    pad_read_a[i] = less(pad_read_n[i]);
    pad_write_a[i] = less(pad_write_n[i]);
  end
  for (int m = 0; m < ARRAYS; m++) begin
    for (int i = 0; i < BANKS; i++) begin
      matrix_read_a[m][i] = less(matrix_read_n[m][i]);
      matrix_write_a[m][i] = less(matrix_write_n[m][i]);
      vector_read_a[m][i] = less(vector_read_n[m][i]);
      vector_write_a[m][i] = less(vector_write_n[m][i]);
    end
    units_a[m] = reset ? '0 : units_n[m];
    units_a[m].port = less(units_n[m].port);
    units_a[m].stream = less(units_n[m].stream);
    units_a[m].drain = less(units_n[m].drain);
    units_a[m].slice = less(units_n[m].slice);
    for (int i = 0; i < 2; i++) begin
      units_a[m].weights[i].loading = less(units_n[m].weights[i].loading);
      units_a[m].weights[i].draining = less(units_n[m].weights[i].draining);
    end
  end
end

always_ff @(posedge clk) begin
  pad_read <= pad_read_a;
  pad_write <= pad_write_a;
  matrix_read <= matrix_read_a;
  matrix_write <= matrix_write_a;
  vector_read <= vector_read_a;
  vector_write <= vector_write_a;
  units <= units_a;
end

endmodule
