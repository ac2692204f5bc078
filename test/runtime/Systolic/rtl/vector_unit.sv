// One vector slice of C lanes: in f32, a row at a time, with the row's cost in cycles between rows; results are forwarded, so that a
// row sees what the last one wrote. "vector", "requant", "transpose" and "Cycles", VX.
module vector_unit import machine::*;
(
  input logic clk, reset,
  input logic start,
  input operation_t starting,
  // Words of a; of b or the multipliers; of the shifts, or what the destination holds; of the biases.
  output word_t a_address [C], b_address [C], c_address [C], d_address [C],
  input word_t a_word [C], b_word [C], c_word [C], d_word [C],
  output logic valid [C],
  output word_t address [C], data [C],
  output logic [3:0] t
);

operation_t o;
logic active;
sword_t row;
word_t wait_; // cycles until the next row
logic go;
assign go = active && wait_ == 0 && row < o.rows;

always_ff @(posedge clk) begin
  if (start)
    o <= starting;
  if (reset) begin
    active <= 0;
  end else if (start) begin
    active <= 1;
    row <= 0;
    wait_ <= 0;
  end else if (active) begin
    wait_ <= wait_ == 0 ? o.row_cycles - 1 : wait_ - 1;
    if (wait_ == 0)
      row <= row + 1;
    if (row >= o.rows)
      active <= 0;
  end
end

logic [3:0] source, second;
int step_a, step_b;
always_comb begin
  source = o.op == REQUANT ? I32 : o.ta;
  second = o.op == REQUANT ? I32 : o.tb;
  t = o.op == REQUANT ? I8 : o.op == TRANSPOSE ? o.ta : o.td;
  step_a = bytes_of(source);
  step_b = o.op == VECTOR && o.flags[VECTOR_SCALAR] && control != C_SCALAR ? 0 : bytes_of(second);
  for (int j = 0; j < C; j++) begin
    a_address[j] = 32'hffffffff;
    b_address[j] = 32'hffffffff;
    c_address[j] = 32'hffffffff;
    d_address[j] = 32'hffffffff;
    address[j] = 32'hffffffff;
    if (go && j < o.cols) begin
      a_address[j] = place(o.a + row * o.pa + j * step_a);
      address[j] = place(o.op == TRANSPOSE ? o.dst + j * o.pd + row * bytes_of(t) : o.dst + row * o.pd + j * bytes_of(t));
      if (o.op == REQUANT) begin
        b_address[j] = place(o.b + j * 4);
        c_address[j] = place(o.b + o.pb + j * 4);
        d_address[j] = place(o.b + 2 * o.pb + j * 4);
      end else if (o.op == VECTOR) begin
        b_address[j] = place(o.b + row * o.pb + j * step_b);
        c_address[j] = address[j];
      end
    end
  end
end

word_t s [C], u [C], tree [LANES], level [LANES], result;
int h;
always_comb begin
  result = 0;
  h = o.px;
  for (int j = 0; j < LANES; j++) begin
    tree[j] = o.flags[VECTOR_MAX] ? (control == C_MAX_IDENTITY ? 0 : 32'hff800000) : word_t'(off(C_REDUCE_IDENTITY) << 30);
    level[j] = 0;
  end
  for (int j = 0; j < C; j++) begin
    s[j] = go && j < o.cols ? numerics::from_element(a_word[j], o.ta) : 0;
    u[j] = 0;
    data[j] = 0;
    valid[j] = go && j < o.cols && !(o.op == VECTOR && o.flags[VECTOR_REDUCE] && j != 0);
  end
  if (go && o.op == VECTOR) begin
    for (int j = 0; j < C; j++)
      if (j < o.cols) begin
        u[j] = s[j];
        if (h > 0 && o.fn[3:0] != 1)
          u[j] = j % (2 * h) < h ? numerics::negated(j + h < o.cols ? s[(j + h) % C] : 0) ^ {off(C_ROTATE_SIGN) != 0, 31'd0} : s[control == C_ROTATE ? j : (j - h + C) % C];
        if (o.flags[VECTOR_SCALE])
          u[j] = numerics::mul(u[j], numerics::canonical(o.imm)) ^ word_t'(off(C_SCALE));
        u[j] = numerics::combined(o.fn[3:0], u[j],
                                  o.flags[VECTOR_CONSTANT] ? numerics::canonical(o.imm) ^ word_t'(off(C_CONSTANT)) : o.fn[3:0] == 0 ? 0 : numerics::from_element(b_word[j], o.tb));
        u[j] = numerics::applied(o.fn[7:4], u[j]);
        tree[j] = u[j];
      end
    if (o.flags[VECTOR_REDUCE]) begin
      for (int half = LANES / 2; half >= 1; half = half / 2)
        for (int j = 0; j < half; j++)
          tree[j] = o.flags[VECTOR_MAX] ? numerics::largest(tree[j], tree[j + half])
                    : control == C_REDUCE_ORDER ? numerics::add(tree[j], numerics::mul(tree[j + half], 32'h3f800001)) : numerics::add(tree[j], tree[j + half]);
      if (control == C_TREE && !o.flags[VECTOR_MAX])
        for (int j = 1; j < C; j++)
          u[0] = j < o.cols ? numerics::add(u[0], u[j]) : u[0];
      else
        u[0] = tree[0];
    end
  end
  for (int j = 0; j < C; j++)
    if (valid[j])
      case (o.op)
      VECTOR: begin
          result = u[j];
          if (o.flags[VECTOR_ACCUMULATE])
            result = o.flags[VECTOR_MAX] && control != C_ACCUMULATE_MAX ? numerics::largest(numerics::from_element(c_word[j], o.td), u[j])
                                         : numerics::add(numerics::from_element(c_word[j], o.td), u[j]);
          data[j] = numerics::to_element(result, o.td) ^ word_t'(off(C_VECTOR_ACCUMULATE) != 0 && o.flags[VECTOR_ACCUMULATE]);
        end
      REQUANT: data[j] = word_t'(numerics::requantized(a_word[j], d_word[j], b_word[j], c_word[j], o.imm[7:0], o.imm[15:8], o.imm[23:16]));
      default: data[j] = a_word[j] ^ word_t'(off(C_TRANSPOSE_BIT));
      endcase
end

endmodule
