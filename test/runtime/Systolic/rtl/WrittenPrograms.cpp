// Programs written by hand, for what random ones rarely meet: arguments at which functions and roundings
// change, whole tiles streamed back to back, page tables, machines at their limits.
#include "Programs.h"

#include "../Execution.h"

#include <cstdarg>

using namespace girih::systolic;
using namespace girih::systolic::twin;

namespace {

std::string format(const char *text, ...) __attribute__((format(printf, 1, 2)));
std::string format(const char *text, ...) {
  char out[2048];
  va_list arguments;
  va_start(arguments, text);
  vsnprintf(out, sizeof(out), text, arguments);
  va_end(arguments);
  return out;
}

int number(int64_t n) { return int(n); }

class Writer {
public:
  std::vector<Sample> samples;

  void add(const std::string &name, const std::string &text, const Machine &machine = plainMachine()) {
    Sample sample{name, machine, {}};
    std::string error;
    if (!assemble(text, name, sample.program, error))
      error = "assembly: " + error;
    if (!error.empty())
      sample.name += " (" + error + ")"; // and it will not halt
    samples.push_back(std::move(sample));
  }

  template <typename T> void data(uint64_t address, const std::vector<T> &values) {
    DramSegment &segment = samples.back().program.memory.emplace_back();
    segment.address = address;
    segment.bytes.resize(values.size() * sizeof(T));
    memcpy(segment.bytes.data(), values.data(), segment.bytes.size());
  }

  //===- Functions and roundings
  //----------------------------------------------------------------------------------------===//

  static constexpr int kCount = 512;
  Random random{7};

  static constexpr uint32_t kRare[] = {
      0,          0x80000000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001, 0x7f800001, 0x00800000,
      0x80800000, 0x007fffff, 0x00800001, 0x3f800000, 0xbf800000, 0x7f7fffff, 0xff7fffff, 0x43000000,
      0x42ffffff, 0xc2fc0000, 0xc2fc0001, 0xc2fbffff, 0x41000000, 0xc1000000, 0x40ffffff, 0xc0ffffff,
      0x3e800000, 0x3e7fffff, 0xbe800000, 0xbe7fffff, 0x4f000000, 0xcf000000, 0x4effffff, 0x4b000001,
      0x3f000000, 0x3fc00000, 0x40200000, 0xbf000000, 0xbfc00000, 0x42fe0000, 0x42ff0000, 0xc3000000,
      0xc3008000, 0x7e800000, 0x7f000000, 0xfe800001, 0x01000000, 0x33800000, 0x34000000};
  static constexpr size_t kRareCount = sizeof(kRare) / sizeof(*kRare);
  uint32_t rare() { return kRare[random.below(kRareCount)]; }
  uint32_t between(int low, int high) { // by exponents
    return uint32_t(random.next() & 0x807fffff) | uint32_t(127 + low + random.below(high - low + 1)) << 23;
  }

  /// Arguments of functions of one number: every rare one, some of any size, and many where the function
  /// changes.
  std::vector<uint32_t> arguments(int low, int high) {
    std::vector<uint32_t> out;
    for (int i = 0; i != kCount; ++i)
      out.push_back(size_t(i) < kRareCount ? kRare[i] : i < 128 ? between(-126, 127) : between(low, high));
    return out;
  }
  /// Second arguments: close to the first, far from it, such that a sum or a product is a tie, tiny or huge.
  std::vector<uint32_t> partners(const std::vector<uint32_t> &first) {
    std::vector<uint32_t> out;
    for (uint32_t f : first) {
      int exponent = int(f >> 23 & 255);
      switch (random.below(6)) {
      case 0:
        out.push_back(rare());
        break;
      case 1: // half of the first's last bit, and a little
        out.push_back((exponent > 30 ? uint32_t(exponent - 24) << 23 : 0) | uint32_t(random.below(3) == 0) |
                      uint32_t(random.next() & 0x80000000));
        break;
      case 2: // almost the opposite
        out.push_back(f ^ 0x80000000 ^ uint32_t(random.below(4)));
        break;
      case 3: // a product at the lower end
        out.push_back((uint32_t(std::clamp(128 - exponent + int(random.below(3)), 1, 254)) << 23) |
                      uint32_t(random.next() & 0x807fffff));
        break;
      case 4:
        out.push_back((uint32_t(std::clamp(exponent - 30 + int(random.below(60)), 1, 254)) << 23) |
                      uint32_t(random.next() & 0x807fffff));
        break;
      default:
        out.push_back(between(-12, 12) & 0xffff8000);
      }
    }
    return out;
  }

