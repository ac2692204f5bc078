// What is known about a program before it is lowered: which tiles are kept in scratch, how much of each tile
// anybody needs, and bounds of index values.
#pragma once

#include "dialects/Tile/Tile.h"
#include "lib/Target/Bounds.h"

namespace girih {

inline bool isTile(mlir::Value value) { return llvm::isa<mlir::RankedTensorType>(value.getType()); }

/// Demand for one dimension of a tile: everything, or what some stores can hold.
struct Need {
  struct Term { // min(size, dim(view, dim) - offset)
    mlir::Value view;
    int64_t dim;
    mlir::Value offset;
    int64_t size;
    bool operator==(const Term &) const = default;
  };
  bool all = false;
  llvm::SmallVector<Term, 2> terms;
  /// Adds another demand; true if this one grew.
  bool join(const Need &other);
};

class Extents {
public:
  explicit Extents(tile::ProgramOp program);

  /// The demand per dimension of a tile.
  llvm::ArrayRef<Need> need(mlir::Value tile) const;
  /// True if the tile is computed once and kept in scratch rather than evaluated where it is needed.
  bool isKept(mlir::Value tile) const { return kept.contains(tile); }
  /// The tile that a loop carries and `result` may overwrite: `result` is yielded for it, and nothing but the
  /// chain of inline element-wise operations from it to `input` reads it. Null: there is none.
  mlir::Value overwritten(mlir::Value result, mlir::Value input) const;

private:
  void propagate(mlir::Operation *op);
  void demand(mlir::Value tile, llvm::ArrayRef<Need> needs);
  void demandAll(mlir::Value tile);
  void chooseKept(tile::ProgramOp program);

  llvm::DenseMap<mlir::Value, llvm::SmallVector<Need>> needs;
  llvm::DenseSet<mlir::Value> kept;
  bool changed = false;
};

} // namespace girih
