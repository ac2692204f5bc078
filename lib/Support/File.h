// Opens regular files for reading, memory-mapped where they are large, with errors that say what was expected.
#pragma once

#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <string>

namespace girih {

/// Maps the regular file at `path`. Directories, pipes and devices are refused, so opening never blocks.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> openFile(llvm::StringRef path);

/// Joins the parts that are not empty.
std::string joinPath(llvm::StringRef directory, llvm::StringRef name, llvm::StringRef inner = "");

} // namespace girih
