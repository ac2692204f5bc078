// Fuzzes config.json: whatever the text, every family either refuses it or reads sizes that are in range.
#include "lib/Import/Decoder.h"
#include "lib/Import/Family.h"
#include "lib/Support/Json.h"

#include <cstdlib>

using namespace girih;
using namespace girih::import;

static void read(const llvm::json::Object &json, const Family &family) {
  auto config = readConfig(json, family.keys, family.harmlessKeys, "input");
  if (!config)
    return llvm::consumeError(config.takeError());
  for (int64_t count : {config->vocabulary, config->hidden, config->layers, config->heads, config->intermediate, config->positions})
    if (count < 1 || count > INT32_MAX)
      std::abort();
  if (!(config->epsilon > 0))
    std::abort();
}

static void read(const llvm::json::Object &json, const DecoderFamily &family) {
  auto config = readConfig(json, family.keys, family.harmlessKeys, "input");
  if (!config)
    return llvm::consumeError(config.takeError());
  auto rope = readRope(json, config->positions, /*defaultTheta=*/10000, "input");
  if (!rope)
    return llvm::consumeError(rope.takeError());
  config->rope = std::move(*rope);
  if (llvm::Error error = completeConfig(family, *config, "input"))
    return llvm::consumeError(std::move(error));
  if (longestSequence(family, *config) < 1 || config->heads % config->keyHeads || config->headSize < 1)
    std::abort();
  if (family.names.positions.empty() && config->headSize < 4096)
    if (RopeTables tables = computeRope(config->rope, config->headSize, 2); static_cast<int64_t>(tables.cos.size()) != 2 * tables.pairs)
      std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto json = parseJson(llvm::StringRef(reinterpret_cast<const char *>(data), size), "input");
  if (!json) {
    llvm::consumeError(json.takeError());
    return 0;
  }
  const llvm::json::Object *object = json->getAsObject();
  if (!object)
    return 0;
  for (const Family *family : {&bert, &roberta, &distilbert, &electra})
    read(*object, *family);
  for (const DecoderFamily *family : {&llama, &mistral, &qwen2, &qwen3, &phi3, &gpt2})
    read(*object, *family);
  return 0;
}
