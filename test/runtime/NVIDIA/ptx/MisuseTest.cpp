// Proves that what a GPU hides, or shows only sometimes, is an error that names the kernel, the line, the
// block and the thread.
#include "Fixture.h"

using namespace girih::test::ptx;

namespace {

const std::string kShared =
    "mov.b64 %rd2, shared;\nmad.lo.s64 %rd3, %T, 4, %rd2;\n"; // %rd3: this thread's word
const std::string kOther =
    "xor.b32 %r9, %t, 32;\nmad.wide.u32 %rd4, %r9, 4, %rd2;\n"; // %rd4: of the thread in the other warp
const std::string kNeighbour = "xor.b32 %r9, %t, 1;\nmad.wide.u32 %rd4, %r9, 4, %rd2;\n";

std::string fault(const std::string &body, std::vector<uint64_t> parameters = {},
                  const TestMemory &memory = {}, Launch how = {{1}, {64}, 1024}) {
  return run(body, memory, std::move(parameters), how);
}
void expectFault(const std::string &body, const std::string &part, std::vector<uint64_t> parameters = {},
                 const TestMemory &memory = {}) {
  std::string error = fault(body, std::move(parameters), memory);
  EXPECT_NE(error.find(part), std::string::npos) << "expected '" << part << "' in: " << error << "\n" << body;
}

} // namespace

TEST(PtxMisuse, AccessesOutsideOfMemory) {
  TestMemory memory;
  uint64_t a = memory.put(std::vector<uint32_t>(63));
  EXPECT_EQ(fault("mad.lo.s64 %rd0, %T, 4, %a;\nst.global.b32 [%rd0], %t;", {a}, memory),
            "k:20: illegal address: write of 4 bytes at 0x7000000000fc (`st.global.b32 [%rd0], %t`, block "
            "(0, 0, 0), thread (63, 0, 0))");
  expectFault("mad.lo.s64 %rd0, %T, 4, %a;\nld.global.nc.b32 %r0, [%rd0+4];", "illegal address: read", {a},
              memory);
  expectFault("mov.b64 %rd0, 0;\nld.global.b32 %r0, [%rd0];", "illegal address", {a}, memory);
  expectFault("mov.b64 %rd2, shared;\nmad.lo.s64 %rd3, %T, 16, %rd2;\nld.global.b32 %r0, "
              "[%a];\ncp.async.cg.shared.global [%rd3], [%a+240], 16;",
              "illegal address: read of 16", {a}, memory);
  expectFault(kShared + "ld.shared.b32 %r0, [%rd3+1020];", "shared address out of range");
  expectFault(kShared + "ld.shared.b32 %r0, [%rd3+-4];", "shared address out of range");
  expectFault("mov.b64 %rd0, 0;\nld.shared.b32 %r0, [%rd0];", "shared address out of range");
  expectFault("ld.shared.b32 %r0, [%a];", "shared address out of range", {a}, memory);
}

TEST(PtxMisuse, MisalignedAddresses) {
  TestMemory memory;
  uint64_t a = memory.put(std::vector<uint32_t>(256));
  expectFault("ld.global.b32 %r0, [%a+2];", "misaligned address", {a}, memory);
  expectFault("ld.global.v2.b32 {%r0, %r1}, [%a+4];", "misaligned address", {a}, memory);
  expectFault(kShared + "st.shared.v4.b32 [%rd3], {%t, %t, %t, %t};", "misaligned address");
  expectFault(kShared + "cp.async.ca.shared.global [%rd3+2], [%a], 4;", "misaligned address", {a}, memory);
  expectFault(kShared + "mad.lo.s64 %rd3, %T, 16, %rd2;\ncp.async.cg.shared.global [%rd3], [%a+8], 16;",
              "misaligned address", {a}, memory);
  expectFault(kShared + "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r0}, [%rd3];", "misaligned address");
}

TEST(PtxMisuse, RacesBetweenWarps) {
  std::string error = fault(kShared + kOther + "st.shared.b32 [%rd3], %t;\nld.shared.b32 %r0, [%rd4];");
  EXPECT_EQ(error, "k:20: race in shared memory: byte 128 is written by thread 32, with no barrier after the "
                   "access in line 21 "
                   "(`ld.shared.b32 %r0, [%rd4]`, thread 0) (`st.shared.b32 [%rd3], %t`, block (0, 0, 0), "
                   "thread (32, 0, 0))");
  expectFault(kShared + kOther + "ld.shared.b32 %r0, [%rd4];\nst.shared.b32 [%rd3], %t;",
              "byte 0 is read by thread 32, with no barrier after the access in line 21 (`st.shared");
  expectFault(kShared + "st.shared.b32 [shared], 1;", "race");
  expectFault(
      kShared + kOther +
          "st.shared.b32 [%rd3], %t;\nbar.sync 0;\nld.shared.b32 %r0, [%rd4];\nst.shared.b32 [%rd3], %r0;",
      "byte 0 is read by thread 32, with no barrier after the access in line 23 (`st.shared");
  // A barrier of one warp is none of the other.
  expectFault(kShared + kOther +
                  "st.shared.b32 [%rd3], %t;\nsetp.lt.u32 %p0, %t, 32;\n@%p0 bra LOW;\nbar.sync 2, "
                  "32;\nbra.uni ON;\nLOW:\nbar.sync 1, 32;\nON:\nld.shared.b32 %r0, [%rd4];",
              "race");
  EXPECT_EQ(fault(kShared + kOther +
                  "st.shared.b32 [%rd3], %t;\nbar.sync 0;\nld.shared.b32 %r0, [%rd4];\nbar.sync "
                  "0;\nst.shared.b32 [%rd3], %r0;"),
            "");
}

