// Reads config.json by a family's table of keys. An unknown key is an error, because it may stand for something that changes
// the numbers; so the keys that do not are listed here, once for all families.
#include "lib/Import/Config.h"

#include "lib/Support/Error.h"
#include "lib/Support/Json.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace girih;
using namespace girih::import;
using llvm::StringLiteral;
using llvm::StringRef;

// Names and bookkeeping.
static constexpr StringLiteral bookkeeping[] = {
    "_name_or_path", "architectures",   "model_type",  "name",        "transformers_version", "torch_dtype",
    "dtype",         "tokenizer_class", "finetuning_task", "problem_type", "language",        "id2label",
    "label2id",      "num_labels", "_num_labels",      "task_specific_params", "sentence_transformers", "_commit_hash", "prefix"};
// Training: dropout does nothing at inference.
static constexpr StringLiteral training[] = {
    "attention_probs_dropout_prob", "hidden_dropout_prob", "classifier_dropout", "initializer_range",
    "gradient_checkpointing",       "layerdrop",           "tie_word_embeddings"};
// How transformers itself runs the model and what it returns beside its results.
static constexpr StringLiteral execution[] = {
    "use_cache",           "return_dict",          "output_attentions",    "output_hidden_states",
    "output_past",         "torchscript",          "use_bfloat16",         "tf_legacy_loss",
    "attn_implementation", "_attn_implementation", "_attn_implementation_autoset", "_attn_implementation_internal",
    "chunk_size_feed_forward", "xla_device"};
// Special tokens: they enter the ids, not the computation.
static constexpr StringLiteral tokens[] = {"pad_token_id", "bos_token_id", "eos_token_id", "sep_token_id",
                                           "cls_token_id", "mask_token_id", "unk_token_id", "decoder_start_token_id"};
// Text generation, which old versions of transformers wrote into every config.
static constexpr StringLiteral generation[] = {
    "max_length", "min_length", "do_sample", "early_stopping", "num_beams", "num_beam_groups", "diversity_penalty",
    "temperature", "top_k", "top_p", "typical_p", "repetition_penalty", "length_penalty", "no_repeat_ngram_size",
    "encoder_no_repeat_ngram_size", "bad_words_ids", "num_return_sequences", "output_scores", "return_dict_in_generate",
    "forced_bos_token_id", "forced_eos_token_id", "remove_invalid_values", "exponential_decay_length_penalty",
    "suppress_tokens", "begin_suppress_tokens"};
// The task heads on top of the encoder, which is all that is imported.
static constexpr StringLiteral heads[] = {"pooler_fc_size", "pooler_num_attention_heads", "pooler_num_fc_layers",
                                          "pooler_size_per_head", "pooler_type", "directionality"};

// Keys of transformers that do change the numbers of any family, with the value that leaves them alone.
static constexpr ConfigKey shared[] = {
    fixed("is_decoder", "false"),       fixed("is_encoder_decoder", "false"), fixed("add_cross_attention", "false"),
    fixed("pruned_heads", "{}"),        fixed("quantization_config", "null"), fixed("cross_attention_hidden_size", "null"),
    fixed("position_embedding_type", "\"absolute\""),                         fixed("auto_map", "null"),
    fixed("tie_encoder_decoder", "false"),
};

static bool isHarmless(StringRef key, llvm::ArrayRef<StringLiteral> family) {
  for (llvm::ArrayRef<StringLiteral> list : {llvm::ArrayRef(bookkeeping), llvm::ArrayRef(training), llvm::ArrayRef(execution),
                                             llvm::ArrayRef(tokens), llvm::ArrayRef(generation), llvm::ArrayRef(heads), family})
    if (llvm::is_contained(list, key))
      return true;
  return false;
}

static llvm::Error wrongValue(const ConfigKey &key, StringRef expected, const llvm::json::Value &found, StringRef where) {
  return badInput("bad-config-value", "expected {0} as '{1}', but found {2}; in {3}", expected, key.name, brief(found), where);
}

