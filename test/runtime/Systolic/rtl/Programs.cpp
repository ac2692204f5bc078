// The generator of random programs. It knows what every instruction reads and writes, and orders an
// instruction after an earlier one that it conflicts with by a token, unless their unit or tokens given
// before do; where tokens run out, a barrier does. All waits are for instructions that come earlier in the
// program, so nothing can wait forever.
#include "Programs.h"

#include "../Execution.h"

#include <algorithm>
#include <bitset>
#include <cstdlib>

using namespace girih::systolic;
using namespace girih::systolic::twin;

namespace {

constexpr unsigned kPad = 8, kDram = 9, kMaxNodes = 64;
/// The scratchpad's and the DRAM's first bytes hold tables for gathers (entries of up to 7, some negative)
/// and requantization.
constexpr int64_t kPageTable = 0, kPageEntries = 64, kRequantTable = 256, kTableBytes = 640,
                  kMaxPageEntry = 7;

struct Range {
  unsigned memory;
  int64_t low, high;
  bool write;
  bool atIssue = false; // a gather's table, which is read when the instruction issues
};

using Nodes = std::bitset<kMaxNodes>;
struct Node {
  Queue queue;
  int64_t mask;
  std::vector<Range> ranges;
  Nodes before;
  size_t code;
};

class Generator {
public:
  explicit Generator(uint64_t seed) : random{seed} {}

  Sample run() {
    machine();
    memory();
    registers();
    prologue();
    int64_t length = 16 + below(64);
    while (int64_t(program.code.size()) < length)
      section();
    flush();
    op(Op::halt);
    return {"", m, program};
  }

private:
  Random random;
  Machine m;
  Program program;
  std::vector<Node> nodes;
  Nodes sequencerKnows;
  std::array<Nodes, kQueues> queueKnows;
  unsigned semaphore = 0; // the next one that is not in use
  struct Weights {
    bool full = false, sparse = false;
    int64_t type = 0;
  };
  std::array<std::array<Weights, 2>, 8> weights = {};
  std::array<int64_t, kRegisters> known = {}; // r1 to r12: what they hold at this point of the program
  // In a loop: registers that advance, by how much, how often.
  int64_t advancing = 0, advance = 0, times = 1;
  bool freezeRegisters = false;

  int64_t below(int64_t n) { return random.below(n); }
  int64_t between(int64_t low, int64_t high) { return low + below(high - low + 1); }
  bool chance(int64_t percent) { return below(100) < percent; }
  template <typename T> T oneOf(std::initializer_list<T> list) {
    return list.begin()[below(int64_t(list.size()))];
  }

  //===- Machine, memory, registers
  //-------------------------------------------------------------------------------------===//

  void machine() {
    m = plainMachine();
    m.shadow_weights = chance(75);
    m.scratchpad_banks = oneOf<int64_t>({1, 2, 4, 8, 8, 7});
    m.scratchpad_bytes = kPadBytes / m.scratchpad_banks / 4 * 4 * m.scratchpad_banks;
    m.scratchpad_element_bytes = between(1, 4);
    m.accumulator_banks = oneOf<int64_t>({1, 2, 4, 8, 3});
    m.accumulator_bytes = kAccumulatorBytes / m.accumulator_banks / 4 * 4 * m.accumulator_banks;
    m.weight_port_bytes = chance(60) ? std::min<int64_t>(kMaxPortBytes, kColumns * between(1, 2))
                                     : between(std::max<int64_t>(1, kColumns / 2), kMaxPortBytes);
    m.vector_latency = between(1, 7);
    for (int64_t Machine::*cycles :
         {&Machine::vector_cycles_simple, &Machine::vector_cycles_exp2, &Machine::vector_cycles_recip,
          &Machine::vector_cycles_rsqrt, &Machine::vector_cycles_sigmoid, &Machine::vector_cycles_silu,
          &Machine::vector_cycles_tanh, &Machine::vector_cycles_gelu})
      m.*cycles = chance(60) ? 1 : between(1, 4);
    m.dram_latency = chance(20) ? 1 : between(1, 60);
    m.dma_in_flight = between(1, kMaxInFlight);
    m.queue_depth = chance(30) ? between(1, 3) : between(1, kMaxQueue);
    m.dram_bytes_per_cycle = oneOf<int64_t>({9, 24, 40, 64, 77, 128, 128, 200, 256, 256});
    m.matmul_cycles_i8 = oneOf<int64_t>({4, 4, 5, 8, 8, 8, 12, 20});
    m.matmul_cycles_bf16 = oneOf<int64_t>({4, 8, 8, 8, 11, 16, 32});
  }

