// How ops are indexed: iterators, and the map from them to the elements of every operand and result. Ops that move elements
// are in IndexingMovement.cpp.
#include "dialects/Graph/Indexing.h"

using namespace mlir;
using namespace girih::graph;

//===-- element-wise ------------------------------------------------------===//

/// Trailing dimensions aligned; a dimension broadcast from 1 is read at 0.
static Exprs broadcastExprs(const Maps &maps, Value operand, Value result) {
  Shape from = sizesOf(operand), to = sizesOf(result);
  Exprs exprs;
  for (size_t i = 0, skipped = to.size() - from.size(); i < from.size(); ++i)
    exprs.push_back(from[i] == to[skipped + i] ? maps.d(skipped + i) : maps.zero());
  return exprs;
}

static SmallVector<AffineMap> elementwiseMaps(Operation *op) {
  Maps maps(op);
  for (Value operand : op->getOperands())
    maps.add(broadcastExprs(maps, operand, op->getResult(0)));
  return maps.finish();
}

#define GIRIH_ELEMENTWISE(OP)                                                                                          \
  Iterators OP::getIteratorTypes() { return iterators(*this); }                                                        \
  SmallVector<AffineMap> OP::getIndexingMaps() { return elementwiseMaps(*this); }
GIRIH_ELEMENTWISE(ReluOp)
GIRIH_ELEMENTWISE(SiluOp)
GIRIH_ELEMENTWISE(TanhOp)
GIRIH_ELEMENTWISE(SigmoidOp)
GIRIH_ELEMENTWISE(ExpOp)
GIRIH_ELEMENTWISE(SqrtOp)
GIRIH_ELEMENTWISE(RsqrtOp)
GIRIH_ELEMENTWISE(NegOp)
GIRIH_ELEMENTWISE(ReciprocalOp)
GIRIH_ELEMENTWISE(ErfOp)
GIRIH_ELEMENTWISE(GeluOp)
GIRIH_ELEMENTWISE(GateOp)
GIRIH_ELEMENTWISE(AddOp)
GIRIH_ELEMENTWISE(SubOp)
GIRIH_ELEMENTWISE(MulOp)
GIRIH_ELEMENTWISE(DivOp)
GIRIH_ELEMENTWISE(MaximumOp)
GIRIH_ELEMENTWISE(MinimumOp)
GIRIH_ELEMENTWISE(CastOp)
GIRIH_ELEMENTWISE(QuantizeOp)
GIRIH_ELEMENTWISE(DequantizeOp)
GIRIH_ELEMENTWISE(ConstantOp)
#undef GIRIH_ELEMENTWISE

//===-- contractions ------------------------------------------------------===//

Iterators LinearOp::getIteratorTypes() { return iterators(*this, 1); }
SmallVector<AffineMap> LinearOp::getIndexingMaps() {
  Maps maps(*this, 1);
  AffineExpr n = maps.d(maps.rank - 1), k = maps.d(maps.rank);
  Exprs input = maps.range(0, maps.rank);
  input.back() = k;
  maps.add(input).add({n, k});
  if (getBias())
    maps.add({n});
  return maps.finish();
}

Iterators AttentionOp::getIteratorTypes() { return iterators(*this, 2); }
SmallVector<AffineMap> AttentionOp::getIndexingMaps() {
  Maps maps(*this, 2);
  AffineExpr b = maps.d(0), s = maps.d(1), h = maps.d(2), e = maps.d(3), t = maps.d(4), d = maps.d(5);
  int64_t heads = tensorType(getQuery()).getDimSize(2), groups = tensorType(getKey()).getDimSize(2);
  AffineExpr g = h.floorDiv(heads / groups);
  maps.add({b, s, h, d}).add({b, t, g, d}).add({b, t, g, e});
  if (getMask())
    maps.add({b, t});
  if (getBias()) {
    Shape bias = sizesOf(getBias()), query = sizesOf(getQuery());
    maps.add({bias[0] == query[0] ? b : maps.zero(), bias[1] == query[2] ? h : maps.zero(), s, t});
  }
  maps.add({b, s, h, e});
  if (getLse())
    maps.add({b, h, s});
  return maps.maps;
}

/// A key's slot follows from the table, so caches are read at iterators of their own.
Iterators PagedAttentionOp::getIteratorTypes() { return iterators(*this, 3); }
SmallVector<AffineMap> PagedAttentionOp::getIndexingMaps() {
  Maps maps(*this, 3);
  AffineExpr b = maps.d(0), s = maps.d(1), h = maps.d(2), e = maps.d(3), t = maps.d(4), d = maps.d(5), slot = maps.d(6);
  int64_t heads = tensorType(getQuery()).getDimSize(2), groups = tensorType(getKeys()).getDimSize(1);
  AffineExpr g = h.floorDiv(heads / groups);
  return maps.add({b, s, h, d}).add({slot, g, d}).add({slot, g, e}).add({b, t}).add({b, s}).finish();
}

/// There is one query, and a position's part follows from it.
Iterators SplitAttentionOp::getIteratorTypes() { return iterators(*this, 3); }
SmallVector<AffineMap> SplitAttentionOp::getIndexingMaps() {
  Maps maps(*this, 3);
  AffineExpr b = maps.d(0), p = maps.d(1), h = maps.d(2), e = maps.d(3), t = maps.d(4), d = maps.d(5),
             slot = maps.d(6);
  int64_t heads = tensorType(getQuery()).getDimSize(2), groups = tensorType(getKeys()).getDimSize(1);
  AffineExpr g = h.floorDiv(heads / groups);
  maps.add({b, maps.zero(), h, d}).add({slot, g, d}).add({slot, g, e}).add({b, t}).add({b, maps.zero()});
  return maps.add({b, p, h, e}).add({b, p, h}).add({b, p, h}).maps;
}

