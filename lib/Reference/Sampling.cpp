// Definition of `girih.sample`. Each step is rounded to f32 as the op says, unless f64 is kept between ops; sums of probabilities and
// logarithms are taken in f64, so a token whose place is within their error of a bound may fall on either side of it elsewhere.
#include "lib/Reference/Model.h"
#include "lib/Reference/Models.h"
#include "lib/Reference/Philox.h"

#include <cmath>

using namespace mlir;
using namespace girih::reference;
using namespace girih::graph;

namespace {
// The place of the greatest, the first of several; NaN counts as greatest.
int64_t greatestPlace(ArrayRef<double> values) {
  int64_t best = 0;
  for (int64_t i = 1, end = values.size(); i < end && !std::isnan(values[best]); ++i)
    if (values[i] > values[best] || std::isnan(values[i]))
      best = i;
  return best;
}

// What one row asks for.
struct Wish {
  double temperature, topK, topP, minP, penalty;
  uint32_t seed, step;
};

class Row {
public:
  Row(ArrayRef<double> logits, const double *seen, const Wish &wish, bool exact)
      : scores(logits), wish(wish), exact(exact) {
    for (auto [i, score] : llvm::enumerate(scores))
      if (seen[i] != 0)
        score = rounded(score < 0 ? score * wish.penalty : score / wish.penalty);
  }

  int64_t choose() {
    if (!(wish.temperature > 0))
      return greatestPlace(scores);
    for (double &score : scores)
      score = rounded(score / wish.temperature);
    keepTopK();
    keepTopP();
    keepMinP();
    for (auto [i, score] : llvm::enumerate(scores))
      score = rounded(score + rounded(gumbel(wish.seed, wish.step, i)));
    return greatestPlace(scores);
  }

private:
  double rounded(double value) const { return exact ? value : static_cast<float>(value); }
  double greatest() const { return scores[greatestPlace(scores)]; }

  void dropBelow(double bound) {
    for (double &score : scores)
      if (score < bound)
        score = -INFINITY;
  }

  // NaN counts as greatest here too.
  SmallVector<double> descending() const {
    SmallVector<double> sorted(scores);
    llvm::sort(sorted, [](double a, double b) { return std::isnan(a) ? !std::isnan(b) : a > b; });
    return sorted;
  }

  void keepTopK() {
    int64_t k = static_cast<int64_t>(wish.topK);
    if (k >= 1 && k < static_cast<int64_t>(scores.size()))
      dropBelow(descending()[k - 1]);
  }

  // Goes up from the least likely; equal ones are judged together.
  void keepTopP() {
    if (!(wish.topP < 1))
      return;
    SmallVector<double> sorted = descending();
    double most = sorted.front(), total = 0, below = 0;
    for (double score : sorted)
      total += std::exp(score - most);
    double allowed = (1 - wish.topP) * total;
    for (size_t end = sorted.size(); end > 0;) {
      double score = sorted[end - 1];
      for (; end > 0 && sorted[end - 1] == score; --end)
        below += std::exp(score - most);
      if (!(below <= allowed))
        return dropBelow(score);
    }
    dropBelow(most);
  }

  void keepMinP() {
    if (!(wish.minP > 0))
      return;
    double most = greatest();
    for (double &score : scores)
      if (score != most && std::exp(score - most) < wish.minP)
        score = -INFINITY;
  }

  SmallVector<double> scores;
  const Wish &wish;
  bool exact;
};

void sample(SampleOp, Operands operands, Results results) {
  const HostTensor &logits = *operands[0], &seen = *operands[6];
  int64_t tokens = logits.dim(1);
  auto at = [&](int operand, int64_t row) { return (*operands[operand])[row]; };
  auto word = [&](int operand, int64_t row) {
    return static_cast<uint32_t>(static_cast<int64_t>(at(operand, row)));
  };
  for (int64_t row = 0; row < logits.dim(0); ++row) {
    Wish wish{at(1, row), at(2, row), at(3, row), at(4, row), at(5, row), word(7, row), word(8, row)};
    ArrayRef<double> values(logits.data() + row * tokens, tokens);
    results[0][row] = Row(values, seen.data() + row * tokens, wish, results[0].isExact()).choose();
  }
}
} // namespace

void girih::reference::attachSamplingModel(MLIRContext *context) { attach<SampleOp, sample>(context); }
