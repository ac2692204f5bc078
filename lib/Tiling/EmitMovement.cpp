// Ops that move, select or combine elements along axes: mostly another place to pull the operand's tile from.
#include "lib/Tiling/Model.h"
#include "lib/Tiling/RowStatistics.h"

using namespace mlir;
using namespace girih;
using namespace girih::tiling;

static int64_t nonNegative(int64_t axis, int64_t rank) { return axis < 0 ? axis + rank : axis; }

static int64_t rankOf(Value value) { return cast<RankedTensorType>(value.getType()).getRank(); }

//===- Slice, transpose ---------------------------------------------------------------------------===//

static FailureOr<Value> emitSlice(graph::SliceOp op, graph::TilePull &pull, TileRequest request) {
  SmallVector<OpFoldResult> offsets;
  for (auto [offset, start] : llvm::zip(request.offsets, op.getOffsets()))
    offsets.push_back(add(pull.builder(), op.getLoc(), offset, pull.builder().getIndexAttr(start)));
  return pull.pull(op.getInput(), offsets, request.sizes);
}

static FailureOr<Value> emitTranspose(graph::TransposeOp op, graph::TilePull &pull, TileRequest request) {
  SmallVector<OpFoldResult> offsets(request.offsets);
  SmallVector<int64_t> sizes(request.sizes);
  for (auto [d, from] : llvm::enumerate(op.getPermutation())) {
    offsets[from] = request.offsets[d];
    sizes[from] = request.sizes[d];
  }
  FailureOr<Value> tile = pull.pull(op.getInput(), offsets, sizes);
  if (failed(tile))
    return failure();
  return tile::TransposeOp::create(pull.builder(), op.getLoc(), *tile, op.getPermutation()).getResult();
}

//===- Concat -------------------------------------------------------------------------------------===//

/// All inputs whole, laid one after another.
static FailureOr<Value> concatWhole(graph::ConcatOp op, graph::TilePull &pull, TileRequest request,
                                    int64_t axis) {
  SmallVector<Value> tiles;
  for (Value input : op.getInputs()) {
    SmallVector<int64_t> sizes(request.sizes);
    sizes[axis] = cast<RankedTensorType>(input.getType()).getDimSize(axis);
    if (sizes[axis] == 0)
      continue;
    FailureOr<Value> tile = pull.pull(input, request.offsets, sizes);
    if (failed(tile))
      return failure();
    tiles.push_back(*tile);
  }
  return tiles.size() == 1 ? tiles[0]
                           : tile::ConcatOp::create(pull.builder(), op.getLoc(), tiles, axis).getResult();
}

/// Every input at this place, shifted by where it starts; the coordinate along the axis picks among them.
static FailureOr<Value> concatPicked(graph::ConcatOp op, graph::TilePull &pull, TileRequest request,
                                     int64_t axis) {
  OpBuilder &b = pull.builder();
  Location loc = op.getLoc();
  Value place = coordinates(b, loc, request.offsets[axis], 0, {request.sizes[axis]});
  OpFoldResult start = zero(b);
  Value picked;
  for (Value input : op.getInputs()) {
    SmallVector<OpFoldResult> offsets(request.offsets);
    if (!isZero(start))
      offsets[axis] =
          arith::SubIOp::create(b, loc, toIndex(b, loc, request.offsets[axis]), toIndex(b, loc, start))
              .getResult();
    FailureOr<Value> tile = pull.pull(input, offsets, request.sizes);
    if (failed(tile))
      return failure();
    if (!picked) {
      picked = *tile;
    } else {
      Value later = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, place,
                                          splatIndex(b, loc, start, {request.sizes[axis]}));
      picked = select(b, loc, broadcast(b, loc, later, {axis}, request.sizes), *tile, picked);
    }
    start = add(b, loc, start, pull.dim(input, axis));
  }
  return picked;
}

