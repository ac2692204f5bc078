// Between floats and small integers. A number that holds for all rows is worked into those of the channels,
// once for a block.
#include "lib/Tiling/Model.h"
#include "lib/Tiling/RowStatistics.h"

using namespace mlir;
using namespace girih;
using namespace girih::tiling;

namespace {
/// f32 arithmetic on tiles of one shape.
struct Arithmetic {
  OpBuilder &b;
  Location loc;
  Value add(Value x, Value y) { return arith::AddFOp::create(b, loc, x, y); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, loc, x, y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, loc, x, y); }
  Value mul(Value x, double y) { return mul(x, filledLike(b, loc, x, y)); }
  Value max(Value x, Value y) { return arith::MaximumFOp::create(b, loc, x, y); }
  Value reciprocal(Value x) { return arith::DivFOp::create(b, loc, filledLike(b, loc, x, 1.0), x); }
  Value quantize(Value x) {
    return tile::QuantizeOp::create(b, loc, RankedTensorType::get(shapeOf(x), b.getI8Type()), x);
  }
};
} // namespace

/// One number for the whole tensor.
static FailureOr<Value> pullNumber(Value number, graph::TilePull &pull) {
  return pull.pull(number, {zero(pull.builder())}, {1});
}

static FailureOr<Value> emitQuantize(graph::QuantizeOp op, graph::TilePull &pull, TileRequest request) {
  Arithmetic a{pull.builder(), op.getLoc()};
  FailureOr<Value> x = pull.pull(op.getInput(), request.offsets, request.sizes);
  FailureOr<Value> scale = pullNumber(op.getScale(), pull), center = pullNumber(op.getCenter(), pull);
  if (failed(x) || failed(scale) || failed(center))
    return failure();
  Value units = a.reciprocal(*scale), shift = a.mul(*center, units);
  auto everywhere = [&](Value number) {
    Value corner = reshaped(a.b, a.loc, number, SmallVector<int64_t>(request.sizes.size(), 1));
    SmallVector<int64_t> dims = llvm::to_vector(llvm::seq<int64_t>(0, request.sizes.size()));
    return broadcast(a.b, a.loc, corner, dims, request.sizes);
  };
  return a.quantize(a.sub(a.mul(*x, everywhere(units)), everywhere(shift)));
}

/// The greatest and the least of each row give both of its numbers.
static FailureOr<Value> emitQuantizeRows(graph::QuantizeRowsOp op, graph::TilePull &pull,
                                         TileRequest request) {
  Arithmetic a{pull.builder(), op.getLoc()};
  int64_t axis = request.sizes.size() - 1;
  SmallVector<int64_t> sizes(request.sizes);
  if (request.result != 0)
    sizes.back() = op.getInput().getType().getDimSize(axis);
  auto statistic = [&](tile::ReduceKind kind) {
    return rowStatistic(pull, a.loc, op.getInput(), axis, {0, request.offsets, sizes}, kind,
                        [](Value x) { return x; });
  };
  FailureOr<Value> greatest = statistic(tile::ReduceKind::max), least = statistic(tile::ReduceKind::min);
  if (failed(greatest) || failed(least))
    return failure();
  Value center = a.mul(a.add(*greatest, *least), 0.5);
  Value reach = a.max(a.sub(*greatest, center), a.sub(center, *least));
  Value scale = a.mul(a.max(reach, filledLike(a.b, a.loc, reach, 0x1p-100)), 1.0 / 127);
  if (request.result != 0)
    return reshaped(a.b, a.loc, request.result == 1 ? scale : center, request.sizes);
  FailureOr<Value> x = pull.pull(op.getInput(), request.offsets, request.sizes);
  if (failed(x))
    return failure();
  auto along = [&](Value number) { return broadcastAlong(a.b, a.loc, number, axis, request.sizes); };
  return a.quantize(a.mul(a.sub(*x, along(center)), along(a.reciprocal(scale))));
}

namespace {
/// The channels' numbers that a block of sums needs.
struct Channels {
  Value scales, sums, bias; // the last null if there is none
};
} // namespace

static FailureOr<Channels> pullChannels(graph::DequantizeOp op, graph::TilePull &pull, TileRequest request) {
  auto part = [&](Value channels) {
    return pull.pull(channels, {request.offsets.back()}, {request.sizes.back()});
  };
  FailureOr<Value> scales = part(op.getWeightScales()), sums = part(op.getWeightSums());
  if (failed(scales) || failed(sums))
    return failure();
  Channels channels{*scales, *sums, Value()};
  if (!op.getBias())
    return channels;
  FailureOr<Value> bias = part(op.getBias());
  if (failed(bias))
    return failure();
  channels.bias = *bias;
  return channels;
}

static FailureOr<Value> emitDequantize(graph::DequantizeOp op, graph::TilePull &pull, TileRequest request) {
  Arithmetic a{pull.builder(), op.getLoc()};
  FailureOr<Value> sums = pull.pull(op.getSums(), request.offsets, request.sizes);
  FailureOr<Channels> channels = pullChannels(op, pull, request);
  if (failed(sums) || failed(channels))
    return failure();
  auto wide = RankedTensorType::get(request.sizes, a.b.getF32Type());
  Value y = arith::SIToFPOp::create(a.b, a.loc, wide, *sums);
  int64_t last = request.sizes.size() - 1;
  auto ofChannel = [&](Value numbers) { return broadcast(a.b, a.loc, numbers, {last}, request.sizes); };
  if (op.getScale().getType().getRank() == 1 && op.getCenter().getType().getRank() == 1 && last > 0) {
    FailureOr<Value> scale = pullNumber(op.getScale(), pull), center = pullNumber(op.getCenter(), pull);
    if (failed(scale) || failed(center))
      return failure();
    auto repeated = [&](Value number) {
      return broadcast(a.b, a.loc, number, {0}, shapeOf(channels->scales));
    };
    Value shift = a.mul(a.mul(channels->sums, repeated(*center)), channels->scales);
    if (channels->bias)
      shift = a.add(shift, channels->bias);
    return a.add(a.mul(y, ofChannel(a.mul(channels->scales, repeated(*scale)))), ofChannel(shift));
  }
  RankedTensorType type = op.getResult().getType();
  FailureOr<Value> scale = pullBroadcast(op.getScale(), pull, a.loc, type, request),
                   center = pullBroadcast(op.getCenter(), pull, a.loc, type, request);
  if (failed(scale) || failed(center))
    return failure();
  y = a.add(a.mul(y, *scale), a.mul(ofChannel(channels->sums), *center));
  y = a.mul(y, ofChannel(channels->scales));
  return channels->bias ? a.add(y, ofChannel(channels->bias)) : y;
}

void tiling::attachQuantization(MLIRContext *context) {
  attach<graph::QuantizeOp, emitQuantize>(context);
  attach<graph::QuantizeRowsOp, emitQuantizeRows>(context);
  attach<graph::DequantizeOp, emitDequantize>(context);
}
