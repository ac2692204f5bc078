// Shapes and constraints of the ops that compute each element from the elements at its place.
#include "dialects/Graph/Inference.h"

using namespace mlir;
using namespace girih::graph;

/// A result like the operand, in plain row-major order.
static LogicalResult inferLike(Value operand, Types &types) {
  types.push_back(getTensorType(sizesOf(operand), elementOf(operand)));
  return success();
}

#define GIRIH_UNARY(OP)                                                                                                \
  LogicalResult OP::inferReturnTypes(MLIRContext *, MaybeLocation, Adaptor op, Types &types) {                         \
    return inferLike(op.getInput(), types);                                                                            \
  }
GIRIH_UNARY(ReluOp)
GIRIH_UNARY(SiluOp)
GIRIH_UNARY(TanhOp)
GIRIH_UNARY(SigmoidOp)
GIRIH_UNARY(ExpOp)
GIRIH_UNARY(SqrtOp)
GIRIH_UNARY(RsqrtOp)
GIRIH_UNARY(NegOp)
GIRIH_UNARY(ReciprocalOp)
GIRIH_UNARY(ErfOp)
GIRIH_UNARY(GeluOp)
#undef GIRIH_UNARY

LogicalResult GateOp::inferReturnTypes(MLIRContext *, MaybeLocation location, Adaptor op, Types &types) {
  if (op.getGate().getType() != op.getUp().getType()) // C1
    return expects<GateOp>(location, {{"gate", op.getGate()}, {"up", op.getUp()}}, "gate and up of one type, but got ", op.getGate().getType(), " and ",
                           op.getUp().getType());
  return inferLike(op.getGate(), types);
}

/// The size that two aligned dimensions broadcast to.
static std::optional<SizeExpr> broadcast(const SizeExpr &lhs, const SizeExpr &rhs) {
  if (lhs == rhs || rhs == SizeExpr(1))
    return lhs;
  return lhs == SizeExpr(1) ? std::optional(rhs) : std::nullopt;
}

template <typename Op>
static LogicalResult inferBinary(MaybeLocation location, Value lhs, Value rhs, Types &types) {
  if (elementOf(lhs) != elementOf(rhs)) // C1
    return expects<Op>(location, {{"lhs", lhs}, {"rhs", rhs}}, "operands of one element type, but got ", elementOf(lhs), " and ", elementOf(rhs));
  Shape longer = sizesOf(lhs), shorter = sizesOf(rhs);
  if (longer.size() < shorter.size())
    std::swap(longer, shorter);
  size_t skipped = longer.size() - shorter.size();
  for (auto [i, size] : llvm::enumerate(shorter)) { // C2
    std::optional<SizeExpr> common = broadcast(longer[skipped + i], size);
    if (!common)
      return expects<Op>(location, {{"lhs", lhs}, {"rhs", rhs}}, "shapes that broadcast (trailing dimensions equal or 1), but got ",
                         describe(sizesOf(lhs)), " and ", describe(sizesOf(rhs)));
    longer[skipped + i] = *common;
  }
  types.push_back(getTensorType(longer, elementOf(lhs)));
  return success();
}

#define GIRIH_BINARY(OP)                                                                                               \
  LogicalResult OP::inferReturnTypes(MLIRContext *, MaybeLocation location, Adaptor op, Types &types) {                \
    return inferBinary<OP>(location, op.getLhs(), op.getRhs(), types);                                                 \
  }
GIRIH_BINARY(AddOp)
GIRIH_BINARY(SubOp)
GIRIH_BINARY(MulOp)
GIRIH_BINARY(DivOp)
GIRIH_BINARY(MaximumOp)
GIRIH_BINARY(MinimumOp)
#undef GIRIH_BINARY

//===-- small integers ----------------------------------------------------===//

LogicalResult QuantizeOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                           Types &types) {
  for (auto [name, value] : {std::pair<StringRef, Value>("scale", op.getScale()), {"center", op.getCenter()}})
    if (failed(expectShape<QuantizeOp>(location, name, "[1]", value, {1}))) // C1
      return failure();
  types.push_back(getTensorType(sizesOf(op.getInput()), IntegerType::get(context, 8)));
  return success();
}

LogicalResult DequantizeOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op,
                                             Types &types) {
  Shape shape = sizesOf(op.getSums());
  if (shape.empty()) // C1
    return expects<DequantizeOp>(location, {{"sums", op.getSums()}}, "sums of rank 1 or more, but got ",
                                 op.getSums().getType());
  Shape row = shape, one = {1};
  row.back() = 1;
  for (auto [name, value] : {std::pair<StringRef, Value>("scale", op.getScale()), {"center", op.getCenter()}})
    if (sizesOf(value) != one &&
        failed(expectShape<DequantizeOp>(location, name, "[1] or [.., 1]", value, row))) // C2
      return failure();
  for (auto [name, value] : {std::pair<StringRef, Value>("weight_scales", op.getWeightScales()),
                             {"weight_sums", op.getWeightSums()},
                             {"bias", op.getBias()}})
    if (value && failed(expectShape<DequantizeOp>(location, name, "[N]", value, {shape.back()}))) // C3
      return failure();
  if (!isa<FloatType>(op.getElement())) // C4
    return expects<DequantizeOp>(location, "a result of a float type, but got ", op.getElement());
  types.push_back(getTensorType(shape, op.getElement()));
  return success();
}

//===-- cast --------------------------------------------------------------===//

void CastOp::build(OpBuilder &builder, OperationState &state, Value input, Type elementType) {
  build(builder, state, getTensorType(sizesOf(input), elementType), input);
}

LogicalResult CastOp::verify() {
  if (getSizes(getType()) != sizesOf(getInput()) || getType() != getTensorType(sizesOf(getInput()), getType().getElementType())) // C1
    return noteDefinitions(emitOpError("expects a result of shape ") << describe(sizesOf(getInput())) << ", but got "
                                                                    << getType(),
                           {{"input", getInput()}});
  return success();
}

//===-- constant ----------------------------------------------------------===//

LogicalResult ConstantOp::inferReturnTypes(MLIRContext *, MaybeLocation location, Adaptor op, Types &types) {
  auto type = dyn_cast<RankedTensorType>(op.getValue().getShapedType());
  if (!type || !type.hasStaticShape() || type.getEncoding()) // C1
    return expects<ConstantOp>(location, "a value of static shape without encoding, but got ",
                               op.getValue().getShapedType());
  types.push_back(type);
  return success();
}
