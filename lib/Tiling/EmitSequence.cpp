// Ops that know what a token sequence is: embeddings, positions, rotary embeddings, pooling.
#include "lib/Tiling/Model.h"
#include "lib/Tiling/RowStatistics.h"

using namespace mlir;
using namespace girih;
using namespace girih::tiling;

/// Tokens looked at together where a whole sequence is walked.
static constexpr int64_t kTokens = 64;

static Value isNot(OpBuilder &b, Location loc, Value x, int64_t value) {
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, x, filledLike(b, loc, x, value));
}

//===- Embedding ----------------------------------------------------------------------------------===//

static FailureOr<Value> tableView(Operation *op, graph::TilePull &pull, Value table) {
  FailureOr<Value> view = pull.view(table);
  if (failed(view))
    return op->emitOpError(
        "expected a table in memory, found one that the kernel computes; keep the two in separate kernels");
  return view;
}

static FailureOr<Value> emitEmbedding(graph::EmbeddingOp op, graph::TilePull &pull, TileRequest request) {
  FailureOr<Value> table = tableView(op, pull, op.getTable());
  if (failed(table))
    return failure();
  FailureOr<Value> ids = pull.pull(op.getIds(), request.offsets.drop_back(), request.sizes.drop_back());
  if (failed(ids))
    return failure();
  return gatherTile(pull.builder(), op.getLoc(), *table, *ids, request.offsets.take_back(1),
                    request.sizes.take_back(1), request.sizes);
}

//===- Positions ----------------------------------------------------------------------------------===//

/// For each of the tile's tokens, how many up to it are not padding: a comparison of every token with every
/// token up to it, a block of tokens at a time.
static FailureOr<Value> countUpTo(graph::PositionsOp op, graph::TilePull &pull, TileRequest request,
                                  int64_t padding) {
  OpBuilder &b = pull.builder();
  Location loc = op.getLoc();
  int64_t tokens = request.sizes[1];
  SmallVector<int64_t> square{tokens, kTokens};
  Value start = filled(b, loc, {tokens}, b.getI32Type(), 0);
  OpFoldResult blocks = ceilDivide(b, loc, add(b, loc, request.offsets[1], b.getIndexAttr(tokens)), kTokens);
  FailureOr<SmallVector<Value>> counts = forEach(
      pull, loc, blocks, start, [&](Value block, ValueRange carried) -> FailureOr<SmallVector<Value>> {
        OpFoldResult first = multiply(b, loc, block, kTokens);
        FailureOr<Value> ids = pull.pull(op.getIds(), {request.offsets[0], first}, {1, kTokens});
        if (failed(ids))
          return failure();
        Value counted =
            broadcast(b, loc, isNot(b, loc, reshaped(b, loc, *ids, {kTokens}), padding), {1}, square);
        Value before =
            arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sle, coordinates(b, loc, first, 1, square),
                                  coordinates(b, loc, request.offsets[1], 0, square));
        Value both = arith::AndIOp::create(b, loc, counted, before);
        Value ones = arith::ExtUIOp::create(b, loc, RankedTensorType::get(square, b.getI32Type()), both);
        Value more = reduce(b, loc, tile::ReduceKind::add, ones, 1);
        return SmallVector<Value>{arith::AddIOp::create(b, loc, carried[0], more)};
      });
  if (failed(counts))
    return failure();
  return (*counts)[0];
}

static FailureOr<Value> emitPositions(graph::PositionsOp op, graph::TilePull &pull, TileRequest request) {
  OpBuilder &b = pull.builder();
  Location loc = op.getLoc();
  if (op.getKind() == graph::PositionsKind::Absolute)
    return coordinates(b, loc, request.offsets[1], 1, request.sizes);
  if (request.sizes[0] != 1)
    return op.emitOpError(
        "expected to be asked for one sequence at a time; keep what reads it in a kernel of its own");
  int64_t padding = op.getPaddingIndex().value_or(0);
  FailureOr<Value> own = pull.pull(op.getIds(), request.offsets, request.sizes);
  FailureOr<Value> count = countUpTo(op, pull, request, padding);
  if (failed(own) || failed(count))
    return failure();
  Value ids = reshaped(b, loc, *own, {request.sizes[1]});
  Value position = select(b, loc, isNot(b, loc, ids, padding), *count, filledLike(b, loc, *count, 0));
  Value shifted = arith::AddIOp::create(b, loc, position, filledLike(b, loc, position, padding));
  return reshaped(b, loc, shifted, request.sizes);
}

//===- Rope ---------------------------------------------------------------------------------------===//

namespace {
/// One tile of tokens and heads being rotated.
struct Rotation {
  graph::RopeOp op;
  graph::TilePull &pull;
  TileRequest request;
  OpBuilder &b = pull.builder();
  Location loc = op.getLoc();
  int64_t half = cast<RankedTensorType>(op.getCos().getType()).getDimSize(1);

