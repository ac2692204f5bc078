// Counts arithmetic and memory traffic of every launch while its kernel is still made of graph ops, as sums
// of size expressions. The counts are for statistics; nothing depends on them.
#include "dialects/Graph/Graph.h"
#include "lib/Artifact/Passes.h"

using namespace mlir;
using namespace girih;
using graph::SizeExpr;

namespace girih::artifact {
#define GEN_PASS_DEF_ARTIFACTCOUNTWORK
#include "lib/Artifact/Passes.h.inc"
} // namespace girih::artifact

namespace {

/// A sum of size expressions; like terms are merged.
class Sum {
public:
  void add(const SizeExpr &term) {
    for (SizeExpr &existing : terms)
      if (std::optional<SizeExpr> merged = existing.plus(term)) {
        existing = *merged;
        return;
      }
    terms.push_back(term);
  }
  ArrayAttr attribute(MLIRContext *context) const {
    SmallVector<Attribute> texts;
    for (const SizeExpr &term : terms)
      texts.push_back(StringAttr::get(context, term.str()));
    return ArrayAttr::get(context, texts);
  }

private:
  SmallVector<SizeExpr> terms;
};

SizeExpr elements(Value value) { return graph::getNumElements(cast<RankedTensorType>(value.getType())); }

SizeExpr size(Value value, int64_t dimension) {
  return graph::getSize(cast<RankedTensorType>(value.getType()), dimension);
}

/// Two operations per multiply-add; softmax and the like are small beside them.
SizeExpr flopsOf(graph::AttentionOp op) {
  SizeExpr perKey = elements(op.getQuery()) * size(op.getKey(), 1);
  SizeExpr perValue = elements(op->getResult(0)) * size(op.getKey(), 1);
  return perKey.plus(perValue).value_or(perKey * 2) * 2;
}

SizeExpr flopsOf(Operation &op) {
  if (auto linear = dyn_cast<graph::LinearOp>(op))
    return elements(op.getResult(0)) * size(linear.getWeight(), 1) * 2;
  if (auto attention = dyn_cast<graph::AttentionOp>(op))
    return flopsOf(attention);
  return elements(op.getOperand(0));
}

bool onlyMoves(Operation &op) {
  return op.getNumOperands() == 0 || op.getNumResults() == 0 ||
         isa<graph::EmbeddingOp, graph::GatherOp, graph::ConcatOp, graph::SliceOp, graph::ReshapeOp,
             graph::TransposeOp, graph::PositionsOp>(op);
}

Sum flopsOf(func::FuncOp kernel) {
  Sum sum;
  for (Operation &op : kernel.getBody().front())
    if (!onlyMoves(op))
      sum.add(flopsOf(op));
  return sum;
}

SizeExpr bytesOf(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.hasStaticShape())
    return graph::getStoredBytes(type);
  return elements(value) * graph::getElementBytes(type.getElementType());
}

/// Whether rows of `argument` are only picked by index.
bool onlyGathered(BlockArgument argument) {
  return !argument.use_empty() && llvm::all_of(argument.getUses(), [](OpOperand &use) {
    return isa<graph::EmbeddingOp, graph::GatherOp>(use.getOwner()) && use.getOperandNumber() == 0;
  });
}

Sum bytesOf(func::FuncOp kernel) {
  Sum sum;
  for (BlockArgument argument : kernel.getArguments()) {
    if (!onlyGathered(argument)) {
      sum.add(bytesOf(argument));
      continue;
    }
    for (Operation *user : argument.getUsers())
      sum.add(bytesOf(user->getResult(0)));
  }
  for (Value result : kernel.getBody().front().getTerminator()->getOperands())
    sum.add(bytesOf(result));
  return sum;
}

struct ArtifactCountWork : artifact::impl::ArtifactCountWorkBase<ArtifactCountWork> {
  void runOnOperation() override {
    SymbolTable table(getOperation());
    getOperation().walk([&](graph::LaunchOp launch) {
      auto kernel = table.lookup<func::FuncOp>(launch.getKernel());
      if (!kernel || kernel.isExternal())
        return;
      launch->setAttr(graph::kFlopsAttr, flopsOf(kernel).attribute(&getContext()));
      launch->setAttr(graph::kBytesAttr, bytesOf(kernel).attribute(&getContext()));
    });
  }
};

} // namespace