Iterators MergeAttentionOp::getIteratorTypes() { return iterators(*this, 1); }
SmallVector<AffineMap> MergeAttentionOp::getIndexingMaps() {
  Maps maps(*this, 1);
  AffineExpr b = maps.d(0), h = maps.d(2), e = maps.d(3), p = maps.d(4);
  return maps.add({b, p, h, e}).add({b, p, h}).add({b, p, h}).finish();
}

//===-- normalizations ----------------------------------------------------===//

/// The row is read whole, weight and bias at the element's own place in it.
static SmallVector<AffineMap> rowWiseMaps(Operation *op) {
  Maps maps(op, 1);
  Exprs input = maps.range(0, maps.rank);
  input.back() = maps.d(maps.rank);
  maps.add(input);
  for (size_t i = 1; i < op->getNumOperands(); ++i)
    maps.add({maps.d(maps.rank - 1)});
  return maps.finish();
}

Iterators RMSNormOp::getIteratorTypes() { return iterators(*this, 1); }
SmallVector<AffineMap> RMSNormOp::getIndexingMaps() { return rowWiseMaps(*this); }
Iterators LayerNormOp::getIteratorTypes() { return iterators(*this, 1); }
SmallVector<AffineMap> LayerNormOp::getIndexingMaps() { return rowWiseMaps(*this); }
Iterators L2NormalizeOp::getIteratorTypes() { return iterators(*this, 1); }
SmallVector<AffineMap> L2NormalizeOp::getIndexingMaps() { return rowWiseMaps(*this); }

/// The row is read whole, at an iterator of its own.
Iterators QuantizeRowsOp::getIteratorTypes() { return iterators(*this, 1); }
SmallVector<AffineMap> QuantizeRowsOp::getIndexingMaps() {
  Maps maps(*this, 1);
  Exprs input = maps.range(0, maps.rank), row = maps.range(0, maps.rank);
  input.back() = maps.d(maps.rank);
  row.back() = maps.zero();
  return maps.add(input).add(maps.range(0, maps.rank)).add(row).add(row).maps;
}

Iterators SoftmaxOp::getIteratorTypes() { return iterators(*this, 1); }
SmallVector<AffineMap> SoftmaxOp::getIndexingMaps() {
  Maps maps(*this, 1);
  Exprs input = maps.range(0, maps.rank);
  input[getAxis()] = maps.d(maps.rank);
  return maps.add(input).finish();
}

//===-- sequences ---------------------------------------------------------===//

Iterators EmbeddingOp::getIteratorTypes() { return iterators(*this, 1); }
SmallVector<AffineMap> EmbeddingOp::getIndexingMaps() {
  Maps maps(*this, 1);
  return maps.add({maps.d(maps.rank), maps.d(maps.rank - 1)}).add(maps.range(0, maps.rank - 1)).finish();
}

/// Absolute positions need only their place; skipping padding counts the whole row.
Iterators PositionsOp::getIteratorTypes() { return iterators(*this, getKind() == PositionsKind::SkipPadding); }
SmallVector<AffineMap> PositionsOp::getIndexingMaps() {
  bool counts = getKind() == PositionsKind::SkipPadding;
  Maps maps(*this, counts);
  return maps.add({maps.d(0), maps.d(counts ? 2 : 1)}).finish();
}

/// The head is read whole because each element is rotated with its partner; the tables' rows follow from the positions.
Iterators RopeOp::getIteratorTypes() { return iterators(*this, 3); }
SmallVector<AffineMap> RopeOp::getIndexingMaps() {
  Maps maps(*this, 3);
  AffineExpr b = maps.d(0), s = maps.d(1), h = maps.d(2), whole = maps.d(4), row = maps.d(5), column = maps.d(6);
  return maps.add({b, s, h, whole}).add({b, s}).add({row, column}).add({row, column}).finish();
}

Iterators PoolOp::getIteratorTypes() { return iterators(*this, 1); }
SmallVector<AffineMap> PoolOp::getIndexingMaps() {
  Maps maps(*this, 1);
  AffineExpr b = maps.d(0), h = maps.d(1), s = maps.d(2);
  return maps.add({b, s, h}).add({b, s}).finish();
}

//===-- decoding ----------------------------------------------------------===//

/// Which row a slot takes is in the slots, so rows are read at iterators of their own.
Iterators CacheWriteOp::getIteratorTypes() { return iterators(*this, 2); }
SmallVector<AffineMap> CacheWriteOp::getIndexingMaps() {
  Maps maps(*this, 2);
  AffineExpr b = maps.d(maps.rank), s = maps.d(maps.rank + 1);
  Exprs rows{b, s};
  llvm::append_range(rows, maps.range(1, maps.rank));
  return maps.add(maps.range(0, maps.rank)).add(rows).add({b, s}).finish();
}

/// Each result needs a whole row.
static Exprs wholeRow(const Maps &maps) { return maps.range(0, maps.rank + 1); }
Iterators ArgmaxOp::getIteratorTypes() { return iterators(*this, 1); }
SmallVector<AffineMap> ArgmaxOp::getIndexingMaps() {
  Maps maps(*this, 1);
  return maps.add(wholeRow(maps)).finish();
}
Iterators CrossEntropyOp::getIteratorTypes() { return iterators(*this, 1); }
SmallVector<AffineMap> CrossEntropyOp::getIndexingMaps() {
  Maps maps(*this, 1);
  return maps.add(wholeRow(maps)).add(maps.range(0, maps.rank)).finish();
}
