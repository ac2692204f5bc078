// Small words in which tile programs are written; see Emit.h.
#include "lib/Tiling/Emit.h"

using namespace mlir;
using namespace girih;
using namespace girih::tiling;

//===- Index arithmetic ---------------------------------------------------------------------------===//

Value tiling::toIndex(OpBuilder &b, Location loc, OpFoldResult value) {
  if (auto known = dyn_cast<Value>(value))
    return known;
  return arith::ConstantIndexOp::create(b, loc, *getConstantIntValue(value));
}

bool tiling::isZero(OpFoldResult value) { return isConstantIntValue(value, 0); }

OpFoldResult tiling::add(OpBuilder &b, Location loc, OpFoldResult lhs, OpFoldResult rhs) {
  std::optional<int64_t> left = getConstantIntValue(lhs), right = getConstantIntValue(rhs);
  if (left && right)
    return b.getIndexAttr(*left + *right);
  if (left == 0)
    return rhs;
  if (right == 0)
    return lhs;
  return arith::AddIOp::create(b, loc, toIndex(b, loc, lhs), toIndex(b, loc, rhs)).getResult();
}

OpFoldResult tiling::multiply(OpBuilder &b, Location loc, OpFoldResult lhs, int64_t rhs) {
  if (std::optional<int64_t> left = getConstantIntValue(lhs))
    return b.getIndexAttr(*left * rhs);
  if (rhs == 1)
    return lhs;
  // One product of the index and a number, so that equal places are spelled alike.
  if (auto product = toIndex(b, loc, lhs).getDefiningOp<arith::MulIOp>())
    if (std::optional<int64_t> factor = getConstantIntValue(product.getRhs()))
      return multiply(b, loc, OpFoldResult(product.getLhs()), *factor * rhs);
  return arith::MulIOp::create(b, loc, toIndex(b, loc, lhs), toIndex(b, loc, b.getIndexAttr(rhs)))
      .getResult();
}

OpFoldResult tiling::ceilDivide(OpBuilder &b, Location loc, OpFoldResult size, int64_t step) {
  if (std::optional<int64_t> known = getConstantIntValue(size))
    return b.getIndexAttr(llvm::divideCeilSigned(*known, step));
  return arith::CeilDivUIOp::create(b, loc, toIndex(b, loc, size), toIndex(b, loc, b.getIndexAttr(step)))
      .getResult();
}

//===- Tiles --------------------------------------------------------------------------------------===//

ArrayRef<int64_t> tiling::shapeOf(Value tile) { return cast<RankedTensorType>(tile.getType()).getShape(); }

Type tiling::elementOf(Value tile) { return cast<RankedTensorType>(tile.getType()).getElementType(); }

Value tiling::filled(OpBuilder &b, Location loc, ArrayRef<int64_t> shape, Type type, double value) {
  Attribute element;
  if (auto real = dyn_cast<FloatType>(type))
    element = b.getFloatAttr(real, value);
  else
    element = b.getIntegerAttr(type, static_cast<int64_t>(value));
  return arith::ConstantOp::create(b, loc,
                                   DenseElementsAttr::get(RankedTensorType::get(shape, type), element));
}

Value tiling::filledLike(OpBuilder &b, Location loc, Value tile, double value) {
  return filled(b, loc, shapeOf(tile), elementOf(tile), value);
}

Value tiling::splatIndex(OpBuilder &b, Location loc, OpFoldResult value, ArrayRef<int64_t> shape) {
  if (std::optional<int64_t> known = getConstantIntValue(value))
    return filled(b, loc, shape, b.getI32Type(), *known);
  Value scalar = arith::IndexCastOp::create(b, loc, b.getI32Type(), toIndex(b, loc, value));
  return tensor::SplatOp::create(b, loc, scalar, shape);
}

Value tiling::coordinates(OpBuilder &b, Location loc, OpFoldResult offset, int64_t dim,
                          ArrayRef<int64_t> shape) {
  Value iota = tile::IotaOp::create(b, loc, RankedTensorType::get(shape, b.getI32Type()), dim);
  if (isZero(offset))
    return iota;
  return arith::AddIOp::create(b, loc, iota, splatIndex(b, loc, offset, shape));
}

Value tiling::widen(OpBuilder &b, Location loc, Value tile) {
  Type element = elementOf(tile);
  return isa<FloatType>(element) && !element.isF32() ? inFloat(b, loc, tile, b.getF32Type()) : tile;
}