  /// 64 bytes of one kind: integers, numbers of a sensible size in either float type, or anything.
  void chunk(uint8_t *to) {
    int64_t kind = below(5);
    for (int i = 0; i != 16; ++i) {
      uint32_t word = uint32_t(random.next());
      if (kind == 1)
        word = uint32_t(int32_t(word) >> between(8, 24));
      if (kind == 2) // about 1
        word = (word & 0x807fffff) | uint32_t(between(118, 132)) << 23;
      if (kind == 3)
        word = (word & 0x807f807f) | uint32_t(between(118, 132)) << 23 | uint32_t(between(118, 132)) << 7;
      if (kind == 4 && chance(20)) // rare numbers
        word = oneOf<uint32_t>({0,          0x80000000, 0x7f800000, 0xff800000, 0x7fc00000,
                                0x00800000, 0x80800001, 0x3f800000, 0x7f7fffff, 0x007fffff,
                                0x43000000, 0xc2fc0000, 0x41000000, 0x3e800000, 0x7f807f80,
                                0x00800080, 0x4b000001, 0x4f000000, 0xcf000000, 0x42ff0000});
      memcpy(to + 4 * i, &word, 4);
    }
  }

  void memory() {
    DramSegment segment;
    segment.bytes.resize(size_t(m.dram_bytes));
    for (size_t at = 0; at != segment.bytes.size(); at += 64)
      chunk(&segment.bytes[at]);
    auto put = [&](int64_t at, int32_t value) { memcpy(&segment.bytes[size_t(at)], &value, 4); };
    for (int64_t i = 0; i != kPageEntries; ++i)
      put(kPageTable + 4 * i, int32_t(chance(15) ? -between(1, 1000) : below(kMaxPageEntry + 1)));
    for (int64_t table = 0; table != 2; ++table)
      for (int64_t j = 0; j != 16; ++j) {
        put(kRequantTable + 192 * table + 4 * j, int32_t(random.next()));
        put(kRequantTable + 192 * table + 64 + 4 * j,
            int32_t(chance(20) ? between(-3, 70) : between(20, 40)));
        put(kRequantTable + 192 * table + 128 + 4 * j, int32_t(random.next()) >> between(0, 24));
      }
    program.memory.push_back(std::move(segment));
  }

  void registers() {
    for (unsigned i = 1; i != kRegisters; ++i)
      program.registers[i] = i <= 12 ? (chance(50) ? between(-64, 64) : between(-100000, 100000))
                                     : int64_t(random.next()) >> between(0, 60);
    for (unsigned i = 1; i <= 12; ++i)
      known[i] = program.registers[i];
  }

  //===- Order
  //----------------------------------------------------------------------------------------------------------===//

  Instruction &op(Op which) {
    Instruction &i = program.code.emplace_back();
    i.op = int64_t(which);
    return i;
  }

  /// All that came before is over.
  void flush() {
    op(Op::barrier);
    nodes.clear();
    sequencerKnows.reset();
    for (Nodes &known : queueKnows)
      known.reset();
    semaphore = 0;
  }

  static bool sameUnit(const Node &p, Queue queue, int64_t mask) {
    return p.queue == queue && (queue == Queue::LD || queue == Queue::ST || (p.mask & mask));
  }
  static bool conflict(const Range &p, const Range &q) {
    return p.memory == q.memory && p.low < q.high && q.low < p.high && (p.write || q.write);
  }

  /// What must retire first, and is not known to.
  std::vector<size_t> needs(const std::vector<Range> &ranges, const Nodes &knows, const Nodes &knowsAtIssue) {
    std::vector<size_t> out;
    for (size_t j = 0; j != nodes.size(); ++j)
      for (const Range &range : ranges)
        if (!(range.atIssue ? knowsAtIssue : knows)[j] &&
            std::any_of(nodes[j].ranges.begin(), nodes[j].ranges.end(),
                        [&](const Range &r) { return conflict(r, range); })) {
          out.push_back(j);
          break;
        }
    // One that another of them waited for needs no token of its own; now and then it gets one.
    Nodes covered;
    for (size_t j : out)
      covered |= nodes[j].before;
    std::erase_if(out, [&](size_t j) { return covered[j] && !chance(10); });
    return out;
  }

  bool canSignal(size_t j) const {
    return program.code[nodes[j].code].signal0 == 0 || program.code[nodes[j].code].signal1 == 0;
  }
  void signal(size_t j, unsigned which, int64_t count) {
    Instruction &i = program.code[nodes[j].code];
    bool second = i.signal0 != 0 || (i.signal1 == 0 && chance(20));
    (second ? i.signal1 : i.signal0) = tokenField(which, unsigned(count));
  }

  /// Makes `waiter` wait for the nodes, by one semaphore or two.
  bool wait(Instruction &waiter, const std::vector<size_t> &list) {
    if (list.empty())
      return true;
    bool two = list.size() > 1 && chance(50);
    if (list.size() > 6 || semaphore + two >= 28 || waiter.wait0 || waiter.wait1 ||
        !std::all_of(list.begin(), list.end(), [&](size_t j) { return canSignal(j); }))
      return false;
    int64_t totals[2] = {};
    for (size_t n = 0; n != list.size(); ++n) {
      bool second = two && n % 2;
      int64_t count = list.size() < 3 ? between(1, 3) : 1;
      signal(list[n], semaphore + second, count);
      totals[second] += count;
    }
    waiter.wait0 = tokenField(semaphore, unsigned(totals[0]));
    if (two)
      waiter.wait1 = tokenField(semaphore + 1, unsigned(totals[1]));
    semaphore += two ? 2 : 1;
    if (!two && chance(30))
      std::swap(waiter.wait0, waiter.wait1);
    return true;
  }

