// The value of a tile at a point, computed from its operands' values at their points. A value that all lanes
// share stays a scalar as long as it can, and is computed in the outermost loop that knows the point.
#include "lib/Target/CPU/ProgramLowering.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace girih;
using namespace girih::cpu;

/// The innermost of the open loops whose body the point's indices belong to.
unsigned ProgramLowering::depthOf(const Point &point) {
  for (unsigned depth = scopes.size() - 1; depth > 0; --depth)
    for (Value index : point.index)
      if (scopes[depth].loop->getRegion(0).isAncestor(index.getParentRegion()))
        return depth;
  return 0;
}

Value ProgramLowering::evaluate(Value tile, const Point &point) {
  unsigned depth = depthOf(point);
  for (auto &[known, value] : scopes[depth].memo[tile])
    if (known.lane == point.lane && known.index == point.index)
      return value;
  OpBuilder::InsertionGuard guard(builder);
  if (depth + 1 < scopes.size())
    builder.setInsertionPoint(scopes[depth + 1].loop);
  Value value = evaluateHere(tile, point);
  scopes[depth].memo[tile].push_back({point, value});
  return value;
}

Value ProgramLowering::evaluateHere(Value tile, const Point &point) {
  if (auto found = slots.find(tile); found != slots.end())
    return loadSlot(found->second, point);
  Operation *op = tile.getDefiningOp();
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    auto values = cast<DenseElementsAttr>(constant.getValue());
    return arith::ConstantOp::create(builder, loc, cast<TypedAttr>(values.getSplatValue<Attribute>()));
  }
  if (auto splat = dyn_cast<tensor::SplatOp>(op))
    return mapped(splat.getInput());
  if (auto load = dyn_cast<tile::LoadOp>(op))
    return evaluateLoad(load, point);
  if (auto gather = dyn_cast<tile::GatherOp>(op))
    return evaluateGather(gather, point);
  if (auto iota = dyn_cast<tile::IotaOp>(op))
    return evaluateIota(iota, point);
  if (auto reshape = dyn_cast<tile::ReshapeOp>(op))
    return evaluateReshape(reshape, point);
  if (auto broadcast = dyn_cast<tile::BroadcastOp>(op)) {
    Point from;
    for (auto [i, dim] : llvm::enumerate(broadcast.getDims())) {
      bool repeated = cast<RankedTensorType>(broadcast.getInput().getType()).getDimSize(i) == 1;
      from.index.push_back(repeated ? constant(0) : point.index[dim]);
      if (!repeated && point.lane == dim)
        from.lane = i;
    }
    return evaluate(broadcast.getInput(), from);
  }
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
    Point from = point;
    for (auto [index, offset] : llvm::zip(from.index, slice.getStaticOffsets()))
      index = add(index, constant(offset));
    return evaluate(slice.getSource(), from);
  }
  if (auto transpose = dyn_cast<tile::TransposeOp>(op)) {
    Point from;
    from.index.resize(point.index.size());
    for (auto [i, dim] : llvm::enumerate(transpose.getPermutation())) {
      from.index[dim] = point.index[i];
      if (point.lane == int(i))
        from.lane = dim;
    }
    return evaluate(transpose.getInput(), from);
  }
  return evaluateElementwise(op, point);
}

/// The same operation on one element or one vector of elements.
Value ProgramLowering::evaluateElementwise(Operation *op, const Point &point) {
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(isa<RankedTensorType>(operand.getType()) ? evaluate(operand, point) : mapped(operand));
  bool vector = llvm::any_of(operands, [](Value value) { return isa<VectorType>(value.getType()); });
  if (vector)
    for (Value &operand : operands)
      operand = splat(operand);
  Type element = cast<RankedTensorType>(op->getResult(0).getType()).getElementType();
  OperationState state(op->getLoc(), op->getName(), operands,
                       vector ? Type(VectorType::get(lanes, element)) : element, op->getAttrs());
  return builder.create(state)->getResult(0);
}