static FailureOr<Value> emitConcat(graph::ConcatOp op, graph::TilePull &pull, TileRequest request) {
  int64_t axis = nonNegative(op.getAxis(), rankOf(op.getResult()));
  bool whole = cast<RankedTensorType>(op.getResult().getType()).getDimSize(axis) == request.sizes[axis] &&
               isZero(request.offsets[axis]);
  return whole ? concatWhole(op, pull, request, axis) : concatPicked(op, pull, request, axis);
}

//===- Gather -------------------------------------------------------------------------------------===//

/// The index that this block of one element names, inside [0, size).
static FailureOr<Value> scalarIndex(graph::GatherOp op, graph::TilePull &pull, ArrayRef<OpFoldResult> offsets,
                                    OpFoldResult size) {
  OpBuilder &b = pull.builder();
  Location loc = op.getLoc();
  FailureOr<Value> tile = pull.pull(op.getIndices(), offsets, SmallVector<int64_t>(offsets.size(), 1));
  if (failed(tile))
    return failure();
  Value number = tensor::ExtractOp::create(b, loc, reshaped(b, loc, *tile, {}), ValueRange{});
  Value index = arith::IndexCastOp::create(b, loc, b.getIndexType(), number);
  Value last = arith::SubIOp::create(b, loc, toIndex(b, loc, size), toIndex(b, loc, b.getIndexAttr(1)));
  Value bounded = arith::MinSIOp::create(b, loc, index, last);
  return arith::MaxSIOp::create(b, loc, bounded, toIndex(b, loc, zero(b))).getResult();
}

/// Rows of a table in memory, many at once.
static FailureOr<Value> gatherRows(graph::GatherOp op, graph::TilePull &pull, TileRequest request,
                                   Value view) {
  OpBuilder &b = pull.builder();
  int64_t indexRank = rankOf(op.getIndices());
  FailureOr<Value> indices =
      pull.pull(op.getIndices(), request.offsets.take_front(indexRank), request.sizes.take_front(indexRank));
  if (failed(indices))
    return failure();
  return gatherTile(b, op.getLoc(), view, *indices, request.offsets.drop_front(indexRank),
                    request.sizes.drop_front(indexRank), request.sizes);
}

static FailureOr<Value> emitGather(graph::GatherOp op, graph::TilePull &pull, TileRequest request) {
  int64_t axis = nonNegative(op.getAxis(), rankOf(op.getData())), indexRank = rankOf(op.getIndices());
  if (axis == 0)
    if (FailureOr<Value> view = pull.view(op.getData()); succeeded(view))
      return gatherRows(op, pull, request, *view);
  if (llvm::any_of(request.sizes.slice(axis, indexRank), [](int64_t size) { return size != 1; }))
    return op.emitOpError("expected to be asked for one index at a time along axis ")
           << axis << "; keep what reads it in a kernel of its own";
  FailureOr<Value> index =
      scalarIndex(op, pull, request.offsets.slice(axis, indexRank), pull.dim(op.getData(), axis));
  if (failed(index))
    return failure();
  SmallVector<OpFoldResult> offsets(request.offsets.take_front(axis));
  SmallVector<int64_t> sizes(request.sizes.take_front(axis));
  offsets.push_back(*index);
  sizes.push_back(1);
  llvm::append_range(offsets, request.offsets.drop_front(axis + indexRank));
  llvm::append_range(sizes, request.sizes.drop_front(axis + indexRank));
  FailureOr<Value> tile = pull.pull(op.getData(), offsets, sizes);
  if (failed(tile))
    return failure();
  return reshaped(pull.builder(), op.getLoc(), *tile, request.sizes);
}

//===- Reshape ------------------------------------------------------------------------------------===//

