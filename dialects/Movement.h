// Folds and patterns that the dialects' ops of the same names share: movement that moves nothing, and two movements in a row
// that are one.
#pragma once

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

namespace girih {

inline bool isIdentity(llvm::ArrayRef<int64_t> permutation) {
  return llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size()));
}

/// A reshape to the same type is its input; one of a constant is a constant, unless the result's sizes are unknown.
template <typename ReshapeOp> mlir::OpFoldResult foldReshape(ReshapeOp op, mlir::Attribute input) {
  auto type = llvm::cast<mlir::RankedTensorType>(op.getResult().getType());
  if (op.getInput().getType() == type)
    return op.getInput();
  auto constant = llvm::dyn_cast_if_present<mlir::DenseElementsAttr>(input);
  return constant && type.hasStaticShape() ? mlir::OpFoldResult(constant.reshape(type)) : mlir::OpFoldResult();
}

/// reshape(reshape(x)) is one reshape.
template <typename ReshapeOp> struct MergeReshapes : mlir::OpRewritePattern<ReshapeOp> {
  using mlir::OpRewritePattern<ReshapeOp>::OpRewritePattern;
  llvm::LogicalResult matchAndRewrite(ReshapeOp op, mlir::PatternRewriter &rewriter) const override {
    auto inner = op.getInput().template getDefiningOp<ReshapeOp>();
    if (!inner)
      return llvm::failure();
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getResult().getType(), inner.getInput());
    return llvm::success();
  }
};

/// transpose(transpose(x)) is one transpose, its permutations composed.
template <typename TransposeOp> struct MergeTransposes : mlir::OpRewritePattern<TransposeOp> {
  using mlir::OpRewritePattern<TransposeOp>::OpRewritePattern;
  llvm::LogicalResult matchAndRewrite(TransposeOp op, mlir::PatternRewriter &rewriter) const override {
    auto inner = op.getInput().template getDefiningOp<TransposeOp>();
    if (!inner)
      return llvm::failure();
    auto composed = [&](int64_t from) { return inner.getPermutation()[from]; };
    llvm::SmallVector<int64_t> permutation = llvm::map_to_vector(op.getPermutation(), composed);
    rewriter.replaceOpWithNewOp<TransposeOp>(op, inner.getInput(), permutation);
    return llvm::success();
  }
};

} // namespace girih