Value tiling::inFloat(OpBuilder &b, Location loc, Value tile, Type type) {
  Type from = elementOf(tile);
  if (from == type)
    return tile;
  if (auto widened = tile.getDefiningOp<arith::ExtFOp>(); widened && elementOf(widened.getIn()) == type)
    return widened.getIn();
  auto to = RankedTensorType::get(shapeOf(tile), type);
  if (from.getIntOrFloatBitWidth() < type.getIntOrFloatBitWidth())
    return arith::ExtFOp::create(b, loc, to, tile);
  if (from.getIntOrFloatBitWidth() > type.getIntOrFloatBitWidth())
    return arith::TruncFOp::create(b, loc, to, tile);
  return inFloat(b, loc, inFloat(b, loc, tile, b.getF32Type()), type);
}

/// The dimensions of `from` that remain when unit dimensions are dropped until `to` is left; nothing if that
/// cannot be.
static std::optional<SmallVector<int64_t>> keptDims(ArrayRef<int64_t> from, ArrayRef<int64_t> to) {
  SmallVector<int64_t> kept;
  for (auto [d, size] : llvm::enumerate(from)) {
    if (kept.size() < to.size() && size == to[kept.size()])
      kept.push_back(d);
    else if (size != 1)
      return std::nullopt;
  }
  if (kept.size() != to.size())
    return std::nullopt;
  return kept;
}

static Value narrowerLoad(OpBuilder &b, tile::LoadOp load, ArrayRef<int64_t> shape) {
  std::optional<SmallVector<int64_t>> kept = keptDims(shapeOf(load), shape);
  if (!kept)
    return {};
  SmallVector<int64_t> dims = load.getTileDims(), keptTileDims;
  for (int64_t d : *kept)
    keptTileDims.push_back(dims[d]);
  auto type = RankedTensorType::get(shape, elementOf(load));
  return tile::LoadOp::create(b, load.getLoc(), type, load.getView(), load.getOffsets(), keptTileDims);
}

Value tiling::reshaped(OpBuilder &b, Location loc, Value tile, ArrayRef<int64_t> shape) {
  if (shapeOf(tile) == shape)
    return tile;
  if (auto widened = tile.getDefiningOp<arith::ExtFOp>())
    return inFloat(b, loc, reshaped(b, loc, widened.getIn(), shape), elementOf(tile));
  if (auto again = tile.getDefiningOp<tile::ReshapeOp>())
    return reshaped(b, loc, again.getInput(), shape);
  if (auto load = tile.getDefiningOp<tile::LoadOp>())
    if (Value narrower = narrowerLoad(b, load, shape))
      return narrower;
  return tile::ReshapeOp::create(b, loc, RankedTensorType::get(shape, elementOf(tile)), tile);
}

Value tiling::broadcast(OpBuilder &b, Location loc, Value tile, ArrayRef<int64_t> dims,
                        ArrayRef<int64_t> shape) {
  SmallVector<int64_t> keptShape, keptDims;
  for (auto [size, dim] : llvm::zip(shapeOf(tile), dims)) {
    if (size == 1 && shape[dim] != 1)
      continue;
    keptShape.push_back(size);
    keptDims.push_back(dim);
  }
  if (ArrayRef(keptShape) == shape)
    return reshaped(b, loc, tile, shape);
  if (keptShape.empty() &&
      !dims.empty()) { // a scalar keeps one dimension: nothing deals in tiles of rank 0 by choice
    keptShape = {1};
    keptDims = {dims.back()};
  }
  return tile::BroadcastOp::create(b, loc, RankedTensorType::get(shape, elementOf(tile)),
                                   reshaped(b, loc, tile, keptShape), keptDims);
}

Value tiling::broadcastAlong(OpBuilder &b, Location loc, Value tile, int64_t axis, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> dims;
  for (int64_t d = 0; d < static_cast<int64_t>(shape.size()); ++d)
    if (d != axis)
      dims.push_back(d);
  if (shape[axis] == 1)
    return reshaped(b, loc, tile, shape);
  return tile::BroadcastOp::create(b, loc, RankedTensorType::get(shape, elementOf(tile)), tile, dims);
}

Value tiling::differs(OpBuilder &b, Location loc, Value x, int64_t value) {
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, x, filledLike(b, loc, x, value));
}

Value tiling::select(OpBuilder &b, Location loc, Value condition, Value yes, Value no) {
  return arith::SelectOp::create(b, loc, condition, yes, no);
}

Value tiling::gatherTile(OpBuilder &b, Location loc, Value view, Value indices,
                         ArrayRef<OpFoldResult> offsets, ArrayRef<int64_t> sizes, ArrayRef<int64_t> shape) {
  int64_t rows = llvm::product_of(shapeOf(indices));
  SmallVector<Value> columns;
  for (OpFoldResult offset : offsets)
    columns.push_back(toIndex(b, loc, offset));
  SmallVector<int64_t> gathered{rows};
  llvm::append_range(gathered, sizes);
  auto type = RankedTensorType::get(gathered, cast<tile::ViewType>(view.getType()).getElementType());
  Value tile = tile::GatherOp::create(b, loc, type, view, reshaped(b, loc, indices, {rows}), columns);
  return reshaped(b, loc, widen(b, loc, tile), shape);
}

