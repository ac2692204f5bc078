// Small words in which tile programs are written: index arithmetic that folds, tiles of a constant, widening
// to f32, dropping and adding unit dimensions, loops that carry tiles. Shared by the emitters of all op
// families.
#pragma once

#include "dialects/Graph/Graph.h"
#include "dialects/Tile/Tile.h"
#include "mlir/IR/Builders.h"

namespace girih::tiling {

/// Which tile of which result an op is asked for.
struct TileRequest {
  unsigned result;
  llvm::ArrayRef<mlir::OpFoldResult> offsets;
  llvm::ArrayRef<int64_t> sizes;
};

/// Rows longer than this are walked in chunks of kChunk elements, so that a block's tiles stay in the nearest
/// caches.
inline constexpr int64_t kLongestRow = 8192;
inline constexpr int64_t kChunk = 256;
/// Tokens looked at together where a whole sequence is walked.
inline constexpr int64_t kTokens = 64;

// Index arithmetic.
mlir::Value toIndex(mlir::OpBuilder &b, mlir::Location loc, mlir::OpFoldResult value);
mlir::OpFoldResult add(mlir::OpBuilder &b, mlir::Location loc, mlir::OpFoldResult lhs,
                       mlir::OpFoldResult rhs);
mlir::OpFoldResult multiply(mlir::OpBuilder &b, mlir::Location loc, mlir::OpFoldResult lhs, int64_t rhs);
inline mlir::OpFoldResult zero(mlir::OpBuilder &b) { return b.getIndexAttr(0); }
bool isZero(mlir::OpFoldResult value);

// Tiles.
mlir::ArrayRef<int64_t> shapeOf(mlir::Value tile);
mlir::Type elementOf(mlir::Value tile);
/// A tile of `shape` filled with one number of element type `type` (f32 or an integer).
mlir::Value filled(mlir::OpBuilder &b, mlir::Location loc, llvm::ArrayRef<int64_t> shape, mlir::Type type,
                   double value);
/// A tile shaped like `tile` filled with one number.
mlir::Value filledLike(mlir::OpBuilder &b, mlir::Location loc, mlir::Value tile, double value);
/// A run-time index as an i32 tile.
mlir::Value splatIndex(mlir::OpBuilder &b, mlir::Location loc, mlir::OpFoldResult value,
                       llvm::ArrayRef<int64_t> shape);
/// Element `t` is `offset + t[dim]`: where each element lies along a dimension.
mlir::Value coordinates(mlir::OpBuilder &b, mlir::Location loc, mlir::OpFoldResult offset, int64_t dim,
                        llvm::ArrayRef<int64_t> shape);
/// Narrow floats in f32; everything else as it is.
mlir::Value widen(mlir::OpBuilder &b, mlir::Location loc, mlir::Value tile);
/// The tile in float type `type`; undoes a widening instead of rounding where it can.
mlir::Value inFloat(mlir::OpBuilder &b, mlir::Location loc, mlir::Value tile, mlir::Type type);
/// Another shape of the same elements. A load that only loses unit dimensions becomes a narrower load.
mlir::Value reshaped(mlir::OpBuilder &b, mlir::Location loc, mlir::Value tile, llvm::ArrayRef<int64_t> shape);
/// Repeats a tile: its dimension i becomes dimension dims[i] of `shape`.
mlir::Value broadcast(mlir::OpBuilder &b, mlir::Location loc, mlir::Value tile, llvm::ArrayRef<int64_t> dims,
                      llvm::ArrayRef<int64_t> shape);
/// Repeats a tile of one rank less along `axis` of `shape`.
mlir::Value broadcastAlong(mlir::OpBuilder &b, mlir::Location loc, mlir::Value tile, int64_t axis,
                           llvm::ArrayRef<int64_t> shape);
/// Where an integer tile is not `value`.
mlir::Value differs(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x, int64_t value);
/// `count` elements of a tile along `axis`, from `from` on.
mlir::Value part(mlir::OpBuilder &b, mlir::Location loc, mlir::Value tile, int64_t axis, int64_t from,
                 int64_t count);
mlir::Value select(mlir::OpBuilder &b, mlir::Location loc, mlir::Value condition, mlir::Value yes,
                   mlir::Value no);
/// The rows of a table in memory that `indices` (any shape) name, columns from `offsets` on, as a tile of
/// `shape`.
mlir::Value gatherTile(mlir::OpBuilder &b, mlir::Location loc, mlir::Value view, mlir::Value indices,
                       llvm::ArrayRef<mlir::OpFoldResult> offsets, llvm::ArrayRef<int64_t> sizes,
                       llvm::ArrayRef<int64_t> shape);
mlir::Value reduce(mlir::OpBuilder &b, mlir::Location loc, tile::ReduceKind kind, mlir::Value tile,
                   int64_t axis);

/// An operand's tile, repeated to the requested sizes of a result where the operand has fewer dimensions or a
/// dimension of 1.
mlir::FailureOr<mlir::Value> pullBroadcast(mlir::Value operand, graph::TilePull &pull, mlir::Location loc,
                                           mlir::RankedTensorType result, TileRequest request);

// Loops.
using LoopBody = llvm::function_ref<mlir::FailureOr<llvm::SmallVector<mlir::Value>>(
    mlir::Value index, mlir::ValueRange carried)>;
/// `for index = 0 to count`, in steps of 1 so that what does not change may be hoisted; yields the carried
/// values' last state. A count of one needs no loop.
mlir::FailureOr<llvm::SmallVector<mlir::Value>> forEach(graph::TilePull &pull, mlir::Location loc,
                                                        mlir::OpFoldResult count, mlir::ValueRange initial,
                                                        LoopBody body);
/// `ceil(size / step)`.
mlir::OpFoldResult ceilDivide(mlir::OpBuilder &b, mlir::Location loc, mlir::OpFoldResult size, int64_t step);

/// How many dimensions at the end a reshape leaves as they are.
int64_t commonTrailingDims(graph::ReshapeOp op);

// Formulas that several ops share; tiles are f32.
mlir::Value activation(mlir::OpBuilder &b, mlir::Location loc, graph::Activation kind, mlir::Value x);

} // namespace girih::tiling
