// IEEE half and bfloat numbers as f32. Bit arithmetic, because the compiler's own half types need a run-time
// library that not every system has.
#pragma once

#include "llvm/ADT/bit.h"

#include <cmath>
#include <cstdint>

namespace girih {

inline float fromBfloat(uint16_t bits) { return llvm::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

inline float fromHalf(uint16_t bits) {
  uint32_t sign = (bits & 0x8000u) << 16, exponent = (bits >> 10) & 31, mantissa = bits & 1023u;
  if (exponent == 31) // infinity, NaN
    return llvm::bit_cast<float>(sign | 0x7f800000u | mantissa << 13);
  if (exponent == 0) { // zero and subnormal numbers: units of 2^-24
    float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  return llvm::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
}

} // namespace girih
