// A queue of resolved instructions, in order. What is pushed in a cycle may issue from the next on. "Parts" and "Cycles", phase 2.
module queue import machine::*;
(
  input logic clk, reset,
  input logic push,
  input operation_t pushed,
  output logic valid, // there is a head
  output operation_t head,
  input logic pop,
  output word_t held  // instructions, less what issues in this cycle
);

operation_t words [QUEUE_WORDS];
logic [$clog2(QUEUE_WORDS)-1:0] first, last;
word_t count;

logic fresh; // the last instruction came in the last cycle
assign valid = count != 0 && !(control == C_DISPATCH && count == 1 && fresh);
assign head = words[first];
assign held = count - word_t'(pop);

always_ff @(posedge clk) begin
  if (reset) begin
    first <= 0;
    last <= 0;
    count <= 0;
    fresh <= 0;
  end else begin
    if (push) begin
      words[last] <= pushed;
      last <= last + 1;
    end
    if (pop)
      first <= first + 1;
    count <= held + word_t'(push);
    fresh <= push;
  end
end

endmodule
