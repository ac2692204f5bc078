// Norms and softmax: statistics of whole rows, then an element-wise formula. A row that fits is one tile and
// its statistics one reduction; a longer one, or one whose length is known only at run time, is walked in
// chunks and combined in order. Means and variances are two passes in f32, since a one-pass variance cancels.
#include "lib/Tiling/Model.h"
#include "lib/Tiling/RowStatistics.h"

#include <limits>

using namespace mlir;
using namespace girih;
using namespace girih::tiling;

namespace {
/// An op's request, and its statistics along one axis.
struct Row {
  graph::TilePull &pull;
  OpBuilder &b;
  Location loc;
  Value input;
  int64_t axis;
  TileRequest request;

  Row(Operation *op, Value input, int64_t axis, graph::TilePull &pull, TileRequest request)
      : pull(pull), b(pull.builder()), loc(op->getLoc()), input(input), axis(axis), request(request) {}

  FailureOr<Value> tile() { return pull.pull(input, request.offsets, request.sizes); }
  FailureOr<Value> statistic(tile::ReduceKind kind, function_ref<Value(Value)> term) {
    return rowStatistic(pull, loc, input, axis, request, kind, term);
  }
  Value along(Value statistic, Value tile) { return broadcastAlong(b, loc, statistic, axis, shapeOf(tile)); }
  Value divideByLength(Value sum) {
    Value length = lengthLike(pull, loc, pull.dim(input, axis), sum);
    return arith::DivFOp::create(b, loc, sum, length);
  }
};
} // namespace

static Value square(OpBuilder &b, Location loc, Value x) { return arith::MulFOp::create(b, loc, x, x); }

/// 1 / sqrt(x + epsilon).
static Value inverseRoot(OpBuilder &b, Location loc, Value x, double epsilon) {
  Value shifted = arith::AddFOp::create(b, loc, x, filledLike(b, loc, x, epsilon));
  return arith::DivFOp::create(b, loc, filledLike(b, loc, x, 1.0), math::SqrtOp::create(b, loc, shifted));
}

/// A `[H]` weight or bias beside the requested tile.
static FailureOr<Value> pullAlongRow(Row &row, Value vector, Value tile) {
  FailureOr<Value> part = row.pull.pull(vector, {row.request.offsets.back()}, {row.request.sizes.back()});
  if (failed(part))
    return failure();
  return broadcast(row.b, row.loc, *part, {static_cast<int64_t>(shapeOf(tile).size()) - 1}, shapeOf(tile));
}

static FailureOr<Value> emitLayerNorm(graph::LayerNormOp op, graph::TilePull &pull, TileRequest request) {
  Row row(op, op.getInput(), request.sizes.size() - 1, pull, request);
  OpBuilder &b = row.b;
  Location loc = row.loc;
  FailureOr<Value> sum = row.statistic(tile::ReduceKind::add, [](Value x) { return x; });
  if (failed(sum))
    return failure();
  Value mean = row.divideByLength(*sum);
  auto centre = [&](Value x) -> Value { return arith::SubFOp::create(b, loc, x, row.along(mean, x)); };
  FailureOr<Value> squares =
      row.statistic(tile::ReduceKind::add, [&](Value x) { return square(b, loc, centre(x)); });
  FailureOr<Value> x = row.tile();
  if (failed(squares) || failed(x))
    return failure();
  Value scale = inverseRoot(b, loc, row.divideByLength(*squares), op.getEpsilon().convertToDouble());
  Value unit = arith::MulFOp::create(b, loc, centre(*x), row.along(scale, *x));
  FailureOr<Value> weight = pullAlongRow(row, op.getWeight(), unit);
  if (failed(weight))
    return failure();
  Value scaled = arith::MulFOp::create(b, loc, unit, *weight);
  if (!op.getBias())
    return scaled;
  FailureOr<Value> bias = pullAlongRow(row, op.getBias(), unit);
  if (failed(bias))
    return failure();
  return arith::AddFOp::create(b, loc, scaled, *bias).getResult();
}

static FailureOr<Value> emitRMSNorm(graph::RMSNormOp op, graph::TilePull &pull, TileRequest request) {
  Row row(op, op.getInput(), request.sizes.size() - 1, pull, request);
  FailureOr<Value> squares =
      row.statistic(tile::ReduceKind::add, [&](Value x) { return square(row.b, row.loc, x); });
  FailureOr<Value> x = row.tile();
  if (failed(squares) || failed(x))
    return failure();
  Value scale = inverseRoot(row.b, row.loc, row.divideByLength(*squares), op.getEpsilon().convertToDouble());
  Value unit = arith::MulFOp::create(row.b, row.loc, *x, row.along(scale, *x));
  FailureOr<Value> weight = pullAlongRow(row, op.getWeight(), unit);
  if (failed(weight))
    return failure();
  Value factor = *weight;
  if (op.getUnitOffset())
    factor = arith::AddFOp::create(row.b, row.loc, filledLike(row.b, row.loc, factor, 1.0), factor);
  return arith::MulFOp::create(row.b, row.loc, unit, factor).getResult();
}

static FailureOr<Value> emitL2Normalize(graph::L2NormalizeOp op, graph::TilePull &pull, TileRequest request) {
  Row row(op, op.getInput(), request.sizes.size() - 1, pull, request);
  FailureOr<Value> squares =
      row.statistic(tile::ReduceKind::add, [&](Value x) { return square(row.b, row.loc, x); });
  FailureOr<Value> x = row.tile();
  if (failed(squares) || failed(x))
    return failure();
  Value norm = math::SqrtOp::create(row.b, row.loc, *squares);
  Value least = filledLike(row.b, row.loc, norm, op.getEpsilon().convertToDouble());
  Value bounded = arith::MaximumFOp::create(row.b, row.loc, norm, least);
  return arith::DivFOp::create(row.b, row.loc, *x, row.along(bounded, *x)).getResult();
}

static FailureOr<Value> emitSoftmax(graph::SoftmaxOp op, graph::TilePull &pull, TileRequest request) {
  int64_t axis = op.getAxis() < 0 ? op.getAxis() + request.sizes.size() : op.getAxis();
  Row row(op, op.getInput(), axis, pull, request);
  OpBuilder &b = row.b;
  FailureOr<Value> highest = row.statistic(tile::ReduceKind::max, [](Value x) { return x; });
  if (failed(highest))
    return failure();
  auto shifted = [&](Value x) -> Value {
    return math::ExpOp::create(b, row.loc, arith::SubFOp::create(b, row.loc, x, row.along(*highest, x)));
  };
  FailureOr<Value> sum = row.statistic(tile::ReduceKind::add, shifted);
  FailureOr<Value> x = row.tile();
  if (failed(sum) || failed(x))
    return failure();
  return arith::DivFOp::create(b, row.loc, shifted(*x), row.along(*sum, *x)).getResult();
}

void tiling::attachNormalization(MLIRContext *context) {
  attach<graph::LayerNormOp, emitLayerNorm>(context);
  attach<graph::RMSNormOp, emitRMSNorm>(context);
  attach<graph::L2NormalizeOp, emitL2Normalize>(context);
  attach<graph::SoftmaxOp, emitSoftmax>(context);
}
