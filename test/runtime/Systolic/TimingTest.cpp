// Proves the timing rules one by one on small programs, whose cycles are counted here by hand, and that runs without data take the
// same cycles as runs with it.
#include "Execution.h"

#include <fstream>
#include <sstream>

using namespace girih::systolic;

namespace {
void expectTimes(const Record &r, int64_t dispatch, int64_t issue, int64_t retire) {
  EXPECT_EQ(r.dispatch, dispatch) << r.index;
  EXPECT_EQ(r.issue, issue) << r.index;
  EXPECT_EQ(r.retire, retire) << r.index;
}
} // namespace

TEST(SystolicTiming, DmaSharesTheBusAndPipelinesLatency) {
  Execution run(preset("edge16"), R"(
load ta=i8 dst=0 x=0 rows=4 cols=64 pd=64 px=64                 # 256 bytes: 16 cycles
load ta=i8 dst=0x1000 x=0x1000 rows=4 cols=20 pd=64 px=64       # 4 rows of 2 cycles
store ta=i8 a=0x2000 pa=16 x=0x2000 rows=1 cols=16 px=16        # 1 cycle
halt)");
  ASSERT_EQ(run.fault(), "");
  expectTimes(run.record(0), 0, 1, 117);
  expectTimes(run.record(1), 1, 2, 125);
  expectTimes(run.record(2), 2, 3, 126);
  expectTimes(run.record(3), 126, 126, 127);
  EXPECT_EQ(run.sim->statistics().cycles, 127);
}

TEST(SystolicTiming, OnlySoManyTransfersAreInFlight) {
  Machine machine = preset("edge16");
  machine.dma_in_flight = 2;
  Execution run(machine, "load ta=i8 rows=1 cols=1\nload ta=i8 dst=1 rows=1 cols=1\nload ta=i8 dst=2 rows=1 cols=1\nhalt");
  ASSERT_EQ(run.fault(), "");
  expectTimes(run.record(0), 0, 1, 102);
  expectTimes(run.record(1), 1, 2, 103);
  expectTimes(run.record(2), 2, 102, 203);
}

TEST(SystolicTiming, WeightsAndMatmulsOverlap) {
  Execution run(preset("edge16"), R"(
wload ta=i8 mask=1 a=0x8000 pa=16 rows=16 cols=16
wload ta=i8 mask=1 a=0x8000 pa=16 rows=3 cols=16 bank
wload ta=i8 mask=1 a=0x8000 pa=16 rows=16 cols=16               # waits for the first matmul's stream
matmul ta=i8 mask=1 pa=16 rows=40 cols=16 px=16 pd=64 release
matmul ta=i8 mask=1 pa=16 rows=5 cols=3 px=16 pd=64 bank accumulate release
matmul ta=i8 mask=1 pa=16 rows=5 cols=3 px=16 pd=64 accumulate release
halt)");
  ASSERT_EQ(run.fault(), "");
  expectTimes(run.record(0), 0, 1, 17);
  expectTimes(run.record(1), 1, 17, 33);
  expectTimes(run.record(3), 3, 17, 17 + 40 + 30);
  expectTimes(run.record(4), 4, 57, 57 + 5 + 30);
  expectTimes(run.record(2), 2, 57, 73);
  expectTimes(run.record(5), 5, 73, 73 + 5 + 30);
}

TEST(SystolicTiming, RatesAndWidths) {
  Execution bf16(preset("edge16"), "wload ta=bf16 mask=1 a=0x8000 pa=32 rows=16 cols=16\nmatmul ta=bf16 mask=1 pa=32 rows=10 cols=16 px=16 pd=64 release\nhalt");
  ASSERT_EQ(bf16.fault(), "");
  expectTimes(bf16.record(0), 0, 1, 33);            // twice the bytes
  expectTimes(bf16.record(1), 1, 33, 33 + 40 + 30); // four cycles a row
  Execution twice(preset("tpu-v5e-like"), "wload ta=i8 mask=1 a=0x80000 pa=128 rows=128 cols=128\nmatmul ta=i8 mask=1 pa=128 rows=11 cols=128 px=128 pd=512 release\nhalt");
  ASSERT_EQ(twice.fault(), "");
  expectTimes(twice.record(0), 0, 1, 65);
  expectTimes(twice.record(1), 1, 65, 65 + 6 + 254); // half a cycle a row
}

