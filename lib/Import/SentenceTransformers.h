// What a sentence-transformers directory puts behind the encoder: pooling, dense layers, normalisation. Listed in modules.json,
// each module with a folder of its own.
#pragma once

#include "lib/Import/ModelBuilder.h"

#include <string>
#include <vector>

namespace girih::import {

/// One checked line of modules.json behind the transformer.
struct SentenceModule {
  enum Kind { Pooling, Dense, LayerNorm, Normalize } kind;
  std::string name;                ///< of its tensors and locations: "2"
  std::string folder;              ///< relative to the model: "2_Dense"
  std::vector<graph::PoolKind> pools; ///< concatenated
  int64_t in = 0, out = 0;
  bool bias = true;
  std::string activation;
};

/// A sentence-transformers directory, or a plain one, which has no modules.
struct SentenceModel {
  std::string transformerFolder; ///< where config.json is; mostly ""
  std::vector<SentenceModule> modules;
};

/// Reads modules.json and the folders it names. `hidden` sizes are checked when the modules are built.
llvm::Expected<SentenceModel> readSentenceModel(llvm::StringRef directory);

/// Builds the modules over the hidden state, `[batch, seq, hidden]` f32; yields `[batch, …]` if there is any pooling.
mlir::Value buildSentenceModules(ModelBuilder &model, const SentenceModel &sentence, llvm::StringRef directory,
                                 bool randomWeights, mlir::Value hidden);

} // namespace girih::import
