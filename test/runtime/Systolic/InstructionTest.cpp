// Proves what each instruction does to memory, against the plainest computation of the same thing.
#include "Execution.h"

using namespace girih::systolic;

namespace {
constexpr const char *kHalt = "halt\n";
} // namespace

TEST(SystolicInstructions, LoadsAndStoresRowsAndTransposes) {
  Execution run(preset("edge16"), R"(
.dram 0x100 i8 1 2 3 4 5 6 7 8 9 10 11 12
load ta=i8 dst=0x40 x=0x100 rows=3 cols=4 pd=16 px=4 signal=0
load ta=i8 dst=0x80 x=0x101 rows=2 cols=3 pd=2 px=4 transpose signal=1
store ta=i8 a=0x40 pa=16 x=0x200 rows=3 cols=4 px=8 wait=0
store ta=i8 a=0x80 pa=2 x=0x300 rows=2 cols=3 px=3 transpose wait=1
halt)");
  ASSERT_EQ(run.fault(), "");
  EXPECT_EQ(run.dram<int8_t>(0x200, 20), (std::vector<int8_t>{1, 2, 3, 4, 0, 0, 0, 0, 5, 6, 7, 8, 0, 0, 0, 0, 9, 10, 11, 12}));
  EXPECT_EQ(run.local<int8_t>(0x80, 6), (std::vector<int8_t>{2, 6, 3, 7, 4, 8}));
  EXPECT_EQ(run.dram<int8_t>(0x300, 6), (std::vector<int8_t>{2, 3, 4, 6, 7, 8}));
}

TEST(SystolicInstructions, GathersRowsAndWalksPages) {
  Execution run(preset("edge16"), R"(
.random 0x1000 i8 256 7
.dram 0 i32 5 -1 2
load ta=i32 dst=0 x=0 rows=1 cols=3 pd=12 px=12 signal=0
load ta=i8 dst=0x100 x=0x1000 rows=3 cols=8 pd=8 px=8 gather b=0 wait=0 signal=1    # rows 5, none, 2
load ta=i8 dst=0x200 x=0x1000 rows=2 cols=8 pd=8 px=8 gather b=0 fn=2 imm=3 signal=1 # entries 3 and 4 of pages of 4: 5*4+3, skipped
store ta=i8 a=0x100 pa=16 x=0x2000 rows=2 cols=8 px=8 gather b=0 fn=2 imm=8 wait=1:2 # page 2: rows 8, 9
halt)");
  ASSERT_EQ(run.fault(), "");
  auto rows = run.dram<int8_t>(0x1000, 256), local = run.local<int8_t>(0x100, 24), paged = run.local<int8_t>(0x200, 16);
  for (int j = 0; j != 8; ++j) {
    EXPECT_EQ(local[j], rows[5 * 8 + j]);
    EXPECT_EQ(local[8 + j], 0);
    EXPECT_EQ(local[16 + j], rows[2 * 8 + j]);
    EXPECT_EQ(paged[j], rows[23 * 8 + j]);
    EXPECT_EQ(paged[8 + j], 0);
    EXPECT_EQ(run.dram<int8_t>(0x2000 + 8 * 8, 8)[j], rows[5 * 8 + j]);
    EXPECT_EQ(run.dram<int8_t>(0x2000 + 9 * 8, 8)[j], rows[2 * 8 + j]);
  }
}

