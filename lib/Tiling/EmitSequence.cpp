// Ops that know what a token sequence is: embeddings, positions, rotary embeddings.
#include "lib/Tiling/Model.h"
#include "lib/Tiling/RowStatistics.h"

using namespace mlir;
using namespace girih;
using namespace girih::tiling;

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
            broadcast(b, loc, differs(b, loc, reshaped(b, loc, *ids, {kTokens}), padding), {1}, square);
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
  Value position = select(b, loc, differs(b, loc, ids, padding), *count, filledLike(b, loc, *count, 0));
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

/// Some of each head's elements: from memory alone, or out of the whole heads that the kernel computes.
FailureOr<Value> Rotation::features(int64_t from, int64_t count) {
  SmallVector<OpFoldResult> offsets(request.offsets);
  if (failed(pull.view(op.getInput()))) {
    FailureOr<Value> heads = pull.pull(op.getInput(), request.offsets, request.sizes);
    if (failed(heads))
      return failure();
    return part(b, loc, *heads, 3, from, count);
  }
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
  Value isSecond = differs(b, loc, tile::IotaOp::create(b, loc, RankedTensorType::get(pairs, i32), 2), 0);
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

void tiling::attachSequence(MLIRContext *context) {
  attach<graph::EmbeddingOp, emitEmbedding>(context);
  attach<graph::PositionsOp, emitPositions>(context);
  attach<graph::RopeOp, emitRope>(context);
}
