// The machine's arithmetic in bits, as SystolicNumerics.h defines it (binary32 without subnormals, one NaN, to nearest even): sums,
// products, the array's step, conversions, and the functions by table. Functions are not inlined, or every lane would cost a copy.
package numerics;
import machine::*;

`include "tables.svh"

parameter word_t NOT_A_NUMBER = 32'h7fc00000, INFINITY = 32'h7f800000, ONE = 32'h3f800000;

function automatic logic is_nan(input word_t f); return f[30:0] > 31'h7f800000; endfunction
function automatic logic is_infinite(input word_t f); return f[30:0] == 31'h7f800000; endfunction
function automatic logic is_zero(input word_t f); return f[30:23] == 0; endfunction

// Subnormals are zeros, every NaN is one.
function automatic word_t canonical(input word_t f);
  return is_zero(f) && control != C_SUBNORMAL ? {f[31], 31'd0} : is_nan(f) && control != C_NAN ? NOT_A_NUMBER : f;
endfunction

function automatic logic [23:0] significand(input word_t f); return is_zero(f) ? 24'd0 : {1'b1, f[22:0]}; endfunction

// m 2^e rounded to nearest even at 24 bits; bit 0 of m may stand for all that was lost below it.
function automatic word_t rounded(input logic sign, input int e, input logic [63:0] m);
  /*verilator no_inline_task*/
  int top, exponent;
  logic [63:0] kept, rest, half;
  logic [24:0] q;
  if (m == 0)
    return {sign, 31'd0};
  top = 0;
  for (int i = 0; i < 64; i++)
    if (m[i])
      top = i;
  exponent = e + top;
  if (top <= 23) begin
    q = 25'(m << (23 - top));
  end else begin
    kept = m >> (top - 23);
    rest = m & ((64'd1 << (top - 23)) - 1);
    half = 64'd1 << (top - 24);
    q = 25'(kept) + 25'(rest > half || (rest == half && (kept[0] ^ (off(C_ROUND_TIES) != 0))));
    if (q[24]) begin
      q = q >> 1;
      exponent = exponent + 1;
    end
  end
  if (exponent < -126 + off(C_FLUSH_BOUND))
    return {sign, 31'd0};
  if (exponent > 127)
    return {sign, INFINITY[30:0]};
  return {sign, 8'(exponent + 127), q[22:0]};
endfunction

// The exact sum of two numbers m 2^(e - 23), m below 2^24 with its top bit set or 0, rounded once: three more bits are enough, of which
// the last stands for all below it.
function automatic word_t sum_of(input logic sa, input int ea, input logic [23:0] ma, input logic sb, input int eb, input logic [23:0] mb);
  /*verilator no_inline_task*/
  logic [63:0] big, small_, lost;
  logic s, t;
  int e, d;
  if (ma == 0 && mb == 0)
    return {sa & sb, 31'd0};
  if (mb == 0)
    return rounded(sa, ea - 23, 64'(ma));
  if (ma == 0)
    return rounded(sb, eb - 23, 64'(mb));
  if (ea > eb || (ea == eb && ma >= mb)) begin
    big = 64'(ma) << 3; small_ = 64'(mb) << 3; s = sa; t = sb; e = ea; d = ea - eb;
  end else begin
    big = 64'(mb) << 3; small_ = 64'(ma) << 3; s = sb; t = sa; e = eb; d = eb - ea;
  end
  if (d > 30)
    d = 30;
  lost = small_ & ((64'd1 << d) - 1);
  small_ = (small_ >> d) | 64'(lost != 0 && off(C_STICKY) == 0);
  if (s == t)
    return rounded(s, e - 26, big + small_);
  if (big == small_)
    return 0;
  return rounded(s, e - 26, big - small_);
endfunction

function automatic word_t add(input word_t a, input word_t b);
  /*verilator no_inline_task*/
  if (is_nan(a) || is_nan(b) || (is_infinite(a) && is_infinite(b) && a[31] != b[31]))
    return NOT_A_NUMBER;
  if (is_infinite(a))
    return a;
  if (is_infinite(b))
    return b;
  return sum_of(a[31], int'(a[30:23]) - 127, significand(a), b[31], int'(b[30:23]) - 127, significand(b));
endfunction

function automatic word_t negated(input word_t f); return {!f[31], f[30:0]}; endfunction
function automatic word_t sub(input word_t a, input word_t b); return add(a, is_nan(b) ? b : negated(b)); endfunction

function automatic word_t mul(input word_t a, input word_t b);
  /*verilator no_inline_task*/
  logic s;
  s = a[31] ^ b[31];
  if (is_nan(a) || is_nan(b) || (is_infinite(a) && is_zero(b)) || (is_infinite(b) && is_zero(a)))
    return NOT_A_NUMBER;
  if (is_infinite(a) || is_infinite(b))
    return {s, INFINITY[30:0]};
  return rounded(s, int'(a[30:23]) + int'(b[30:23]) - 300, 64'(significand(a)) * 64'(significand(b)));
endfunction

// The array's step: p + a w, the product of two bf16 exact, the sum rounded once.
function automatic word_t mac(input word_t p, input logic [15:0] a, input logic [15:0] w);
  /*verilator no_inline_task*/
  word_t x, y;
  logic s;
  logic [15:0] product;
  int e;
  x = {a, 16'd0};
  y = {w, 16'd0};
  s = x[31] ^ y[31];
  if (is_nan(x) || is_nan(y) || is_nan(p) || (is_infinite(x) && is_zero(y)) || (is_infinite(y) && is_zero(x)))
    return NOT_A_NUMBER;
  if (is_infinite(x) || is_infinite(y))
    return is_infinite(p) && p[31] != s ? NOT_A_NUMBER : {s, INFINITY[30:0]};
  if (is_infinite(p))
    return p;
  product = is_zero(x) || is_zero(y) ? 16'd0 : 16'({1'b1, x[22:16]}) * 16'({1'b1, y[22:16]});
  e = int'(x[30:23]) + int'(y[30:23]) - 254 + 32'(product[15]);
  if (!product[15])
    product = product << 1;
  product[0] = product[0] ^ (off(C_MAC_PRODUCT) != 0 && product != 0);
  return sum_of(p[31], int'(p[30:23]) - 127, significand(p), s, e, {product, 8'd0});
endfunction

// Order of numbers as of integers; canonical operands.
function automatic sword_t order(input word_t f); return f[31] ? -sword_t'({1'b0, f[30:0]}) - 1 : sword_t'({1'b0, f[30:0]}); endfunction
function automatic word_t largest(input word_t p, input word_t q);
  word_t a, b;
  a = canonical(p);
  b = canonical(q);
  if (is_nan(a) || is_nan(b))
    return control != C_MAX_NAN ? NOT_A_NUMBER : is_nan(a) ? b : a;
  if (control == C_MAX_ZERO && is_zero(a) && is_zero(b))
    return a;
  return (order(a) >= order(b)) ^ (off(C_MAX) != 0) ? a : b;
endfunction
function automatic word_t least(input word_t p, input word_t q);
  word_t a, b;
  a = canonical(p);
  b = canonical(q);
  if (is_nan(a) || is_nan(b))
    return control != C_MIN_NAN ? NOT_A_NUMBER : is_nan(a) ? b : a;
  if (control == C_MIN_ZERO && is_zero(a) && is_zero(b))
    return a;
  return (order(a) <= order(b)) ^ (off(C_MIN) != 0) ? a : b;
endfunction

function automatic word_t from_integer(input sword_t i);
  /*verilator no_inline_task*/
  return rounded(i < 0, 0, i < 0 ? 64'(-(64'(i))) : 64'(i));
endfunction

// To the nearest integer, ties to even, clamped.
function automatic sword_t to_integer(input word_t number, input sword_t low, input sword_t high);
  /*verilator no_inline_task*/
  word_t f;
  int e;
  logic [63:0] m, kept, rest, half;
  logic signed [63:0] q;
  f = canonical(number);
  if (is_nan(f))
    return 0;
  e = int'(f[30:23]) - 127;
  if (e >= 31)
    return f[31] ? low : high;
  m = 64'(significand(f));
  if (e >= 23) begin
    kept = m << (e - 23);
  end else if (e < -1) begin
    kept = 0;
  end else begin
    kept = m >> (23 - e);
    rest = m & ((64'd1 << (23 - e)) - 1);
    half = 64'd1 << (22 - e);
    if (rest > half || (rest == half && (kept[0] ^ (off(C_TO_INTEGER) != 0))))
      kept = kept + 1;
  end
  q = f[31] ? -$signed(kept) : $signed(kept);
  return q <= 64'(low) ? low : q >= 64'(high) ? high : sword_t'(q);
endfunction

// An element of four bytes' room as a number.
function automatic word_t from_element(input word_t bits, input logic [3:0] t);
  /*verilator no_inline_task*/
  case (t)
  I8: return from_integer(sword_t'($signed(bits[7:0]))) ^ word_t'(off(C_FROM_I8));
  BF16: return canonical({bits[15:0], 16'd0}) ^ word_t'(off(C_FROM_BF16));
  I32: return from_integer(control == C_FROM_I32 ? bits & ~32'h7f : bits);
  default: return canonical(bits) ^ word_t'(off(C_FROM_F32));
  endcase
endfunction
function automatic word_t to_element(input word_t number, input logic [3:0] t);
  /*verilator no_inline_task*/
  word_t f;
  f = canonical(number);
  case (t)
  I8: return to_integer(f, -128 + off(C_CLAMP_I8), 127);
  BF16: return is_nan(f) ? 32'h7fc0 : (f + 32'h7fff + 32'(f[16] ^ (off(C_TO_BF16) != 0))) >> 16;
  I32: return to_integer(f, 32'h80000000, 32'h7fffffff - off(C_CLAMP_I32));
  default: return f;
  endcase
endfunction

function automatic logic [7:0] requantized(input sword_t v, input sword_t bias, input sword_t multiplier, input sword_t shift_,
                                           input logic signed [7:0] zero, input logic signed [7:0] low, input logic signed [7:0] high);
  /*verilator no_inline_task*/
  logic signed [63:0] sum, product, q;
  int shift;
  shift = shift_ < 0 ? off(C_REQUANT_SHIFT) : shift_ > 62 ? 62 - off(C_REQUANT_SHIFT_MOST) : shift_;
  sum = control == C_REQUANT_WRAP ? 64'(v) + 64'(bias) : 64'(sword_t'(v + bias + off(C_REQUANT_BIAS)));
  product = sum * 64'($signed({32'd0, multiplier[31] && control == C_REQUANT_MULTIPLIER, multiplier[30:0]}));
  q = shift == 0 ? product : (product + (64'sd1 <<< (shift - 1)) - 64'(off(C_REQUANT_HALF))) >>> shift;
  q = q + 64'(zero) + 64'(off(C_REQUANT_ZERO));
  return q < 64'(low) + 64'(off(C_REQUANT_LOW)) ? low + 8'(off(C_REQUANT_LOW))
         : q > 64'(high) - 64'(off(C_REQUANT_HIGH)) ? high - 8'(off(C_REQUANT_HIGH)) : q[7:0];
endfunction

// c0 + c1 u + c2 u^2 at u = d / 2^bits.
function automatic longint segment(input longint c0, input longint c1, input longint c2, input longint d, input int bits);
  return c0 + ((c1 * d) >>> bits) + ((c2 * ((d * d) >>> bits)) >>> bits);
endfunction

// The bits of 2^exponent v / 2^30 for v from 2^30 to 2^31.
function automatic longint scaled(input longint biased, input longint v);
  return (biased << 23) + ((v + 64 - longint'(off(C_TABLE_ROUND))) >>> 7) - (64'sd1 << 23);
endfunction

// floor(f 2^bits) for |f| below 2^(63 - bits).
function automatic longint fixed_point(input word_t f, input int bits);
  longint m;
  int e;
  e = int'(f[30:23]) - 150 + bits;
  m = longint'(significand(f));
  if (f[31])
    m = -m;
  return e >= 0 ? m <<< e : e < -63 ? (m < 0 ? -64'sd1 : 64'sd0) : m >>> (-e);
endfunction

function automatic word_t exp2(input word_t number);
  /*verilator no_inline_task*/
  word_t x;
  longint f, v;
  x = canonical(number);
  if (is_nan(x))
    return x;
  if (!x[31] && x[30:23] >= 8'd134)
    return INFINITY;
  if (x[31] && x > 32'hc2fc0000 - word_t'(off(C_EXP2_BOUND))) // below -126
    return 0;
  f = fixed_point(x, 24);
  v = segment(EXP2_0[6'(f >> 18)], EXP2_1[6'(f >> 18)], EXP2_2[6'(f >> 18)], longint'(f[17:0]), 18);
  return word_t'(scaled((f >>> 24) + 127, v)) ^ word_t'(off(C_EXP2));
endfunction

function automatic word_t recip(input word_t number);
  /*verilator no_inline_task*/
  word_t x;
  longint v, bits;
  x = canonical(number);
  if (is_nan(x))
    return x;
  if (is_zero(x))
    return {x[31], INFINITY[30:0]};
  if (is_infinite(x))
    return {x[31], 31'd0};
  v = segment(RECIP_0[x[22:16]], RECIP_1[x[22:16]], RECIP_2[x[22:16]], longint'(x[15:0]), 16);
  bits = scaled(253 - longint'(x[30:23]), v);
  return {x[31], bits < 64'sh00800000 ? 31'd0 : bits[30:0] ^ 31'(off(C_RECIP))};
endfunction

function automatic word_t rsqrt(input word_t number);
  /*verilator no_inline_task*/
  word_t x;
  longint v, exponent;
  logic [7:0] entry;
  x = canonical(number);
  if (is_zero(x))
    return INFINITY;
  if (is_nan(x) || x[31])
    return NOT_A_NUMBER;
  if (is_infinite(x))
    return 0;
  exponent = longint'(x[30:23]) - 127;
  entry = {exponent[0], x[22:16]};
  v = segment(RSQRT_0[entry], RSQRT_1[entry], RSQRT_2[entry], longint'(x[15:0]), 16);
  return word_t'(scaled(126 - ((exponent - longint'(exponent[0])) >>> 1), v)) ^ word_t'(off(C_RSQRT));
endfunction

function automatic word_t sigmoid(input word_t x);
  /*verilator no_inline_task*/
  return recip(add(ONE, exp2(mul(x, 32'hbfb8aa3b)))) ^ word_t'(off(C_SIGMOID)); // -log2(e)
endfunction

function automatic word_t silu(input word_t x);
  /*verilator no_inline_task*/
  return mul(x, sigmoid(x)) ^ word_t'(off(C_SILU));
endfunction

function automatic word_t tanh_(input word_t number);
  /*verilator no_inline_task*/
  word_t x, t, y, p;
  x = canonical(number);
  if (is_nan(x))
    return x;
  t = {1'b0, x[30:0]};
  if (t < 32'h3e800000 + word_t'(off(C_TANH_BOUND))) begin // 1/4
    y = mul(x, x);
    p = add(32'hbd5d0dd1, mul(y, 32'h3cb327a4 ^ word_t'(off(C_TANH_SERIES) << 22)));
    p = add(32'h3e088889, mul(y, p));
    p = add(32'hbeaaaaab, mul(y, p));
    return mul(x, add(ONE, mul(y, p)));
  end
  t = sub(ONE, mul(32'h40000000, recip(add(ONE, exp2(mul(t, 32'h4038aa3b)))))); // 2 log2(e)
  return (x[31] ? negated(t) : t) ^ word_t'(off(C_TANH));
endfunction

function automatic word_t gelu(input word_t number);
  /*verilator no_inline_task*/
  word_t x, t, q;
  longint f;
  x = canonical(number);
  if (is_nan(x))
    return x;
  t = {1'b0, x[30:0]};
  if (t >= 32'h41000000 + word_t'(off(C_GELU_BOUND))) // 8
    return x[31] ? 0 : x;
  f = fixed_point(t, 21);
  q = mul(from_integer(sword_t'(segment(TAIL_0[8'(f >> 16)], TAIL_1[8'(f >> 16)], TAIL_2[8'(f >> 16)], longint'(f[15:0]), 16))), 32'h30800000);
  q = mul(exp2(mul(mul(t, t), 32'hbf38aa3b)), q); // -log2(e) / 2
  q = mul(x, q);
  return (!x[31] && !is_zero(x) ? sub(x, q) : q) ^ word_t'(off(C_GELU));
endfunction

function automatic word_t gelu_tanh(input word_t x);
  /*verilator no_inline_task*/
  word_t cube, e;
  cube = mul(mul(mul(x, x), x), 32'h3d372713);
  e = exp2(mul(add(x, cube), 32'hc0135761)); // -2 log2(e) sqrt(2 / pi)
  return mul(x, recip(add(ONE, e))) ^ word_t'(off(C_GELU_TANH));
endfunction

function automatic word_t combined(input logic [3:0] how, input word_t s, input word_t o);
  /*verilator no_inline_task*/
  case (how)
  4'd0: return s;
  4'd1: return o ^ word_t'(off(C_SECOND));
  4'd2: return add(s, o) ^ word_t'(off(C_ADD));
  4'd3: return sub(s, o) ^ word_t'(off(C_SUB));
  4'd4: return mul(s, o) ^ word_t'(off(C_MUL));
  4'd5: return largest(s, o);
  default: return least(s, o);
  endcase
endfunction

function automatic word_t applied(input logic [3:0] which, input word_t x);
  /*verilator no_inline_task*/
  case (which)
  4'd0: return x;
  4'd1: return largest(x, word_t'(off(C_RELU) << 31)) ^ word_t'(off(C_RELU));
  4'd2: return is_nan(x) ? x : {x[31] && control == C_ABS, x[30:0]};
  4'd3: return exp2(x);
  4'd4: return recip(x);
  4'd5: return rsqrt(x);
  4'd6: return sigmoid(x);
  4'd7: return silu(x);
  4'd8: return tanh_(x);
  4'd9: return gelu(x);
  default: return gelu_tanh(x);
  endcase
endfunction

endpackage
