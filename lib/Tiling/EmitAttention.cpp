// Attention for one block of queries of one head, keys and values in tensors of their own.
#include "lib/Tiling/AttentionLoop.h"
#include "lib/Tiling/Model.h"

using namespace mlir;
using namespace girih;
using namespace girih::tiling;
using graph::AttentionOp;

namespace {
/// Names follow the op: b batch, i query, h head, g key head, t keys.
class PlainAttention : public AttentionLoop {
public:
  PlainAttention(AttentionOp op, graph::TilePull &pull, OpFoldResult batch, OpFoldResult query,
                 OpFoldResult head, int64_t queries)
      : AttentionLoop(pull, op.getLoc(), Scores(op), queries, op.getQuery().getType().getDimSize(3),
                      op.getValue().getType().getDimSize(3)),
        op(op), batch(batch), query(query), head(head) {}

protected:
  FailureOr<Value> queryTile() override { return pullHead(op.getQuery(), query, head, rows, headSize); }
  FailureOr<Value> keyTile(OpFoldResult key) override {
    return pullHead(op.getKey(), key, keyHead(), keys, headSize);
  }
  FailureOr<Value> valueTile(OpFoldResult key) override {
    return pullHead(op.getValue(), key, keyHead(), keys, valueSize);
  }
  FailureOr<Value> biasTile(OpFoldResult key) override;
  FailureOr<Value> visible(OpFoldResult key) override;
  OpFoldResult firstBlock() override;
  FailureOr<OpFoldResult> endBlock() override;

private:
  FailureOr<Value> pullHead(Value heads, OpFoldResult row, OpFoldResult head, int64_t count, int64_t size) {
    FailureOr<Value> tile = pull.pull(heads, {batch, row, head, zero(b)}, {1, count, 1, size});
    return failed(tile) ? tile : FailureOr<Value>(reshaped(b, loc, *tile, {count, size}));
  }
  OpFoldResult keyHead() {
    int64_t group = op.getQuery().getType().getDimSize(2) / op.getKey().getType().getDimSize(2);
    return keyHeadOf(b, loc, head, group);
  }
  OpFoldResult lastVisible();

  AttentionOp op;
  OpFoldResult batch, query, head;
};
} // namespace

/// The last key that the block's first query sees under `causal`: query i of s sees keys up to i + t - s.
OpFoldResult PlainAttention::lastVisible() {
  OpFoldResult length = pull.dim(op.getKey(), 1), count = pull.dim(op.getQuery(), 1);
  if (graph::getSize(op.getKey().getType(), 1) == graph::getSize(op.getQuery().getType(), 1))
    return query;
  Value ahead = arith::SubIOp::create(b, loc, toIndex(b, loc, length), toIndex(b, loc, count));
  return arith::AddIOp::create(b, loc, toIndex(b, loc, query), ahead).getResult();
}

/// Under a window: what lies before the first query's window is nobody's.
OpFoldResult PlainAttention::firstBlock() {
  if (!op.getWindow())
    return zero(b);
  Value least = arith::SubIOp::create(b, loc, toIndex(b, loc, lastVisible()),
                                      toIndex(b, loc, b.getIndexAttr(static_cast<int64_t>(*op.getWindow()) - 1)));
  Value bounded = arith::MaxSIOp::create(b, loc, least, toIndex(b, loc, zero(b)));
  return arith::DivUIOp::create(b, loc, bounded, toIndex(b, loc, b.getIndexAttr(keys))).getResult();
}

/// All blocks of keys, or under `causal` up to the last that the block's last query may see.
FailureOr<OpFoldResult> PlainAttention::endBlock() {
  OpFoldResult count = pull.dim(op.getKey(), 1);
  if (op.getCausal()) {
    Value past = toIndex(b, loc, add(b, loc, lastVisible(), b.getIndexAttr(rows)));
    Value some = arith::MaxSIOp::create(b, loc, past, toIndex(b, loc, zero(b)));
    count = arith::MinSIOp::create(b, loc, toIndex(b, loc, count), some).getResult();
  }
  return ceilDivide(b, loc, count, keys);
}

FailureOr<Value> PlainAttention::biasTile(OpFoldResult key) {
  if (!op.getBias())
    return Value();
  RankedTensorType type = op.getBias().getType();
  OpFoldResult biasBatch = type.getDimSize(0) == 1 ? zero(b) : batch,
               biasHead = type.getDimSize(1) == 1 ? zero(b) : head;
  FailureOr<Value> bias = pull.pull(op.getBias(), {biasBatch, biasHead, query, key}, {1, 1, rows, keys});
  return failed(bias) ? bias : FailureOr<Value>(reshaped(b, loc, *bias, {rows, keys}));
}

/// Keys inside the sequence, not masked, and not in a causal query's future. Reads of a mask past its end give 0, which masks
/// those keys too.
FailureOr<Value> PlainAttention::visible(OpFoldResult key) {
  SmallVector<int64_t> shape{rows, keys};
  Value row;
  if (op.getMask()) {
    FailureOr<Value> mask = pull.pull(op.getMask(), {batch, key}, {1, keys});
    if (failed(mask))
      return failure();
    row = differs(b, loc, reshaped(b, loc, *mask, {keys}), 0);
  } else {
    Value place = coordinates(b, loc, key, 0, {keys});
    Value end = splatIndex(b, loc, pull.dim(op.getKey(), 1), {keys});
    row = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, place, end);
  }
  Value all = broadcast(b, loc, row, {1}, shape);
  if (!op.getCausal())
    return all;
  Value places = coordinates(b, loc, lastVisible(), 0, {rows});
  Value past = causalMask(b, loc, places, key, keys, op.getWindow());
  return arith::AndIOp::create(b, loc, all, past).getResult();
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
  PlainAttention attention(op, pull, batch, query, head, queries);
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
