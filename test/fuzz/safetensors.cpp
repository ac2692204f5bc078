// Fuzzes the safetensors reader: whatever a file holds, either an error comes back or tensors that tile the file's data exactly.
#include "lib/Import/SafeTensors.h"

#include <cstdlib>

using namespace girih::import;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef content(reinterpret_cast<const char *>(data), size);
  auto header = safeTensorsHeaderText(content, "input");
  if (!header) {
    llvm::consumeError(header.takeError());
    return 0;
  }
  auto tensors = parseSafeTensorsHeader(*header, content.size(), "input");
  if (!tensors) {
    llvm::consumeError(tensors.takeError());
    return 0;
  }
  uint64_t end = sizeof(uint64_t) + header->size();
  for (const SafeTensor &tensor : *tensors) {
    if (tensor.offset != end)
      std::abort();
    end += tensor.bytes;
  }
  if (end != content.size())
    std::abort();
  return 0;
}