/// Where a reshape only adds and drops dimensions of size 1: the result dimension that each input dimension
/// is.
static std::optional<SmallVector<int64_t>> unitReshape(graph::ReshapeOp op) {
  SmallVector<graph::SizeExpr> from = graph::getSizes(op.getInput().getType()),
                               to = graph::getSizes(op.getResult().getType());
  SmallVector<int64_t> source(from.size(), -1);
  size_t next = 0;
  for (auto [d, size] : llvm::enumerate(from)) {
    if (size == graph::SizeExpr(1))
      continue;
    while (next < to.size() && to[next] == graph::SizeExpr(1))
      ++next;
    if (next == to.size() || to[next] != size)
      return std::nullopt;
    source[d] = next++;
  }
  bool restAreUnits =
      llvm::all_of(llvm::drop_begin(to, next), [](auto &size) { return size == graph::SizeExpr(1); });
  return restAreUnits ? std::optional(source) : std::nullopt;
}

/// Whether the result's last two dimensions are the input's last one, cut into heads, and the rest only
/// differs by dimensions of size 1.
static bool splitsColumns(graph::ReshapeOp op) {
  SmallVector<graph::SizeExpr> from = graph::getSizes(op.getInput().getType()),
                               to = graph::getSizes(op.getResult().getType());
  auto isUnit = [](const graph::SizeExpr &size) { return size == graph::SizeExpr(1); };
  if (from.empty() || to.size() < 2 || from.back() != to[to.size() - 2] * to.back())
    return false;
  from.pop_back();
  to.truncate(to.size() - 2);
  llvm::erase_if(from, isUnit);
  llvm::erase_if(to, isUnit);
  return from == to;
}

/// Whole heads, or part of one: a run of the input's columns.
static FailureOr<Value> emitHeads(graph::ReshapeOp op, graph::TilePull &pull, TileRequest request) {
  OpBuilder &b = pull.builder();
  int64_t head = op.getResult().getType().getShape().back();
  ArrayRef<int64_t> last = request.sizes.take_back(2);
  if (last[0] != 1 && last[1] != head)
    return op.emitOpError("expected to be asked for whole heads of ")
           << head << ", found " << last[1] << "; keep what reads it in a kernel of its own";
  OpFoldResult column = add(b, op.getLoc(), multiply(b, op.getLoc(), request.offsets.take_back(2)[0], head),
                            request.offsets.back());
  SmallVector<OpFoldResult> offsets;
  SmallVector<int64_t> sizes;
  SmallVector<graph::SizeExpr> from = graph::getSizes(op.getInput().getType()),
                               to = graph::getSizes(op.getResult().getType());
  unsigned next = 0, lead = to.size() - 2;
  for (const graph::SizeExpr &size : ArrayRef(from).drop_back()) {
    while (size != graph::SizeExpr(1) && next < lead && to[next] == graph::SizeExpr(1))
      ++next;
    bool isUnit = size == graph::SizeExpr(1);
    offsets.push_back(isUnit ? zero(b) : request.offsets[next]);
    sizes.push_back(isUnit ? 1 : request.sizes[next++]);
  }
  offsets.push_back(column);
  sizes.push_back(last[0] * last[1]);
  FailureOr<Value> tile = pull.pull(op.getInput(), offsets, sizes);
  if (failed(tile))
    return failure();
  return reshaped(b, op.getLoc(), *tile, request.sizes);
}

/// Dimensions at the end that input and result have in common.
int64_t tiling::commonTrailingDims(graph::ReshapeOp op) {
  SmallVector<graph::SizeExpr> from = graph::getSizes(op.getInput().getType()),
                               to = graph::getSizes(op.getResult().getType());
  int64_t common = 0;
  for (auto [a, b] : llvm::zip(llvm::reverse(from), llvm::reverse(to))) {
    if (a != b)
      break;
    ++common;
  }
  return common;
}

static Value divide(OpBuilder &b, Location loc, Value value, OpFoldResult by, bool remainder) {
  Value divisor = toIndex(b, loc, by);
  return remainder ? Value(arith::RemUIOp::create(b, loc, value, divisor))
                   : arith::DivUIOp::create(b, loc, value, divisor);
}