  Nodes closure(const std::vector<size_t> &list) const {
    Nodes out;
    for (size_t j : list)
      out |= nodes[j].before, out.set(j);
    return out;
  }

  void emit(Instruction instruction, std::vector<Range> ranges) {
    std::erase_if(ranges, [](const Range &r) { return r.low >= r.high; });
    Queue queue = opInfo(unsigned(instruction.op))->queue;
    unsigned q = unsigned(queue);
    if (nodes.size() == kMaxNodes)
      flush();
    Nodes atIssue = sequencerKnows | queueKnows[q], knows = atIssue;
    for (size_t j = 0; j != nodes.size(); ++j)
      if (sameUnit(nodes[j], queue, instruction.mask))
        knows |= nodes[j].before, knows.set(j);
    std::vector<size_t> list = needs(ranges, knows, atIssue);
    Instruction nop;
    nop.op = int64_t(Op::nop);
    if (!list.empty() && chance(15) && wait(nop, list)) { // the sequencer waits
      program.code.push_back(nop);
      sequencerKnows |= closure(list);
      knows |= closure(list);
      list.clear();
    }
    if (!wait(instruction, list)) {
      flush();
      knows.reset();
      list.clear();
    }
    knows |= closure(list);
    queueKnows[q] |= sequencerKnows | closure(list);
    if (!instruction.wait0 && !instruction.wait1 && semaphore < 28 &&
        chance(5)) { // a token from the sequencer
      Instruction &from = op(Op::nop);
      (chance(50) ? from.signal0 : from.signal1) = tokenField(semaphore, 2);
      instruction.wait1 = tokenField(semaphore++, 2);
    }
    nodes.push_back({queue, instruction.mask, std::move(ranges), knows, program.code.size()});
    program.code.push_back(instruction);
  }

  //===- Operands
  //-------------------------------------------------------------------------------------------------------===//

  /// Adds a register to a field; the sum stays what it was.
  void use(int64_t &field, int64_t &number) {
    if (!chance(25))
      return;
    number = between(1, 8);
    field -= known[size_t(number)];
  }

  /// A field that a loop's register advances. Returns by how much the operand moves over the loop's
  /// iterations.
  int64_t useAdvancing(int64_t &field, int64_t &number) {
    if (!advancing || number || !chance(60))
      return 0;
    number = advancing;
    field -= known[size_t(advancing)];
    return (times - 1) * advance;
  }

  struct Place {
    unsigned memory;
    int64_t address, pitch;
  };

  int64_t sizeOf(unsigned memory) const { return memory == kPad ? m.scratchpad_bytes : m.accumulator_bytes; }

  /// Rows of `bytes` somewhere in a local memory, aligned to `element`. With room for what a loop adds.
  Place place(bool accumulators, int64_t rows, int64_t bytes, int64_t element, bool mayOverlap = true) {
    Place p;
    p.memory = accumulators ? unsigned(below(kArrays)) : kPad;
    bytes = (bytes + element - 1) / element * element;
    int64_t room =
        sizeOf(p.memory) - (p.memory == kPad ? kTableBytes : 0) - std::abs(times - 1) * std::abs(advance) * 2;
    int64_t most = rows > 1 ? (room - bytes) / (rows - 1) / element * element : bytes;
    p.pitch = std::min(most, chance(40) ? bytes : bytes + element * below(chance(50) ? 4 : 40));
    if (mayOverlap && chance(6))
      p.pitch = oneOf<int64_t>({0, 0, element, -bytes});
    if (rows < 2 && chance(30))
      p.pitch = element * between(-5, 5);
    int64_t extent = bytes + std::max<int64_t>(rows - 1, 0) * std::abs(p.pitch);
    // Few places, so that instructions meet.
    int64_t free = std::max<int64_t>(0, room - extent),
            offset = chance(50) ? free * below(4) / 4 : below(free + 1);
    offset += (p.memory == kPad ? kTableBytes : 0) + std::max<int64_t>(0, times - 1) * std::abs(advance);
    offset = (offset + element - 1) / element * element;
    offset = std::min(offset, (sizeOf(p.memory) - extent) / element * element);
    if (p.pitch < 0)
      offset += std::max<int64_t>(rows - 1, 0) * -p.pitch;
    p.address = p.memory == kPad ? offset : int64_t(accumulatorAddress(p.memory, uint32_t(offset)));
    return p;
  }

  static Range range(const Place &p, int64_t rows, int64_t bytes, bool write, int64_t moves) {
    int64_t offset = p.address & kLocalOffsetMask, last = offset + (rows - 1) * p.pitch;
    Range r{p.memory, std::min(offset, last), std::max(offset, last) + bytes, write};
    if (rows <= 0)
      return {p.memory, 0, 0, write};
    r.low += std::min<int64_t>(0, moves), r.high += std::max<int64_t>(0, moves);
    return r;
  }

