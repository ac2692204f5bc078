// The pull: one tile program under construction from one kernel. A value asked for twice at the same place is
// computed once, a kernel argument is loaded from its view, anything else is asked of the op that defines it.
#pragma once

#include "dialects/Graph/Graph.h"
#include "dialects/Tile/Tile.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace girih::tiling {

class ProgramPull : public graph::TilePull {
public:
  /// Grows `program` (its entry block exists, inputs first) from the body of `kernel`.
  ProgramPull(tile::ProgramOp program, mlir::func::FuncOp kernel, const CostModel &cost);

  mlir::OpBuilder &builder() override { return builder_; }
  mlir::FailureOr<mlir::Value> pull(mlir::Value value, llvm::ArrayRef<mlir::OpFoldResult> offsets,
                                    llvm::ArrayRef<int64_t> sizes) override;
  void remember(mlir::Value value, llvm::ArrayRef<mlir::OpFoldResult> offsets, llvm::ArrayRef<int64_t> sizes,
                mlir::Value tile) override;
  mlir::FailureOr<mlir::Value> view(mlir::Value value) override;
  mlir::OpFoldResult dim(mlir::Value value, int64_t dimension) override;
  const CostModel &cost() const override { return cost_; }

private:
  struct Entry {
    llvm::SmallVector<mlir::OpFoldResult> offsets;
    llvm::SmallVector<int64_t> sizes;
    mlir::Value tile;
  };

  mlir::Value find(mlir::Value value, llvm::ArrayRef<mlir::OpFoldResult> offsets,
                   llvm::ArrayRef<int64_t> sizes);
  bool isVisible(mlir::Value tile);
  mlir::Value load(mlir::Value view, llvm::ArrayRef<mlir::OpFoldResult> offsets,
                   llvm::ArrayRef<int64_t> sizes);
  mlir::Value findSize(const graph::SizeExpr &size);

  mlir::OpBuilder builder_;
  const CostModel &cost_;
  llvm::DenseMap<mlir::Value, mlir::Value> views_;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<Entry>> memo_;
  llvm::SmallVector<std::pair<graph::SizeExpr, std::pair<mlir::Value, int64_t>>> sizes_;
  mlir::Block *entry_;
};

} // namespace girih::tiling
