// Proves the arithmetic: tables equal their formulas, functions are close to double precision, rounding and flushing are as defined.
#include "Execution.h"

#include <limits>

using namespace girih::systolic;

namespace {
const float kInf = std::numeric_limits<float>::infinity();

double worst(float (*ours)(float), double (*exact)(double), double low, double high) {
  double error = 0;
  for (int i = 0; i != 50000; ++i) {
    float x = float(low + (high - low) * i / 50000);
    double y = exact(x);
    if (y != 0)
      error = std::max(error, std::fabs(ours(x) - y) / std::fabs(y));
  }
  return error;
}
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
} // namespace

TEST(SystolicNumerics, FunctionsAreAccurate) {
  EXPECT_LT(worst(exp2F32, std::exp2, -126, 127.9), 1.3e-7);
  EXPECT_LT(worst(recipF32, [](double x) { return 1 / x; }, 1e-3, 100), 1e-7);
  EXPECT_LT(worst(rsqrtF32, [](double x) { return 1 / std::sqrt(x); }, 1e-3, 100), 1e-7);
  EXPECT_LT(worst(sigmoidF32, sigmoid, -20, 20), 3e-6);
  EXPECT_LT(worst(siluF32, [](double x) { return x * sigmoid(x); }, -20, 20), 3e-6);
  EXPECT_LT(worst(tanhF32, std::tanh, -10, 10), 5e-7);
  EXPECT_LT(worst(geluF32, [](double x) { return 0.5 * x * std::erfc(-x * std::sqrt(0.5)); }, -7.9, 7.9), 3e-6);
  EXPECT_LT(worst(geluTanhF32, [](double x) { return x * sigmoid(2 * 0.7978845608028654 * (x + 0.044715 * x * x * x)); }, -3, 8), 3e-6);
}

TEST(SystolicNumerics, SpecialValues) {
  EXPECT_EQ(exp2F32(0), 1);
  EXPECT_EQ(exp2F32(10), 1024);
  EXPECT_EQ(exp2F32(128), kInf);
  EXPECT_EQ(exp2F32(-126), 0x1p-126f);
  EXPECT_EQ(exp2F32(-126.5f), 0);
  EXPECT_EQ(exp2F32(-kInf), 0);
  EXPECT_EQ(recipF32(-4), -0.25f);
  EXPECT_EQ(recipF32(-0.0f), -kInf);
  EXPECT_EQ(bitsOf(recipF32(-kInf)), 0x80000000);
  EXPECT_EQ(bitsOf(recipF32(0x1p127f)), 0u);
  EXPECT_EQ(rsqrtF32(0.25f), 2);
  EXPECT_EQ(rsqrtF32(2 * 0x1p-126f), float(std::pow(2.0, 62.5)));
  EXPECT_EQ(bitsOf(rsqrtF32(-1)), 0x7fc00000u);
  EXPECT_EQ(rsqrtF32(kInf), 0);
  for (auto f : {exp2F32, recipF32, rsqrtF32, sigmoidF32, siluF32, tanhF32, geluF32, geluTanhF32})
    EXPECT_EQ(bitsOf(f(-std::numeric_limits<float>::quiet_NaN())), 0x7fc00000u);
}

TEST(SystolicNumerics, FlushesAfterRounding) {
  EXPECT_EQ(addF32(0x1p-127f, 0), 0);                              // a subnormal operand
  EXPECT_EQ(bitsOf(subF32(0x1p-126f, 0x1.8p-126f)), 0x80000000);   // a subnormal result keeps its sign
  float justBelow = 0x1.fffffep-1f;                                // 1 - 2^-24
  EXPECT_EQ(mulF32(0x1p-126f, justBelow), 0);                      // 2^-126 - 2^-150 is a 24-bit number below 2^-126
  EXPECT_EQ(bitsOf(addF32(kInf, -kInf)), 0x7fc00000u);
  // p + a w just below 2^-126: the product is 0.75 * 2^-150, so rounding to 24 bits gives 2^-126 - 2^-150 and then zero.
  EXPECT_EQ(macBF16(0x1p-126f, -0x1.8p-76f, 0x1p-75f), 0);
  EXPECT_EQ(macBF16(0x1p-126f, -0x1p-77f, 0x1p-75f), 0x1p-126f);
}

TEST(SystolicNumerics, RequantizesWithOneRounding) {
  EXPECT_EQ(requantize(3, 0, 1 << 30, 31, 0, -128, 127), 2);   // 1.5 up
  EXPECT_EQ(requantize(-3, 0, 1 << 30, 31, 0, -128, 127), -1); // -1.5 up
  EXPECT_EQ(requantize(1000, 0, 1 << 30, 30, 5, -128, 127), 127);
  EXPECT_EQ(requantize(INT32_MAX, 1, 1, 0, 0, -128, 127), -128); // the bias wraps
  EXPECT_EQ(requantize(7, 3, INT32_MAX, 31, -1, 0, 127), 9);
}

TEST(SystolicNumerics, Conversions) {
  EXPECT_EQ(toBF16(1.00390625f), 0x3f80);                     // half a step, to even
  EXPECT_EQ(toBF16(1.01171875f), 0x3f82);
  EXPECT_EQ(toBF16(0x1.fffffep127f), 0x7f80);
  EXPECT_EQ(toI8(2.5f), 2);
  EXPECT_EQ(toI8(-200), -128);
  EXPECT_EQ(toI8(quietNaN()), 0);
  EXPECT_EQ(toI32(3e9f), INT32_MAX);
  EXPECT_EQ(bitsOf(maxF32(-0.0f, 0.0f)), 0u);
}
