// Reductions. Along the last dimension an instruction combines the lanes of each row in its tree; along
// another, rows are combined into one, in order.
#include "lib/Target/Systolic/ProgramLowering.h"

using namespace mlir;
using namespace girih;
using namespace girih::systolic;

/// What is reduced: a tile, or two that the instruction combines first if their lanes run along the axis.
std::pair<Tile, std::optional<Tile>> ProgramLowering::reduced(tile::ReduceOp op, VectorCode &what) {
  Operation *inner = combinations.lookup(op);
  if (!inner)
    return {tileOf(op.getInput()), std::nullopt};
  Tile a = tileOf(inner->getOperand(0)), b = tileOf(inner->getOperand(1));
  auto hasLanes = [&](const Tile &tile) {
    return !tile.isSplat() && tile.strides[op.getAxis()] == int64_t(typeBytes(tile.type));
  };
  Combine combine = *combineOf(inner);
  if (!hasLanes(a) || !hasLanes(b))
    return {binary(combine, op.getInput().getType().getShape(), a, b), std::nullopt};
  what.combine = combine;
  return {a, b};
}

LogicalResult ProgramLowering::lowerReduce(tile::ReduceOp op) {
  SmallVector<int64_t> shape(op.getInput().getType().getShape());
  int64_t axis = op.getAxis(), size = shape[axis];
  VectorCode what;
  auto [input, second] = reduced(op, what);
  if (input.isSplat() || input.strides[axis] == 0)
    input = materialized(input, shape, systolic::Type::f32, /*preferAccumulators=*/true);
  // A least element is the greatest of the negated ones, negated.
  const bool isMin = op.getKind() == tile::ReduceKind::min;
  int64_t maximum = op.getKind() == tile::ReduceKind::add ? 0 : int64_t(flag::vector_max);
  if (isMin)
    maximum |= flag::vector_scale, what.imm = -1;
  auto finish = [&](Tile result) {
    setTile(op, isMin ? withConstant(Combine::mul, op.getType().getShape(), result, -1) : std::move(result));
  };
  Tile result = fresh(op.getType().getShape(), systolic::Type::f32);
  result.live = resultRows;
  Tile target = result;
  target.strides.insert(target.strides.begin() + axis, 0);
  if (target.live && target.live->dim >= axis)
    ++target.live->dim;
  int64_t bytes = typeBytes(input.type), lanes = machine.array_columns;
  if (input.strides[axis] != bytes) { // the first row, then the others added to it
    SmallVector<int64_t> first = shape, others = shape;
    first[axis] = 1, others[axis] = size - 1;
    what.flags = maximum & flag::vector_scale;
    vector(what, first, target, &input, nullptr);
    input.offset += input.strides[axis];
    what.flags = flag::vector_accumulate | maximum;
    if (size > 1)
      vector(what, others, target, &input, nullptr);
    finish(std::move(result));
    return success();
  }
  // The lanes of an instruction are one dimension: all others are walked as rows.
  for (int64_t from = 0; from < size; from += lanes) {
    what.flags = flag::vector_reduce | maximum | (from ? int64_t(flag::vector_accumulate) : 0);
    reduceLanes(what, shape, axis, target, input, second, std::min(lanes, size - from));
    input.offset += input.spread ? kArrayStride : lanes * bytes;
    if (second)
      second->offset += second->spread ? kArrayStride : lanes * typeBytes(second->type);
  }
  finish(std::move(result));
  return success();
}

/// Combines `width` lanes of each row; the longest dimension beside the axis makes rows, the others are
/// repeated.
void ProgramLowering::reduceLanes(const VectorCode &what, Shape shape, int64_t axis, const Tile &to,
                                  const Tile &a, const std::optional<Tile> &b, int64_t width) {
  int64_t rowDim = -1, times = 1;
  for (auto [d, size] : llvm::enumerate(shape))
    if (int64_t(d) != axis && (rowDim < 0 || size > shape[rowDim]))
      rowDim = d;
  for (auto [d, size] : llvm::enumerate(shape))
    times *= int64_t(d) == axis || int64_t(d) == rowDim ? 1 : size;
  std::array<const Tile *, 3> tiles = {&to, &a, b ? &*b : nullptr};
  for (int64_t i = 0; i != times; ++i) {
    int64_t offsets[3] = {}, pitches[3] = {};
    for (unsigned k = 0; k != 3; ++k) {
      int64_t rest = i;
      for (auto [d, size] : llvm::enumerate(shape)) {
        if (!tiles[k] || int64_t(d) == axis || int64_t(d) == rowDim)
          continue;
        offsets[k] += rest % size * tiles[k]->strides[d];
        rest /= size;
      }
      pitches[k] = tiles[k] && rowDim >= 0 ? tiles[k]->strides[rowDim] : 0;
    }
    std::optional<Number> live;
    if (to.live && to.live->dim == rowDim)
      live = to.live->count;
    vectorRows(what, to, &a, tiles[2], offsets, pitches, rowDim < 0 ? 1 : shape[rowDim], width, false, live);
  }
}