  int64_t anyType() { return between(1, 4); }
  int64_t wideType() { return between(3, 4); }
  static int64_t bytesOf(int64_t type) { return typeBytes(unsigned(type)); }
  int64_t someRows(int64_t most) { return chance(4) ? 0 : between(1, most); }

  /// Signed fields have 32 bits: an address of the accumulators is a negative number there.
  static void settle(Instruction &i) {
    for (unsigned f = 0; f != kFields; ++f)
      if (fieldInfo(Field(f)).isSigned && fieldInfo(Field(f)).width == 32)
        i[Field(f)] = int32_t(uint32_t(uint64_t(i[Field(f)])));
  }

  //===- Instructions
  //---------------------------------------------------------------------------------------------------===//

  void dma(bool load) {
    Instruction i;
    i.op = int64_t(load ? Op::load : Op::store), i.ta = anyType();
    int64_t t = bytesOf(i.ta), rows = someRows(10), cols = between(1, 20), rowBytes = cols * t;
    bool transposed = chance(25), gather = chance(25);
    Place p = transposed ? place(chance(25), cols, rows * t, t) : place(chance(25), rows, rowBytes, t);
    int64_t &address = load ? i.dst : i.a, &number = load ? i.rd : i.ra;
    (load ? i.pd : i.pa) = p.pitch;
    address = p.address, i.rows = rows, i.cols = cols;
    i.px = chance(45) ? rowBytes : chance(8) ? -rowBytes : chance(10) ? 0 : rowBytes + below(40);
    i.flags = (transposed ? flag::load_transpose : 0) | (gather ? flag::load_gather : 0);
    int64_t lastRow = std::max<int64_t>(0, rows - 1);
    std::vector<Range> ranges;
    if (gather) {
      i.fn = below(3), i.px = std::abs(i.px);
      lastRow = (kMaxPageEntry << i.fn) + 3;
      i.imm = below(24);
      int64_t first = i.imm >> i.fn, last = (i.imm + std::max<int64_t>(0, rows - 1)) >> i.fn;
      i.b = kPageTable + 4 * below(kPageEntries - last);
      ranges.push_back({kPad, i.b + 4 * first, rows ? i.b + 4 * last + 4 : 0, false, true});
    }
    int64_t extent = rowBytes + lastRow * std::abs(i.px),
            low = kTableBytes + below(m.dram_bytes - kTableBytes - extent - 8 * 256);
    i.x = i.px < 0 ? low + lastRow * -i.px : low;
    int64_t moves = useAdvancing(address, number), movesX = useAdvancing(i.x, i.rx);
    if (rows)
      ranges.push_back(
          {kDram, low + std::min<int64_t>(0, movesX), low + extent + std::max<int64_t>(0, movesX), !load});
    ranges.push_back(transposed ? range(p, rows ? cols : 0, rows * t, load, moves)
                                : range(p, rows, rowBytes, load, moves));
    if (!number)
      use(address, number);
    if (!i.rx)
      use(i.x, i.rx);
    use(i.rows, i.rn), use(i.cols, i.rk);
    if (gather)
      use(i.b, i.rb), use(i.imm, i.ri);
    settle(i);
    emit(i, std::move(ranges));
  }

  void wload() {
    Instruction i;
    bool second = m.shadow_weights && chance(50);
    int64_t mask = 0;
    for (int64_t array = 0; array != kArrays; ++array)
      if (!weights[size_t(array)][second].full && (chance(60) || !mask))
        mask |= int64_t(1) << array;
    if (!mask)
      return;
    i.op = int64_t(Op::wload), i.ta = between(1, 2), i.mask = mask;
    bool sparse = kRows % 2 == 0 && chance(30), transposed = !sparse && chance(35);
    i.flags = (second ? flag::wload_bank : 0) | (sparse ? flag::wload_sparse : 0) |
              (transposed ? flag::wload_transpose : 0);
    int64_t mostRows = transposed ? kColumns : kRows, mostCols = transposed ? kRows : kColumns,
            t = bytesOf(i.ta);
    i.rows = chance(50) ? mostRows : someRows(mostRows),
    i.cols = chance(50) ? mostCols : between(1, mostCols);
    Place a = place(false, i.rows, i.cols * t, t);
    i.a = a.address, i.pa = a.pitch;
    int64_t moves = useAdvancing(i.a, i.ra);
    std::vector<Range> ranges = {range(a, i.rows, i.cols * t, false, moves)};
    if (sparse) {
      Place b = place(false, i.rows, (i.cols + 3) / 4, 1);
      i.b = b.address, i.pb = b.pitch;
      ranges.push_back(range(b, i.rows, (i.cols + 3) / 4, false, 0));
      use(i.b, i.rb);
    }
    if (!i.ra)
      use(i.a, i.ra);
    use(i.rows, i.rn), use(i.cols, i.rk);
    for (size_t array = 0; array != size_t(kArrays); ++array)
      if (mask >> array & 1)
        weights[array][second] = {true, sparse, i.ta};
    settle(i);
    emit(i, std::move(ranges));
  }