TEST(SystolicInstructions, MatmulsOfInt8) {
  Random random{6};
  Machine machine = preset("edge16");
  for (int n = 0; n != 60; ++n) {
    bool sparse = n % 3 == 1, transposed = n % 3 == 2, accumulate = n % 2;
    int64_t M = 1 + random.below(70), K = 1 + random.below(16), N = 1 + random.below(16), zero = random.below(256) - 128;
    int64_t lanes = sparse ? 1 + random.below(32) : K;
    std::string text = ".random 0 i8 8192 " + std::to_string(n) + "\n.random 0x4000 i32 2048 " + std::to_string(n + 1000) + "\n";
    text += "load ta=i8 dst=0 x=0 rows=1 cols=4096 pd=4096 px=4096 signal=0\n";                   // activations, rows of 16, and from 0x800 on lanes 16 to 31
    text += "load ta=i8 dst=0x8000 x=4096 rows=1 cols=4096 pd=4096 px=4096 signal=0\n";          // weights, and index bits at 0x8800
    text += "load ta=i32 dst=acc0 x=0x4000 rows=1 cols=2048 pd=8192 px=8192 signal=0\n";
    text += "wload ta=i8 mask=1 a=0x8000 pa=16 rows=" + std::to_string(transposed ? N : K) + " cols=" + std::to_string(transposed ? K : N) + " wait=0:3" +
            (transposed ? " transpose" : sparse ? " sparse b=0x8800 pb=4" : "") + "\n";
    text += "matmul ta=i8 mask=1 a=0 pa=16 b=0x800 pb=16 rows=" + std::to_string(M) + " cols=" + std::to_string(lanes) + " px=" + std::to_string(N) +
            " dst=64 pd=68 imm=" + std::to_string(zero) + (accumulate ? " accumulate" : "") + (sparse ? " sparse" : "") + " release\n" + kHalt;
    Execution run(machine, text);
    ASSERT_EQ(run.fault(), "") << text;
    auto a = run.dram<int8_t>(0, 4096), w = run.dram<int8_t>(4096, 4096);
    auto before = run.dram<int32_t>(0x4000, 2048), after = run.local<int32_t>(accumulatorAddress(0, 0), 2048);
    for (int64_t i = 0; i != M; ++i)
      for (int64_t c = 0; c != N; ++c) {
        int32_t sum = 0;
        for (int64_t r = 0; r != K; ++r) {
          int64_t lane = sparse ? 4 * (r / 2) + (uint8_t(w[0x800 + r * 4 + c / 4]) >> 2 * (c % 4) & 3) : r;
          int32_t x = lane < lanes ? a[(lane < 16 ? 0 : 0x800) + i * 16 + lane % 16] - int32_t(zero) : 0;
          sum += x * w[transposed ? c * 16 + r : r * 16 + c];
        }
        int64_t at = 16 + 17 * i + c;
        ASSERT_EQ(after[at], accumulate ? int32_t(uint32_t(before[at]) + uint32_t(sum)) : sum) << n << " row " << i << " column " << c;
        before[at] = after[at];
      }
    ASSERT_EQ(after, before) << "elements that the matmul must leave alone";
  }
}

