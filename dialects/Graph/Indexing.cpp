// How each op is indexed: iterators, and the map from them to the elements of every operand and result. The first result is
// always indexed by the first iterators, in order; what an element needs beyond its own place gets reduction iterators.
#include "dialects/Graph/Inference.h"

using namespace mlir;
using namespace girih::graph;
using Exprs = SmallVector<AffineExpr>;
using Iterators = SmallVector<utils::IteratorType>;

/// One parallel iterator for each dimension of the op's first result, then `extra` reductions.
static Iterators iterators(Operation *op, unsigned extra = 0) {
  Iterators result(tensorType(op->getResult(0)).getRank(), utils::IteratorType::parallel);
  result.append(extra, utils::IteratorType::reduction);
  return result;
}

namespace {
/// Collects the maps of one op.
struct Maps {
  Maps(Operation *op, unsigned extra = 0, unsigned symbols = 0)
      : context(op->getContext()), rank(tensorType(op->getResult(0)).getRank()), total(rank + extra),
        symbols(symbols) {}

  AffineExpr d(unsigned i) const { return getAffineDimExpr(i, context); }
  AffineExpr zero() const { return getAffineConstantExpr(0, context); }
  /// Iterators `first` to `last`, the end excluded.
  Exprs range(unsigned first, unsigned last) const {
    return llvm::map_to_vector(llvm::seq(first, last), [&](unsigned i) { return d(i); });
  }
  Maps &add(ArrayRef<AffineExpr> exprs) {
    maps.push_back(AffineMap::get(total, symbols, exprs, context));
    return *this;
  }
  /// The first result's map comes last.
  SmallVector<AffineMap> finish() {
    add(range(0, rank));
    return maps;
  }

  MLIRContext *context;
  unsigned rank, total, symbols;
  SmallVector<AffineMap> maps;
};
} // namespace

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

Iterators SoftmaxOp::getIteratorTypes() { return iterators(*this, 1); }
SmallVector<AffineMap> SoftmaxOp::getIndexingMaps() {
  Maps maps(*this, 1);
  Exprs input = maps.range(0, maps.rank);
  input[getAxis()] = maps.d(maps.rank);
  return maps.add(input).finish();
}

//===-- movement ----------------------------------------------------------===//

Iterators ReduceOp::getIteratorTypes() { return iterators(*this, getAxes().size()); }
SmallVector<AffineMap> ReduceOp::getIndexingMaps() {
  Maps maps(*this, getAxes().size());
  Exprs input;
  unsigned kept = 0, reduced = maps.rank;
  for (int64_t i = 0, rank = tensorType(getInput()).getRank(); i < rank; ++i) {
    bool isReduced = llvm::is_contained(getAxes(), i);
    input.push_back(maps.d(isReduced ? reduced++ : kept));
    kept += !isReduced || getKeepDims();
  }
  return maps.add(input).finish();
}

Iterators GatherOp::getIteratorTypes() { return iterators(*this, 1); }
SmallVector<AffineMap> GatherOp::getIndexingMaps() {
  Maps maps(*this, 1);
  unsigned axis = getAxis(), rank = tensorType(getIndices()).getRank();
  Exprs data = maps.range(0, axis);
  data.push_back(maps.d(maps.rank));
  data.append(maps.range(axis + rank, maps.rank));
  return maps.add(data).add(maps.range(axis, axis + rank)).finish();
}

/// The symbols in a type's sizes, alphabetically: what the symbols of a semi-affine map stand for.
static SmallVector<std::string> mapSymbols(RankedTensorType type) {
  SmallVector<std::string> names;
  for (const SizeExpr &size : getSizes(type))
    llvm::append_range(names, size.getSymbols());
  llvm::sort(names);
  names.erase(llvm::unique(names), names.end());
  return names;
}

/// A size as an expression of the map's symbols.
static AffineExpr sizeToAffine(const SizeExpr &size, ArrayRef<std::string> names, MLIRContext *context) {
  AffineExpr result = getAffineConstantExpr(size.getCoefficient(), context);
  for (const std::string &name : size.getSymbols())
    result = result * getAffineSymbolExpr(llvm::find(names, name) - names.begin(), context);
  return result;
}

Iterators ConcatOp::getIteratorTypes() { return iterators(*this); }
SmallVector<AffineMap> ConcatOp::getIndexingMaps() {
  SmallVector<std::string> names = mapSymbols(tensorType(getInputs().front()));
  Maps maps(*this, 0, names.size());
  SizeExpr offset(0);
  for (Value input : getInputs()) {
    Exprs exprs = maps.range(0, maps.rank);
    exprs[getAxis()] = exprs[getAxis()] - sizeToAffine(offset, names, getContext());
    maps.add(exprs);
    SizeExpr size = sizesOf(input)[getAxis()];
    offset = offset == SizeExpr(0) ? size : *offset.plus(size);
  }
  return maps.finish();
}

Iterators SliceOp::getIteratorTypes() { return iterators(*this); }
SmallVector<AffineMap> SliceOp::getIndexingMaps() {
  Maps maps(*this);
  Exprs input = maps.range(0, maps.rank);
  for (auto [expr, offset] : llvm::zip_equal(input, getOffsets()))
    expr = expr + offset;
  return maps.add(input).finish();
}

/// Row-major position among dimensions [first, last) of the result, as an expression of its iterators.
static AffineExpr linearize(const Maps &maps, ArrayRef<SizeExpr> sizes, unsigned first, unsigned last,
                            ArrayRef<std::string> names) {
  AffineExpr position = maps.zero();
  for (unsigned i = first; i < last; ++i)
    position = position * sizeToAffine(sizes[i], names, maps.context) + maps.d(i);
  return position;
}

/// Splits a row-major position into indices of dimensions [first, last) of the operand.
static Exprs delinearize(AffineExpr position, ArrayRef<SizeExpr> sizes, ArrayRef<std::string> names) {
  Exprs result(sizes.size());
  for (unsigned i = sizes.size(); i-- > 1;) {
    AffineExpr size = sizeToAffine(sizes[i], names, position.getContext());
    result[i] = position % size;
    position = position.floorDiv(size);
  }
  if (!sizes.empty())
    result[0] = position;
  return result;
}

Iterators ReshapeOp::getIteratorTypes() { return iterators(*this); }
SmallVector<AffineMap> ReshapeOp::getIndexingMaps() {
  Shape from = sizesOf(getInput()), to = sizesOf(getResult());
  SmallVector<std::string> names = mapSymbols(tensorType(getInput()));
  Maps maps(*this, 0, names.size());
  Exprs input;
  // Leading dimensions that both shapes share keep their own iterators; so do trailing ones.
  unsigned head = 0, tail = 0, least = std::min(from.size(), to.size());
  while (head < least && from[head] == to[head])
    ++head;
  while (tail < least - head && from[from.size() - 1 - tail] == to[to.size() - 1 - tail])
    ++tail;
  input = maps.range(0, head);
  AffineExpr position = linearize(maps, to, head, to.size() - tail, names);
  input.append(delinearize(position, ArrayRef(from).drop_front(head).drop_back(tail), names));
  input.append(maps.range(to.size() - tail, to.size()));
  return maps.add(input).finish();
}

Iterators TransposeOp::getIteratorTypes() { return iterators(*this); }
SmallVector<AffineMap> TransposeOp::getIndexingMaps() {
  Maps maps(*this);
  Exprs input(maps.rank);
  for (auto [to, from] : llvm::enumerate(getPermutation()))
    input[from] = maps.d(to);
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
