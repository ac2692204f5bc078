// Shapes and constraints of the ops that scale rows by their own statistics.
#include "dialects/Graph/Inference.h"

using namespace mlir;
using namespace girih::graph;

/// A row-wise op keeps its input's type; weight and bias run along the row.
template <typename Op>
static LogicalResult inferRowWise(MaybeLocation location, Value input, Value weight, Value bias, Types &types) {
  Shape shape = sizesOf(input);
  if (shape.empty()) // C1
    return expects<Op>(location, {{"input", input}}, "input of rank 1 or more, but got ", input.getType());
  if (weight && failed(expectShape<Op>(location, "weight", "[H]", weight, {shape.back()}))) // C2
    return failure();
  if (bias && failed(expectShape<Op>(location, "bias", "[H]", bias, {shape.back()}))) // C2
    return failure();
  types.push_back(getTensorType(shape, elementOf(input)));
  return success();
}

/// An epsilon below 0 or NaN would make square roots of negative numbers.
template <typename Op> static LogicalResult verifyEpsilon(Op op) {
  if (op.getEpsilon().isNaN() || op.getEpsilon().isInfinity() || op.getEpsilon().isNegative())
    return op.emitOpError("expects a finite epsilon of 0 or more, but got ") << op.getEpsilonAttr();
  return success();
}

LogicalResult RMSNormOp::inferReturnTypes(MLIRContext *, MaybeLocation location, Adaptor op, Types &types) {
  return inferRowWise<RMSNormOp>(location, op.getInput(), op.getWeight(), nullptr, types);
}
LogicalResult RMSNormOp::verify() { return verifyEpsilon(*this); } // C3

LogicalResult LayerNormOp::inferReturnTypes(MLIRContext *, MaybeLocation location, Adaptor op, Types &types) {
  return inferRowWise<LayerNormOp>(location, op.getInput(), op.getWeight(), op.getBias(), types);
}
LogicalResult LayerNormOp::verify() { return verifyEpsilon(*this); } // C3

LogicalResult L2NormalizeOp::inferReturnTypes(MLIRContext *, MaybeLocation location, Adaptor op, Types &types) {
  return inferRowWise<L2NormalizeOp>(location, op.getInput(), nullptr, nullptr, types);
}
LogicalResult L2NormalizeOp::verify() { return verifyEpsilon(*this); } // C2

LogicalResult SoftmaxOp::inferReturnTypes(MLIRContext *, MaybeLocation location, Adaptor op, Types &types) {
  Shape shape = sizesOf(op.getInput());
  if (failed(expectAxis<SoftmaxOp>(location, {"input", op.getInput()}, op.getAxis()))) // C1
    return failure();
  types.push_back(getTensorType(shape, elementOf(op.getInput())));
  return success();
}

LogicalResult QuantizeRowsOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                               Types &types) {
  Shape shape = sizesOf(op.getInput());
  if (shape.empty()) // C1
    return expects<QuantizeRowsOp>(location, {{"input", op.getInput()}}, "input of rank 1 or more, but got ",
                                   op.getInput().getType());
  types.push_back(getTensorType(shape, IntegerType::get(context, 8)));
  shape.back() = 1;
  types.append(2, getTensorType(shape, Float32Type::get(context)));
  return success();
}
