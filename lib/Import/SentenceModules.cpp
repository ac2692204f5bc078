// Reads modules.json and the configurations it points at. A module or a setting that is not understood is an error: left out, it
// would silently give other embeddings.
#include "lib/Import/SentenceTransformers.h"

#include "lib/Import/Activations.h"
#include "lib/Support/Error.h"
#include "lib/Support/File.h"
#include "lib/Support/Json.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"

using namespace girih;
using namespace girih::import;
using llvm::StringLiteral;
using llvm::StringRef;

static llvm::Error unsupported(const llvm::Twine &what, StringRef where) {
  return badInput("unsupported-module", "{0}; in {1}; export the model without it, or apply it to Girih's output yourself",
                  what.str(), where);
}

/// Every key must be in `known`, or be in `fixed` with that value.
static llvm::Error checkKeys(const llvm::json::Object &json, llvm::ArrayRef<StringLiteral> known,
                             llvm::ArrayRef<std::pair<StringLiteral, StringLiteral>> fixed, StringRef where) {
  for (const auto &field : json) {
    StringRef name = field.first;
    if (llvm::is_contained(known, name))
      continue;
    auto *rule = llvm::find_if(fixed, [&](const auto &pair) { return pair.first == name; });
    if (rule == fixed.end())
      return badInput("unknown-config-key", "expected only keys that this module is known to have, but found {0}: {1}, which may change the numbers; in {2}",
                      quoted(name), brief(field.second), where);
    if (!field.second.getAsNull() && llvm::formatv("{0}", field.second).str() != rule->second)
      return badInput("unsupported-config-value", "expected {0} to be {1}, but found {2}, which Girih does not implement; in {3}", quoted(name),
                      rule->second, brief(field.second), where);
  }
  return llvm::Error::success();
}

static llvm::Error wrongType(StringRef key, StringRef expected, const llvm::json::Value &found,
                             StringRef where) {
  return badInput("bad-config-value", "expected {0} as {1}, but found {2}; in {3}", expected, quoted(key),
                  brief(found), where);
}

/// Reads a flag. Where the key is missing, `result` stays; a value of another type is an error, because the
/// library that the file was written for would take it for one.
static llvm::Error read(const llvm::json::Object &json, StringRef key, bool &result, StringRef where) {
  const llvm::json::Value *value = json.get(key);
  if (!value)
    return llvm::Error::success();
  std::optional<bool> flag = value->getAsBoolean();
  if (!flag)
    return wrongType(key, "true or false", *value, where);
  result = *flag;
  return llvm::Error::success();
}

/// Reads a width in the same way.
static llvm::Error read(const llvm::json::Object &json, StringRef key, int64_t &result, StringRef where) {
  static constexpr int64_t most = 1 << 24;
  const llvm::json::Value *value = json.get(key);
  if (!value)
    return llvm::Error::success();
  std::optional<int64_t> width = value->getAsInteger();
  if (!width || *width < 1 || *width > most)
    return wrongType(key, llvm::formatv("an integer from 1 to {0}", most).str(), *value, where);
  result = *width;
  return llvm::Error::success();
}

/// Reads a width that must be there.
static llvm::Error require(const llvm::json::Object &json, StringRef key, int64_t &result, StringRef where) {
  if (!json.get(key))
    return badInput("bad-config-value", "expected a key {0}, but found none; in {1}", quoted(key), where);
  return read(json, key, result, where);
}

/// 1_Pooling/config.json: flags, one a mode; several modes are concatenated in this order.
static llvm::Error readPooling(SentenceModule &module, const llvm::json::Object &json, StringRef where) {
  static constexpr std::pair<StringLiteral, graph::PoolKind> modes[] = {
      {"pooling_mode_cls_token", graph::PoolKind::Cls},
      {"pooling_mode_max_tokens", graph::PoolKind::Max},
      {"pooling_mode_mean_tokens", graph::PoolKind::Mean},
      {"pooling_mode_lasttoken", graph::PoolKind::Last},
  };
  static constexpr StringLiteral known[] = {"word_embedding_dimension", "embedding_dimension",      "pooling_mode", "pooling_mode_cls_token",
                                            "pooling_mode_max_tokens",  "pooling_mode_mean_tokens", "pooling_mode_lasttoken"};
  static constexpr std::pair<StringLiteral, StringLiteral> fixed[] = {
      {"pooling_mode_mean_sqrt_len_tokens", "false"}, {"pooling_mode_weightedmean_tokens", "false"}, {"include_prompt", "true"}};
  if (llvm::Error error = checkKeys(json, known, fixed, where))
    return error;
  for (const auto &[key, kind] : modes) {
    bool isSet = false;
    if (llvm::Error error = read(json, key, isSet, where))
      return error;
    if (isSet)
      module.pools.push_back(kind);
  }
  // Newer versions write one name instead of flags, or a list of names.
  std::vector<llvm::json::Value> named;
  if (const llvm::json::Value *mode = json.get("pooling_mode")) {
    if (const llvm::json::Array *list = mode->getAsArray())
      named.assign(list->begin(), list->end());
    else
      named.push_back(*mode);
  }
  for (const llvm::json::Value &mode : named) {
    auto kind = llvm::StringSwitch<std::optional<graph::PoolKind>>(mode.getAsString().value_or(""))
                    .Case("cls", graph::PoolKind::Cls)
                    .Case("max", graph::PoolKind::Max)
                    .Case("mean", graph::PoolKind::Mean)
                    .Case("lasttoken", graph::PoolKind::Last)
                    .Default(std::nullopt);
    if (!kind)
      return unsupported("expected a pooling mode among cls, max, mean and lasttoken, but found " + brief(mode), where);
    if (!llvm::is_contained(module.pools, *kind))
      module.pools.push_back(*kind);
  }
  if (module.pools.empty())
    return unsupported("expected a pooling mode among cls, max, mean and lasttoken, but none is set", where);
  // The older name wins, as it does in sentence-transformers.
  if (llvm::Error error = read(json, "embedding_dimension", module.in, where))
    return error;
  return read(json, "word_embedding_dimension", module.in, where);
}

