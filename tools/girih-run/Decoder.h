// What is made up for a decoder's entry: a step of sequences that each have `total` tokens, the last ones
// new, in slots of their own.
#pragma once

#include "Tensors.h"

#include <span>

namespace girih::run {

/// An input that is to be made up.
struct MadeUp {
  girih_value_info info;
  HostTensor *tensor;
};

/// Fills those inputs that a decoder's step has by its names; false for others, which may hold anything.
bool makeUpForDecoder(const MadeUp &input, std::span<const MadeUp> all, uint64_t seed);

} // namespace girih::run
