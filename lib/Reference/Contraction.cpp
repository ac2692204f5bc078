// Definition of `girih.linear`.
#include "lib/Reference/Model.h"
#include "lib/Reference/Models.h"

using namespace mlir;
using namespace girih::reference;
using namespace girih::graph;

namespace {
constexpr int64_t kRows = 4, kColumns = 4;

// out[m, n] = sum over k of x[m, k] * w[n, k] for up to 4x4 results, each sum one chain in order of k.
// Sixteen chains at once keep the processor busy and touch each weight once for four rows.
void multiplyBlock(const double *x, const double *w, double *out, int64_t rows, int64_t columns, int64_t k,
                   int64_t n) {
  double sums[kRows][kColumns] = {};
  if (rows == kRows && columns == kColumns) {
    for (int64_t i = 0; i < k; ++i)
      for (int64_t r = 0; r < kRows; ++r)
        for (int64_t c = 0; c < kColumns; ++c)
          sums[r][c] += x[r * k + i] * w[c * k + i];
  } else {
    for (int64_t i = 0; i < k; ++i)
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t c = 0; c < columns; ++c)
          sums[r][c] += x[r * k + i] * w[c * k + i];
  }
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      out[r * n + c] = sums[r][c];
}

void linear(LinearOp op, Operands operands, Results results) {
  std::vector<double> x = computeOperand(*operands[0], op.getComputeType(), results[0].isExact());
  std::vector<double> w = computeOperand(*operands[1], op.getComputeType(), results[0].isExact());
  HostTensor &out = results[0];
  int64_t k = operands[0]->dim(-1), n = out.dim(-1), m = n == 0 ? 0 : out.size() / n;
  for (int64_t r = 0; r < m; r += kRows)
    for (int64_t c = 0; c < n; c += kColumns)
      multiplyBlock(x.data() + r * k, w.data() + c * k, out.data() + r * n + c, std::min(kRows, m - r),
                    std::min(kColumns, n - c), k, n);
  if (!op.getBias())
    return;
  const HostTensor &bias = *operands[2];
  for (int64_t i = 0; i < out.size(); ++i)
    out[i] += bias[i % n];
}
} // namespace

void girih::reference::attachContractionModels(MLIRContext *context) { attach<LinearOp, linear>(context); }
