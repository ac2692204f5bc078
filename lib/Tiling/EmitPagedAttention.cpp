// Attention for the queries of one key head, keys and values in the slots of a cache. The query heads that share a key head are
// rows of one tile, so that every key and value is read once for all of them.
#include "lib/Tiling/AttentionLoop.h"
#include "lib/Tiling/Model.h"

using namespace mlir;
using namespace girih;
using namespace girih::tiling;
using graph::PagedAttentionOp;

namespace {
/// Names follow the op: b batch, i query, h head, t positions. Row r of the tile is query r / group, head r % group.
class PagedAttention : public AttentionLoop {
public:
  PagedAttention(PagedAttentionOp op, graph::TilePull &pull, OpFoldResult batch, OpFoldResult query, OpFoldResult head,
                 int64_t queries, int64_t group)
      : AttentionLoop(pull, op.getLoc(), scoresOf(op), queries * group, op.getQuery().getType().getDimSize(3),
                      op.getValues().getType().getDimSize(2)),
        op(op), batch(batch), query(query), head(head), queries(queries), group(group) {}

  LogicalResult prepare();

protected:
  FailureOr<Value> queryTile() override {
    FailureOr<Value> tile = pull.pull(op.getQuery(), {batch, query, head, zero(b)}, {1, queries, group, headSize});
    return failed(tile) ? tile : FailureOr<Value>(reshaped(b, loc, *tile, {rows, headSize}));
  }
  FailureOr<Value> keyTile(OpFoldResult key) override { return gathered(op.getKeys(), key, headSize); }
  FailureOr<Value> valueTile(OpFoldResult key) override;
  FailureOr<Value> visible(OpFoldResult key) override;
  OpFoldResult firstBlock() override;
  FailureOr<OpFoldResult> endBlock() override { return ceilDivide(b, loc, Value(end), keys); }

private:
  static Scores scoresOf(PagedAttentionOp op) {
    return {op.getComputeType(), op.getScale().convertToDouble(),
            op.getSoftcap() ? std::optional<double>(op.getSoftcap()->convertToDouble()) : std::nullopt};
  }
  FailureOr<Value> slots(OpFoldResult key);
  FailureOr<Value> used(OpFoldResult key);
  FailureOr<Value> gathered(Value cache, OpFoldResult key, int64_t size);
  Value scalar(Value tile) {
    Value number = tensor::ExtractOp::create(b, loc, tile, ValueRange{});
    return arith::IndexCastOp::create(b, loc, b.getIndexType(), number);
  }

  PagedAttentionOp op;
  OpFoldResult batch, query, head;
  int64_t queries, group;
  Value places; // of the rows, i32 [rows]; -1 where there is no query
  Value end;    // one past the greatest place, index
};
} // namespace

/// Reads where the queries stand. Rows past the last query read 0 there, and must not.
LogicalResult PagedAttention::prepare() {
  FailureOr<Value> tile = pull.pull(op.getPositions(), {batch, query}, {1, queries});
  if (failed(tile))
    return failure();
  Value own = reshaped(b, loc, *tile, {queries});
  Value exists = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, coordinates(b, loc, query, 0, {queries}),
                                       splatIndex(b, loc, pull.dim(op.getPositions(), 1), {queries}));
  own = select(b, loc, exists, own, filledLike(b, loc, own, -1));
  places = reshaped(b, loc, broadcast(b, loc, own, {0}, {queries, group}), {rows});
  Value last = arith::AddIOp::create(b, loc, scalar(reduce(b, loc, tile::ReduceKind::max, own, 0)),
                                     toIndex(b, loc, b.getIndexAttr(1)));
  Value bounded = arith::MinSIOp::create(b, loc, last, toIndex(b, loc, pull.dim(op.getTable(), 1)));
  end = arith::MaxSIOp::create(b, loc, bounded, toIndex(b, loc, zero(b)));
  return success();
}

/// Under a window, the block of the first position that the first query sees. Places grow within a sequence; of rows that are out
/// of order the least would have to be found.
OpFoldResult PagedAttention::firstBlock() {
  if (!op.getWindow())
    return zero(b);
  Value far = filledLike(b, loc, places, std::numeric_limits<int32_t>::max());
  Value isQuery = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, places, filledLike(b, loc, places, 0));
  Value least = reduce(b, loc, tile::ReduceKind::min, select(b, loc, isQuery, places, far), 0);
  Value first = arith::SubIOp::create(b, loc, scalar(least),
                                      toIndex(b, loc, b.getIndexAttr(static_cast<int64_t>(*op.getWindow()) - 1)));
  Value bounded = arith::MinSIOp::create(b, loc, arith::MaxSIOp::create(b, loc, first, toIndex(b, loc, zero(b))), end);
  return arith::DivUIOp::create(b, loc, bounded, toIndex(b, loc, b.getIndexAttr(keys))).getResult();
}