  /// rows of a (and b) through one function; `types` are td, ta and tb in assembly.
  void sweep(const std::string &fn, const std::vector<uint32_t> &a, const std::vector<uint32_t> &b,
             const char *td = "f32", const char *flags = "", int resultBytes = 4) {
    int rows = kCount / number(kColumns), pitch = 4 * number(kColumns);
    bool two = fn.rfind("first", 0) != 0;
    add("sweep of " + fn + " to " + td + flags,
        format("load ta=f32 dst=0 x=0x1000 rows=1 cols=%d px=%d signal=0\nload ta=f32 dst=0x800 x=0x1800 "
               "rows=1 cols=%d px=%d signal=0\n"
               "vector mask=1 fn=%s td=%s ta=f32 a=0 pa=%d %s%s dst=0x1000 pd=%d rows=%d cols=%d %s wait=0:2 "
               "signal=1\n"
               "store ta=i8 a=0x1000 x=0x2000 rows=1 cols=2048 px=2048 wait=1\nhalt\n",
               kCount, 4 * kCount, kCount, 4 * kCount, fn.c_str(), td, pitch, two ? "tb=f32 b=0x800 pb=" : "",
               two ? std::to_string(pitch).c_str() : "", resultBytes * number(kColumns), rows,
               number(kColumns), flags));
    data(0x1000, a);
    data(0x1800, b);
  }

  void functions() {
    for (auto [name, low, high] : {std::tuple("relu", -4, 4),
                                   {"abs", -4, 4},
                                   {"exp2", -8, 6},
                                   {"recip", -20, 20},
                                   {"rsqrt", -20, 20},
                                   {"sigmoid", -6, 5},
                                   {"silu", -6, 5},
                                   {"tanh", -7, 3},
                                   {"gelu", -6, 2},
                                   {"gelu_tanh", -6, 2}}) {
      std::vector<uint32_t> a = arguments(low, high);
      if (std::string(name) == "rsqrt")
        for (size_t i = 200; i != a.size(); ++i)
          a[i] &= 0x7fffffff;
      sweep(std::string("first.") + name, a, a);
    }
    for (const char *name : {"add", "sub", "mul", "max", "min", "second"}) {
      std::vector<uint32_t> a = arguments(-10, 10), b = partners(a);
      for (size_t i = 0; i != 16; ++i) // zeros, infinities and NaN with one another and with a number
        a[200 + i] = kRare[i / 4 == 3 ? 4 : i / 4], b[200 + i] = kRare[i % 4 == 3 ? 11 : i % 4];
      sweep(name, a, b);
    }
    std::vector<uint32_t> halves = arguments(-3, 33);
    for (size_t i = 300; i != halves.size(); ++i) { // n + 1/2
      float f = float(int64_t(random.below(600)) - 300) + 0.5f;
      halves[i] = bitsOf(f);
    }
    sweep("first", halves, halves, "i8", "", 1);
    sweep("first", halves, halves, "i32");
    std::vector<uint32_t> ties = arguments(-126, 127);
    for (size_t i = 256; i != ties.size(); ++i)
      ties[i] = (ties[i] & 0xffff0000) | 0x8000;
    sweep("first", ties, ties, "bf16", "", 2);
    sweep("first", arguments(-10, 10), arguments(-10, 10), "f32", "reduce");
    sweep("first", arguments(-10, 10), arguments(-10, 10), "f32", "reduce max");
    sweep("add", arguments(-10, 10), arguments(-10, 10), "f32", "scalar");
    sweep("first", arguments(-126, 127), arguments(-10, 10), "f32", "scale imm=0.3333f");
    sweep("first.exp2", arguments(-8, 6), arguments(-10, 10), "f32",
          format("px=%d", number(kColumns / 2)).c_str());
  }

