// `--emit=object`: names and the C header that goes with the object file.
#pragma once

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <string>

namespace girih {

/// The C name of a model written to `path`: "build/all-minilm.o" gives "all_minilm".
std::string objectName(llvm::StringRef path);
/// The symbol that the object defines.
std::string objectSymbol(llvm::StringRef name);
/// "build/all-minilm.h" for "build/all-minilm.o".
std::string headerPath(llvm::StringRef objectPath);
/// The header's text.
std::string objectHeader(llvm::StringRef name, uint64_t bytes);

} // namespace girih
