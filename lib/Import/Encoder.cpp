// Builds a BERT-like encoder from a family's description. Ops carry the path of the module that computes them in transformers.
#include "lib/Import/Encoder.h"

#include "lib/Import/Activations.h"
#include "lib/Support/Error.h"
#include "lib/Support/Json.h"

#include <cmath>

using namespace mlir;
using namespace girih;
using namespace girih::import;
using graph::SizeExpr;

int64_t girih::import::longestSequence(const Family &family, const ModelConfig &config) {
  return family.positions == PositionScheme::SkipPadding ? config.positions - config.padding - 1 : config.positions;
}

llvm::Error girih::import::checkConfig(const Family &family, const ModelConfig &config, StringRef where) {
  if (config.hidden % config.heads)
    return badInput("bad-config-value", "expected the hidden size to be a multiple of the attention heads, but got {0} and {1}; in {2}",
                    config.hidden, config.heads, where);
  if (config.embedding && config.embedding != config.hidden && !family.projectsEmbeddings)
    return badInput("unsupported-config-value", "expected 'embedding_size' to equal the hidden size {0}, but found {1}; in {2}",
                    config.hidden, config.embedding, where);
  if (!isActivation(config.activation))
    return badInput("unsupported-config-value", "expected an activation among {0}, but found {1}; in {2}", knownActivations(),
                    quoted(config.activation), where);
  if (longestSequence(family, config) < 1)
    return badInput("bad-config-value", "expected 'max_position_embeddings' to exceed pad_token_id + 1 = {0}, but found {1}; in {2}",
                    config.padding + 1, config.positions, where);
  return llvm::Error::success();
}

namespace {

/// One encoder being built; each method is one module of the model.
class Encoder {
public:
  Encoder(ModelBuilder &model, const Family &family, const ModelConfig &config)
      : model(model), names(family.names), family(family), config(config) {}

  Value build() {
    Value hidden = embeddings();
    // A config that promises too many layers fails at the first one that has no tensors.
    for (int64_t i = 0; i < config.layers && !model.failed(); ++i) {
      prefix = (names.layers + "." + Twine(i) + ".").str();
      hidden = feedForward(attention(hidden));
    }
    return hidden;
  }

private:
  int64_t width() const { return config.embedding ? config.embedding : config.hidden; }

  Value linear(StringRef name, Value input, int64_t in, int64_t out) {
    std::string path = prefix + name.str();
    model.at(path);
    Value weight = model.parameter(path + ".weight", {out, in});
    Value bias = model.parameter(path + ".bias", {out});
    return model.create<graph::LinearOp>(input, weight, bias, TypeAttr(), TypeAttr());
  }

  Value norm(StringRef name, Value input, int64_t width) {
    std::string path = prefix + name.str();
    model.at(path);
    Value weight = model.parameter(path + ".weight", {width});
    Value bias = model.parameter(path + ".bias", {width});
    return model.create<graph::LayerNormOp>(input, weight, bias, APFloat(static_cast<float>(config.epsilon)));
  }

  Value lookUp(StringRef name, int64_t rows, Value indices) {
    model.at(name);
    return model.lookUp((name + ".weight").str(), {rows, width()}, indices);
  }

  Value positions() {
    model.at(names.positions);
    bool skips = family.positions == PositionScheme::SkipPadding;
    IntegerAttr padding = skips ? model.getBuilder().getI64IntegerAttr(config.padding) : IntegerAttr();
    return model.create<graph::PositionsOp>(model.ids(), skips ? graph::PositionsKind::SkipPadding : graph::PositionsKind::Absolute,
                                            padding);
  }

  /// Words, token types (all 0: one sequence) and positions, summed in this order.
  Value embeddings() {
    Value sum = lookUp(names.words, config.vocabulary, model.ids());
    if (config.tokenTypes) {
      model.at(names.tokenTypes);
      Value row = model.firstRow((names.tokenTypes + ".weight").str(), {config.tokenTypes, width()});
      sum = model.create<graph::AddOp>(sum, row);
    }
    Value places = lookUp(names.positions, config.positions, positions());
    sum = model.create<graph::AddOp>(sum, places);
    Value result = norm(names.embeddingNorm, sum, width());
    return width() == config.hidden ? result : linear(names.projection, result, width(), config.hidden);
  }

  Value splitHeads(Value input) {
    return model.create<graph::ReshapeOp>(
        input, ArrayRef<SizeExpr>{SizeExpr::symbol("batch"), SizeExpr::symbol("seq"), config.heads, config.hidden / config.heads});
  }

  Value attention(Value input) {
    Value query = splitHeads(linear(names.query, input, config.hidden, config.hidden));
    Value key = splitHeads(linear(names.key, input, config.hidden, config.hidden));
    Value value = splitHeads(linear(names.value, input, config.hidden, config.hidden));
    model.at(prefix + names.attention);
    float scale = static_cast<float>(1 / std::sqrt(static_cast<double>(config.hidden / config.heads)));
    auto attended = model.create<graph::AttentionOp>(
        TypeRange{query.getType()}, query, key, value, model.mask(), /*bias=*/Value(), APFloat(scale), /*causal=*/false,
        /*return_lse=*/false, /*window=*/IntegerAttr(), /*softcap=*/FloatAttr(),
        TypeAttr(), TypeAttr());
    Value joined = model.create<graph::ReshapeOp>(
        attended.getResult(), ArrayRef<SizeExpr>{SizeExpr::symbol("batch"), SizeExpr::symbol("seq"), config.hidden});
    Value output = linear(names.attentionOutput, joined, config.hidden, config.hidden);
    return norm(names.attentionNorm, model.create<graph::AddOp>(output, input), config.hidden);
  }

  Value feedForward(Value input) {
    Value up = linear(names.up, input, config.hidden, config.intermediate);
    Value down = linear(names.down, buildActivation(model, config.activation, up), config.intermediate, config.hidden);
    return norm(names.outputNorm, model.create<graph::AddOp>(down, input), config.hidden);
  }

  ModelBuilder &model;
  const ModuleNames &names;
  const Family &family;
  const ModelConfig &config;
  std::string prefix;
};

} // namespace

Value girih::import::buildEncoder(ModelBuilder &model, const Family &family, const ModelConfig &config) {
  return Encoder(model, family, config).build();
}
