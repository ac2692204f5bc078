// The means by which ops say how they are indexed; private to the dialect. The first result is always indexed by the first
// iterators, in order; what an element needs beyond its own place gets reduction iterators.
#pragma once

#include "dialects/Graph/Inference.h"

namespace girih::graph {

using Exprs = llvm::SmallVector<mlir::AffineExpr>;
using Iterators = llvm::SmallVector<mlir::utils::IteratorType>;

/// One parallel iterator for each dimension of the op's first result, then `extra` reductions.
inline Iterators iterators(mlir::Operation *op, unsigned extra = 0) {
  Iterators result(tensorType(op->getResult(0)).getRank(), mlir::utils::IteratorType::parallel);
  result.append(extra, mlir::utils::IteratorType::reduction);
  return result;
}

/// Collects the maps of one op.
struct Maps {
  Maps(mlir::Operation *op, unsigned extra = 0, unsigned symbols = 0)
      : context(op->getContext()), rank(tensorType(op->getResult(0)).getRank()), total(rank + extra),
        symbols(symbols) {}

  mlir::AffineExpr d(unsigned i) const { return mlir::getAffineDimExpr(i, context); }
  mlir::AffineExpr zero() const { return mlir::getAffineConstantExpr(0, context); }
  /// Iterators `first` to `last`, the end excluded.
  Exprs range(unsigned first, unsigned last) const {
    return llvm::map_to_vector(llvm::seq(first, last), [&](unsigned i) { return d(i); });
  }
  Maps &add(llvm::ArrayRef<mlir::AffineExpr> exprs) {
    maps.push_back(mlir::AffineMap::get(total, symbols, exprs, context));
    return *this;
  }
  /// The first result's map comes last.
  llvm::SmallVector<mlir::AffineMap> finish() {
    add(range(0, rank));
    return maps;
  }

  mlir::MLIRContext *context;
  unsigned rank, total, symbols;
  llvm::SmallVector<mlir::AffineMap> maps;
};

} // namespace girih::graph
