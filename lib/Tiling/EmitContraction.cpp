// Linear layers: the loop over K that carries accumulator tiles. Siblings that read the same rows share loop
// and row tile.
#include "lib/Tiling/Blocks.h"
#include "lib/Tiling/Model.h"

using namespace mlir;
using namespace girih;
using namespace girih::tiling;
using graph::LinearOp;

namespace {
/// The linears of one kernel that read the same rows through weights of one type, and the place they are
/// asked for.
struct Siblings {
  SmallVector<LinearOp> linears;
  TileRequest request;
  int64_t rows, columns, depth;

  Type compute() { return linears.front().getComputeType(); }
  ArrayRef<OpFoldResult> rowOffsets() const { return request.offsets.drop_back(); }
  OpFoldResult column() const { return request.offsets.back(); }
};
} // namespace

static Siblings findSiblings(LinearOp linear, TileRequest request) {
  Siblings all{{}, request, llvm::product_of(request.sizes.drop_back()), request.sizes.back(), 0};
  for (auto other : linear->getBlock()->getOps<LinearOp>())
    if (other.getInput() == linear.getInput() &&
        other.getWeight().getType() == linear.getWeight().getType() &&
        other.getComputeType() == linear.getComputeType())
      all.linears.push_back(other);
  return all;
}

/// What a dot multiplies in: i8 and bf16 as they are, everything else in f32 after rounding to the compute
/// type.
static Value dotOperand(OpBuilder &b, Location loc, Value tile, Type compute) {
  if (compute.isInteger(8))
    return tile;
  Value rounded = inFloat(b, loc, tile, compute);
  return compute.isBF16() ? rounded : widen(b, loc, rounded);
}

/// One step over K: `depth` elements from `k` on, for all siblings.
static FailureOr<SmallVector<Value>> step(Siblings &siblings, graph::TilePull &pull, Location loc,
                                          OpFoldResult k, int64_t depth, ValueRange accumulators) {
  OpBuilder &b = pull.builder();
  LinearOp first = siblings.linears.front();
  SmallVector<OpFoldResult> offsets(siblings.rowOffsets());
  SmallVector<int64_t> sizes(siblings.request.sizes.drop_back());
  offsets.push_back(k);
  sizes.push_back(depth);
  FailureOr<Value> rows = pull.pull(first.getInput(), offsets, sizes);
  if (failed(rows))
    return failure();
  Value lhs = dotOperand(b, loc, reshaped(b, loc, *rows, {siblings.rows, depth}), first.getComputeType());
  SmallVector<Value> next;
  for (auto [linear, accumulator] : llvm::zip(siblings.linears, accumulators)) {
    FailureOr<Value> weight =
        pull.pull(linear.getWeight(), {siblings.column(), k}, {siblings.columns, depth});
    if (failed(weight))
      return failure();
    Value rhs = dotOperand(b, loc, *weight, linear.getComputeType());
    next.push_back(
        tile::DotOp::create(b, loc, accumulator.getType(), lhs, rhs, accumulator, /*transpose_b=*/true));
  }
  return next;
}

/// The products over all of K: whole blocks in a loop, the rest peeled, so that no block is padded.
static FailureOr<SmallVector<Value>> contract(Siblings &siblings, graph::TilePull &pull, Location loc,
                                              int64_t k) {
  OpBuilder &b = pull.builder();
  Value start =
      filled(b, loc, {siblings.rows, siblings.columns}, siblings.linears.front().getAccumulateType(), 0.0);
  SmallVector<Value> accumulators(siblings.linears.size(), start);
  int64_t whole = k / siblings.depth, rest = k % siblings.depth;
  FailureOr<SmallVector<Value>> sums =
      forEach(pull, loc, b.getIndexAttr(whole), accumulators, [&](Value block, ValueRange carried) {
        OpFoldResult offset = multiply(b, loc, block, siblings.depth);
        return step(siblings, pull, loc, offset, siblings.depth, carried);
      });
  if (failed(sums) || rest == 0)
    return sums;
  return step(siblings, pull, loc, b.getIndexAttr(whole * siblings.depth), rest, *sums);
}

static FailureOr<Value> addBias(LinearOp linear, graph::TilePull &pull, const Siblings &siblings, Value sum) {
  if (!linear.getBias())
    return sum;
  FailureOr<Value> bias = pull.pull(linear.getBias(), {siblings.column()}, {siblings.columns});
  if (failed(bias))
    return failure();
  OpBuilder &b = pull.builder();
  return arith::AddFOp::create(b, linear.getLoc(), sum,
                               broadcast(b, linear.getLoc(), *bias, {1}, shapeOf(sum)))
      .getResult();
}

static FailureOr<Value> emitLinear(LinearOp op, graph::TilePull &pull, TileRequest request) {
  int64_t k = op.getWeight().getType().getDimSize(1), n = op.getWeight().getType().getDimSize(0);
  if (ShapedType::isDynamic(k) || ShapedType::isDynamic(n))
    return op.emitOpError("expected a weight of static shape to tile, found ") << op.getWeight().getType();
  Siblings siblings = findSiblings(op, request);
  // Under `exact`, the sum over K is one chain, in the reference's order.
  siblings.depth = graph::isExact(op) ? k : matmulTiles(op, pull.cost()).depth;
  FailureOr<SmallVector<Value>> sums = contract(siblings, pull, op.getLoc(), k);
  if (failed(sums))
    return failure();
  Value mine;
  for (auto [linear, sum] : llvm::zip(siblings.linears, *sums)) {
    FailureOr<Value> biased = addBias(linear, pull, siblings, sum);
    if (failed(biased))
      return failure();
    Value tile = reshaped(pull.builder(), op.getLoc(), *biased, request.sizes);
    if (linear == op)
      mine = tile;
    else
      pull.remember(linear.getResult(), request.offsets, request.sizes, tile);
  }
  return mine;
}

void tiling::attachContraction(MLIRContext *context) { attach<LinearOp, emitLinear>(context); }
