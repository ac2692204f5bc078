// What an encoder's config.json says, and how a family declares the keys it understands. Every key of a config is one of three
// things: used, known to leave the numbers alone, or an error that names it.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <string>

namespace girih::import {

/// The sizes and choices of a BERT-like encoder.
struct EncoderConfig {
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
};

/// One key of config.json that a family knows.
struct ConfigKey {
  llvm::StringLiteral name;
  // Exactly one of these says where the value goes; none: the value must be `fixed`, JSON text.
  int64_t EncoderConfig::*count = nullptr;
  double EncoderConfig::*number = nullptr;
  std::string EncoderConfig::*text = nullptr;
  // What a missing key means, as in transformers.
  int64_t defaultCount = 0;
  double defaultNumber = 0;
  llvm::StringLiteral defaultText = "";
  llvm::StringLiteral fixed = "";
  int64_t least = 1; ///< of a count
};

/// A positive integer.
constexpr ConfigKey count(llvm::StringLiteral name, int64_t EncoderConfig::*field, int64_t fallback) {
  return {.name = name, .count = field, .defaultCount = fallback};
}
/// A token's number; 0 is allowed.
constexpr ConfigKey token(llvm::StringLiteral name, int64_t EncoderConfig::*field, int64_t fallback) {
  return {.name = name, .count = field, .defaultCount = fallback, .least = 0};
}
/// A positive number.
constexpr ConfigKey number(llvm::StringLiteral name, double EncoderConfig::*field, double fallback) {
  return {.name = name, .number = field, .defaultNumber = fallback};
}
constexpr ConfigKey text(llvm::StringLiteral name, std::string EncoderConfig::*field, llvm::StringLiteral fallback) {
  return {.name = name, .text = field, .defaultText = fallback};
}
/// A key that changes the model unless it has this one value (or null).
constexpr ConfigKey fixed(llvm::StringLiteral name, llvm::StringLiteral value) { return {.name = name, .fixed = value}; }

/// Reads `json` by `keys`. `harmless` are the family's keys that never change the numbers, beside those that all families share.
llvm::Expected<EncoderConfig> readConfig(const llvm::json::Object &json, llvm::ArrayRef<ConfigKey> keys,
                                         llvm::ArrayRef<llvm::StringLiteral> harmless, llvm::StringRef where);

} // namespace girih::import
