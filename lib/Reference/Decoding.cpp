// Definitions of the ops of language models that are not attention.
#include "lib/Reference/Model.h"
#include "lib/Reference/Models.h"

#include <cmath>

using namespace mlir;
using namespace girih::reference;
using namespace girih::graph;

namespace {
void cacheWrite(CacheWriteOp, Operands operands, Results results) {
  const HostTensor &cache = *operands[0], &rows = *operands[1], &slots = *operands[2];
  std::copy(cache.data(), cache.data() + cache.size(), results[0].data());
  int64_t width = slots.size() ? rows.size() / slots.size() : 0;
  for (int64_t i = 0; i < slots.size(); ++i)
    if (slots[i] >= 0 && slots[i] < cache.dim(0))
      std::copy(rows.data() + i * width, rows.data() + (i + 1) * width,
                results[0].data() + static_cast<int64_t>(slots[i]) * width);
}

void argmax(ArgmaxOp, Operands operands, Results results) {
  const HostTensor &x = *operands[0];
  int64_t length = x.dim(-1);
  for (int64_t row = 0; row < results[0].size(); ++row) {
    const double *values = x.data() + row * length;
    int64_t best = 0;
    for (int64_t i = 1; i < length && !std::isnan(values[best]); ++i)
      if (values[i] > values[best] || std::isnan(values[i]))
        best = i;
    results[0][row] = best;
  }
}

void crossEntropy(CrossEntropyOp, Operands operands, Results results) {
  const HostTensor &logits = *operands[0], &labels = *operands[1];
  int64_t vocabulary = logits.dim(-1);
  for (int64_t row = 0; row < labels.size(); ++row) {
    const double *values = logits.data() + row * vocabulary;
    results[0][row] = 0;
    if (labels[row] < 0)
      continue;
    double highest = *std::max_element(values, values + vocabulary), sum = 0;
    for (int64_t i = 0; i < vocabulary; ++i)
      sum += std::exp(values[i] - highest);
    int64_t label = std::min(static_cast<int64_t>(labels[row]), vocabulary - 1);
    results[0][row] = highest + std::log(sum) - values[label];
  }
}
} // namespace

void girih::reference::attachDecodingModels(MLIRContext *context) {
  attach<CacheWriteOp, cacheWrite>(context);
  attach<ArgmaxOp, argmax>(context);
  attach<CrossEntropyOp, crossEntropy>(context);
}
