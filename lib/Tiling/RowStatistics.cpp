// Reductions along one whole axis; see RowStatistics.h.
#include "lib/Tiling/RowStatistics.h"

#include <limits>

using namespace mlir;
using namespace girih;
using namespace girih::tiling;

bool tiling::fitsInTile(Value input, int64_t axis) {
  int64_t size = cast<RankedTensorType>(input.getType()).getDimSize(axis);
  return !ShapedType::isDynamic(size) && size <= kLongestRow;
}

double tiling::neutral(tile::ReduceKind kind, Type element) {
  bool real = isa<FloatType>(element);
  switch (kind) {
  case tile::ReduceKind::add:
    return 0.0;
  case tile::ReduceKind::max:
    return real ? -std::numeric_limits<double>::infinity() : std::numeric_limits<int32_t>::min();
  case tile::ReduceKind::min:
    return real ? std::numeric_limits<double>::infinity() : std::numeric_limits<int32_t>::max();
  }
  llvm_unreachable("every kind has a neutral element");
}

Value tiling::combine(OpBuilder &b, Location loc, tile::ReduceKind kind, Value lhs, Value rhs) {
  bool real = isa<FloatType>(elementOf(lhs));
  switch (kind) {
  case tile::ReduceKind::add:
    return real ? Value(arith::AddFOp::create(b, loc, lhs, rhs))
                : Value(arith::AddIOp::create(b, loc, lhs, rhs));
  case tile::ReduceKind::max:
    return real ? Value(arith::MaximumFOp::create(b, loc, lhs, rhs))
                : Value(arith::MaxSIOp::create(b, loc, lhs, rhs));
  case tile::ReduceKind::min:
    return real ? Value(arith::MinimumFOp::create(b, loc, lhs, rhs))
                : Value(arith::MinSIOp::create(b, loc, lhs, rhs));
  }
  llvm_unreachable("every kind combines");
}

Value tiling::maskPast(graph::TilePull &pull, Location loc, Value tile, int64_t dim, OpFoldResult offset,
                       OpFoldResult end, double standIn) {
  OpBuilder &b = pull.builder();
  int64_t size = shapeOf(tile)[dim];
  Value place = coordinates(b, loc, offset, 0, {size});
  Value inside =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, place, splatIndex(b, loc, end, {size}));
  return select(b, loc, broadcast(b, loc, inside, {dim}, shapeOf(tile)), tile,
                filledLike(b, loc, tile, standIn));
}

Value tiling::lengthLike(graph::TilePull &pull, Location loc, OpFoldResult size, Value tile) {
  OpBuilder &b = pull.builder();
  if (std::optional<int64_t> known = getConstantIntValue(size))
    return filledLike(b, loc, tile, *known);
  Value count = splatIndex(b, loc, size, shapeOf(tile));
  return arith::SIToFPOp::create(b, loc, tile.getType(), count);
}

static SmallVector<int64_t> without(ArrayRef<int64_t> shape, int64_t axis) {
  SmallVector<int64_t> rest(shape);
  rest.erase(rest.begin() + axis);
  return rest;
}

/// One chunk's contribution: `size` elements of the axis from `offset` on.
static FailureOr<Value> chunk(graph::TilePull &pull, Location loc, Value input, int64_t axis,
                              TileRequest request, OpFoldResult offset, int64_t size, tile::ReduceKind kind,
                              function_ref<Value(Value)> term) {
  SmallVector<OpFoldResult> offsets(request.offsets);
  SmallVector<int64_t> sizes(request.sizes);
  offsets[axis] = offset;
  sizes[axis] = size;
  FailureOr<Value> tile = pull.pull(input, offsets, sizes);
  if (failed(tile))
    return failure();
  Value values = term(*tile);
  OpFoldResult end = pull.dim(input, axis);
  bool whole = isZero(offset) && getConstantIntValue(end) == size;
  if (!whole)
    values = maskPast(pull, loc, values, axis, offset, end, neutral(kind, elementOf(values)));
  return reduce(pull.builder(), loc, kind, values, axis);
}

FailureOr<Value> tiling::rowStatistic(graph::TilePull &pull, Location loc, Value input, int64_t axis,
                                      TileRequest request, tile::ReduceKind kind,
                                      function_ref<Value(Value)> term) {
  OpBuilder &b = pull.builder();
  auto type = cast<RankedTensorType>(input.getType());
  if (fitsInTile(input, axis))
    return chunk(pull, loc, input, axis, request, zero(b), type.getDimSize(axis), kind, term);
  Type element = isa<FloatType>(type.getElementType()) ? b.getF32Type() : type.getElementType();
  Value start = filled(b, loc, without(request.sizes, axis), element, neutral(kind, element));
  OpFoldResult count = ceilDivide(b, loc, pull.dim(input, axis), kChunk);
  FailureOr<SmallVector<Value>> end =
      forEach(pull, loc, count, start, [&](Value index, ValueRange carried) -> FailureOr<SmallVector<Value>> {
        FailureOr<Value> part =
            chunk(pull, loc, input, axis, request, multiply(b, loc, index, kChunk), kChunk, kind, term);
        if (failed(part))
          return failure();
        return SmallVector<Value>{combine(b, loc, kind, carried[0], *part)};
      });
  if (failed(end))
    return failure();
  return (*end)[0];
}
