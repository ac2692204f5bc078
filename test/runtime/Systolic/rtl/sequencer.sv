// Phase 3 of a cycle: the scalar sequencer executes one instruction or dispatches it to its queue. Registers, loop stack, counter.
// "What an instruction means", Sequencer, and "Cycles", phase 3.
module sequencer import machine::*;
(
  input logic clk, reset,
  input facts_t facts,
  input logic signed [63:0] launch [32], // registers at launch
  input instruction_t code,     // at the counter
  output word_t counter,
  output logic signed [63:0] registers [32],
  input word_t cycle,
  input word_t held [QUEUES],   // after this cycle's issue
  input logic idle,             // queues are empty, nothing is unretired
  input tokens_t available,     // after this cycle's issue
  output tokens_t left,
  output tokens_t signalled,    // by what executed in the last cycle
  output logic push [QUEUES],
  output word_t load_address,   // of sload
  input word_t loaded,
  output logic halted
);

typedef struct packed { word_t count, body; } loop_t;
loop_t loops [8], loops_n [8];
logic [3:0] depth, depth_n;
word_t counter_n;
logic signed [63:0] registers_n [32];
logic [7:0] signal0, signal1, signal0_n, signal1_n;
tokens_t on_time, signalled_before;
logic halted_n, rests; // rests: only where a control makes the last instruction cost another cycle

always_comb begin
  on_time = '0;
  on_time[signal0[4:0]] = 9'(signal0[7:5]);
  on_time[signal1[4:0]] = on_time[signal1[4:0]] + 9'(signal1[7:5]);
  signalled = control == C_SEQUENCER_SIGNAL ? signalled_before : on_time;
end

assign load_address = word_t'(code.a) + registers[code.ra][31:0];

function automatic queue_t queue_of(input logic [7:0] op);
  case (op)
  LOAD: return LD;
  WLOAD: return WL;
  MATMUL: return MX;
  VECTOR, REQUANT, TRANSPOSE: return VX;
  STORE: return ST;
  default: return SEQ;
  endcase
endfunction

function automatic logic signed [63:0] computed(input logic [7:0] fn, input logic signed [63:0] a, input logic signed [63:0] b);
  case (fn)
  8'd0: return a + b + 64'(off(C_SALU_ADD));
  8'd1: return a - b - 64'(off(C_SALU_SUB));
  8'd2: return a * b + 64'(off(C_SALU_MUL));
  8'd3: return b == 0 ? 0 : b == -1 ? (control == C_DIV_WRAP && a == {1'b1, 63'd0} ? ~a : -a) : a / b - (control == C_SALU_DIV && (a < 0) != (b < 0) && a % b != 0 ? 64'sd1 : 64'sd0);
  8'd4: return b == 0 || b == -1 ? 0 : a % b + (control == C_SALU_REM && a < 0 && a % b != 0 ? b : 64'sd0);
  8'd5: return (a < b) ^ (off(C_SALU_MIN) != 0) ? a : b;
  8'd6: return (a > b) ^ (off(C_SALU_MAX) != 0) ? a : b;
  8'd7: return (a & b) ^ 64'(off(C_SALU_AND));
  8'd8: return (a | b) ^ 64'(off(C_SALU_OR));
  8'd9: return control == C_SALU_SHL ? a <<< b[4:0] : a <<< b[5:0];
  default: return control == C_SALU_SHR ? $signed($unsigned(a) >> b[5:0]) : a >>> b[5:0];
  endcase
endfunction

// Whether the broken rule makes the instruction cost a cycle more.
function automatic logic slowed(input logic [7:0] op, input logic taken, input logic again);
  case (op)
  BR: return control == (taken ? C_BRANCH_CYCLE : C_NOT_TAKEN_CYCLE);
  NEXT: return control == (again ? C_NEXT_CYCLE : C_LAST_NEXT_CYCLE);
  SALU: return control == C_SALU_CYCLE;
  LOOP: return control == C_LOOP_CYCLE;
  SLOAD: return control == C_SLOAD_CYCLE;
  NOP: return control == C_NOP_CYCLE;
  TAG: return control == C_TAG_CYCLE;
  BARRIER: return control == C_BARRIER_CYCLE;
  default: return 0;
  endcase
endfunction

