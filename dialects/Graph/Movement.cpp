// Shapes and constraints of the ops that move, select or combine elements along axes.
#include "dialects/Graph/Inference.h"

using namespace mlir;
using namespace girih::graph;

LogicalResult ReduceOp::inferReturnTypes(MLIRContext *, MaybeLocation location, Adaptor op, Types &types) {
  Shape input = sizesOf(op.getInput()), result;
  ArrayRef<int64_t> axes = op.getAxes();
  for (int64_t axis : axes) // C1
    if (failed(expectAxis<ReduceOp>(location, {"input", op.getInput()}, axis)))
      return failure();
  if (axes.empty() || !llvm::is_sorted(axes, std::less_equal<>())) // C1
    return expects<ReduceOp>(location, "one or more axes in ascending order, each once");
  if (op.getKind() == ReduceKind::Mean && !isa<FloatType>(elementOf(op.getInput()))) // C2
    return expects<ReduceOp>(location, {{"input", op.getInput()}}, "floats for a mean, but got ", op.getInput().getType(), "; cast first");
  for (auto [axis, size] : llvm::enumerate(input)) {
    if (!llvm::is_contained(axes, axis))
      result.push_back(size);
    else if (op.getKeepDims())
      result.push_back(1);
  }
  types.push_back(getTensorType(result, elementOf(op.getInput())));
  return success();
}

LogicalResult GatherOp::inferReturnTypes(MLIRContext *, MaybeLocation location, Adaptor op, Types &types) {
  Shape data = sizesOf(op.getData()), indices = sizesOf(op.getIndices());
  if (failed(expectAxis<GatherOp>(location, {"data", op.getData()}, op.getAxis()))) // C1
    return failure();
  Shape result(data.begin(), data.begin() + op.getAxis());
  result.append(indices);
  result.append(data.begin() + op.getAxis() + 1, data.end());
  types.push_back(getTensorType(result, elementOf(op.getData())));
  return success();
}

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *, MaybeLocation location, Adaptor op, Types &types) {
  if (op.getInputs().empty()) // C1
    return expects<ConcatOp>(location, "at least one input");
  Shape result = sizesOf(op.getInputs().front());
  int64_t axis = op.getAxis();
  if (failed(expectAxis<ConcatOp>(location, {"the first input", op.getInputs().front()}, axis))) // C2
    return failure();
  for (Value input : op.getInputs().drop_front()) {
    Shape shape = sizesOf(input), expected = result;
    if (shape.size() == expected.size())
      expected[axis] = shape[axis];
    if (shape != expected || elementOf(input) != elementOf(op.getInputs().front())) // C3
      return expects<ConcatOp>(location, {{"the first input", op.getInputs().front()}, {"this input", input}}, "inputs equal but for axis ", axis, ", but got ",
                               op.getInputs().front().getType(), " and ", input.getType());
    result[axis] = result[axis] + shape[axis];
  }
  types.push_back(getTensorType(result, elementOf(op.getInputs().front())));
  return success();
}

/// The size of one dimension of a slice, or nothing if it is out of bounds or cannot be expressed.
static std::optional<SizeExpr> sliceSize(const SizeExpr &whole, int64_t offset, int64_t size) {
  if (offset < 0 || size < -1)
    return std::nullopt;
  std::optional<int64_t> constant = whole.getConstant();
  if (size == -1) {
    if (offset == 0)
      return whole;
    return constant && offset <= *constant ? std::optional<SizeExpr>(*constant - offset) : std::nullopt;
  }
  // Where the dimension is symbolic, the bounds of its symbols decide (C3, verifySymbolUses).
  return !constant || size <= *constant - offset ? std::optional<SizeExpr>(size) : std::nullopt;
}

LogicalResult SliceOp::inferReturnTypes(MLIRContext *, MaybeLocation location, Adaptor op, Types &types) {
  Shape input = sizesOf(op.getInput()), result;
  if (op.getOffsets().size() != input.size() || op.getSizes().size() != input.size()) // C1
    return expects<SliceOp>(location, {{"input", op.getInput()}}, "one offset and one size for each of ", input.size(), " dimensions, but got ",
                            op.getOffsets().size(), " and ", op.getSizes().size());
  for (auto [whole, offset, size] : llvm::zip_equal(input, op.getOffsets(), op.getSizes())) {
    std::optional<SizeExpr> part = sliceSize(whole, offset, size);
    if (!part) // C2
      return expects<SliceOp>(location, {{"input", op.getInput()}}, "a part that lies inside and has a static size, or offset 0 and size -1, but got offset ",
                              offset, " and size ", size, " of ", whole.str());
    result.push_back(*part);
  }
  types.push_back(getTensorType(result, elementOf(op.getInput())));
  return success();
}

void ReshapeOp::build(OpBuilder &builder, OperationState &state, Value input, ArrayRef<SizeExpr> sizes) {
  build(builder, state, getTensorType(sizes, elementOf(input)), input);
}

LogicalResult ReshapeOp::verify() {
  auto input = tensorType(getInput());
  if (input.getElementType() != getType().getElementType()) // C1
    return noteDefinitions(emitOpError("expects one element type, but got ")
                               << input.getElementType() << " and " << getType().getElementType()
                               << "; girih.cast converts",
                           {{"input", getInput()}});
  if (getNumElements(input) != getNumElements(getType())) // C2
    return noteDefinitions(emitOpError("expects as many elements as before, ")
                               << getNumElements(input).str() << ", but got " << getNumElements(getType()).str(),
                           {{"input", getInput()}});
  if (isa_and_present<EncodingAttrInterface>(getType().getEncoding())) // C3
    return emitOpError("expects a result in row-major order, but got ") << getType();
  return success();
}

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *, MaybeLocation location, Adaptor op, Types &types) {
  Shape input = sizesOf(op.getInput()), result;
  SmallVector<int64_t> sorted(op.getPermutation());
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq<int64_t>(0, input.size()))) // C1
    return expects<TransposeOp>(location, {{"input", op.getInput()}}, "a permutation of 0 to ", int64_t(input.size()) - 1, ", but got [",
                                llvm::join(llvm::map_range(op.getPermutation(), [](int64_t i) { return std::to_string(i); }), ", "), "]");
  for (int64_t from : op.getPermutation())
    result.push_back(input[from]);
  types.push_back(getTensorType(result, elementOf(op.getInput())));
  return success();
}