  /// Halves, both ends of the shift, sums that wrap, low and high bounds.
  void requantization() {
    int columns = number(kColumns), rows = 256 / columns;
    add("requantization",
        format(
            "load ta=i32 dst=0 x=0x1000 rows=1 cols=256 px=1024 signal=0\nload ta=i32 dst=0x800 x=0x1800 "
            "rows=3 cols=%d pd=%d px=%d signal=0\n"
            "requant mask=1 a=0 pa=%d b=0x800 pb=%d dst=0x1000 pd=%d rows=%d cols=%d imm=0x7f8003 wait=0:2 "
            "signal=1\n"
            "requant mask=1 a=0 pa=%d b=0x800 pb=%d dst=0x1200 pd=%d rows=%d cols=%d imm=0x20e0ff signal=1\n"
            "store ta=i8 a=0x1000 x=0x2000 rows=1 cols=1024 px=1024 wait=1:2\nhalt\n",
            columns, 4 * columns, 4 * columns, 4 * columns, 4 * columns, columns, rows, columns, 4 * columns,
            4 * columns, columns, rows, columns));
    std::vector<int32_t> values, table;
    for (int i = 0; i != 256; ++i)
      values.push_back(i < 200 ? i - 100 : int32_t(random.next()));
    for (int c = 0; c != columns; ++c)
      table.push_back(c % 4 == 0 ? 1 << 20 : c % 4 == 1 ? 3 << 20 : c % 4 == 2 ? int32_t(0xc0000001) : 1);
    for (int c = 0; c != columns; ++c)
      table.push_back(c % 4 == 0   ? 21
                      : c % 4 == 1 ? 22
                      : c % 4 == 2 ? 70 - 40 * (c % 8 == 2)
                                   : -5 + 5 * (c % 8 == 7));
    for (int c = 0; c != columns; ++c)
      table.push_back(c % 4 == 2 ? 0x7fffffff : c);
    data(0x1000, values);
    data(0x1800, table);
  }

  /// The highest bit of a multiplier does not count.
  void wideMultiplier() {
    int columns = number(kColumns), pitch = 4 * columns;
    add("a multiplier of 32 bits",
        format("load ta=i32 dst=0 x=0x1000 rows=1 cols=%d px=%d signal=0\n"
               "load ta=i32 dst=0x800 x=0x1800 rows=3 cols=%d pd=%d px=%d signal=0\n"
               "requant mask=1 a=0 b=0x800 pb=%d dst=0x1000 rows=1 cols=%d imm=0x7f8000 wait=0:2 signal=1\n"
               "store ta=i8 a=0x1000 x=0x2000 rows=1 cols=%d px=%d wait=1\nhalt\n",
               columns, pitch, columns, pitch, pitch, pitch, columns, columns, columns));
    std::vector<int32_t> values(columns, 5), table(3 * columns, 0);
    std::fill_n(table.begin(), columns, int32_t(0x80000003));
    data(0x1000, values);
    data(0x1800, table);
  }

