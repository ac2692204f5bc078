// Writes the header of an object file: one function that loads the linked-in artifact.
#include "lib/Pipelines/Object.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

using namespace girih;

std::string girih::objectName(llvm::StringRef path) {
  std::string name = llvm::sys::path::stem(path).str();
  for (char &c : name)
    if (!llvm::isAlnum(c))
      c = '_';
  return name;
}

std::string girih::objectSymbol(llvm::StringRef name) { return ("girih_" + name + "_artifact").str(); }

std::string girih::headerPath(llvm::StringRef objectPath) {
  llvm::SmallString<128> path(objectPath);
  llvm::sys::path::replace_extension(path, ".h");
  return path.str().str();
}

std::string girih::objectHeader(llvm::StringRef name, uint64_t bytes) {
  return llvm::formatv(
             R"(/* The model '{0}', linked into the program: link its object file and the runtime, which is -lgirih_runtime, or
   libgirih-runtime.a with -lstdc++ -pthread. */
#ifndef GIRIH_MODEL_{0}_H
#define GIRIH_MODEL_{0}_H

#include "girih-runtime/girih.h"

#if defined(__cplusplus)
extern "C" {{
#endif

extern const unsigned char {1}[{2}];

/* Loads the model; nothing is read from disk. Release it with girih_module_release. */
static inline girih_code girih_{0}_load(girih_module **module, girih_status *status) {{
  return girih_module_load_memory({1}, sizeof {1}, 0, module, status);
}

#if defined(__cplusplus)
}
#endif

#endif
)",
             name, objectSymbol(name), bytes)
      .str();
}
