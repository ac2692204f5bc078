// The lists of families. A new one is a description beside this file, a declaration in Family.h or DecoderFamily.h and its name here.
#include "lib/Import/DecoderFamily.h"
#include "lib/Import/Family.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace girih::import;

static constexpr const Family *families[] = {&bert, &roberta, &distilbert, &electra};
static constexpr const DecoderFamily *decoders[] = {&llama, &mistral, &qwen2, &qwen3, &phi3, &gemma2, &gpt2};

template <typename List> static auto find(const List &list, llvm::StringRef modelType) {
  auto found = llvm::find_if(list, [&](auto *family) { return llvm::is_contained(family->modelTypes, modelType); });
  return found == std::end(list) ? nullptr : *found;
}

template <typename List> static std::string modelTypes(const List &list) {
  return llvm::join(llvm::map_range(list, [](auto *family) { return llvm::join(family->modelTypes, ", "); }), ", ");
}

const Family *girih::import::findFamily(llvm::StringRef modelType) { return find(families, modelType); }
std::string girih::import::knownModelTypes() { return modelTypes(families); }

const DecoderFamily *girih::import::findDecoderFamily(llvm::StringRef modelType) { return find(decoders, modelType); }
std::string girih::import::knownDecoderTypes() { return modelTypes(decoders); }
