// Shapes and constraints of the ops that know what a token sequence is.
#include "dialects/Graph/Inference.h"

using namespace mlir;
using namespace girih::graph;

LogicalResult EmbeddingOp::inferReturnTypes(MLIRContext *, MaybeLocation location, Adaptor op, Types &types) {
  if (failed(expectRank<EmbeddingOp>(location, "table", op.getTable(), 2))) // C1
    return failure();
  Shape shape = sizesOf(op.getIds());
  shape.push_back(sizesOf(op.getTable())[1]);
  types.push_back(getTensorType(shape, elementOf(op.getTable())));
  return success();
}

LogicalResult PositionsOp::inferReturnTypes(MLIRContext *, MaybeLocation location, Adaptor op, Types &types) {
  if (failed(expectRank<PositionsOp>(location, "ids", op.getIds(), 2))) // C1
    return failure();
  types.push_back(op.getIds().getType());
  return success();
}

LogicalResult PositionsOp::verify() {
  if (getKind() == PositionsKind::SkipPadding && !getPaddingIndex()) // C2
    return emitOpError("expects padding_index where kind is skip_padding");
  if (getKind() != PositionsKind::SkipPadding && getPaddingIndex()) // C2
    return emitOpError("expects no padding_index where kind is absolute");
  return success();
}

LogicalResult RopeOp::inferReturnTypes(MLIRContext *, MaybeLocation location, Adaptor op, Types &types) {
  if (failed(expectRank<RopeOp>(location, "input", op.getInput(), 4)) || // C1
      failed(expectRank<RopeOp>(location, "cos", op.getCos(), 2)))       // C3
    return failure();
  Shape input = sizesOf(op.getInput()), cos = sizesOf(op.getCos());
  if (failed(expectShape<RopeOp>(location, "positions", "[b, s]", op.getPositions(), {input[0], input[1]}))) // C2
    return failure();
  if (op.getCos().getType() != op.getSin().getType()) // C3
    return expects<RopeOp>(location, {{"cos", op.getCos()}, {"sin", op.getSin()}}, "cos and sin of one type, but got ", op.getCos().getType(), " and ",
                           op.getSin().getType());
  std::optional<int64_t> head = input[3].getConstant(), half = cos[1].getConstant();
  if (!head || !half || 2 * *half > *head) // C4
    return expects<RopeOp>(location, {{"cos", op.getCos()}, {"input", op.getInput()}}, "tables of at most half the head size, but got ", cos[1].str(), " for ",
                           input[3].str());
  types.push_back(getTensorType(input, elementOf(op.getInput())));
  return success();
}

LogicalResult PoolOp::inferReturnTypes(MLIRContext *, MaybeLocation location, Adaptor op, Types &types) {
  if (failed(expectRank<PoolOp>(location, "input", op.getInput(), 3))) // C1
    return failure();
  Shape input = sizesOf(op.getInput());
  if (failed(expectShape<PoolOp>(location, "mask", "[b, s]", op.getMask(), {input[0], input[1]}))) // C2
    return failure();
  types.push_back(getTensorType({input[0], input[2]}, elementOf(op.getInput())));
  return success();
}
