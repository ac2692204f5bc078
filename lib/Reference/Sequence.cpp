// Definitions of the ops that know what a token sequence is.
#include "lib/Reference/Model.h"
#include "lib/Reference/Models.h"

#include <cmath>

using namespace mlir;
using namespace girih::reference;
using namespace girih::graph;

namespace {
int64_t rowIndex(double index, int64_t rows) {
  return std::clamp<int64_t>(static_cast<int64_t>(index), 0, rows - 1);
}

void embedding(EmbeddingOp, Operands operands, Results results) {
  const HostTensor &table = *operands[0], &ids = *operands[1];
  int64_t width = table.dim(1);
  for (int64_t i = 0; i < ids.size(); ++i) {
    const double *row = table.data() + rowIndex(ids[i], table.dim(0)) * width;
    std::copy(row, row + width, results[0].data() + i * width);
  }
}

void positions(PositionsOp op, Operands operands, Results results) {
  const HostTensor &ids = *operands[0];
  int64_t length = ids.dim(-1);
  bool skips = op.getKind() == PositionsKind::SkipPadding;
  int64_t padding = op.getPaddingIndex().value_or(0);
  int64_t count = 0;
  for (int64_t i = 0; i < ids.size(); ++i) {
    if (i % length == 0)
      count = 0;
    bool counts = ids[i] != padding;
    count += counts;
    results[0][i] = skips ? (counts ? count : 0) + padding : i % length;
  }
}

// The pair of elements that rotation `i` of `half` turns: neighbours, or one from each half.
std::pair<int64_t, int64_t> rotatedPair(int64_t i, int64_t half, bool interleaved) {
  return interleaved ? std::pair(2 * i, 2 * i + 1) : std::pair(i, i + half);
}

void rope(RopeOp op, Operands operands, Results results) {
  const HostTensor &x = *operands[0], &positions = *operands[1], &cosine = *operands[2], &sine = *operands[3];
  int64_t heads = x.dim(2), width = x.dim(3), half = cosine.dim(1);
  std::copy(x.data(), x.data() + x.size(), results[0].data());
  for (int64_t token = 0; token < positions.size(); ++token) {
    int64_t at = rowIndex(positions[token], cosine.dim(0)) * half;
    for (int64_t head = 0; head < heads; ++head) {
      int64_t base = (token * heads + head) * width;
      for (int64_t i = 0; i < half; ++i) {
        auto [first, second] = rotatedPair(i, half, op.getInterleaved());
        double a = x[base + first], b = x[base + second], c = cosine[at + i], s = sine[at + i];
        results[0][base + first] = a * c - b * s;
        results[0][base + second] = b * c + a * s;
      }
    }
  }
}

// The rows of one sequence that a pooling kind looks at.
SmallVector<int64_t> pooledRows(PoolKind kind, const double *mask, int64_t length) {
  SmallVector<int64_t> rows;
  for (int64_t i = 0; i < length; ++i)
    if (mask[i] != 0)
      rows.push_back(i);
  if (kind == PoolKind::Cls)
    return {0};
  if (kind == PoolKind::Last && !rows.empty())
    return {rows.back()};
  return rows;
}

double poolColumn(PoolKind kind, const double *column, int64_t stride, ArrayRef<int64_t> rows) {
  if (rows.empty())
    return 0;
  double value = kind == PoolKind::Max ? -INFINITY : 0;
  for (int64_t row : rows)
    value = kind == PoolKind::Max ? std::fmax(value, column[row * stride]) : value + column[row * stride];
  return kind == PoolKind::Mean ? value / rows.size() : value;
}

void pool(PoolOp op, Operands operands, Results results) {
  const HostTensor &x = *operands[0], &mask = *operands[1];
  int64_t length = x.dim(1), width = x.dim(2);
  for (int64_t batch = 0; batch < x.dim(0); ++batch) {
    SmallVector<int64_t> rows = pooledRows(op.getKind(), mask.data() + batch * length, length);
    for (int64_t i = 0; i < width; ++i)
      results[0][batch * width + i] =
          poolColumn(op.getKind(), x.data() + batch * length * width + i, width, rows);
  }
}
} // namespace

void girih::reference::attachSequenceModels(MLIRContext *context) {
  attach<EmbeddingOp, embedding>(context);
  attach<PositionsOp, positions>(context);
  attach<RopeOp, rope>(context);
  attach<PoolOp, pool>(context);
}
