// Cuts the attention of a decoded token along its positions, where heads alone would leave threads idle.
#include "girih/Target.h"
#include "lib/Fusion/Passes.h"

#include "dialects/Graph/Graph.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace girih::fusion {
#define GEN_PASS_DEF_FUSIONSPLITATTENTION
#include "lib/Fusion/Passes.h.inc"
} // namespace girih::fusion

using namespace mlir;
using namespace girih;

/// Why an attention is better left whole; empty if it is not.
static std::string reasonToKeep(graph::PagedAttentionOp op, const CostModel &cost) {
  RankedTensorType query = op.getQuery().getType();
  if (graph::isExact(op))
    return "the contract is exact";
  if (query.getDimSize(1) != 1)
    return "blocks of queries are work for every thread";
  int64_t heads = op.getKeys().getType().getDimSize(1);
  int64_t batch = graph::evaluateAt(graph::getSize(query, 0), op, graph::usualValue).value_or(INT32_MAX);
  if (double(heads) * double(batch) >= cost.evenWork())
    return std::to_string(heads) + " key heads are work for every thread";
  int64_t block = cost.attention(query.getDimSize(3), op.getComputeType()).keys;
  std::optional<int64_t> longest =
      graph::evaluateAt(graph::getSize(op.getTable().getType(), 1), op,
                        [](graph::SymbolOp symbol) -> int64_t { return symbol.getMax(); });
  if (longest && *longest <= block)
    return "a sequence has at most one block of " + std::to_string(block) + " positions";
  return "";
}

static void split(graph::PagedAttentionOp op, const CostModel &cost) {
  OpBuilder b(op);
  CostModel::AttentionTiles tiles =
      cost.attention(op.getQuery().getType().getDimSize(3), op.getComputeType());
  auto parts = graph::SplitAttentionOp::create(
      b, op.getLoc(), op.getQuery(), op.getKeys(), op.getValues(), op.getTable(), op.getPositions(),
      op.getScaleAttr(), b.getI64IntegerAttr(tiles.parts), b.getI64IntegerAttr(tiles.keys),
      op.getWindowAttr(), op.getSoftcapAttr(), op.getComputeAttr(), op.getAccumulateAttr());
  Type element = op.getResult().getType().getElementType();
  auto whole =
      graph::MergeAttentionOp::create(b, op.getLoc(), parts.getWeighted(), parts.getMaximum(), parts.getSum(),
                                      element.isF32() ? TypeAttr() : TypeAttr::get(element));
  op.replaceAllUsesWith(whole.getResult());
  op.erase();
}

namespace {
struct SplitAttention : fusion::impl::FusionSplitAttentionBase<SplitAttention> {
  using FusionSplitAttentionBase::FusionSplitAttentionBase;

  void runOnOperation() override {
    FailureOr<std::unique_ptr<Target>> chosen = targetOf(getOperation(), target);
    if (failed(chosen))
      return signalPassFailure();
    SmallVector<graph::PagedAttentionOp> found;
    getOperation().walk([&](graph::PagedAttentionOp op) { found.push_back(op); });
    for (graph::PagedAttentionOp op : found) {
      std::string reason = reasonToKeep(op, (*chosen)->cost());
      if (reason.empty()) {
        split(op, (*chosen)->cost());
        ++splits;
      } else if (remarks) {
        emitRemark(op.getLoc()) << "'" << graph::nameOf(op)
                                << "' is not split along its positions: " << reason;
      }
    }
  }
};
} // namespace
