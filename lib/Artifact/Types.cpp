// Translates the graph's size expressions into the artifact's.
#include "lib/Artifact/Types.h"

using namespace mlir;
using namespace girih;
using namespace girih::artifact;

Size girih::artifact::toSize(const graph::SizeExpr &expr, const SymbolNumbers &symbols) {
  Size sum(0);
  for (const graph::SizeExpr::Term &term : expr.getTerms()) {
    Size product(term.coefficient);
    for (StringRef name : term.symbols)
      product = product * Size::symbol(symbols.lookup(name));
    sum = sum + product;
  }
  return sum;
}

SmallVector<Size> girih::artifact::dimsOf(RankedTensorType type, const SymbolNumbers &symbols) {
  SmallVector<Size> dims;
  for (const graph::SizeExpr &size : graph::getSizes(type))
    dims.push_back(toSize(size, symbols));
  return dims;
}

Size girih::artifact::bytesOf(RankedTensorType type, const SymbolNumbers &symbols) {
  if (type.hasStaticShape())
    return graph::getStoredBytes(type);
  return toSize(graph::getNumElements(type) * graph::getElementBytes(type.getElementType()), symbols);
}
