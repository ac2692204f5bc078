// A family of decoders is this description: what its config.json says, what its tensors are called, and how its layers differ from
// Llama's. The decoder itself is built once for all families, in Decoder.cpp.
#pragma once

#include "lib/Import/Config.h"

namespace girih::import {

/// Module paths of a decoder, as in transformers' model with its head; tensors are these plus `.weight` and `.bias`.
struct DecoderNames {
  llvm::StringLiteral words = "model.embed_tokens";
  llvm::StringLiteral positions = "";           ///< learned ones
  llvm::StringLiteral rope = "model.rotary_emb"; ///< the tables' place; no tensor
  llvm::StringLiteral layers = "model.layers";  ///< the layer's number and the names below follow
  llvm::StringLiteral attentionNorm = "input_layernorm";
  llvm::StringLiteral attention = "self_attn";
  llvm::StringLiteral query = "self_attn.q_proj";
  llvm::StringLiteral key = "self_attn.k_proj";
  llvm::StringLiteral value = "self_attn.v_proj";
  llvm::StringLiteral queryKeyValue = ""; ///< one linear layer in the place of the three
  llvm::StringLiteral queryNorm = "";     ///< over each head, before rotation
  llvm::StringLiteral keyNorm = "";
  llvm::StringLiteral attentionOutput = "self_attn.o_proj";
  llvm::StringLiteral attentionPostNorm = ""; ///< before the sum with the residual
  llvm::StringLiteral feedForwardNorm = "post_attention_layernorm";
  llvm::StringLiteral gate = "mlp.gate_proj"; ///< empty: the activation stands alone
  llvm::StringLiteral up = "mlp.up_proj";
  llvm::StringLiteral gateUp = ""; ///< one linear layer in the place of the two
  llvm::StringLiteral down = "mlp.down_proj";
  llvm::StringLiteral feedForwardPostNorm = "";
  llvm::StringLiteral finalNorm = "model.norm";
  llvm::StringLiteral head = "lm_head";
};

/// Which linear layers have biases whatever the config says.
struct DecoderBiases {
  bool queryKeyValue = false;
  bool attentionOutput = false;
  bool feedForward = false;
};

struct DecoderFamily {
  /// config.json's `model_type`.
  llvm::ArrayRef<llvm::StringLiteral> modelTypes;
  llvm::ArrayRef<ConfigKey> keys;
  llvm::ArrayRef<llvm::StringLiteral> harmlessKeys;
  DecoderNames names;
  DecoderBiases biases;
  /// What checkpoints without the head's module leave out of every name.
  llvm::StringLiteral prefix = "model.";
  /// LayerNorm with a shift in the place of RMSNorm.
  bool layerNorm = false;
  /// RMSNorms multiply by 1 + weight.
  bool unitOffset = false;
  /// Embeddings are multiplied by the root of the hidden size, rounded to the model's type.
  bool scalesEmbeddings = false;
  /// Every how many layers, from the first on, one has a sliding window if the config does not list them.
  int64_t windowPeriod = 1;
  /// Linear layers keep their weights as `[in, out]`.
  bool transposed = false;
  /// Pairs that rotary embeddings turn are neighbours, not halves of a head.
  bool interleaved = false;
  /// `intermediate_size` that is not given: this many times the hidden size.
  int64_t expansion = 4;
  /// Endings of the names of tensors that are buffers, and are left alone.
  llvm::ArrayRef<llvm::StringLiteral> ignoredEndings;
};

extern const DecoderFamily llama, mistral, qwen2, qwen3, phi3, gemma2, gpt2;

/// The family with this `model_type`, or null.
const DecoderFamily *findDecoderFamily(llvm::StringRef modelType);
/// All model types, for messages.
std::string knownDecoderTypes();

} // namespace girih::import
