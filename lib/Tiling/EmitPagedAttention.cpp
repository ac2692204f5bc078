// Attention for the queries of one key head, keys and values in the slots of a cache: the whole of it, one
// part of the keys, and what puts parts together. The query heads that share a key head are rows of one tile,
// so that every key and value is read once for all of them.
#include "lib/Tiling/AttentionLoop.h"
#include "lib/Tiling/Model.h"

using namespace mlir;
using namespace girih;
using namespace girih::tiling;
using graph::MergeAttentionOp;
using graph::PagedAttentionOp;
using graph::SplitAttentionOp;

namespace {
/// What the ops on a cache have in common.
struct CachedOp {
  Operation *op;
  TypedValue<RankedTensorType> query, keys, values, table, positions;
  AttentionLoop::Scores scores;
  std::optional<int64_t> window;
  int64_t group; // query heads that share a key head

  template <typename Op>
  explicit CachedOp(Op op)
      : op(op), query(op.getQuery()), keys(op.getKeys()), values(op.getValues()), table(op.getTable()),
        positions(op.getPositions()), scores(op), window(op.getWindow()),
        group(query.getType().getDimSize(2) / keys.getType().getDimSize(1)) {}
};

/// Names follow the op: b batch, i query, h head, t positions. Row r of the tile is query r / group, head r %
/// group; of one query the tile may have the rows of several key heads.
class PagedAttention : public AttentionLoop {
public:
  PagedAttention(CachedOp op, graph::TilePull &pull, OpFoldResult batch, OpFoldResult query,
                 OpFoldResult head, int64_t queries, int64_t keyHeads = 1)
      : AttentionLoop(pull, op.op->getLoc(), op.scores, queries * keyHeads * op.group,
                      op.query.getType().getDimSize(3), op.values.getType().getDimSize(2), keyHeads),
        op(op), batch(batch), query(query), head(head), queries(queries) {}

  LogicalResult prepare();

protected:
  FailureOr<Value> queryTile() override {
    FailureOr<Value> tile =
        pull.pull(op.query, {batch, query, head, zero(b)}, {1, queries, heads * op.group, headSize});
    return failed(tile) ? tile : FailureOr<Value>(reshaped(b, loc, *tile, {rows, headSize}));
  }
  FailureOr<Value> keyTile(OpFoldResult key) override { return gathered(op.keys, key, headSize); }
  FailureOr<Value> valueTile(OpFoldResult key) override;
  FailureOr<Value> visible(OpFoldResult key) override;
  OpFoldResult firstBlock() override;
  FailureOr<OpFoldResult> endBlock() override { return ceilDivide(b, loc, Value(end), keys); }

private:
  FailureOr<Value> slots(OpFoldResult key);
  FailureOr<Value> used(OpFoldResult key);
  FailureOr<Value> gathered(Value cache, OpFoldResult key, int64_t size);
  Value scalar(Value tile) {
    Value number = tensor::ExtractOp::create(b, loc, tile, ValueRange{});
    return arith::IndexCastOp::create(b, loc, b.getIndexType(), number);
  }

  CachedOp op;
  OpFoldResult batch, query, head;
  int64_t queries;
  Value places; // of the rows, i32 [rows]; -1 where there is no query
  Value end;    // one past the greatest place, index
};
} // namespace

/// Reads where the queries stand. Rows past the last query read 0 there, and must not.
LogicalResult PagedAttention::prepare() {
  FailureOr<Value> tile = pull.pull(op.positions, {batch, query}, {1, queries});
  if (failed(tile))
    return failure();
  Value own = reshaped(b, loc, *tile, {queries});
  Value exists =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, coordinates(b, loc, query, 0, {queries}),
                            splatIndex(b, loc, pull.dim(op.positions, 1), {queries}));
  own = select(b, loc, exists, own, filledLike(b, loc, own, -1));
  places = reshaped(b, loc, broadcast(b, loc, own, {0}, {queries, heads * op.group}), {rows});
  Value last = arith::AddIOp::create(b, loc, scalar(reduce(b, loc, tile::ReduceKind::max, own, 0)),
                                     toIndex(b, loc, b.getIndexAttr(1)));
  Value bounded = arith::MinSIOp::create(b, loc, last, toIndex(b, loc, pull.dim(op.table, 1)));
  end = arith::MaxSIOp::create(b, loc, bounded, toIndex(b, loc, zero(b)));
  return success();
}

