// Proves that load, stream and drain take the cycles of the closed forms: a thousand random shapes on arrays of 1x1 to 512x512, with
// and without shadow weights, and output stationary.
#include "Tiles.h"

using namespace girih::systolic;

TEST(Systolic, ClosedForms) {
  Random random{1};
  const int64_t sizes[] = {1, 2, 3, 4, 7, 8, 16, 31, 32, 64, 100, 128, 256, 512};
  for (int shape = 0; shape != 1000; ++shape) {
    int64_t R = sizes[random.below(14)], C = random.below(4) ? R : sizes[random.below(14)];
    int64_t M = 1 + random.below(random.below(2) ? 16 : 1024);
    int64_t K = 1 + random.below(8 * R), N = 1 + random.below(8 * C);
    int64_t T = ceilDiv(K, R) * ceilDiv(N, C);
    for (bool shadow : {true, false}) {
      Machine m = arrayOf(R, C, shadow);
      int64_t expected = shadow ? R + (T - 1) * std::max(M, R) + M + R + C - 2 : T * (2 * R + C + M - 2);
      ASSERT_EQ(matrixSpan(m, weightTiles(M, K, N, m)), expected)
          << M << "x" << K << "x" << N << " on " << R << "x" << C << " shadow " << shadow;
    }
  }
}

TEST(Systolic, OutputStationary) {
  Random random{2};
  for (int shape = 0; shape != 100; ++shape) {
    Machine m = arrayOf(1 + random.below(64), 1 + random.below(64), false);
    m.output_stationary = 1;
    int64_t M = 1 + random.below(300), K = 1 + random.below(300), N = 1 + random.below(300);
    int64_t R = m.array_rows, C = m.array_columns;
    ASSERT_EQ(matrixSpan(m, outputFolds(M, K, N, m)), ceilDiv(M, R) * ceilDiv(N, C) * (R + C + K - 2))
        << M << "x" << K << "x" << N << " on " << R << "x" << C;
  }
}
