// Builds a decoder from a family's description. Ops carry the path of the module that computes them in
// transformers.
#include "lib/Import/Decoder.h"

#include "lib/Import/Activations.h"
#include "lib/Import/HuggingFace.h"

#include <cmath>
#include <numeric>

using namespace mlir;
using namespace girih;
using namespace girih::import;
using graph::SizeExpr;

namespace {

/// Where keys and values are kept between calls.
struct Cache {
  Value slots, table;
  SmallVector<Value> states; ///< a layer's keys and values side by side; the last versions so far
};

/// One decoder being built over an entry's ids, `[batch, length]`; each method is one module of the model.
class Decoder {
public:
  Decoder(ModelBuilder &model, const DecoderFamily &family, const ModelConfig &config, int64_t bound,
          SizeExpr length)
      : model(model), names(family.names), family(family), config(config), bound(bound), length(length) {}

  /// The scores of every token's next one, `[batch, length, vocabulary]`.
  Value logits() {
    positions = model.create<graph::PositionsOp>(model.ids(), graph::PositionsKind::Absolute, IntegerAttr());
    return finish(layers());
  }

  /// The same for each row's last token that counts, `[batch, vocabulary]`, over what the cache holds and
  /// will hold.
  Value step(Value mask, Value places, Cache &held) {
    positions = places;
    cache = &held;
    Value hidden = layers();
    model.at(names.finalNorm);
    return finish(length == SizeExpr(1)
                      ? model
                            .create<graph::ReshapeOp>(
                                hidden, ArrayRef<SizeExpr>{SizeExpr::symbol("batch"), config.hidden})
                            .getResult()
                      : model.create<graph::PoolOp>(hidden, mask, graph::PoolKind::Last).getResult());
  }

private:
  Value layers() {
    Value hidden = embeddings();
    // A config that promises too many layers fails at the first one that has no tensors.
    for (int64_t i = 0; i < config.layers && !model.failed(); ++i) {
      prefix = (names.layers + "." + Twine(i) + ".").str();
      hidden = feedForward(attention(hidden, i));
    }
    prefix.clear();
    return hidden;
  }

  Value finish(Value hidden) { return head(norm(names.finalNorm, hidden, config.hidden)); }

  Value bias(StringRef path, int64_t out, bool has, int64_t unpaired = 0) {
    return has ? model.parameter((path + ".bias").str(), {out}, unpaired) : Value();
  }

  Value linear(StringRef name, Value input, int64_t in, int64_t out, bool hasBias, int64_t unpaired = 0) {
    std::string path = prefix + name.str();
    model.at(path);
    Value weight = family.transposed ? model.columns(path + ".weight", {in, out}, 0, out)
                                     : model.parameter(path + ".weight", {out, in}, unpaired);
    return model.create<graph::LinearOp>(input, weight, bias(path, out, hasBias, unpaired), TypeAttr(),
                                         TypeAttr());
  }

  /// Some outputs of a linear layer that holds several: `count` rows of `all` from `first` on.
  Value linearRows(StringRef name, Value input, int64_t in, int64_t all, int64_t first, int64_t count,
                   bool hasBias) {
    std::string path = prefix + name.str();
    model.at(path);
    Value weight = family.transposed ? model.columns(path + ".weight", {in, all}, first, count)
                                     : model.rows(path + ".weight", {all, in}, first, count);
    Value shift = hasBias ? model.rows(path + ".bias", {all}, first, count) : Value();
    return model.create<graph::LinearOp>(input, weight, shift, TypeAttr(), TypeAttr());
  }

