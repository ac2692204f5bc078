// Definition of `girih.attention`: for each query row all scores, their softmax, the weighted sum of values.
#include "lib/Reference/Model.h"
#include "lib/Reference/Models.h"

#include <cmath>

using namespace mlir;
using namespace girih::reference;
using namespace girih::graph;

namespace {
// The operands and sizes of one evaluation, in the op's letters: query [b,s,h,d], key [b,t,g,d], value
// [b,t,g,e].
struct Attention {
  std::vector<double> query, key, value; // rounded to the compute type
  const HostTensor *mask = nullptr, *bias = nullptr;
  bool causal;
  double scale;
  int64_t b, s, h, d, t, g, e;

  Attention(AttentionOp op, Operands operands, bool exact)
      : query(computeOperand(*operands[0], op.getComputeType(), exact)),
        key(computeOperand(*operands[1], op.getComputeType(), exact)),
        value(computeOperand(*operands[2], op.getComputeType(), exact)), causal(op.getCausal()),
        scale(op.getScale().convertToFloat()), b(operands[0]->dim(0)), s(operands[0]->dim(1)),
        h(operands[0]->dim(2)), d(operands[0]->dim(3)), t(operands[1]->dim(1)), g(operands[1]->dim(2)),
        e(operands[2]->dim(3)) {
    unsigned next = 3;
    if (op.getMask())
      mask = operands[next++];
    if (op.getBias())
      bias = operands[next++];
  }

  // A causal query is aligned with the last key: row i of s sees keys up to i + t - s.
  bool mayAttend(int64_t batch, int64_t row, int64_t column) const {
    return (!mask || (*mask)[batch * t + column] != 0) && (!causal || column <= row + t - s);
  }

  double score(int64_t batch, int64_t row, int64_t head, int64_t column) const {
    int64_t group = head / (h / g);
    double sum = 0;
    const double *q = query.data() + ((batch * s + row) * h + head) * d;
    const double *k = key.data() + ((batch * t + column) * g + group) * d;
    for (int64_t i = 0; i < d; ++i)
      sum += q[i] * k[i];
    sum *= scale;
    if (bias) {
      int64_t biasBatch = bias->dim(0) == 1 ? 0 : batch, biasHead = bias->dim(1) == 1 ? 0 : head;
      sum += (*bias)[((biasBatch * bias->dim(1) + biasHead) * s + row) * t + column];
    }
    return sum;
  }
};

// One query row of one head; returns its log-sum-exp, -infinity if it may attend to nothing.
double attendRow(const Attention &a, int64_t batch, int64_t row, int64_t head, double *out) {
  std::vector<double> scores(a.t, -INFINITY);
  double maximum = -INFINITY;
  for (int64_t column = 0; column < a.t; ++column)
    if (a.mayAttend(batch, row, column)) {
      scores[column] = a.score(batch, row, head, column);
      if (!std::isnan(maximum) && !(scores[column] <= maximum)) // a NaN stays
        maximum = scores[column];
    }
  std::fill(out, out + a.e, 0.0);
  if (maximum == -INFINITY)
    return -INFINITY;
  double sum = 0;
  for (int64_t column = 0; column < a.t; ++column) {
    if (scores[column] == -INFINITY)
      continue;
    double weight = std::exp(scores[column] - maximum);
    sum += weight;
    const double *value = a.value.data() + ((batch * a.t + column) * a.g + head / (a.h / a.g)) * a.e;
    for (int64_t i = 0; i < a.e; ++i)
      out[i] += weight * value[i];
  }
  for (int64_t i = 0; i < a.e; ++i)
    out[i] /= sum;
  return maximum + std::log(sum);
}

void attention(AttentionOp op, Operands operands, Results results) {
  Attention a(op, operands, results[0].isExact());
  for (int64_t batch = 0; batch < a.b; ++batch)
    for (int64_t row = 0; row < a.s; ++row)
      for (int64_t head = 0; head < a.h; ++head) {
        double lse =
            attendRow(a, batch, row, head, results[0].data() + ((batch * a.s + row) * a.h + head) * a.e);
        if (op.getReturnLse())
          results[1][(batch * a.h + head) * a.s + row] = lse;
      }
}
} // namespace

void girih::reference::attachAttentionModel(MLIRContext *context) { attach<AttentionOp, attention>(context); }
