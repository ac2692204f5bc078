// Emits the loop over keys; see AttentionLoop.h.
#include "lib/Tiling/AttentionLoop.h"

#include <limits>

using namespace mlir;
using namespace girih;
using namespace girih::tiling;

static constexpr double kNever = -std::numeric_limits<double>::infinity();

OpFoldResult tiling::keyHeadOf(OpBuilder &b, Location loc, OpFoldResult head, int64_t group) {
  if (group == 1)
    return head;
  if (std::optional<int64_t> known = getConstantIntValue(head))
    return b.getIndexAttr(*known / group);
  return arith::DivUIOp::create(b, loc, toIndex(b, loc, head), toIndex(b, loc, b.getIndexAttr(group))).getResult();
}

Value tiling::causalMask(OpBuilder &b, Location loc, Value places, OpFoldResult key, int64_t keys,
                         std::optional<int64_t> window) {
  SmallVector<int64_t> shape{shapeOf(places)[0], keys};
  Value own = broadcastAlong(b, loc, places, 1, shape), theirs = coordinates(b, loc, key, 1, shape);
  Value past = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sle, theirs, own);
  if (!window)
    return past;
  Value distance = arith::SubIOp::create(b, loc, own, theirs);
  int64_t bound = std::min<int64_t>(*window, std::numeric_limits<int32_t>::max());
  Value near = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, distance, filledLike(b, loc, distance, bound));
  return arith::AndIOp::create(b, loc, past, near);
}

Value AttentionLoop::operand(Value tile) {
  Value rounded = inFloat(b, loc, tile, scores.compute);
  return scores.compute.isBF16() ? rounded : widen(b, loc, rounded);
}

Value AttentionLoop::scaled(Value tile) {
  return arith::MulFOp::create(b, loc, tile, filledLike(b, loc, tile, scores.scale));
}

/// c * tanh(x / c).
Value AttentionLoop::capped(Value tile) {
  if (!scores.softcap)
    return tile;
  Value cap = filledLike(b, loc, tile, *scores.softcap);
  return arith::MulFOp::create(b, loc, math::TanhOp::create(b, loc, arith::DivFOp::create(b, loc, tile, cap)), cap);
}

/// scale * q k^T, capped, + bias: [rows, keys].
FailureOr<Value> AttentionLoop::scoreTile(Value query, OpFoldResult key) {
  FailureOr<Value> tile = keyTile(key), bias = biasTile(key);
  if (failed(tile) || failed(bias))
    return failure();
  Value none = filled(b, loc, {rows, keys}, b.getF32Type(), 0.0);
  Value dot = tile::DotOp::create(b, loc, none.getType(), query, operand(*tile), none, /*transpose_b=*/true);
  Value score = capped(scalesQuery() ? dot : scaled(dot));
  return *bias ? Value(arith::AddFOp::create(b, loc, score, *bias)) : score;
}

/// Merges one block of keys into (maximum, sum, weighted values). While a row has seen no key its maximum is -inf, which would
/// give -inf - -inf; 0 stands in for it then.
FailureOr<SmallVector<Value>> AttentionLoop::step(Value query, OpFoldResult key, ValueRange carried) {
  FailureOr<Value> raw = scoreTile(query, key), seen = visible(key), values = valueTile(key);
  if (failed(raw) || failed(seen) || failed(values))
    return failure();
  Value score = select(b, loc, *seen, *raw, filledLike(b, loc, *raw, kNever));
  Value highest = arith::MaximumFOp::create(b, loc, carried[0], reduce(b, loc, tile::ReduceKind::max, score, 1));
  Value unseen =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, highest, filledLike(b, loc, highest, kNever));
  Value base = select(b, loc, unseen, filledLike(b, loc, highest, 0.0), highest);
  Value shrink = math::ExpOp::create(b, loc, arith::SubFOp::create(b, loc, carried[0], base));
  Value weight = math::ExpOp::create(
      b, loc, arith::SubFOp::create(b, loc, score, broadcastAlong(b, loc, base, 1, shapeOf(score))));
  Value total = arith::AddFOp::create(b, loc, arith::MulFOp::create(b, loc, carried[1], shrink),
                                      reduce(b, loc, tile::ReduceKind::add, weight, 1));
  Value kept =
      arith::MulFOp::create(b, loc, carried[2], broadcastAlong(b, loc, shrink, 1, shapeOf(carried[2])));
  Value merged =
      tile::DotOp::create(b, loc, kept.getType(), operand(weight), operand(*values), kept, /*transpose_b=*/false);
  return SmallVector<Value>{highest, total, merged};
}

FailureOr<Value> AttentionLoop::emit() {
  FailureOr<Value> whole = queryTile();
  FailureOr<OpFoldResult> end = endBlock();
  if (failed(whole) || failed(end))
    return failure();
  Value query = scalesQuery() ? scaled(widen(b, loc, *whole)) : operand(*whole);
  Type f32 = b.getF32Type();
  SmallVector<Value> start{filled(b, loc, {rows}, f32, kNever), filled(b, loc, {rows}, f32, 0.0),
                           filled(b, loc, {rows, valueSize}, f32, 0.0)};
  OpFoldResult first = firstBlock(), count = *end;
  if (!isZero(first))
    count = arith::SubIOp::create(b, loc, toIndex(b, loc, *end), toIndex(b, loc, first)).getResult();
  FailureOr<SmallVector<Value>> last = forEach(pull, loc, count, start, [&](Value block, ValueRange carried) {
    return step(query, multiply(b, loc, add(b, loc, OpFoldResult(block), first), keys), carried);
  });
  if (failed(last))
    return failure();
  maximum = (*last)[0], sum = (*last)[1];
  Value none = filledLike(b, loc, sum, 0.0);
  Value empty = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, sum, none);
  Value inverse =
      select(b, loc, empty, none, arith::DivFOp::create(b, loc, filledLike(b, loc, sum, 1.0), sum));
  Value merged = (*last)[2];
  return arith::MulFOp::create(b, loc, merged, broadcastAlong(b, loc, inverse, 1, shapeOf(merged))).getResult();
}

Value AttentionLoop::logSumExp() {
  return arith::AddFOp::create(b, loc, maximum, math::LogOp::create(b, loc, sum));
}
