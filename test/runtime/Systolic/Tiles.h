// Programs of matrix products that show an array's own cycles: no data, and everything waits for one signal,
// so that neither memory nor the sequencer's pace counts.
#pragma once

#include "Execution.h"

namespace girih::systolic {

inline int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// A machine of this array.
inline Machine arrayOf(int64_t rows, int64_t columns, bool shadow) {
  Machine m = preset("edge16");
  m.array_rows = rows, m.array_columns = columns, m.shadow_weights = shadow;
  m.weight_port_bytes = columns;
  m.scratchpad_bytes = 1 << 24, m.scratchpad_banks = 2;
  m.accumulator_bytes = 1 << 24;
  return m;
}

inline void appendGo(Program &program) {
  Instruction go, halt;
  go.op = int64_t(Op::nop), go.signal0 = tokenField(0, 1), halt.op = int64_t(Op::halt);
  program.code.push_back(go), program.code.push_back(halt);
}

/// [M, K] x [K, N], weight stationary: a load and a matmul for each tile of weights.
inline Program weightTiles(int64_t M, int64_t K, int64_t N, const Machine &m) {
  Program program;
  int64_t tile = 0;
  for (int64_t n = 0; n != ceilDiv(N, m.array_columns); ++n)
    for (int64_t k = 0; k != ceilDiv(K, m.array_rows); ++k, ++tile) {
      Instruction load, matmul;
      load.op = int64_t(Op::wload), matmul.op = int64_t(Op::matmul);
      load.mask = matmul.mask = 1, load.ta = matmul.ta = int64_t(Type::i8);
      load.rows = std::min(m.array_rows, K - k * m.array_rows),
      load.cols = std::min(m.array_columns, N - n * m.array_columns);
      load.a = int64_t(m.scratchpad_bytes / 2), load.pa = load.cols;
      matmul.rows = M, matmul.cols = load.rows, matmul.px = load.cols, matmul.pa = load.rows;
      matmul.flags = flag::matmul_release | (k ? flag::matmul_accumulate : 0);
      if (m.shadow_weights && tile % 2)
        load.flags |= flag::wload_bank, matmul.flags |= flag::matmul_bank;
      if (tile == 0)
        load.wait0 = tokenField(0, 1);
      program.code.push_back(load), program.code.push_back(matmul);
    }
  appendGo(program);
  return program;
}

/// [M, K] x [K, N], output stationary: a matmul of K rows for each tile of results.
inline Program outputFolds(int64_t M, int64_t K, int64_t N, const Machine &m) {
  Program program;
  for (int64_t fold = 0, folds = ceilDiv(M, m.array_rows) * ceilDiv(N, m.array_columns); fold != folds;
       ++fold) {
    Instruction &i = program.code.emplace_back();
    i.op = int64_t(Op::matmul), i.mask = 1, i.ta = int64_t(Type::i8), i.rows = K, i.cols = i.px = 1, i.pa = 1;
    i.wait0 = fold == 0 ? tokenField(0, 1) : 0;
  }
  appendGo(program);
  return program;
}

/// Cycles from the first issue on the arrays to the last retirement there, without data. Queues hold the
/// whole program before it starts.
inline int64_t matrixSpan(Machine m, const Program &program) {
  m.queue_depth = int64_t(program.code.size());
  Options options;
  options.data = options.races = false;
  Simulator sim(m, program, options);
  EXPECT_EQ(sim.run(), State::Halted) << sim.fault().reason;
  return sim.statistics().lastMatrixRetire - sim.statistics().firstMatrixIssue;
}

} // namespace girih::systolic
