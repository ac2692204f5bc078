// Proves loads, stores, copies, exchanges of lanes, fragments, and the flow of control of kernels that are
// right.
#include "Fixture.h"

#include <bit>
#include <cmath>
#include <numeric>

using namespace girih::test::ptx;

namespace {

std::vector<uint32_t> upTo(uint32_t count, uint32_t first = 0) {
  std::vector<uint32_t> list(count);
  std::iota(list.begin(), list.end(), first);
  return list;
}
const std::string kAt = "shl.b64 %rd0, %T, 2;\nadd.s64 %rd1, %a, %rd0;\n"; // this thread's word of %a
/// A shared word for each thread, filled with its number times `factor`.
std::string fill(int factor) {
  return "mov.b64 %rd2, shared;\nadd.s64 %rd3, %rd2, %rd0;\nmul.lo.s32 %r1, %t, " + std::to_string(factor) +
         ";\nst.shared.b32 [%rd3], %r1;\n";
}

} // namespace

TEST(PtxMemory, VectorsAndWidths) {
  TestMemory memory;
  uint64_t in = memory.put(upTo(256, 0x80f0)), out = memory.put(std::vector<uint64_t>(64 * 4));
  ASSERT_EQ(run("mad.lo.s64 %rd0, %T, 16, %b;\nmad.lo.s64 %rd1, %T, 32, %a;\n"
                "ld.global.nc.v4.b32 {%r0, %r1, %r2, %r3}, [%rd0];\nld.global.s8 %rd2, "
                "[%rd0+1];\nld.global.nc.L1::no_allocate.u8 %rs0, [%rd0+1];\n"
                "cvt.u64.u16 %rd3, %rs0;\nst.global.v2.b32 [%rd1], {%r3, %r1};\nst.global.v2.b64 [%rd1+16], "
                "{%rd2, %rd3};\nst.global.b8 [%rd1+8], %r0;\n"
                "st.global.b16 [%rd1+10], 7;",
                memory, {out, in}),
            "");
  auto words = memory.get<uint32_t>(out);
  for (uint32_t t = 0; t != 64; ++t) {
    uint32_t first = 0x80f0 + 4 * t;
    EXPECT_EQ(words[8 * t], first + 3);
    EXPECT_EQ(words[8 * t + 1], first + 1);
    EXPECT_EQ(words[8 * t + 2], (first & 255) | 7 << 16);
    EXPECT_EQ(words[8 * t + 4], uint32_t(int8_t(first >> 8)));
    EXPECT_EQ(words[8 * t + 5], ~0u) << "the sign goes on";
    EXPECT_EQ(words[8 * t + 6], first >> 8);
  }
}

TEST(PtxMemory, SharedMemoryIsPassedOnAtBarriers) {
  TestMemory memory;
  uint64_t out = memory.put(std::vector<uint32_t>(128));
  // Thread t reads what thread 127 - t wrote.
  ASSERT_EQ(run(kAt + fill(3) +
                    "bar.sync 0;\nsub.s64 %rd4, %rd2, %rd0;\nld.shared.b32 %r2, [%rd4+508];\nst.global.b32 "
                    "[%rd1], %r2;",
                memory, {out}, {{1}, {128}, 512}),
            "");
  auto words = memory.get<uint32_t>(out);
  for (uint32_t t = 0; t != 128; ++t)
    EXPECT_EQ(words[t], 3 * (127 - t));
}

TEST(PtxMemory, SharedMemoryStartsAsNaN) {
  TestMemory memory;
  uint64_t out = memory.put(std::vector<float>(64));
  ASSERT_EQ(run(kAt + "mov.b64 %rd2, shared;\nadd.s64 %rd3, %rd2, %rd0;\nld.shared.b32 %r0, "
                      "[%rd3];\nst.global.b32 [%rd1], %r0;",
                memory, {out}, {{1}, {64}, 256}),
            "");
  for (float value : memory.get<float>(out))
    EXPECT_TRUE(std::isnan(value));
}

