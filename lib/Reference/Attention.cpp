// Definition of `girih.attention` and of attention over a cache, whole or in parts: for each query row all
// scores, their softmax, the weighted sum of values.
#include "lib/Reference/Model.h"
#include "lib/Reference/Models.h"

#include <cmath>

using namespace mlir;
using namespace girih::reference;
using namespace girih::graph;

namespace {
// The operands and sizes of one evaluation, in the ops' letters: query [b,s,h,d]; key rows [g,d] and value rows [g,e], those of a
// sequence's position t found by `keyRow`.
struct Attention {
  std::vector<double> query, key, value; // rounded to the compute type
  const HostTensor *mask = nullptr, *bias = nullptr, *table = nullptr, *positions = nullptr;
  bool causal;
  int64_t window;
  double scale, softcap;
  int64_t b, s, h, d, t, g, e, slots = 0;

  Attention(AttentionOp op, Operands operands, bool exact)
      : query(computeOperand(*operands[0], op.getComputeType(), exact)),
        key(computeOperand(*operands[1], op.getComputeType(), exact)),
        value(computeOperand(*operands[2], op.getComputeType(), exact)), causal(op.getCausal()),
        window(op.getWindow().value_or(INT64_MAX)), scale(op.getScale().convertToFloat()),
        softcap(op.getSoftcap() ? op.getSoftcap()->convertToFloat() : 0), b(operands[0]->dim(0)),
        s(operands[0]->dim(1)), h(operands[0]->dim(2)), d(operands[0]->dim(3)), t(operands[1]->dim(1)),
        g(operands[1]->dim(2)), e(operands[2]->dim(3)) {
    unsigned next = 3;
    if (op.getMask())
      mask = operands[next++];
    if (op.getBias())
      bias = operands[next++];
  }
  template <typename CachedOp>
  Attention(CachedOp op, Operands operands, bool exact)
      : query(computeOperand(*operands[0], op.getComputeType(), exact)),
        key(computeOperand(*operands[1], op.getComputeType(), exact)),
        value(computeOperand(*operands[2], op.getComputeType(), exact)), table(operands[3]),
        positions(operands[4]), causal(true), window(op.getWindow().value_or(INT64_MAX)),
        scale(op.getScale().convertToFloat()),
        softcap(op.getSoftcap() ? op.getSoftcap()->convertToFloat() : 0), b(operands[0]->dim(0)),
        s(operands[0]->dim(1)), h(operands[0]->dim(2)), d(operands[0]->dim(3)), t(operands[3]->dim(1)),
        g(operands[1]->dim(1)), e(operands[2]->dim(2)), slots(operands[1]->dim(0)) {}

  // The row of keys and values that holds a position of a sequence; -1 if none does.
  int64_t keyRow(int64_t batch, int64_t column) const {
    if (!table)
      return batch * t + column;
    double slot = (*table)[batch * t + column];
    return slot >= 0 && slot < slots ? static_cast<int64_t>(slot) : -1;
  }

  // The position of a query row. Without a table the last row is aligned with the last key: row i of s is at i + t - s.
  int64_t place(int64_t batch, int64_t row) const {
    return positions ? static_cast<int64_t>((*positions)[batch * s + row]) : row + t - s;
  }

  bool mayAttend(int64_t batch, int64_t row, int64_t column) const {
    if ((mask && (*mask)[batch * t + column] == 0) || keyRow(batch, column) < 0)
      return false;
    int64_t at = place(batch, row);
    return !causal || (column <= at && at - column < window);
  }

