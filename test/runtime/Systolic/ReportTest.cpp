// Proves the report's figures on a program whose cycles, bytes and operations are counted here by hand.
#include "runtime/Systolic/Report.h"
#include "Execution.h"

using namespace girih::systolic;

namespace {
constexpr const char *kProgram = R"(
.gemm 20 16 16
wload ta=i8 mask=1 a=0x8000 pa=16 rows=16 cols=16                       # weights are there in cycle 17
matmul ta=i8 mask=1 rows=10 cols=16 px=16 pa=16 pd=64 signal=0          # streams from 17 to 27, retires in 57
matmul ta=i8 mask=1 dst=0x4000 rows=10 cols=16 px=16 pa=16 pd=64 wait=0 # streams from 57 to 67, retires in 97
load ta=i8 dst=0x10000 rows=1 cols=32 px=32                             # retires in 4 + 100 + 2
vector mask=1 fn=first td=f32 dst=0x18000 pd=64 ta=i32 a=acc0+0x8000 pa=64 rows=2 cols=16
halt)";

void expectSplit(const Split &s, int64_t active, int64_t weightStall, int64_t weightShift, int64_t rawStall,
                 int64_t nonMatrix) {
  EXPECT_EQ(s.active, active);
  EXPECT_EQ(s.weightStall, weightStall);
  EXPECT_EQ(s.weightShift, weightShift);
  EXPECT_EQ(s.rawStall, rawStall);
  EXPECT_EQ(s.nonMatrix, nonMatrix);
}
} // namespace

TEST(SystolicReport, TimeSplitAndTraffic) {
  Execution run(preset("edge16"), kProgram);
  ASSERT_EQ(run.fault(), "");
  const Statistics &s = run.sim->statistics();
  EXPECT_EQ(s.cycles, 107);
  // The wload issues in cycle 1; the second matmul waits 30 cycles for the first's results; after it the
  // array is idle for 40.
  expectSplit(s.arrays[0], 20, 1, 16, 30, 40);
  EXPECT_EQ(s.firstMatrixIssue, 1);
  EXPECT_EQ(s.lastMatrixRetire, 97);
  EXPECT_EQ(s.instructions, 6u);
  EXPECT_EQ(s.macsI8, 2u * 10 * 16 * 16);
  EXPECT_EQ(s.vectorElements, 32u);
  EXPECT_EQ(s.scratchpadBytes, 256u + 2 * 160 + 32 + 2 * 64);
  EXPECT_EQ(s.accumulatorBytes, 2u * 640 + 2 * 64);
  EXPECT_EQ(s.dramRead, 32u);
  EXPECT_EQ(s.dramWritten, 0u);
}

TEST(SystolicReport, WeightsThatAreLate) {
  Execution run(preset("edge16"), R"(
load ta=i8 dst=0x8000 rows=1 cols=256 px=256 signal=0 # retires in 1 + 100 + 16
wload ta=i8 mask=1 a=0x8000 pa=16 rows=16 cols=16 wait=0
matmul ta=i8 mask=1 rows=5 cols=16 px=16 pa=16 pd=64
halt)");
  ASSERT_EQ(run.fault(), "");
  EXPECT_EQ(run.sim->statistics().cycles, 117 + 16 + 5 + 30 + 1);
  expectSplit(run.sim->statistics().arrays[0], 5, 117, 16, 0, 31);
}

TEST(SystolicReport, UtilisationEnergyAndMinimum) {
  Machine machine = preset("edge16");
  Execution run(machine, kProgram);
  ASSERT_EQ(run.fault(), "");
  Report report{machine, run.program, run.sim->statistics()};
  EXPECT_DOUBLE_EQ(report.utilisation(), 20.0 / 107);
  EXPECT_DOUBLE_EQ(report.seconds(), 107e-9);
  EXPECT_DOUBLE_EQ(report.teraOps(), 2 * 5120 / 107e-9 * 1e-12);
  EXPECT_DOUBLE_EQ(report.minimumBytes(), 20 * 16 + 16 * 16 + 20 * 16);
  Energy energy = report.energy(); // microjoules, by the table's femtojoules
  EXPECT_DOUBLE_EQ(energy.macs, 5120 * 300e-9);
  EXPECT_DOUBLE_EQ(energy.vector, 32 * 4600e-9);
  EXPECT_DOUBLE_EQ(energy.scratchpad, 736 * 12500e-9);
  EXPECT_DOUBLE_EQ(energy.accumulators, 1408 * 2500e-9);
  EXPECT_DOUBLE_EQ(energy.dram, 32 * 162500e-9);
  EXPECT_EQ(reportText(report), R"(machine         edge16, 1 of 16x16 at 1000 MHz
cycles          107, 0.107 us
instructions    6 executed; 6 in the program, 384 bytes
array 0         active 18.7 %, weight stall 0.9 %, weight shift 15.0 %, RAW stall 28.0 %, non-matrix 37.4 %
utilisation     18.69 %, 0.096 TOPS
DRAM            32 bytes read, 0 written; 0.036 of the minimum of 896
bank conflicts  LD 0 WL 0 MX 0 VX 0 ST 0 cycles
energy          0.020 uJ: MACs 0.002, vector 0.000, scratchpad 0.009, accumulators 0.004, DRAM 0.005 (table: Horowitz, ISSCC 2014)
)");
}