Value tiling::part(OpBuilder &b, Location loc, Value tile, int64_t axis, int64_t from, int64_t count) {
  SmallVector<OpFoldResult> offsets(shapeOf(tile).size(), b.getIndexAttr(0)),
      strides(offsets.size(), b.getIndexAttr(1)), sizes;
  for (int64_t size : shapeOf(tile))
    sizes.push_back(b.getIndexAttr(size));
  offsets[axis] = b.getIndexAttr(from);
  sizes[axis] = b.getIndexAttr(count);
  return tensor::ExtractSliceOp::create(b, loc, tile, offsets, sizes, strides);
}

Value tiling::reduce(OpBuilder &b, Location loc, tile::ReduceKind kind, Value tile, int64_t axis) {
  return tile::ReduceOp::create(b, loc, kind, tile, axis);
}

//===- Loops --------------------------------------------------------------------------------------===//

FailureOr<SmallVector<Value>> tiling::forEach(graph::TilePull &pull, Location loc, OpFoldResult count,
                                              ValueRange initial, LoopBody body) {
  OpBuilder &b = pull.builder();
  std::optional<int64_t> known = getConstantIntValue(count);
  if (known == 0)
    return llvm::to_vector(initial);
  if (known == 1)
    return body(toIndex(b, loc, zero(b)), initial);
  Value from = toIndex(b, loc, zero(b)), to = toIndex(b, loc, count),
        step = toIndex(b, loc, b.getIndexAttr(1));
  auto loop = scf::ForOp::create(b, loc, from, to, step, initial);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  FailureOr<SmallVector<Value>> next = body(loop.getInductionVar(), loop.getRegionIterArgs());
  if (failed(next)) {
    return failure();
  }
  if (!initial.empty())
    scf::YieldOp::create(b, loc, *next);
  return SmallVector<Value>(loop.getResults());
}

//===- Formulas -----------------------------------------------------------------------------------===//

/// 1 / (1 + exp(-x)).
static Value sigmoid(OpBuilder &b, Location loc, Value x) {
  Value one = filledLike(b, loc, x, 1.0);
  Value e = math::ExpOp::create(b, loc, arith::NegFOp::create(b, loc, x));
  return arith::DivFOp::create(b, loc, one, arith::AddFOp::create(b, loc, one, e));
}

/// x/2 * (1 + erf(x / sqrt 2)).
static Value gelu(OpBuilder &b, Location loc, Value x) {
  Value e = math::ErfOp::create(
      b, loc, arith::MulFOp::create(b, loc, x, filledLike(b, loc, x, 0.70710678118654752440)));
  Value half = arith::MulFOp::create(b, loc, x, filledLike(b, loc, x, 0.5));
  return arith::MulFOp::create(b, loc, half, arith::AddFOp::create(b, loc, e, filledLike(b, loc, x, 1.0)));
}

/// x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3))).
static Value geluTanh(OpBuilder &b, Location loc, Value x) {
  Value square = arith::MulFOp::create(b, loc, x, x);
  Value cubic = arith::MulFOp::create(b, loc, square, filledLike(b, loc, x, 0.044715));
  Value inner =
      arith::MulFOp::create(b, loc, x, arith::AddFOp::create(b, loc, cubic, filledLike(b, loc, x, 1.0)));
  Value t = math::TanhOp::create(
      b, loc, arith::MulFOp::create(b, loc, inner, filledLike(b, loc, x, 0.79788456080286535588)));
  Value half = arith::MulFOp::create(b, loc, x, filledLike(b, loc, x, 0.5));
  return arith::MulFOp::create(b, loc, half, arith::AddFOp::create(b, loc, t, filledLike(b, loc, x, 1.0)));
}

Value tiling::activation(OpBuilder &b, Location loc, graph::Activation kind, Value x) {
  switch (kind) {
  case graph::Activation::Silu:
    return arith::MulFOp::create(b, loc, x, sigmoid(b, loc, x));
  case graph::Activation::Gelu:
    return gelu(b, loc, x);
  case graph::Activation::GeluTanh:
    return geluTanh(b, loc, x);
  case graph::Activation::Relu:
    return arith::MaximumFOp::create(b, loc, x, filledLike(b, loc, x, 0.0));
  case graph::Activation::Sigmoid:
    return sigmoid(b, loc, x);
  }
  llvm_unreachable("every activation has a formula");
}