static llvm::Error readTexts(const ConfigKey &key, const llvm::json::Value &value, ModelConfig &config, StringRef where) {
  const llvm::json::Array *array = value.getAsArray();
  if (!array || llvm::any_of(*array, [](const llvm::json::Value &element) { return !element.getAsString(); }))
    return wrongValue(key, "a list of strings", value, where);
  for (const llvm::json::Value &element : *array)
    (config.*key.texts).push_back(element.getAsString()->str());
  return llvm::Error::success();
}

/// Stores one value, or checks it against the only one that is understood.
static llvm::Error readValue(const ConfigKey &key, const llvm::json::Value &value, ModelConfig &config, StringRef where) {
  static constexpr int64_t most = std::numeric_limits<int32_t>::max();
  if (key.elsewhere)
    return llvm::Error::success();
  if (key.nullable && value.getAsNull()) {
    if (key.count)
      config.*key.count = 0;
    if (key.number)
      config.*key.number = 0;
    return llvm::Error::success();
  }
  if (key.texts)
    return readTexts(key, value, config, where);
  if (key.flag) {
    std::optional<bool> flag = value.getAsBoolean();
    if (!flag)
      return wrongValue(key, "true or false", value, where);
    config.*key.flag = *flag;
  } else if (key.count) {
    std::optional<int64_t> count = value.getAsInteger();
    if (!count || *count < key.least || *count > most)
      return wrongValue(key, llvm::formatv("an integer from {0} to {1}", key.least, most).str(), value, where);
    config.*key.count = *count;
  } else if (key.number) {
    std::optional<double> number = value.getAsNumber();
    if (!number || !std::isfinite(*number) || *number <= 0)
      return wrongValue(key, "a positive number", value, where);
    config.*key.number = *number;
  } else if (key.text) {
    std::optional<StringRef> text = value.getAsString();
    if (!text)
      return wrongValue(key, "a string", value, where);
    config.*key.text = text->str();
  } else if (!value.getAsNull() && llvm::formatv("{0}", value).str() != key.fixed) {
    return badInput("unsupported-config-value", "expected '{0}' to be {1}, but found {2}, which changes the model in a way Girih does not implement; in {3}",
                    key.name, key.fixed, brief(value), where);
  }
  return llvm::Error::success();
}

static void setDefault(const ConfigKey &key, ModelConfig &config) {
  if (key.count)
    config.*key.count = key.defaultCount;
  if (key.number)
    config.*key.number = key.defaultNumber;
  if (key.text)
    config.*key.text = key.defaultText.str();
  if (key.flag)
    config.*key.flag = key.defaultFlag;
}

llvm::Expected<ModelConfig> girih::import::readConfig(const llvm::json::Object &json, llvm::ArrayRef<ConfigKey> keys,
                                                        llvm::ArrayRef<StringLiteral> harmless, StringRef where) {
  ModelConfig config;
  llvm::for_each(keys, [&](const ConfigKey &key) { setDefault(key, config); });
  std::vector<StringRef> names;
  for (const auto &field : json)
    names.push_back(field.first);
  llvm::sort(names); // the first fault reported is the same in every run
  for (StringRef name : names) {
    auto isNamed = [&](const ConfigKey &key) { return key.name == name; };
    const ConfigKey *key = llvm::find_if(keys, isNamed);
    if (key == keys.end()) // a family may know better what a shared key does
      key = llvm::is_contained(harmless, name) ? std::end(shared) : llvm::find_if(shared, isNamed);
    if (key == std::end(shared))
      key = nullptr;
    if (key) {
      if (llvm::Error error = readValue(*key, *json.get(name), config, where))
        return error;
    } else if (!isHarmless(name, harmless)) {
      return badInput("unknown-config-key",
                      "expected only keys that this model's family is known to have, but found {0}: {1}, which may change the "
                      "numbers; in {2}; remove the key if it has no effect",
                      quoted(name), brief(*json.get(name)), where);
    }
  }
  return config;
}