// A field in 64 bits.
function automatic logic signed [63:0] extended(input sword_t field, input int rule);
  return control == rule ? {32'd0, field} : 64'(field);
endfunction

queue_t queue;
logic tokens_there, go, executes, taken;
logic signed [63:0] operand, times;
always_comb begin
  queue = queue_of(code.op);
  tokens_there = available[code.wait0[4:0]] + 9'(off(C_SEQUENCER_TOKEN)) >= 9'(code.wait0[7:5]) && available[code.wait1[4:0]] >= 9'(code.wait1[7:5]);
  go = !halted && !rests;
  if (queue == SEQ)
    go = go && tokens_there && (idle || (code.op != HALT && code.op != BARRIER) || (code.op == BARRIER && control == C_BARRIER) || (code.op == HALT && control == C_HALT));
  else
    go = go && held[queue] < facts.queue_depth - word_t'(off(C_QUEUE_DEPTH) != 0 && facts.queue_depth > 1);
  executes = go && queue == SEQ;
  for (int q = 0; q < QUEUES; q++)
    push[q] = go && 32'(queue) == q;

  left = available;
  signal0_n = 0;
  signal1_n = 0;
  if (executes) begin
    left[code.wait0[4:0]] = left[code.wait0[4:0]] - 9'(code.wait0[7:5]);
    left[code.wait1[4:0]] = left[code.wait1[4:0]] - 9'(code.wait1[7:5]);
    signal0_n = code.signal0;
    signal1_n = code.signal1;
  end

  operand = registers[code.rb] + code.x;
  times = extended(code.rows, C_LOOP_SIGN) + registers[code.rn];
  case (code.fn)
  8'd0: taken = (registers[code.ra] ^ 64'(off(C_BRANCH_EQ))) == operand;
  8'd1: taken = (registers[code.ra] ^ 64'(off(C_BRANCH_NE))) != operand;
  8'd2: taken = registers[code.ra] < operand + 64'(off(C_BRANCH_LT));
  default: taken = registers[code.ra] + 64'(off(C_BRANCH_GE)) >= operand;
  endcase
  registers_n = registers;
  loops_n = loops;
  depth_n = depth;
  halted_n = halted;
  counter_n = go ? counter + 1 : counter;
  if (executes)
    case (code.op)
    SALU: registers_n[code.rd] = computed(code.fn, registers[code.ra], operand);
    SLOAD: registers_n[code.rd] = control == C_SLOAD_SIGN ? $signed({32'd0, loaded}) : 64'($signed(loaded));
    BR: if (taken)
        counter_n = counter + word_t'(code.imm) + word_t'(off(C_BRANCH_TARGET));
    LOOP: begin
        if (times <= 0 - 64'(off(C_LOOP_SKIP))) begin
          counter_n = counter + 1 + word_t'(code.cols);
        end else begin
          loops_n[depth[2:0]] = {times[31:0] + word_t'(off(C_LOOP_COUNT)), counter + 1};
          depth_n = depth + 1;
        end
      end
    NEXT: begin
        registers_n[code.rd] = registers_n[code.rd] + extended(code.dst, C_NEXT_SIGN) + 64'(off(C_NEXT_D) != 0 && code.dst != 0);
        registers_n[code.ra] = registers_n[code.ra] + extended(code.a, C_NEXT_SIGN) + 64'(off(C_NEXT_A) != 0 && code.a != 0);
        registers_n[code.rb] = registers_n[code.rb] + extended(code.b, C_NEXT_SIGN) + 64'(off(C_NEXT_B) != 0 && code.b != 0);
        loops_n[3'(depth - 1)].count = loops[3'(depth - 1)].count - 1;
        if (loops[3'(depth - 1)].count != 1)
          counter_n = loops[3'(depth - 1)].body;
        else
          depth_n = depth - 1;
      end
    HALT: begin
        halted_n = 1;
        counter_n = counter;
      end
    default: ;
    endcase
  if (control != C_R0)
    registers_n[0] = 0;
end

always_ff @(posedge clk) begin
  if (reset) begin
    counter <= 0;
    depth <= 0;
    signal0 <= 0;
    signal1 <= 0;
    halted <= 0;
    rests <= executes ? slowed(code.op, taken, code.op == NEXT && counter_n != counter + 1) : go && control == C_DISPATCH_CYCLE;
    signalled_before <= '0;
    registers <= launch;
    loops <= '{default: 0};
  end else begin
    counter <= counter_n;
    depth <= depth_n;
    signal0 <= signal0_n;
    signal1 <= signal1_n;
    halted <= halted_n;
    rests <= (control == C_DISPATCH_CYCLE && go && !executes) || executes && ((control == C_BRANCH_CYCLE && code.op == BR && taken) || (control == C_NEXT_CYCLE && code.op == NEXT && counter_n != counter + 1) ||
                          (control == C_SALU_CYCLE && code.op == SALU) || (control == C_LOOP_CYCLE && code.op == LOOP) || (control == C_LAST_NEXT_CYCLE && code.op == NEXT && counter_n == counter + 1) || (control == C_SLOAD_CYCLE && code.op == SLOAD) || (control == C_NOP_CYCLE && code.op == NOP) || (control == C_TAG_CYCLE && code.op == TAG) || (control == C_NOT_TAKEN_CYCLE && code.op == BR && !taken) || (control == C_BARRIER_CYCLE && code.op == BARRIER));
    signalled_before <= on_time;
    registers <= registers_n;
    loops <= loops_n;
    if (executes)
      monitor::record(int'(counter), int'(cycle), int'(cycle), int'(cycle + 1));
  end
end

endmodule