/// Under a window, the block of the first position that the first query sees. Places grow within a sequence; of rows that are out
/// of order the least would have to be found.
OpFoldResult PagedAttention::firstBlock() {
  if (!op.window)
    return zero(b);
  Value far = filledLike(b, loc, places, std::numeric_limits<int32_t>::max());
  Value isQuery = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, places, filledLike(b, loc, places, 0));
  Value least = reduce(b, loc, tile::ReduceKind::min, select(b, loc, isQuery, places, far), 0);
  Value first = arith::SubIOp::create(b, loc, scalar(least), toIndex(b, loc, b.getIndexAttr(*op.window - 1)));
  Value bounded = arith::MinSIOp::create(b, loc, arith::MaxSIOp::create(b, loc, first, toIndex(b, loc, zero(b))), end);
  return arith::DivUIOp::create(b, loc, bounded, toIndex(b, loc, b.getIndexAttr(keys))).getResult();
}

/// The slots of a block of positions; 0 past the table's end.
FailureOr<Value> PagedAttention::slots(OpFoldResult key) {
  FailureOr<Value> tile = pull.pull(op.table, {batch, key}, {1, keys});
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
                                      splatIndex(b, loc, pull.dim(op.keys, 0), {keys}));
  return arith::AndIOp::create(b, loc, within, named).getResult();
}

FailureOr<Value> PagedAttention::gathered(Value cache, OpFoldResult key, int64_t size) {
  FailureOr<Value> view = pull.view(cache), slot = slots(key);
  if (failed(view))
    return op.op->emitOpError("expected a cache in memory; keep what computes it in a kernel of its own");
  if (failed(slot))
    return failure();
  SmallVector<int64_t> shape{keys, heads, size};
  Type element = cast<tile::ViewType>(view->getType()).getElementType();
  OpFoldResult keyHead = keyHeadOf(b, loc, head, op.group);
  Value tile = tile::GatherOp::create(b, loc, RankedTensorType::get(shape, element), *view, *slot,
                                      ValueRange{toIndex(b, loc, keyHead), toIndex(b, loc, zero(b))});
  return reshaped(b, loc, widen(b, loc, tile), {keys, heads * size});
}

/// What lies in slots that nobody sees may be anything, and a weight of 0 times NaN is NaN.
FailureOr<Value> PagedAttention::valueTile(OpFoldResult key) {
  FailureOr<Value> tile = gathered(op.values, key, valueSize), seen = used(key);
  if (failed(tile) || failed(seen))
    return failure();
  Value mask = broadcastAlong(b, loc, *seen, 1, shapeOf(*tile));
  return select(b, loc, mask, *tile, filledLike(b, loc, *tile, 0.0));
}

FailureOr<Value> PagedAttention::visible(OpFoldResult key) {
  FailureOr<Value> seen = used(key);
  if (failed(seen))
    return failure();
  Value past = causalMask(b, loc, places, key, keys, op.window);
  return arith::AndIOp::create(b, loc, broadcast(b, loc, *seen, {1}, {rows, keys}), past).getResult();
}

static LogicalResult otherTile(Operation *op) {
  return op->emitOpError("expected to be asked for all query heads of one key head, found another tile; keep "
                         "what reads it in a kernel of its "
                         "own");
}

/// A request is [1, queries, group, valueSize] at [b, i, h, 0], all query heads of one key head, or of
/// several if it is for one query.
static FailureOr<Value> emitPagedAttention(PagedAttentionOp op, graph::TilePull &pull, TileRequest request) {
  CachedOp cached(op);
  int64_t queries = request.sizes[1],
          keyHeads = queries == 1 ? std::max<int64_t>(1, request.sizes[2] / cached.group) : 1;
  SmallVector<int64_t> sizes{1, queries, keyHeads * cached.group, op.getValues().getType().getDimSize(2)};
  if (request.sizes != ArrayRef(sizes) || !isZero(request.offsets[3]))
    return otherTile(op);
  PagedAttention attention(cached, pull, request.offsets[0], request.offsets[1], request.offsets[2], queries,
                           keyHeads);
  if (failed(attention.prepare()))
    return failure();
  FailureOr<Value> tile = attention.emit();
  if (failed(tile))
    return failure();
  return reshaped(pull.builder(), op.getLoc(), *tile, sizes);
}