  /// A matmul on full banks of one kind; returns false if there are none.
  bool matmul(bool release) {
    std::vector<std::pair<size_t, size_t>> full;
    for (size_t array = 0; array != size_t(kArrays); ++array)
      for (size_t bank = 0; bank != 2; ++bank)
        if (weights[array][bank].full)
          full.push_back({array, bank});
    if (full.empty())
      return false;
    auto [first, bank] = full[size_t(below(int64_t(full.size())))];
    const Weights kind = weights[first][bank];
    Instruction i;
    i.op = int64_t(Op::matmul), i.ta = kind.type, i.mask = int64_t(1) << first;
    for (size_t array = 0; array != size_t(kArrays); ++array)
      if (Weights &w = weights[array][bank];
          w.full && w.type == kind.type && w.sparse == kind.sparse && chance(60))
        i.mask |= int64_t(1) << array;
    bool accumulate = chance(45);
    i.flags = (bank ? flag::matmul_bank : 0) | (release ? flag::matmul_release : 0) |
              (kind.sparse ? flag::matmul_sparse : 0) | (accumulate ? flag::matmul_accumulate : 0);
    int64_t t = bytesOf(i.ta), lanes = kRows * (kind.sparse ? 2 : 1);
    i.rows = someRows(20), i.cols = chance(50) ? lanes : between(1, lanes),
    i.px = chance(50) ? kColumns : between(1, kColumns);
    if (i.ta == int64_t(Type::i8) && chance(40))
      i.imm = between(-128, 127);
    int64_t fromA = std::min(i.cols, kRows), fromB = i.cols - fromA;
    Place a = place(false, i.rows, fromA * t, t), d = place(true, i.rows, 4 * i.px, 4);
    i.a = a.address, i.pa = a.pitch, i.dst = d.address & kLocalOffsetMask, i.pd = d.pitch;
    int64_t moves = useAdvancing(i.a, i.ra);
    std::vector<Range> ranges = {range(a, i.rows, fromA * t, false, moves)};
    if (fromB) {
      Place b = place(false, i.rows, fromB * t, t);
      i.b = b.address, i.pb = b.pitch;
      ranges.push_back(range(b, i.rows, fromB * t, false, 0));
      use(i.b, i.rb);
    }
    for (unsigned array = 0; array != unsigned(kArrays); ++array)
      if (i.mask >> array & 1) {
        d.memory = array;
        ranges.push_back(range(d, i.rows, 4 * i.px, true, 0));
        if (release)
          weights[array][bank].full = false;
      }
    use(i.dst, i.rd), use(i.rows, i.rn), use(i.cols, i.rk);
    if (i.ta == int64_t(Type::i8))
      use(i.imm, i.ri);
    if (!i.ra)
      use(i.a, i.ra);
    settle(i);
    emit(i, std::move(ranges));
    return true;
  }

  void releaseAll() {
    while (matmul(true))
      ;
  }

  int64_t someFloat() {
    uint32_t bits = chance(15)
                        ? oneOf<uint32_t>({0, 0x80000000, 0x7f800000, 0x7fc00000, 0x3f800000, 0x00000001})
                        : uint32_t(random.next() & 0x807fffff) | uint32_t(between(120, 131)) << 23;
    return int32_t(bits);
  }

  void vector() {
    Instruction i;
    i.op = int64_t(Op::vector), i.mask = int64_t(1) << below(kArrays);
    int64_t combine = below(7), function = chance(35) ? 0 : below(11);
    i.fn = combine | function << 4;
    bool readsA = combine != int64_t(Combine::second), wantsB = combine != int64_t(Combine::first);
    bool constant = wantsB && chance(25), reduce = chance(25), accumulate = chance(30),
         max = (reduce || accumulate) && chance(40);
    bool scalar = wantsB && !constant && chance(30), scale = !constant && chance(25),
         readsB = wantsB && !constant;
    for (auto [on, bit] : {std::pair(reduce, flag::vector_reduce),
                           {accumulate, flag::vector_accumulate},
                           {max, flag::vector_max},
                           {scale, flag::vector_scale},
                           {scalar, flag::vector_scalar},
                           {constant, flag::vector_constant}})
      i.flags |= on ? bit : 0;
    bool aWide = chance(45), bWide = chance(45), dWide = chance(45);
    i.ta = !readsA && chance(50) ? 0 : aWide ? wideType() : anyType();
    i.tb = !readsB ? 0 : bWide ? wideType() : anyType();
    i.td = dWide ? wideType() : anyType();
    i.rows = someRows(8), i.cols = chance(40) ? kColumns : between(1, kColumns);
    i.px = chance(20) ? between(1, kColumns) : 0;
    if (constant || scale)
      i.imm = someFloat();
    std::vector<Range> ranges;
    Place d = place(dWide, i.rows, (reduce ? 1 : i.cols) * bytesOf(i.td), bytesOf(i.td));
    if (accumulate && chance(20))
      d.pitch = 0;
    i.dst = d.address, i.pd = d.pitch;
    int64_t moves = useAdvancing(i.dst, i.rd);
    ranges.push_back(range(d, i.rows, (reduce ? 1 : i.cols) * bytesOf(i.td), true, moves));
    if (readsA) {
      Place a = place(aWide, i.rows, i.cols * bytesOf(i.ta), bytesOf(i.ta));
      if (i.ta == i.td && !reduce && chance(25))
        a = d;
      i.a = a.address, i.pa = a.pitch;
      int64_t movesA = useAdvancing(i.a, i.ra);
      ranges.push_back(range(a, i.rows, i.cols * bytesOf(i.ta), false, movesA));
    }
    if (readsB) {
      Place b = place(bWide, i.rows, (scalar ? 1 : i.cols) * bytesOf(i.tb), bytesOf(i.tb));
      if (chance(15))
        b.pitch = 0;
      i.b = b.address, i.pb = b.pitch;
      ranges.push_back(range(b, i.rows, (scalar ? 1 : i.cols) * bytesOf(i.tb), false, 0));
      use(i.b, i.rb);
    }
    if (!i.rd)
      use(i.dst, i.rd);
    if (!i.ra && readsA)
      use(i.a, i.ra);
    use(i.rows, i.rn), use(i.cols, i.rk);
    if (i.flags & (flag::vector_constant | flag::vector_scale))
      use(i.imm, i.ri);
    settle(i);
    emit(i, std::move(ranges));
  }

