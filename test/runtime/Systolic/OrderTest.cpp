// Proves that races are found and that ordered programs are none, that deadlocks name who waits for whom, and which instruction a fault
// is at.
#include "Execution.h"

using namespace girih::systolic;

namespace {
std::string faultOf(const std::string &text, const std::string &machine = "edge16") { return Execution(preset(machine), text).fault(); }
} // namespace

TEST(SystolicOrder, FindsRaces) {
  EXPECT_EQ(faultOf("load ta=i8 dst=0 rows=1 cols=16\nstore ta=i8 a=8 x=0x100 rows=1 cols=16\nhalt"),
            "1: race: bytes 8 to 24 of the scratchpad are read here, but no token orders that after instruction 0");
  EXPECT_EQ(faultOf("store ta=i8 a=0 x=0x100 rows=1 cols=16\nload ta=i8 dst=8 rows=1 cols=16\nhalt"),
            "1: race: bytes 8 to 24 of the scratchpad are written here, but no token orders that after instruction 0");
  EXPECT_EQ(faultOf("store ta=i8 a=0 x=0x100 rows=1 cols=16\nload ta=i8 dst=0x40 x=0x10f rows=1 cols=4\nhalt"),
            "1: race: bytes 271 to 275 of DRAM are read here, but no token orders that after instruction 0");
  // Strided rows touch only their own bytes.
  EXPECT_EQ(faultOf("load ta=i8 dst=0 rows=4 cols=8 pd=16\nload ta=i8 dst=8 rows=4 cols=8 pd=16\nvector mask=1 fn=second td=i8 dst=64 pd=16 constant rows=1 cols=16\nhalt"), "");
}

TEST(SystolicOrder, ManyRowsAreOneRange) {
  // A range for each of 65,536 rows; more rows are a range with their gaps, which the second instruction
  // writes into.
  auto rows = [](const std::string &count) {
    return "load ta=i8 dst=0 x=0x100000 px=2 rows=" + count +
           " cols=1\nstore ta=i8 a=64 x=0x100001 rows=1 cols=1\nhalt";
  };
  EXPECT_EQ(faultOf(rows("65536")), "");
  EXPECT_EQ(faultOf(rows("65537")), "1: race: bytes 1048577 to 1048578 of DRAM are written here, but no "
                                    "token orders that after instruction 0");
  // Rows through a table: page 0 of 2^20 rows, every second byte.
  auto gathered = [](const std::string &count) {
    return "load ta=i8 dst=64 px=2 gather b=0 fn=20 rows=" + count +
           " cols=1\nstore ta=i8 a=96 x=1 rows=1 cols=1\nhalt";
  };
  EXPECT_EQ(faultOf(gathered("65536")), "");
  EXPECT_EQ(faultOf(gathered("65537")),
            "1: race: bytes 1 to 2 of DRAM are written here, but no token orders that after instruction 0");
}

TEST(SystolicOrder, TokensOrder) {
  EXPECT_EQ(faultOf("load ta=i8 dst=0 rows=1 cols=16 signal=3\nstore ta=i8 a=8 x=0x100 rows=1 cols=16 wait=3\nhalt"), "");
  // Through another queue, a later instruction of a queue that waited, the sequencer, and a barrier.
  EXPECT_EQ(faultOf("load ta=i8 rows=1 cols=16 signal=3\nvector mask=1 fn=second td=i8 dst=64 constant rows=1 cols=4 wait=3 signal=4\nstore ta=i8 a=0 x=256 rows=1 cols=4 wait=4\nstore ta=i8 a=4 x=512 rows=1 cols=4\nhalt"), "");
  EXPECT_EQ(faultOf("load ta=i8 rows=1 cols=16 signal=3\nnop wait=3\nstore ta=i8 a=0 x=256 rows=1 cols=4\nhalt"), "");
  EXPECT_EQ(faultOf("load ta=i8 rows=1 cols=16\nbarrier\nstore ta=i8 a=0 x=256 rows=1 cols=4\nhalt"), "");
  // A token of another signaller orders nothing.
  EXPECT_NE(faultOf("load ta=i8 rows=1 cols=16\nnop signal=3\nstore ta=i8 a=0 x=256 rows=1 cols=4 wait=3\nhalt"), "");
}

TEST(SystolicOrder, TablesAreReadAtIssue) {
  EXPECT_EQ(faultOf("load ta=i32 dst=0 x=0 rows=1 cols=4\nload ta=i8 dst=64 x=256 rows=2 cols=4 pd=4 px=4 gather b=0\nhalt"),
            "1: race: bytes 0 to 8 of the scratchpad are read here, but no token orders that after instruction 0");
}