  double score(int64_t batch, int64_t row, int64_t head, int64_t column) const {
    int64_t group = head / (h / g);
    double sum = 0;
    const double *q = query.data() + ((batch * s + row) * h + head) * d;
    const double *k = key.data() + (keyRow(batch, column) * g + group) * d;
    for (int64_t i = 0; i < d; ++i)
      sum += q[i] * k[i];
    sum *= scale;
    if (softcap != 0)
      sum = softcap * std::tanh(sum / softcap);
    if (bias) {
      int64_t biasBatch = bias->dim(0) == 1 ? 0 : batch, biasHead = bias->dim(1) == 1 ? 0 : head;
      sum += (*bias)[((biasBatch * bias->dim(1) + biasHead) * s + row) * t + column];
    }
    return sum;
  }
};

// Keeps the greater in `greatest`; a NaN stays.
void keepGreatest(double &greatest, double value) {
  if (!std::isnan(greatest) && !(value <= greatest))
    greatest = value;
}

// The softmax of some of a row's scores, not yet divided by its sum. No score at all leaves a maximum of
// -infinity.
struct Softmax {
  double maximum = -INFINITY, sum = 0;
};

// One query row of one head, over those positions it may attend to that `takesPart` names.
template <typename Predicate>
Softmax weigh(const Attention &a, int64_t batch, int64_t row, int64_t head, double *out,
              Predicate takesPart) {
  std::vector<double> scores(a.t, -INFINITY);
  Softmax softmax;
  for (int64_t column = 0; column < a.t; ++column)
    if (takesPart(column) && a.mayAttend(batch, row, column)) {
      scores[column] = a.score(batch, row, head, column);
      keepGreatest(softmax.maximum, scores[column]);
    }
  std::fill(out, out + a.e, 0.0);
  if (softmax.maximum == -INFINITY)
    return softmax;
  for (int64_t column = 0; column < a.t; ++column) {
    if (scores[column] == -INFINITY)
      continue;
    double weight = std::exp(scores[column] - softmax.maximum);
    softmax.sum += weight;
    const double *value = a.value.data() + (a.keyRow(batch, column) * a.g + head / (a.h / a.g)) * a.e;
    for (int64_t i = 0; i < a.e; ++i)
      out[i] += weight * value[i];
  }
  return softmax;
}

// One query row of one head; returns its log-sum-exp, -infinity if it may attend to nothing.
double attendRow(const Attention &a, int64_t batch, int64_t row, int64_t head, double *out) {
  Softmax softmax = weigh(a, batch, row, head, out, [](int64_t) { return true; });
  if (softmax.maximum == -INFINITY)
    return -INFINITY;
  for (int64_t i = 0; i < a.e; ++i)
    out[i] /= softmax.sum;
  return softmax.maximum + std::log(softmax.sum);
}

// Every row of every head; log-sum-exps go to `lse` where it is wanted.
void attendAll(const Attention &a, HostTensor &result, HostTensor *lse) {
  for (int64_t batch = 0; batch < a.b; ++batch)
    for (int64_t row = 0; row < a.s; ++row)
      for (int64_t head = 0; head < a.h; ++head) {
        double sum = attendRow(a, batch, row, head, result.data() + ((batch * a.s + row) * a.h + head) * a.e);
        if (lse)
          (*lse)[(batch * a.h + head) * a.s + row] = sum;
      }
}

void attention(AttentionOp op, Operands operands, Results results) {
  attendAll(Attention(op, operands, results[0].isExact()), results[0], op.getReturnLse() ? &results[1] : nullptr);
}

void pagedAttention(PagedAttentionOp op, Operands operands, Results results) {
  attendAll(Attention(op, operands, results[0].isExact()), results[0], nullptr);
}

void splitAttention(SplitAttentionOp op, Operands operands, Results results) {
  Attention a(op, operands, results[0].isExact());
  int64_t parts = op.getParts(), block = op.getBlock();
  for (int64_t batch = 0; batch < a.b; ++batch)
    for (int64_t part = 0; part < parts; ++part)
      for (int64_t head = 0; head < a.h; ++head) {
        int64_t place = (batch * parts + part) * a.h + head;
        Softmax softmax = weigh(a, batch, 0, head, results[0].data() + place * a.e,
                                [&](int64_t position) { return position / block % parts == part; });
        results[1][place] = softmax.maximum;
        results[2][place] = softmax.sum;
      }
}

void mergeAttention(MergeAttentionOp op, Operands operands, Results results) {
  const HostTensor &weighted = *operands[0], &maximum = *operands[1], &sum = *operands[2];
  int64_t parts = weighted.dim(1), h = weighted.dim(2), e = weighted.dim(3);
  for (int64_t batch = 0; batch < weighted.dim(0); ++batch)
    for (int64_t head = 0; head < h; ++head) {
      auto place = [&](int64_t part) { return (batch * parts + part) * h + head; };
      double highest = -INFINITY, total = 0, *out = results[0].data() + (batch * h + head) * e;
      for (int64_t part = 0; part < parts; ++part)
        keepGreatest(highest, maximum[place(part)]);
      std::fill(out, out + e, 0.0);
      if (highest == -INFINITY)
        continue;
      for (int64_t part = 0; part < parts; ++part) {
        double weight = std::exp(maximum[place(part)] - highest);
        total += weight * sum[place(part)];
        for (int64_t i = 0; i < e; ++i)
          out[i] += weight * weighted[place(part) * e + i];
      }
      for (int64_t i = 0; i < e; ++i)
        out[i] /= total;
    }
}
} // namespace

void girih::reference::attachAttentionModel(MLIRContext *context) {
  attach<AttentionOp, attention>(context);
  attach<PagedAttentionOp, pagedAttention>(context);
  attach<SplitAttentionOp, splitAttention>(context);
  attach<MergeAttentionOp, mergeAttention>(context);
}
