// Reads the description of rotary embeddings, in the spelling of transformers 5 (`rope_parameters`) and of those before it.
#include "lib/Import/Rope.h"

#include "lib/Support/Error.h"
#include "lib/Support/Json.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <cmath>

using namespace girih;
using namespace girih::import;
using llvm::StringLiteral;
using llvm::StringRef;

static constexpr std::pair<StringLiteral, RopeConfig::Kind> kinds[] = {
    {"default", RopeConfig::Default}, {"linear", RopeConfig::Linear},     {"dynamic", RopeConfig::Dynamic},
    {"yarn", RopeConfig::YaRN},       {"longrope", RopeConfig::LongRope}, {"su", RopeConfig::LongRope},
    {"llama3", RopeConfig::Llama3},
};

static llvm::Error wrong(StringRef expected, StringRef name, const llvm::json::Value &found, StringRef where) {
  return badInput("bad-config-value", "expected {0} as '{1}', but found {2}; in {3}", expected, name, brief(found), where);
}

/// The value of a key that is there and not null.
static const llvm::json::Value *present(const llvm::json::Object &json, StringRef name) {
  const llvm::json::Value *value = json.get(name);
  return value && !value->getAsNull() ? value : nullptr;
}

static llvm::Error readNumber(const llvm::json::Object &json, StringRef name, double &to, StringRef where) {
  const llvm::json::Value *value = present(json, name);
  if (!value)
    return llvm::Error::success();
  std::optional<double> number = value->getAsNumber();
  if (!number || !std::isfinite(*number) || *number <= 0)
    return wrong("a positive number", name, *value, where);
  to = *number;
  return llvm::Error::success();
}

static llvm::Error readPositions(const llvm::json::Object &json, int64_t &to, StringRef where) {
  static constexpr StringLiteral name = "original_max_position_embeddings";
  const llvm::json::Value *value = present(json, name);
  if (!value)
    return llvm::Error::success();
  std::optional<int64_t> count = value->getAsInteger();
  if (!count || *count < 1 || *count > std::numeric_limits<int32_t>::max())
    return wrong("a positive integer", name, *value, where);
  to = *count;
  return llvm::Error::success();
}

static llvm::Error readKind(const llvm::json::Object &json, RopeConfig &rope, StringRef where) {
  StringRef key = present(json, "rope_type") ? "rope_type" : "type";
  const llvm::json::Value *value = present(json, key);
  if (!value)
    return llvm::Error::success();
  std::optional<StringRef> name = value->getAsString();
  for (const auto &[known, kind] : kinds)
    if (name && known == *name) {
      rope.kind = kind;
      return llvm::Error::success();
    }
  return badInput("unsupported-config-value",
                  "expected rotary embeddings of the types default, linear, dynamic, yarn, longrope or llama3, but found {0}; in {1}",
                  brief(*value), where);
}

static llvm::Error readFactors(const llvm::json::Object &json, std::vector<double> &to, StringRef where) {
  static constexpr StringLiteral name = "short_factor";
  const llvm::json::Value *value = present(json, name);
  if (!value)
    return llvm::Error::success();
  const llvm::json::Array *array = value->getAsArray();
  if (!array)
    return wrong("a list of positive numbers", name, *value, where);
  for (const llvm::json::Value &element : *array) {
    std::optional<double> number = element.getAsNumber();
    if (!number || !std::isfinite(*number) || *number <= 0)
      return wrong("a list of positive numbers", name, *value, where);
    to.push_back(*number);
  }
  return llvm::Error::success();
}

/// The object of either spelling, and only keys that are read here or change nothing.
static llvm::Error readParameters(const llvm::json::Object &json, RopeConfig &rope, StringRef where) {
  static constexpr StringLiteral known[] = {
      "type", "rope_type", "rope_theta", "partial_rotary_factor", "factor", "attention_factor", "original_max_position_embeddings",
      "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "truncate", "low_freq_factor", "high_freq_factor", "short_factor",
      "long_factor", "finetuned"};
  std::vector<StringRef> names;
  for (const auto &field : json)
    names.push_back(field.first);
  llvm::sort(names); // the first fault reported is the same in every run
  for (StringRef name : names)
    if (!llvm::is_contained(known, name))
      return badInput("unknown-config-key", "expected only known keys of rotary embeddings, but found {0}: {1}, which may change the numbers; in {2}",
                      quoted(name), brief(*json.get(name)), where);
  if (llvm::Error error = readKind(json, rope, where))
    return error;
  const std::pair<StringLiteral, double *> numbers[] = {
      {"rope_theta", &rope.theta},        {"partial_rotary_factor", &rope.partial}, {"factor", &rope.factor},
      {"beta_fast", &rope.betaFast},      {"beta_slow", &rope.betaSlow},            {"mscale", &rope.mscale},
      {"mscale_all_dim", &rope.mscaleAllDim}, {"low_freq_factor", &rope.lowFrequency}, {"high_freq_factor", &rope.highFrequency},
  };
  for (const auto &[name, number] : numbers)
    if (llvm::Error error = readNumber(json, name, *number, where))
      return error;
  if (present(json, "attention_factor"))
    if (llvm::Error error = readNumber(json, "attention_factor", rope.attentionFactor.emplace(), where))
      return error;
  if (const llvm::json::Value *truncate = present(json, "truncate")) {
    if (!truncate->getAsBoolean())
      return wrong("true or false", "truncate", *truncate, where);
    rope.truncate = *truncate->getAsBoolean();
  }
  if (llvm::Error error = readFactors(json, rope.shortFactors, where))
    return error;
  return readPositions(json, rope.originalPositions, where);
}

