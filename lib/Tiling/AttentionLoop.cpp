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

/// Each key head's rows times its own columns of `side`, the keys or the values.
Value AttentionLoop::dot(Value rows, Value side, Value accumulator, bool transposed) {
  if (heads == 1)
    return tile::DotOp::create(b, loc, accumulator.getType(), rows, side, accumulator, transposed);
  int64_t height = shapeOf(rows)[0] / heads, width = shapeOf(side)[1] / heads;
  SmallVector<Value> results;
  for (int64_t head = 0; head != heads; ++head) {
    auto own = [&](Value tile) { return part(b, loc, tile, 0, head * height, height); };
    Value into = own(accumulator);
    results.push_back(tile::DotOp::create(b, loc, into.getType(), own(rows),
                                          part(b, loc, side, 1, head * width, width), into, transposed));
  }
  return tile::ConcatOp::create(b, loc, results, 0);
}

/// scale * q k^T, capped, + bias: [rows, keys].
FailureOr<Value> AttentionLoop::scoreTile(Value query, OpFoldResult key) {
  FailureOr<Value> tile = keyTile(key), bias = biasTile(key);
  if (failed(tile) || failed(bias))
    return failure();
  Value none = filled(b, loc, {rows, keys}, b.getF32Type(), 0.0);
  Value product = dot(query, operand(*tile), none, /*transposed=*/true);
  Value score = capped(scalesQuery() ? product : scaled(product));
  return *bias ? Value(arith::AddFOp::create(b, loc, score, *bias)) : score;
}

/// What stands in for a maximum of -inf, which would give -inf - -inf.
static Value finite(OpBuilder &b, Location loc, Value maximum) {
  Value unseen =
      arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, maximum, filledLike(b, loc, maximum, kNever));
  return select(b, loc, unseen, filledLike(b, loc, maximum, 0.0), maximum);
}

static Value along(OpBuilder &b, Location loc, Value rows, Value tile) {
  return broadcastAlong(b, loc, rows, 1, shapeOf(tile));
}

SoftmaxTiles SoftmaxTiles::none(OpBuilder &b, Location loc, int64_t rows, int64_t valueSize) {
  Type f32 = b.getF32Type();
  return SoftmaxTiles(ValueRange{filled(b, loc, {rows}, f32, kNever), filled(b, loc, {rows}, f32, 0.0),
                                 filled(b, loc, {rows, valueSize}, f32, 0.0)});
}

/// A part without keys leaves every bit as it is, which adding 0 would not do to -0.
SoftmaxTiles tiling::merged(OpBuilder &b, Location loc, SoftmaxTiles all, SoftmaxTiles part) {
  Value highest = arith::MaximumFOp::create(b, loc, all.maximum, part.maximum),
        base = finite(b, loc, highest);
  auto weight = [&](Value maximum) -> Value {
    return math::ExpOp::create(b, loc, arith::SubFOp::create(b, loc, maximum, base));
  };
  Value ours = weight(all.maximum), theirs = weight(part.maximum);
  auto sumOf = [&](Value x, Value y, Value xWeight, Value yWeight) -> Value {
    return arith::AddFOp::create(b, loc, arith::MulFOp::create(b, loc, x, xWeight),
                                 arith::MulFOp::create(b, loc, y, yWeight));
  };
  Value sum = sumOf(all.sum, part.sum, ours, theirs);
  Value weighted = sumOf(all.weighted, part.weighted, along(b, loc, ours, all.weighted),
                         along(b, loc, theirs, all.weighted));
  Value isEmpty = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, part.maximum,
                                        filledLike(b, loc, part.maximum, kNever));
  return SoftmaxTiles(
      ValueRange{highest, sum, select(b, loc, along(b, loc, isEmpty, weighted), all.weighted, weighted)});
}

Value tiling::divided(OpBuilder &b, Location loc, SoftmaxTiles all) {
  Value none = filledLike(b, loc, all.sum, 0.0);
  Value empty = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, all.sum, none);
  Value inverse =
      select(b, loc, empty, none, arith::DivFOp::create(b, loc, filledLike(b, loc, all.sum, 1.0), all.sum));
  return arith::MulFOp::create(b, loc, all.weighted, along(b, loc, inverse, all.weighted));
}

/// Adds one block of keys.
FailureOr<SoftmaxTiles> AttentionLoop::step(Value query, OpFoldResult key, SoftmaxTiles carried) {
  FailureOr<Value> raw = scoreTile(query, key), seen = visible(key), values = valueTile(key);
  if (failed(raw) || failed(seen) || failed(values))
    return failure();
  Value score = select(b, loc, *seen, *raw, filledLike(b, loc, *raw, kNever));
  Value highest =
      arith::MaximumFOp::create(b, loc, carried.maximum, reduce(b, loc, tile::ReduceKind::max, score, 1));
  Value base = finite(b, loc, highest);
  Value shrink = math::ExpOp::create(b, loc, arith::SubFOp::create(b, loc, carried.maximum, base));
  Value weight =
      math::ExpOp::create(b, loc, arith::SubFOp::create(b, loc, score, along(b, loc, base, score)));
  Value total = arith::AddFOp::create(b, loc, arith::MulFOp::create(b, loc, carried.sum, shrink),
                                      reduce(b, loc, tile::ReduceKind::add, weight, 1));
  Value kept = arith::MulFOp::create(b, loc, carried.weighted, along(b, loc, shrink, carried.weighted));
  Value weighted = dot(operand(weight), operand(*values), kept, /*transposed=*/false);
  return SoftmaxTiles(ValueRange{highest, total, weighted});
}

