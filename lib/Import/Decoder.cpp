// Builds a decoder from a family's description. Ops carry the path of the module that computes them in transformers.
#include "lib/Import/Decoder.h"

#include "lib/Import/Activations.h"

#include <cmath>
#include <numeric>

using namespace mlir;
using namespace girih;
using namespace girih::import;
using graph::SizeExpr;

namespace {

/// One decoder being built; each method is one module of the model.
class Decoder {
public:
  Decoder(ModelBuilder &model, const DecoderFamily &family, const ModelConfig &config, int64_t bound)
      : model(model), names(family.names), family(family), config(config), bound(bound) {}

  Value build() {
    Value hidden = embeddings();
    // A config that promises too many layers fails at the first one that has no tensors.
    for (int64_t i = 0; i < config.layers && !model.failed(); ++i) {
      prefix = (names.layers + "." + Twine(i) + ".").str();
      hidden = feedForward(attention(hidden));
    }
    prefix.clear();
    return head(norm(names.finalNorm, hidden, config.hidden));
  }

private:
  Value bias(StringRef path, int64_t out, bool has) { return has ? model.parameter((path + ".bias").str(), {out}) : Value(); }

  Value linear(StringRef name, Value input, int64_t in, int64_t out, bool hasBias) {
    std::string path = prefix + name.str();
    model.at(path);
    Value weight;
    if (family.transposed) {
      weight = model.parameter(path + ".weight", {in, out});
      weight = model.create<graph::TransposeOp>(weight, ArrayRef<int64_t>{1, 0});
    } else {
      weight = model.parameter(path + ".weight", {out, in});
    }
    return model.create<graph::LinearOp>(input, weight, bias(path, out, hasBias), TypeAttr(), TypeAttr());
  }

  /// Some outputs of a linear layer that holds several: `count` rows of `all` from `first` on.
  Value linearRows(StringRef name, Value input, int64_t in, int64_t all, int64_t first, int64_t count, bool hasBias) {
    std::string path = prefix + name.str();
    model.at(path);
    Value weight = model.rows(path + ".weight", {all, in}, first, count);
    Value shift = hasBias ? model.rows(path + ".bias", {all}, first, count) : Value();
    return model.create<graph::LinearOp>(input, weight, shift, TypeAttr(), TypeAttr());
  }

  /// The parts of a layer that holds several and whose weight is transposed: columns of it, which are no range of the file.
  SmallVector<Value> linearParts(StringRef name, Value input, int64_t in, ArrayRef<int64_t> sizes, bool hasBias) {
    int64_t all = std::accumulate(sizes.begin(), sizes.end(), int64_t(0)), first = 0;
    SmallVector<Value> parts;
    Value joined = family.transposed ? linear(name, input, in, all, hasBias) : Value();
    for (int64_t size : sizes) {
      parts.push_back(joined ? model.create<graph::SliceOp>(joined, ArrayRef<int64_t>{0, 0, first}, ArrayRef<int64_t>{-1, -1, size})
                                   .getResult()
                             : linearRows(name, input, in, all, first, size, hasBias));
      first += size;
    }
    return parts;
  }

  Value norm(StringRef name, Value input, int64_t width) {
    std::string path = prefix + name.str();
    model.at(path);
    Value weight = model.parameter(path + ".weight", {width});
    APFloat epsilon(static_cast<float>(config.epsilon));
    if (!family.layerNorm)
      return model.create<graph::RMSNormOp>(input, weight, epsilon);
    return model.create<graph::LayerNormOp>(input, weight, bias(path, width, true), epsilon);
  }

  Value lookUp(StringRef name, int64_t rows, Value indices) {
    model.at(name);
    return model.create<graph::EmbeddingOp>(model.parameter((name + ".weight").str(), {rows, config.hidden}), indices);
  }

  Value embeddings() {
    Value words = lookUp(names.words, config.vocabulary, model.ids());
    positions = model.create<graph::PositionsOp>(model.ids(), graph::PositionsKind::Absolute, IntegerAttr());
    if (names.positions.empty()) {
      buildTables();
      return words;
    }
    return model.create<graph::AddOp>(words, lookUp(names.positions, config.positions, positions));
  }

  /// Tables are f32 in every model: their values are rounded once.
  void buildTables() {
    model.at(names.rope);
    RopeTables tables = computeRope(config.rope, config.headSize, bound);
    auto type = RankedTensorType::get({bound, tables.pairs}, model.getBuilder().getF32Type());
    cos = model.table((names.rope + ".cos").str(), DenseElementsAttr::get(type, ArrayRef<float>(tables.cos)));
    sin = model.table((names.rope + ".sin").str(), DenseElementsAttr::get(type, ArrayRef<float>(tables.sin)));
  }