TEST(SystolicTiming, PortsAreLeased) {
  Execution run(preset("edge16"), R"(
vector mask=1 fn=first td=i8 dst=0x18000 pd=16 ta=i8 a=0 pa=16 rows=20 cols=16                  # reads bank 0
wload ta=i8 mask=1 a=0x100 pa=16 rows=16 cols=16                                                # so does this
matmul ta=i8 mask=1 a=0x8000 pa=16 rows=8 cols=16 px=16 dst=0 pd=64 release
vector mask=1 fn=first td=i8 dst=0x10000 pd=16 ta=f32 a=acc0+0x4000 pa=64 rows=4 cols=16        # another bank of the accumulators
vector mask=1 fn=first td=i8 dst=0x10000 pd=16 ta=i32 a=acc0 pa=64 rows=4 cols=16 wait=0
nop
halt)");
  EXPECT_NE(run.fault(), ""); // nobody signals 0
  expectTimes(run.record(0), 0, 1, 1 + 20 + 4);
  expectTimes(run.record(1), 1, 25, 41);
  expectTimes(run.record(2), 2, 41, 41 + 8 + 30);
  expectTimes(run.record(3), 3, 25, 25 + 4 + 4);
  EXPECT_EQ(run.sim->statistics().conflicts[unsigned(Queue::WL)], 23);
}

TEST(SystolicTiming, DmaHoldsNoPorts) {
  Execution run(preset("edge16"), R"(
store ta=i8 a=0 pa=16 x=0 rows=8 cols=16 px=16                                                  # reads bank 0
load ta=i8 dst=0x8000 pd=16 x=0x1000 rows=8 cols=16 px=16                                       # writes bank 1
vector mask=1 fn=first td=i8 dst=0x8400 pd=16 ta=i8 a=0 pa=16 rows=4 cols=16                    # and so does this, from bank 0
halt)");
  ASSERT_EQ(run.fault(), "");
  expectTimes(run.record(2), 2, 3, 3 + 4 + 4);
}

TEST(SystolicTiming, VectorCosts) {
  Execution run(preset("edge16"), R"(
vector mask=1 fn=first.gelu td=i8 dst=0x8000 pd=16 ta=i8 a=0 pa=16 rows=10 cols=16               # 2 cycles a row
vector mask=1 fn=add td=i8 dst=0x8000 pd=16 ta=i8 a=0 pa=16 tb=i8 b=0x200 pb=16 rows=10 cols=16  # one bank: 1 + 1
vector mask=1 fn=add td=i8 dst=0x8000 pd=16 ta=i8 a=0 pa=16 tb=i8 b=0x10000 pb=16 rows=10 cols=16 # two banks
vector mask=1 fn=add td=bf16 dst=0x8000 pd=32 ta=f32 a=0 pa=64 tb=f32 b=0x200 pb=0 rows=10 cols=16 # 4 beats, b is kept
vector mask=1 fn=first td=f32 dst=acc0 pd=4 ta=f32 a=0 pa=64 rows=1 cols=16 reduce               # 4 beats and the tree
requant mask=1 a=acc0 pa=64 rows=10 cols=16 b=0x18000 pb=64 dst=0x8000 pd=16
transpose mask=1 ta=i8 a=0 pa=16 dst=0x8000 pd=16 rows=10 cols=12
vector mask=1 fn=second td=i8 dst=0x8000 pd=16 constant rows=0 cols=16
halt)");
  ASSERT_EQ(run.fault(), "");
  const int64_t durations[] = {20, 20, 10, 40, 8, 10, 22, 1}, latency[] = {4, 4, 4, 4, 4, 4, 4, 4};
  int64_t at = 1;
  for (uint32_t i = 0; i != 8; ++i) {
    int64_t duration = i == 4 ? 4 + 4 : durations[i]; // 4 levels of the tree
    expectTimes(run.record(i), i, std::max(at, int64_t(i) + 1), at + duration + latency[i]);
    at += duration + latency[i];
  }
}

