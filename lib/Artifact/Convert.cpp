// Weight conversion through f32 (f64 keeps its precision until the one rounding). Bit arithmetic, because the
// compiler's own half types need a run-time library that not every system has.
#include "lib/Artifact/Convert.h"

#include "lib/Support/HalfFloat.h"

#include "mlir/IR/BuiltinTypes.h"

#include "llvm/ADT/bit.h"

#include <cmath>
#include <cstring>

using namespace mlir;
using girih::fromBfloat, girih::fromHalf;

static uint16_t toBfloat(float value) {
  uint32_t bits = llvm::bit_cast<uint32_t>(value);
  if (std::isnan(value))
    return (bits >> 16) | 0x40; // stay a quiet NaN
  return (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
}

static uint16_t toHalf(float value) {
  uint32_t bits = llvm::bit_cast<uint32_t>(value);
  uint16_t sign = (bits >> 16) & 0x8000;
  if (std::isnan(value))
    return sign | 0x7e00;
  float magnitude = std::fabs(value);
  if (magnitude >= 65520.0f) // rounds to infinity
    return sign | 0x7c00;
  // Units of the last place: 2^-24 below the smallest normal number 2^-14, else 2^(exponent - 11).
  int exponent = -13;
  if (magnitude >= 0x1p-14f)
    std::frexp(magnitude, &exponent);
  int unit = exponent - 11;
  uint32_t units = static_cast<uint32_t>(std::nearbyint(std::ldexp(magnitude, -unit)));
  // A carry out of the mantissa moves into the exponent field, as it should.
  return sign | static_cast<uint16_t>(units + ((unit + 24) << 10));
}

/// f64 to f32 rounded to odd, so that a second rounding to a narrower type is the only one that shows.
static float narrowToOdd(double value) {
  float nearest = static_cast<float>(value);
  if (static_cast<double>(nearest) == value || std::isnan(value) || std::isinf(nearest))
    return nearest;
  float below =
      std::fabs(static_cast<double>(nearest)) > std::fabs(value) ? std::nextafter(nearest, 0.0f) : nearest;
  return llvm::bit_cast<float>(llvm::bit_cast<uint32_t>(below) | 1);
}

static float load(const char *from, Type type, bool narrowsFurther) {
  uint16_t half;
  float single;
  double wide;
  if (type.isF32())
    return memcpy(&single, from, 4), single;
  if (type.isF64())
    return memcpy(&wide, from, 8), narrowsFurther ? narrowToOdd(wide) : static_cast<float>(wide);
  memcpy(&half, from, 2);
  return type.isBF16() ? fromBfloat(half) : fromHalf(half);
}

static void store(float value, char *to, Type type) {
  if (type.isF32()) {
    memcpy(to, &value, 4);
    return;
  }
  uint16_t half = type.isBF16() ? toBfloat(value) : toHalf(value);
  memcpy(to, &half, 2);
}

bool girih::artifact::canConvert(Type from, Type to) {
  auto known = [](Type type) { return type.isF32() || type.isF16() || type.isBF16(); };
  return from == to || ((known(from) || from.isF64()) && known(to));
}

void girih::artifact::convert(const char *source, Type from, char *destination, Type to, int64_t count) {
  int64_t fromBytes = (from.getIntOrFloatBitWidth() + 7) / 8, toBytes = (to.getIntOrFloatBitWidth() + 7) / 8;
  if (from == to) {
    memcpy(destination, source, count * toBytes);
    return;
  }
  for (int64_t i = 0; i < count; ++i)
    store(load(source + i * fromBytes, from, !to.isF32()), destination + i * toBytes, to);
}
