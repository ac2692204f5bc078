// The order of a grid's loops, and which of them an operation stands in.
#pragma once

#include "dialects/Graph/Graph.h"
#include "dialects/Tile/Tile.h"
#include "runtime/Systolic/Machine.h"

namespace girih::systolic {

/// How many of the grid's loops each operation of the program's block stands in, outermost first: as few as
/// it depends on. Stores stand in all.
using Levels = llvm::DenseMap<mlir::Operation *, unsigned>;
Levels levelsOf(tile::ProgramOp program, llvm::ArrayRef<unsigned> nest);

/// The grid's dimensions, outermost first, so that all units together take the fewest cycles at the sizes
/// that launches usually have, at the least, and between.
llvm::SmallVector<unsigned> chooseNest(tile::ProgramOp program, llvm::ArrayRef<graph::LaunchOp> launches,
                                       const Machine &machine);

/// The size that a dimension of the kernel's argument, input or result, has in a launch.
graph::SizeExpr sizeIn(graph::LaunchOp launch, unsigned argument, unsigned dim);

/// Whether the program only reads the view.
bool isReadOnly(mlir::Value view);

} // namespace girih::systolic
