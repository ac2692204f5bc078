// Rewrites row-wise ops to [rows, features] and lets reshapes sink through element-wise ops, so that they
// meet and cancel.
#include "lib/Fusion/OpKinds.h"
#include "lib/Fusion/Passes.h"

namespace girih::fusion {
#define GEN_PASS_DEF_FUSIONFLATTENROWS
#include "lib/Fusion/Passes.h.inc"
} // namespace girih::fusion

using namespace mlir;
using namespace girih;
using namespace girih::fusion;
using graph::SizeExpr;

static SizeExpr product(ArrayRef<SizeExpr> sizes) {
  SizeExpr all;
  for (const SizeExpr &size : sizes)
    all = all * size;
  return all;
}

static Value reshape(PatternRewriter &rewriter, Location loc, Value value, ArrayRef<SizeExpr> sizes) {
  if (graph::getSizes(tensorOf(value)) == SmallVector<SizeExpr>(sizes))
    return value;
  return graph::ReshapeOp::create(rewriter, loc, value, sizes);
}

/// The last dimension stays, all before it become one.
static SmallVector<SizeExpr> asRows(ArrayRef<SizeExpr> sizes) {
  return {product(sizes.drop_back()), sizes.back()};
}

static graph::ConstantOp splatOf(Value value) {
  auto constant = value.getDefiningOp<graph::ConstantOp>();
  return constant && isa<SplatElementsAttr>(constant.getValue()) ? constant : graph::ConstantOp();
}

/// Clones an op on new operands, with a result of new sizes.
static Value cloneWith(PatternRewriter &rewriter, Operation *op, ValueRange operands,
                       ArrayRef<SizeExpr> sizes) {
  Operation *clone = rewriter.clone(*op);
  clone->setOperands(operands);
  clone->getResult(0).setType(graph::getTensorType(sizes, tensorOf(op->getResult(0)).getElementType()));
  return clone->getResult(0);
}

/// Cuts the same columns out of every row.
static bool isRowSlice(Operation *op) {
  auto slice = dyn_cast<graph::SliceOp>(op);
  if (!slice)
    return false;
  SmallVector<SizeExpr> from = graph::getSizes(slice.getInput().getType()),
                        to = graph::getSizes(slice.getResult().getType());
  return !from.empty() && ArrayRef(from).drop_back() == ArrayRef(to).drop_back();
}

static bool isQuery(OpOperand &use) {
  return isa<graph::AttentionOp, graph::PagedAttentionOp>(use.getOwner()) && use.getOperandNumber() == 0;
}

namespace {
/// An operand of an element-wise op under another shape of the same elements; nothing if broadcasting stands
/// in the way.
struct ReshapedOperands {
  PatternRewriter &rewriter;
  Operation *op;
  ArrayRef<SizeExpr> sizes;

  /// Whether the operand repeats one element, or one run along the last dimension that the new sizes keep.
  bool isSmall(Value operand) {
    SmallVector<SizeExpr> own = graph::getSizes(tensorOf(operand)),
                          whole = graph::getSizes(tensorOf(op->getResult(0)));
    for (const SizeExpr &size : ArrayRef(own).drop_back(own.empty() ? 0 : 1))
      if (size != SizeExpr(1))
        return false;
    return own.empty() || own.back() == SizeExpr(1) || whole.back() == sizes.back();
  }
  /// Whether the operand has one element for each row, and rows stay rows.
  bool isColumn(Value operand) {
    SmallVector<SizeExpr> own = graph::getSizes(tensorOf(operand)),
                          whole = graph::getSizes(tensorOf(op->getResult(0)));
    if (own.size() != whole.size() || own.back() != SizeExpr(1) || sizes.size() != 2 ||
        whole.back() != sizes.back())
      return false;
    return ArrayRef(own).drop_back() == ArrayRef(whole).drop_back();
  }
  bool allow(Value operand) {
    return sameSizes(operand, op->getResult(0)) || splatOf(operand) || isSmall(operand) || isColumn(operand);
  }
  Value take(Value operand) {
    if (sameSizes(operand, op->getResult(0)))
      return reshape(rewriter, op->getLoc(), operand, sizes);
    if (isColumn(operand))
      return reshape(rewriter, op->getLoc(), operand, {sizes.front(), 1});
    SmallVector<SizeExpr> own = graph::getSizes(tensorOf(operand));
    return own.size() <= sizes.size() ? operand : reshape(rewriter, op->getLoc(), operand, {own.back()});
  }
};

/// op(reshape(x), reshape(y)) becomes reshape(op(x, y)).
struct SinkReshape : RewritePattern {
  SinkReshape(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), 2, context) {}

