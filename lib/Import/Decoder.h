// The decoder that all families share: embeddings, pre-norm transformer layers with causal attention, and the head.
#pragma once

#include "lib/Import/DecoderFamily.h"
#include "lib/Import/ModelBuilder.h"

namespace girih::import {

/// Gives what the config left open its meaning (key heads, head size, …) and checks what the keys say together.
llvm::Error completeConfig(const DecoderFamily &family, ModelConfig &config, llvm::StringRef where);

/// The greatest bound of `seq` for which the model can be expressed.
int64_t longestSequence(const DecoderFamily &family, const ModelConfig &config);
/// What sets that bound, for messages.
llvm::StringRef describeLimit(const DecoderFamily &family, const ModelConfig &config);

/// Builds the decoder over the entry's ids; yields the scores of every next token, `[batch, seq, vocabulary]`. `positions` is the
/// bound of positions, which sizes the tables of rotary embeddings.
mlir::Value buildDecoder(ModelBuilder &model, const DecoderFamily &family, const ModelConfig &config, int64_t positions);

} // namespace girih::import