  void requant() {
    Instruction i;
    i.op = int64_t(Op::requant), i.mask = int64_t(1) << below(kArrays);
    i.rows = someRows(8), i.cols = chance(40) ? kColumns : between(1, kColumns);
    Place a = place(chance(70), i.rows, 4 * i.cols, 4), d = place(false, i.rows, i.cols, 1);
    i.a = a.address, i.pa = a.pitch, i.dst = d.address, i.pd = d.pitch;
    i.b = kRequantTable + 192 * below(2), i.pb = 64;
    int64_t low = between(-128, 127), high = between(-128, 127);
    i.imm = (below(256)) | (std::min(low, high) & 255) << 8 | (std::max(low, high) & 255) << 16;
    std::vector<Range> ranges = {range(a, i.rows, 4 * i.cols, false, 0),
                                 range(d, i.rows, i.cols, true, 0),
                                 {kPad, i.b, i.rows ? i.b + 128 + 4 * i.cols : 0, false}};
    use(i.dst, i.rd), use(i.a, i.ra), use(i.b, i.rb), use(i.rows, i.rn), use(i.cols, i.rk), use(i.imm, i.ri);
    settle(i);
    emit(i, std::move(ranges));
  }

  void transpose() {
    Instruction i;
    bool wide = chance(40);
    i.op = int64_t(Op::transpose), i.mask = int64_t(1) << below(kArrays),
    i.ta = wide ? wideType() : anyType();
    i.rows = someRows(kColumns), i.cols = between(1, kColumns);
    int64_t t = bytesOf(i.ta);
    Place a, d;
    Range from, to;
    do {
      a = place(wide && chance(60), i.rows, i.cols * t, t),
      d = place(wide && chance(60), i.rows ? i.cols : 0, i.rows * t, t, false);
      from = range(a, i.rows, i.cols * t, false, 0), to = range(d, i.rows ? i.cols : 0, i.rows * t, true, 0);
    } while (i.rows && conflict(from, to));
    i.a = a.address, i.pa = a.pitch, i.dst = d.address, i.pd = d.pitch;
    use(i.dst, i.rd), use(i.a, i.ra), use(i.rows, i.rn), use(i.cols, i.rk);
    settle(i);
    emit(i, {from, to});
  }

  /// Scalar code on r14 to r31, whose values nobody needs to know.
  void scalar() {
    Instruction &i = op(Op::salu);
    i.fn = below(11), i.rd = chance(5) ? 0 : between(14, 31), i.ra = between(0, 31), i.rb = between(0, 31);
    i.x = chance(50) ? between(-8, 8) : int64_t(random.next());
    if (i.fn == int64_t(Scalar::div_) || i.fn == int64_t(Scalar::rem_)) {
      i.rb = 0;
      if (i.x == 0)
        i.x = -1;
    }
  }

  /// A register whose value addresses use.
  void knownScalar() {
    if (freezeRegisters)
      return;
    Instruction &i = op(Op::salu);
    i.fn = oneOf<int64_t>({0, 1, 2}), i.rd = between(1, 8), i.ra = between(1, 8), i.x = between(-3, 9);
    uint64_t a = uint64_t(known[size_t(i.ra)]), b = uint64_t(i.x),
             result = i.fn == 0   ? a + b
                      : i.fn == 1 ? a - b
                                  : a * b;
    if (int64_t(result) > 1000000 || int64_t(result) < -1000000) {
      program.code.pop_back();
      return;
    }
    known[size_t(i.rd)] = int64_t(result);
  }