/// 2_Dense/config.json: sizes, bias and the Python class of the activation.
static llvm::Error readDense(SentenceModule &module, const llvm::json::Object &json, StringRef where) {
  static constexpr StringLiteral known[] = {"in_features", "out_features", "bias", "activation_function"};
  static constexpr std::pair<StringLiteral, StringLiteral> fixed[] = {{"module_input_name", "\"sentence_embedding\""},
                                                                      {"module_output_name", "\"sentence_embedding\""}};
  if (llvm::Error error = checkKeys(json, known, fixed, where))
    return error;
  if (llvm::Error error = require(json, "in_features", module.in, where))
    return error;
  if (llvm::Error error = require(json, "out_features", module.out, where))
    return error;
  if (llvm::Error error = read(json, "bias", module.bias, where))
    return error;
  StringRef type = "torch.nn.modules.activation.Tanh";
  if (const llvm::json::Value *value = json.get("activation_function")) {
    if (!value->getAsString())
      return wrongType("activation_function", "a string", *value, where);
    type = *value->getAsString();
  }
  module.activation = llvm::StringSwitch<std::string>(type.rsplit('.').second)
                          .Case("Tanh", "tanh")
                          .Case("Identity", "linear")
                          .Case("ReLU", "relu")
                          .Case("GELU", "gelu")
                          .Case("SiLU", "silu")
                          .Case("Sigmoid", "sigmoid")
                          .Default("");
  if (module.activation.empty())
    return unsupported("expected an activation function among Tanh, Identity, ReLU, GELU, SiLU and Sigmoid, but found " + quoted(type), where);
  return llvm::Error::success();
}

static llvm::Error readLayerNorm(SentenceModule &module, const llvm::json::Object &json, StringRef where) {
  if (llvm::Error error = checkKeys(json, {"dimension"}, {}, where))
    return error;
  return require(json, "dimension", module.in, where);
}

/// A folder named by modules.json must lie directly in the model.
static llvm::Error checkFolder(StringRef folder, StringRef where) {
  if (folder.find_first_of(StringRef("/\\\0", 3)) == StringRef::npos && !folder.starts_with("."))
    return llvm::Error::success();
  return badInput("bad-config-value", "expected the name of a folder beside modules.json, but found {0}; in {1}", quoted(folder), where);
}

/// One line of modules.json behind the transformer; nothing for modules that do nothing at inference.
static llvm::Expected<std::optional<SentenceModule>> readModule(StringRef type, SentenceModule module, StringRef directory, StringRef where) {
  using Reader = llvm::Error (*)(SentenceModule &, const llvm::json::Object &, StringRef);
  if (type == "Dropout")
    return std::nullopt;
  if (type == "Normalize") {
    module.kind = SentenceModule::Normalize;
    return module;
  }
  auto [kind, read] = llvm::StringSwitch<std::pair<SentenceModule::Kind, Reader>>(type)
                          .Case("Pooling", {SentenceModule::Pooling, readPooling})
                          .Case("Dense", {SentenceModule::Dense, readDense})
                          .Case("LayerNorm", {SentenceModule::LayerNorm, readLayerNorm})
                          .Default({SentenceModule::Normalize, nullptr});
  if (!read)
    return unsupported("expected modules among Transformer, Pooling, Dense, LayerNorm, Normalize and Dropout, but found " + quoted(type), where);
  module.kind = kind;
  std::string path = joinPath(directory, module.folder, "config.json");
  auto json = readJsonObject(path);
  if (!json)
    return json.takeError();
  if (llvm::Error error = read(module, *json, quoted(path)))
    return error;
  return module;
}