  static graph::ReshapeOp above(Operation *op) {
    graph::ReshapeOp found;
    for (Value operand : op->getOperands()) {
      if (splatOf(operand) || !sameSizes(operand, op->getResult(0)))
        continue;
      auto reshape = operand.getDefiningOp<graph::ReshapeOp>();
      if (!reshape || (found && !sameSizes(found.getInput(), reshape.getInput())))
        return {};
      found = reshape;
    }
    return found;
  }

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isElementwise(op))
      return failure();
    graph::ReshapeOp reshapeOp = above(op);
    if (!reshapeOp)
      return failure();
    SmallVector<SizeExpr> source = graph::getSizes(tensorOf(reshapeOp.getInput())),
                          sizes = graph::getSizes(tensorOf(op->getResult(0)));
    // Rows may sink; flattening would only undo what has more dimensions. A reshape that changes nothing
    // folds.
    if (source.empty() || source.size() > 2 || source == sizes)
      return failure();
    ReshapedOperands operands{rewriter, op, source};
    if (!llvm::all_of(op->getOperands(), [&](Value operand) { return operands.allow(operand); }))
      return failure();
    SmallVector<Value> taken =
        llvm::map_to_vector(op->getOperands(), [&](Value operand) { return operands.take(operand); });
    rewriter.replaceOp(op, reshape(rewriter, op->getLoc(), cloneWith(rewriter, op, taken, source), sizes));
    return success();
  }
};

/// A row-wise op of more than two dimensions becomes one of two.
struct FlattenOp : RewritePattern {
  FlattenOp(MLIRContext *context, Pass::Statistic &flattened)
      : RewritePattern(MatchAnyOpTypeTag(), 1, context), flattened(flattened) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    LogicalResult done = isElementwise(op)             ? elementwise(op, rewriter)
                         : isHeadNorm(op)              ? headNorm(op, rewriter)
                         : isa<graph::EmbeddingOp>(op) ? embedding(cast<graph::EmbeddingOp>(op), rewriter)
                         : isa<graph::RopeOp>(op)      ? rope(cast<graph::RopeOp>(op), rewriter)
                         : isa<graph::QuantizeRowsOp>(op)
                             ? quantizeRows(cast<graph::QuantizeRowsOp>(op), rewriter)
                         : isa<graph::CacheWriteOp>(op) ? cacheWrite(cast<graph::CacheWriteOp>(op), rewriter)
                         : isa<graph::LinearOp>(op) || isRowNorm(op) || isRowReduction(op) || isRowSlice(op)
                             ? rows(op, rewriter)
                             : failure();
    if (succeeded(done))
      ++flattened;
    return done;
  }

