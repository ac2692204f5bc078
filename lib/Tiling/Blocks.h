// How a kernel's result is cut: the sizes of one block, which dimensions the grid runs over, slowest first,
// and the dimension, if any, that each program walks by itself because its statistics are of whole rows.
#pragma once

#include "dialects/Graph/Graph.h"
#include "girih/Target.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace girih::tiling {

struct Blocks {
  llvm::SmallVector<int64_t> sizes;
  llvm::SmallVector<int64_t> order; // dimensions of the root, slowest first
  int64_t walked = -1;              // dimension a program walks in steps of sizes[walked]; -1: none
};

/// The target's tiles for a linear layer, by the greatest number of rows that it can have.
CostModel::MatmulTiles matmulTiles(graph::LinearOp linear, const CostModel &cost, int64_t together = 1);

/// The blocks of a kernel's first result. Fails with an error where the result cannot be a tile.
mlir::FailureOr<Blocks> chooseBlocks(mlir::func::FuncOp kernel, const CostModel &cost);

} // namespace girih::tiling
