// The scratchpad and the accumulators: their bytes and the ports' alignment networks, which let every lane reach any address. Who may
// use which bank's ports when is decided at issue (issue.sv), so nothing is arbitrated here. Addresses are `place`d; one past the
// memories reads 0. "Parts", Memories.
module banks import machine::*;
(
  input logic clk,
  input word_t scalar_address, table_address,
  output word_t scalar_word, table_word,
  input logic bus_valid [BUS_BYTES], bus_to_local,
  input word_t bus_address [BUS_BYTES],
  input logic [7:0] bus_in [BUS_BYTES],
  output logic [7:0] bus_out [BUS_BYTES],
  input word_t weight_address [ARRAYS][PORT_BYTES], index_address [ARRAYS][PORT_BYTES],
  output logic [7:0] weight_byte [ARRAYS][PORT_BYTES], index_byte [ARRAYS][PORT_BYTES],
  input word_t lane_address [ARRAYS][STREAMS][2 * R],
  output logic [15:0] lane [ARRAYS][STREAMS][2 * R],
  input word_t sum_address [ARRAYS][STREAMS][C], sum_new [ARRAYS][STREAMS][C],
  input logic sum_valid [ARRAYS][STREAMS][C],
  output word_t sum_old [ARRAYS][STREAMS][C],
  input word_t a_address [ARRAYS][C], b_address [ARRAYS][C], c_address [ARRAYS][C], d_address [ARRAYS][C],
  output word_t a_word [ARRAYS][C], b_word [ARRAYS][C], c_word [ARRAYS][C], d_word [ARRAYS][C],
  input logic result_valid [ARRAYS][C],
  input word_t result_address [ARRAYS][C], result [ARRAYS][C],
  input logic [3:0] result_type [ARRAYS]
);

logic [7:0] bytes [LOCAL_BYTES] /*verilator public_flat_rw*/;

function automatic logic [$clog2(LOCAL_BYTES)-1:0] index_of(input word_t address); return address[$clog2(LOCAL_BYTES)-1:0]; endfunction
function automatic logic [7:0] byte_at(input word_t address); return address < LOCAL_BYTES ? bytes[index_of(address)] : 0; endfunction
function automatic word_t word_at(input word_t address);
  return address < LOCAL_BYTES ? {byte_at(address + 3), byte_at(address + 2), byte_at(address + 1), byte_at(address)} : 0;
endfunction

always_comb scalar_word = word_at(place(scalar_address));
always_comb table_word = word_at(place(table_address));
always_comb
  for (int i = 0; i < BUS_BYTES; i++)
    bus_out[i] = bus_valid[i] ? byte_at(place(bus_address[i])) : 0;

always_comb
  for (int m = 0; m < ARRAYS; m++)
    for (int i = 0; i < PORT_BYTES; i++) begin
      weight_byte[m][i] = byte_at(weight_address[m][i]);
      index_byte[m][i] = byte_at(index_address[m][i]);
    end
always_comb
  for (int m = 0; m < ARRAYS; m++)
    for (int s = 0; s < STREAMS; s++)
      for (int k = 0; k < 2 * R; k++)
        lane[m][s][k] = {byte_at(lane_address[m][s][k] + 1), byte_at(lane_address[m][s][k])};
always_comb
  for (int m = 0; m < ARRAYS; m++)
    for (int s = 0; s < STREAMS; s++)
      for (int c = 0; c < C; c++)
        sum_old[m][s][c] = word_at(sum_address[m][s][c]);
always_comb
  for (int m = 0; m < ARRAYS; m++)
    for (int j = 0; j < C; j++) begin
      a_word[m][j] = word_at(a_address[m][j]);
      b_word[m][j] = word_at(b_address[m][j]);
      c_word[m][j] = word_at(c_address[m][j]);
      d_word[m][j] = word_at(d_address[m][j]);
    end

// What is written in a cycle enters the memory in the first half of the next, after the reads of this one and before those of the next.
// Rows of sums come in order, stream 0 first.
logic bus_valid_q [BUS_BYTES], sum_valid_q [ARRAYS][STREAMS][C], result_valid_q [ARRAYS][C];
word_t bus_address_q [BUS_BYTES], sum_address_q [ARRAYS][STREAMS][C], sum_new_q [ARRAYS][STREAMS][C], result_address_q [ARRAYS][C], result_q [ARRAYS][C];
logic [7:0] bus_in_q [BUS_BYTES];
logic [3:0] result_type_q [ARRAYS];
logic bus_to_local_q;
always_ff @(posedge clk) begin
  bus_valid_q <= bus_valid;
  bus_to_local_q <= bus_to_local;
  bus_address_q <= bus_address;
  bus_in_q <= bus_in;
  result_valid_q <= result_valid;
  result_address_q <= result_address;
  result_q <= result;
  result_type_q <= result_type;
  sum_valid_q <= sum_valid;
  sum_address_q <= sum_address;
  sum_new_q <= sum_new;
end

// verilator lint_off BLKSEQ
always_ff @(negedge clk) begin
  for (int i = 0; i < BUS_BYTES; i++)
    if (bus_valid_q[i] && bus_to_local_q)
      bytes[index_of(place(bus_address_q[i]))] = bus_in_q[i];
  for (int m = 0; m < ARRAYS; m++) begin
    for (int j = 0; j < C; j++)
      for (int k = 0; k < 4; k++)
        if (result_valid_q[m][j] && k < bytes_of(result_type_q[m]))
          bytes[index_of(result_address_q[m][j] + k)] = result_q[m][j][8 * k +: 8];
    for (int s = 0; s < STREAMS; s++)
      for (int c = 0; c < C; c++)
        for (int k = 0; k < 4; k++)
          if (sum_valid_q[m][s][c])
            bytes[index_of(sum_address_q[m][s][c] + k)] = sum_new_q[m][s][c][8 * k +: 8];
  end
end

endmodule