  SmallVector<int64_t> shape(int64_t last) {
    SmallVector<int64_t> sizes(request.sizes);
    sizes.back() = last;
    return sizes;
  }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, loc, x, y); }
  FailureOr<Value> features(int64_t from, int64_t count);
  FailureOr<Value> angles(Value table);
  FailureOr<Value> rotateHalves(Value cos, Value sin);
  FailureOr<Value> rotateNeighbours(Value cos, Value sin);
};
} // namespace

FailureOr<Value> Rotation::features(int64_t from, int64_t count) {
  SmallVector<OpFoldResult> offsets(request.offsets);
  offsets.back() = b.getIndexAttr(from);
  return pull.pull(op.getInput(), offsets, shape(count));
}

/// Each token's row of a table, repeated for all heads.
FailureOr<Value> Rotation::angles(Value table) {
  FailureOr<Value> view = tableView(op, pull, table);
  FailureOr<Value> positions =
      pull.pull(op.getPositions(), request.offsets.take_front(2), request.sizes.take_front(2));
  if (failed(view) || failed(positions))
    return failure();
  SmallVector<int64_t> rows{request.sizes[0], request.sizes[1], half};
  Value tile = gatherTile(b, loc, *view, *positions, {zero(b)}, {half}, rows);
  return broadcast(b, loc, tile, {0, 1, 3}, shape(half));
}

FailureOr<Value> Rotation::rotateHalves(Value cos, Value sin) {
  FailureOr<Value> low = features(0, half), high = features(half, half);
  if (failed(low) || failed(high))
    return failure();
  Value first = arith::SubFOp::create(b, loc, mul(*low, cos), mul(*high, sin));
  Value second = arith::AddFOp::create(b, loc, mul(*high, cos), mul(*low, sin));
  return tile::ConcatOp::create(b, loc, ValueRange{first, second}, 3).getResult();
}

/// Each element's neighbour is the sum over its pair of what is not the element itself, which is exact.
FailureOr<Value> Rotation::rotateNeighbours(Value cos, Value sin) {
  FailureOr<Value> tile = features(0, 2 * half);
  if (failed(tile))
    return failure();
  int64_t rows = llvm::product_of(request.sizes.drop_back());
  SmallVector<int64_t> pairs{rows, half, 2}, crossed{rows, half, 2, 2};
  Value x = reshaped(b, loc, *tile, pairs);
  Type i32 = b.getI32Type();
  Value mine = tile::IotaOp::create(b, loc, RankedTensorType::get(crossed, i32), 2);
  Value other = tile::IotaOp::create(b, loc, RankedTensorType::get(crossed, i32), 3);
  Value apart = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, mine, other);
  Value candidates = broadcast(b, loc, x, {0, 1, 3}, crossed);
  Value neighbour = reduce(b, loc, tile::ReduceKind::add,
                           select(b, loc, apart, candidates, filledLike(b, loc, candidates, 0.0)), 3);
  Value isSecond = isNot(b, loc, tile::IotaOp::create(b, loc, RankedTensorType::get(pairs, i32), 2), 0);
  auto spread = [&](Value angle) {
    return broadcast(b, loc, reshaped(b, loc, angle, {rows, half}), {0, 1}, pairs);
  };
  Value turned = mul(neighbour, spread(sin));
  Value signedTurn = select(b, loc, isSecond, turned, arith::NegFOp::create(b, loc, turned));
  Value rotated = arith::AddFOp::create(b, loc, mul(x, spread(cos)), signedTurn);
  return reshaped(b, loc, rotated, shape(2 * half));
}

static FailureOr<Value> emitRope(graph::RopeOp op, graph::TilePull &pull, TileRequest request) {
  int64_t headSize = op.getInput().getType().getDimSize(3);
  if (request.sizes[3] != headSize)
    return op.emitOpError("expected to be asked for whole heads of ")
           << headSize << ", found " << request.sizes[3] << "; keep what reads it in a kernel of its own";
  Rotation rotation{op, pull, request};
  FailureOr<Value> cos = rotation.angles(op.getCos()), sin = rotation.angles(op.getSin());
  if (failed(cos) || failed(sin))
    return failure();
  FailureOr<Value> rotated =
      op.getInterleaved() ? rotation.rotateNeighbours(*cos, *sin) : rotation.rotateHalves(*cos, *sin);
  int64_t turned = 2 * rotation.half;
  if (failed(rotated) || turned == headSize)
    return rotated;
  FailureOr<Value> rest = rotation.features(turned, headSize - turned);
  if (failed(rest))
    return failure();
  return tile::ConcatOp::create(pull.builder(), op.getLoc(), ValueRange{*rotated, *rest}, 3).getResult();
}

//===- Pool ---------------------------------------------------------------------------------------===//

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
  return isNot(b, loc, *mask, 0);
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

void tiling::attachSequence(MLIRContext *context) {
  attach<graph::EmbeddingOp, emitEmbedding>(context);
  attach<graph::PositionsOp, emitPositions>(context);
  attach<graph::RopeOp, emitRope>(context);
  attach<graph::PoolOp, emitPool>(context);
}
