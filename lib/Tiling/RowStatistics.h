// Reductions of `term(x)` along one whole axis, for one tile's rows: one reduction where the axis fits in a
// tile, a loop over chunks where it does not. Chunks lie at fixed multiples and merge in order, so the result
// does not depend on the tile it is asked for.
#pragma once

#include "lib/Tiling/Emit.h"

namespace girih::tiling {

/// Whether one tile holds the axis whole.
bool fitsInTile(mlir::Value input, int64_t axis);
/// The reduction along `axis`, without that dimension. `request` gives the place along the other dimensions.
/// `term` is applied element-wise; past the axis' end the kind's neutral element stands in.
mlir::FailureOr<mlir::Value> rowStatistic(graph::TilePull &pull, mlir::Location loc, mlir::Value input,
                                          int64_t axis, TileRequest request, tile::ReduceKind kind,
                                          llvm::function_ref<mlir::Value(mlir::Value)> term);
/// A size as a float tile shaped like `tile`.
mlir::Value lengthLike(graph::TilePull &pull, mlir::Location loc, mlir::OpFoldResult size, mlir::Value tile);
/// What leaves `kind` unchanged.
double neutral(tile::ReduceKind kind, mlir::Type element);
/// Combines two tiles of partial results.
mlir::Value combine(mlir::OpBuilder &b, mlir::Location loc, tile::ReduceKind kind, mlir::Value lhs,
                    mlir::Value rhs);
/// `tile` with neutral elements where its coordinate along `dim`, from `offset` on, is not below `end`.
mlir::Value maskPast(graph::TilePull &pull, mlir::Location loc, mlir::Value tile, int64_t dim,
                     mlir::OpFoldResult offset, mlir::OpFoldResult end, double standIn);

} // namespace girih::tiling
