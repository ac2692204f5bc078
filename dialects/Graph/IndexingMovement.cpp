// How the ops that move, select or combine elements along axes are indexed.
#include "dialects/Graph/Indexing.h"

using namespace mlir;
using namespace girih::graph;

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

/// The symbols in the types' sizes, alphabetically: what the symbols of a semi-affine map stand for.
static SmallVector<std::string> mapSymbols(TypeRange types) {
  SmallVector<std::string> names;
  for (Type type : types)
    for (const SizeExpr &size : getSizes(cast<RankedTensorType>(type)))
      llvm::append_range(names, size.getSymbols());
  llvm::sort(names);
  names.erase(llvm::unique(names), names.end());
  return names;
}

/// A size as an expression of the map's symbols.
static AffineExpr sizeToAffine(const SizeExpr &size, ArrayRef<std::string> names, MLIRContext *context) {
  AffineExpr sum = getAffineConstantExpr(0, context);
  for (const SizeExpr::Term &term : size.getTerms()) {
    AffineExpr product = getAffineConstantExpr(term.coefficient, context);
    for (const std::string &name : term.symbols)
      product = product * getAffineSymbolExpr(llvm::find(names, name) - names.begin(), context);
    sum = sum + product;
  }
  return sum;
}

Iterators ConcatOp::getIteratorTypes() { return iterators(*this); }
SmallVector<AffineMap> ConcatOp::getIndexingMaps() {
  SmallVector<std::string> names = mapSymbols(getInputs().getTypes());
  Maps maps(*this, 0, names.size());
  SizeExpr offset(0);
  for (Value input : getInputs()) {
    Exprs exprs = maps.range(0, maps.rank);
    exprs[getAxis()] = exprs[getAxis()] - sizeToAffine(offset, names, getContext());
    maps.add(exprs);
    offset = offset + sizesOf(input)[getAxis()];
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
