// Imports a Hugging Face or sentence-transformers directory: finds the family, reads the config, builds the encoder and what
// stands behind it. Decoders are HuggingFaceDecoder.cpp's.
#include "lib/Import/HuggingFace.h"

#include "lib/Import/Encoder.h"
#include "lib/Import/SentenceTransformers.h"
#include "lib/Support/Error.h"
#include "lib/Support/File.h"
#include "lib/Support/Json.h"

#include "llvm/Support/FileSystem.h"

using namespace mlir;
using namespace girih;
using namespace girih::import;

bool girih::import::isHuggingFaceDirectory(StringRef path) {
  return llvm::sys::fs::exists(joinPath(path, "config.json")) || llvm::sys::fs::exists(joinPath(path, "modules.json"));
}

/// The directory as it will be found again, whatever the current directory is then.
static llvm::Expected<std::string> resolveDirectory(StringRef directory) {
  SmallString<256> path;
  if (std::error_code error = llvm::sys::fs::real_path(directory, path))
    return badInput("missing-file", "expected a model directory at {0}, but: {1}", quoted(directory), error.message());
  if (!llvm::sys::fs::is_directory(path))
    return badInput("missing-file", "expected a directory with config.json and weights, but {0} is a file", quoted(directory));
  return path.str().str();
}

static std::string allModelTypes() { return knownModelTypes() + ", " + knownDecoderTypes(); }

static llvm::Expected<StringRef> readModelType(const llvm::json::Object &config, StringRef where) {
  if (std::optional<StringRef> type = config.getString("model_type"))
    return *type;
  const llvm::json::Value *found = config.get("model_type");
  return badInput("bad-config-value",
                  "expected a string 'model_type', but found {0}; in {1}; it names the family: {2}",
                  found ? brief(*found) : "none", where, allModelTypes());
}

static llvm::Error unknownModelType(StringRef type, StringRef where) {
  return badInput("unknown-model-type", "expected a model of the families {0}, but found {1}; in {2}{3}", allModelTypes(),
                  quoted(type), where,
                  type == "mpnet" ? "; MPNet adds a bias by distance to every attention score, which Girih does not import" : "");
}

llvm::Expected<int64_t> girih::import::chooseSequence(const ImportOptions &options, int64_t fallback, int64_t longest, StringRef limit,
                                                     StringRef where) {
  if (options.maxBatch && *options.maxBatch < 1)
    return makeError(ExitStatus::Usage, "bad-option", "expected a maximum batch of at least 1, but got {0}", *options.maxBatch);
  int64_t sequence = options.maxSequence.value_or(fallback);
  if (sequence < 1 || sequence > longest)
    return makeError(ExitStatus::Usage, "bad-option",
                     "expected a maximum sequence length from 1 to {0}, which the model's {1} allows, but got {2}; in {3}", longest,
                     limit, sequence, where);
  // Tokens of a call are numbered by 32-bit integers.
  int64_t largestBatch = std::numeric_limits<int32_t>::max() / sequence;
  if (options.maxBatch && *options.maxBatch > largestBatch)
    return makeError(
        ExitStatus::Usage, "bad-option",
        "expected a maximum batch from 1 to {0}, for sequences of up to {1} tokens, but got {2}; in {3}",
        largestBatch, sequence, *options.maxBatch, where);
  return sequence;
}

llvm::Expected<std::optional<Checkpoint>> girih::import::openCheckpoint(StringRef directory, bool randomWeights) {
  if (randomWeights)
    return std::nullopt;
  auto opened = Checkpoint::open(directory);
  if (!opened)
    return opened.takeError();
  return std::move(*opened);
}

/// The checkpoint's prefix: a model saved with a head on top has its encoder's tensors one level down.
static std::string findPrefix(const Checkpoint &checkpoint, const Family &family) {
  for (StringRef name : checkpoint.names())
    if (name.starts_with(family.prefix))
      return family.prefix.str();
  return "";
}

/// The encoder with its weights, its result as f32.
static llvm::Expected<Value> buildTransformer(ModelBuilder &model, const Family &family, const ModelConfig &config,
                                              StringRef directory, StringRef folder, bool randomWeights) {
  auto opened = openCheckpoint(joinPath(directory, folder), randomWeights);
  if (!opened)
    return opened.takeError();
  std::optional<Checkpoint> &checkpoint = *opened;
  model.use({checkpoint ? &*checkpoint : nullptr, folder.empty() ? "" : folder.str() + "/",
             checkpoint ? findPrefix(*checkpoint, family) : "", /*module=*/"", /*dropped=*/""});
  Value hidden = buildEncoder(model, family, config);
  model.checkAllClaimed(family.ignoredTensors);
  return hidden;
}

Value girih::import::castToF32(ModelBuilder &model, Value value) {
  if (model.getFloatType().isF32())
    return value;
  return model.create<graph::CastOp>(value, model.getBuilder().getF32Type());
}

static llvm::Expected<OwningOpRef<ModuleOp>> importEncoder(MLIRContext &context, const Family &family, const llvm::json::Object &json,
                                                           const SentenceModel &sentence, StringRef directory,
                                                           const ImportOptions &options, StringRef where) {
  auto config = readConfig(json, family.keys, family.harmlessKeys, where);
  if (!config)
    return config.takeError();
  if (llvm::Error error = checkConfig(family, *config, where))
    return error;
  int64_t longest = longestSequence(family, *config);
  auto sequence = chooseSequence(options, longest, longest, "position table", where);
  if (!sequence)
    return sequence.takeError();

  Type f32 = Float32Type::get(&context), bf16 = BFloat16Type::get(&context);
  ModelBuilder model(context, directory, options.dtype == ComputeType::BF16 ? bf16 : f32);
  model.addSymbol("batch", options.maxBatch.value_or(64));
  model.addSymbol("seq", *sequence);
  model.beginEncode(config->vocabulary);
  auto hidden = buildTransformer(model, family, *config, directory, sentence.transformerFolder, options.randomWeights);
  if (!hidden)
    return hidden.takeError();
  Value result = castToF32(model, *hidden);
  model.setFloatType(f32);
  result = buildSentenceModules(model, sentence, directory, options.randomWeights, result);
  model.endEntry({{result, sentence.modules.empty() ? "last_hidden_state" : "embedding"}});
  return model.finish();
}

llvm::Expected<OwningOpRef<ModuleOp>> girih::import::importHuggingFace(MLIRContext &context, StringRef path,
                                                                       const ImportOptions &options) {
  auto directory = resolveDirectory(path);
  if (!directory)
    return directory.takeError();
  auto sentence = readSentenceModel(*directory);
  if (!sentence)
    return sentence.takeError();
  std::string configPath = joinPath(*directory, sentence->transformerFolder, "config.json");
  std::string where = quoted(configPath);
  auto json = readJsonObject(configPath);
  if (!json)
    return json.takeError();
  auto type = readModelType(*json, where);
  if (!type)
    return type.takeError();
  if (const Family *family = findFamily(*type))
    return importEncoder(context, *family, *json, *sentence, *directory, options, where);
  const DecoderFamily *decoder = findDecoderFamily(*type);
  if (!decoder)
    return unknownModelType(*type, where);
  if (!sentence->modules.empty() || !sentence->transformerFolder.empty())
    return badInput("unsupported-module", "expected an encoder before sentence-transformers' modules, but found the decoder {0}; in {1}",
                    quoted(*type), where);
  return importDecoder(context, *decoder, *json, *directory, options, where);
}