/// The slots of a block of positions; 0 past the table's end.
FailureOr<Value> PagedAttention::slots(OpFoldResult key) {
  FailureOr<Value> tile = pull.pull(op.getTable(), {batch, key}, {1, keys});
  return failed(tile) ? tile : FailureOr<Value>(reshaped(b, loc, *tile, {keys}));
}

/// Which positions of a block any query may see, and have a slot.
FailureOr<Value> PagedAttention::used(OpFoldResult key) {
  FailureOr<Value> slot = slots(key);
  if (failed(slot))
    return failure();
  Value within = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, coordinates(b, loc, key, 0, {keys}),
                                       splatIndex(b, loc, OpFoldResult(end), {keys}));
  Value named = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, *slot,
                                      splatIndex(b, loc, pull.dim(op.getKeys(), 0), {keys}));
  return arith::AndIOp::create(b, loc, within, named).getResult();
}

FailureOr<Value> PagedAttention::gathered(Value cache, OpFoldResult key, int64_t size) {
  FailureOr<Value> view = pull.view(cache), slot = slots(key);
  if (failed(view))
    return op.emitOpError("expected a cache in memory; keep what computes it in a kernel of its own");
  if (failed(slot))
    return failure();
  SmallVector<int64_t> shape{keys, 1, size};
  Type element = cast<tile::ViewType>(view->getType()).getElementType();
  OpFoldResult keyHead = keyHeadOf(b, loc, head, group);
  Value tile = tile::GatherOp::create(b, loc, RankedTensorType::get(shape, element), *view, *slot,
                                      ValueRange{toIndex(b, loc, keyHead), toIndex(b, loc, zero(b))});
  return reshaped(b, loc, widen(b, loc, tile), {keys, size});
}

/// What lies in slots that nobody sees may be anything, and a weight of 0 times NaN is NaN.
FailureOr<Value> PagedAttention::valueTile(OpFoldResult key) {
  FailureOr<Value> tile = gathered(op.getValues(), key, valueSize), seen = used(key);
  if (failed(tile) || failed(seen))
    return failure();
  Value mask = broadcastAlong(b, loc, *seen, 1, shapeOf(*tile));
  return select(b, loc, mask, *tile, filledLike(b, loc, *tile, 0.0));
}

FailureOr<Value> PagedAttention::visible(OpFoldResult key) {
  FailureOr<Value> seen = used(key);
  if (failed(seen))
    return failure();
  std::optional<int64_t> window;
  if (op.getWindow())
    window = static_cast<int64_t>(*op.getWindow());
  Value past = causalMask(b, loc, places, key, keys, window);
  return arith::AndIOp::create(b, loc, broadcast(b, loc, *seen, {1}, {rows, keys}), past).getResult();
}

/// A request is [1, queries, group, valueSize] at [b, i, h, 0], all query heads of one key head.
static FailureOr<Value> emitPagedAttention(PagedAttentionOp op, graph::TilePull &pull, TileRequest request) {
  int64_t group = op.getQuery().getType().getDimSize(2) / op.getKeys().getType().getDimSize(1);
  int64_t queries = request.sizes[1];
  SmallVector<int64_t> sizes{1, queries, group, op.getValues().getType().getDimSize(2)};
  if (request.sizes != ArrayRef(sizes) || !isZero(request.offsets[3]))
    return op.emitOpError("expected to be asked for all query heads of one key head, found another tile; keep what reads it in "
                          "a kernel of its own");
  PagedAttention attention(op, pull, request.offsets[0], request.offsets[1], request.offsets[2], queries, group);
  if (failed(attention.prepare()))
    return failure();
  FailureOr<Value> tile = attention.emit();
  if (failed(tile))
    return failure();
  return reshaped(pull.builder(), op.getLoc(), *tile, sizes);
}

void tiling::attachPagedAttention(MLIRContext *context) { attach<PagedAttentionOp, emitPagedAttention>(context); }