TEST(PtxMemory, StaticSharedMemoryLiesBeforeTheDynamic) {
  std::string error;
  auto module = Module::parse(".shared .align 4 .b8 own[6];\n.extern .shared .align 16 .b8 more[];\n.entry "
                              "k(.param .u64 k_0)\n{\n.reg .b64 %rd<4>;\n"
                              "ld.param.u64 %rd0, [k_0];\nmov.u64 %rd1, more;\nmov.u64 %rd2, own;\nsub.s64 "
                              "%rd3, %rd1, %rd2;\nst.global.u64 [%rd0], %rd3;\nst.shared.b32 [own], 1;\n"
                              "st.shared.b32 [more+4], 2;\nret;\n}\n",
                              error);
  ASSERT_TRUE(module) << error;
  TestMemory memory;
  std::vector<uint64_t> out = {memory.put(std::vector<uint64_t>(1))};
  EXPECT_TRUE(launch(*module->find("k"), {{1}, {1}, 8, out}, memory, error)) << error;
  EXPECT_EQ(memory.get<uint64_t>(out[0])[0], 16u);
}

TEST(PtxMemory, CopiesAreThereOnceWaitedFor) {
  TestMemory memory;
  uint64_t in = memory.put(upTo(4 * 64 * 2)), out = memory.put(std::vector<uint32_t>(64 * 3));
  // Two groups of 16 bytes a thread; of the second 8 bytes are taken, the rest is 0. The first is read while
  // the second may be under way.
  ASSERT_EQ(run("mov.b64 %rd2, shared;\nmad.lo.s64 %rd3, %T, 16, %rd2;\nmad.lo.s64 %rd4, %T, 16, "
                "%b;\nmad.lo.s64 %rd1, %T, 12, %a;\nmov.b32 %r5, 8;\n"
                "cp.async.cg.shared.global [%rd3], [%rd4], 16;\ncp.async.commit_group;\n"
                "cp.async.cg.shared.global [%rd3+1024], [%rd4+1024], 16, %r5;\ncp.async.commit_group;\n"
                "cp.async.wait_group 1;\nld.shared.b32 %r0, [%rd3+12];\nst.global.b32 [%rd1], %r0;\n"
                "cp.async.wait_group 0;\nld.shared.v4.b32 {%r0, %r1, %r2, %r3}, [%rd3+1024];\nst.global.b32 "
                "[%rd1+4], %r1;\nst.global.b32 [%rd1+8], %r2;",
                memory, {out, in}, {{1}, {64}, 2048}),
            "");
  auto words = memory.get<uint32_t>(out);
  for (uint32_t t = 0; t != 64; ++t) {
    EXPECT_EQ(words[3 * t], 4 * t + 3);
    EXPECT_EQ(words[3 * t + 1], 256 + 4 * t + 1);
    EXPECT_EQ(words[3 * t + 2], 0u);
  }
  // Of nothing, no source is needed.
  EXPECT_EQ(run("mov.b64 %rd2, shared;\nmad.lo.s64 %rd3, %T, 16, %rd2;\nmov.b64 %rd4, 3;\nmov.b32 %r5, "
                "0;\ncp.async.cg.shared.global [%rd3], [%rd4], 16, %r5;\ncp.async.wait_all;",
                memory, {}, {{1}, {64}, 1024}),
            "");
}

TEST(PtxWarps, Shuffles) {
  struct Case {
    const char *how;
    uint32_t by, control;
    uint32_t (*from)(uint32_t lane);
  };
  const Case cases[] = {{"down", 3, 31, [](uint32_t l) { return l + 3 < 32 ? l + 3 : l; }},
                        {"down", 3, 0x181f, [](uint32_t l) { return l % 8 + 3 < 8 ? l + 3 : l; }},
                        {"up", 5, 0, [](uint32_t l) { return l >= 5 ? l - 5 : l; }},
                        {"bfly", 9, 31, [](uint32_t l) { return l ^ 9; }},
                        {"idx", 4, 31, [](uint32_t) { return 4u; }},
                        {"idx", 2, 0x181f, [](uint32_t l) { return l / 8 * 8 + 2; }}};
  for (const Case &c : cases) {
    TestMemory memory;
    uint64_t out = memory.put(std::vector<uint32_t>(64));
    std::string operands = ", " + std::to_string(c.by) + ", " + std::to_string(c.control) + ", -1;\n";
    ASSERT_EQ(run(kAt + "mul.lo.s32 %r1, %t, 2;\nshfl.sync." + c.how + ".b32 %r0|%p0, %r1" + operands +
                      "@!%p0 add.s32 %r0, %r0, 1000;\nst.global.b32 [%rd1], %r0;",
                  memory, {out}),
              "");
    auto words = memory.get<uint32_t>(out);
    for (uint32_t t = 0; t != 64; ++t) {
      bool outside = c.from(t % 32) == t % 32 && std::string(c.how) != "idx";
      EXPECT_EQ(words[t], 2 * (t / 32 * 32 + c.from(t % 32)) + (outside ? 1000 : 0))
          << c.how << " thread " << t;
    }
  }
}

