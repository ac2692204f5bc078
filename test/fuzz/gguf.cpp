// Fuzzes the GGUF reader and the conversion of tokenizers: whatever a file holds, either an error comes back, or tensors that lie within
// the file without overlap and a tokenizer.json that parses.
#include "lib/Import/GGUF.h"

#include "llvm/Support/JSON.h"

#include <cstdlib>

using namespace girih::import;

static void check(bool holds) {
  if (!holds)
    std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto content = parseGGUF(llvm::StringRef(reinterpret_cast<const char *>(data), size), "input");
  if (!content) {
    llvm::consumeError(content.takeError());
    return 0;
  }
  uint64_t end = 0;
  for (const SafeTensor &tensor : content->tensors) {
    check(tensor.offset >= end && tensor.offset <= size && tensor.bytes <= size - tensor.offset);
    end = tensor.offset + tensor.bytes;
  }
  auto tokenizer = convertTokenizer(*content, "input");
  if (!tokenizer) {
    llvm::consumeError(tokenizer.takeError());
    return 0;
  }
  if (tokenizer->empty())
    return 0;
  llvm::Expected<llvm::json::Value> json = llvm::json::parse(*tokenizer);
  check(static_cast<bool>(json));
  return 0;
}
