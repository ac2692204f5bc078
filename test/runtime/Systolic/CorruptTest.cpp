// Proves that a program that is wrong ends with its instruction's number and the reason, and never with a crash or a hang.
#include "Execution.h"

using namespace girih::systolic;

namespace {
std::string faultOf(const std::string &text) { return Execution(preset("edge16"), text).fault(); }

/// A program of this one instruction with a field set past the assembler.
std::string faultWith(const std::string &text, Field field, int64_t value) {
  Program program = assembled(text);
  program.code[0][field] = value;
  return Execution(preset("edge16"), program).fault();
}
} // namespace

TEST(SystolicCorrupt, SaysWhatIsWrong) {
  EXPECT_EQ(faultWith("nop", Field::op, 0xee), "0: unknown opcode 238");
  EXPECT_EQ(faultWith("nop", Field::rows, 3), "0: nop does not use the field rows, expected 0 but got 3");
  EXPECT_EQ(faultOf("load ta=i8 dst=0x3fff0 rows=1 cols=17\nhalt"), "0: load: dst covers bytes 262128 to 262145 of the scratchpad, which has 262144");
  EXPECT_EQ(faultOf("nop\nload ta=i8 dst=acc1 rows=1 cols=17\nhalt"), "1: load: dst is at 0x90000000, but there is no array 1");
  EXPECT_EQ(faultOf("store ta=i8 x=0x3fffffff rows=2 cols=1 px=1\nhalt"), "0: store: the rows reach from 1073741823 to 1073741825 in DRAM, which has 1073741824 bytes");
  EXPECT_EQ(faultOf("store ta=i8 rows=2 cols=1 px=-1\nhalt"), "0: store: the rows reach from -1 to 1 in DRAM, which has 1073741824 bytes");
  EXPECT_EQ(faultOf("load ta=f32 dst=2 rows=1 cols=1\nhalt"), "0: load: dst is at 0x2 with pitch 0, expected multiples of 4");
  EXPECT_EQ(faultOf(".reg r1 -5\nload ta=i8 rows=4+r1 cols=1\nhalt"), "0: load: expected 0 to 2147483647 rows, but got -1");
  EXPECT_EQ(faultOf("wload ta=i8 mask=2 rows=1 cols=1\nhalt"), "0: wload: expected a mask of arrays 0 to 0, but got 0x2");
  EXPECT_EQ(faultOf("wload ta=i8 mask=1 rows=17 cols=1\nhalt"), "0: wload: expected at most 16 rows, but got 17");
  EXPECT_EQ(faultOf("wload ta=i8 mask=1 pa=16 rows=1 cols=1\nmatmul ta=bf16 mask=1 rows=1 cols=1 px=1\nhalt"),
            "1: matmul: the weight bank of array 0 holds other weights than the activations' type and sparsity");
  EXPECT_EQ(faultOf("next"), "0: next without a loop");
  EXPECT_EQ(faultOf("nop\nnop"), "2: the program runs past its end, which has no halt");
  EXPECT_EQ(faultOf("br fn=eq imm=-1"), "0: the branch leads to instruction -1 of 1");
  EXPECT_EQ(faultOf("sload rd=r1 a=2\nhalt"), "0: sload: a is at 0x2 with pitch 0, expected multiples of 4");
  EXPECT_EQ(faultOf("salu fn=div rd=r1 x=0\nhalt"), "0: division by zero");
  EXPECT_EQ(faultOf(".dram 0 i32 1000000000\nload ta=i32 rows=1 cols=1 signal=0\nload ta=i8 dst=64 rows=1 cols=8 px=1024 gather b=0 wait=0\nhalt"),
            "1: the table's row 1000000000 lies outside the DRAM's 1073741824 bytes");
  // Where a page is so long that its rows' addresses have more than 64 bits, the detector of races looks at
  // none of them.
  EXPECT_EQ(faultOf(".dram 0x100 i32 2147483647\nload ta=i32 x=0x100 rows=1 cols=1 signal=0\n"
                    "load ta=i8 dst=64 px=2147483647 gather b=0 fn=31 rows=1 cols=4 wait=0\nhalt"),
            "1: the table's row 4611686016279904256 lies outside the DRAM's 1073741824 bytes");
  EXPECT_EQ(faultOf("transpose mask=1 ta=i8 a=0 pa=4 dst=1 pd=4 rows=4 cols=4\nhalt"),
            "0: transpose: dst at 0x1 overlaps its source at 0x0, expected them apart");
  std::string loops;
  for (int i = 0; i != 9; ++i)
    loops += "loop rows=1 cols=1\n";
  EXPECT_EQ(faultOf(loops + "halt"), "8: loops nest deeper than 8");
}