TEST(PtxWarps, LanesThatPartMeetAgain) {
  TestMemory memory;
  uint64_t out = memory.put(std::vector<uint32_t>(64));
  // Loops of different lengths, whose rare part lies behind the kernel's end; then all exchange.
  ASSERT_EQ(run(kAt + "mov.b32 %r0, 0;\nmov.b32 %r1, 0;\nLOOP:\nand.b32 %r2, %r1, 3;\nsetp.eq.b32 %p0, %r2, "
                      "2;\n@%p0 bra RARE;\nadd.s32 %r0, %r0, 1;\n"
                      "JOIN:\nadd.s32 %r1, %r1, 1;\nsetp.le.u32 %p1, %r1, %t;\n@%p1 bra LOOP;\n"
                      "shfl.sync.bfly.b32 %r3, %r0, 1, 31, -1;\nbar.sync 0;\nst.global.b32 [%rd1], "
                      "%r3;\nret;\nRARE:\nadd.s32 %r0, %r0, 100;\nbra.uni JOIN;",
                memory, {out}),
            "");
  auto words = memory.get<uint32_t>(out);
  for (uint32_t t = 0; t != 64; ++t) {
    uint32_t expected = 0;
    for (uint32_t i = 0; i <= (t ^ 1); ++i)
      expected += i % 4 == 2 ? 100 : 1;
    EXPECT_EQ(words[t], expected) << t;
  }
}

TEST(PtxWarps, BarriersInLoopsAndNamedOnes) {
  TestMemory memory;
  uint64_t out = memory.put(std::vector<uint32_t>(128));
  // Sums by halves: 128 words to 1.
  ASSERT_EQ(run(kAt + fill(1) +
                    "mov.b32 %r2, 64;\nLOOP:\nbar.sync 0;\nsetp.ge.u32 %p0, %t, %r2;\n@%p0 bra "
                    "NEXT;\nmul.wide.u32 %rd4, %r2, 4;\nadd.s64 %rd5, %rd3, %rd4;\n"
                    "ld.shared.b32 %r3, [%rd5];\nld.shared.b32 %r4, [%rd3];\nadd.s32 %r3, %r3, "
                    "%r4;\nst.shared.b32 [%rd3], %r3;\nNEXT:\nshr.u32 %r2, %r2, 1;\n"
                    "setp.ne.b32 %p1, %r2, 0;\n@%p1 bra LOOP;\nbar.sync 0;\nld.shared.b32 %r5, "
                    "[shared];\nst.global.b32 [%rd1], %r5;",
                memory, {out}, {{1}, {128}, 512}),
            "");
  for (uint32_t value : memory.get<uint32_t>(out))
    EXPECT_EQ(value, 127u * 64);
  // Two pairs of warps, each with a barrier of its own.
  ASSERT_EQ(run(kAt + fill(1) +
                    "setp.lt.u32 %p0, %t, 64;\n@%p0 bra LOW;\nbar.sync 2, 64;\nbra.uni ON;\nLOW:\nbar.sync "
                    "1, 64;\nON:\nxor.b32 %r2, %t, 32;\nmad.wide.u32 %rd4, %r2, 4, %rd2;\n"
                    "ld.shared.b32 %r5, [%rd4];\nst.global.b32 [%rd1], %r5;",
                memory, {out}, {{1}, {128}, 512}),
            "");
  auto words = memory.get<uint32_t>(out);
  for (uint32_t t = 0; t != 128; ++t)
    EXPECT_EQ(words[t], t ^ 32);
}

