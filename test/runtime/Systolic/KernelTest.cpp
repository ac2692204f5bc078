// Proves that every kernel this machine runs gives the bits of the portable one, on values that provoke flushing, overflow and NaN.
#include "Execution.h"
#include "runtime/Systolic/Kernels.h"

#include <memory>

using namespace girih::systolic;

TEST(SystolicKernels, IntegersAgree) {
  Random random{3};
  const int64_t rows = 7, pairs = 19, columns = 48;
  std::vector<int16_t> act(rows * pairs * 2), w(pairs * columns * 2);
  for (auto &x : act)
    x = int16_t(random.below(511) - 255);
  for (auto &x : w)
    x = int16_t(random.below(256) - 128);
  std::vector<int32_t> expected(rows * columns);
  for (int64_t i = 0; i != rows; ++i)
    for (int64_t c = 0; c != columns; ++c)
      for (int64_t k = 0; k != 2 * pairs; ++k)
        expected[i * columns + c] += act[i * 2 * pairs + k] * w[(k / 2 * columns + c) * 2 + k % 2];
  for (auto list = allKernels(); *list; ++list) {
    std::vector<int32_t> out(rows * columns);
    (*list)->integer(act.data(), w.data(), out.data(), rows, pairs, columns);
    EXPECT_EQ(out, expected) << (*list)->name;
  }
}

TEST(SystolicKernels, FloatsAgreeToTheBit) {
  Random random{4};
  const int64_t rows = 13, depth = 37, columns = 80;
  for (int kind = 0; kind != 4; ++kind) {
    auto value = [&] {
      uint16_t h = uint16_t(random.next());
      if (kind == 0)
        h = uint16_t((h & 0x807f) | (120 + random.below(12)) << 7); // about 1
      if (kind == 1)
        h = uint16_t((h & 0x807f) | (55 + random.below(16)) << 7); // products about 2^-126
      return fromBF16(kind == 3 ? h : (h & 0x7f80) == 0x7f80 ? 0 : h); // kind 3: infinities and NaNs too
    };
    std::vector<float> act(rows * depth), w(depth * columns);
    for (auto *v : {&act, &w})
      for (float &x : *v)
        x = value();
    for (auto list = allKernels(); *list; ++list) {
      std::vector<float> out(rows * columns);
      (*list)->floating(act.data(), w.data(), out.data(), rows, depth, columns);
      for (int64_t i = 0; i != rows; ++i)
        for (int64_t c = 0; c != columns; ++c) {
          float p = 0;
          for (int64_t k = 0; k != depth; ++k)
            p = macBF16(p, act[i * depth + k], w[k * columns + c]);
          ASSERT_EQ(bitsOf(out[i * columns + c]), bitsOf(p)) << (*list)->name << " kind " << kind;
        }
    }
  }
}
