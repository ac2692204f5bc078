// Block sizes by what dominates a kernel: a contraction's tiles, attention's queries, whole rows under a
// norm, and for the rest about a vector register file's worth of elements along the last dimensions.
#include "lib/Tiling/Blocks.h"
#include "lib/Tiling/Parts.h"
#include "lib/Tiling/RowStatistics.h"

using namespace mlir;
using namespace girih;
using namespace girih::tiling;

/// Elements of an element-wise tile: long enough to hide a block's overhead, small enough for the nearest
/// cache.
static constexpr int64_t kTileElements = 2048;
static constexpr int64_t kColumns = 512;
static constexpr int64_t kPooledColumns = 128;

/// `wanted`, but no more than a dimension known to be smaller.
static int64_t bounded(int64_t wanted, int64_t dim) {
  return ShapedType::isDynamic(dim) ? wanted : std::max<int64_t>(1, std::min(wanted, dim));
}

static Blocks inOrder(SmallVector<int64_t> sizes) {
  Blocks blocks;
  blocks.order = llvm::to_vector(llvm::seq<int64_t>(0, sizes.size()));
  blocks.sizes = std::move(sizes);
  return blocks;
}

/// Rows of the last two dimensions, everything before one at a time.
static Blocks rowsByColumns(ArrayRef<int64_t> shape, int64_t rows, int64_t columns) {
  SmallVector<int64_t> sizes(shape.size(), 1);
  if (!shape.empty())
    sizes.back() = bounded(columns, shape.back());
  if (shape.size() > 1)
    sizes[shape.size() - 2] = bounded(rows, shape[shape.size() - 2]);
  return inOrder(sizes);
}

static Blocks elementwiseBlocks(ArrayRef<int64_t> shape, const CostModel &cost) {
  int64_t columns = shape.empty() ? 1 : bounded(std::max(kColumns, cost.lanes()), shape.back());
  if (!shape.empty() && ShapedType::isDynamic(shape.back()))
    columns = std::max<int64_t>(64, cost.lanes());
  return rowsByColumns(shape, std::max<int64_t>(1, kTileElements / columns), columns);
}

CostModel::MatmulTiles tiling::matmulTiles(graph::LinearOp linear, const CostModel &cost, int64_t together) {
  RankedTensorType weight = linear.getWeight().getType();
  SmallVector<graph::SizeExpr> sizes = graph::getSizes(linear.getResult().getType());
  graph::SizeExpr rows(1);
  for (const graph::SizeExpr &size : ArrayRef(sizes).drop_back())
    rows = rows * size;
  std::optional<int64_t> mostRows =
      graph::evaluateAt(rows, linear, [](graph::SymbolOp symbol) { return int64_t(symbol.getMax()); });
  return cost.matmul(weight.getDimSize(0), weight.getDimSize(1), linear.getComputeType(), together,
                     mostRows.value_or(INT64_MAX));
}

/// Columns are slowest, so that consecutive blocks, which run at the same time on different cores or one
/// after another on the same, share one panel of weights while it is in cache; the rows they walk through are
/// as many as the caches' own size.
static Blocks contractionBlocks(graph::LinearOp linear, ArrayRef<int64_t> shape, const CostModel &cost) {
  CostModel::MatmulTiles tiles = matmulTiles(linear, cost);
  Blocks blocks = rowsByColumns(shape, tiles.rows, tiles.columns);
  if (!blocks.order.empty())
    std::rotate(blocks.order.begin(), blocks.order.end() - 1, blocks.order.end());
  return blocks;
}

static Blocks attentionBlocks(graph::AttentionOp attention, ArrayRef<int64_t> shape, const CostModel &cost) {
  CostModel::AttentionTiles tiles =
      cost.attention(attention.getValue().getType().getDimSize(3), attention.getComputeType());
  if (shape.size() == 3) // the log-sum-exp alone
    return inOrder({1, 1, bounded(tiles.queries, shape[2])});
  Blocks blocks;
  blocks.sizes = {1, bounded(tiles.queries, shape[1]), 1, shape[3]};
  blocks.order = {0, 2, 1};
  return blocks;
}