  void scalarLoad() {
    Instruction i;
    i.op = int64_t(Op::sload), i.rd = between(14, 31);
    Place p = place(chance(40), 1, 4, 4);
    i.a = p.address;
    std::vector<Range> ranges = {range(p, 1, 4, false, 0)};
    use(i.a, i.ra);
    settle(i);
    std::vector<size_t> list = needs(ranges, sequencerKnows, sequencerKnows);
    if (!wait(i, list))
      flush();
    else
      sequencerKnows |= closure(list);
    program.code.push_back(i);
  }

  void small() {
    switch (below(5)) {
    case 0:
      op(Op::nop);
      return;
    case 1:
      op(Op::tag).imm = between(-5, 100);
      return;
    case 2:
      return knownScalar();
    case 3:
      return scalarLoad();
    default:
      return scalar();
    }
  }

  /// A branch over a few scalar instructions, either way.
  void branch() {
    size_t at = program.code.size();
    Instruction &i = op(Op::br);
    i.fn = below(4), i.ra = between(0, 31), i.rb = chance(50) ? i.ra : between(0, 31), i.x = between(-1, 1);
    for (int64_t n = between(1, 3); n; --n)
      chance(40) ? (void)op(Op::tag) : scalar();
    program.code[at].imm = int64_t(program.code.size() - at);
  }

  void instruction() {
    int64_t which = below(100);
    if (which < 20)
      dma(true);
    else if (which < 32)
      dma(false);
    else if (which < 44)
      wload();
    else if (which < 60)
      matmul(chance(50)) ? void() : wload();
    else if (which < 80)
      vector();
    else if (which < 85)
      requant();
    else if (which < 89)
      transpose();
    else if (which < 92)
      branch();
    else
      small();
  }

  //===- Structure
  //------------------------------------------------------------------------------------------------------===//

  void prologue() {
    Instruction i;
    i.op = int64_t(Op::load), i.ta = int64_t(Type::i32), i.rows = 1, i.cols = kTableBytes / 4,
    i.px = kTableBytes;
    program.code.push_back(i);
    flush();
    for (int64_t n = between(2, 5); n; --n)
      dma(true);
  }

  void straight(int64_t count) {
    while (count--)
      instruction();
  }

  /// A body that begins and ends with free banks and a barrier may run any number of times.
  void body(int64_t count) {
    flush();
    freezeRegisters = true;
    straight(count);
    releaseAll();
    flush();
    freezeRegisters = false;
  }

  void countedLoop() {
    releaseAll();
    Instruction loop;
    loop.op = int64_t(Op::loop), times = chance(10) ? between(-1, 0) : between(1, 3), loop.rows = times;
    bool skipped = times <= 0;
    if (skipped)
      times = 1;
    use(loop.rows, loop.rn);
    size_t at = program.code.size();
    program.code.push_back(loop);
    advancing = between(9, 12), advance = 4 * between(-6, 6);
    body(between(2, 7));
    if (chance(30)) { // a loop inside
      Instruction &inner = op(Op::loop);
      inner.rows = between(1, 3), inner.cols = 2;
      op(Op::nop);
      op(Op::next);
    }
    Instruction &next = op(Op::next);
    int64_t &number = oneOf<int64_t *>({&next.rd, &next.ra, &next.rb})[0];
    number = advancing;
    (&number == &next.rd ? next.dst : &number == &next.ra ? next.a : next.b) = advance;
    if (chance(50)) { // another register too, that nobody uses
      int64_t &other = number == next.rd ? next.ra : next.rd;
      other = 13;
      (&other == &next.rd ? next.dst : next.a) = between(-9, 9);
    }
    program.code[at].cols = int64_t(program.code.size() - at - 1);
    if (!skipped)
      known[size_t(advancing)] += times * advance;
    advancing = 0, advance = 0, times = 1;
    flush();
  }

  void branchLoop() {
    releaseAll();
    flush();
    Instruction &start = op(Op::salu);
    start.fn = int64_t(Scalar::add_), start.rd = 13, start.x = between(1, 2);
    size_t at = program.code.size();
    body(between(2, 5));
    Instruction &count = op(Op::salu);
    count.fn = int64_t(Scalar::sub_), count.rd = count.ra = 13, count.x = 1;
    Instruction &again = op(Op::br);
    again.fn = int64_t(Condition::ne), again.ra = 13,
    again.imm = int64_t(at) - int64_t(program.code.size() - 1);
    flush();
  }

  void skippedBlock() {
    releaseAll();
    flush();
    size_t at = program.code.size();
    Instruction &i = op(Op::br);
    i.fn = below(4), i.ra = between(13, 31), i.rb = between(0, 31);
    body(between(2, 5));
    program.code[at].imm = int64_t(program.code.size() - at);
  }

  void section() {
    int64_t which = below(10);
    if (which < 6)
      straight(between(4, 16));
    else if (which < 8)
      countedLoop();
    else if (which < 9)
      branchLoop();
    else
      skippedBlock();
    if (chance(20))
      flush();
  }
};

} // namespace

Sample twin::randomSample(uint64_t seed) {
  Sample sample = Generator(Random{seed}.next()).run();
  sample.name = "random " + std::to_string(seed);
  return sample;
}

//===- Coverage
//----------------------------------------------------------------------------------------------------------===//

