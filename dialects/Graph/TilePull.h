// One tile program under construction. A graph op that is asked for a tile of its result pulls the tiles of its operands
// through this class, which knows whether an operand is computed in the kernel or loaded from memory.
#pragma once

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"

namespace girih {
class CostModel;
}

namespace girih::graph {

class TilePull {
public:
  virtual ~TilePull();

  /// Where the tile program grows.
  virtual mlir::OpBuilder &builder() = 0;
  /// The tile of `value` at `offsets`, one per dimension; dimensions with sizes[i] == 1 stay in the tile's type.
  /// Floats arrive in f32, whatever the value's type: inside a kernel nothing is rounded but where an op says so.
  virtual mlir::FailureOr<mlir::Value> pull(mlir::Value value, llvm::ArrayRef<mlir::OpFoldResult> offsets,
                                            llvm::ArrayRef<int64_t> sizes) = 0;
  /// The memory of a value that an op reads by index (a table); fails if the kernel computes it.
  virtual mlir::FailureOr<mlir::Value> view(mlir::Value value) = 0;
  /// Keeps the tile of another value that came up on the way: a sibling linear's, attention's log-sum-exp.
  virtual void remember(mlir::Value value, llvm::ArrayRef<mlir::OpFoldResult> offsets, llvm::ArrayRef<int64_t> sizes,
                        mlir::Value tile) = 0;
  /// The run-time size of a dimension of `value`.
  virtual mlir::OpFoldResult dim(mlir::Value value, int64_t dimension) = 0;
  /// The target's advice on tile sizes.
  virtual const CostModel &cost() const = 0;
};

} // namespace girih::graph
