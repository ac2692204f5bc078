// Upstream's TilingInterface, as far as it asks where things are: the iteration domain, and which tile of it belongs to
// which tile of a result. Derived from the indexing maps once, for all ops; tiles themselves are emitted by lib/Tiling.
#include "dialects/Graph/Inference.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace girih::graph;

namespace {
/// A dimension of one of an op's tensors.
struct Place {
  Value tensor;
  int64_t dimension;
};
} // namespace

/// The operand dimensions that are symbolic, each with its size.
static SmallVector<std::pair<SizeExpr, Place>> symbolicPlaces(Operation *op) {
  SmallVector<std::pair<SizeExpr, Place>> places;
  for (Value operand : op->getOperands())
    for (auto [dimension, size] : llvm::enumerate(sizesOf(operand)))
      if (!size.isConstant())
        places.push_back({size, {operand, static_cast<int64_t>(dimension)}});
  return places;
}

/// Operand dimensions whose product is `size`, up to a constant factor that remains in `size`; fails if there are none.
static FailureOr<SmallVector<Place>> factorize(SizeExpr &size, ArrayRef<std::pair<SizeExpr, Place>> places) {
  for (const auto &[whole, place] : places)
    if (whole == size) {
      size = SizeExpr(1);
      return SmallVector<Place>{place};
    }
  SmallVector<Place> factors;
  for (const auto &[part, place] : places)
    while (std::optional<SizeExpr> rest = size.dividedBy(part)) {
      factors.push_back(place);
      size = *rest;
    }
  if (!size.isConstant())
    return failure();
  return factors;
}

/// The run-time value of the size at `place`: a product of operand dimensions. Where operands do not determine it (a reshape
/// that splits `batch*seq`), it is read from the result, so the builder must then stand behind the op.
static OpFoldResult sizeValue(OpBuilder &builder, Operation *op, Place place) {
  SizeExpr size = sizesOf(place.tensor)[place.dimension];
  Location location = op->getLoc();
  auto dimension = [&](Place at) -> OpFoldResult {
    return tensor::DimOp::create(builder, location, at.tensor, at.dimension).getResult();
  };
  if (std::optional<int64_t> constant = size.getConstant())
    return builder.getIndexAttr(*constant);
  FailureOr<SmallVector<Place>> factors = factorize(size, symbolicPlaces(op));
  if (failed(factors))
    return dimension(place);
  AffineExpr product = builder.getAffineConstantExpr(*size.getConstant());
  SmallVector<OpFoldResult> values;
  for (Place factor : *factors) {
    product = product * builder.getAffineSymbolExpr(values.size());
    values.push_back(dimension(factor));
  }
  return affine::makeComposedFoldedAffineApply(builder, location, AffineMap::get(0, values.size(), product), values);
}

/// Where an iterator's extent can be read: a dimension of the first result, else of an operand that it alone indexes.
static Place extentOf(IndexedOpInterface op, unsigned iterator) {
  Value first = op->getResult(0);
  if (iterator < tensorType(first).getRank())
    return {first, iterator};
  AffineExpr wanted = getAffineDimExpr(iterator, op->getContext());
  for (auto [operand, map] : llvm::zip(op->getOperands(), op.getIndexingMaps()))
    for (auto [dimension, expr] : llvm::enumerate(map.getResults()))
      if (expr == wanted)
        return {operand, static_cast<int64_t>(dimension)};
  llvm_unreachable("every reduction iterator indexes an operand by itself");
}

SmallVector<Range> girih::graph::iterationDomain(Operation *op, OpBuilder &builder) {
  auto indexed = cast<IndexedOpInterface>(op);
  SmallVector<Range> ranges;
  for (unsigned iterator = 0, end = indexed.getIteratorTypes().size(); iterator < end; ++iterator)
    ranges.push_back({builder.getIndexAttr(0), sizeValue(builder, op, extentOf(indexed, iterator)), builder.getIndexAttr(1)});
  return ranges;
}

/// The map of a result; all of them are projections of the iterators.
static AffineMap resultMap(Operation *op, unsigned result) {
  return cast<IndexedOpInterface>(op).getIndexingMaps()[op->getNumOperands() + result];
}

LogicalResult girih::graph::resultTilePosition(Operation *op, unsigned result, ArrayRef<OpFoldResult> offsets,
                                               ArrayRef<OpFoldResult> sizes, SmallVector<OpFoldResult> &resultOffsets,
                                               SmallVector<OpFoldResult> &resultSizes) {
  for (AffineExpr expr : resultMap(op, result).getResults()) {
    unsigned iterator = cast<AffineDimExpr>(expr).getPosition();
    resultOffsets.push_back(offsets[iterator]);
    resultSizes.push_back(sizes[iterator]);
  }
  return success();
}

LogicalResult girih::graph::domainTileOfResultTile(Operation *op, OpBuilder &builder, unsigned result,
                                                   ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes,
                                                   SmallVectorImpl<OpFoldResult> &domainOffsets,
                                                   SmallVectorImpl<OpFoldResult> &domainSizes) {
  for (const Range &range : iterationDomain(op, builder)) {
    domainOffsets.push_back(range.offset);
    domainSizes.push_back(range.size);
  }
  for (auto [i, expr] : llvm::enumerate(resultMap(op, result).getResults())) {
    unsigned iterator = cast<AffineDimExpr>(expr).getPosition();
    domainOffsets[iterator] = offsets[i];
    domainSizes[iterator] = sizes[i];
  }
  return success();
}
