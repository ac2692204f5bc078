// Imports a decoder from a GGUF file: architectures are families whose tensors have GGUF's names. Quantized weights keep their blocks.
#include "lib/Import/GGUF.h"
#include "lib/Import/HuggingFace.h"
#include "lib/Support/Error.h"
#include "lib/Support/File.h"
#include "lib/Support/Json.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cmath>

using namespace mlir;
using namespace girih;
using namespace girih::import;

static constexpr DecoderNames ggufNames{.words = "token_embd",
                                        .rope = "rope",
                                        .layers = "blk",
                                        .attentionNorm = "attn_norm",
                                        .attention = "attn",
                                        .query = "attn_q",
                                        .key = "attn_k",
                                        .value = "attn_v",
                                        .attentionOutput = "attn_output",
                                        .feedForwardNorm = "ffn_norm",
                                        .gate = "ffn_gate",
                                        .up = "ffn_up",
                                        .down = "ffn_down",
                                        .finalNorm = "output_norm",
                                        .head = "output"};

// llama.cpp's converter permutes Llama's rows of queries and keys so that the pairs of a rotation are neighbours.
static const DecoderFamily ggufLlama{
    .modelTypes = {}, .keys = {}, .harmlessKeys = {}, .names = ggufNames, .biases = {}, .prefix = "", .interleaved = true, .ignoredEndings = {}};
static const DecoderFamily ggufQwen2{
    .modelTypes = {}, .keys = {}, .harmlessKeys = {}, .names = ggufNames, .biases = {.queryKeyValue = true}, .prefix = "", .ignoredEndings = {}};

namespace {

/// Reads an architecture's keys. Each key is asked for once; what nobody has asked for in the end is an error, because it may change
/// the numbers. The first error sticks.
class Keys {
public:
  Keys(const GGUFContent &content, StringRef architecture, StringRef where) : content(content), prefix(architecture.str() + "."), where(where) {}

  const GGUFValue *find(StringRef name) {
    asked.insert(name);
    auto found = content.values.find(prefix + name.str());
    return found == content.values.end() ? nullptr : &found->second;
  }
  int64_t count(StringRef name, std::optional<int64_t> fallback = {}) {
    const GGUFValue *value = find(name);
    if (!value && fallback)
      return *fallback;
    std::optional<int64_t> number = value ? value->integer() : std::nullopt;
    if (number && *number >= 1 && *number <= std::numeric_limits<int32_t>::max())
      return *number;
    fail("a positive integer of at most 31 bits", name, value);
    return 1;
  }
  double number(StringRef name, std::optional<double> fallback = {}) {
    const GGUFValue *value = find(name);
    if (!value && fallback)
      return *fallback;
    std::optional<double> number = value ? value->number() : std::nullopt;
    if (number && std::isfinite(*number) && *number > 0)
      return *number;
    fail("a positive number", name, value);
    return 1;
  }
  std::string text(StringRef name, StringRef fallback) {
    const GGUFValue *value = find(name);
    if (!value)
      return fallback.str();
    if (std::optional<StringRef> text = value->text(); text && llvm::json::isUTF8(*text))
      return text->str();
    fail("a string", name, value);
    return fallback.str();
  }
  /// A key that must be 0 if it is there, as for a model without the thing.
  void none(StringRef name) {
    const GGUFValue *value = find(name);
    if (value && value->integer() != 0)
      fail("0 or nothing, since Girih does not implement more,", name, value);
  }
  llvm::Error finish() {
    for (const auto &[key, value] : content.values) {
      StringRef name = key;
      if (!error && name.consume_front(prefix) && !asked.contains(name))
        return badInput("unknown-config-key", "expected only keys that this architecture is known to have, but found {0}, which may change the numbers; in {1}",
                        quoted(key), where);
    }
    return std::move(error);
  }
  ~Keys() { llvm::consumeError(std::move(error)); }

private:
  void fail(StringRef expected, StringRef name, const GGUFValue *value) {
    if (error)
      return;
    std::string found = !value                            ? "none"
                        : value->kind == GGUFKind::String ? quoted(llvm::json::fixUTF8(value->bytes.take_front(200)))
                        : value->integer()                ? std::to_string(*value->integer())
                        : value->number()                 ? std::to_string(*value->number())
                                                          : llvm::formatv("a value of GGUF's type {0}", static_cast<uint32_t>(value->kind)).str();
    error = badInput("bad-config-value", "expected {0} as '{1}{2}', but found {3}; in {4}", expected, prefix, name, found, where);
  }

  const GGUFContent &content;
  std::string prefix;
  StringRef where;
  llvm::StringSet<> asked;
  llvm::Error error = llvm::Error::success();
};

} // namespace

/// A factor without a type scales positions, as in llama.cpp: files older than the type have one.
static void readScaling(Keys &keys, RopeConfig &rope, std::string &kind) {
  kind = keys.text("rope.scaling.type", "linear");
  rope.factor = keys.number("rope.scaling.factor", keys.number("rope.scale_linear", 1));
  rope.originalPositions = keys.count("rope.scaling.original_context_length", rope.originalPositions);
  rope.betaFast = keys.number("rope.scaling.yarn_beta_fast", rope.betaFast);
  rope.betaSlow = keys.number("rope.scaling.yarn_beta_slow", rope.betaSlow);
  keys.find("rope.scaling.finetuned"); // says how the model came to be
  if (kind == "linear" && rope.factor != 1)
    rope.kind = RopeConfig::Linear;
  if (kind == "yarn")
    rope.kind = RopeConfig::YaRN;
}

