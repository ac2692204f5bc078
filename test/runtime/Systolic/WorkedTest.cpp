// Proves that the worked GEMM and softmax of docs/targets/Systolic/isa.md compute what the page says, for other lengths too.
#include "Execution.h"

#include <fstream>
#include <sstream>

using namespace girih::systolic;

static std::string input(const std::string &name) {
  std::ifstream file(SYSTOLIC_INPUTS "/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(SystolicWorked, Gemm) {
  Execution run(preset("edge16"), input("gemm.s"));
  ASSERT_EQ(run.fault(), "");
  auto a = run.dram<int8_t>(0, 24 * 40), w = run.dram<int8_t>(0x1000, 40 * 20);
  auto c = run.dram<int32_t>(0x2000, 24 * 20);
  for (int i = 0; i != 24; ++i)
    for (int j = 0; j != 20; ++j) {
      int32_t sum = 0;
      for (int k = 0; k != 40; ++k)
        sum += a[40 * i + k] * w[20 * k + j];
      ASSERT_EQ(c[20 * i + j], sum);
    }
}

TEST(SystolicWorked, SoftmaxOfAnyLength) {
  for (int rows : {1, 6, 32}) {
    Program program = assembled(input("softmax.s"));
    program.registers[1] = rows;
    Execution run(preset("edge16"), program);
    ASSERT_EQ(run.fault(), "");
    auto s = run.dram<float>(0, rows * 16), p = run.dram<float>(0x1000, rows * 16);
    for (int i = 0; i != rows; ++i) {
      double sum = 0;
      for (int j = 0; j != 16; ++j)
        sum += std::exp(double(s[16 * i + j]) / 8);
      for (int j = 0; j != 16; ++j)
        ASSERT_NEAR(p[16 * i + j], std::exp(double(s[16 * i + j]) / 8) / sum, 1e-7);
    }
  }
}

TEST(SystolicWorked, MLP0IsTpuV1s) {
  // MLP0's weights as TPU v1 streams them: 20 M in 304 tiles of 64 KiB, batch 200, four buffers. The paper's
  // table 3 has 12.3 TOPS, in a time of which 17.5 % was not the matrix unit's; that share is the
  // application's and not modelled.
  Machine machine = preset("tpu-v1-like");
  Execution run(machine, input("tpu-v1-mlp0.s"));
  ASSERT_EQ(run.fault(), "");
  const Split &s = run.sim->statistics().arrays[0];
  double matrix = double(s.active + s.weightStall + s.weightShift);
  EXPECT_NEAR(double(s.weightShift) / matrix, 0.19, 0.01);
  EXPECT_NEAR(double(s.active) / matrix, 0.15, 0.01);
  double operations = 2.0 * 200 * (2 * 152) * 65536,
         seconds = double(run.sim->statistics().cycles) / (double(machine.clock_mhz) * 1e6);
  EXPECT_NEAR(operations / seconds / 1e12, 12.3, 0.12 * 12.3);
}
