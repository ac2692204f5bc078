// A family of encoders is this description: what its config.json says and what its tensors are called. The encoder itself is
// built once for all families, in Encoder.cpp.
#pragma once

#include "lib/Import/Config.h"

namespace girih::import {

/// How a family numbers the positions that it looks up.
enum class PositionScheme {
  Absolute,    ///< 0, 1, 2, …
  SkipPadding, ///< from padding + 1; padding tokens have position `padding`
};

/// Module paths of an encoder, relative to the checkpoint's prefix; tensors are these plus `.weight` and `.bias`.
struct ModuleNames {
  llvm::StringLiteral words = "embeddings.word_embeddings";
  llvm::StringLiteral positions = "embeddings.position_embeddings";
  llvm::StringLiteral tokenTypes = "embeddings.token_type_embeddings";
  llvm::StringLiteral embeddingNorm = "embeddings.LayerNorm";
  llvm::StringLiteral projection = "embeddings_project"; ///< used where the tables are narrower than the layers
  llvm::StringLiteral layers = "encoder.layer";          ///< the layer's number and the names below follow
  llvm::StringLiteral attention = "attention.self";
  llvm::StringLiteral query = "attention.self.query";
  llvm::StringLiteral key = "attention.self.key";
  llvm::StringLiteral value = "attention.self.value";
  llvm::StringLiteral attentionOutput = "attention.output.dense";
  llvm::StringLiteral attentionNorm = "attention.output.LayerNorm";
  llvm::StringLiteral up = "intermediate.dense";
  llvm::StringLiteral down = "output.dense";
  llvm::StringLiteral outputNorm = "output.LayerNorm";
};

struct Family {
  /// config.json's `model_type`.
  llvm::ArrayRef<llvm::StringLiteral> modelTypes;
  /// What precedes every tensor's name in checkpoints of models with a head; plain models have nothing.
  llvm::StringLiteral prefix;
  PositionScheme positions = PositionScheme::Absolute;
  /// The tables may be narrower than the layers, joined by a linear layer.
  bool projectsEmbeddings = false;
  llvm::ArrayRef<ConfigKey> keys;
  llvm::ArrayRef<llvm::StringLiteral> harmlessKeys;
  ModuleNames names;
  /// Beginnings of the names of tensors that belong to heads or are buffers, and are left alone.
  llvm::ArrayRef<llvm::StringLiteral> ignoredTensors;
};

extern const Family bert, roberta, distilbert, electra;

/// The family with this `model_type`, or null.
const Family *findFamily(llvm::StringRef modelType);
/// All model types, for messages.
std::string knownModelTypes();

} // namespace girih::import
