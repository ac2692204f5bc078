// Proves that weights convert with one correct rounding: every half and bfloat value survives the way to f32
// and back, ties go to even, and an f64 is not rounded twice.
#include "lib/Artifact/Convert.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/APFloat.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

using namespace mlir;

namespace {

struct Convert : testing::Test {
  MLIRContext context;
  Type f16 = Float16Type::get(&context), bf16 = BFloat16Type::get(&context), f32 = Float32Type::get(&context),
       f64 = Float64Type::get(&context), i32 = IntegerType::get(&context, 32);

  template <typename To, typename From> To convert(From value, Type from, Type to) {
    To result;
    girih::artifact::convert(reinterpret_cast<const char *>(&value), from, reinterpret_cast<char *>(&result),
                             to, 1);
    return result;
  }

  /// LLVM's software floats round once.
  uint16_t judged(double value, const llvm::fltSemantics &semantics) {
    llvm::APFloat result(value);
    bool inexact;
    result.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &inexact);
    return result.bitcastToAPInt().getZExtValue();
  }
};

TEST_F(Convert, EveryHalfAndBfloatSurvives) {
  for (Type type : {f16, bf16})
    for (uint32_t bits = 0; bits < 65536; ++bits) {
      float wide = convert<float>(static_cast<uint16_t>(bits), type, f32);
      if (!std::isnan(wide))
        ASSERT_EQ(convert<uint16_t>(wide, f32, type), bits);
      else
        ASSERT_TRUE(std::isnan(convert<float>(convert<uint16_t>(wide, f32, type), type, f32)));
    }
}

TEST_F(Convert, NarrowingRoundsOnce) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 200000; ++i) {
    double value =
        std::ldexp(static_cast<double>(static_cast<int64_t>(random())), static_cast<int>(random() % 60) - 90);
    ASSERT_EQ(convert<uint16_t>(value, f64, f16), judged(value, llvm::APFloat::IEEEhalf())) << value;
    ASSERT_EQ(convert<uint16_t>(value, f64, bf16), judged(value, llvm::APFloat::BFloat())) << value;
    float single = static_cast<float>(value);
    ASSERT_EQ(convert<uint16_t>(single, f32, f16), judged(single, llvm::APFloat::IEEEhalf())) << single;
  }
  // Just above a tie of bf16 by less than f32 can tell: rounding twice would go down to even.
  EXPECT_EQ(convert<uint16_t>(1.0 + 0x1p-8 + 0x1p-40, f64, bf16), 0x3f81);
  EXPECT_EQ(convert<uint16_t>(1.0f + 0x1p-8f, f32, bf16), 0x3f80);
  EXPECT_EQ(convert<uint16_t>(65520.0f, f32, f16), 0x7c00);
  EXPECT_EQ(convert<uint16_t>(65519.0f, f32, f16), 0x7bff);
}

TEST_F(Convert, OnlyFloatsMix) {
  EXPECT_TRUE(girih::artifact::canConvert(i32, i32));
  EXPECT_FALSE(girih::artifact::canConvert(i32, f32));
  EXPECT_FALSE(girih::artifact::canConvert(f32, f64));
}

} // namespace
