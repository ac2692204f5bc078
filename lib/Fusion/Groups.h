// The partition of a function's ops into groups that become kernels. A group must stay convex: no path may
// leave it and come back, or its kernel would wait for itself.
#pragma once

#include "dialects/Graph/Graph.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"

namespace girih::fusion {

class Groups {
public:
  using Id = unsigned;

  Groups(mlir::Block &block) : block(block) {}

  Id create(mlir::Operation *op);
  void add(Id group, mlir::Operation *op);
  bool contains(mlir::Operation *op) const { return groupOf.contains(op); }
  bool isIn(Id group, mlir::Operation *op) const;
  llvm::ArrayRef<mlir::Operation *> members(Id group) const { return groups[group].getArrayRef(); }
  unsigned size() const { return groups.size(); }

  /// Whether every use of the op's results is in the group.
  bool usedOnlyIn(Id group, mlir::Operation *op) const;
  /// Whether the group stays convex with `op` in it.
  bool staysConvexWith(Id group, mlir::Operation *op) const;

  /// Turns each group into a girih.kernel and puts the block in order.
  void materialize();

private:
  bool reaches(llvm::ArrayRef<mlir::Value> from, Id group, mlir::Operation *candidate) const;
  void buildKernel(llvm::ArrayRef<mlir::Operation *> ops);

  mlir::Block &block;
  llvm::SmallVector<llvm::SmallSetVector<mlir::Operation *, 4>> groups;
  llvm::DenseMap<mlir::Operation *, Id> groupOf;
};

} // namespace girih::fusion
