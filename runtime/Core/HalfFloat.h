// f32 to bf16 and f16, rounded to nearest even, for weights that are made up when an artifact is loaded.
#pragma once

#include <bit>
#include <cstdint>

namespace girih::runtime {

inline uint16_t toBFloat16(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return uint16_t(bits >> 16 | 0x40); // a quiet NaN stays one
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// Compiled without F16C this is a short routine of the compiler's own runtime library.
inline uint16_t toFloat16(float value) { return std::bit_cast<uint16_t>(static_cast<_Float16>(value)); }

} // namespace girih::runtime
