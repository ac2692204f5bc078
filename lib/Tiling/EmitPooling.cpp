// Pooling of a sequence to one vector: a loop over blocks of tokens, of which those that the mask leaves
// count.
#include "lib/Tiling/Model.h"
#include "lib/Tiling/RowStatistics.h"

using namespace mlir;
using namespace girih;
using namespace girih::tiling;

namespace {
/// One sequence's columns being pooled.
struct Pooling {
  graph::PoolOp op;
  graph::TilePull &pull;
  TileRequest request;
  OpBuilder &b = pull.builder();
  Location loc = op.getLoc();
  int64_t width = request.sizes[1];

  OpFoldResult blocks() { return ceilDivide(b, loc, pull.dim(op.getInput(), 1), kTokens); }
  FailureOr<Value> row(OpFoldResult token);
  FailureOr<Value> counts(OpFoldResult token);
  FailureOr<Value> combineAll(tile::ReduceKind kind, bool mean);
  FailureOr<Value> last();
};
} // namespace

FailureOr<Value> Pooling::row(OpFoldResult token) {
  FailureOr<Value> tile =
      pull.pull(op.getInput(), {request.offsets[0], token, request.offsets[1]}, {1, 1, width});
  if (failed(tile))
    return failure();
  return reshaped(b, loc, *tile, {width});
}

/// Which tokens of the block from `token` on count; a read past the mask's end gives 0, so those never do.
FailureOr<Value> Pooling::counts(OpFoldResult token) {
  FailureOr<Value> mask = pull.pull(op.getMask(), {request.offsets[0], token}, {1, kTokens});
  if (failed(mask))
    return failure();
  return differs(b, loc, *mask, 0);
}

/// Sum, mean or maximum of the tokens that count; 0 if none does.
FailureOr<Value> Pooling::combineAll(tile::ReduceKind kind, bool mean) {
  Type f32 = b.getF32Type();
  SmallVector<Value> start{filled(b, loc, {width}, f32, neutral(kind, f32)), filled(b, loc, {1}, f32, 0.0)};
  FailureOr<SmallVector<Value>> end = forEach(
      pull, loc, blocks(), start, [&](Value block, ValueRange carried) -> FailureOr<SmallVector<Value>> {
        OpFoldResult token = multiply(b, loc, block, kTokens);
        FailureOr<Value> counted = counts(token);
        FailureOr<Value> tile =
            pull.pull(op.getInput(), {request.offsets[0], token, request.offsets[1]}, {1, kTokens, width});
        if (failed(counted) || failed(tile))
          return failure();
        Value rows = reshaped(b, loc, *tile, {kTokens, width});
        Value keep = broadcast(b, loc, reshaped(b, loc, *counted, {kTokens}), {0}, shapeOf(rows));
        Value kept = select(b, loc, keep, rows, filledLike(b, loc, rows, neutral(kind, f32)));
        Value part = reduce(b, loc, kind, kept, 0);
        Value ones = arith::UIToFPOp::create(b, loc, RankedTensorType::get({1, kTokens}, f32), *counted);
        Value more = reduce(b, loc, tile::ReduceKind::add, ones, 1);
        return SmallVector<Value>{combine(b, loc, kind, carried[0], part),
                                  arith::AddFOp::create(b, loc, carried[1], more)};
      });
  if (failed(end))
    return failure();
  Value total = (*end)[0], count = broadcast(b, loc, (*end)[1], {0}, {width});
  Value none = filledLike(b, loc, total, 0.0);
  Value value = mean ? Value(arith::DivFOp::create(b, loc, total, count)) : total;
  Value empty = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, count, none);
  return select(b, loc, empty, none, value);
}

/// The row of the last token that counts; 0 if none does.
FailureOr<Value> Pooling::last() {
  Value start = filled(b, loc, {1}, b.getI32Type(), -1);
  FailureOr<SmallVector<Value>> end = forEach(
      pull, loc, blocks(), start, [&](Value block, ValueRange carried) -> FailureOr<SmallVector<Value>> {
        OpFoldResult token = multiply(b, loc, block, kTokens);
        FailureOr<Value> counted = counts(token);
        if (failed(counted))
          return failure();
        Value place = coordinates(b, loc, token, 1, {1, kTokens});
        Value seen = select(b, loc, *counted, place, filledLike(b, loc, place, -1));
        Value latest = reduce(b, loc, tile::ReduceKind::max, seen, 1);
        return SmallVector<Value>{arith::MaxSIOp::create(b, loc, carried[0], latest)};
      });
  if (failed(end))
    return failure();
  Value latest = (*end)[0];
  Value number = tensor::ExtractOp::create(b, loc, reshaped(b, loc, latest, {}), ValueRange{});
  Value index = arith::IndexCastOp::create(b, loc, b.getIndexType(), number);
  Value token = arith::MaxSIOp::create(b, loc, index, toIndex(b, loc, zero(b)));
  FailureOr<Value> tile = row(token);
  if (failed(tile))
    return failure();
  Value all = broadcast(b, loc, latest, {0}, {width});
  Value empty = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, all, filledLike(b, loc, all, 0));
  return select(b, loc, empty, filledLike(b, loc, *tile, 0.0), *tile);
}

static FailureOr<Value> emitPool(graph::PoolOp op, graph::TilePull &pull, TileRequest request) {
  if (request.sizes[0] != 1)
    return op.emitOpError(
        "expected to be asked for one sequence at a time; keep what reads it in a kernel of its own");
  Pooling pooling{op, pull, request};
  FailureOr<Value> pooled = failure();
  switch (op.getKind()) {
  case graph::PoolKind::Cls:
    pooled = pooling.row(zero(pull.builder()));
    break;
  case graph::PoolKind::Last:
    pooled = pooling.last();
    break;
  case graph::PoolKind::Mean:
    pooled = pooling.combineAll(tile::ReduceKind::add, /*mean=*/true);
    break;
  case graph::PoolKind::Max:
    pooled = pooling.combineAll(tile::ReduceKind::max, /*mean=*/false);
    break;
  }
  if (failed(pooled))
    return failure();
  return reshaped(pull.builder(), op.getLoc(), *pooled, request.sizes);
}

void tiling::attachPooling(MLIRContext *context) { attach<graph::PoolOp, emitPool>(context); }