TEST(SystolicCorrupt, WorkWithoutEndIsRefusedBeforeItIsDone) {
  Options options;
  options.maxCycles = 100000;
  Execution rows(preset("edge16"), "load ta=i8 rows=2147483647 cols=1\nhalt", options);
  EXPECT_EQ(rows.fault(), "0: the instruction retires in cycle 2147483748, past the limit of 100000");
  // Before its races are looked for, too: a range of memory for each row would not fit.
  Execution strided(preset("edge16"), "load ta=i8 x=0 px=2 rows=400000000 cols=1\nhalt", options);
  EXPECT_EQ(strided.fault(), "0: the instruction retires in cycle 400000101, past the limit of 100000");
  // Sizes that overflow 64 bits when multiplied, and no rows of two billion bytes.
  EXPECT_EQ(faultOf("load ta=f32 rows=1633771873 cols=1633771873\nhalt"), "0: load: a transfer of 1633771873 rows of 6535087492 bytes is too large");
  EXPECT_EQ(faultOf("load ta=i8 rows=0 cols=2147483647\nhalt"), "");
  Program program;
  std::string error;
  EXPECT_FALSE(assemble(".random 0 i8 16777216 1\nhalt", "file", program, error));
  EXPECT_EQ(error, "file:1: a program has at most 16777216 random elements; load larger data from a file");
}

TEST(SystolicCorrupt, BytesThatAreNoTextAreNotQuoted) {
  Program program;
  std::string error;
  EXPECT_FALSE(assemble(std::string_view("nop\n\x01\xff", 6), "file", program, error));
  EXPECT_EQ(error, "file: expected assembly or a binary program, but found byte 1 at offset 4");
}

TEST(SystolicCorrupt, SemaphoresOverflow) {
  // The sequencer has gone on when its signal counts: the fault is where the signal came from.
  EXPECT_EQ(faultOf("loop rows=100\nnop signal=9:7\nnext\nhalt"), "1: semaphore 9 rises above 255");
  EXPECT_EQ(faultOf("loop rows=100\nload ta=i8 rows=1 cols=1 signal=9:7\nnext\nhalt"),
            "1: semaphore 9 rises above 255");
}

TEST(SystolicCorrupt, EndlessProgramsEnd) {
  Options options;
  options.maxCycles = 100000;
  Execution run(preset("edge16"), "here: br fn=eq to=here", options);
  EXPECT_EQ(run.fault(), "0: the program is still running after 100000 cycles, the limit");
  Options few;
  few.maxInstructions = 1000;
  EXPECT_EQ(Execution(preset("edge16"), "here: br fn=eq to=here", few).fault(), "0: the program has executed 1000 instructions, the limit");
}

TEST(SystolicCorrupt, RandomInstructionsNeverCrash) {
  Random random{7};
  unsigned ops[64], count = 0;
  for (unsigned code = 0; code != 256; ++code)
    if (opInfo(code))
      ops[count++] = code;
  Options options;
  options.maxCycles = 20000;
  for (int n = 0; n != 3000; ++n) {
    Program program;
    for (int i = 0; i != 8; ++i) {
      Instruction &instruction = program.code.emplace_back();
      instruction.op = ops[random.below(count)];
      const OpInfo &info = *opInfo(unsigned(instruction.op));
      for (unsigned f = 1; f != kFields; ++f)
        if (info.fields >> f & 1 && random.below(2)) {
          const FieldInfo &field = fieldInfo(Field(f));
          uint64_t limit = random.below(4) ? 1 + random.below(40) : ~uint64_t(0);
          int64_t value = int64_t(random.next() % limit & (field.width == 64 ? ~uint64_t(0) : (uint64_t(1) << field.width) - 1));
          instruction[Field(f)] = field.isSigned && field.width == 32 ? int32_t(value) : value;
        }
      instruction.flags &= info.flags;
    }
    Execution run(preset("edge16"), program, options);
    ASSERT_NE(run.state, State::Running);
  }
}
