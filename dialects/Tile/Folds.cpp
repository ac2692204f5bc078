// Folds and canonical forms of the `tile` dialect: sizes known at compile time, movement that moves
// nothing, movement of splats.
#include "dialects/Movement.h"
#include "dialects/Tile/Tile.h"

using namespace mlir;
using namespace girih;
using namespace girih::tile;

OpFoldResult DimOp::fold(FoldAdaptor) {
  int64_t size = getView().getType().getDimSize(getDim());
  return ShapedType::isDynamic(size) ? OpFoldResult() : Builder(getContext()).getIndexAttr(size);
}

// Movement of a constant splat is the splat in the result's shape.
static OpFoldResult foldSplat(Attribute input, RankedTensorType result) {
  auto splat = dyn_cast_or_null<SplatElementsAttr>(input);
  return splat ? OpFoldResult(splat.resizeSplat(result)) : OpFoldResult();
}

OpFoldResult BroadcastOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getResult().getType())
    return getInput();
  return foldSplat(adaptor.getInput(), getResult().getType());
}

OpFoldResult TransposeOp::fold(FoldAdaptor adaptor) {
  if (isIdentity(getPermutation()))
    return getInput();
  return foldSplat(adaptor.getInput(), getResult().getType());
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) { return foldReshape(*this, adaptor.getInput()); }

OpFoldResult ConcatOp::fold(FoldAdaptor) {
  return getInputs().size() == 1 ? getInputs().front() : OpFoldResult();
}

namespace {
/// movement(tensor.splat %s) is tensor.splat %s in the result's shape.
template <typename MovementOp> struct MoveSplat : OpRewritePattern<MovementOp> {
  using OpRewritePattern<MovementOp>::OpRewritePattern;
  LogicalResult matchAndRewrite(MovementOp op, PatternRewriter &rewriter) const override {
    auto splat = op.getInput().template getDefiningOp<tensor::SplatOp>();
    if (!splat)
      return failure();
    rewriter.replaceOpWithNewOp<tensor::SplatOp>(op, splat.getInput(), op.getResult().getType());
    return success();
  }
};

/// broadcast(broadcast(x)) is one broadcast, its dims composed.
struct MergeBroadcasts : OpRewritePattern<BroadcastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BroadcastOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<BroadcastOp>();
    if (!inner)
      return failure();
    SmallVector<int64_t> dims;
    for (int64_t dim : inner.getDims())
      dims.push_back(op.getDims()[dim]);
    rewriter.replaceOpWithNewOp<BroadcastOp>(op, op.getResult().getType(), inner.getInput(), dims);
    return success();
  }
};
} // namespace

void BroadcastOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<MoveSplat<BroadcastOp>, MergeBroadcasts>(context);
}
void TransposeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<MoveSplat<TransposeOp>, MergeTransposes<TransposeOp>>(context);
}
void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<MoveSplat<ReshapeOp>, MergeReshapes<ReshapeOp>>(context);
}