  /// The parts of a layer that holds several.
  SmallVector<Value> linearParts(StringRef name, Value input, int64_t in, ArrayRef<int64_t> sizes,
                                 bool hasBias) {
    int64_t all = std::accumulate(sizes.begin(), sizes.end(), int64_t(0)), first = 0;
    SmallVector<Value> parts;
    for (int64_t size : sizes) {
      parts.push_back(linearRows(name, input, in, all, first, size, hasBias));
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
      return model.create<graph::RMSNormOp>(input, weight, epsilon, family.unitOffset);
    return model.create<graph::LayerNormOp>(input, weight, bias(path, width, true), epsilon);
  }

  Value lookUp(StringRef name, int64_t rows, Value indices) {
    model.at(name);
    return model.lookUp((name + ".weight").str(), {rows, config.hidden}, indices);
  }

  /// A number that broadcasts, in the model's type.
  Value scalar(double number) {
    auto type = RankedTensorType::get({1}, model.getFloatType());
    Attribute value = FloatAttr::get(model.getFloatType(), number);
    return model.create<graph::ConstantOp>(DenseElementsAttr::get(type, value));
  }

  Value embeddings() {
    Value words = lookUp(names.words, config.vocabulary, model.ids());
    if (family.scalesEmbeddings)
      words = model.create<graph::MulOp>(words, scalar(std::sqrt(static_cast<double>(config.hidden))));
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
        input, ArrayRef<SizeExpr>{SizeExpr::symbol("batch"), length, heads, config.headSize});
  }

  /// Whether the rows of queries and keys are put into halves as they are read. Rotating halves is cheap in
  /// vectors, and scores do not depend on the order of what both sides sum over. Where a part of a head is
  /// rotated, its pairs stay.
  bool readsPairs() const { return family.interleaved && config.rope.partial == 1; }

  /// Queries or keys by head: normed where the family does so, and rotated.
  Value place(Value input, int64_t heads, StringRef normName) {
    Value split = splitHeads(input, heads);
    if (!normName.empty())
      split = norm(normName, split, config.headSize);
    model.at(prefix + names.attention);
    bool interleaved = family.interleaved && !readsPairs();
    return cos ? model.create<graph::RopeOp>(split, positions, cos, sin, interleaved).getResult() : split;
  }

  SmallVector<Value> queryKeyValue(Value input) {
    int64_t queries = config.heads * config.headSize, keys = config.keyHeads * config.headSize;
    bool hasBias = family.biases.queryKeyValue || config.attentionBias;
    if (!names.queryKeyValue.empty())
      return linearParts(names.queryKeyValue, input, config.hidden, {queries, keys, keys}, hasBias);
    int64_t pairs = readsPairs() ? config.headSize : 0;
    Value query = linear(names.query, input, config.hidden, queries, hasBias, pairs);
    Value key = linear(names.key, input, config.hidden, keys, hasBias, pairs);
    return {query, key, linear(names.value, input, config.hidden, keys, hasBias)};
  }

  /// The keys that a row of this layer sees; none where it sees all that there can be.
  IntegerAttr window(int64_t layer) {
    int64_t keys = windowOf(config, layer);
    return keys && keys < bound ? model.getBuilder().getI64IntegerAttr(keys) : IntegerAttr();
  }

  FloatAttr scoreCap() {
    return config.scoreCap > 0 ? model.getBuilder().getF32FloatAttr(static_cast<float>(config.scoreCap)) : FloatAttr();
  }

  /// Every row over the rows up to its own.
  Value attend(Value query, Value key, Value value, float scale, int64_t layer) {
    auto op = model.create<graph::AttentionOp>(
        TypeRange{query.getType()}, query, key, value, /*mask=*/Value(), /*bias=*/Value(), APFloat(scale),
        /*causal=*/true, /*return_lse=*/false, window(layer), scoreCap(), TypeAttr(), TypeAttr());
    return op.getResult();
  }

  /// The same over the cache, after keys and values went into it.
  Value attendCached(Value query, Value key, Value value, float scale, int64_t layer) {
    Value &keys = cache->states[2 * layer], &values = cache->states[2 * layer + 1];
    keys = model.create<graph::CacheWriteOp>(keys, key, cache->slots);
    values = model.create<graph::CacheWriteOp>(values, value, cache->slots);
    return model.create<graph::PagedAttentionOp>(query, keys, values, cache->table, positions, APFloat(scale),
                                                 window(layer), scoreCap(), TypeAttr(), TypeAttr());
  }

