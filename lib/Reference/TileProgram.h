// The tile interpreter: runs a tile program over host tensors, block after block, in plain C++. Every op
// rounds to its tile's element type; sums run in the order that the dialect documents, so that targets can be
// held to it.
#pragma once

#include "dialects/Tile/Tile.h"
#include "lib/Reference/HostTensor.h"

namespace girih::reference {

/// Runs all blocks of `program`. `outputs` arrive shaped. Reported as errors: shapes that do not fit the
/// views, two blocks that store one element, an element that no block stores, an op unknown to the
/// interpreter.
mlir::LogicalResult runTileProgram(tile::ProgramOp program, llvm::ArrayRef<const HostTensor *> inputs,
                                   llvm::MutableArrayRef<HostTensor> outputs);

/// Runs an element-wise `arith` or `math` op on tiles or scalars; fails without a message if it is none.
mlir::LogicalResult runElementwise(mlir::Operation *op, llvm::ArrayRef<const HostTensor *> operands,
                                   HostTensor &result);

/// Runs one of the tile dialect's ops on values (dot, reduce, movement) or a `tensor` op that makes a tile;
/// fails without a message if it is none.
mlir::LogicalResult runTileOp(mlir::Operation *op, llvm::ArrayRef<const HostTensor *> operands,
                              HostTensor &result);

} // namespace girih::reference