Value ProgramLowering::evaluateIota(tile::IotaOp op, const Point &point) {
  int dim = op.getDim();
  Value start = arith::IndexCastOp::create(builder, loc, builder.getI32Type(), point.index[dim]);
  if (point.lane != dim)
    return start;
  return arith::AddIOp::create(builder, loc, splat(start), laneNumbers());
}

Value ProgramLowering::evaluateLoad(tile::LoadOp op, const Point &point) {
  const View &view = views[op.getView()];
  return loadView(view, access(op.getOffsets(), op.getTileDims(), view, op.getResult().getType(), point));
}

Value ProgramLowering::evaluateGather(tile::GatherOp op, const Point &point) {
  if (point.lane == 0)
    return eachLane(op.getResult(), point);
  const View &view = views[op.getView()];
  Point row{{point.index[0]}, -1};
  Value number = evaluate(op.getIndices(), row);
  Value index = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), number);
  index = arith::MaxSIOp::create(builder, loc, minimum(index, sub(view.sizes[0], constant(1))), constant(0));
  // The other dimensions as a load's; the row is inside by the clamp.
  Access where;
  where.position.push_back(index);
  where.checked.push_back(false);
  for (auto [i, offset] : llvm::enumerate(op.getOffsets())) {
    int dim = i + 1;
    int64_t span = op.getResult().getType().getDimSize(dim);
    if (point.lane == dim) {
      where.lane = dim;
      span = llvm::alignTo(span, lanes);
    }
    std::optional<int64_t> most = upperBound(offset), held = getConstantIntValue(view.sizes[dim]);
    where.position.push_back(add(mapped(offset), point.index[dim]));
    where.checked.push_back(!(most && held && *most + span <= *held && isNonNegative(offset)));
  }
  return loadView(view, where);
}

/// 16 scalar evaluations, for what has no vector form.
Value ProgramLowering::eachLane(Value tile, const Point &point) {
  auto type = cast<RankedTensorType>(tile.getType());
  Value result = zero(VectorType::get(lanes, type.getElementType()));
  Value last = constant(type.getDimSize(point.lane) - 1);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    Point one = point;
    one.lane = -1;
    one.index[point.lane] = minimum(add(point.index[point.lane], constant(lane)), last);
    result = vector::InsertOp::create(builder, loc, evaluateHere(tile, one), result, lane);
  }
  return result;
}

Value ProgramLowering::evaluateReshape(tile::ReshapeOp op, const Point &point) {
  auto from = cast<RankedTensorType>(op.getInput().getType()),
       to = cast<RankedTensorType>(op.getResult().getType());
  int fromLane = laneDim(from.getShape()), toLane = laneDim(to.getShape());
  // Sixteen neighbours of the result are neighbours of the input where rows of both are whole vectors.
  int64_t fromRow = from.getRank() ? from.getDimSize(fromLane) : 1,
          toRow = to.getRank() ? to.getDimSize(toLane) : 1;
  bool whole = point.lane == toLane && ((fromRow % lanes == 0 && toRow % lanes == 0) || fromRow == toRow);
  if (point.lane >= 0 && to.getDimSize(point.lane) > 1 && !whole)
    return eachLane(op.getResult(), point);
  Value linear = constant(0);
  int64_t stride = 1;
  for (int dim = int(to.getRank()) - 1; dim >= 0; --dim) {
    linear = add(linear, mul(point.index[dim], constant(stride)));
    stride *= to.getDimSize(dim);
  }
  Point source;
  source.lane = point.lane >= 0 && from.getRank() && fromRow > 1 ? fromLane : -1;
  source.index.resize(from.getRank());
  for (int dim = int(from.getRank()) - 1; dim >= 0; --dim) {
    Value size = constant(from.getDimSize(dim));
    bool outermost = llvm::all_of(from.getShape().take_front(dim), [](int64_t n) { return n == 1; });
    if (from.getDimSize(dim) == 1)
      source.index[dim] = constant(0);
    else if (outermost)
      source.index[dim] = linear;
    else {
      source.index[dim] = arith::RemUIOp::create(builder, loc, linear, size);
      linear = arith::DivUIOp::create(builder, loc, linear, size);
    }
    if (outermost)
      linear = constant(0);
  }
  return evaluate(op.getInput(), source);
}