static llvm::Error checkScaling(StringRef kind, StringRef where) {
  if (kind == "none" || kind == "linear" || kind == "yarn")
    return llvm::Error::success();
  return badInput("unsupported-config-value", "expected 'rope.scaling.type' to be none, linear or yarn, but found {0}; in {1}", quoted(kind), where);
}

/// Llama 3's scaling is a tensor of divisors, one for each pair; LongRoPE's formula is the same, without its factor.
static llvm::Error readFrequencies(const SafeTensor &tensor, StringRef content, RopeConfig &rope, StringRef where) {
  if (tensor.dtype != "F32" || tensor.shape.size() != 1)
    return badInput("shape-mismatch", "expected tensor {0} to be a vector of F32, but found {1} of {2}; in {3}", quoted(tensor.name),
                    printShape(tensor.shape), tensor.dtype, where);
  if (rope.kind != RopeConfig::Default)
    return badInput("unsupported-config-value", "expected no other scaling of rotary embeddings beside tensor {0}, but found some; in {1}",
                    quoted(tensor.name), where);
  for (uint64_t at = tensor.offset; at < tensor.offset + tensor.bytes; at += sizeof(float)) {
    double factor = llvm::bit_cast<float>(llvm::support::endian::read32le(content.data() + at));
    if (!std::isfinite(factor) || factor <= 0)
      return badInput("bad-config-value", "expected positive numbers in tensor {0}, but found {1}; in {2}", quoted(tensor.name), factor, where);
    rope.shortFactors.push_back(factor);
  }
  rope.kind = RopeConfig::LongRope;
  rope.attentionFactor = 1;
  rope.originalPositions = std::numeric_limits<int32_t>::max();
  return llvm::Error::success();
}

static llvm::Expected<ModelConfig> readKeys(Keys keys, const DecoderFamily &family, const Checkpoint &checkpoint, StringRef where) {
  ModelConfig config;
  config.activation = "silu";
  config.hidden = keys.count("embedding_length");
  config.layers = keys.count("block_count");
  config.heads = keys.count("attention.head_count");
  config.keyHeads = keys.count("attention.head_count_kv", config.heads);
  config.intermediate = keys.count("feed_forward_length");
  config.positions = keys.count("context_length");
  config.epsilon = keys.number("attention.layer_norm_rms_epsilon");
  bool sized = keys.find("attention.key_length");
  int64_t size = keys.count("attention.key_length", std::max<int64_t>(config.hidden / config.heads, 1));
  int64_t valueSize = keys.count("attention.value_length", size), rotated = keys.count("rope.dimension_count", size);
  config.headSize = sized ? size : 0;
  config.rope.originalPositions = config.positions;
  config.rope.theta = keys.number("rope.freq_base", 10000);
  config.rope.partial = static_cast<double>(rotated) / static_cast<double>(size);
  std::string scaling;
  readScaling(keys, config.rope, scaling);
  for (StringRef name : {"expert_count", "expert_used_count"})
    keys.none(name);
  // llama.cpp and transformers let every row of these architectures see all keys, whatever window a converter
  // copied from a config: Qwen 2's has one that `use_sliding_window` turns off, and GGUF has no key for that.
  keys.find("attention.sliding_window");
  const Checkpoint::Entry *words = checkpoint.find("token_embd.weight");
  int64_t rows = words ? words->tensor.shape.front() : 1;
  config.vocabulary = keys.count("vocab_size", rows);
  keys.find("tensor_data_layout"); // always "Meta AI original pth", the permuted rows
  if (llvm::Error error = keys.finish())
    return std::move(error);
  if (valueSize != size)
    return badInput("unsupported-config-value", "expected values as wide as keys, {0}, but found {1}; in {2}", size, valueSize, where);
  if (llvm::Error error = checkScaling(scaling, where))
    return std::move(error);
  if (static_cast<int64_t>(words ? words->tensor.shape.size() : 2) != 2 || rows > std::numeric_limits<int32_t>::max())
    return badInput("shape-mismatch", "expected tensor 'token_embd.weight' to be a table, but found {0}; in {1}", printShape(words->tensor.shape), where);
  config.tied = !checkpoint.find("output.weight");
  config.attentionBias = !family.biases.queryKeyValue && checkpoint.find("blk.0.attn_q.bias");
  config.feedForwardBias = checkpoint.find("blk.0.ffn_up.bias");
  return config;
}

static llvm::Expected<const DecoderFamily *> findArchitecture(const GGUFContent &content, StringRef &name, StringRef where) {
  auto found = content.values.find("general.architecture");
  std::optional<StringRef> text = found == content.values.end() ? std::nullopt : found->second.text();
  name = text.value_or("");
  if (name == "llama")
    return &ggufLlama;
  if (name == "qwen2")
    return &ggufQwen2;
  return badInput("unknown-model-type", "expected 'general.architecture' to be llama or qwen2, but found {0}; in {1}",
                  text ? quoted(llvm::json::fixUTF8(*text)) : "none", where);
}

