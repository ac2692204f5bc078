// Shapes and constraints of caches, token choice and loss.
#include "dialects/Graph/Inference.h"

using namespace mlir;
using namespace girih::graph;

LogicalResult CacheWriteOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op, Types &types) {
  Shape cache = sizesOf(op.getCache());
  if (cache.empty()) // C1
    return expects<CacheWriteOp>(location, "cache of rank 1 or more, but got ", op.getCache().getType());
  if (failed(expectRank<CacheWriteOp>(location, "slots", op.getSlots(), 2))) // C1
    return failure();
  Shape rows = sizesOf(op.getSlots());
  llvm::append_range(rows, ArrayRef(cache).drop_front());
  if (failed(expectShape<CacheWriteOp>(location, "rows", "[b, s, ..]", op.getRows(), rows))) // C1
    return failure();
  if (elementOf(op.getRows()) != elementOf(op.getCache())) // C2
    return expects<CacheWriteOp>(location, "cache and rows of one element type, but got ", elementOf(op.getCache()),
                                 " and ", elementOf(op.getRows()));
  types.push_back(op.getCache().getType());
  return success();
}

LogicalResult ArgmaxOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op, Types &types) {
  Shape shape = sizesOf(op.getInput());
  if (shape.empty()) // C1
    return expects<ArgmaxOp>(location, "input of rank 1 or more, but got ", op.getInput().getType());
  shape.pop_back();
  types.push_back(getTensorType(shape, IntegerType::get(context, 32)));
  return success();
}

LogicalResult CrossEntropyOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op, Types &types) {
  Shape shape = sizesOf(op.getLogits());
  if (shape.empty()) // C1
    return expects<CrossEntropyOp>(location, "logits of rank 1 or more, but got ", op.getLogits().getType());
  shape.pop_back();
  if (failed(expectShape<CrossEntropyOp>(location, "labels", "[..]", op.getLabels(), shape))) // C1
    return failure();
  types.push_back(getTensorType(shape, elementOf(op.getLogits())));
  return success();
}
