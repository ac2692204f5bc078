// The machine: sequencer, queues, issue, units and memories put together. The test bench fills the program, the memories and the
// registers, clocks it until it has halted, and reads the memories. docs/design/20261127-systolic-machine.md, "Parts".
module top import machine::*;
(
  input logic clk, reset,
  input facts_t facts,
  input logic signed [63:0] launch [32],
  output logic signed [63:0] registers [32],
  output word_t cycle,
  output logic halted
);

instruction_t code [CODE_WORDS] /*verilator public_flat_rw*/;

always_ff @(posedge clk)
  cycle <= reset ? 0 : cycle + word_t'(!halted);

//===- Sequencer, queues, issue -------------------------------------------------------------------------------------------------===//

word_t counter, scalar_address, scalar_word, held [QUEUES], loads, stores;
operation_t resolved, heads [QUEUES];
logic push [QUEUES], valid [QUEUES], issued [QUEUES], busy [3], idle;
tokens_t signalled [5], available, after_issue, left;

always_comb begin
  idle = loads == 0 && stores == 0 && !busy[0] && !busy[1] && !busy[2];
  for (int q = 0; q < QUEUES; q++)
    idle = idle && held[q] == 0 && !issued[q];
end

sequencer sequencer(.clk, .reset, .facts, .launch, .code(code[counter[$clog2(CODE_WORDS)-1:0]]), .counter, .registers, .cycle, .held, .idle, .available(after_issue),
                    .left, .signalled(signalled[4]), .push, .load_address(scalar_address), .loaded(scalar_word), .halted);
operands operands(.facts, .code(code[counter[$clog2(CODE_WORDS)-1:0]]), .registers, .counter, .cycle, .resolved);
for (genvar q = 0; q < QUEUES; q++) begin : queues
  queue queue(.clk, .reset, .push(push[q]), .pushed(resolved), .valid(valid[q]), .head(heads[q]), .pop(issued[q]), .held(held[q]));
end
semaphores semaphores(.clk, .reset, .signalled, .available, .left);
issue issue(.clk, .reset, .facts, .valid, .heads, .available, .loads, .stores, .issued, .left(after_issue));

retirement #(.SLOTS(ARRAYS + 1)) weights_retirement(.clk, .reset, .issued(issued[WL]), .issue(heads[WL]), .cycle, .signalled(signalled[1]), .busy(busy[0]));
retirement #(.SLOTS(R + C + ARRAYS)) matrix_retirement(.clk, .reset, .issued(issued[MX]), .issue(heads[MX]), .cycle, .signalled(signalled[2]), .busy(busy[1]));
retirement #(.SLOTS(ARRAYS + 1)) vector_retirement(.clk, .reset, .issued(issued[VX]), .issue(heads[VX]), .cycle, .signalled(signalled[3]), .busy(busy[2]));

//===- DMA ----------------------------------------------------------------------------------------------------------------------===//

word_t table_address, table_word;
logic bus_valid [BUS_BYTES], bus_to_local;
word_t bus_address [BUS_BYTES];
logic [63:0] dram_address [BUS_BYTES];
logic [7:0] from_dram [BUS_BYTES], from_local [BUS_BYTES];
dma dma(.clk, .reset, .facts, .cycle, .issued_load(issued[LD]), .issued_store(issued[ST]), .load(heads[LD]), .store(heads[ST]), .loads, .stores,
        .signalled(signalled[0]), .table_address, .table_word, .valid(bus_valid), .to_local(bus_to_local), .local_address(bus_address), .dram_address);
dram dram(.clk, .valid(bus_valid), .write(!bus_to_local), .address(dram_address), .in(from_local), .out(from_dram));

//===- Arrays and vector slices -------------------------------------------------------------------------------------------------===//

word_t weight_address [ARRAYS][PORT_BYTES], index_address [ARRAYS][PORT_BYTES];
logic [7:0] weight_byte [ARRAYS][PORT_BYTES], index_byte [ARRAYS][PORT_BYTES];
word_t lane_address [ARRAYS][STREAMS][2 * R];
logic [15:0] lane [ARRAYS][STREAMS][2 * R];
word_t sum_address [ARRAYS][STREAMS][C], sum_old [ARRAYS][STREAMS][C], sum_new [ARRAYS][STREAMS][C];
logic sum_valid [ARRAYS][STREAMS][C];
word_t a_address [ARRAYS][C], b_address [ARRAYS][C], c_address [ARRAYS][C], d_address [ARRAYS][C];
word_t a_word [ARRAYS][C], b_word [ARRAYS][C], c_word [ARRAYS][C], d_word [ARRAYS][C];
logic result_valid [ARRAYS][C];
word_t result_address [ARRAYS][C], result [ARRAYS][C];
logic [3:0] result_type [ARRAYS];

for (genvar m = 0; m < ARRAYS; m++) begin : units
  array #(.ARRAY_BASE(PAD_BYTES + m * ACC_BYTES)) array(
    .clk, .reset, .facts, .load(issued[WL] && heads[WL].mask[m]), .weights(heads[WL]), .stream(issued[MX] && (heads[MX].mask[m] || (control == C_MATMUL_MASK && m == 0))), .matmul(heads[MX]),
    .weight_address(weight_address[m]), .index_address(index_address[m]), .weight_byte(weight_byte[m]), .index_byte(index_byte[m]),
    .lane_address(lane_address[m]), .lane(lane[m]), .sum_address(sum_address[m]), .sum_old(sum_old[m]), .sum_valid(sum_valid[m]), .sum_new(sum_new[m]));
  vector_unit vector_unit(
    .clk, .reset, .start(issued[VX] && heads[VX].mask[m]), .starting(heads[VX]), .a_address(a_address[m]), .b_address(b_address[m]),
    .c_address(c_address[m]), .d_address(d_address[m]), .a_word(a_word[m]), .b_word(b_word[m]), .c_word(c_word[m]), .d_word(d_word[m]),
    .valid(result_valid[m]), .address(result_address[m]), .data(result[m]), .t(result_type[m]));
end

banks banks(.clk, .scalar_address, .table_address, .scalar_word, .table_word, .bus_valid, .bus_to_local, .bus_address, .bus_in(from_dram),
            .bus_out(from_local), .weight_address, .index_address, .weight_byte, .index_byte, .lane_address, .lane, .sum_address, .sum_new, .sum_valid,
            .sum_old, .a_address, .b_address, .c_address, .d_address, .a_word, .b_word, .c_word, .d_word, .result_valid, .result_address, .result,
            .result_type);

endmodule
