// The systolic machine's arithmetic, bit by bit: what the simulator and every reference compute with, and what the RTL states anew.
//
// f32 values are IEEE binary32 with three differences. Subnormal operands count as zeros of their sign; a result that, rounded
// to 24 bits with unbounded exponent, is below 2^-126 becomes a zero of its sign; every NaN result is 0x7fc00000. Rounding is to
// nearest, ties to even. Each function below is one such rounding, unless it says more; compositions round at every step.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#pragma STDC FP_CONTRACT OFF

namespace girih::systolic {

inline uint32_t bitsOf(float f) { return std::bit_cast<uint32_t>(f); }
inline float floatOf(uint32_t bits) { return std::bit_cast<float>(bits); }
inline float quietNaN() { return floatOf(0x7fc00000); }

/// A subnormal as the zero of its sign, any NaN as the one NaN.
inline float canonical(float f) {
  uint32_t bits = bitsOf(f), magnitude = bits & 0x7fffffff;
  if (magnitude < 0x00800000)
    return floatOf(bits & 0x80000000);
  return magnitude > 0x7f800000 ? quietNaN() : f;
}

inline float addF32(float a, float b) { return canonical(canonical(a) + canonical(b)); }
inline float subF32(float a, float b) { return canonical(canonical(a) - canonical(b)); }
inline float mulF32(float a, float b) {
  a = canonical(a), b = canonical(b);
  float r = a * b;
  if ((bitsOf(r) & 0x7fffffff) == 0x00800000 && std::fabs(double(a) * double(b)) < 0x1p-126 - 0x1p-151)
    return floatOf(bitsOf(r) & 0x80000000); // rounding at subnormal precision reached 2^-126, rounding to 24 bits does not
  return canonical(r);
}

/// A step of the array: p + a * w for bf16 a and w. The product is exact and not rounded, the sum is rounded once.
inline float macBF16(float p, float a, float w) {
  a = canonical(a), w = canonical(w), p = canonical(p);
  float r = std::fma(a, w, p);
  if ((bitsOf(r) & 0x7fffffff) == 0x00800000) { // 2^-126 by rounding at subnormal precision, or by rounding to 24 bits?
    double sign = std::signbit(r) ? -1 : 1;
    if (sign * double(p) - (0x1p-126 - 0x1p-151) + sign * (double(a) * double(w)) < 0)
      return floatOf(bitsOf(r) & 0x80000000);
  }
  return canonical(r);
}

/// NaN if either is; else the larger, where -0 < +0.
inline float maxF32(float a, float b) {
  a = canonical(a), b = canonical(b);
  if (std::isnan(a) || std::isnan(b))
    return quietNaN();
  if (a == b)
    return std::signbit(a) ? b : a;
  return a > b ? a : b;
}
inline float minF32(float a, float b) {
  a = canonical(a), b = canonical(b);
  if (std::isnan(a) || std::isnan(b))
    return quietNaN();
  if (a == b)
    return std::signbit(a) ? a : b;
  return a < b ? a : b;
}

inline float fromBF16(uint16_t h) { return canonical(floatOf(uint32_t(h) << 16)); }
inline uint16_t toBF16(float f) {
  uint32_t bits = bitsOf(canonical(f));
  return f != f ? 0x7fc0 : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}
inline float fromI32(int32_t i) { return float(i); }
/// To the nearest integer, ties to even, clamped to [low, high]; NaN is 0.
inline int32_t toInteger(float f, int32_t low, int32_t high) {
  f = canonical(f);
  if (f != f)
    return 0;
  double r = std::nearbyint(double(f));
  return r <= low ? low : r >= high ? high : int32_t(r);
}
inline int32_t toI32(float f) { return toInteger(f, INT32_MIN, INT32_MAX); }
inline int8_t toI8(float f) { return int8_t(toInteger(f, -128, 127)); }

/// round(wrap32(v + bias) * multiplier / 2^shift), halves up, one rounding; multiplier >= 0, shift 0 to 62. Then the zero point is
/// added and the sum clamped.
inline int8_t requantize(int32_t v, int32_t bias, int32_t multiplier, unsigned shift, int8_t zero, int8_t low, int8_t high) {
  int64_t product = int64_t(int32_t(uint32_t(v) + uint32_t(bias))) * multiplier;
  int64_t rounded = shift == 0 ? product : (product + (int64_t(1) << (shift - 1))) >> shift;
  int64_t q = rounded + zero;
  return int8_t(q < low ? low : q > high ? high : q);
}

//===- Functions by table --------------------------------------------------------------------------------------------===//

struct Segment {
  int64_t c0, c1, c2;
  /// c0 + c1 u + c2 u^2 at u = d / 2^bits, each product shifted down (towards minus infinity) before it is added.
  constexpr int64_t at(int64_t d, unsigned bits) const { return c0 + (c1 * d >> bits) + (c2 * (d * d >> bits) >> bits); }
};
inline constexpr Segment kExp2[64] = {
#define SYSTOLIC_EXP2(c0, c1, c2) {c0, c1, c2},
#include "girih-runtime/SystolicTables.def"
};
inline constexpr Segment kRecip[128] = {
#define SYSTOLIC_RECIP(c0, c1, c2) {c0, c1, c2},
#include "girih-runtime/SystolicTables.def"
};
inline constexpr Segment kRsqrt[256] = {
#define SYSTOLIC_RSQRT(c0, c1, c2) {c0, c1, c2},
#include "girih-runtime/SystolicTables.def"
};
inline constexpr Segment kTail[256] = {
#define SYSTOLIC_TAIL(c0, c1, c2) {c0, c1, c2},
#include "girih-runtime/SystolicTables.def"
};

/// 2^x. NaN: NaN; x >= 128: infinity; x < -126: +0. Else X = floor(x 2^24), 2^(X >> 24) times the table's 2^fraction.
inline float exp2F32(float x) {
  x = canonical(x);
  if (x != x)
    return x;
  if (x >= 128)
    return floatOf(0x7f800000);
  if (x < -126)
    return 0;
  int64_t fixed = int64_t(std::floor(double(x) * 0x1p24));
  int64_t exponent = fixed >> 24, fraction = fixed & 0xffffff;
  int64_t v = kExp2[fraction >> 18].at(fraction & 0x3ffff, 18); // 2^30 to 2^31
  return floatOf(uint32_t(((exponent + 127) << 23) + ((v + 64) >> 7) - (1 << 23)));
}

/// 1 / x. NaN: NaN; zero: infinity of its sign; infinity: zero of its sign; below 2^-126: zero of its sign.
inline float recipF32(float x) {
  x = canonical(x);
  uint32_t sign = bitsOf(x) & 0x80000000, magnitude = bitsOf(x) & 0x7fffffff;
  if (magnitude > 0x7f800000)
    return quietNaN();
  if (magnitude == 0)
    return floatOf(sign | 0x7f800000);
  if (magnitude == 0x7f800000)
    return floatOf(sign);
  int64_t exponent = magnitude >> 23, fraction = magnitude & 0x7fffff;
  int64_t v = kRecip[fraction >> 16].at(fraction & 0xffff, 16); // 2^30 to 2^31
  int64_t bits = ((253 - exponent) * (1 << 23)) + ((v + 64) >> 7) - (1 << 23);
  return floatOf(sign | (bits < 0x00800000 ? 0 : uint32_t(bits)));
}

/// x^(-1/2). NaN and x < 0: NaN; either zero: +infinity; infinity: +0.
inline float rsqrtF32(float x) {
  x = canonical(x);
  uint32_t bits = bitsOf(x);
  if ((bits & 0x7fffffff) == 0)
    return floatOf(0x7f800000);
  if (x != x || bits >> 31)
    return quietNaN();
  if (bits == 0x7f800000)
    return 0;
  int64_t exponent = int64_t(bits >> 23) - 127, fraction = bits & 0x7fffff, odd = exponent & 1;
  int64_t v = kRsqrt[odd << 7 | fraction >> 16].at(fraction & 0xffff, 16);
  int64_t half = (exponent - odd) / 2;
  return floatOf(uint32_t(((126 - half) << 23) + ((v + 64) >> 7) - (1 << 23)));
}

constexpr uint32_t kMinusLog2E = 0xbfb8aa3b;     // -log2(e)
constexpr uint32_t kMinusHalfLog2E = 0xbf38aa3b; // -log2(e) / 2
constexpr uint32_t kTwoLog2E = 0x4038aa3b;       // 2 log2(e)
constexpr uint32_t kMinusTwoLog2ESqrt2OverPi = 0xc0135761; // -2 log2(e) sqrt(2 / pi)
constexpr uint32_t kGeluCubic = 0x3d372713;      // 0.044715

/// 1 / (1 + 2^(-x log2 e))
inline float sigmoidF32(float x) { return recipF32(addF32(1.0f, exp2F32(mulF32(x, floatOf(kMinusLog2E))))); }
inline float siluF32(float x) { return mulF32(x, sigmoidF32(x)); }

/// |x| < 1/4: x (1 + y (t1 + y (t2 + y (t3 + y t4)))), y = x^2, by Taylor's coefficients; else 1 - 2 / (1 + 2^(2 |x| log2 e)) with
/// the sign of x.
inline float tanhF32(float x) {
  x = canonical(x);
  if (x != x)
    return x;
  float t = std::fabs(x);
  if (t < 0.25f) {
    float y = mulF32(x, x), p = floatOf(0x3cb327a4);  // 62/2835
    p = addF32(floatOf(0xbd5d0dd1), mulF32(y, p));     // -17/315
    p = addF32(floatOf(0x3e088889), mulF32(y, p));     // 2/15
    p = addF32(floatOf(0xbeaaaaab), mulF32(y, p));     // -1/3
    return mulF32(x, addF32(1.0f, mulF32(y, p)));
  }
  float r = subF32(1.0f, mulF32(2.0f, recipF32(addF32(1.0f, exp2F32(mulF32(t, floatOf(kTwoLog2E)))))));
  return std::signbit(x) ? -r : r;
}

/// x Phi(x), by erf. q = Phi(-|x|) = 2^(-x^2 log2(e) / 2) times the table's scaled tail at |x|; x - x q for x > 0, x q for x <= 0.
/// |x| >= 8: x, or +0.
inline float geluF32(float x) {
  x = canonical(x);
  if (x != x)
    return x;
  float t = std::fabs(x);
  if (t >= 8)
    return x > 0 ? x : 0.0f;
  int64_t fixed = int64_t(std::floor(double(t) * 0x1p21));
  float tail = mulF32(fromI32(int32_t(kTail[fixed >> 16].at(fixed & 0xffff, 16))), 0x1p-30f);
  float q = mulF32(exp2F32(mulF32(mulF32(t, t), floatOf(kMinusHalfLog2E))), tail);
  float xq = mulF32(x, q);
  return x > 0 ? subF32(x, xq) : xq;
}

/// x / (1 + 2^(c (x + 0.044715 x^3))), c = -2 log2(e) sqrt(2 / pi): the tanh form.
inline float geluTanhF32(float x) {
  float cube = mulF32(mulF32(mulF32(x, x), x), floatOf(kGeluCubic));
  float e = exp2F32(mulF32(addF32(x, cube), floatOf(kMinusTwoLog2ESqrt2OverPi)));
  return mulF32(x, recipF32(addF32(1.0f, e)));
}

} // namespace girih::systolic
