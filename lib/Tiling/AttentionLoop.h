// The loop over keys that every attention op emits for one block of query rows. Fixed blocks of keys are
// dealt out to a fixed number of parts; each part takes its blocks in order, with each row's running maximum,
// sum and weighted values, and parts are merged in order. The scores of a block are all that ever exists of
// the sequence-by-sequence matrix. A block of keys lies at a multiple of its size whatever the rows, so
// results do not depend on how the queries were cut, on whether parts are computed side by side, nor on where
// keys and values lie.
#pragma once

#include "girih/Target.h"
#include "lib/Tiling/Emit.h"

namespace girih::tiling {

/// The softmax of some of a block's scores, not yet divided by its sum: greatest scores and sums `[rows]`,
/// weighted values `[rows, valueSize]`. Where a row has seen no key its maximum is -inf and the rest 0.
struct SoftmaxTiles {
  mlir::Value maximum, sum, weighted;

  explicit SoftmaxTiles(mlir::ValueRange tiles) : maximum(tiles[0]), sum(tiles[1]), weighted(tiles[2]) {}
  static SoftmaxTiles none(mlir::OpBuilder &b, mlir::Location loc, int64_t rows, int64_t valueSize);
  llvm::SmallVector<mlir::Value> tiles() const { return {maximum, sum, weighted}; }
};

/// Two parts as one.
SoftmaxTiles merged(mlir::OpBuilder &b, mlir::Location loc, SoftmaxTiles all, SoftmaxTiles part);
/// Weighted values over sums; 0 where a row has seen no key.
mlir::Value divided(mlir::OpBuilder &b, mlir::Location loc, SoftmaxTiles all);

/// One block of query rows under way; ops say where queries, keys and values come from and which of them meet.
class AttentionLoop {
public:
  /// What happens to scores.
  struct Scores {
    mlir::Type compute;
    double scale;
    std::optional<double> softcap;

    template <typename Op>
    explicit Scores(Op op) : compute(op.getComputeType()), scale(op.getScale().convertToDouble()) {
      if (op.getSoftcap())
        softcap = op.getSoftcap()->convertToDouble();
    }
  };
  /// Rows of `heads` key heads lie one after another.
  AttentionLoop(graph::TilePull &pull, mlir::Location loc, Scores scores, int64_t rows, int64_t headSize,
                int64_t valueSize, int64_t heads = 1)
      : pull(pull), b(pull.builder()), loc(loc), scores(scores), rows(rows), headSize(headSize),
        valueSize(valueSize), heads(heads), keys(pull.cost().attention(headSize, scores.compute).keys),
        parts(pull.cost().attention(headSize, scores.compute).parts) {}
  virtual ~AttentionLoop() = default;

  /// The rows' results, `[rows, valueSize]`.
  mlir::FailureOr<mlir::Value> emit();
  /// One part alone, not yet divided by its sum. A part without keys costs a comparison.
  mlir::FailureOr<SoftmaxTiles> emitPart(mlir::Value part);
  /// After emit: maximum + log(sum), per row.
  mlir::Value logSumExp();

protected:
  /// `[rows, headSize]`.
  virtual mlir::FailureOr<mlir::Value> queryTile() = 0;
  /// `[keys, heads * headSize]` and `[keys, heads * valueSize]` of the block of keys from `key` on.
  virtual mlir::FailureOr<mlir::Value> keyTile(mlir::OpFoldResult key) = 0;
  virtual mlir::FailureOr<mlir::Value> valueTile(mlir::OpFoldResult key) = 0;
  /// Added to scores, or null.
  virtual mlir::FailureOr<mlir::Value> biasTile(mlir::OpFoldResult key) { return mlir::Value(); }
  /// Which scores count, i1 `[rows, keys]`.
  virtual mlir::FailureOr<mlir::Value> visible(mlir::OpFoldResult key) = 0;
  /// The first block of keys, and one past the last, that any row may see.
  virtual mlir::OpFoldResult firstBlock() { return zero(b); }
  virtual mlir::FailureOr<mlir::OpFoldResult> endBlock() = 0;

  graph::TilePull &pull;
  mlir::OpBuilder &b;
  mlir::Location loc;
  Scores scores;
  int64_t rows, headSize, valueSize, heads, keys, parts;

private:
  mlir::Value operand(mlir::Value tile);
  mlir::Value scaled(mlir::Value tile);
  mlir::Value capped(mlir::Value tile);
  mlir::Value dot(mlir::Value rows, mlir::Value side, mlir::Value accumulator, bool transposed);
  mlir::FailureOr<mlir::Value> query();
  mlir::FailureOr<mlir::Value> scoreTile(mlir::Value query, mlir::OpFoldResult key);
  mlir::FailureOr<SoftmaxTiles> step(mlir::Value query, mlir::OpFoldResult key, SoftmaxTiles carried);
  mlir::FailureOr<SoftmaxTiles> walk(mlir::Value query, mlir::Value firstOfPart, mlir::Value end);
  mlir::FailureOr<SoftmaxTiles> walkParts(mlir::Value query, mlir::Value end);
  mlir::Value firstBlockOf(mlir::OpFoldResult part, mlir::OpFoldResult first);
  /// In f32 the query is scaled once instead of every score; in a narrow type that would round it again.
  bool scalesQuery() { return scores.compute.isF32(); }

  mlir::Value maximum, sum;
};

/// The key head that this query head shares: head / group.
mlir::OpFoldResult keyHeadOf(mlir::OpBuilder &b, mlir::Location loc, mlir::OpFoldResult head, int64_t group);

/// Rows at `places` (i32 `[rows]`) see the keys from `key` on up to their own place, no further back than `window`.
mlir::Value causalMask(mlir::OpBuilder &b, mlir::Location loc, mlir::Value places, mlir::OpFoldResult key, int64_t keys,
                       std::optional<int64_t> window);

} // namespace girih::tiling