  Value splitHeads(Value input, int64_t heads) {
    return model.create<graph::ReshapeOp>(
        input, ArrayRef<SizeExpr>{SizeExpr::symbol("batch"), SizeExpr::symbol("seq"), heads, config.headSize});
  }

  /// Queries or keys by head: normed where the family does so, and rotated.
  Value place(Value input, int64_t heads, StringRef normName) {
    Value split = splitHeads(input, heads);
    if (!normName.empty())
      split = norm(normName, split, config.headSize);
    model.at(prefix + names.attention);
    return cos ? model.create<graph::RopeOp>(split, positions, cos, sin, family.interleaved).getResult() : split;
  }

  SmallVector<Value> queryKeyValue(Value input) {
    int64_t queries = config.heads * config.headSize, keys = config.keyHeads * config.headSize;
    bool hasBias = family.biases.queryKeyValue || config.attentionBias;
    if (!names.queryKeyValue.empty())
      return linearParts(names.queryKeyValue, input, config.hidden, {queries, keys, keys}, hasBias);
    Value query = linear(names.query, input, config.hidden, queries, hasBias);
    Value key = linear(names.key, input, config.hidden, keys, hasBias);
    return {query, key, linear(names.value, input, config.hidden, keys, hasBias)};
  }

  Value attention(Value input) {
    SmallVector<Value> parts = queryKeyValue(norm(names.attentionNorm, input, config.hidden));
    Value query = place(parts[0], config.heads, names.queryNorm);
    Value key = place(parts[1], config.keyHeads, names.keyNorm);
    model.at(prefix + names.attention);
    float scale = config.scaled ? static_cast<float>(1 / std::sqrt(static_cast<double>(config.headSize))) : 1;
    auto attended = model.create<graph::AttentionOp>(
        TypeRange{query.getType()}, query, key, splitHeads(parts[2], config.keyHeads), /*mask=*/Value(), /*bias=*/Value(),
        APFloat(scale), /*causal=*/true, /*return_lse=*/false, /*window=*/IntegerAttr(), /*softcap=*/FloatAttr(), TypeAttr(), TypeAttr());
    int64_t width = config.heads * config.headSize;
    Value joined = model.create<graph::ReshapeOp>(attended.getResult(),
                                                  ArrayRef<SizeExpr>{SizeExpr::symbol("batch"), SizeExpr::symbol("seq"), width});
    Value output = linear(names.attentionOutput, joined, width, config.hidden, family.biases.attentionOutput || config.attentionBias);
    return model.create<graph::AddOp>(output, input);
  }

  Value activated(Value input, bool hasBias) {
    if (!names.gateUp.empty()) {
      SmallVector<Value> parts = linearParts(names.gateUp, input, config.hidden, {config.intermediate, config.intermediate}, hasBias);
      return buildGate(model, config.activation, parts[0], parts[1]);
    }
    if (names.gate.empty())
      return buildActivation(model, config.activation, linear(names.up, input, config.hidden, config.intermediate, hasBias));
    Value gate = linear(names.gate, input, config.hidden, config.intermediate, hasBias);
    Value up = linear(names.up, input, config.hidden, config.intermediate, hasBias);
    return buildGate(model, config.activation, gate, up);
  }

  Value feedForward(Value input) {
    bool hasBias = family.biases.feedForward || config.feedForwardBias;
    Value inner = activated(norm(names.feedForwardNorm, input, config.hidden), hasBias);
    return model.create<graph::AddOp>(linear(names.down, inner, config.intermediate, config.hidden, hasBias), input);
  }

  Value head(Value hidden) {
    model.at(names.head);
    Value weight = model.parameter(((config.tied ? names.words : names.head) + ".weight").str(), {config.vocabulary, config.hidden});
    return model.create<graph::LinearOp>(hidden, weight, Value(), TypeAttr(), TypeAttr());
  }

  ModelBuilder &model;
  const DecoderNames &names;
  const DecoderFamily &family;
  const ModelConfig &config;
  int64_t bound;
  Value positions, cos, sin;
  std::string prefix;
};

} // namespace

Value girih::import::buildDecoder(ModelBuilder &model, const DecoderFamily &family, const ModelConfig &config, int64_t positions) {
  return Decoder(model, family, config, positions).build();
}