TEST(SystolicInstructions, MatmulsOfBF16InArrayOrder) {
  Machine machine = preset("tpu-v5e-like");
  for (bool sparse : {false, true}) {
    Execution run(machine, std::string(R"(
.random 0 bf16 16384 9
.random 0x10000 bf16 16384 10
.random 0x20000 i8 4096 11
load ta=bf16 dst=0 x=0 rows=1 cols=16384 pd=32768 px=32768 signal=0
load ta=bf16 dst=0x100000 x=0x10000 rows=1 cols=16384 pd=32768 px=32768 signal=0
load ta=i8 dst=0x180000 x=0x20000 rows=1 cols=4096 pd=4096 px=4096 signal=0
wload ta=bf16 mask=6 a=0x100000 pa=256 rows=100 cols=90 wait=0:3)") + (sparse ? " sparse b=0x180000 pb=32" : "") + R"(
matmul ta=bf16 mask=2 a=0 pa=256 b=0x2000 pb=256 rows=20 cols=)" + (sparse ? "228" : "100") + R"( px=90 dst=0 pd=512 )" + (sparse ? "sparse" : "") + R"(
matmul ta=bf16 mask=6 a=0 pa=256 b=0x2000 pb=256 rows=20 cols=)" + (sparse ? "228" : "100") + R"( px=90 dst=0 pd=512 accumulate release )" + (sparse ? "sparse" : "") + R"(
halt)");
    ASSERT_EQ(run.fault(), "");
    auto a = run.dram<uint16_t>(0, 16384), w = run.dram<uint16_t>(0x10000, 16384);
    auto bits = run.dram<uint8_t>(0x20000, 4096);
    auto once = run.local<float>(accumulatorAddress(2, 0), 20 * 128), twice = run.local<float>(accumulatorAddress(1, 0), 20 * 128);
    for (int64_t i = 0; i != 20; ++i)
      for (int64_t c = 0; c != 90; ++c) {
        float p = 0;
        for (int64_t r = 0; r != 128; ++r) {
          int64_t index = r < 100 ? bits[r * 32 + c / 4] >> 2 * (c % 4) & 3 : 0;
          int64_t lane = sparse ? 4 * (r / 2) + index : r, cols = sparse ? 228 : 100;
          float x = lane >= cols ? 0 : fromBF16(a[lane < 128 ? i * 128 + lane : 0x1000 + i * 128 + lane - 128]);
          p = macBF16(p, x, r < 100 ? fromBF16(w[r * 128 + c]) : 0);
        }
        // Array 2 had no first sum: its accumulator was 0.
        ASSERT_EQ(bitsOf(once[i * 128 + c]), bitsOf(addF32(0, p)));
        ASSERT_EQ(bitsOf(twice[i * 128 + c]), bitsOf(addF32(p, p)));
      }
  }
}

TEST(SystolicInstructions, VectorFunctionsAndCombinations) {
  Machine machine = preset("edge16");
  float (*functions[])(float) = {[](float x) { return x; }, [](float x) { return x > 0 ? x : 0; }, std::fabs, exp2F32, recipF32, rsqrtF32, sigmoidF32, siluF32, tanhF32, geluF32, geluTanhF32};
  const char *functionNames[] = {"id", "relu", "abs", "exp2", "recip", "rsqrt", "sigmoid", "silu", "tanh", "gelu", "gelu_tanh"};
  float (*combines[])(float, float) = {[](float x, float) { return x; }, [](float, float y) { return y; }, addF32, subF32, mulF32, maxF32, minF32};
  const char *combineNames[] = {"first", "second", "add", "sub", "mul", "max", "min"};
  for (int f = 0; f != 11; ++f)
    for (int c = 0; c != 7; ++c) {
      std::string b = c == 0 ? "" : " tb=f32 b=0x4000 pb=64";
      Execution run(machine, std::string(".random 0 f32 80 3\n.random 0x1000 f32 80 4\n"
                                   "load ta=f32 dst=0 x=0 rows=5 cols=16 pd=64 px=64 signal=0\nload ta=f32 dst=0x4000 x=0x1000 rows=5 cols=16 pd=64 px=64 signal=0\n"
                                   "vector mask=1 fn=") + combineNames[c] + "." + functionNames[f] + " td=f32 dst=acc0 pd=64 ta=f32 a=0 pa=64" + b +
                           " rows=5 cols=15 wait=0:2\nhalt");
      ASSERT_EQ(run.fault(), "");
      auto x = run.dram<float>(0, 80), y = run.dram<float>(0x1000, 80), out = run.local<float>(accumulatorAddress(0, 0), 80);
      for (int i = 0; i != 80; ++i)
        ASSERT_EQ(bitsOf(out[i]), i % 16 == 15 ? 0u : bitsOf(canonical(functions[f](combines[c](x[i], y[i]))))) << functionNames[f] << " " << combineNames[c] << " " << x[i];
    }
}

TEST(SystolicInstructions, VectorReducesRotatesScalesAndConverts) {
  Execution run(preset("edge16"), R"(
.random 0 f32 96 5
.dram 0x1000 f32 10 20 30 40 50 60
load ta=f32 dst=0 x=0 rows=6 cols=16 pd=64 px=64 signal=0
load ta=f32 dst=0x4000 x=0x1000 rows=1 cols=6 pd=64 px=64 signal=0
nop wait=0:2
vector mask=1 fn=first td=f32 dst=acc0 pd=4 ta=f32 a=0 pa=64 rows=6 cols=13 reduce                    # sums
vector mask=1 fn=first td=f32 dst=acc0+0x100 pd=4 ta=f32 a=0 pa=64 rows=6 cols=13 reduce max          # maxima
vector mask=1 fn=mul td=f32 dst=acc0 pd=4 ta=f32 a=0 pa=64 tb=f32 b=0 pb=64 rows=6 cols=13 reduce accumulate # + sums of squares
vector mask=1 fn=first td=f32 dst=acc0+0x200 pd=64 ta=f32 a=0 pa=64 rows=6 cols=16 px=4 scale imm=2.0f # rotated, doubled
vector mask=1 fn=sub td=i8 dst=0x8000 pd=16 ta=f32 a=0 pa=64 tb=f32 b=0x4000 pb=4 rows=6 cols=16 scalar # minus the row's scalar
vector mask=1 fn=second td=bf16 dst=0xc000 pd=32 constant rows=2 cols=16 imm=0.1f
vector mask=1 fn=first td=f32 dst=acc0+0x800 pd=0 ta=f32 a=0 pa=64 rows=6 cols=16 accumulate           # column sums
transpose mask=1 ta=f32 a=0 pa=64 dst=0x10000 pd=24 rows=6 cols=16
halt)");
  ASSERT_EQ(run.fault(), "");
  auto x = run.dram<float>(0, 96), sums = run.local<float>(accumulatorAddress(0, 0), 6), maxima = run.local<float>(accumulatorAddress(0, 0x100), 6);
  auto rotated = run.local<float>(accumulatorAddress(0, 0x200), 96), columns = run.local<float>(accumulatorAddress(0, 0x800), 16);
  auto bytes = run.local<int8_t>(0x8000, 96);
  auto transposed = run.local<float>(0x10000, 96);
  auto tree = [](std::vector<float> v) {
    for (size_t s = 8; s; s /= 2)
      for (size_t j = 0; j != s; ++j)
        v[j] = addF32(v[j], v[j + s]);
    return v[0];
  };
  for (int i = 0; i != 6; ++i) {
    std::vector<float> row(16), squares(16);
    float highest = x[16 * i];
    for (int j = 0; j != 13; ++j) {
      row[j] = x[16 * i + j], squares[j] = mulF32(row[j], row[j]);
      highest = std::max(highest, row[j]);
    }
    EXPECT_EQ(sums[i], addF32(tree(row), tree(squares)));
    EXPECT_EQ(maxima[i], highest);
    for (int j = 0; j != 16; ++j) {
      EXPECT_EQ(rotated[16 * i + j], 2 * (j % 8 < 4 ? -x[16 * i + j + 4] : x[16 * i + j - 4]));
      EXPECT_EQ(bytes[16 * i + j], toI8(subF32(x[16 * i + j], 10.0f * float(i + 1))));
      EXPECT_EQ(transposed[6 * j + i], x[16 * i + j]);
    }
  }
  for (int j = 0; j != 16; ++j) {
    float sum = 0;
    for (int i = 0; i != 6; ++i)
      sum = addF32(sum, x[16 * i + j]);
    EXPECT_EQ(columns[j], sum);
  }
  EXPECT_EQ(run.local<uint16_t>(0xc000, 32), std::vector<uint16_t>(32, toBF16(0.1f)));
}

TEST(SystolicInstructions, RequantizesEachColumn) {
  Execution run(preset("edge16"), R"(
.random 0 i32 48 6
.dram 0x1000 i32 1073741824 2000000000 5 7
.dram 0x1010 i32 50 55 20 0
.dram 0x1020 i32 100 -100 77 1
load ta=i32 dst=acc0 x=0 rows=12 cols=4 pd=16 px=16 signal=0
load ta=i32 dst=0x4000 x=0x1000 rows=3 cols=4 pd=64 px=16 signal=0
requant mask=1 a=acc0 pa=16 rows=12 cols=4 b=0x4000 pb=64 dst=0 pd=4 imm=0x64ce03 wait=0:2   # zero 3, from -50 to 100
halt)");
  ASSERT_EQ(run.fault(), "");
  auto v = run.dram<int32_t>(0, 48), table = run.dram<int32_t>(0x1000, 12);
  auto out = run.local<int8_t>(0, 48);
  for (int i = 0; i != 48; ++i)
    EXPECT_EQ(out[i], requantize(v[i], table[8 + i % 4], table[i % 4], unsigned(table[4 + i % 4]), 3, -50, 100));
}

TEST(SystolicInstructions, RequantizesARowOntoItsSource) {
  Execution run(preset("edge16"), R"(
.dram 0 i32 10 20 30 40 -1 -2 -3 -4
.dram 0x1000 i32 1073741824 1073741824 1073741824 1073741824 30 30 30 30 0 0 0 0
load ta=i32 dst=0 x=0 rows=2 cols=4 pd=16 px=16 signal=0
load ta=i32 dst=0x4000 x=0x1000 rows=3 cols=4 pd=64 px=16 signal=0
requant mask=1 a=0 pa=16 rows=2 cols=4 b=0x4000 pb=64 dst=4 pd=16 imm=0x7f8000 wait=0:2   # onto the second column
halt)");
  ASSERT_EQ(run.fault(), "");
  EXPECT_EQ(run.local<int8_t>(4, 4), (std::vector<int8_t>{10, 20, 30, 40}));
  EXPECT_EQ(run.local<int8_t>(20, 4), (std::vector<int8_t>{-1, -2, -3, -4}));
}

TEST(SystolicInstructions, ScalarsLoopsAndBranches) {
  Execution run(preset("edge16"), R"(
.reg r20 3
.dram 0x40 i32 -12 9
load ta=i32 dst=0x80 x=0x40 rows=1 cols=2 pd=8 px=8 signal=1
loop rows=1+r20
  salu fn=mul rd=r2 ra=r1 x=10
  loop rows=2
    next rd=r3 dst=1
  loop rows=0
    next rd=r4 dst=1
  next rd=r1 dst=1 ra=r5 a=-2 rb=r6 b=100
nop wait=1
salu fn=add rd=r30 ra=r0 x=4
sload rd=r7 a=0x80
sload rd=r8 a=0x80+r30
salu fn=div rd=r9 ra=r7 x=5
salu fn=rem rd=r10 ra=r7 x=5
salu fn=shr rd=r11 ra=r7 x=1
salu fn=max rd=r12 ra=r7 rb=r8
br fn=lt ra=r7 rb=r8 to=over
salu fn=add rd=r13 ra=r13 x=1
over:
salu fn=sub rd=r0 ra=r7 x=1
halt)");
  ASSERT_EQ(run.fault(), "");
  const auto &r = run.sim->registers();
  EXPECT_EQ((std::vector<int64_t>(r.begin(), r.begin() + 14)), (std::vector<int64_t>{0, 4, 30, 8, 0, -8, 400, -12, 9, -2, -2, -6, 9, 0}));
}