private:
  LogicalResult elementwise(Operation *op, PatternRewriter &rewriter) const {
    SmallVector<SizeExpr> sizes = graph::getSizes(tensorOf(op->getResult(0)));
    if (sizes.size() < 3)
      return failure();
    SmallVector<SizeExpr> flat = asRows(sizes);
    ReshapedOperands operands{rewriter, op, flat};
    if (!llvm::all_of(op->getOperands(), [&](Value operand) { return operands.allow(operand); }))
      return rewriter.notifyMatchFailure(op, "an operand is broadcast along rows");
    SmallVector<Value> taken =
        llvm::map_to_vector(op->getOperands(), [&](Value operand) { return operands.take(operand); });
    rewriter.replaceOp(op, reshape(rewriter, op->getLoc(), cloneWith(rewriter, op, taken, flat), sizes));
    return success();
  }

  /// A norm of each head of wider rows.
  static bool isHeadNorm(Operation *op) {
    if (!isa<graph::RMSNormOp, graph::LayerNormOp>(op))
      return false;
    SmallVector<SizeExpr> sizes = graph::getSizes(tensorOf(op->getOperand(0)));
    Value rows = op->getOperand(0);
    while (auto heads = rows.getDefiningOp<graph::ReshapeOp>())
      rows = heads.getInput();
    return sizes.size() == 4 && tensorOf(rows).getRank() > 0 &&
           graph::getSizes(tensorOf(rows)).back() == sizes[2] * sizes[3];
  }

  /// Its heads stay together, so that the layer that computes them can norm them.
  LogicalResult headNorm(Operation *op, PatternRewriter &rewriter) const {
    SmallVector<SizeExpr> sizes = graph::getSizes(tensorOf(op->getResult(0)));
    if (sizes[0] == SizeExpr(1))
      return failure();
    SmallVector<SizeExpr> flat{1, sizes[0] * sizes[1], sizes[2], sizes[3]};
    SmallVector<Value> operands(op->getOperands());
    operands[0] = reshape(rewriter, op->getLoc(), operands[0], flat);
    rewriter.replaceOp(op, reshape(rewriter, op->getLoc(), cloneWith(rewriter, op, operands, flat), sizes));
    return success();
  }

  /// Ops whose first operand alone has rows.
  LogicalResult rows(Operation *op, PatternRewriter &rewriter) const {
    SmallVector<SizeExpr> input = graph::getSizes(tensorOf(op->getOperand(0))),
                          sizes = graph::getSizes(tensorOf(op->getResult(0)));
    if (input.size() < 3)
      return failure();
    SmallVector<Value> operands(op->getOperands());
    operands[0] = reshape(rewriter, op->getLoc(), operands[0], asRows(input));
    bool dropsRow = isRowReduction(op) && sizes.size() < input.size();
    SmallVector<SizeExpr> flat = dropsRow ? SmallVector<SizeExpr>{product(sizes)} : asRows(sizes);
    Value result = cloneWith(rewriter, op, operands, flat);
    if (auto softmax = result.getDefiningOp<graph::SoftmaxOp>())
      softmax.setAxis(1);
    if (auto reduce = result.getDefiningOp<graph::ReduceOp>())
      reduce.setAxes({1});
    if (auto slice = result.getDefiningOp<graph::SliceOp>()) {
      slice.setOffsets({0, slice.getOffsets().back()});
      slice.setSizes({-1, slice.getSizes().back()});
    }
    rewriter.replaceOp(op, reshape(rewriter, op->getLoc(), result, sizes));
    return success();
  }

  LogicalResult quantizeRows(graph::QuantizeRowsOp op, PatternRewriter &rewriter) const {
    SmallVector<SizeExpr> sizes = graph::getSizes(op.getInput().getType());
    if (sizes.size() < 3)
      return failure();
    Value rows = reshape(rewriter, op.getLoc(), op.getInput(), asRows(sizes));
    auto flat = graph::QuantizeRowsOp::create(rewriter, op.getLoc(), rows);
    SmallVector<Value> results;
    for (auto [now, before] : llvm::zip(flat->getResults(), op->getResults()))
      results.push_back(reshape(rewriter, op.getLoc(), now, graph::getSizes(tensorOf(before))));
    rewriter.replaceOp(op, results);
    return success();
  }

  /// All sequences become one, whose tokens know their positions; so rows meet the layer that computes them.
  /// A query is rotated by the attention that reads it.
  LogicalResult rope(graph::RopeOp op, PatternRewriter &rewriter) const {
    SmallVector<SizeExpr> sizes = graph::getSizes(op.getResult().getType());
    if (sizes[0] == SizeExpr(1) || llvm::any_of(op->getUses(), isQuery))
      return failure();
    SizeExpr rows = sizes[0] * sizes[1];
    SmallVector<SizeExpr> flat{1, rows, sizes[2], sizes[3]};
    Value input = reshape(rewriter, op.getLoc(), op.getInput(), flat);
    Value positions = reshape(rewriter, op.getLoc(), op.getPositions(), {1, rows});
    Value result = cloneWith(rewriter, op, {input, positions, op.getCos(), op.getSin()}, flat);
    rewriter.replaceOp(op, reshape(rewriter, op.getLoc(), result, sizes));
    return success();
  }

  /// Rows go to their slots whatever the sequence.
  LogicalResult cacheWrite(graph::CacheWriteOp op, PatternRewriter &rewriter) const {
    SmallVector<SizeExpr> sizes = graph::getSizes(op.getRows().getType());
    if (sizes[0] == SizeExpr(1))
      return failure();
    SizeExpr rows = sizes[0] * sizes[1];
    SmallVector<SizeExpr> flat{1, rows};
    Value slots = reshape(rewriter, op.getLoc(), op.getSlots(), flat);
    llvm::append_range(flat, ArrayRef(sizes).drop_front(2));
    Value input = reshape(rewriter, op.getLoc(), op.getRows(), flat);
    rewriter.replaceOpWithNewOp<graph::CacheWriteOp>(op, op.getResult().getType(), op.getCache(), input,
                                                     slots);
    return success();
  }

  LogicalResult embedding(graph::EmbeddingOp op, PatternRewriter &rewriter) const {
    SmallVector<SizeExpr> ids = graph::getSizes(op.getIds().getType()),
                          sizes = graph::getSizes(op.getResult().getType());
    if (ids.size() < 2)
      return failure();
    Value flatIds = reshape(rewriter, op.getLoc(), op.getIds(), {product(ids)});
    Value result = cloneWith(rewriter, op, {op.getTable(), flatIds}, asRows(sizes));
    rewriter.replaceOp(op, reshape(rewriter, op.getLoc(), result, sizes));
    return success();
  }

  Pass::Statistic &flattened;
};

struct FlattenRows : fusion::impl::FusionFlattenRowsBase<FlattenRows> {
  using FusionFlattenRowsBase::FusionFlattenRowsBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SinkReshape>(&getContext());
    patterns.add<FlattenOp>(&getContext(), flattened);
    graph::ReshapeOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
