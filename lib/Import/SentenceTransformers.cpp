// Builds what stands behind the encoder in a sentence-transformers model. All of it works on f32: there is little of it, and
// the result is f32 anyway.
#include "lib/Import/SentenceTransformers.h"

#include "lib/Import/Activations.h"
#include "lib/Support/Error.h"
#include "lib/Support/File.h"
#include "lib/Support/Json.h"

using namespace mlir;
using namespace girih;
using namespace girih::import;

static int64_t width(Value value) { return cast<RankedTensorType>(value.getType()).getShape().back(); }

/// The module's configured width must be what the module before yields.
static bool checkWidth(ModelBuilder &model, const SentenceModule &module, Value input) {
  if (module.in == 0 || module.in == width(input))
    return true;
  model.fail(badInput("shape-mismatch", "expected module {0} to take vectors of {1}, as the module before yields, but its config.json says {2}",
                      quoted(module.folder), width(input), module.in));
  return false;
}

static Value buildPooling(ModelBuilder &model, const SentenceModule &module, Value input) {
  SmallVector<Value> pooled;
  for (graph::PoolKind kind : module.pools)
    pooled.push_back(model.create<graph::PoolOp>(input, model.mask(), kind));
  return pooled.size() == 1 ? pooled.front() : model.create<graph::ConcatOp>(pooled, uint64_t(1)).getResult();
}

static Value buildDense(ModelBuilder &model, const SentenceModule &module, Value input) {
  Value weight = model.parameter("linear.weight", {module.out, module.in});
  Value bias = module.bias ? model.parameter("linear.bias", {module.out}) : Value();
  Value result = model.create<graph::LinearOp>(input, weight, bias, TypeAttr(), TypeAttr());
  return buildActivation(model, module.activation, result);
}

static Value buildLayerNorm(ModelBuilder &model, const SentenceModule &module, Value input) {
  Value weight = model.parameter("norm.weight", {module.in});
  Value bias = model.parameter("norm.bias", {module.in});
  return model.create<graph::LayerNormOp>(input, weight, bias, APFloat(1e-5f)); // torch.nn.LayerNorm's default
}

static Value buildModule(ModelBuilder &model, const SentenceModule &module, Value input) {
  switch (module.kind) {
  case SentenceModule::Pooling: return buildPooling(model, module, input);
  case SentenceModule::Dense: return buildDense(model, module, input);
  case SentenceModule::LayerNorm: return buildLayerNorm(model, module, input);
  case SentenceModule::Normalize: return model.create<graph::L2NormalizeOp>(input, APFloat(1e-12f)); // torch's default
  }
  llvm_unreachable("all kinds are handled");
}

Value girih::import::buildSentenceModules(ModelBuilder &model, const SentenceModel &sentence, StringRef directory,
                                          bool randomWeights, Value hidden) {
  for (const SentenceModule &module : sentence.modules) {
    if (model.failed() || !checkWidth(model, module, hidden))
      break;
    bool hasWeights = module.kind == SentenceModule::Dense || module.kind == SentenceModule::LayerNorm;
    std::optional<Checkpoint> checkpoint;
    if (hasWeights && !randomWeights) {
      auto opened = Checkpoint::open(joinPath(directory, module.folder));
      if (!opened) {
        model.fail(opened.takeError());
        break;
      }
      checkpoint = std::move(*opened);
    }
    // Parameters are named as in the state of a SentenceTransformer: "3.linear.weight".
    model.use({checkpoint ? &*checkpoint : nullptr, module.folder + "/", /*prefix=*/"", hasWeights ? module.name + "." : ""});
    model.at(hasWeights ? (module.kind == SentenceModule::Dense ? "linear" : "norm") : module.folder);
    hidden = buildModule(model, module, hidden);
    model.checkAllClaimed({});
  }
  return hidden;
}
