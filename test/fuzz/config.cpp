// Fuzzes config.json: whatever the text, every family either refuses it or reads sizes that are in range.
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

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto json = parseJson(llvm::StringRef(reinterpret_cast<const char *>(data), size), "input");
  if (!json) {
    llvm::consumeError(json.takeError());
    return 0;
  }
  if (const llvm::json::Object *object = json->getAsObject())
    for (const Family *family : {&bert, &roberta, &distilbert, &electra})
      read(*object, *family);
  return 0;
}
