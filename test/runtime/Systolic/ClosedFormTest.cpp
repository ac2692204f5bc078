// Proves that load, stream and drain take the cycles of the closed forms: a thousand random shapes on arrays of 1x1 to 512x512, with
// and without shadow weights, and output stationary.
#include "Execution.h"

using namespace girih::systolic;

namespace {

/// A machine of this array, with queues long enough to hold the program before it starts.
Machine arrayOf(int64_t rows, int64_t columns, bool shadow, int64_t depth) {
  Machine m = preset("edge16");
  m.array_rows = rows, m.array_columns = columns, m.shadow_weights = shadow;
  m.weight_port_bytes = columns;
  m.queue_depth = depth;
  m.scratchpad_bytes = 1 << 24, m.scratchpad_banks = 2;
  m.accumulator_bytes = 1 << 24;
  return m;
}

/// Weight tiles and matmuls that all wait for one signal, so that the sequencer's pace does not count.
Program tiles(int64_t M, int64_t K, int64_t N, const Machine &m) {
  Program program;
  int64_t tile = 0;
  auto ceilDiv = [](int64_t a, int64_t b) { return (a + b - 1) / b; };
  for (int64_t n = 0; n != ceilDiv(N, m.array_columns); ++n)
    for (int64_t k = 0; k != ceilDiv(K, m.array_rows); ++k, ++tile) {
      Instruction load, matmul;
      load.op = int64_t(Op::wload), matmul.op = int64_t(Op::matmul);
      load.mask = matmul.mask = 1, load.ta = matmul.ta = int64_t(Type::i8);
      load.rows = std::min(m.array_rows, K - k * m.array_rows), load.cols = std::min(m.array_columns, N - n * m.array_columns);
      load.a = int64_t(m.scratchpad_bytes / 2), load.pa = load.cols;
      matmul.rows = M, matmul.cols = load.rows, matmul.px = load.cols, matmul.pa = load.rows;
      matmul.flags = flag::matmul_release | (k ? flag::matmul_accumulate : 0);
      if (m.shadow_weights && tile % 2)
        load.flags |= flag::wload_bank, matmul.flags |= flag::matmul_bank;
      if (tile == 0)
        load.wait0 = tokenField(0, 1);
      program.code.push_back(load), program.code.push_back(matmul);
    }
  Instruction go, halt;
  go.op = int64_t(Op::nop), go.signal0 = tokenField(0, 1), halt.op = int64_t(Op::halt);
  program.code.push_back(go), program.code.push_back(halt);
  return program;
}

int64_t span(const Machine &m, const Program &program) {
  Options options;
  options.data = options.races = false;
  Simulator sim(m, program, options);
  EXPECT_EQ(sim.run(), State::Halted) << sim.fault().reason;
  return sim.statistics().lastMatrixRetire - sim.statistics().firstMatrixIssue;
}

} // namespace

TEST(Systolic, ClosedForms) {
  Random random{1};
  const int64_t sizes[] = {1, 2, 3, 4, 7, 8, 16, 31, 32, 64, 100, 128, 256, 512};
  for (int shape = 0; shape != 1000; ++shape) {
    int64_t R = sizes[random.below(14)], C = random.below(4) ? R : sizes[random.below(14)];
    int64_t M = 1 + random.below(random.below(2) ? 16 : 1024);
    int64_t K = 1 + random.below(8 * R), N = 1 + random.below(8 * C);
    int64_t T = ((K + R - 1) / R) * ((N + C - 1) / C);
    for (bool shadow : {true, false}) {
      Machine m = arrayOf(R, C, shadow, 2 * T + 2);
      int64_t expected = shadow ? R + (T - 1) * std::max(M, R) + M + R + C - 2 : T * (2 * R + C + M - 2);
      if (R == 1 && C == 1 && M == 1)
        expected = std::max(expected, shadow ? T + 1 : 2 * T); // a result needs a cycle
      ASSERT_EQ(span(m, tiles(M, K, N, m)), expected) << M << "x" << K << "x" << N << " on " << R << "x" << C << " shadow " << shadow;
    }
  }
}

TEST(Systolic, OutputStationary) {
  Random random{2};
  for (int shape = 0; shape != 100; ++shape) {
    Machine m = arrayOf(1 + random.below(64), 1 + random.below(64), false, 4096);
    m.output_stationary = 1;
    int64_t M = 1 + random.below(300), K = 1 + random.below(300), N = 1 + random.below(300);
    int64_t R = m.array_rows, C = m.array_columns, folds = ((M + R - 1) / R) * ((N + C - 1) / C);
    Program program;
    for (int64_t f = 0; f != folds; ++f) {
      Instruction &i = program.code.emplace_back();
      i.op = int64_t(Op::matmul), i.mask = 1, i.ta = int64_t(Type::i8), i.rows = K, i.cols = i.px = 1, i.pa = 1;
      i.wait0 = f == 0 ? tokenField(0, 1) : 0;
    }
    Instruction go, halt;
    go.op = int64_t(Op::nop), go.signal0 = tokenField(0, 1), halt.op = int64_t(Op::halt);
    program.code.push_back(go), program.code.push_back(halt);
    if (R + C + K - 2 >= 1)
      ASSERT_EQ(span(m, program), folds * (R + C + K - 2)) << M << "x" << K << "x" << N << " on " << R << "x" << C;
  }
}
