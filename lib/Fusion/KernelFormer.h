// Decides, family by family, which ops run together; the pass fusion-form-kernels runs its steps in order.
#pragma once

#include "girih/Target.h"
#include "lib/Fusion/Groups.h"
#include "lib/Fusion/OpKinds.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace girih::fusion {

/// The groups of one function under construction. Families come in order of how much their ops gain from
/// company: what a linear layer took, a norm cannot.
class KernelFormer {
public:
  KernelFormer(mlir::func::FuncOp function, const CostModel &cost, bool remarks)
      : function(function), block(function.getBody().front()), groups(block), cost(cost), remarks(remarks) {}

  void groupLinears();
  void takeNorms();
  void groupAttention();
  void groupRows();
  void takePrologues();
  void groupElementwise();
  void groupRest();
  void finish() { groups.materialize(); }

  unsigned kernels() const { return groups.size(); }
  unsigned fused() const { return joined; }

private:
  void join(Groups::Id group, mlir::Operation *op) {
    groups.add(group, op);
    ++joined;
  }
  Groups::Id groupSiblings(graph::LinearOp linear);
  int64_t blockBytes(graph::LinearOp linear, unsigned layers) const;
  bool siblingPays(graph::LinearOp linear, unsigned layers) const;
  void takeCompanions(Groups::Id group);
  double likelyRows(graph::LinearOp linear) const;
  bool prologuePays(Groups::Id group, mlir::Operation *producer) const;
  bool repeats(Groups::Id group, mlir::Operation *producer);
  bool takeNorm(Groups::Id group);
  void takeNormedResidual(Groups::Id group);
  bool takePrologue(Groups::Id group, graph::LinearOp linear, mlir::Value operand);
  void takeEpilogue(Groups::Id group);
  bool takeHeads(Groups::Id group, mlir::Value rows);
  bool takeConsumer(Groups::Id group, mlir::Value value, llvm::ArrayRef<graph::SizeExpr> sizes);
  void takeRowConsumers(Groups::Id group, llvm::ArrayRef<graph::SizeExpr> rows);
  void takeProducers(Groups::Id group, llvm::ArrayRef<graph::SizeExpr> rows);
  bool yieldsOnlyRows(Groups::Id group, llvm::ArrayRef<graph::SizeExpr> rows) const;
  bool takeProducer(Groups::Id group, mlir::Operation *producer, llvm::ArrayRef<graph::SizeExpr> rows);
  bool isRowProducer(mlir::Operation *op, llvm::ArrayRef<graph::SizeExpr> rows) const;
  void decline(mlir::Operation *op, mlir::Operation *other, const llvm::Twine &reason);
  llvm::SmallVector<mlir::Operation *> ungrouped(llvm::function_ref<bool(mlir::Operation *)> matches);

  mlir::func::FuncOp function;
  mlir::Block &block;
  Groups groups;
  const CostModel &cost;
  bool remarks;
  unsigned joined = 0;
};

} // namespace girih::fusion