/// A request for result 0 is [1, 1, group, valueSize] at [b, p, h, 0], for the others [1, 1, group] at [b, p,
/// h]. One loop gives all three.
static FailureOr<Value> emitSplitAttention(SplitAttentionOp op, graph::TilePull &pull, TileRequest request) {
  OpBuilder &b = pull.builder();
  CachedOp cached(op);
  SmallVector<int64_t> sizes{1, 1, cached.group, op.getValues().getType().getDimSize(2)};
  ArrayRef<int64_t> statistic = ArrayRef(sizes).drop_back();
  if (request.sizes != (request.result == 0 ? ArrayRef(sizes) : statistic))
    return otherTile(op);
  CostModel::AttentionTiles tiles =
      pull.cost().attention(op.getQuery().getType().getDimSize(3), op.getComputeType());
  if (tiles.parts != static_cast<int64_t>(op.getParts()) || tiles.keys != static_cast<int64_t>(op.getBlock()))
    return op.emitOpError("expected the target's ")
           << tiles.parts << " parts of blocks of " << tiles.keys << " positions, found " << op.getParts()
           << " and " << op.getBlock();
  OpFoldResult batch = request.offsets[0], part = request.offsets[1], head = request.offsets[2];
  PagedAttention attention(cached, pull, batch, zero(b), head, 1);
  if (failed(attention.prepare()))
    return failure();
  FailureOr<SoftmaxTiles> softmax = attention.emitPart(toIndex(b, op.getLoc(), part));
  if (failed(softmax))
    return failure();
  SmallVector<Value> results{reshaped(b, op.getLoc(), softmax->weighted, sizes),
                             reshaped(b, op.getLoc(), softmax->maximum, statistic),
                             reshaped(b, op.getLoc(), softmax->sum, statistic)};
  pull.remember(op.getWeighted(), {batch, part, head, zero(b)}, sizes, results[0]);
  pull.remember(op.getMaximum(), {batch, part, head}, statistic, results[1]);
  pull.remember(op.getSum(), {batch, part, head}, statistic, results[2]);
  return results[request.result];
}

/// A request is [1, 1, heads, e] at [b, 0, h, 0]. Parts are merged as the loop over keys merges them, to the
/// bit.
static FailureOr<Value> emitMergeAttention(MergeAttentionOp op, graph::TilePull &pull, TileRequest request) {
  OpBuilder &b = pull.builder();
  Location loc = op.getLoc();
  int64_t heads = request.sizes[2], size = request.sizes[3];
  OpFoldResult batch = request.offsets[0], head = request.offsets[2];
  auto partOf = [&](Value part) -> FailureOr<SoftmaxTiles> {
    FailureOr<Value> maximum = pull.pull(op.getMaximum(), {batch, part, head}, {1, 1, heads}),
                     sum = pull.pull(op.getSum(), {batch, part, head}, {1, 1, heads}),
                     weighted = pull.pull(op.getWeighted(), {batch, part, head, request.offsets[3]},
                                          {1, 1, heads, size});
    if (failed(maximum) || failed(sum) || failed(weighted))
      return failure();
    return SoftmaxTiles(ValueRange{reshaped(b, loc, *maximum, {heads}), reshaped(b, loc, *sum, {heads}),
                                   reshaped(b, loc, *weighted, {heads, size})});
  };
  FailureOr<SmallVector<Value>> all =
      forEach(pull, loc, pull.dim(op.getMaximum(), 1), SoftmaxTiles::none(b, loc, heads, size).tiles(),
              [&](Value part, ValueRange carried) -> FailureOr<SmallVector<Value>> {
                FailureOr<SoftmaxTiles> next = partOf(part);
                if (failed(next))
                  return failure();
                return merged(b, loc, SoftmaxTiles(carried), *next).tiles();
              });
  if (failed(all))
    return failure();
  return reshaped(b, loc, divided(b, loc, SoftmaxTiles(*all)), request.sizes);
}

void tiling::attachPagedAttention(MLIRContext *context) {
  attach<PagedAttentionOp, emitPagedAttention>(context);
  attach<SplitAttentionOp, emitSplitAttention>(context);
  attach<MergeAttentionOp, emitMergeAttention>(context);
}
