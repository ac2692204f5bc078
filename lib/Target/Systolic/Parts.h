// Programs whose blocks do different things: a kernel with results of several shapes cuts a fixed dimension
// of its grid into ranges, and its body chooses among them.
#pragma once

#include "dialects/Tile/Tile.h"
#include "mlir/IR/OwningOpRef.h"

namespace girih::systolic {

/// What the blocks [begin, end) along dimension `dim` of the grid do: a program without the choice.
struct Part {
  mlir::OwningOpRef<tile::ProgramOp> program;
  unsigned dim = 0;
  std::optional<std::pair<int64_t, int64_t>> range; // nothing: all blocks do the same
  llvm::SmallVector<unsigned> nest;                 // the order of the grid's dimensions, outermost first
};

/// Copies of the program, one for each range.
llvm::SmallVector<Part> splitParts(tile::ProgramOp program);

} // namespace girih::systolic
