// DMA: the transfers of LD and ST under way, the one bus that they share, and what moves over it. A transfer waits for the DRAM's
// latency and for those before it, then moves as many bytes a cycle as the bus is wide; each row begins in a cycle of its own unless the
// rows follow one another in DRAM. "load", "store" and "Cycles", DMA data phase.
module dma import machine::*;
(
  input logic clk, reset,
  input facts_t facts,
  input word_t cycle,
  input logic issued_load, issued_store,
  input operation_t load, store,
  output word_t loads, stores, // unretired after phase 1
  output tokens_t signalled,
  // A word of the gather's table, and BUS_BYTES ways for bytes between the memories.
  output word_t table_address,
  input word_t table_word,
  output logic valid [BUS_BYTES], to_local,
  output word_t local_address [BUS_BYTES],
  output logic [63:0] dram_address [BUS_BYTES]
);

typedef struct packed {
  operation_t what;
  word_t wait_, issued; // for the first byte
} transfer_t;
transfer_t transfers [DMA_WORDS], transfers_n [DMA_WORDS];
word_t count, count_n;
// The transfer that left the bus in the last cycle retires now.
logic done, done_n;
transfer_t finished;
tokens_t signalled_before;
// Where the first transfer is: row, byte of the row, sixteenths of bytes that the bus has not used.
sword_t row, row_n, at, at_n;
word_t credit, credit_n;

word_t all_loads, all_stores;
tokens_t on_time;
always_comb begin
  all_loads = 0;
  all_stores = 0;
  for (int i = 0; i < DMA_WORDS; i++)
    if (word_t'(i) < count) begin
      if (transfers[i].what.op == LOAD)
        all_loads = all_loads + 1;
      else
        all_stores = all_stores + 1;
    end
  loads = all_loads;
  stores = all_stores;
  on_time = '0;
  if (done) begin
    on_time[finished.what.signal0[4:0]] = 9'(finished.what.signal0[7:5]);
    on_time[finished.what.signal1[4:0]] = on_time[finished.what.signal1[4:0]] + 9'(finished.what.signal1[7:5]) +
                                            9'(off(C_SIGNAL_COUNT) != 0 && finished.what.signal1[7:5] != 0);
  end
  signalled = control == C_DMA_SIGNAL ? signalled_before : on_time;
end

operation_t o;
sword_t t, row_bytes, j;
logic contiguous, on_bus;
logic [63:0] g;
always_comb begin
  o = transfers[0].what;
  on_bus = count != 0 && transfers[0].wait_ == 0;
  t = bytes_of(o.ta);
  row_bytes = o.cols * t;
  contiguous = !o.flags[DMA_GATHER] && (o.px == row_bytes) ^ (off(C_CONTIGUOUS) != 0);
  j = row + o.imm + off(C_GATHER_FIRST);
  table_address = o.b + 4 * (word_t'(j) >> o.fn[4:0]);
end

logic last;
word_t used;
always_comb begin
  g = !o.flags[DMA_GATHER] ? 64'(row) : (64'($signed(table_word)) <<< (o.fn[4:0] - 5'(off(C_GATHER_SCALE) != 0 && o.fn[4:0] != 0))) |
                                        (64'(j) & ((64'd1 << o.fn[4:0]) - 1 + 64'(off(C_GATHER_PAGE))));
  to_local = o.op == LOAD;
  row_n = row;
  at_n = at;
  credit_n = on_bus ? credit + facts.dram_sixteenths : 0;
  used = 0;
  last = on_bus && o.rows == 0 && (control != C_EMPTY_TRANSFER || credit != 0);
  for (int i = 0; i < BUS_BYTES; i++) begin
    valid[i] = 0;
    local_address[i] = 0;
    dram_address[i] = 0;
    if (on_bus && o.rows != 0 && !last && credit_n >= 16 && (contiguous || row_n == row)) begin
      valid[i] = !(o.flags[DMA_GATHER] && table_word[31] && control != C_GATHER_SKIP);
      dram_address[i] = o.x + (contiguous ? 64'(row_n) : g) * (64'(o.px) + 64'(off(C_DRAM_PITCH))) + 64'(at_n);
      local_address[i] = (to_local ? o.dst : o.a) +
          (o.flags[DMA_TRANSPOSE] ? (at_n / t) * (to_local ? o.pd : o.pa) + (row_n ^ off(C_DMA_TRANSPOSE)) * t + at_n % t
                                   : row_n * ((to_local ? o.pd : o.pa) + off(C_LOCAL_PITCH)) + at_n);
      if (control != C_SKIPPED_ROWS || valid[i])
        credit_n = credit_n - 16;
      at_n = at_n + 1;
      if (at_n == row_bytes) begin
        at_n = 0;
        row_n = row_n + 1;
        last = row_n == o.rows;
      end
    end
  end
  if (last || (!contiguous && row_n != row && control != C_ROW_CREDIT))
    credit_n = 0;
  if (last) begin
    row_n = 0;
    at_n = 0;
  end
  done_n = last;
end

always_comb begin
  transfers_n = transfers;
  count_n = count;
  for (int i = 0; i < DMA_WORDS; i++)
    if (transfers[i].wait_ != 0)
      transfers_n[i].wait_ = transfers[i].wait_ - 1;
  if (last) begin
    for (int i = 0; i + 1 < DMA_WORDS; i++)
      transfers_n[i] = transfers_n[i + 1];
    count_n = count_n - 1;
    if (count_n != 0 && control == C_BUS_GAP)
      transfers_n[0].wait_ = transfers_n[0].wait_ == 0 ? 1 : transfers_n[0].wait_;
  end
  if (issued_load && control != C_LOAD_BEFORE_STORE) begin
    transfers_n[count_n[$clog2(DMA_WORDS)-1:0]] = {load, facts.dram_latency - 1 + word_t'(off(C_DRAM_LATENCY)), cycle};
    count_n = count_n + 1;
  end
  if (issued_store) begin
    transfers_n[count_n[$clog2(DMA_WORDS)-1:0]] = {store, facts.dram_latency - 1 + word_t'(off(C_STORE_LATENCY)), cycle};
    count_n = count_n + 1;
  end
  if (issued_load && control == C_LOAD_BEFORE_STORE) begin
    transfers_n[count_n[$clog2(DMA_WORDS)-1:0]] = {load, facts.dram_latency - 1, cycle};
    count_n = count_n + 1;
  end
end

always_ff @(posedge clk) begin
  if (reset) begin
    transfers <= '{default: 0};
    count <= 0;
    done <= 0;
    finished <= 0;
    signalled_before <= '0;
    row <= 0;
    at <= 0;
    credit <= 0;
  end else begin
    transfers <= transfers_n;
    count <= count_n;
    done <= done_n;
    finished <= transfers[0];
    signalled_before <= on_time;
    row <= row_n;
    at <= at_n;
    credit <= credit_n;
    if (done)
      monitor::record(int'(finished.what.index), int'(finished.what.dispatched), int'(finished.issued), int'(cycle));
  end
end

endmodule