static const char *typeName(int64_t type) {
  switch (Type(type)) {
#define SYSTOLIC_TYPE(name, code, bytes)                                                                     \
  case Type::name:                                                                                           \
    return #name;
#include "girih-runtime/SystolicISA.def"
  }
  return "?";
}

void Coverage::add(const Sample &sample, const Outcome &outcome) {
  const Machine &m = sample.machine;
  auto note = [&](const std::string &what) { ++seen[what]; };
  for (const Event &event : outcome.events) {
    const Instruction &i = sample.program.code[size_t(event.index)];
    const OpInfo &info = *opInfo(unsigned(i.op));
    std::string name = info.name;
    note(name);
    for (unsigned bit = 0; bit != 8; ++bit)
      if (i.flags >> bit & 1)
        note(name + " " + flagName(info.op, bit));
    for (auto [field, text] : {std::pair(Field::td, " td="), {Field::ta, " ta="}, {Field::tb, " tb="}})
      if (i[field])
        note(name + text + typeName(i[field]));
    for (Field field : {Field::ri, Field::rd, Field::ra, Field::rb, Field::rx, Field::rn, Field::rk})
      if (i[field])
        note(name + " register " + fieldInfo(field).name);
    for (Field field : {Field::wait0, Field::wait1, Field::signal0, Field::signal1})
      if (i[field])
        note(std::string(info.queue == Queue::SEQ ? "sequencer " : "queue ") + fieldInfo(field).name);
    if (info.op == Op::salu || info.op == Op::br || info.op == Op::vector) {
      std::string function = functionText(i);
      size_t dot = function.find('.');
      note(name + " " + function.substr(0, dot));
      note(name + " ." + (dot == function.npos ? "id" : function.substr(dot + 1)));
    }
    if (info.queue != Queue::SEQ && i.rn == 0 && i.rows == 0)
      note(name + " of no rows");
    if (i.mask & (i.mask - 1))
      note(name + " on several arrays");
    if (info.op == Op::vector && i.px)
      note("vector rotated");
    if (info.op == Op::matmul && Type(i.ta) == Type::i8 && (i.imm || i.ri))
      note("matmul with a zero point");
    if (info.op == Op::matmul && m.matmulEighths(Type(i.ta)) < 8)
      note(std::string("matmul of two rows a cycle, ") + typeName(i.ta));
    if ((info.op == Op::load || info.op == Op::store) && i.fn)
      note(name + " by a page table");
    if (i.pd < 0 || i.pa < 0 || i.pb < 0)
      note("a negative pitch");
  }
  note(m.shadow_weights ? "shadow weights" : "a single bank of weights");
}

std::vector<std::string> Coverage::missing() const {
  std::vector<std::string> wanted = {
#define SYSTOLIC_OP(name, code, queue, fields, summary) #name,
#define SYSTOLIC_FLAG(op, name, bit, meaning) #op " " #name,
#define SYSTOLIC_SCALAR(name, code) "salu " #name,
#define SYSTOLIC_CONDITION(name, code) "br " #name,
#define SYSTOLIC_COMBINE(name, code) "vector " #name,
#define SYSTOLIC_FUNCTION(name, code, fact) "vector ." #name,
#include "girih-runtime/SystolicISA.def"
      "shadow weights",           "a single bank of weights",       "vector rotated",
      "matmul with a zero point", "matmul of two rows a cycle, i8", "matmul of two rows a cycle, bf16",
      "load by a page table",     "store by a page table",          "a negative pitch"};
  for (const char *op : {"load", "store", "transpose", "vector"})
    for (const char *type : {"i8", "bf16", "i32", "f32"})
      wanted.push_back(std::string(op) + " ta=" + type);
  for (const char *type : {"i8", "bf16", "i32", "f32"})
    wanted.push_back(std::string("vector td=") + type), wanted.push_back(std::string("vector tb=") + type);
  for (const char *op : {"wload", "matmul"})
    for (const char *type : {"i8", "bf16"})
      wanted.push_back(std::string(op) + " ta=" + type);
  for (const char *field : {"wait0", "wait1", "signal0", "signal1"})
    wanted.push_back(std::string("queue ") + field);
  for (const char *field : {"wait0", "wait1", "signal0", "signal1"})
    wanted.push_back(std::string("sequencer ") + field);
  for (const char *op : {"load", "wload", "matmul", "vector", "requant", "transpose", "store"})
    wanted.push_back(std::string(op) + " of no rows");
  if (kArrays > 1)
    wanted.push_back("wload on several arrays"), wanted.push_back("matmul on several arrays");
  for (unsigned code = 0; code != 256; ++code)
    if (const OpInfo *info = opInfo(code))
      for (Field field : {Field::ri, Field::rd, Field::ra, Field::rb, Field::rx, Field::rn, Field::rk})
        if (info->fields >> unsigned(field) & 1)
          wanted.push_back(std::string(info->name) + " register " + fieldInfo(field).name);
  std::erase_if(wanted, [&](const std::string &what) { return seen.count(what) != 0; });
  return wanted;
}
