// Text and small files that appear only when they are complete.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace girih {

/// Writes `content` to `path`, or to standard output if it is "-".
llvm::Error writeOutput(llvm::StringRef path, llvm::StringRef content);

} // namespace girih