  /// The sum with the residual, after a norm where the family has one there.
  Value addTo(Value residual, Value output, StringRef postNorm) {
    if (!postNorm.empty())
      output = norm(postNorm, output, config.hidden);
    return model.create<graph::AddOp>(output, residual);
  }

  Value attention(Value input, int64_t layer) {
    SmallVector<Value> parts = queryKeyValue(norm(names.attentionNorm, input, config.hidden));
    Value query = place(parts[0], config.heads, names.queryNorm);
    Value key = place(parts[1], config.keyHeads, names.keyNorm);
    model.at(prefix + names.attention);
    float scale = config.scaled ? static_cast<float>(1 / std::sqrt(static_cast<double>(config.scoreSize))) : 1;
    Value value = splitHeads(parts[2], config.keyHeads);
    Value attended = cache ? attendCached(query, key, value, scale, layer) : attend(query, key, value, scale, layer);
    int64_t width = config.heads * config.headSize;
    Value joined = model.create<graph::ReshapeOp>(
        attended, ArrayRef<SizeExpr>{SizeExpr::symbol("batch"), length, width});
    Value output = linear(names.attentionOutput, joined, width, config.hidden,
                          family.biases.attentionOutput || config.attentionBias);
    return addTo(input, output, names.attentionPostNorm);
  }

  Value activated(Value input, bool hasBias) {
    if (!names.gateUp.empty()) {
      SmallVector<Value> parts = linearParts(names.gateUp, input, config.hidden,
                                             {config.intermediate, config.intermediate}, hasBias);
      return buildGate(model, config.activation, parts[0], parts[1]);
    }
    if (names.gate.empty())
      return buildActivation(model, config.activation,
                             linear(names.up, input, config.hidden, config.intermediate, hasBias));
    Value gate = linear(names.gate, input, config.hidden, config.intermediate, hasBias);
    Value up = linear(names.up, input, config.hidden, config.intermediate, hasBias);
    return buildGate(model, config.activation, gate, up);
  }

  Value feedForward(Value input) {
    bool hasBias = family.biases.feedForward || config.feedForwardBias;
    Value inner = activated(norm(names.feedForwardNorm, input, config.hidden), hasBias);
    Value output = linear(names.down, inner, config.intermediate, config.hidden, hasBias);
    return addTo(input, output, names.feedForwardPostNorm);
  }

  Value head(Value hidden) {
    model.at(names.head);
    Value weight = model.parameter(((config.tied ? names.words : names.head) + ".weight").str(),
                                   {config.vocabulary, config.hidden});
    return capped(model.create<graph::LinearOp>(hidden, weight, Value(), TypeAttr(), TypeAttr()));
  }

  /// c * tanh(x / c).
  Value capped(Value scores) {
    if (config.logitCap <= 0)
      return scores;
    Value cap = scalar(config.logitCap);
    return model.create<graph::MulOp>(
        model.create<graph::TanhOp>(model.create<graph::DivOp>(scores, cap).getResult()), cap);
  }

  ModelBuilder &model;
  const DecoderNames &names;
  const DecoderFamily &family;
  const ModelConfig &config;
  int64_t bound;
  SizeExpr length;
  Cache *cache = nullptr;
  Value positions, cos, sin;
  std::string prefix;
};

} // namespace

//===-- entries -----------------------------------------------------------===//

namespace {
/// Builds one entry after another over the same parameters.
class Entries {
public:
  Entries(ModelBuilder &model, const DecoderFamily &family, const ModelConfig &config,
          const DecoderBounds &bounds)
      : model(model), family(family), config(config), bounds(bounds) {}