/// llama.cpp's tools may split a model into several files; each says so.
static llvm::Error checkWhole(const GGUFContent &content, StringRef where) {
  auto found = content.values.find("split.count");
  std::optional<int64_t> parts = found == content.values.end() ? std::nullopt : found->second.integer();
  if (parts.value_or(1) <= 1)
    return llvm::Error::success();
  return badInput("missing-shard",
                  "expected a whole model, but this file is one of {0} parts; in {1}; join them with "
                  "llama.cpp's `llama-gguf-split --merge`",
                  *parts, where);
}

/// The ids under some keys, those that are there. One outside the vocabulary, such as -1, stands for none, as
/// in llama.cpp.
static std::string tokensOf(const GGUFContent &content, ArrayRef<StringRef> keys, int64_t vocabulary) {
  llvm::SetVector<int64_t> ids;
  for (StringRef key : keys)
    if (auto found = content.values.find(key.str()); found != content.values.end())
      if (std::optional<int64_t> id = found->second.integer(); id && *id >= 0 && *id < vocabulary)
        ids.insert(*id);
  return llvm::join(llvm::map_range(ids, [](int64_t id) { return std::to_string(id); }), ",");
}

static llvm::Error addProperties(ModelBuilder &model, const GGUFContent &content, StringRef family, const ModelConfig &config, StringRef where) {
  auto tokenizer = convertTokenizer(content, where);
  if (!tokenizer)
    return tokenizer.takeError();
  describeDecoder(model, family, config);
  if (std::string bos = tokensOf(content, {"tokenizer.ggml.bos_token_id"}, config.vocabulary); !bos.empty())
    model.setProperty("bos", bos);
  model.setProperty("eos", tokensOf(content, {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"},
                                    config.vocabulary));
  if (auto chat = content.values.find("tokenizer.chat_template");
      chat != content.values.end() && chat->second.text()) {
    StringRef text = *chat->second.text();
    if (!llvm::json::isUTF8(text) || text.contains('\0')) // an artifact's texts end at a NUL
      return badInput(
          "bad-gguf",
          "expected UTF-8 without NUL as 'tokenizer.chat_template', but found other bytes; in {0}", where);
    model.setProperty("chat_template", text);
  }
  model.setProperty("tokenizer", *tokenizer);
  return llvm::Error::success();
}

/// The file as it will be found again: the directory for the module, and the name for its sources.
static std::pair<std::string, std::string> splitPath(StringRef path) {
  SmallString<256> real;
  if (llvm::sys::fs::real_path(path, real))
    real = path;
  return {llvm::sys::path::parent_path(real).str(), llvm::sys::path::filename(real).str()};
}

bool girih::import::isGGUF(StringRef path) {
  if (path.ends_with_insensitive(".gguf"))
    return true;
  if (!llvm::sys::fs::is_regular_file(path)) // opening a pipe would wait
    return false;
  auto file = llvm::sys::fs::openNativeFileForRead(path);
  if (!file) {
    llvm::consumeError(file.takeError());
    return false;
  }
  char magic[4] = {};
  llvm::Expected<size_t> read = llvm::sys::fs::readNativeFile(*file, magic);
  llvm::sys::fs::closeFile(*file);
  if (read)
    return StringRef(magic, *read) == "GGUF";
  llvm::consumeError(read.takeError());
  return false;
}

llvm::Expected<OwningOpRef<ModuleOp>> girih::import::importGGUF(MLIRContext &context, StringRef path, const ImportOptions &options) {
  std::string where = quoted(path);
  auto [directory, file] = splitPath(path);
  auto buffer = openFile(joinPath(directory, file));
  if (!buffer)
    return buffer.takeError();
  auto content = parseGGUF((*buffer)->getBuffer(), where);
  if (!content)
    return content.takeError();
  if (llvm::Error error = checkWhole(*content, where))
    return std::move(error);
  StringRef architecture;
  auto family = findArchitecture(*content, architecture, where);
  if (!family)
    return family.takeError();
  Checkpoint checkpoint = Checkpoint::ofFile(content->tensors, file);
  auto config = readKeys(Keys(*content, architecture, where), **family, checkpoint, where);
  if (!config)
    return config.takeError();
  if (const Checkpoint::Entry *frequencies = checkpoint.find("rope_freqs.weight"))
    if (llvm::Error error = readFrequencies(frequencies->tensor, (*buffer)->getBuffer(), config->rope, where))
      return std::move(error);
  if (llvm::Error error = completeConfig(**family, *config, where))
    return std::move(error);
  static constexpr StringLiteral ignored[] = {"rope_freqs."};
  DecoderImport decoder{**family, *config, options.randomWeights ? nullptr : &checkpoint, "", ignored};
  return buildDecoderModule(context, decoder, directory, options, where,
                            [&](ModelBuilder &model) { return addProperties(model, *content, architecture, *config, where); });
}
