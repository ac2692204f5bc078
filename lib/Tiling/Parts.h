// Kernels whose results are cut differently: linear layers of several shapes on the same rows (queries, keys
// and values), results that are read by heads, or rows that layers read and others do too. Each part has the
// results of one loop over K, or of none; its blocks of columns follow those of the part before it in the
// grid's first dimension, and all parts share the blocks of rows.
#pragma once

#include "dialects/Graph/Graph.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace girih {
class CostModel;
}

namespace girih::tiling {

struct Part {
  llvm::SmallVector<unsigned> results; // of the kernel
  int64_t columns;                     // of a block
  int64_t blocks;                      // of columns
};

struct Parts {
  llvm::SmallVector<Part> parts;
  graph::SizeExpr rows; // that every result has
  int64_t rowBlock;     // rows of a block

  int64_t columnBlocks() const;
};

/// The value whose places a result's blocks are: itself, or the rows that a `girih.cache_write` writes.
mlir::Value iterated(mlir::Value result);

/// Where a block lies in an iterated value: `[rows, N]` as it is, `[1, rows, G, d]` by whole heads.
struct PartPlace {
  llvm::SmallVector<mlir::OpFoldResult> offsets;
  llvm::SmallVector<int64_t> sizes;
};
PartPlace placeIn(mlir::Value value, mlir::OpBuilder &b, mlir::OpFoldResult row, int64_t rows,
                  mlir::OpFoldResult columnBlock, int64_t columns);

/// The parts of a kernel around linear layers; nothing where one grid over the first result serves them all.
std::optional<Parts> chooseParts(mlir::func::FuncOp kernel, const CostModel &cost);

} // namespace girih::tiling
