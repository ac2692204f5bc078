// 32 counters of tokens. In a cycle, tokens pass through in the order of its phases: retirements and the sequencer's signals of the last
// cycle add theirs, the queues take some in order, the sequencer takes some, and the rest is kept. "Cycles", the three phases.
module semaphores import machine::*;
(
  input logic clk, reset,
  input tokens_t signalled [5], // by LD and ST, WL, MX, VX, SEQ
  output tokens_t available,    // to the queues
  input tokens_t left           // by the sequencer
);

tokens_t kept;
always_comb
  for (int s = 0; s < 32; s++)
    available[s] = kept[s] + signalled[0][s] + signalled[1][s] + signalled[2][s] + signalled[3][s] + signalled[4][s];

always_ff @(posedge clk)
  if (reset)
    kept <= '0;
  else
    kept <= left;

endmodule