  /// Rows that are written onto what the same row, or a later one, reads.
  void ontoTheSource() {
    int columns = number(kColumns), pitch = 4 * columns;
    add("results on their source",
        format("load ta=i32 dst=0 x=0x1000 rows=1 cols=%d px=%d signal=0\nload ta=i32 dst=0x800 x=0x1800 rows=3 cols=%d pd=%d px=%d signal=0\n"
               "requant mask=1 a=0 pa=%d b=0x800 pb=%d dst=4 pd=%d rows=4 cols=%d imm=0x7f8000 wait=0:2\n"
               "requant mask=1 a=0x200 pa=%d b=0x800 pb=%d dst=0x201 pd=%d rows=4 cols=%d imm=0x7f8000\n"
               "vector mask=1 fn=first td=i32 ta=i32 a=0x400 pa=%d dst=0x404 pd=%d rows=3 cols=%d\n"
               "vector mask=1 fn=first td=i8 ta=i32 a=0x600 pa=%d dst=0x604 pd=%d rows=3 cols=%d signal=1\n"
               "store ta=i8 a=0 x=0x2000 rows=1 cols=2048 px=2048 wait=1\nhalt\n",
               kCount, 4 * kCount, columns, pitch, pitch, pitch, pitch, pitch, columns, pitch, pitch, pitch + 1, columns, pitch, pitch, columns, pitch, pitch, columns));
    std::vector<int32_t> values, table;
    for (int i = 0; i != kCount; ++i)
      values.push_back(i % 251 - 125);
    for (int c = 0; c != 3 * columns; ++c)
      table.push_back(c < columns ? 1 << 30 : c < 2 * columns ? 30 : 0);
    data(0x1000, values);
    data(0x1800, table);
  }

  //===- Matrix products
  //------------------------------------------------------------------------------------------------===//

  /// M x K by K x N in tiles, each loaded while the last is multiplied, if the machine has shadow weights.
  void gemm(const char *type, int M, int K, int N, const Machine &machine, const char *name,
            bool sparse = false) {
    int t = type[0] == 'i' ? 1 : 2, R = number(kRows), C = number(kColumns), lanes = sparse ? 2 * R : R,
        tile = 0;
    std::string text = format(".random 0x1000 %s %d 3\n.random 0x4000 %s %d 4\nload ta=i8 dst=0 x=0x1000 "
                              "rows=1 cols=%d px=%d signal=0\n"
                              "load ta=i8 dst=0x1000 x=0x4000 rows=1 cols=%d px=%d signal=0\nnop wait=0:2\n",
                              type, M * K, type, K * N, M * K * t, M * K * t, K * N * t, K * N * t);
    for (int n = 0; n < N; n += C)
      for (int k = 0; k < K; k += lanes, ++tile) {
        int rows = std::min(R, sparse ? (K - k + 1) / 2 : K - k), cols = std::min(C, N - n),
            depth = std::min(lanes, K - k);
        const char *bank = machine.shadow_weights && tile % 2 ? "bank" : "";
        int weights = 0x1000 + ((sparse ? k / 2 : k) * N + n) * t, a = k * t;
        text += format("wload ta=%s mask=1 a=%d pa=%d rows=%d cols=%d %s %s\n", type, weights, N * t, rows,
                       cols, bank, sparse ? format("sparse b=%d pb=%d", 0x1000 + k + n, N).c_str() : "");
        text += format("matmul ta=%s mask=1 a=%d pa=%d rows=%d cols=%d px=%d dst=%d pd=%d %s %s release %s "
                       "imm=%d signal=1\n",
                       type, a, K * t, M, depth, cols, 4 * M * n, 4 * cols, k ? "accumulate" : "", bank,
                       sparse ? format("sparse b=%d pb=%d", a + R * t, K * t).c_str() : "",
                       t == 1 && !sparse ? -7 : 0);
      }
    while (tile) {
      int tokens = std::min(tile, 7);
      text += format("nop wait=1:%d\n", tokens), tile -= tokens;
    }
    text += format("store ta=i32 a=acc0 x=0x6000 rows=1 cols=%d px=%d\nhalt\n", M * N, 4 * M * N);
    add(name, text, machine);
  }

