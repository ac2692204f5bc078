// The list of families. A new one is a description beside this file, a declaration in Family.h and its name here.
#include "lib/Import/Family.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace girih::import;

static constexpr const Family *families[] = {&bert, &roberta, &distilbert, &electra};

const Family *girih::import::findFamily(llvm::StringRef modelType) {
  for (const Family *family : families)
    if (llvm::is_contained(family->modelTypes, modelType))
      return family;
  return nullptr;
}

std::string girih::import::knownModelTypes() {
  std::string result;
  for (const Family *family : families)
    result += (result.empty() ? "" : ", ") + llvm::join(family->modelTypes, ", ");
  return result;
}
