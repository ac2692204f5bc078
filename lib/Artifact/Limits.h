// What a plan may ask of the runtime: sizes of at most 63 bits and grids of at most 2^31 blocks, whatever values the
// symbols take within their bounds.
#pragma once

#include "lib/Artifact/Plan.h"

namespace girih::artifact {

/// The first thing in `entry` that goes past the limits when every symbol is as large as it may be; empty if nothing does.
std::string findExcess(const Entry &entry, llvm::ArrayRef<Symbol> symbols);

} // namespace girih::artifact