  void products() {
    int R = number(kRows), C = number(kColumns);
    Machine single = plainMachine(), wide = plainMachine(), slow = plainMachine();
    single.shadow_weights = 0;
    wide.matmul_cycles_i8 = 4, wide.weight_port_bytes = kMaxPortBytes;
    slow.weight_port_bytes = std::max(1, C / 2), slow.matmul_cycles_bf16 = 12, slow.accumulator_banks = 1,
    slow.scratchpad_banks = 2;
    gemm("i8", 13, 2 * R + 3, 2 * C + 1, plainMachine(), "int8 GEMM");
    gemm("i8", 1, 3 * R, 2 * C, plainMachine(), "int8 GEMV");
    gemm("i8", 9, 2 * R, C, single, "int8 GEMM without shadow weights");
    gemm("i8", 15, R + 1, C + 1, wide, "int8 GEMM, two rows a cycle");
    gemm("i8", 8, 4 * R, C, wide, "2:4 int8 GEMM, two rows a cycle", R % 2 == 0);
    gemm("bf16", 11, 2 * R + 1, C + 2, plainMachine(), "bf16 GEMM");
    gemm("bf16", 6, 3 * R, C, slow, "bf16 GEMM on a slow array");
    gemm("bf16", 7, 2 * R, C, plainMachine(), "2:4 bf16 GEMM", R % 2 == 0);
  }

  /// Output stationary is timing alone.
  void outputStationary() {
    Machine machine = plainMachine();
    machine.output_stationary = 1, machine.shadow_weights = 0;
    std::string text;
    for (int i = 0; i != 5; ++i)
      text += format("matmul ta=i8 mask=1 a=0 pa=%d rows=%d cols=%d px=%d pd=%d dst=0\n", number(kColumns),
                     7 + 5 * i, number(kColumns), number(kColumns), 4 * number(kColumns));
    add("output stationary", text + "halt\n", machine);
    // The results of R rows end with a bank, or a row into the next one, at whose end the vector unit writes
    // meanwhile.
    int R = number(kRows), C = number(kColumns), bank = number(machine.accumulatorBankBytes());
    for (auto [name, dst] :
         {std::pair("results of an output-stationary matmul in one bank", bank - 4 * R * C),
          {"results of an output-stationary matmul in two banks", bank - 4 * R * C + 4 * C}})
      add(name,
          format("matmul ta=i8 mask=1 a=0 pa=%d rows=%d cols=%d px=%d pd=%d dst=%d\nvector mask=1 fn=second "
                 "td=f32 dst=acc0+%d pd=%d "
                 "constant rows=1 cols=%d\nhalt\n",
                 C, R + 20, C, C, 4 * C, dst, 2 * bank - 4 * C, 4 * C, C),
          machine);
  }

  /// Rows that go down, from one bank into the one before it, which another instruction wants.
  void rowsThatGoDown() {
    Machine machine = plainMachine();
    int C = number(kColumns), R = number(kRows), bank = number(machine.scratchpadBankBytes());
    add("rows that go down",
        format("vector mask=1 fn=first td=f32 ta=i8 a=%d pa=%d dst=acc0 pd=%d rows=5 cols=%d\nwload ta=i8 "
               "mask=1 a=0 pa=%d rows=%d "
               "cols=%d\nhalt\n",
               bank, -C, 4 * C, C, C, R, C),
        machine);
  }

  //===- Whole kernels
  //---------------------------------------------------------------------------------------------------===//

  void softmax() {
    int C = number(kColumns), pitch = 4 * C;
    std::string acc = format("td=f32 ta=f32 rows=r1 cols=%d", C),
                text = ".reg r1 6\n.random 0x1000 f32 512 5\n";
    text += format("load ta=f32 dst=0 x=0x1000 rows=r1 cols=%d pd=%d px=%d signal=0\n", C, pitch, pitch);
    text +=
        format("vector mask=1 fn=first dst=acc0 pd=4 a=0 pa=%d %s reduce max wait=0\n", pitch, acc.c_str());
    text += "vector mask=1 fn=first td=f32 dst=acc0 pd=4 ta=f32 a=acc0 pa=4 rows=r1 cols=1 scale "
            "imm=0.18033688f\n";
    text += format("vector mask=1 fn=first dst=acc0+0x800 pd=%d a=0 pa=%d %s scale imm=0.18033688f\n", pitch,
                   pitch, acc.c_str());
    text += format(
        "vector mask=1 fn=sub.exp2 dst=acc0+0x800 pd=%d a=acc0+0x800 pa=%d tb=f32 b=acc0 pb=4 scalar %s\n",
        pitch, pitch, acc.c_str());
    text += format("vector mask=1 fn=first dst=acc0 pd=4 a=acc0+0x800 pa=%d %s reduce\n", pitch, acc.c_str());
    text += "vector mask=1 fn=first.recip td=f32 dst=acc0 pd=4 ta=f32 a=acc0 pa=4 rows=r1 cols=1\n";
    text += format(
        "vector mask=1 fn=mul dst=0x800 pd=%d a=acc0+0x800 pa=%d tb=f32 b=acc0 pb=4 scalar %s signal=1\n",
        pitch, pitch, acc.c_str());
    text +=
        format("store ta=f32 a=0x800 pa=%d x=0x2000 rows=r1 cols=%d px=%d wait=1\nhalt\n", pitch, C, pitch);
    add("softmax", text);
  }

