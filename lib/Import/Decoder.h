// The decoder that all families share: embeddings, pre-norm transformer layers with causal attention, and the
// head.
#pragma once

#include "lib/Import/DecoderFamily.h"
#include "lib/Import/ModelBuilder.h"

namespace girih::import {

/// Gives what the config left open its meaning (key heads, head size, …) and checks what the keys say
/// together.
llvm::Error completeConfig(const DecoderFamily &family, ModelConfig &config, llvm::StringRef where);

/// The greatest bound of `seq` for which the model can be expressed.
int64_t longestSequence(const DecoderFamily &family, const ModelConfig &config);
/// What sets that bound, for messages.
llvm::StringRef describeLimit(const DecoderFamily &family, const ModelConfig &config);

/// The last keys that a row of this layer sees; 0: all.
int64_t windowOf(const ModelConfig &config, int64_t layer);

/// What sizes a decoder's tables and caches.
struct DecoderBounds {
  int64_t positions; ///< of a sequence
  int64_t slots;     ///< of a cache, all sequences together
};

/// Builds the entries: `logits` over whole sequences, `loss` over them and their labels, `prefill` and
/// `decode` over a cache.
void buildDecoderEntries(ModelBuilder &model, const DecoderFamily &family, const ModelConfig &config,
                         const DecoderBounds &bounds);

} // namespace girih::import
