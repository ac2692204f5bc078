// Reductions along any axes: all but the last are loops, the last is reduced inside the tile or in chunks.
#include "lib/Tiling/Model.h"
#include "lib/Tiling/RowStatistics.h"

using namespace mlir;
using namespace girih;
using namespace girih::tiling;

namespace {
/// A reduction along several axes: loops over all but the last, which is reduced inside the tile or in
/// chunks.
struct AxesReduction {
  graph::ReduceOp op;
  graph::TilePull &pull;
  SmallVector<int64_t> axes; // in order, not negative
  SmallVector<OpFoldResult> offsets;
  SmallVector<int64_t> sizes;

  tile::ReduceKind kind() {
    if (op.getKind() == graph::ReduceKind::Max)
      return tile::ReduceKind::max;
    return op.getKind() == graph::ReduceKind::Min ? tile::ReduceKind::min : tile::ReduceKind::add;
  }
  /// Reductions work in f32 or i32.
  Value term(Value x) {
    if (isa<FloatType>(elementOf(x)) || elementOf(x).isInteger(32))
      return x;
    auto wide = RankedTensorType::get(shapeOf(x), pull.builder().getI32Type());
    return arith::ExtSIOp::create(pull.builder(), op.getLoc(), wide, x);
  }
  FailureOr<Value> over(ArrayRef<int64_t> outer, ArrayRef<OpFoldResult> at);
};
} // namespace

FailureOr<Value> AxesReduction::over(ArrayRef<int64_t> outer, ArrayRef<OpFoldResult> at) {
  OpBuilder &b = pull.builder();
  if (outer.empty())
    return rowStatistic(pull, op.getLoc(), op.getInput(), axes.back(), {0, at, sizes}, kind(),
                        [&](Value x) { return term(x); });
  SmallVector<int64_t> shape(sizes);
  shape.erase(shape.begin() + axes.back());
  Type element =
      isa<FloatType>(op.getInput().getType().getElementType()) ? Type(b.getF32Type()) : b.getI32Type();
  Value start = filled(b, op.getLoc(), shape, element, neutral(kind(), element));
  FailureOr<SmallVector<Value>> end =
      forEach(pull, op.getLoc(), pull.dim(op.getInput(), outer.front()), start,
              [&](Value index, ValueRange carried) -> FailureOr<SmallVector<Value>> {
                SmallVector<OpFoldResult> place(at);
                place[outer.front()] = index;
                FailureOr<Value> part = over(outer.drop_front(), place);
                if (failed(part))
                  return failure();
                return SmallVector<Value>{combine(b, op.getLoc(), kind(), carried[0], *part)};
              });
  if (failed(end))
    return failure();
  return (*end)[0];
}

/// Divides by the number of elements combined.
static Value meanOf(AxesReduction &reduction, Value sum) {
  OpBuilder &b = reduction.pull.builder();
  Location loc = reduction.op.getLoc();
  for (int64_t axis : reduction.axes) {
    OpFoldResult size = reduction.pull.dim(reduction.op.getInput(), axis);
    if (isa<FloatType>(elementOf(sum)))
      sum = arith::DivFOp::create(b, loc, sum, lengthLike(reduction.pull, loc, size, sum));
    else
      sum = arith::DivSIOp::create(b, loc, sum, splatIndex(b, loc, size, shapeOf(sum)));
  }
  return sum;
}

static FailureOr<Value> emitReduce(graph::ReduceOp op, graph::TilePull &pull, TileRequest request) {
  OpBuilder &b = pull.builder();
  AxesReduction reduction{op, pull, {}, {}, {}};
  int64_t rank = op.getInput().getType().getRank();
  for (int64_t axis : op.getAxes())
    reduction.axes.push_back(axis);
  llvm::sort(reduction.axes);
  for (int64_t d = 0, kept = 0; d < rank; ++d) {
    bool reduced = llvm::is_contained(reduction.axes, d);
    reduction.offsets.push_back(reduced ? zero(b) : request.offsets[kept]);
    reduction.sizes.push_back(reduced ? 1 : request.sizes[kept]);
    kept += !reduced || op.getKeepDims();
  }
  if (reduction.axes.empty())
    return pull.pull(op.getInput(), request.offsets, request.sizes);
  FailureOr<Value> total = reduction.over(ArrayRef(reduction.axes).drop_back(), reduction.offsets);
  if (failed(total))
    return failure();
  Value result = op.getKind() == graph::ReduceKind::Mean ? meanOf(reduction, *total) : *total;
  Type element = op.getResult().getType().getElementType();
  if (elementOf(result).isInteger() && elementOf(result) != element)
    result = arith::TruncIOp::create(b, op.getLoc(), RankedTensorType::get(shapeOf(result), element), result);
  return reshaped(b, op.getLoc(), result, request.sizes);
}

void tiling::attachReduction(MLIRContext *context) { attach<graph::ReduceOp, emitReduce>(context); }