/// All query heads of a key head, and as many queries as make a block of rows; several key heads where there
/// is one query.
static Blocks pagedAttentionBlocks(graph::PagedAttentionOp op, ArrayRef<int64_t> shape,
                                   const CostModel &cost) {
  int64_t keyHeads = op.getKeys().getType().getDimSize(1), group = shape[2] / keyHeads;
  CostModel::AttentionTiles tiles = cost.attention(shape[3], op.getComputeType());
  int64_t together = shape[1] == 1 ? std::clamp<int64_t>(tiles.queries / group, 1, tiles.heads) : 1;
  while (keyHeads % together != 0)
    --together;
  Blocks blocks;
  blocks.sizes = {1, bounded(std::max<int64_t>(1, tiles.queries / group), shape[1]), group * together,
                  shape[3]};
  blocks.order = {0, 2, 1};
  return blocks;
}

/// A part of the keys for all query heads of a key head. Low parts, which short sequences have, come first.
static Blocks splitAttentionBlocks(graph::SplitAttentionOp op, ArrayRef<int64_t> shape) {
  Blocks blocks;
  blocks.sizes = {1, 1, shape[2] / op.getKeys().getType().getDimSize(1), shape[3]};
  blocks.order = {1, 0, 2};
  return blocks;
}

/// Whole rows along `axis`; a row too long for a tile is walked.
static Blocks rowBlocks(Value input, int64_t axis, ArrayRef<int64_t> shape, const CostModel &cost) {
  bool last = axis + 1 == static_cast<int64_t>(shape.size());
  bool whole = fitsInTile(input, axis);
  int64_t row = whole ? std::max<int64_t>(1, shape[axis]) : kChunk;
  Blocks blocks = last ? rowsByColumns(shape, cost.rows(row), row) : rowsByColumns(shape, 1, 64);
  blocks.sizes[axis] = row;
  llvm::erase(blocks.order, axis);
  if (!whole)
    blocks.walked = axis;
  return blocks;
}

/// The results of a reduction: the rows it combines make each of them dearer.
static Blocks reductionBlocks(graph::ReduceOp op, ArrayRef<int64_t> shape, const CostModel &cost) {
  auto input = op.getInput().getType();
  int64_t rank = input.getRank();
  bool last = llvm::any_of(op.getAxes(), [&](int64_t axis) { return axis == rank - 1 || axis == -1; });
  if (!last)
    return rowsByColumns(shape, 1, 64);
  int64_t row = fitsInTile(op.getInput(), rank - 1) ? input.getDimSize(rank - 1) : kChunk;
  Blocks blocks = rowsByColumns(shape, 1, 1);
  int64_t rowDim = static_cast<int64_t>(shape.size()) - (op.getKeepDims() ? 2 : 1);
  if (rowDim >= 0)
    blocks.sizes[rowDim] = bounded(cost.rows(row), shape[rowDim]);
  return blocks;
}

/// The axis and input of an op that needs whole rows of a value shaped like its result.
static std::optional<std::pair<Value, int64_t>> rowAxis(Operation &op) {
  if (auto softmax = dyn_cast<graph::SoftmaxOp>(op)) {
    int64_t axis = softmax.getAxis(), rank = softmax.getInput().getType().getRank();
    return std::pair<Value, int64_t>(softmax.getInput(), axis < 0 ? axis + rank : axis);
  }
  if (!isa<graph::LayerNormOp, graph::RMSNormOp, graph::L2NormalizeOp, graph::QuantizeRowsOp>(op))
    return std::nullopt;
  return std::pair<Value, int64_t>(op.getOperand(0),
                                   cast<RankedTensorType>(op.getOperand(0).getType()).getRank() - 1);
}

