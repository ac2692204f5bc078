// Neighbouring blocks as one, so that the units have work while one of them waits for another.
#pragma once

#include "dialects/Tile/Tile.h"
#include "mlir/IR/OwningOpRef.h"

namespace girih::systolic {

/// Which of the neighbours an operation is for, if they differ in it; how many a loop carries the tiles of.
inline constexpr llvm::StringLiteral kNeighbourAttr = "systolic.neighbour",
                                     kNeighboursAttr = "systolic.neighbours";

/// A copy of a program with loops inside, whose blocks each do what `count` neighbours along one dimension of
/// the grid did, operation by operation; null if no dimension is known to have as many, or loops depend on
/// all.
mlir::OwningOpRef<tile::ProgramOp> jamBlocks(tile::ProgramOp program, int64_t count);

} // namespace girih::systolic
