// One systolic array: R rows by C columns of cells, weight stationary, with two banks of weights. "wload", "matmul" and "Cycles", WL
// and MX.
//
// Everything moves along diagonals: cell (r, c) sees what entered at the corner in cycle t in cycle t + r + c. Activations enter row r
// r cycles late and move right, sums move down, and a beat of the weight port moves right and down, each cell keeping its own bytes;
// so a beat never overtakes the last row of activations that needs the old weights, nor is overtaken by the first that needs the new.
// Sums leave column c at the bottom in cycle t + R - 1 + c and wait for column C - 1, so that whole rows reach the accumulators, in
// order: the last in the last cycle before the matmul retires.
module array import machine::*;
#(parameter word_t ARRAY_BASE = 0) // where this array's accumulators begin
(
  input logic clk, reset,
  input facts_t facts,
  input logic load,             // a wload for this array issues in this cycle
  input operation_t weights,
  input logic stream,           // a matmul
  input operation_t matmul,
  output word_t weight_address [PORT_BYTES], index_address [PORT_BYTES],
  input logic [7:0] weight_byte [PORT_BYTES], index_byte [PORT_BYTES],
  output word_t lane_address [STREAMS][2 * R],
  input logic [15:0] lane [STREAMS][2 * R],
  // Rows of sums: the accumulator's words as they are, and as they become.
  output word_t sum_address [STREAMS][C],
  input word_t sum_old [STREAMS][C],
  output logic sum_valid [STREAMS][C],
  output word_t sum_new [STREAMS][C]
);

parameter int DIAGONALS = R + C - 1;

//===- Weights ------------------------------------------------------------------------------------------------------------------===//

typedef struct packed {
  logic valid, bank, wide; // wide: bf16
  word_t first;            // the tile's byte that lane 0 carries; cells are numbered row by row
  word_t count;
  logic [PORT_BYTES-1:0][7:0] bytes;
  logic [PORT_BYTES-1:0][1:0] indices;
} beat_t;
beat_t beats [DIAGONALS], beats_q [DIAGONALS]; // beats[0] is the port, the others were one diagonal back in the last cycle
operation_t tile, tile_n;
word_t first, first_n;    // the next beat's first byte
logic loading, loading_n;