/// What the kind needs must be there.
static llvm::Error checkPresent(const llvm::json::Object &parameters, const RopeConfig &rope, StringRef where) {
  std::vector<StringLiteral> needed;
  if (rope.kind == RopeConfig::Linear || rope.kind == RopeConfig::Llama3)
    needed.push_back("factor");
  if (rope.kind == RopeConfig::Llama3)
    needed.insert(needed.end(), {"low_freq_factor", "high_freq_factor"});
  if (rope.kind == RopeConfig::LongRope)
    needed.push_back("short_factor");
  for (StringLiteral name : needed)
    if (!present(parameters, name))
      return badInput("bad-config-value", "expected '{0}' beside this type of rotary embeddings, but found none; in {1}", name, where);
  if (rope.kind == RopeConfig::Llama3 && rope.lowFrequency >= rope.highFrequency)
    return badInput("bad-config-value", "expected 'low_freq_factor' to be less than 'high_freq_factor', but found {0} and {1}; in {2}",
                    rope.lowFrequency, rope.highFrequency, where);
  return llvm::Error::success();
}

llvm::Expected<RopeConfig> girih::import::readRope(const llvm::json::Object &json, int64_t positions, double defaultTheta, StringRef where) {
  RopeConfig rope;
  rope.theta = defaultTheta;
  if (llvm::Error error = readNumber(json, "rope_theta", rope.theta, where))
    return std::move(error);
  if (llvm::Error error = readNumber(json, "partial_rotary_factor", rope.partial, where))
    return std::move(error);
  StringRef key = present(json, "rope_scaling") ? "rope_scaling" : "rope_parameters"; // transformers takes them in this order
  llvm::json::Object none;
  const llvm::json::Value *value = present(json, key);
  const llvm::json::Object *parameters = value ? value->getAsObject() : &none;
  if (!parameters)
    return wrong("an object", key, *value, where);
  if (llvm::Error error = readParameters(*parameters, rope, where))
    return std::move(error);
  if (llvm::Error error = readPositions(json, rope.originalPositions, where)) // the outer one wins, as in transformers
    return std::move(error);
  if (!rope.originalPositions)
    rope.originalPositions = positions;
  if (llvm::Error error = checkPresent(*parameters, rope, where))
    return std::move(error);
  if (!present(*parameters, "factor"))
    rope.factor = static_cast<double>(positions) / static_cast<double>(rope.originalPositions);
  return rope;
}

llvm::Error girih::import::checkRope(const RopeConfig &rope, int64_t headSize, StringRef where) {
  if (rope.partial > 1 || rotatedSize(rope, headSize) < 2 || rotatedSize(rope, headSize) % 2)
    return badInput("unsupported-config-value", "expected an even number of rotated elements in a head of {0}, but 'partial_rotary_factor' is {1}; in {2}",
                    headSize, rope.partial, where);
  int64_t pairs = rotatedSize(rope, headSize) / 2, factors = rope.shortFactors.size();
  if (rope.kind == RopeConfig::LongRope && factors != pairs)
    return badInput("bad-config-value", "expected {0} numbers in 'short_factor', but found {1}; in {2}", pairs, factors, where);
  if (rope.kind == RopeConfig::YaRN && rope.theta == 1)
    return badInput("bad-config-value", "expected 'rope_theta' to differ from 1 with yarn, but found 1; in {0}", where);
  return llvm::Error::success();
}

int64_t girih::import::staticPositions(const RopeConfig &rope, int64_t positions) {
  return rope.kind == RopeConfig::LongRope ? std::min(rope.originalPositions, positions) : positions;
}