TEST(PtxWarps, GridsOfBlocksOnThreadsOfTheHost) {
  TestMemory memory;
  uint64_t out = memory.put(std::vector<uint32_t>(6 * 4 * 40));
  std::string body =
      "mov.u32 %r1, %ctaid.x;\nmov.u32 %r2, %ctaid.y;\nmov.u32 %r3, %nctaid.x;\nmad.lo.s32 %r4, %r2, %r3, "
      "%r1;\nmov.u32 %r5, %ntid.x;\nmov.u32 %r6, %tid.y;\n"
      "mov.u32 %r7, %ntid.y;\nmad.lo.s32 %r8, %r6, %r5, %t;\nmul.lo.s32 %r9, %r5, %r7;\nmad.lo.s32 %r10, "
      "%r4, %r9, %r8;\nmad.wide.u32 %rd0, %r10, 4, %a;\nst.global.b32 [%rd0], %r10;";
  ASSERT_EQ(run(body, memory, {out}, {{6, 4}, {20, 2}, 0, {}, true, 3}), "");
  EXPECT_EQ(memory.get<uint32_t>(out), upTo(6 * 4 * 40)) << "the last warp has but 8 lanes";
}

TEST(PtxMatrices, RowsAreSpreadOverLanes) {
  for (bool transposed : {false, true}) {
    TestMemory memory;
    uint64_t out = memory.put(std::vector<uint32_t>(4 * 32));
    // 32 rows of 8 halves, where half c of row r is 8 r + c.
    std::string body =
        "mov.b64 %rd2, shared;\nmad.lo.s64 %rd3, %T, 16, %rd2;\nmul.lo.s32 %r0, %t, 524296;\nadd.s32 %r1, "
        "%r0, 65536;\nadd.s32 %r2, %r1, 131074;\nadd.s32 %r3, %r1, 262148;\n"
        "add.s32 %r4, %r1, 393222;\nst.shared.v4.b32 [%rd3], {%r1, %r2, %r3, %r4};\nbar.sync 0;\n"
        "ldmatrix.sync.aligned.m8n8.x4" +
        std::string(transposed ? ".trans" : "") +
        ".shared.b16 {%r5, %r6, %r7, %r8}, [%rd3];\nmad.lo.s64 %rd1, %T, 16, %a;\n"
        "st.global.v4.b32 [%rd1], {%r5, %r6, %r7, %r8};";
    ASSERT_EQ(run(body, memory, {out}, {{1}, {32}, 512}), "");
    auto words = memory.get<uint32_t>(out);
    for (uint32_t lane = 0; lane != 32; ++lane)
      for (uint32_t m = 0; m != 4; ++m)
        for (uint32_t half = 0; half != 2; ++half) {
          uint32_t row = transposed ? 2 * (lane % 4) + half : lane / 4,
                   column = transposed ? lane / 4 : 2 * (lane % 4) + half;
          EXPECT_EQ(words[4 * lane + m] >> 16 * half & 0xffff, 8 * (8 * m + row) + column) << lane;
        }
  }
}

