// The random numbers of `girih.sample`: Philox 4x32-10 of Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3" (SC 2011), a
// function of counter and key without state, so that any token's number can be computed by itself.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

namespace girih::reference {

using PhiloxCounter = std::array<uint32_t, 4>;

/// Ten rounds over `counter`; the constants are the paper's.
inline PhiloxCounter philox(PhiloxCounter counter, uint32_t key0, uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    uint64_t first = uint64_t(0xD2511F53) * counter[0], second = uint64_t(0xCD9E8D57) * counter[2];
    counter = {static_cast<uint32_t>(second >> 32) ^ counter[1] ^ key0, static_cast<uint32_t>(second),
               static_cast<uint32_t>(first >> 32) ^ counter[3] ^ key1, static_cast<uint32_t>(first)};
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return counter;
}

/// A token's number in one draw, in (0, 1): a multiple of 2^-24, so exact in f32.
inline double uniform(uint32_t seed, uint32_t step, uint32_t token) {
  return ((philox({token, step, 0, 0}, seed, 0)[0] >> 9) + 0.5) * 0x1p-23;
}

/// The same by Gumbel's distribution: the greatest of `score + gumbel` is a draw by the softmax of the scores.
inline double gumbel(uint32_t seed, uint32_t step, uint32_t token) {
  return -std::log(-std::log(uniform(seed, step, token)));
}

} // namespace girih::reference
