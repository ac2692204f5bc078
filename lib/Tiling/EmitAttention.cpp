// Attention for one block of queries of one head: a loop over fixed blocks of keys that carries each query's
// running maximum, sum and weighted values. The scores of a block are all that ever exists of the
// sequence-by-sequence matrix. A block of keys lies at a multiple of its size whatever the queries, so
// results do not depend on how the queries were cut.
#include "girih/Target.h"
#include "lib/Tiling/Model.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace girih;
using namespace girih::tiling;
using graph::AttentionOp;

namespace {
constexpr double kNever = -std::numeric_limits<double>::infinity();

/// One block of queries under way. Names follow the op: b batch, i query, h head, g key head, t keys.
class AttentionTile {
public:
  AttentionTile(AttentionOp op, graph::TilePull &pull, OpFoldResult batch, OpFoldResult query,
                OpFoldResult head, int64_t queries)
      : op(op), pull(pull), b(pull.builder()), loc(op.getLoc()), batch(batch), query(query), head(head),
        queries(queries) {
    headSize = op.getQuery().getType().getDimSize(3);
    valueSize = op.getValue().getType().getDimSize(3);
    keys = pull.cost().attention(headSize, op.getComputeType()).keys;
  }

  FailureOr<Value> emit();
  /// After emit: maximum + log(sum), per query.
  Value logSumExp();

private:
  Value operand(Value tile) {
    Type compute = op.getComputeType();
    Value rounded = inFloat(b, loc, tile, compute);
    return compute.isBF16() ? rounded : widen(b, loc, rounded);
  }
  /// In f32 the query is scaled once instead of every score; in a narrow type that would round it again.
  bool scalesQuery() { return op.getComputeType().isF32(); }
  Value scaled(Value tile) {
    return arith::MulFOp::create(b, loc, tile, filledLike(b, loc, tile, op.getScale().convertToDouble()));
  }
  OpFoldResult keyHead();
  OpFoldResult keyBlocks();
  OpFoldResult lastVisible();
  FailureOr<Value> scores(Value queryTile, OpFoldResult key);
  FailureOr<Value> addBias(Value scores, OpFoldResult key);
  FailureOr<Value> attended(OpFoldResult key);
  FailureOr<SmallVector<Value>> step(Value queryTile, OpFoldResult key, ValueRange carried);

  AttentionOp op;
  graph::TilePull &pull;
  OpBuilder &b;
  Location loc;
  OpFoldResult batch, query, head;
  int64_t queries, keys, headSize, valueSize;
  Value maximum, sum;
};
} // namespace

/// The key head that this query head shares: h / (heads / key heads).
OpFoldResult AttentionTile::keyHead() {
  int64_t group = op.getQuery().getType().getDimSize(2) / op.getKey().getType().getDimSize(2);
  if (group == 1)
    return head;
  if (std::optional<int64_t> known = getConstantIntValue(head))
    return b.getIndexAttr(*known / group);
  return arith::DivUIOp::create(b, loc, toIndex(b, loc, head), toIndex(b, loc, b.getIndexAttr(group)))
      .getResult();
}

/// The last key that the block's first query sees under `causal`: query i of s sees keys up to i + t - s.
OpFoldResult AttentionTile::lastVisible() {
  OpFoldResult length = pull.dim(op.getKey(), 1), rows = pull.dim(op.getQuery(), 1);
  if (graph::getSize(op.getKey().getType(), 1) == graph::getSize(op.getQuery().getType(), 1))
    return query;
  Value ahead = arith::SubIOp::create(b, loc, toIndex(b, loc, length), toIndex(b, loc, rows));
  return arith::AddIOp::create(b, loc, toIndex(b, loc, query), ahead).getResult();
}

/// Blocks of keys to walk: all, or under `causal` up to the last that the block's last query may see.
OpFoldResult AttentionTile::keyBlocks() {
  OpFoldResult count = pull.dim(op.getKey(), 1);
  if (op.getCausal()) {
    Value past = toIndex(b, loc, add(b, loc, lastVisible(), b.getIndexAttr(queries)));
    Value some = arith::MaxSIOp::create(b, loc, past, toIndex(b, loc, zero(b)));
    count = arith::MinSIOp::create(b, loc, toIndex(b, loc, count), some).getResult();
  }
  return ceilDivide(b, loc, count, keys);
}

FailureOr<Value> AttentionTile::addBias(Value scores, OpFoldResult key) {
  if (!op.getBias())
    return scores;
  RankedTensorType type = op.getBias().getType();
  OpFoldResult biasBatch = type.getDimSize(0) == 1 ? zero(b) : batch,
               biasHead = type.getDimSize(1) == 1 ? zero(b) : head;
  FailureOr<Value> bias = pull.pull(op.getBias(), {biasBatch, biasHead, query, key}, {1, 1, queries, keys});
  if (failed(bias))
    return failure();
  return arith::AddFOp::create(b, loc, scores, reshaped(b, loc, *bias, {queries, keys})).getResult();
}

/// scale * q k^T + bias, [queries, keys].
FailureOr<Value> AttentionTile::scores(Value queryTile, OpFoldResult key) {
  FailureOr<Value> tile = pull.pull(op.getKey(), {batch, key, keyHead(), zero(b)}, {1, keys, 1, headSize});
  if (failed(tile))
    return failure();
  Value keyTile = operand(reshaped(b, loc, *tile, {keys, headSize}));
  Value none = filled(b, loc, {queries, keys}, b.getF32Type(), 0.0);
  Value dot = tile::DotOp::create(b, loc, none.getType(), queryTile, keyTile, none, /*transpose_b=*/true);
  return addBias(scalesQuery() ? dot : scaled(dot), key);
}

