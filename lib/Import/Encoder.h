// The encoder that all families share: embeddings, then post-norm transformer layers.
#pragma once

#include "lib/Import/Family.h"
#include "lib/Import/ModelBuilder.h"

namespace girih::import {

/// Checks what the keys of a config say together, e.g. that heads divide the hidden size.
llvm::Error checkConfig(const Family &family, const ModelConfig &config, llvm::StringRef where);

/// The longest sequence the position table allows.
int64_t longestSequence(const Family &family, const ModelConfig &config);

/// Builds the encoder over the entry's ids and mask; yields the last hidden state, `[batch, seq, hidden]`.
mlir::Value buildEncoder(ModelBuilder &model, const Family &family, const ModelConfig &config);

} // namespace girih::import
