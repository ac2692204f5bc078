// Where machine facts come from: the files that ship with Girih, a path, or the machine we run on.
#pragma once

#include "girih/Target.h"
#include "llvm/ADT/ArrayRef.h"

namespace girih {

struct EmbeddedFacts {
  llvm::StringRef target, name, text;
};
/// The facts files of CPUs and GPUs that ship with Girih, sorted by name.
llvm::ArrayRef<EmbeddedFacts> embeddedFacts();

/// The facts of the machine this process runs on.
llvm::Expected<MachineFacts> detectMachine();

} // namespace girih