TEST(PtxMisuse, RacesOfBytes) {
  const std::string halves = "mov.b64 %rd2, shared;\nmad.lo.s64 %rd3, %T, 2, %rd2;\nxor.b32 %r9, %t, "
                             "33;\nmad.wide.u32 %rd4, %r9, 2, %rd2;\n";
  EXPECT_EQ(fault(halves + "st.shared.b16 [%rd3], %t;\nbar.sync 0;\nld.shared.b16 %rs0, [%rd4];"), "")
      << "two threads write a word's halves";
  expectFault(halves + "st.shared.b16 [%rd3], %t;\nld.shared.b16 %rs0, [%rd4];", "race");
  expectFault(halves + "st.shared.b16 [%rd3], %t;\nand.b64 %rd5, %rd4, -4;\nbar.sync 0;\nst.shared.b16 "
                       "[%rd3], %t;\nld.shared.b32 %r0, [%rd5];",
              "race");
}

TEST(PtxMisuse, RacesWithinAWarp) {
  expectFault(kShared + kNeighbour + "st.shared.b32 [%rd3], %t;\nld.shared.b32 %r0, [%rd4];",
              "race in shared memory");
  expectFault(
      kShared + kNeighbour +
          "st.shared.b32 [%rd3], %t;\nshfl.sync.idx.b32 %r1, %t, 0, 31, -1;\nld.shared.b32 %r0, [%rd4];",
      "race in shared memory");
  EXPECT_EQ(fault(kShared + kNeighbour +
                  "st.shared.b32 [%rd3], %t;\nbar.warp.sync -1;\nld.shared.b32 %r0, [%rd4];"),
            "");
}

TEST(PtxMisuse, RacesAreNotLookedForWhereNotAsked) {
  Launch how{{1}, {64}, 1024};
  how.races = false;
  EXPECT_EQ(fault(kShared + kOther + "st.shared.b32 [%rd3], %t;\nld.shared.b32 %r0, [%rd4];", {}, {}, how),
            "");
}

TEST(PtxMisuse, CopiesThatNobodyWaitedFor) {
  TestMemory memory;
  uint64_t a = memory.put(std::vector<uint32_t>(1024));
  const std::string copy =
      kShared + kOther +
      "mad.lo.s64 %rd5, %T, 4, %a;\ncp.async.ca.shared.global [%rd3], [%rd5], 4;\ncp.async.commit_group;\n";
  const std::string read = "ld.shared.b32 %r0, [%rd3];\n";
  expectFault(copy + read, "nobody has waited for the copy", {a}, memory);
  expectFault(copy + "cp.async.wait_group 1;\n" + read, "nobody has waited for the copy", {a}, memory);
  expectFault(copy + "bar.sync 0;\nld.shared.b32 %r0, [%rd4];", "nobody has waited for the copy", {a},
              memory);
  expectFault(copy + "bar.sync 0;\ncp.async.wait_group 0;\nld.shared.b32 %r0, [%rd4];",
              "nobody has waited for the copy", {a}, memory);
  expectFault(kShared + kOther + "ld.shared.b32 %r1, [%rd4];\n" + copy,
              "byte 0 is read by thread 32, with no barrier after the access in line 29 (`cp.async", {a},
              memory);
  EXPECT_EQ(fault(copy + "cp.async.wait_group 0;\n" + read, {a}, memory), "");
  EXPECT_EQ(fault(copy + "cp.async.wait_all;\nbar.sync 0;\nld.shared.b32 %r0, [%rd4];", {a}, memory), "");
  EXPECT_EQ(fault(copy, {a}, memory, {{3}, {64}, 1024}), "") << "the next block starts anew";
  // Without the check the value is not there either.
  Launch how{{1}, {64}, 1024};
  how.races = false;
  ASSERT_EQ(fault(copy + read + "st.global.b32 [%rd5], %r0;", {a}, memory, how), "");
  EXPECT_EQ(memory.get<uint32_t>(a)[0], 0x7fc0deadu);
}