/// Blocks of ops that answer only for certain tiles.
static Blocks movementBlocks(Operation *op, ArrayRef<int64_t> shape, const CostModel &cost) {
  Blocks blocks = elementwiseBlocks(shape, cost);
  int64_t rank = shape.size();
  if (isa<graph::PoolOp>(op)) {
    blocks.sizes = {1, bounded(kPooledColumns, shape[1])};
  } else if (isa<graph::ArgmaxOp, graph::CrossEntropyOp, graph::SampleOp>(op)) {
    blocks.sizes.assign(rank, 1); // a row each: rows are long, and few
  } else if (isa<graph::PositionsOp>(op)) {
    blocks.sizes = {1, bounded(64, shape[1])};
  } else if (isa<graph::RopeOp>(op)) {
    blocks.sizes = {1, bounded(cost.rows(shape[3]), shape[1]), 1, shape[3]};
  } else if (isa<graph::MergeAttentionOp>(op)) {
    blocks.sizes = {1, 1, bounded(cost.rows(shape[3]), shape[2]), shape[3]};
  } else if (auto reshape = dyn_cast<graph::ReshapeOp>(op)) {
    for (int64_t d = 0; d < rank - commonTrailingDims(reshape); ++d)
      blocks.sizes[d] = 1;
  } else if (auto gather = dyn_cast<graph::GatherOp>(op)) {
    int64_t dataRank = gather.getData().getType().getRank(), axis = gather.getAxis();
    axis = axis < 0 ? axis + dataRank : axis;
    if (axis != 0)
      for (int64_t d = axis; d < axis + gather.getIndices().getType().getRank(); ++d)
        blocks.sizes[d] = 1;
  }
  return blocks;
}

/// Whole rows that go to slots of a cache, of one sequence at a time.
static Blocks cacheBlocks(ArrayRef<int64_t> shape, const CostModel &cost) {
  Blocks blocks;
  blocks.sizes.assign(shape.begin(), shape.end());
  blocks.sizes[0] = 1;
  blocks.sizes[1] = bounded(cost.rows(llvm::product_of(shape.drop_front(2))), shape[1]);
  blocks.order = {0, 1};
  return blocks;
}

static bool sameSizes(Value a, Value b) {
  return graph::getSizes(cast<RankedTensorType>(a.getType())) ==
         graph::getSizes(cast<RankedTensorType>(b.getType()));
}

/// Blocks for a kernel with statistics of rows: its result is rows, or one number for each.
static FailureOr<Blocks> statisticsBlocks(Block &body, Value root, const CostModel &cost) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(root.getType()).getShape();
  for (Operation &op : body)
    if (auto axis = rowAxis(op); axis && sameSizes(axis->first, root))
      return rowBlocks(axis->first, axis->second, shape, cost);
  for (auto reduce : body.getOps<graph::ReduceOp>()) {
    if (sameSizes(reduce.getInput(), root))
      return rowBlocks(reduce.getInput(), shape.size() - 1, shape, cost);
    if (sameSizes(reduce.getResult(), root))
      return reductionBlocks(reduce, shape, cost);
  }
  return failure();
}

/// Tiles have at most four dimensions, and so has everything a kernel computes.
static LogicalResult checkRanks(func::FuncOp kernel) {
  auto tooMany = [](Type type) { return cast<RankedTensorType>(type).getRank() > 4; };
  for (Operation &op : kernel.getBody().front())
    for (Type type : llvm::concat<const Type>(SmallVector<Type>(op.getOperandTypes()),
                                              SmallVector<Type>(op.getResultTypes())))
      if (tooMany(type))
        return kernel.emitError("expected tensors of at most 4 dimensions, found ")
               << type << "; reshape it in the graph";
  return success();
}

FailureOr<Blocks> tiling::chooseBlocks(func::FuncOp kernel, const CostModel &cost) {
  Block &body = kernel.getBody().front();
  Value root = iterated(body.getTerminator()->getOperand(0));
  ArrayRef<int64_t> shape = cast<RankedTensorType>(root.getType()).getShape();
  if (failed(checkRanks(kernel)))
    return failure();
  for (Operation &op : body) {
    if (auto linear = dyn_cast<graph::LinearOp>(op))
      return contractionBlocks(linear, shape, cost);
    if (auto attention = dyn_cast<graph::AttentionOp>(op))
      return attentionBlocks(attention, shape, cost);
    if (auto attention = dyn_cast<graph::PagedAttentionOp>(op))
      return pagedAttentionBlocks(attention, shape, cost);
    if (auto attention = dyn_cast<graph::SplitAttentionOp>(op))
      return splitAttentionBlocks(attention, shape);
  }
  if (FailureOr<Blocks> rows = statisticsBlocks(body, root, cost); succeeded(rows))
    return rows;
  if (body.getTerminator()->getOperand(0).getDefiningOp<graph::CacheWriteOp>())
    return cacheBlocks(shape, cost);
  return root.getDefiningOp() ? movementBlocks(root.getDefiningOp(), shape, cost)
                              : elementwiseBlocks(shape, cost);
}
