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

/// One text for each product, as the launch's attributes hold them.
ArrayAttr attribute(const SizeExpr &size, MLIRContext *context) {
  SmallVector<Attribute> texts;
  for (const SizeExpr::Term &term : size == SizeExpr(0) ? ArrayRef<SizeExpr::Term>() : size.getTerms())
    texts.push_back(StringAttr::get(context, SizeExpr(term).str()));
  return ArrayAttr::get(context, texts);
}

SizeExpr elements(Value value) { return graph::getNumElements(cast<RankedTensorType>(value.getType())); }

SizeExpr size(Value value, int64_t dimension) {
  return graph::getSize(cast<RankedTensorType>(value.getType()), dimension);
}

/// Two operations per multiply-add; softmax and the like are small beside them.
SizeExpr flopsOf(graph::AttentionOp op) {
  SizeExpr perKey = elements(op.getQuery()) * size(op.getKey(), 1);
  SizeExpr perValue = elements(op->getResult(0)) * size(op.getKey(), 1);
  return (perKey + perValue) * 2;
}

/// As if every position of the table took part.
template <typename CachedOp> SizeExpr flopsOf(CachedOp op) {
  SizeExpr perKey = elements(op.getQuery()) * size(op.getTable(), 1);
  SizeExpr perValue = size(op.getQuery(), 0) * size(op.getQuery(), 1) * size(op.getQuery(), 2) *
                      size(op.getValues(), 2) * size(op.getTable(), 1);
  return (perKey + perValue) * 2;
}

SizeExpr flopsOf(Operation &op) {
  if (auto linear = dyn_cast<graph::LinearOp>(op))
    return elements(op.getResult(0)) * size(linear.getWeight(), 1) * 2;
  if (auto attention = dyn_cast<graph::AttentionOp>(op))
    return flopsOf(attention);
  if (auto attention = dyn_cast<graph::PagedAttentionOp>(op))
    return flopsOf(attention);
  if (auto attention = dyn_cast<graph::SplitAttentionOp>(op))
    return flopsOf(attention);
  return elements(op.getOperand(0));
}

bool onlyMoves(Operation &op) {
  return op.getNumOperands() == 0 || op.getNumResults() == 0 ||
         isa<graph::EmbeddingOp, graph::GatherOp, graph::ConcatOp, graph::SliceOp, graph::ReshapeOp,
             graph::TransposeOp, graph::PositionsOp, graph::CacheWriteOp>(op);
}

SizeExpr flopsOf(func::FuncOp kernel) {
  SizeExpr sum(0);
  for (Operation &op : kernel.getBody().front())
    if (!onlyMoves(op))
      sum = sum + flopsOf(op);
  return sum;
}

SizeExpr bytesOf(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.hasStaticShape())
    return graph::getStoredBytes(type);
  return elements(value) * graph::getElementBytes(type.getElementType());
}

/// What a use reads of a tensor of which it picks rows by index; nothing if it reads the whole.
std::optional<SizeExpr> bytesPicked(OpOperand &use) {
  Operation *user = use.getOwner();
  if (isa<graph::EmbeddingOp, graph::GatherOp>(user) && use.getOperandNumber() == 0)
    return bytesOf(user->getResult(0));
  if (isa<graph::CacheWriteOp>(user) && use.getOperandNumber() == 0)
    return SizeExpr(0);
  if (!isa<graph::PagedAttentionOp, graph::SplitAttentionOp>(user) ||
      (use.getOperandNumber() != 1 && use.getOperandNumber() != 2))
    return std::nullopt;
  auto cache = cast<RankedTensorType>(use.get().getType());
  return elements(user->getOperand(3)) * cache.getDimSize(1) * cache.getDimSize(2) *
         graph::getElementBytes(cache.getElementType());
}

SizeExpr bytesOf(BlockArgument argument) {
  SizeExpr sum(0);
  for (OpOperand &use : argument.getUses()) {
    std::optional<SizeExpr> picked = bytesPicked(use);
    if (!picked)
      return bytesOf(Value(argument));
    sum = sum + *picked;
  }
  return argument.use_empty() ? bytesOf(Value(argument)) : sum;
}

/// A cache's next version is written where its rows are.
SizeExpr bytesWritten(Value result) {
  auto write = result.getDefiningOp<graph::CacheWriteOp>();
  return bytesOf(write ? Value(write.getRows()) : result);
}

SizeExpr bytesOf(func::FuncOp kernel) {
  SizeExpr sum(0);
  for (BlockArgument argument : kernel.getArguments())
    sum = sum + bytesOf(argument);
  for (Value result : kernel.getBody().front().getTerminator()->getOperands())
    sum = sum + bytesWritten(result);
  return sum;
}

struct ArtifactCountWork : artifact::impl::ArtifactCountWorkBase<ArtifactCountWork> {
  void runOnOperation() override {
    SymbolTable table(getOperation());
    getOperation().walk([&](graph::LaunchOp launch) {
      auto kernel = table.lookup<func::FuncOp>(launch.getKernel());
      if (!kernel || kernel.isExternal())
        return;
      launch->setAttr(graph::kFlopsAttr, attribute(flopsOf(kernel), &getContext()));
      launch->setAttr(graph::kBytesAttr, attribute(bytesOf(kernel), &getContext()));
    });
  }
};

} // namespace
