// Choices along rows of logits, and their loss: each walks its row in chunks of fixed size, in order.
#include "lib/Tiling/Model.h"
#include "lib/Tiling/RowStatistics.h"

#include <limits>

using namespace mlir;
using namespace girih;
using namespace girih::tiling;

static constexpr double kLeast = -std::numeric_limits<double>::infinity();

namespace {
/// The rows of an op's input along its last dimension, at the request's place.
struct Rows {
  graph::TilePull &pull;
  Location loc;
  Value input;
  TileRequest request;
  OpBuilder &b = pull.builder();
  int64_t axis = request.sizes.size();

  /// Chunk by chunk: the elements, `standIn` past the row's end, and their places along it (i32).
  using Body = function_ref<FailureOr<SmallVector<Value>>(Value tile, Value places, ValueRange carried)>;
  FailureOr<SmallVector<Value>> walk(double standIn, ValueRange initial, Body body) {
    OpFoldResult end = pull.dim(input, axis);
    return forEach(pull, loc, ceilDivide(b, loc, end, kChunk), initial, [&](Value index, ValueRange carried) {
      SmallVector<OpFoldResult> offsets(request.offsets);
      SmallVector<int64_t> sizes(request.sizes);
      OpFoldResult start = multiply(b, loc, index, kChunk);
      offsets.push_back(start);
      sizes.push_back(kChunk);
      FailureOr<Value> tile = pull.pull(input, offsets, sizes);
      if (failed(tile))
        return FailureOr<SmallVector<Value>>(failure());
      Value inside = maskPast(pull, loc, *tile, axis, start, end, standIn);
      return body(inside, coordinates(b, loc, start, axis, sizes), carried);
    });
  }
  Value start(Type type, double value) { return filled(b, loc, request.sizes, type, value); }
  Value along(Value perRow, Value tile) { return broadcastAlong(b, loc, perRow, axis, shapeOf(tile)); }
  Value compare(arith::CmpFPredicate predicate, Value lhs, Value rhs) {
    return arith::CmpFOp::create(b, loc, predicate, lhs, rhs);
  }
};
} // namespace

//===- Argmax -------------------------------------------------------------------------------------===//

/// The first place in a chunk that holds its greatest element, NaN if there is one.
static Value firstPlaceOf(Rows &rows, Value greatest, Value tile, Value places) {
  Value wanted = rows.along(greatest, tile);
  // Equal, or not a number where the greatest is none.
  Value holds = rows.compare(arith::CmpFPredicate::UEQ, tile, wanted);
  Value isNumber = rows.compare(arith::CmpFPredicate::ORD, tile, tile), wantsNaN = rows.compare(arith::CmpFPredicate::UNO, wanted, wanted);
  Value odd = arith::AndIOp::create(rows.b, rows.loc, wantsNaN, isNumber);
  Value never = filledLike(rows.b, rows.loc, places, std::numeric_limits<int32_t>::max());
  Value place = select(rows.b, rows.loc, holds, select(rows.b, rows.loc, odd, never, places), never);
  return reduce(rows.b, rows.loc, tile::ReduceKind::min, place, rows.axis);
}

static FailureOr<Value> emitArgmax(graph::ArgmaxOp op, graph::TilePull &pull, TileRequest request) {
  Rows rows{pull, op.getLoc(), op.getInput(), request};
  OpBuilder &b = rows.b;
  Location loc = rows.loc;
  SmallVector<Value> initial{rows.start(b.getF32Type(), kLeast), rows.start(b.getI32Type(), 0)};
  auto end = rows.walk(kLeast, initial, [&](Value tile, Value places, ValueRange carried) {
    Value greatest = reduce(b, loc, tile::ReduceKind::max, tile, rows.axis);
    Value place = firstPlaceOf(rows, greatest, tile, places);
    // Greater, or the first NaN.
    Value better = arith::AndIOp::create(b, loc, rows.compare(arith::CmpFPredicate::UGT, greatest, carried[0]),
                                         rows.compare(arith::CmpFPredicate::ORD, carried[0], carried[0]));
    return FailureOr<SmallVector<Value>>(SmallVector<Value>{select(b, loc, better, greatest, carried[0]),
                                                            select(b, loc, better, place, carried[1])});
  });
  if (failed(end))
    return failure();
  return (*end)[1];
}

//===- Cross-entropy ------------------------------------------------------------------------------===//

static FailureOr<Value> emitCrossEntropy(graph::CrossEntropyOp op, graph::TilePull &pull, TileRequest request) {
  Rows rows{pull, op.getLoc(), op.getLogits(), request};
  OpBuilder &b = rows.b;
  Location loc = rows.loc;
  FailureOr<Value> labels = pull.pull(op.getLabels(), request.offsets, request.sizes);
  if (failed(labels))
    return failure();
  Value last = splatIndex(b, loc, add(b, loc, pull.dim(op.getLogits(), rows.axis), b.getIndexAttr(-1)), request.sizes);
  Value label = arith::MinSIOp::create(b, loc, *labels, last);
  auto highest = rows.walk(kLeast, {rows.start(b.getF32Type(), kLeast)}, [&](Value tile, Value, ValueRange carried) {
    Value most = reduce(b, loc, tile::ReduceKind::max, tile, rows.axis);
    return FailureOr<SmallVector<Value>>(
        SmallVector<Value>{arith::MaximumFOp::create(b, loc, carried[0], most)});
  });
  if (failed(highest))
    return failure();
  SmallVector<Value> none(2, rows.start(b.getF32Type(), 0.0));
  auto sums = rows.walk(kLeast, none, [&](Value tile, Value places, ValueRange carried) {
    Value shifted = arith::SubFOp::create(b, loc, tile, rows.along((*highest)[0], tile));
    Value total = reduce(b, loc, tile::ReduceKind::add, math::ExpOp::create(b, loc, shifted), rows.axis);
    Value isLabel = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, places, rows.along(label, places));
    // One element of the row is not zero: the sum is that element.
    Value own = select(b, loc, isLabel, shifted, filledLike(b, loc, shifted, 0.0));
    return FailureOr<SmallVector<Value>>(
        SmallVector<Value>{arith::AddFOp::create(b, loc, carried[0], total),
                           arith::AddFOp::create(b, loc, carried[1], reduce(b, loc, tile::ReduceKind::add, own, rows.axis))});
  });
  if (failed(sums))
    return failure();
  Value loss = arith::SubFOp::create(b, loc, math::LogOp::create(b, loc, (*sums)[0]), (*sums)[1]);
  Value counts = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, *labels, filledLike(b, loc, *labels, 0));
  return select(b, loc, counts, loss, filledLike(b, loc, loss, 0.0));
}

void tiling::attachSampling(MLIRContext *context) {
  attach<graph::ArgmaxOp, emitArgmax>(context);
  attach<graph::CrossEntropyOp, emitCrossEntropy>(context);
}