/// One row at a time: its number among all rows gives its place under the other shape.
static FailureOr<Value> reshapeByRow(graph::ReshapeOp op, graph::TilePull &pull, TileRequest request) {
  OpBuilder &b = pull.builder();
  Location loc = op.getLoc();
  int64_t common = commonTrailingDims(op), lead = request.sizes.size() - common;
  int64_t inputLead = rankOf(op.getInput()) - common;
  if (llvm::any_of(request.sizes.take_front(lead), [](int64_t size) { return size != 1; }))
    return op.emitOpError(
        "expected to be asked for one row at a time; keep what reads it in a kernel of its own");
  Value number = toIndex(b, loc, zero(b));
  for (int64_t d = 0; d < lead; ++d) {
    Value scaled = arith::MulIOp::create(b, loc, number, toIndex(b, loc, pull.dim(op.getResult(), d)));
    number = arith::AddIOp::create(b, loc, scaled, toIndex(b, loc, request.offsets[d]));
  }
  SmallVector<OpFoldResult> offsets(inputLead, OpFoldResult());
  for (int64_t d = inputLead - 1; d >= 0; --d) {
    offsets[d] = d == 0 ? number : divide(b, loc, number, pull.dim(op.getInput(), d), /*remainder=*/true);
    if (d > 0)
      number = divide(b, loc, number, pull.dim(op.getInput(), d), /*remainder=*/false);
  }
  SmallVector<int64_t> sizes(inputLead, 1);
  llvm::append_range(offsets, request.offsets.drop_front(lead));
  llvm::append_range(sizes, request.sizes.drop_front(lead));
  FailureOr<Value> tile = pull.pull(op.getInput(), offsets, sizes);
  if (failed(tile))
    return failure();
  return reshaped(b, loc, *tile, request.sizes);
}

/// Positions of flattened tokens: row r of all sequences laid end to end is token r mod length.
static Value flattenedPositions(graph::PositionsOp positions, graph::TilePull &pull, TileRequest request) {
  OpBuilder &b = pull.builder();
  Location loc = positions.getLoc();
  Value row = coordinates(b, loc, request.offsets[0], 0, request.sizes);
  return arith::RemUIOp::create(b, loc, row,
                                splatIndex(b, loc, pull.dim(positions.getIds(), 1), request.sizes));
}

static FailureOr<Value> emitReshape(graph::ReshapeOp op, graph::TilePull &pull, TileRequest request) {
  if (std::optional<SmallVector<int64_t>> source = unitReshape(op)) {
    SmallVector<OpFoldResult> offsets;
    SmallVector<int64_t> sizes;
    for (int64_t d : *source) {
      offsets.push_back(d < 0 ? zero(pull.builder()) : request.offsets[d]);
      sizes.push_back(d < 0 ? 1 : request.sizes[d]);
    }
    FailureOr<Value> tile = pull.pull(op.getInput(), offsets, sizes);
    if (failed(tile))
      return failure();
    return reshaped(pull.builder(), op.getLoc(), *tile, request.sizes);
  }
  if (splitsColumns(op))
    return emitHeads(op, pull, request);
  auto positions = op.getInput().getDefiningOp<graph::PositionsOp>();
  if (positions && positions.getKind() == graph::PositionsKind::Absolute && request.sizes.size() == 1)
    return flattenedPositions(positions, pull, request);
  return reshapeByRow(op, pull, request);
}

void tiling::attachMovement(MLIRContext *context) {
  attach<graph::SliceOp, emitSlice>(context);
  attach<graph::TransposeOp, emitTranspose>(context);
  attach<graph::ConcatOp, emitConcat>(context);
  attach<graph::GatherOp, emitGather>(context);
  attach<graph::ReshapeOp, emitReshape>(context);
}