word_t cell_of, row_of, column_of, source_row, source_element;
logic in_tile [PORT_BYTES];
always_comb begin
  tile_n = load ? weights : tile;
  first_n = load ? 0 : first;
  loading_n = load || loading;
  cell_of = 0;
  row_of = 0;
  column_of = 0;
  source_row = 0;
  source_element = 0;
  for (int i = 0; i < PORT_BYTES; i++) begin
    weight_address[i] = 32'hffffffff;
    index_address[i] = 32'hffffffff;
    in_tile[i] = 0;
    if (loading_n && word_t'(i) < facts.weight_port_bytes) begin
      cell_of = tile_n.ta == BF16 ? (first_n + word_t'(i)) >> 1 : first_n + word_t'(i);
      row_of = cell_of / C;
      column_of = cell_of % C;
      source_row = tile_n.flags[WLOAD_TRANSPOSE] && control != C_WLOAD_TRANSPOSE ? column_of : row_of;
      source_element = tile_n.flags[WLOAD_TRANSPOSE] ? row_of : column_of;
      in_tile[i] = source_row < word_t'(tile_n.rows) - word_t'(off(C_WLOAD_ROWS) != 0 && tile_n.rows != 0) && source_element < word_t'(tile_n.cols) - word_t'(off(C_WLOAD_COLUMNS));
      if (in_tile[i]) begin
        weight_address[i] = place(tile_n.a + source_row * (word_t'(tile_n.pa) + word_t'(off(C_WLOAD_PITCH))) +
                                  (tile_n.ta == BF16 ? source_element * 2 + ((first_n + word_t'(i)) & 1) : source_element));
        if (tile_n.flags[WLOAD_SPARSE])
          index_address[i] = place(tile_n.b + row_of * word_t'(tile_n.pb) + (column_of >> 2));
      end
    end
  end
end

word_t beat_column;
always_comb begin
  for (int d = 1; d < DIAGONALS; d++)
    beats[d] = beats_q[d - 1];
  beats[0].valid = loading_n;
  beats[0].bank = tile_n.flags[WLOAD_BANK] && control != C_WLOAD_BANK;
  beats[0].wide = tile_n.ta == BF16;
  beats[0].first = first_n;
  beats[0].count = facts.weight_port_bytes;
  beat_column = 0;
  for (int i = 0; i < PORT_BYTES; i++) begin
    beat_column = (tile_n.ta == BF16 ? (first_n + word_t'(i)) >> 1 : first_n + word_t'(i)) % C;
    beats[0].bytes[i] = in_tile[i] ? weight_byte[i] ^ 8'(off(C_WLOAD_BIT)) : 0;
    beats[0].indices[i] = in_tile[i] && tile_n.flags[WLOAD_SPARSE] ? 2'(index_byte[i] >> {beat_column[1:0], 1'b0}) ^ 2'(off(C_SPARSE_INDEX)) : 0;
  end
end

logic [1:0][R-1:0][C-1:0][15:0] held, held_n;
logic [1:0][R-1:0][C-1:0][1:0] indices, indices_n;
word_t at;
always_comb begin
  held_n = held;
  indices_n = indices;
  at = 0;
  for (int r = 0; r < R; r++)
    for (int c = 0; c < C; c++)
      if (beats[r + c].valid)
        for (int k = 0; k < 2; k++) begin
          at = (beats[r + c].wide ? word_t'(2 * (r * C + c) + k) : word_t'(r * C + c)) - beats[r + c].first;
          if ((k == 0 || beats[r + c].wide) && at < beats[r + c].count) begin
            held_n[beats[r + c].bank][r][c][8 * k +: 8] = beats[r + c].bytes[at[$clog2(PORT_BYTES)-1:0]];
            indices_n[beats[r + c].bank][r][c] = beats[r + c].indices[at[$clog2(PORT_BYTES)-1:0]];
          end
        end
end

always_ff @(posedge clk) begin
  tile <= tile_n;
  if (reset) begin
    loading <= 0;
    first <= 0;
    beats_q <= '{default: 0};
  end else begin
    loading <= loading_n && first_n + facts.weight_port_bytes < word_t'(R * C * bytes_of(tile_n.ta));
    first <= first_n + facts.weight_port_bytes;
    beats_q <= beats;
  end
  held <= held_n;
  indices <= indices_n;
end

//===- Activations --------------------------------------------------------------------------------------------------------------===//

// What goes with a row of activations along the diagonals.
typedef struct packed {
  logic valid, bank, sparse, floating, accumulate;
  word_t address; // of its sums
  word_t columns; // of them
} row_t;
row_t rows [STREAMS][DIAGONALS], rows_q [STREAMS][DIAGONALS]; // rows[.][0] enters, the others were one diagonal back in the last cycle
operation_t product, product_n;
sword_t next_row, entering [STREAMS], after;
word_t due, due_n, eighths; // a row enters once `due` is below 8; each adds the cycles that it takes, in eighths
logic streaming, enters [STREAMS];
always_comb begin
  product_n = stream ? matmul : product;
  eighths = product_n.ta == I8 ? facts.matmul_eighths_i8 : facts.matmul_eighths_bf16;
  due_n = stream ? 0 : due;
  after = stream ? 0 : next_row;
  for (int s = 0; s < STREAMS; s++) begin
    entering[s] = after;
    enters[s] = (stream || streaming) && after < product_n.rows && due_n < 8;
    if (enters[s]) begin
      after = after + 1;
      due_n = due_n + eighths;
    end
    for (int k = 0; k < 2 * R; k++)
      lane_address[s][k] = enters[s] && k < product_n.cols
          ? place(k < R ? product_n.a + entering[s] * product_n.pa + k * bytes_of(product_n.ta)
                        : product_n.b + entering[s] * product_n.pb + (k - R + off(C_SPARSE_LANES)) * bytes_of(product_n.ta))
          : 32'hffffffff;
  end
end

// Four lanes for each row of cells, from which a 2:4 weight chooses one; a dense row of cells uses the first.
logic [63:0] fed [STREAMS][R];
logic [15:0] value [STREAMS][2 * R];
always_comb
  for (int s = 0; s < STREAMS; s++) begin
    for (int d = 1; d < DIAGONALS; d++)
      rows[s][d] = reset ? '0 : rows_q[s][d - 1];
    rows[s][0] = {enters[s], product_n.flags[MATMUL_BANK] && control != C_MATMUL_BANK, product_n.flags[MATMUL_SPARSE], product_n.ta == BF16,
                  product_n.flags[MATMUL_ACCUMULATE], product_n.dst + entering[s] * product_n.pd, word_t'(product_n.px)};
    for (int k = 0; k < 2 * R; k++)
      value[s][k] = k >= product_n.cols ? (control == C_ZERO_LANES ? 16'(-product_n.imm[8:0]) : 0)
                    : product_n.ta == BF16 ? lane[s][k]
                    : control == C_ZERO_POINT_WIDTH ? 16'(8'(9'($signed(lane[s][k][7:0])) - $signed(product_n.imm[8:0])))
                    : 16'(9'($signed(lane[s][k][7:0])) - $signed(product_n.imm[8:0]) + $signed(9'(off(C_ZERO_POINT))));
    for (int r = 0; r < R; r++)
      fed[s][r] = !product_n.flags[MATMUL_SPARSE] || R % 2 != 0 ? {48'd0, value[s][control == C_SUM_ORDER && product_n.ta == BF16 ? R - 1 - r : r]}
                  : {value[s][(4 * (r / 2) + 3) % (2 * R)], value[s][(4 * (r / 2) + 2) % (2 * R)], value[s][(4 * (r / 2) + 1) % (2 * R)],
                     value[s][4 * (r / 2) % (2 * R)]};
  end

logic [STREAMS-1:0][R-1:0][R-1:0][63:0] late, late_n;   // [.][d][r]: row r's lanes, d cycles after they entered
logic [STREAMS-1:0][R-1:0][C-1:0][63:0] moved, moved_n; // a cell's activations, on their way right
logic [STREAMS-1:0][R-1:0][C-1:0][31:0] sums, sums_n;   // and its sum, on its way down
logic [63:0] in;
logic [15:0] factor;
word_t above;
always_comb begin
  late_n = late;
  moved_n = moved;
  sums_n = sums;
  in = 0;
  factor = 0;
  above = 0;
  for (int s = 0; s < STREAMS; s++) begin
    for (int r = 0; r < R; r++)
      for (int d = 0; d < r; d++)
        late_n[s][d][r] = d == 0 ? fed[s][r] : late[s][d == 0 ? 0 : d - 1][r];
    for (int r = 0; r < R; r++)
      for (int c = 0; c < C; c++)
        if (rows[s][r + c].valid) begin
          in = c != 0 ? moved[s][r][c == 0 ? 0 : c - 1] : r != 0 ? late[s][r == 0 ? 0 : r - 1][r] : fed[s][r];
          factor = 16'(in >> (rows[s][r + c].sparse ? {indices[rows[s][r + c].bank][r][c], 4'd0} : 6'd0));
          above = r == 0 ? 0 : sums[s][r == 0 ? 0 : r - 1][c];
          moved_n[s][r][c] = in;
          if (rows[s][r + c].floating)
            sums_n[s][r][c] = numerics::mac(above, factor, held[rows[s][r + c].bank][control == C_SUM_ORDER ? R - 1 - r : r][c]);
          else
            sums_n[s][r][c] = above + word_t'(32'($signed(factor)) * 32'($signed(held[rows[s][r + c].bank][r][c][7:0]))) + word_t'(off(C_I8_PRODUCT));
        end
  end
end

//===- Sums ---------------------------------------------------------------------------------------------------------------------===//

logic [STREAMS-1:0][C-1:0][C-1:0][31:0] waiting, waiting_n; // [.][d][c]: column c's sums, d cycles after they left the bottom
row_t out, last;                         // the row that leaves, and the one before it in this cycle
word_t old, line [C], line_before [C];   // its sums
sword_t ahead;                           // the column of the row before that has the same address
always_comb begin
  waiting_n = waiting;
  out = '0;
  last = '0;
  line = '{default: 0};
  line_before = '{default: 0};
  old = 0;
  ahead = 0;
  for (int s = 0; s < STREAMS; s++) begin
    last = out;
    line_before = line;
    out = rows[s][DIAGONALS - 1];
    for (int c = 0; c < C; c++) begin
      for (int d = 0; d < C - 1 - c; d++)
        waiting_n[s][d][c] = d == 0 ? sums_n[s][R - 1][c] : waiting[s][d == 0 ? 0 : d - 1][c];
      line[c] = c == C - 1 ? sums_n[s][R - 1][c] : waiting[s][c == C - 1 ? 0 : C - 2 - c][c];
      sum_valid[s][c] = out.valid && word_t'(c) < out.columns + word_t'(off(C_SUM_COLUMNS));
      if (out.valid && out.accumulate) begin
        ahead = sword_t'(out.address + 4 * word_t'(c) - last.address) / 4;
        old = last.valid && ahead >= 0 && ahead < C && word_t'(ahead) < last.columns ? line_before[ahead % C] : sum_old[s][c];
        line[c] = out.floating ? numerics::add(old, line[c]) ^ word_t'(off(C_ACCUMULATE_BF16)) : old + line[c] + word_t'(off(C_ACCUMULATE_I8));
      end
      sum_new[s][c] = line[c];
    end
  end
end

always_comb
  for (int s = 0; s < STREAMS; s++)
    for (int c = 0; c < C; c++)
      sum_address[s][c] = rows[s][DIAGONALS - 1].valid ? ARRAY_BASE + rows[s][DIAGONALS - 1].address + 4 * word_t'(c) : 32'hffffffff;

always_ff @(posedge clk) begin
  product <= product_n;
  next_row <= after;
  due <= due_n - 8;
  streaming <= !reset && (stream || streaming) && after < product_n.rows;
  rows_q <= rows;
  late <= late_n;
  moved <= moved_n;
  sums <= sums_n;
  waiting <= waiting_n;
end

endmodule
