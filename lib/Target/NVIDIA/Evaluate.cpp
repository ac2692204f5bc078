// The value of a tile at an element, computed from its operands' values at theirs.
#include "lib/Target/NVIDIA/ProgramLowering.h"

#include "lib/Target/Bounds.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace girih;
using namespace girih::nvidia;

Value ProgramLowering::evaluate(Value tile, const Point &point) {
  for (auto &scope : memo)
    if (auto found = scope.find(tile); found != scope.end())
      for (auto &[known, value] : found->second)
        if (known == point)
          return value;
  Value value = evaluateHere(tile, point);
  memo.back()[tile].push_back({point, value});
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
  if (isa<tile::LoadOp, tile::GatherOp>(op))
    return loadView(views[op->getOperand(0)], accessOf(op, point));
  if (auto concat = dyn_cast<tile::ConcatOp>(op))
    return evaluateConcat(concat, point);
  if (auto iota = dyn_cast<tile::IotaOp>(op))
    return toI32(point[iota.getDim()]);
  if (auto reshape = dyn_cast<tile::ReshapeOp>(op))
    return evaluateReshape(reshape, point);
  if (auto broadcast = dyn_cast<tile::BroadcastOp>(op)) {
    Point from;
    for (auto [i, dim] : llvm::enumerate(broadcast.getDims()))
      from.push_back(cast<RankedTensorType>(broadcast.getInput().getType()).getDimSize(i) == 1 ? constant(0)
                                                                                               : point[dim]);
    return evaluate(broadcast.getInput(), from);
  }
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
    Point from = point;
    for (auto [index, offset] : llvm::zip(from, slice.getStaticOffsets()))
      index = add(index, constant(offset));
    return evaluate(slice.getSource(), from);
  }
  if (auto transpose = dyn_cast<tile::TransposeOp>(op)) {
    Point from(point.size());
    for (auto [i, dim] : llvm::enumerate(transpose.getPermutation()))
      from[dim] = point[i];
    return evaluate(transpose.getInput(), from);
  }
  return evaluateElementwise(op, point);
}

/// Arithmetic on 16-bit floats, which is done in f32 and rounded, as everywhere: instructions of their own
/// would round otherwise.
static bool isNarrowArithmetic(Operation *op) {
  Type element = getElementTypeOrSelf(op->getResult(0).getType());
  return (element.isBF16() || element.isF16()) &&
         !isa<arith::ExtFOp, arith::TruncFOp, arith::SelectOp, arith::BitcastOp, arith::SIToFPOp,
              arith::UIToFPOp>(op);
}

/// The same operation on one element.
Value ProgramLowering::evaluateElementwise(Operation *op, const Point &point) {
  bool isNarrow = isNarrowArithmetic(op);
  SmallVector<Value> operands;
  for (Value operand : op->getOperands()) {
    Value value = isa<RankedTensorType>(operand.getType()) ? evaluate(operand, point) : mapped(operand);
    if (isNarrow && isa<FloatType>(value.getType()) && !value.getType().isF32())
      value = arith::ExtFOp::create(builder, loc, builder.getF32Type(), value);
    operands.push_back(value);
  }
  Type element = cast<RankedTensorType>(op->getResult(0).getType()).getElementType();
  OperationState state(op->getLoc(), op->getName(), operands, isNarrow ? builder.getF32Type() : element,
                       op->getAttrs());
  Value result = builder.create(state)->getResult(0);
  return isNarrow ? arith::TruncFOp::create(builder, loc, element, result) : result;
}

/// The part that the element lies in decides what is computed.
Value ProgramLowering::evaluateConcat(tile::ConcatOp op, const Point &point) {
  int axis = op.getAxis();
  auto from = [&](auto &&self, unsigned input, int64_t begin) -> Value {
    Value tile = op.getInputs()[input];
    int64_t size = cast<RankedTensorType>(tile.getType()).getDimSize(axis);
    auto here = [&] {
      Point place = point;
      place[axis] = sub(point[axis], constant(begin));
      memo.emplace_back();
      Value value = evaluate(tile, place);
      memo.pop_back();
      return value;
    };
    if (input + 1 == op.getInputs().size())
      return here();
    Type element = op.getResult().getType().getElementType();
    auto branch = scf::IfOp::create(builder, loc, TypeRange(element),
                                    less(point[axis], constant(begin + size)), /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(branch.thenBlock());
    scf::YieldOp::create(builder, loc, here());
    builder.setInsertionPointToStart(branch.elseBlock());
    scf::YieldOp::create(builder, loc, self(self, input + 1, begin + size));
    return branch.getResult(0);
  };
  return from(from, 0, 0);
}

Value ProgramLowering::evaluateReshape(tile::ReshapeOp op, const Point &point) {
  auto from = cast<RankedTensorType>(op.getInput().getType()),
       to = cast<RankedTensorType>(op.getResult().getType());
  Value linear = constant(0);
  int64_t stride = 1;
  for (int dim = int(to.getRank()) - 1; dim >= 0; --dim) {
    linear = add(linear, mul(point[dim], constant(stride)));
    stride *= to.getDimSize(dim);
  }
  Point source(from.getRank());
  for (int dim = int(from.getRank()) - 1; dim >= 0; --dim) {
    bool outermost = llvm::all_of(from.getShape().take_front(dim), [](int64_t n) { return n == 1; });
    if (from.getDimSize(dim) == 1) {
      source[dim] = constant(0);
    } else if (outermost) {
      source[dim] = linear;
      linear = constant(0);
    } else {
      source[dim] = remainder(linear, from.getDimSize(dim));
      linear = divide(linear, from.getDimSize(dim));
    }
  }
  return evaluate(op.getInput(), source);
}