/// Which scores count: keys inside the sequence, not masked, and not in a causal query's future. Reads of a
/// mask past its end give 0, which masks those keys too.
FailureOr<Value> AttentionTile::attended(OpFoldResult key) {
  SmallVector<int64_t> shape{queries, keys};
  Value row;
  if (op.getMask()) {
    FailureOr<Value> mask = pull.pull(op.getMask(), {batch, key}, {1, keys});
    if (failed(mask))
      return failure();
    Value flat = reshaped(b, loc, *mask, {keys});
    row = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, flat, filledLike(b, loc, flat, 0));
  } else {
    Value place = coordinates(b, loc, key, 0, {keys});
    Value end = splatIndex(b, loc, pull.dim(op.getKey(), 1), {keys});
    row = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, place, end);
  }
  Value all = broadcast(b, loc, row, {1}, shape);
  if (!op.getCausal())
    return all;
  Value past = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sle, coordinates(b, loc, key, 1, shape),
                                     coordinates(b, loc, lastVisible(), 0, shape));
  return arith::AndIOp::create(b, loc, all, past).getResult();
}

/// Merges one block of keys into (maximum, sum, weighted values). While a query has seen no key its maximum
/// is -inf, which would give -inf - -inf; 0 stands in for it then.
FailureOr<SmallVector<Value>> AttentionTile::step(Value queryTile, OpFoldResult key, ValueRange carried) {
  FailureOr<Value> raw = scores(queryTile, key);
  FailureOr<Value> visible = attended(key);
  FailureOr<Value> values =
      pull.pull(op.getValue(), {batch, key, keyHead(), zero(b)}, {1, keys, 1, valueSize});
  if (failed(raw) || failed(visible) || failed(values))
    return failure();
  Value score = select(b, loc, *visible, *raw, filledLike(b, loc, *raw, kNever));
  Value highest =
      arith::MaximumFOp::create(b, loc, carried[0], reduce(b, loc, tile::ReduceKind::max, score, 1));
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
  Value valueTile = operand(reshaped(b, loc, *values, {keys, valueSize}));
  Value merged =
      tile::DotOp::create(b, loc, kept.getType(), operand(weight), valueTile, kept, /*transpose_b=*/false);
  return SmallVector<Value>{highest, total, merged};
}

FailureOr<Value> AttentionTile::emit() {
  FailureOr<Value> tile = pull.pull(op.getQuery(), {batch, query, head, zero(b)}, {1, queries, 1, headSize});
  if (failed(tile))
    return failure();
  Value whole = reshaped(b, loc, *tile, {queries, headSize});
  Value queryTile = scalesQuery() ? scaled(widen(b, loc, whole)) : operand(whole);
  Type f32 = b.getF32Type();
  SmallVector<Value> start{filled(b, loc, {queries}, f32, kNever), filled(b, loc, {queries}, f32, 0.0),
                           filled(b, loc, {queries, valueSize}, f32, 0.0)};
  FailureOr<SmallVector<Value>> end =
      forEach(pull, loc, keyBlocks(), start, [&](Value block, ValueRange carried) {
        return step(queryTile, multiply(b, loc, block, keys), carried);
      });
  if (failed(end))
    return failure();
  maximum = (*end)[0], sum = (*end)[1];
  Value none = filledLike(b, loc, sum, 0.0);
  Value empty = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, sum, none);
  Value inverse =
      select(b, loc, empty, none, arith::DivFOp::create(b, loc, filledLike(b, loc, sum, 1.0), sum));
  Value merged = (*end)[2];
  return arith::MulFOp::create(b, loc, merged, broadcastAlong(b, loc, inverse, 1, shapeOf(merged)))
      .getResult();
}

Value AttentionTile::logSumExp() {
  return arith::AddFOp::create(b, loc, maximum, math::LogOp::create(b, loc, sum));
}

/// A request for result 0 is [1, queries, 1, valueSize] at [b, i, h, 0], one for the log-sum-exp [1, 1,
/// queries] at [b, h, i]. Both come from one loop, so either leaves the other behind.
static FailureOr<Value> emitAttention(AttentionOp op, graph::TilePull &pull, TileRequest request) {
  bool wantsLse = request.result == 1;
  OpFoldResult batch = request.offsets[0], query = request.offsets[wantsLse ? 2 : 1],
               head = request.offsets[wantsLse ? 1 : 2];
  int64_t queries = request.sizes[wantsLse ? 2 : 1], valueSize = op.getValue().getType().getDimSize(3);
  SmallVector<int64_t> sizes{1, queries, 1, valueSize};
  if (!wantsLse && (request.sizes != ArrayRef(sizes) || !isZero(request.offsets[3])))
    return op.emitOpError(
        "expected to be asked for the whole head of one batch entry, found another tile; keep what "
        "reads it in a kernel of its own");
  OpBuilder &b = pull.builder();
  AttentionTile attention(op, pull, batch, query, head, queries);
  FailureOr<Value> tile = attention.emit();
  if (failed(tile))
    return failure();
  Value whole = reshaped(b, op.getLoc(), *tile, sizes);
  if (!op.getReturnLse())
    return whole;
  Value lse = reshaped(b, op.getLoc(), attention.logSumExp(), {1, 1, queries});
  if (wantsLse)
    pull.remember(op.getResult(), {batch, query, head, zero(b)}, sizes, whole);
  else
    pull.remember(op.getLse(), {batch, head, query}, {1, 1, queries}, lse);
  return wantsLse ? lse : whole;
}

void tiling::attachAttention(MLIRContext *context) { attach<AttentionOp, emitAttention>(context); }