TEST(PtxMisuse, BarriersThatSomeMiss) {
  expectFault("and.b32 %r0, %t, 1;\nsetp.eq.b32 %p0, %r0, 0;\n@%p0 bra SKIP;\nbar.sync 0;\nSKIP:\n",
              "but some have exited");
  expectFault("setp.lt.u32 %p0, %t, 7;\n@%p0 bar.sync 0;", "but some have exited");
  expectFault("setp.lt.u32 %p0, %t, 7;\n@%p0 ret;\nbar.sync 0;", "threads of the warp have exited");
  expectFault("setp.lt.u32 %p0, %t, 7;\n@%p0 bra LOW;\nbar.sync 0;\nbra.uni ON;\nLOW:\nbar.sync 0;\nON:\n",
              "but some wait in line");
  expectFault("setp.lt.u32 %p0, %t, 32;\n@%p0 ret;\nbar.sync 0;",
              "not all threads come to barrier 0: 1 warps of the block have exited");
  expectFault("setp.lt.u32 %p0, %t, 32;\n@%p0 bra LOW;\nbar.sync 1;\nret;\nLOW:\nbar.sync 0;",
              "1 wait at other barriers");
}

TEST(PtxMisuse, WarpInstructionsThatSomeMiss) {
  expectFault("setp.lt.u32 %p0, %t, 7;\n@%p0 shfl.sync.idx.b32 %r0, %t, 0, 31, -1;", "but some have exited");
  expectFault("setp.lt.u32 %p0, %t, 7;\n@%p0 shfl.sync.idx.b32 %r0, %t, 7, 31, 127;",
              "reads from lane 7, which takes no part");
  expectFault("shfl.sync.idx.b32 %r0, %t, 0, 31, 127;", "must be in it");
}

TEST(PtxMisuse, DivisionsAndEndlessLoops) {
  expectFault("mov.b32 %r1, 0;\ndiv.u32 %r0, %t, %r1;", "by 0");
  Launch how{{1}, {64}, 0};
  how.maxInstructions = 10000;
  EXPECT_NE(fault("LOOP:\nbra.uni LOOP;", {}, {}, how).find("does not end"), std::string::npos);
}

TEST(PtxMisuse, Launches) {
  std::string error, text = kernelOf("", 1);
  text.insert(text.find("\n)\n") + 3, ".reqntid 64, 1, 1\n");
  auto module = Module::parse(text, error);
  ASSERT_TRUE(module) << error;
  std::vector<uint64_t> one = {0}, two = {0, 0};
  const Kernel &k = *module->find("k");
  EXPECT_EQ(module->kernels(), std::vector<std::string>{"k"});
  EXPECT_EQ(module->find("l"), nullptr);
  EXPECT_EQ(parameterBytes(k).size(), 1u);
  EXPECT_TRUE(launch(k, {{1}, {64}, 0, one}, TestMemory(), error)) << error;
  EXPECT_FALSE(launch(k, {{1}, {64}, 0, two}, TestMemory(), error));
  EXPECT_EQ(error, "k: expected 1 parameters, but got 2");
  EXPECT_FALSE(launch(k, {{1}, {32}, 0, one}, TestMemory(), error));
  EXPECT_EQ(error, "k: expected blocks of 64 x 1 x 1 threads, but got 32 x 1 x 1");
  EXPECT_FALSE(launch(k, {{0}, {64}, 0, one}, TestMemory(), error));
}

TEST(PtxMisuse, TextsThatAreNotUnderstood) {
  auto refused = [](const std::string &body) {
    std::string error;
    EXPECT_FALSE(Module::parse(kernelOf(body, 0), error)) << body;
    return error;
  };
  EXPECT_EQ(refused("wgmma.fence.sync.aligned;"),
            "line 16: instruction 'wgmma.fence.sync.aligned' is not known to the tests' interpreter");
  EXPECT_EQ(refused("add.s32 %r0, %r1;"),
            "line 16: operands of 'add.s32 %r0, %r1' are not understood: expected 'o4 i4 i4'");
  EXPECT_EQ(refused("add.s32 %r0, %r1, %rd2;"),
            "line 16: operands of 'add.s32 %r0, %r1, %rd2' are not understood: '%rd2' has 64 bits, not 32");
  EXPECT_EQ(refused("add.s32 %r0, %r1, %z;"),
            "line 16: operands of 'add.s32 %r0, %r1, %z' are not understood: '%z' is no register, constant "
            "or symbol that can be here");
  EXPECT_EQ(refused("\nbra NOWHERE;"), "line 17: there is no label 'NOWHERE'");
  EXPECT_EQ(refused("L:\nL:"), "line 17: label 'L:' is not alone of its name, or outside of a kernel");
  EXPECT_EQ(refused(".local .align 4 .b8 depot[8];"), "line 16: directive '.local' is not known");
  std::string error;
  EXPECT_FALSE(Module::parse(".visible .entry k()\n{\nret;\n", error));
  EXPECT_EQ(error, "line 3: the text ends in kernel 'k'");
  for (const char *text :
       {"}", "{", ";", "@", "@!", "add", ".reg", ".entry", ".shared", ".shared .align 3 .b8 x[4];",
        ".visible .entry k(.param .b8 x[4])\n{", "[", ".entry k()\n{\n@\n;"}) {
    Module::parse(text, error); // whatever it says
  }
}
