// Definitions of the ops that scale rows by their own statistics.
#include "lib/Reference/Model.h"
#include "lib/Reference/Models.h"

#include <cmath>

using namespace mlir;
using namespace girih::reference;
using namespace girih::graph;

namespace {
// Calls body(input row, output row, length) for every row along the last dimension.
template <typename Body> void forEachRow(const HostTensor &input, HostTensor &output, Body body) {
  int64_t length = input.dim(-1);
  for (int64_t at = 0; at < input.size(); at += length)
    body(input.data() + at, output.data() + at, length);
}

double sumOfSquares(const double *x, int64_t n, double center = 0) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i)
    sum += (x[i] - center) * (x[i] - center);
  return sum;
}

void rmsNorm(RMSNormOp op, Operands operands, Results results) {
  double epsilon = op.getEpsilon().convertToFloat(), offset = op.getUnitOffset() ? 1 : 0;
  forEachRow(*operands[0], results[0], [&](const double *x, double *y, int64_t n) {
    double scale = 1 / std::sqrt(sumOfSquares(x, n) / n + epsilon);
    for (int64_t i = 0; i < n; ++i)
      y[i] = x[i] * scale * (offset + (*operands[1])[i]);
  });
}

void layerNorm(LayerNormOp op, Operands operands, Results results) {
  double epsilon = op.getEpsilon().convertToFloat();
  forEachRow(*operands[0], results[0], [&](const double *x, double *y, int64_t n) {
    double mean = 0;
    for (int64_t i = 0; i < n; ++i)
      mean += x[i];
    mean /= n;
    double scale = 1 / std::sqrt(sumOfSquares(x, n, mean) / n + epsilon);
    for (int64_t i = 0; i < n; ++i)
      y[i] = (x[i] - mean) * scale * (*operands[1])[i] + (op.getBias() ? (*operands[2])[i] : 0.0);
  });
}

void l2Normalize(L2NormalizeOp op, Operands operands, Results results) {
  double epsilon = op.getEpsilon().convertToFloat();
  forEachRow(*operands[0], results[0], [&](const double *x, double *y, int64_t n) {
    double norm = std::max(std::sqrt(sumOfSquares(x, n)), epsilon);
    for (int64_t i = 0; i < n; ++i)
      y[i] = x[i] / norm;
  });
}

void softmax(SoftmaxOp op, Operands operands, Results results) {
  const HostTensor &x = *operands[0];
  int64_t axis = static_cast<int64_t>(op.getAxis());
  AxisView view(x.getShape(), axis < 0 ? axis + x.getRank() : axis);
  for (int64_t line = 0; line < view.outer * view.inner; ++line) {
    int64_t base = line / view.inner * view.length * view.inner + line % view.inner;
    double maximum = -INFINITY, sum = 0;
    for (int64_t i = 0; i < view.length; ++i)
      maximum = std::fmax(maximum, x[base + i * view.inner]);
    for (int64_t i = 0; i < view.length; ++i)
      sum += std::exp(x[base + i * view.inner] - maximum);
    for (int64_t i = 0; i < view.length; ++i)
      results[0][base + i * view.inner] = std::exp(x[base + i * view.inner] - maximum) / sum;
  }
}
} // namespace

void girih::reference::attachNormalizationModels(MLIRContext *context) {
  attach<RMSNormOp, rmsNorm>(context);
  attach<LayerNormOp, layerNorm>(context);
  attach<L2NormalizeOp, l2Normalize>(context);
  attach<SoftmaxOp, softmax>(context);
}
