// Shapes, constraints and indexing of the choice of a token.
#include "dialects/Graph/Indexing.h"
#include "dialects/Graph/Inference.h"

using namespace mlir;
using namespace girih::graph;

LogicalResult SampleOp::inferReturnTypes(MLIRContext *context, MaybeLocation location, Adaptor op, Types &types) {
  if (failed(expectRank<SampleOp>(location, "logits", op.getLogits(), 2))) // C1
    return failure();
  Shape shape = sizesOf(op.getLogits());
  if (failed(expectShape<SampleOp>(location, "seen", "[b, V]", op.getSeen(), shape))) // C2
    return failure();
  std::pair<StringRef, Value> perRow[] = {
      {"temperature", op.getTemperature()}, {"top_k", op.getTopK()}, {"top_p", op.getTopP()}, {"min_p", op.getMinP()},
      {"penalty", op.getPenalty()},         {"seed", op.getSeed()},  {"step", op.getStep()}};
  for (auto [name, value] : perRow) // C3
    if (failed(expectShape<SampleOp>(location, name, "[b]", value, {shape[0]})))
      return failure();
  types.push_back(getTensorType({shape[0]}, IntegerType::get(context, 32)));
  return success();
}

/// The choice needs a whole row of everything.
Iterators SampleOp::getIteratorTypes() { return iterators(*this, 1); }
SmallVector<AffineMap> SampleOp::getIndexingMaps() {
  Maps maps(*this, 1);
  for (Value operand : getOperands())
    maps.add(maps.range(0, tensorType(operand).getRank()));
  return maps.finish();
}
