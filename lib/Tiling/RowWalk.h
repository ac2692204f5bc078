// Walks along rows of logits, in chunks of fixed size and in order, so that a row's result depends on nothing
// but the row.
#pragma once

#include "lib/Tiling/RowStatistics.h"

#include <limits>

namespace girih::tiling {

/// Below every logit.
inline constexpr double kLeast = -std::numeric_limits<double>::infinity();

/// A part of each row: its elements, a stand-in past the row's end, and their places along it (i32).
struct RowChunk {
  mlir::Value tile, places;
  mlir::OpFoldResult start;
};

/// The rows of `input` along its last dimension, at the request's place.
struct RowWalk {
  graph::TilePull &pull;
  mlir::Location loc;
  mlir::Value input;
  TileRequest request;
  mlir::OpBuilder &b = pull.builder();
  int64_t axis = request.sizes.size();
  int64_t chunk = kChunk; // elements looked at together

  using Body = llvm::function_ref<mlir::FailureOr<llvm::SmallVector<mlir::Value>>(const RowChunk &chunk,
                                                                                  mlir::ValueRange carried)>;
  /// From the first chunk to the last; yields what is carried out of it.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>> each(double standIn, mlir::ValueRange initial, Body body);
  /// The same part of another value of the input's shape; 0 past its end.
  mlir::FailureOr<mlir::Value> alike(mlir::Value other, const RowChunk &part);

  using Score = llvm::function_ref<mlir::FailureOr<mlir::Value>(const RowChunk &chunk)>;
  /// The first place (i32) of each row's greatest score, kLeast past its end; NaN counts as greatest.
  mlir::FailureOr<mlir::Value> placeOfGreatest(Score score);

  /// One number a row, and its repetition along a chunk.
  mlir::Value perRow(mlir::Type type, double value) { return filled(b, loc, request.sizes, type, value); }
  mlir::Value along(mlir::Value perRow, mlir::Value tile) {
    return broadcastAlong(b, loc, perRow, axis, shapeOf(tile));
  }
  mlir::Value compare(mlir::arith::CmpFPredicate predicate, mlir::Value lhs, mlir::Value rhs) {
    return mlir::arith::CmpFOp::create(b, loc, predicate, lhs, rhs);
  }
};

} // namespace girih::tiling
