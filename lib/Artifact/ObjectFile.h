// A relocatable ELF file that holds an artifact as read-only data under one symbol, for those who link a
// model into their program.
#pragma once

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <string>

namespace girih::artifact {

struct ObjectFrame {
  std::string before; ///< ends at a multiple of 4096, where the artifact goes
  std::string after;
};

/// What surrounds `bytes` bytes of artifact in an object file for x86-64 that names them `symbol`.
ObjectFrame frameObject(llvm::StringRef symbol, uint64_t bytes);

} // namespace girih::artifact