  /// Pages of four rows by a table whose entries are out of order and partly absent, in and out; a page's
  /// rows start within it.
  void pages() {
    add("paged gather and scatter",
        ".random 0x1000 i8 4096 9\nload ta=i32 dst=0 x=0x400 rows=1 cols=8 px=32 signal=0\n"
        "load ta=bf16 gather fn=2 b=0 imm=3 dst=0x200 pd=24 rows=21 cols=10 x=0x1000 px=32 wait=0 signal=1\n"
        "load ta=i32 gather transpose fn=0 b=4 imm=1 dst=0x800 pd=32 rows=5 cols=4 x=0x1000 px=64 signal=1\n"
        "store ta=bf16 gather fn=2 b=0 imm=1 a=0x200 pa=24 rows=18 cols=10 x=0x3000 px=20 wait=1:2 signal=2\n"
        "store ta=i32 gather transpose fn=1 b=0 imm=0 a=0x800 pa=32 rows=5 cols=4 x=0x4000 px=16\nhalt\n");
    data(0x400, std::vector<int32_t>{5, 0, -1, 9, 2, -7, 1, 3});
  }

  //===- Scalars, tokens, banks
  //-----------------------------------------------------------------------------------------===//

  void scalars() {
    std::string text =
        ".random 0x1000 i32 8 2\nload ta=i32 dst=0 x=0x1800 rows=1 cols=4 px=16 "
        "signal=0\nsload rd=r14 a=0 wait=0\nsload rd=r15 a=4\n"
        "salu fn=shr rd=r16 ra=r14 x=3\nsalu fn=shl rd=r17 ra=r14 x=37\nsalu fn=div rd=r18 "
        "ra=r14 x=7\nsalu fn=rem rd=r19 ra=r14 x=7\n"
        "salu fn=div rd=r20 ra=r15 x=-1\nsalu fn=rem rd=r21 ra=r15 x=-3\nsalu fn=and rd=r22 "
        "ra=r14 x=255\nsalu fn=or rd=r23 ra=r15 x=256\n"
        "salu fn=add rd=r0 ra=r15 x=1\nsalu fn=add rd=r24 ra=r0 x=5\nsalu fn=mul rd=r25 "
        "ra=r14 rb=r15 x=0\nsalu fn=min rd=r26 ra=r14 rb=r15 x=0\n"
        "salu fn=max rd=r27 ra=r14 rb=r15 x=0\nsalu fn=sub rd=r28 ra=r14 rb=r15 x=0\n"
        // The least number, whose quotient by -1 wraps; counts that a register makes positive, or does not.
        "salu fn=shl rd=r29 ra=r24 x=63\nsalu fn=div rd=r30 ra=r29 x=-1\nloop rows=-3+r24\nsalu fn=add "
        "rd=r31 ra=r31 x=1\nnext\nloop rows=-6+r24\nsalu fn=add rd=r31 ra=r31 x=16\nnext\n";
    // Eight loops, one in another, of one or two iterations; then branches that are just taken or just not.
    for (int depth = 0; depth != 8; ++depth)
      text += format("loop rows=%d\n", 1 + depth % 2);
    text += "nop\n";
    for (int depth = 0; depth != 8; ++depth)
      text += format("next rd=r%d dst=1 ra=r9 a=2 rb=r10 b=-3\n", 1 + depth);
    for (const char *condition : {"eq", "ne", "lt", "ge"})
      for (int x : {-1, 0, 1})
        text += format("br fn=%s ra=r9 rb=r9 x=%d imm=2\nsalu fn=add rd=r11 ra=r11 x=%d\n", condition, x,
                       1 << (x + 1));
    text += "loop rows=0\nsalu fn=add rd=r12 x=99\nnext\nhalt\n";
    add("scalars", text);
    data(0x1800, std::vector<int32_t>{-123456789, 77, 0, 0});
  }

