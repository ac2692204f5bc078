// Instructions of one queue that have issued and not retired, each with the cycles that it has left. "Cycles", phase 1.
module retirement import machine::*;
#(parameter int SLOTS = 4)
(
  input logic clk, reset,
  input logic issued,
  input operation_t issue,
  input word_t cycle,
  output tokens_t signalled, // by what retires in this cycle
  output logic busy          // something stays unretired in this cycle
);

typedef struct packed {
  logic valid;
  word_t left;
  logic [7:0] signal0, signal1, op;
  word_t index, dispatched, issued;
} slot_t;
slot_t slots [SLOTS], slots_n [SLOTS];
tokens_t on_time, signalled_before;

always_comb begin
  on_time = '0;
  busy = 0;
  for (int i = 0; i < SLOTS; i++)
    if (slots[i].valid) begin
      if (slots[i].left == 0) begin
        on_time[slots[i].signal0[4:0]] = on_time[slots[i].signal0[4:0]] + 9'(slots[i].signal0[7:5]);
        on_time[slots[i].signal1[4:0]] = on_time[slots[i].signal1[4:0]] + 9'(slots[i].signal1[7:5]);
      end else begin
        busy = 1;
      end
    end
  signalled = control == C_UNIT_SIGNAL ? signalled_before : on_time;
end

logic placed;
always_comb begin
  placed = !issued;
  for (int i = 0; i < SLOTS; i++) begin
    slots_n[i] = slots[i];
    if (slots[i].left == 0)
      slots_n[i].valid = 0;
    else
      slots_n[i].left = slots[i].left - 1;
    if (!placed && !slots_n[i].valid) begin
      placed = 1;
      slots_n[i] = {1'b1, issue.duration + issue.latency - 1, issue.signal0, issue.signal1, issue.op, issue.index, issue.dispatched, cycle};
    end
  end
end

always_ff @(posedge clk) begin
  for (int i = 0; i < SLOTS; i++)
    if (!reset && slots[i].valid && slots[i].left == 0)
      monitor::record(int'(slots[i].index), int'(slots[i].dispatched), int'(slots[i].issued), int'(cycle));
  if (reset) begin
    slots <= '{default: 0};
    signalled_before <= '0;
  end else begin
    slots <= slots_n;
    signalled_before <= on_time;
  end
end

endmodule
