// What a decoder's config says by leaving keys out, and what its keys may not say together.
#include "lib/Import/Activations.h"
#include "lib/Import/Decoder.h"
#include "lib/Support/Error.h"
#include "lib/Support/Json.h"

using namespace mlir;
using namespace girih;
using namespace girih::import;

static void complete(const DecoderFamily &family, ModelConfig &config) {
  if (!config.keyHeads)
    config.keyHeads = config.heads;
  if (!config.headSize)
    config.headSize = config.hidden / config.heads;
  if (!config.intermediate)
    config.intermediate = family.expansion * config.hidden;
  if (!config.scoreSize)
    config.scoreSize = config.headSize;
  config.windowPeriod = family.windowPeriod;
  if (!config.usesWindow)
    config.window = 0;
}

static llvm::Error checkHeads(const ModelConfig &config, bool headSizeGiven, StringRef where) {
  if (!headSizeGiven && config.hidden % config.heads)
    return badInput("bad-config-value", "expected the hidden size to be a multiple of the attention heads, but got {0} and {1}; in {2}",
                    config.hidden, config.heads, where);
  if (config.heads % config.keyHeads)
    return badInput("bad-config-value", "expected the attention heads to be a multiple of the key and value heads, but got {0} and {1}; in {2}",
                    config.heads, config.keyHeads, where);
  return llvm::Error::success();
}

static llvm::Error checkLayerTypes(const ModelConfig &config, StringRef where) {
  if (config.layerTypes.empty())
    return llvm::Error::success();
  if (static_cast<int64_t>(config.layerTypes.size()) != config.layers)
    return badInput("bad-config-value", "expected {0} strings as 'layer_types', one for each layer, but found {1}; in {2}", config.layers,
                    config.layerTypes.size(), where);
  for (StringRef type : config.layerTypes)
    if (type != "full_attention" && type != "sliding_attention")
      return badInput("unsupported-config-value", "expected layers of the types full_attention or sliding_attention, but found {0}; in {1}",
                      quoted(type), where);
  return llvm::Error::success();
}

/// Products of sizes are tensors' sizes: they must stay far from overflow.
static llvm::Error checkSizes(const ModelConfig &config, StringRef where) {
  static constexpr int64_t most = int64_t(1) << 31;
  for (int64_t heads : {config.heads, config.keyHeads})
    if (heads * config.headSize >= most)
      return badInput("bad-config-value", "expected attention less than {0} elements wide, but got {1} heads of {2}; in {3}", most, heads,
                      config.headSize, where);
  return llvm::Error::success();
}

llvm::Error girih::import::completeConfig(const DecoderFamily &family, ModelConfig &config, StringRef where) {
  bool headSizeGiven = config.headSize != 0;
  complete(family, config);
  if (llvm::Error error = checkHeads(config, headSizeGiven, where))
    return error;
  if (llvm::Error error = checkSizes(config, where))
    return error;
  bool gated = !family.names.gate.empty() || !family.names.gateUp.empty();
  if (gated ? !isGate(config.activation) : !isActivation(config.activation))
    return badInput("unsupported-config-value", "expected an activation among {0}, but found {1}; in {2}",
                    gated ? knownGates() : knownActivations(), quoted(config.activation), where);
  if (family.names.positions.empty())
    if (llvm::Error error = checkRope(config.rope, config.headSize, where))
      return error;
  return checkLayerTypes(config, where);
}

int64_t girih::import::windowOf(const ModelConfig &config, int64_t layer) {
  bool slides = config.layerTypes.empty() ? layer >= config.firstWindowLayer && layer % config.windowPeriod == 0
                                          : config.layerTypes[layer] == "sliding_attention";
  return slides ? config.window : 0;
}

int64_t girih::import::longestSequence(const DecoderFamily &family, const ModelConfig &config) {
  return family.names.positions.empty() ? staticPositions(config.rope, config.positions) : config.positions;
}

StringRef girih::import::describeLimit(const DecoderFamily &family, const ModelConfig &config) {
  return longestSequence(family, config) == config.positions
             ? "'max_position_embeddings'"
             : "'original_max_position_embeddings', past which longrope's frequencies depend on the length,";
}
