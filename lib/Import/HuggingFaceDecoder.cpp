// Imports a decoder from a Hugging Face directory.
#include "lib/Import/HuggingFace.h"

using namespace mlir;
using namespace girih;
using namespace girih::import;

// Tables and memory are planned for the bounds; these serve a desk. Options raise them.
static constexpr int64_t usualSequence = 4096, usualBatch = 8;

static llvm::Expected<ModelConfig> readDecoderConfig(const DecoderFamily &family,
                                                     const llvm::json::Object &json, StringRef where) {
  auto config = readConfig(json, family.keys, family.harmlessKeys, where);
  if (!config)
    return config;
  if (family.names.positions.empty()) {
    auto rope = readRope(json, config->positions, /*defaultTheta=*/10000, where);
    if (!rope)
      return rope.takeError();
    config->rope = std::move(*rope);
  }
  if (llvm::Error error = completeConfig(family, *config, where))
    return error;
  return config;
}

/// Whether the checkpoint was saved without the head, so that the names lack the first module.
static bool lacksPrefix(const Checkpoint &checkpoint, StringRef prefix) {
  return llvm::none_of(checkpoint.names(), [&](StringRef name) { return name.starts_with(prefix); });
}

llvm::Expected<OwningOpRef<ModuleOp>>
girih::import::buildDecoderModule(MLIRContext &context, const DecoderImport &decoder, StringRef directory,
                                  const ImportOptions &options, StringRef where,
                                  llvm::function_ref<llvm::Error(ModelBuilder &)> describe) {
  const auto &[family, config, checkpoint, dropped, ignored] = decoder;
  int64_t longest = longestSequence(family, config);
  auto sequence = chooseSequence(options, std::min(longest, usualSequence), longest,
                                 describeLimit(family, config), where);
  if (!sequence)
    return sequence.takeError();
  Type f32 = Float32Type::get(&context), bf16 = BFloat16Type::get(&context);
  ModelBuilder model(context, directory, options.dtype == ComputeType::BF16 ? bf16 : f32);
  model.addSymbol("batch", options.maxBatch.value_or(usualBatch), /*likely=*/1);
  model.addSymbol("seq", *sequence);
  model.use({checkpoint, "", "", "", dropped});
  model.addSymbol("total", *sequence);
  DecoderBounds bounds{*sequence,
                       std::min<int64_t>(*sequence * options.maxBatch.value_or(usualBatch), INT32_MAX)};
  model.addSymbol("slots", bounds.slots);
  buildDecoderEntries(model, family, config, bounds);
  model.checkAllClaimed(ignored, family.ignoredEndings);
  if (llvm::Error error = describe(model))
    return std::move(error);
  return model.finish();
}

llvm::Expected<OwningOpRef<ModuleOp>>
girih::import::importDecoder(MLIRContext &context, const DecoderFamily &family,
                             const llvm::json::Object &json, StringRef directory,
                             const ImportOptions &options, StringRef where) {
  auto config = readDecoderConfig(family, json, where);
  if (!config)
    return config.takeError();
  auto checkpoint = openCheckpoint(directory, options.randomWeights);
  if (!checkpoint)
    return checkpoint.takeError();
  bool lacks = *checkpoint && lacksPrefix(**checkpoint, family.prefix);
  static constexpr StringLiteral tiedHead[] = {"lm_head."};
  DecoderImport decoder{family, *config, *checkpoint ? &**checkpoint : nullptr,
                        lacks ? family.prefix.str() : "",
                        config->tied ? ArrayRef(tiedHead) : ArrayRef<StringLiteral>()};
  return buildDecoderModule(context, decoder, directory, options, where, [&](ModelBuilder &model) {
    describeDecoder(model, json.getString("model_type").value_or(""), *config);
    return addLanguageProperties(model, json, directory, where);
  });
}
