// What a config.json says, and how a family declares the keys it understands. Every key of a config is one of three things: used,
// known to leave the numbers alone, or an error that names it.
#pragma once

#include "lib/Import/Rope.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <string>
#include <vector>

namespace girih::import {

/// The sizes and choices of a model. A family reads those that it has; the others keep their meaning of "none".
struct ModelConfig {
  int64_t vocabulary = 0;
  int64_t hidden = 0;
  int64_t embedding = 0; ///< width of the tables; `hidden` unless the family projects
  int64_t layers = 0;
  int64_t heads = 0;
  int64_t intermediate = 0;
  int64_t positions = 0;
  int64_t tokenTypes = 0; ///< 0: the family has none
  int64_t padding = 0;
  double epsilon = 1e-12;
  std::string activation;

  // Of decoders.
  int64_t keyHeads = 0; ///< 0: as many as `heads`
  int64_t headSize = 0; ///< 0: `hidden` over `heads`
  int64_t window = 0;   ///< the last keys that a row sees where a layer has a window; 0: all
  bool usesWindow = true;
  int64_t firstWindowLayer = 0; ///< layers before this one see all keys; `layerTypes`, if there are any, say more
  std::vector<std::string> layerTypes;
  bool attentionBias = false;
  bool feedForwardBias = false;
  bool tied = false; ///< whether the head's weight is the word table
  bool scaled = true; ///< whether scores are divided by the root of `scoreSize`
  int64_t scoreSize = 0; ///< 0: the head's size
  double scoreCap = 0;   ///< the bound that scores approach; 0: none
  double logitCap = 0;   ///< the same of logits
  int64_t windowPeriod = 1; ///< unless `layerTypes` says: every how many layers one has a window
  RopeConfig rope;
};

/// One key of config.json that a family knows.
struct ConfigKey {
  llvm::StringLiteral name;
  // One of these says where the value goes; `elsewhere`: another reader takes it; none: the value must be `fixed`, JSON text.
  int64_t ModelConfig::*count = nullptr;
  double ModelConfig::*number = nullptr;
  std::string ModelConfig::*text = nullptr;
  bool ModelConfig::*flag = nullptr;
  std::vector<std::string> ModelConfig::*texts = nullptr;
  bool elsewhere = false;
  // What a missing key means, as in transformers.
  int64_t defaultCount = 0;
  double defaultNumber = 0;
  llvm::StringLiteral defaultText = "";
  bool defaultFlag = false;
  llvm::StringLiteral fixed = "";
  int64_t least = 1; ///< of a count
  bool nullable = false; ///< null means none: 0, or an empty list
};

/// A positive integer.
constexpr ConfigKey count(llvm::StringLiteral name, int64_t ModelConfig::*field, int64_t fallback) {
  return {.name = name, .count = field, .defaultCount = fallback};
}
/// A positive integer, or null for none.
constexpr ConfigKey optionalCount(llvm::StringLiteral name, int64_t ModelConfig::*field, int64_t fallback = 0) {
  return {.name = name, .count = field, .defaultCount = fallback, .nullable = true};
}
/// A token's number; 0 is allowed.
constexpr ConfigKey token(llvm::StringLiteral name, int64_t ModelConfig::*field, int64_t fallback) {
  return {.name = name, .count = field, .defaultCount = fallback, .least = 0};
}
/// A positive number.
constexpr ConfigKey number(llvm::StringLiteral name, double ModelConfig::*field, double fallback) {
  return {.name = name, .number = field, .defaultNumber = fallback};
}
/// A positive number, or null for none.
constexpr ConfigKey optionalNumber(llvm::StringLiteral name, double ModelConfig::*field, double fallback) {
  return {.name = name, .number = field, .defaultNumber = fallback, .nullable = true};
}
constexpr ConfigKey text(llvm::StringLiteral name, std::string ModelConfig::*field, llvm::StringLiteral fallback) {
  return {.name = name, .text = field, .defaultText = fallback};
}
constexpr ConfigKey flag(llvm::StringLiteral name, bool ModelConfig::*field, bool fallback) {
  return {.name = name, .flag = field, .defaultFlag = fallback};
}
/// A list of strings; null is an empty one.
constexpr ConfigKey texts(llvm::StringLiteral name, std::vector<std::string> ModelConfig::*field) {
  return {.name = name, .texts = field, .nullable = true};
}
/// A key that `readRope` reads.
constexpr ConfigKey ropeKey(llvm::StringLiteral name) { return {.name = name, .elsewhere = true}; }
/// A key that changes the model unless it has this one value (or null).
constexpr ConfigKey fixed(llvm::StringLiteral name, llvm::StringLiteral value) { return {.name = name, .fixed = value}; }

/// Reads `json` by `keys`. `harmless` are the family's keys that never change the numbers, beside those that all families share.
llvm::Expected<ModelConfig> readConfig(const llvm::json::Object &json, llvm::ArrayRef<ConfigKey> keys,
                                         llvm::ArrayRef<llvm::StringLiteral> harmless, llvm::StringRef where);

} // namespace girih::import