  void logits() {
    model.beginEntry("logits", {{"ids", model.tokensType(), 0, config.vocabulary}});
    model.endEntry({{castToF32(model, decoder(SizeExpr::symbol("seq")).logits()), "logits"}});
  }

  void loss() {
    model.beginEntry("loss", {{"ids", model.tokensType(), 0, config.vocabulary},
                              {"labels", model.tokensType(), -1, config.vocabulary}});
    Value scores = castToF32(model, decoder(SizeExpr::symbol("seq")).logits());
    model.endEntry({{model.create<graph::CrossEntropyOp>(scores, model.argument(1)), "loss"}});
  }

  /// A call that appends `length` tokens to each row's sequence and chooses the next one.
  void step(StringRef name, SizeExpr length) {
    SizeExpr batch = SizeExpr::symbol("batch");
    RankedTensorType tokens = integers({batch, length});
    SmallVector<EntryInput> inputs{{"ids", tokens, 0, config.vocabulary},
                                   {"mask", tokens, 0, 2},
                                   {"positions", tokens, -1, bounds.positions},
                                   {"slots", tokens, -1, bounds.slots},
                                   {"table", integers({batch, SizeExpr::symbol("total")}), -1, bounds.slots}};
    unsigned firstSampling = inputs.size();
    addSampling(inputs);
    unsigned firstState = inputs.size();
    for (int64_t layer = 0; layer < config.layers; ++layer)
      for (StringRef kind : {"keys.", "values."})
        inputs.push_back({(kind + Twine(layer)).str(), cacheType(), 0, 0, /*isState=*/true});
    model.beginEntry(name, inputs);
    Cache cache{model.argument(3), model.argument(4), {}};
    for (unsigned i = firstState; i < inputs.size(); ++i)
      cache.states.push_back(model.argument(i));
    Value scores = castToF32(model, decoder(length).step(model.argument(1), model.argument(2), cache));
    SmallVector<Value> operands{scores};
    for (unsigned i = firstSampling; i < firstState; ++i)
      operands.push_back(model.argument(i));
    model.endEntry({{model.create<graph::SampleOp>(ValueRange(operands)), "next"}, {scores, "logits"}},
                   cache.states);
  }

private:
  /// The operands of `girih.sample` after the logits, in its order.
  void addSampling(SmallVectorImpl<EntryInput> &inputs) {
    SizeExpr batch = SizeExpr::symbol("batch");
    RankedTensorType numbers = integers({batch}),
                     reals = graph::getTensorType({batch}, model.getBuilder().getF32Type());
    RankedTensorType flags = graph::getTensorType({batch, config.vocabulary}, model.getBuilder().getI8Type());
    inputs.append({{"temperature", reals},
                   {"top_k", numbers},
                   {"top_p", reals},
                   {"min_p", reals},
                   {"penalty", reals},
                   {"seen", flags},
                   {"seed", numbers},
                   {"step", numbers}});
  }
  Decoder decoder(SizeExpr length) { return Decoder(model, family, config, bounds.positions, length); }
  RankedTensorType integers(ArrayRef<SizeExpr> sizes) {
    return graph::getTensorType(sizes, model.getBuilder().getI32Type());
  }
  RankedTensorType cacheType() {
    return graph::getTensorType({SizeExpr::symbol("slots"), config.keyHeads, config.headSize},
                                model.getFloatType());
  }

  ModelBuilder &model;
  const DecoderFamily &family;
  const ModelConfig &config;
  const DecoderBounds &bounds;
};
} // namespace

void girih::import::buildDecoderEntries(ModelBuilder &model, const DecoderFamily &family,
                                        const ModelConfig &config, const DecoderBounds &bounds) {
  Entries entries(model, family, config, bounds);
  entries.logits();
  entries.loss();
  entries.step("prefill", SizeExpr::symbol("seq"));
  entries.step("decode", 1);
}
