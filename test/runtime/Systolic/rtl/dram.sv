// The DRAM's bytes, as many a cycle as the bus is wide. Latency and bandwidth are the DMA's to keep (dma.sv).
module dram import machine::*;
(
  input logic clk,
  input logic valid [BUS_BYTES], write,
  input logic [63:0] address [BUS_BYTES],
  input logic [7:0] in [BUS_BYTES],
  output logic [7:0] out [BUS_BYTES]
);

logic [7:0] bytes [DRAM_BYTES] /*verilator public_flat_rw*/;

always_comb
  for (int i = 0; i < BUS_BYTES; i++)
    out[i] = valid[i] && !write && address[i] < DRAM_BYTES ? bytes[address[i][$clog2(DRAM_BYTES)-1:0]] ^ 8'(off(C_LOAD_BIT)) : 0;

// Not delayed, because Verilator wants loops of delayed writes unrolled; it makes no difference, because the bus goes one way in a cycle.
// verilator lint_off BLKSEQ
always_ff @(posedge clk)
  for (int i = 0; i < BUS_BYTES; i++)
    if (valid[i] && write && address[i] < DRAM_BYTES)
      bytes[address[i][$clog2(DRAM_BYTES)-1:0]] = in[i] ^ 8'(off(C_STORE_BIT));

endmodule