  /// Transfers that wait in their queue when the sequencer signals.
  void signals() {
    add("the sequencer's signal",
        "load ta=i8 dst=0 pd=4 rows=1 cols=4 x=0 px=4 wait=3\nnop\nnop signal=3\nhalt\n", plainMachine());
  }

  /// 255 tokens of one semaphore, all of them taken again.
  void tokens() {
    std::string text;
    for (int i = 0; i != 36; ++i)
      text += "nop signal=5:7\n";
    text += "nop signal=5:3\nload ta=i8 dst=0 x=0 rows=1 cols=4 px=4 wait=5:3 signal=6:7 signal=7:1\n";
    for (int i = 0; i != 36; ++i)
      text += "nop wait=5:7\n";
    add("tokens", text + "nop wait=6:7 wait=7:1\nhalt\n");
  }

  /// Operands that end with a bank, while others use the next; and such as share one.
  void banks() {
    Machine machine = plainMachine();
    machine.weight_port_bytes = 1;
    int C = number(kColumns), R = number(kRows), end = number(machine.scratchpadBankBytes());
    add("neighbouring banks",
        format("wload ta=i8 mask=1 a=%d pa=%d rows=%d cols=%d\nvector mask=1 fn=first td=f32 ta=i8 a=%d "
               "pa=%d dst=acc0 pd=%d rows=5 cols=%d\n"
               "wload ta=i8 mask=1 a=%d pa=%d rows=%d cols=%d bank\nvector mask=1 fn=first td=f32 ta=i8 a=%d "
               "pa=%d dst=acc0 pd=%d rows=5 cols=%d\nhalt\n",
               end - R * C, C, R, C, end, C, 4 * C, C, end - R * C, C, R, C, end - 5 * C, C, 4 * C, C),
        machine);
  }

  void limits() {
    Machine machine = plainMachine();
    machine.queue_depth = 1, machine.dma_in_flight = 1, machine.scratchpad_banks = 1,
    machine.accumulator_banks = 1, machine.vector_latency = 1, machine.dram_latency = 1;
    gemm("i8", 5, 2 * number(kRows), number(kColumns), machine, "a machine of ones");
    add("rows of nothing",
        "load ta=i8 dst=0 x=0 rows=0 cols=4\nstore ta=i8 a=0 x=0 rows=0 cols=4\nwload ta=i8 mask=1 a=0 "
        "rows=0 cols=1\nmatmul ta=i8 mask=1 a=0 rows=0 cols=1 px=1 release\n"
        "vector mask=1 fn=first td=f32 ta=f32 rows=0 cols=1\nrequant mask=1 rows=0 cols=1\ntranspose mask=1 "
        "ta=i8 rows=0 cols=1\nload ta=i8 gather dst=0 x=0 rows=0 cols=4\nhalt\n");
  }
};

} // namespace

std::vector<Sample> twin::writtenSamples() {
  Writer writer;
  writer.functions();
  writer.requantization();
  writer.wideMultiplier();
  writer.ontoTheSource();
  writer.products();
  writer.outputStationary();
  writer.rowsThatGoDown();
  writer.softmax();
  writer.pages();
  writer.scalars();
  writer.signals();
  writer.tokens();
  writer.banks();
  writer.limits();
  return std::move(writer.samples);
}