FailureOr<Value> AttentionLoop::query() {
  FailureOr<Value> tile = queryTile();
  if (failed(tile))
    return failure();
  return scalesQuery() ? scaled(widen(b, loc, *tile)) : operand(*tile);
}

/// Part p has the blocks p, p + parts, ..; its first of those from block `first` on.
Value AttentionLoop::firstBlockOf(OpFoldResult part, OpFoldResult first) {
  if (isZero(first))
    return toIndex(b, loc, part);
  Value count = toIndex(b, loc, b.getIndexAttr(parts));
  Value behind =
      arith::SubIOp::create(b, loc, count, arith::RemUIOp::create(b, loc, toIndex(b, loc, first), count));
  Value ahead =
      arith::RemUIOp::create(b, loc, toIndex(b, loc, add(b, loc, part, OpFoldResult(behind))), count);
  return toIndex(b, loc, add(b, loc, first, OpFoldResult(ahead)));
}

/// One part's blocks, before block `end`.
FailureOr<SoftmaxTiles> AttentionLoop::walk(Value query, Value firstOfPart, Value end) {
  Value left = arith::MaxSIOp::create(b, loc, arith::SubIOp::create(b, loc, end, firstOfPart),
                                      toIndex(b, loc, zero(b)));
  SoftmaxTiles start = SoftmaxTiles::none(b, loc, rows, valueSize);
  FailureOr<SmallVector<Value>> last =
      forEach(pull, loc, ceilDivide(b, loc, left, parts), start.tiles(),
              [&](Value number, ValueRange carried) -> FailureOr<SmallVector<Value>> {
                OpFoldResult block = add(b, loc, firstOfPart, multiply(b, loc, number, parts));
                FailureOr<SoftmaxTiles> next =
                    step(query, multiply(b, loc, block, keys), SoftmaxTiles(carried));
                if (failed(next))
                  return failure();
                return next->tiles();
              });
  if (failed(last))
    return failure();
  return SoftmaxTiles(*last);
}

/// All parts' blocks, before block `end`, one part after another.
FailureOr<SoftmaxTiles> AttentionLoop::walkParts(Value query, Value end) {
  OpFoldResult first = firstBlock();
  if (parts == 1)
    return walk(query, toIndex(b, loc, first), end);
  Value count = toIndex(b, loc, b.getIndexAttr(parts));
  if (isZero(first))
    count = arith::MinSIOp::create(b, loc, end, count);
  SoftmaxTiles none = SoftmaxTiles::none(b, loc, rows, valueSize);
  FailureOr<SmallVector<Value>> all = forEach(
      pull, loc, count, none.tiles(), [&](Value part, ValueRange carried) -> FailureOr<SmallVector<Value>> {
        FailureOr<SoftmaxTiles> next = walk(query, firstBlockOf(part, first), end);
        if (failed(next))
          return failure();
        return merged(b, loc, SoftmaxTiles(carried), *next).tiles();
      });
  if (failed(all))
    return failure();
  return SoftmaxTiles(*all);
}

FailureOr<Value> AttentionLoop::emit() {
  FailureOr<Value> tile = query();
  FailureOr<OpFoldResult> end = endBlock();
  if (failed(tile) || failed(end))
    return failure();
  FailureOr<SoftmaxTiles> whole = walkParts(*tile, toIndex(b, loc, *end));
  if (failed(whole))
    return failure();
  maximum = whole->maximum, sum = whole->sum;
  return divided(b, loc, *whole);
}

FailureOr<SoftmaxTiles> AttentionLoop::emitPart(Value part) {
  FailureOr<OpFoldResult> end = endBlock();
  if (failed(end))
    return failure();
  Value first = firstBlockOf(part, firstBlock()), last = toIndex(b, loc, *end);
  SoftmaxTiles none = SoftmaxTiles::none(b, loc, rows, valueSize);
  Value hasKeys = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, first, last);
  auto branch =
      scf::IfOp::create(b, loc, TypeRange(ValueRange(none.tiles())), hasKeys, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, loc, none.tiles());
  b.setInsertionPointToStart(branch.thenBlock());
  FailureOr<Value> tile = query();
  if (failed(tile))
    return failure();
  FailureOr<SoftmaxTiles> tiles = walk(*tile, first, last);
  if (failed(tiles))
    return failure();
  scf::YieldOp::create(b, loc, tiles->tiles());
  return SoftmaxTiles(branch.getResults());
}

Value AttentionLoop::logSumExp() {
  return arith::AddFOp::create(b, loc, maximum, math::LogOp::create(b, loc, sum));
}