TEST(PtxMatrices, ProductsOfHalves) {
  // Small whole numbers, whose sums are exact in whatever order.
  auto a = [](int m, int k) { return float((m * 5 + k * 3) % 17 - 8); };
  auto b = [](int k, int n) { return float((k * 7 + n * 11) % 13 - 6); };
  auto c = [](int m, int n) { return float(m * 8 + n) / 4; };
  auto bf16 = [](float x) { return std::bit_cast<uint32_t>(x) >> 16; };
  auto f16 = [](float x) { return uint32_t(std::bit_cast<uint16_t>(_Float16(x))); };
  for (bool isBF16 : {true, false}) {
    auto pack = [&](float low, float high) {
      return isBF16 ? bf16(low) | bf16(high) << 16 : f16(low) | f16(high) << 16;
    };
    std::vector<uint32_t> fragments; // a lane's a0 to a3, b0, b1
    std::vector<float> sums;
    for (int lane = 0; lane != 32; ++lane) {
      int g = lane / 4, t = lane % 4;
      for (auto [m, k] : {std::pair(g, 2 * t), {g + 8, 2 * t}, {g, 2 * t + 8}, {g + 8, 2 * t + 8}})
        fragments.push_back(pack(a(m, k), a(m, k + 1)));
      for (int k : {2 * t, 2 * t + 8})
        fragments.push_back(pack(b(k, g), b(k + 1, g)));
      for (auto [m, n] : {std::pair(g, 2 * t), {g, 2 * t + 1}, {g + 8, 2 * t}, {g + 8, 2 * t + 1}})
        sums.push_back(c(m, n));
    }
    TestMemory memory;
    uint64_t in = memory.put(fragments), out = memory.put(sums);
    std::string type = isBF16 ? "bf16" : "f16";
    ASSERT_EQ(run("mad.lo.s64 %rd0, %T, 16, %a;\nmad.lo.s64 %rd1, %T, 24, %b;\nld.global.v4.b32 {%r0, %r1, "
                  "%r2, %r3}, [%rd0];\nld.global.v2.b32 {%r4, %r5}, [%rd1];\n"
                  "ld.global.v2.b32 {%r6, %r7}, [%rd1+8];\nld.global.v2.b32 {%r8, %r9}, "
                  "[%rd1+16];\nmma.sync.aligned.m16n8k16.row.col.f32." +
                      type + "." + type +
                      ".f32\n{%r0, %r1, %r2, %r3},\n{%r4, %r5, %r6, %r7},\n{%r8, %r9},\n{%r0, %r1, %r2, "
                      "%r3};\nst.global.v4.b32 [%rd0], {%r0, %r1, %r2, %r3};",
                  memory, {out, in}, {{1}, {32}}),
              "");
    auto results = memory.get<float>(out);
    for (int lane = 0; lane != 32; ++lane)
      for (int r = 0; r != 4; ++r) {
        int m = lane / 4 + 8 * (r / 2), n = 2 * (lane % 4) + r % 2;
        float expected = c(m, n);
        for (int k = 0; k != 16; ++k)
          expected += a(m, k) * b(k, n);
        EXPECT_EQ(results[4 * lane + r], expected) << type << " " << m << " " << n;
      }
  }
}

TEST(PtxMatrices, ProductsOfBytes) {
  auto a = [](int m, int k) { return int8_t(m * 31 + k * 17); };
  auto b = [](int k, int n) { return int8_t(k * 29 - n * 23); };
  std::vector<uint32_t> fragments;
  auto pack = [](auto at) {
    return uint8_t(at(0)) | uint32_t(uint8_t(at(1))) << 8 | uint32_t(uint8_t(at(2))) << 16 |
           uint32_t(uint8_t(at(3))) << 24;
  };
  for (int lane = 0; lane != 32; ++lane) {
    int g = lane / 4, t = 4 * (lane % 4);
    for (auto [m, k] : {std::pair(g, t), {g + 8, t}, {g, t + 16}, {g + 8, t + 16}})
      fragments.push_back(pack([=](int i) { return a(m, k + i); }));
    for (int k : {t, t + 16})
      fragments.push_back(pack([=](int i) { return b(k + i, g); }));
  }
  TestMemory memory;
  uint64_t in = memory.put(fragments), out = memory.put(std::vector<int32_t>(128));
  ASSERT_EQ(run("mad.lo.s64 %rd0, %T, 16, %a;\nmad.lo.s64 %rd1, %T, 24, %b;\nld.global.v2.b32 {%r4, %r5}, "
                "[%rd1];\nld.global.v2.b32 {%r6, %r7}, [%rd1+8];\n"
                "ld.global.v2.b32 {%r8, %r9}, [%rd1+16];\nmma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 "
                "{%r0, %r1, %r2, %r3}, {%r4, %r5, %r6, %r7}, {%r8, %r9}, {100, 100, 100, 100};\n"
                "st.global.v4.b32 [%rd0], {%r0, %r1, %r2, %r3};",
                memory, {out, in}, {{1}, {32}}),
            "");
  auto results = memory.get<int32_t>(out);
  for (int lane = 0; lane != 32; ++lane)
    for (int r = 0; r != 4; ++r) {
      int m = lane / 4 + 8 * (r / 2), n = 2 * (lane % 4) + r % 2, expected = 100;
      for (int k = 0; k != 32; ++k)
        expected += a(m, k) * b(k, n);
      EXPECT_EQ(results[4 * lane + r], expected);
    }
}