/// Settings that whoever makes ids of text acts on (tools/python/girih/text.py); here only what their values
/// must be.
static llvm::Error checkTextSetting(StringRef key, const llvm::json::Value &value, StringRef where) {
  if (value.getAsNull())
    return llvm::Error::success();
  if (key == "max_seq_length" && value.getAsInteger().value_or(0) < 1)
    return wrongType(key, "an integer of at least 1", value, where);
  if (key == "do_lower_case" && !value.getAsBoolean())
    return wrongType(key, "true or false", value, where);
  if (key == "default_prompt_name" && !value.getAsString())
    return wrongType(key, "a string", value, where);
  if (key == "prompts" && !value.getAsObject())
    return wrongType(key, "an object of prompts by name", value, where);
  return llvm::Error::success();
}

static llvm::Error checkTextSettings(const llvm::json::Object &json, StringRef where) {
  for (const auto &field : json)
    if (llvm::Error error = checkTextSetting(field.first, field.second, where))
      return error;
  return llvm::Error::success();
}

/// Settings of the sentence-transformers wrapper; those listed act on text, before there are ids.
static llvm::Error checkWrapper(StringRef directory, StringRef transformer) {
  std::string path = joinPath(directory, transformer, "sentence_bert_config.json");
  if (llvm::sys::fs::exists(path)) {
    auto json = readJsonObject(path);
    if (!json)
      return json.takeError();
    static constexpr StringLiteral known[] = {"max_seq_length", "do_lower_case", "modality_config", "tokenizer_args", "processing_kwargs",
                                              "tokenizer_name_or_path"};
    static constexpr std::pair<StringLiteral, StringLiteral> fixed[] = {
        {"model_args", "{}"}, {"config_args", "{}"}, {"transformer_task", "\"feature-extraction\""}, {"module_output_name", "\"token_embeddings\""}};
    if (llvm::Error error = checkKeys(*json, known, fixed, quoted(path)))
      return error;
    if (llvm::Error error = checkTextSettings(*json, quoted(path)))
      return error;
  }
  path = joinPath(directory, "config_sentence_transformers.json");
  if (!llvm::sys::fs::exists(path))
    return llvm::Error::success();
  auto json = readJsonObject(path);
  if (!json)
    return json.takeError();
  static constexpr StringLiteral known[] = {"__version__", "prompts", "default_prompt_name", "similarity_fn_name", "model_type"};
  if (llvm::Error error = checkKeys(*json, known, {{"truncate_dim", "null"}}, quoted(path)))
    return error;
  return checkTextSettings(*json, quoted(path));
}

/// The fields of one line: the class without its package, the name and the folder.
static llvm::Expected<std::pair<StringRef, SentenceModule>> readLine(const llvm::json::Value &line, StringRef where) {
  const llvm::json::Object *object = line.getAsObject();
  std::optional<StringRef> type = object ? object->getString("type") : std::nullopt;
  std::optional<StringRef> path = object ? object->getString("path") : std::nullopt;
  if (!type || !path)
    return badInput("bad-config-value", "expected an object with strings 'type' and 'path', but found {0}; in {1}", brief(line), where);
  if (!type->starts_with("sentence_transformers."))
    return unsupported("expected a module of sentence_transformers, but found " + quoted(*type) + ", which is code of its own", where);
  if (llvm::Error error = checkFolder(*path, where))
    return error;
  SentenceModule module{SentenceModule::Normalize, object->getString("name").value_or(*path).str(), path->str(), {}, 0, 0, true, ""};
  return std::pair(type->rsplit('.').second, std::move(module));
}

llvm::Expected<SentenceModel> girih::import::readSentenceModel(StringRef directory) {
  SentenceModel model;
  std::string path = joinPath(directory, "modules.json");
  if (!llvm::sys::fs::exists(path))
    return model;
  std::string where = quoted(path);
  auto json = readJson(path);
  if (!json)
    return json.takeError();
  const llvm::json::Array *lines = json->getAsArray();
  if (!lines || lines->empty())
    return badInput("bad-config-value", "expected a list of modules, but found {0}; in {1}", brief(*json), where);
  for (const auto &[i, line] : llvm::enumerate(*lines)) {
    auto parsed = readLine(line, where);
    if (!parsed)
      return parsed.takeError();
    auto &[type, module] = *parsed;
    if ((i == 0) != (type == "Transformer"))
      return unsupported("expected a Transformer as the first module and nowhere else, but module " + llvm::Twine(i) + " is " + quoted(type), where);
    if (i == 0) {
      model.transformerFolder = module.folder;
      continue;
    }
    auto read = readModule(type, std::move(module), directory, where);
    if (!read)
      return read.takeError();
    if (*read)
      model.modules.push_back(std::move(**read));
  }
  for (const auto &[i, module] : llvm::enumerate(model.modules))
    if ((i == 0) != (module.kind == SentenceModule::Pooling))
      return unsupported("expected Pooling directly behind the Transformer and nowhere else", where);
  if (llvm::Error error = checkWrapper(directory, model.transformerFolder))
    return error;
  return model;
}