TEST(SystolicTiming, SequencerSignalsQueuesAndBarriers) {
  Machine machine = preset("edge16");
  machine.queue_depth = 1;
  Execution run(machine, R"(
vector mask=1 fn=second td=i8 pd=16 constant rows=10 cols=16 wait=0
vector mask=1 fn=second td=i8 pd=16 constant rows=10 cols=16    # no room until the first issues, which waits for a later nop
nop signal=0
halt)");
  EXPECT_NE(run.fault().find("deadlock"), std::string::npos);
  Execution second(machine, R"(
nop signal=0
vector mask=1 fn=second td=i8 pd=16 constant rows=10 cols=16 wait=0 signal=1
vector mask=1 fn=second td=i8 pd=16 constant rows=10 cols=16
barrier
nop wait=1
halt)");
  ASSERT_EQ(second.fault(), "");
  expectTimes(second.record(1), 1, 2, 16);
  expectTimes(second.record(2), 2, 16, 30);
  expectTimes(second.record(3), 30, 30, 31);
  EXPECT_EQ(second.sim->statistics().cycles, 33);
}

TEST(SystolicTiming, SlicesAndArraysOverlap) {
  Execution run(preset("tpu-v5e-like"), R"(
vector mask=1 fn=second td=f32 dst=acc0 pd=512 constant rows=100 cols=128
vector mask=2 fn=second td=f32 dst=acc1 pd=512 constant rows=100 cols=128
wload ta=bf16 mask=15 a=0x100000 pa=256 rows=128 cols=128
matmul ta=bf16 mask=5 a=0x200000 pa=256 rows=10 cols=128 px=128 dst=0x100000 pd=512
matmul ta=bf16 mask=2 a=0x300000 pa=256 rows=10 cols=128 px=128 dst=0x100000 pd=512
matmul ta=bf16 mask=8 a=0x300000 pa=256 rows=10 cols=128 px=128 dst=0x100000 pd=512   # the same rows' bank
halt)");
  ASSERT_EQ(run.fault(), "");
  expectTimes(run.record(1), 1, 2, 110);
  expectTimes(run.record(3), 3, 131, 131 + 10 + 254);
  expectTimes(run.record(4), 4, 132, 132 + 10 + 254);
  expectTimes(run.record(5), 5, 142, 142 + 10 + 254);
}

TEST(SystolicTiming, DataChangesNoCycle) {
  std::ifstream file(SYSTOLIC_INPUTS "/gemm-512.s");
  std::stringstream text;
  text << file.rdbuf();
  Options bare;
  bare.data = bare.races = false;
  Execution with(preset("edge32"), text.str()), without(preset("edge32"), text.str(), bare);
  ASSERT_EQ(with.fault(), "");
  ASSERT_EQ(without.fault(), "");
  ASSERT_EQ(with.records.size(), without.records.size());
  for (size_t i = 0; i != with.records.size(); ++i) {
    EXPECT_EQ(with.records[i].issue, without.records[i].issue);
    EXPECT_EQ(with.records[i].retire, without.records[i].retire);
  }
}

TEST(SystolicTiming, HandWrittenGemmKeepsTheArrayBusy) {
  std::ifstream file(SYSTOLIC_INPUTS "/gemm-512.s");
  std::stringstream text;
  text << file.rdbuf();
  Execution run(preset("edge32"), text.str());
  ASSERT_EQ(run.fault(), "");
  const Statistics &s = run.sim->statistics();
  EXPECT_GE(double(s.arrays[0].active) / double(s.cycles), 0.97);
  EXPECT_LE(double(s.dramRead + s.dramWritten), 1.05 * 3 * 512 * 512);
  auto a = run.dram<int8_t>(0, 512 * 512), w = run.dram<int8_t>(0x40000, 512 * 512), c = run.dram<int8_t>(0x80000, 512 * 512);
  auto table = run.dram<int32_t>(0xc0000, 16 * 96);
  for (int n = 0; n != 2000; ++n) {
    int i = n * 37 % 512, j = n * 101 % 512;
    int32_t sum = 0;
    for (int k = 0; k != 512; ++k)
      sum += a[i * 512 + k] * w[k * 512 + j];
    const int32_t *t = &table[j / 32 * 96 + j % 32];
    ASSERT_EQ(c[i * 512 + j], requantize(sum, t[64], t[0] & INT32_MAX, unsigned(std::clamp(t[32], 0, 62)), 0, -128, 127));
  }
}
