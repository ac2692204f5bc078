// Proves that binary and text round-trip for random instructions of every opcode, and that fields do not overlap.
#include "Execution.h"

using namespace girih::systolic;

namespace {

/// A random instruction that checkInstruction accepts.
Instruction randomInstruction(Random &random, const OpInfo &info) {
  for (;;) {
    Instruction i;
    for (unsigned f = 0; f != kFields; ++f) {
      const FieldInfo &about = fieldInfo(Field(f));
      if (!(info.fields >> f & 1) || random.below(3) == 0)
        continue;
      uint64_t bits = random.next() & (about.width == 64 ? ~uint64_t(0) : (uint64_t(1) << about.width) - 1);
      if (about.isSigned && about.width == 32)
        i[Field(f)] = random.below(2) ? int32_t(bits) : int32_t(bits % 4096);
      else
        i[Field(f)] = int64_t(about.width == 64 ? bits >> random.below(60) : bits);
    }
    i.op = int64_t(info.op);
    i.flags &= info.flags;
    if (!i.wait0) // text has no place for a second semaphore without a first
      std::swap(i.wait0, i.wait1);
    if (!i.signal0)
      std::swap(i.signal0, i.signal1);
    for (int64_t *field : {&i.td, &i.ta, &i.tb})
      *field = *field ? 1 + *field % 4 : 0;
    i.fn %= info.op == Op::vector ? 176 : 11;
    if (checkInstruction(i).empty())
      return i;
  }
}

template <typename Body> void forEachOp(Body body) {
  for (unsigned code = 0; code != 256; ++code)
    if (const OpInfo *info = opInfo(code))
      body(*info);
}

} // namespace

TEST(SystolicEncoding, FieldsDoNotOverlap) {
  uint32_t used[kInstructionWords + 1] = {};
  for (unsigned f = 0; f != kFields; ++f) {
    const FieldInfo &field = fieldInfo(Field(f));
    for (unsigned bit = 0; bit != field.width; ++bit) {
      uint32_t &word = used[field.word + (field.lsb + bit) / 32], mask = 1u << (field.lsb + bit) % 32;
      EXPECT_EQ(word & mask, 0u) << field.name;
      word |= mask;
    }
  }
  EXPECT_EQ(used[kInstructionWords], 0u);
}

TEST(SystolicEncoding, BinaryAndTextRoundTrip) {
  Random random{5};
  forEachOp([&](const OpInfo &info) {
    for (int n = 0; n != 200; ++n) {
      Instruction i = randomInstruction(random, info);
      uint8_t bytes[kInstructionBytes];
      encode(i, bytes);
      ASSERT_EQ(decode(bytes), i) << info.name;
      Program again;
      std::string error, text = disassemble(i);
      ASSERT_TRUE(assemble(text, "test", again, error) || info.op == Op::loop) << text << "\n" << error;
      if (info.op != Op::loop || again.code.size() == 1)
        ASSERT_EQ(again.code.at(0), i) << text << "\n" << disassemble(again.code.at(0));
    }
  });
}

TEST(SystolicEncoding, ProgramsRoundTrip) {
  Program program = assembled(".reg r3 -7\n.gemm 4 5 6\n.dram 0x10 bf16 1.5 -2\n.expect 0x20 i8 -1 2\nloop rows=3\nnop wait=3:2 signal=4\nnext rd=r1 dst=-5\nhalt\n");
  std::vector<uint8_t> bytes = writeProgram(program);
  Program again;
  std::string error;
  ASSERT_TRUE(readProgram(bytes.data(), bytes.size(), again, error)) << error;
  EXPECT_EQ(again.code, program.code);
  EXPECT_EQ(again.registers, program.registers);
  EXPECT_EQ(again.shapes, program.shapes);
  EXPECT_EQ(again.memory.at(0).bytes, (std::vector<uint8_t>{0xc0, 0x3f, 0x00, 0xc0}));
  EXPECT_EQ(again.expected.at(0).bytes, (std::vector<uint8_t>{0xff, 2}));
  EXPECT_EQ(writeProgram(again), bytes);
  Program third;
  ASSERT_TRUE(assemble(disassemble(program), "test", third, error)) << error;
  EXPECT_EQ(third.code, program.code);
  for (size_t size = 0; size != bytes.size(); ++size)
    EXPECT_FALSE(readProgram(bytes.data(), size, again, error)) << size;
}

TEST(SystolicEncoding, AssemblerNamesTheLine) {
  auto refused = [](const std::string &text) {
    Program program;
    std::string error;
    EXPECT_FALSE(assemble(text, "file", program, error));
    return error;
  };
  EXPECT_EQ(refused("nop\nfly\n"), "file:2: unknown instruction 'fly'");
  EXPECT_EQ(refused("nop rows=3"), "file:1: nop has no field 'rows'");
  EXPECT_EQ(refused("loop rows=2\nnop"), "file:1: the loop has no next");
  EXPECT_EQ(refused("br fn=eq to=there"), "file:1: there is no label 'there'");
  EXPECT_EQ(refused("nop wait=32"), "file:1: expected a semaphore 0 to 31 and 1 to 7 tokens, but found '32'");
  EXPECT_EQ(refused("nop wait=3 wait=3"), "file:1: the instruction waits for semaphore 3 twice");
  EXPECT_EQ(refused("load ta=i8 dst=0x100000000 rows=1 cols=1"), "file:1: dst is 4294967296, which does not fit its 32 bits");
  EXPECT_EQ(refused("matmul ta=f32 mask=1"), "file:1: ta is type 4, expected i8 or bf16");
  EXPECT_EQ(refused(".dram 0 i9 1"), "file:1: expected a type i8, bf16, i32 or f32, but found 'i9'");
  EXPECT_EQ(refused("load ta=f64"), "file:1: expected a type i8, bf16, i32 or f32, but found 'f64'");
  EXPECT_EQ(refused("br fn=gt"), "file:1: expected a function of br (eq, ne, lt, ge), but found 'gt'");
  EXPECT_EQ(refused("vector fn=log"), "file:1: expected a function of vector (first, second, add, sub, mul, "
                                      "max, min, alone or with a dot and id, relu, abs, exp2, recip, "
                                      "rsqrt, sigmoid, silu, tanh, gelu, gelu_tanh), but found 'log'");
  EXPECT_EQ(refused("matmul fast"),
            "file:1: matmul has no flag 'fast'; it has bank, accumulate, release, sparse");
  EXPECT_EQ(refused(".dram 0 i8 300"), "file:1: expected a number from -128 to 255, but found '300'");
  EXPECT_EQ(refused(".dram 0 i8 -129"), "file:1: expected a number from -128 to 255, but found '-129'");
  EXPECT_EQ(refused(".dram 0 i32 0x100000000"),
            "file:1: expected a number from -2147483648 to 4294967295, but found '0x100000000'");
}
