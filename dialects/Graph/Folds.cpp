// What simplifies without knowing a target: identities, chains of movements, arithmetic with 0 and 1, constants cast.
// Nothing here changes a bit of a result.
#include "dialects/Graph/Inference.h"
#include "dialects/Movement.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace girih;
using namespace girih::graph;

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

//===-- arithmetic --------------------------------------------------------===//

/// Whether an operand is a constant with every element equal to `number`. For floats, -0 is not 0.
static bool isSplatOf(Attribute operand, int number) {
  auto splat = dyn_cast_if_present<SplatElementsAttr>(operand);
  if (!splat)
    return false;
  if (isa<FloatType>(splat.getElementType()))
    return splat.getSplatValue<APFloat>().bitwiseIsEqual(
        APFloat(cast<FloatType>(splat.getElementType()).getFloatSemantics(), number));
  return splat.getSplatValue<APInt>().getSExtValue() == number;
}

/// Whether an operand is a constant that adds nothing: x + -0 is x for every x, x + 0 is 0 for x = -0.
static bool isAdditiveIdentity(Attribute operand) {
  auto splat = dyn_cast_if_present<SplatElementsAttr>(operand);
  if (!splat || !isa<FloatType>(splat.getElementType()))
    return isSplatOf(operand, 0);
  return splat.getSplatValue<APFloat>().isNegZero();
}

/// `operand`, if the result is of its type.
template <typename Op> static OpFoldResult sameTypeOr(Op op, Value operand) {
  return operand.getType() == op.getType() ? OpFoldResult(operand) : OpFoldResult();
}

OpFoldResult AddOp::fold(FoldAdaptor op) {
  return isAdditiveIdentity(op.getRhs()) ? sameTypeOr(*this, getLhs()) : OpFoldResult();
}
OpFoldResult SubOp::fold(FoldAdaptor op) { return isSplatOf(op.getRhs(), 0) ? sameTypeOr(*this, getLhs()) : OpFoldResult(); }
OpFoldResult MulOp::fold(FoldAdaptor op) { return isSplatOf(op.getRhs(), 1) ? sameTypeOr(*this, getLhs()) : OpFoldResult(); }
OpFoldResult DivOp::fold(FoldAdaptor op) { return isSplatOf(op.getRhs(), 1) ? sameTypeOr(*this, getLhs()) : OpFoldResult(); }
OpFoldResult MaximumOp::fold(FoldAdaptor) { return getLhs() == getRhs() ? OpFoldResult(getLhs()) : OpFoldResult(); }
OpFoldResult MinimumOp::fold(FoldAdaptor) { return getLhs() == getRhs() ? OpFoldResult(getLhs()) : OpFoldResult(); }

OpFoldResult NegOp::fold(FoldAdaptor) {
  auto inner = getInput().getDefiningOp<NegOp>();
  return inner ? sameTypeOr(*this, inner.getInput()) : OpFoldResult();
}

//===-- casts -------------------------------------------------------------===//

/// A constant float tensor in another float type, rounded to nearest even.
static Attribute castFloats(DenseFPElementsAttr value, FloatType type) {
  return value.mapValues(type, [&](const APFloat &number) {
    APFloat rounded = number;
    bool losesInfo;
    rounded.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
    return rounded.bitcastToAPInt();
  });
}

OpFoldResult CastOp::fold(FoldAdaptor op) {
  if (getInput().getType() == getType())
    return getInput();
  auto floats = dyn_cast_if_present<DenseFPElementsAttr>(op.getInput());
  auto type = dyn_cast<FloatType>(getType().getElementType());
  return floats && type ? castFloats(floats, type) : Attribute();
}

/// Whether every value of `from` is exactly a value of `to`.
static bool widens(Type from, Type to) {
  if (isa<Float32Type>(to))
    return isa<BFloat16Type, Float16Type, Float32Type>(from) || from.isInteger(8) || from.isInteger(1);
  return from == to || (to.isInteger(32) && (from.isInteger(8) || from.isInteger(1)));
}

namespace {
/// cast(cast(x)) is one cast where the first loses nothing.
struct MergeCasts : OpRewritePattern<CastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CastOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<CastOp>();
    if (!inner || !widens(elementOf(inner.getInput()), elementOf(inner)))
      return failure();
    rewriter.replaceOpWithNewOp<CastOp>(op, inner.getInput(), op.getType().getElementType());
    return success();
  }
};
} // namespace

void CastOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<MergeCasts>(context);
}

//===-- movement ----------------------------------------------------------===//

OpFoldResult ReshapeOp::fold(FoldAdaptor op) { return foldReshape(*this, op.getInput()); }

OpFoldResult ConcatOp::fold(FoldAdaptor) {
  return getInputs().size() == 1 ? sameTypeOr(*this, getInputs().front()) : OpFoldResult();
}

OpFoldResult SliceOp::fold(FoldAdaptor) {
  bool startsAtZero = llvm::all_of(getOffsets(), [](int64_t offset) { return offset == 0; });
  return startsAtZero ? sameTypeOr(*this, getInput()) : OpFoldResult();
}

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  return isIdentity(getPermutation()) ? sameTypeOr(*this, getInput()) : OpFoldResult();
}

namespace {
/// slice(slice(x)) is one slice whose offsets add.
struct MergeSlices : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<SliceOp>();
    if (!inner)
      return failure();
    SmallVector<int64_t> offsets, sizes;
    for (auto [i, size] : llvm::enumerate(sizesOf(op.getResult()))) {
      offsets.push_back(inner.getOffsets()[i] + op.getOffsets()[i]);
      sizes.push_back(size.getConstant().value_or(-1));
    }
    rewriter.replaceOpWithNewOp<SliceOp>(op, inner.getInput(), offsets, sizes);
    return success();
  }
};
} // namespace

void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<MergeReshapes<ReshapeOp>>(context);
}
void TransposeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<MergeTransposes<TransposeOp>>(context);
}
void SliceOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<MergeSlices>(context);
}
