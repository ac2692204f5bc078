// Opens regular files for reading, memory-mapped where they are large, with errors that say what was expected.
#pragma once

#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>

namespace girih {

/// Maps the regular file at `path`. Directories, pipes and devices are refused, so opening never blocks.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> openFile(llvm::StringRef path);

} // namespace girih