TEST(SystolicOrder, ReleaseOrdersNoSums) {
  // A wload that waited for the bank retires before the matmul has drained.
  std::string text = "wload ta=i8 mask=1 a=0x8000 pa=16 rows=16 cols=16\nmatmul ta=i8 mask=1 pa=16 rows=4 cols=16 px=16 pd=64 release\n"
                     "wload ta=i8 mask=1 a=0x8000 pa=16 rows=16 cols=16 signal=0\n"
                     "vector mask=1 fn=first td=i8 dst=0x10000 pd=16 ta=i32 a=acc0 pa=64 rows=1 cols=16 wait=0\nhalt";
  EXPECT_NE(faultOf(text).find("race"), std::string::npos);
}

TEST(SystolicOrder, SlicesAreUnordered) {
  std::string first = "vector mask=1 fn=second td=i8 dst=0 constant rows=1 cols=16\n";
  EXPECT_EQ(faultOf(first + first + "halt", "tpu-v5e-like"), "");
  EXPECT_NE(faultOf(first + "vector mask=2 fn=second td=i8 dst=0 constant rows=1 cols=16\nhalt", "tpu-v5e-like").find("1: race"), std::string::npos);
}

TEST(SystolicOrder, DeadlocksSayWhoWaitsForWhom) {
  EXPECT_EQ(faultOf("load ta=i8 rows=1 cols=4 wait=1 signal=2\nvector mask=1 fn=second td=i8 dst=64 constant rows=1 cols=4 wait=2:2 signal=1\nhalt"),
            "0: deadlock: LD: instruction 0 waits for semaphore 1 (0 of 1 tokens), signalled by instruction 1, waiting in VX; "
            "VX: instruction 1 waits for semaphore 2 (0 of 2 tokens), signalled by instruction 0, waiting in LD; "
            "sequencer: instruction 2 waits for the queues to empty");
  EXPECT_EQ(faultOf("nop wait=5\nhalt"),
            "0: deadlock: sequencer: instruction 0 waits for semaphore 5 (0 of 1 tokens), signalled by nothing that is still to come");
}

TEST(SystolicOrder, DeadlocksKnowWhatLoopsAndBranchesComeBackTo) {
  std::string load = "load ta=i8 rows=1 cols=4 signal=2\n", wait = "nop wait=2:2\n",
              stuck = ": deadlock: sequencer: instruction ";
  std::string waits = " waits for semaphore 2 (1 of 2 tokens), signalled by ";
  EXPECT_EQ(faultOf("loop rows=2\n" + load + wait + "next\nhalt"),
            "2" + stuck + "2" + waits + "instruction 1, to which the sequencer would return");
  EXPECT_EQ(faultOf(load + wait + "br fn=eq imm=-2\nhalt"),
            "1" + stuck + "1" + waits + "instruction 0, to which the sequencer would return");
  EXPECT_EQ(faultOf("loop rows=1\n" + load + wait + "next\nhalt"),
            "2" + stuck + "2" + waits + "nothing that is still to come");
  EXPECT_EQ(faultOf(load + wait + "br fn=eq imm=2\nhalt\n" + load + "halt"),
            "1" + stuck + "1" + waits + "instruction 4, which the sequencer has not reached");
}

TEST(SystolicOrder, DeadlocksNameWeightBanks) {
  std::string matmul = "matmul ta=i8 mask=2 pa=128 rows=4 cols=16 px=16 pd=64 bank",
              load = "wload ta=i8 mask=3 a=0x8000 pa=16 rows=16 cols=16 bank\n",
              idle = " sequencer: instruction 2 waits for the queues to empty";
  EXPECT_EQ(faultOf(matmul + "\nnop\nhalt", "tpu-v5e-like"),
            "0: deadlock: MX: instruction 0 waits for weight bank 1 of array 1, filled by nothing that is "
            "still to come;" +
                idle);
  EXPECT_EQ(faultOf(load + load + "halt", "tpu-v5e-like"),
            "1: deadlock: WL: instruction 1 waits for weight bank 1 of array 0, filled by instruction 0 and "
            "released by nothing that is still to come;" +
                idle);
  EXPECT_EQ(
      faultOf("wload ta=i8 mask=2 a=0x8000 pa=16 rows=16 cols=16 bank\nwload ta=i8 mask=2 a=0x8000 pa=16 "
              "rows=16 cols=16 bank signal=1\n" +
                  matmul + " release wait=1\nhalt",
              "tpu-v5e-like"),
      "1: deadlock: WL: instruction 1 waits for weight bank 1 of array 1, filled by instruction 0 and "
      "released by instruction 2, waiting in MX; "
      "MX: instruction 2 waits for semaphore 1 (0 of 1 tokens), signalled by instruction 1, waiting in WL; "
      "sequencer: instruction 3 waits for the queues to empty");
}
