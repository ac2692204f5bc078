// Who is ordered before whom: clocks passed on by tokens, queues, units and weight banks; and the check of every access.
#include "runtime/Systolic/Simulator.h"

#include <algorithm>
#include <bit>

using namespace girih::systolic;

static void join(Clock &clock, const Clock &other) {
  for (unsigned c = 0; c != kChains; ++c)
    clock[c] = std::max(clock[c], other[c]);
}

uint32_t Simulator::keepClock(const Clock &clock) {
  if (freeClocks.empty()) {
    clocks.push_back(clock);
    return uint32_t(clocks.size() - 1);
  }
  uint32_t kept = freeClocks.back();
  freeClocks.pop_back();
  clocks[kept] = clock;
  return kept;
}

/// The chain of the instruction on one of its arrays.
static unsigned chainOf(unsigned queue, unsigned array) {
  switch (Queue(queue)) {
  case Queue::LD:
    return 0;
  case Queue::ST:
    return 1;
  case Queue::WL:
    return 2 + array;
  case Queue::MX:
    return 2 + kMaxArrays + array;
  default:
    return 2 + 2 * kMaxArrays + array;
  }
}

/// Takes the tokens, gives the instruction its place in time and checks what it touches; returns its clock.
Clock Simulator::clockAtIssue(const Resolved &what, unsigned queue) {
  Clock &waited = queueClocks[queue];
  join(waited, clocks[what.clocks]);
  freeClocks.push_back(what.clocks);
  takeTokens(what.code, &waited);
  Clock clock = waited;
  bool dma = Queue(queue) == Queue::LD || Queue(queue) == Queue::ST;
  uint64_t mask = dma ? 1 : uint64_t(what.code.mask);
  unsigned chain = chainOf(queue, std::countr_zero(mask));
  for (unsigned m = 0; m != kMaxArrays; ++m) {
    if (!(mask >> m & 1))
      continue;
    join(clock, chainClocks[chainOf(queue, m)]);
    if (Queue(queue) == Queue::MX && !machine.output_stationary)
      join(clock, arrays[m].banks[what.has(flag::matmul_bank)].clock);
  }
  clock[chain] = ++times[chain];
  if (!checkRaces(what, queue, clock, waited, chain))
    return clock;
  for (unsigned m = 0; m != kMaxArrays; ++m)
    if (mask >> m & 1) {
      chainClocks[chainOf(queue, m)] = clock;
      if (Queue(queue) == Queue::WL)
        arrays[m].banks[what.has(flag::wload_bank)].clock = clock;
    }
  return clock;
}

bool Simulator::touchRange(unsigned memory, uint64_t low, uint64_t high, bool write, const Races::Access &access, const Clock &clock) {
  Races::Access other;
  if (races.access(memory, low, high, write, access, clock, other))
    return true;
  std::string where = memory == Span::kDram         ? "DRAM"
                      : memory == Span::kScratchpad ? "the scratchpad"
                                                    : "the accumulators of array " + std::to_string(memory);
  fail(access.index, "race: bytes " + std::to_string(low) + " to " + std::to_string(high) + " of " + where + " are " +
                         (write ? "written" : "read") + " here, but no token orders that after instruction " + std::to_string(other.index));
  return false;
}

/// An operand of more rows is one range, gaps and all: each range is kept, and an instruction may have two
/// billion rows.
static constexpr int64_t kMostRanges = 65536;

/// Rows of `bytes` at `pitch`; rows without gaps are one range.
template <typename Touch> static bool forEachRange(int64_t start, int64_t pitch, int64_t rows, int64_t bytes, Touch touch) {
  if (rows == 0 || bytes == 0)
    return true;
  if (pitch == 0 || pitch == bytes)
    return touch(start, start + (pitch == 0 ? bytes : rows * bytes));
  if (rows > kMostRanges) {
    int64_t last = start + (rows - 1) * pitch;
    return touch(std::min(start, last), std::max(start, last) + bytes);
  }
  for (int64_t i = 0; i != rows; ++i)
    if (!touch(start + i * pitch, start + i * pitch + bytes))
      return false;
  return true;
}

bool Simulator::touch(const Span &span, bool write, const Races::Access &access, const Clock &clock) {
  if (span.empty())
    return true;
  return forEachRange(span.offset, span.pitch, span.rows, span.bytes, [&](int64_t low, int64_t high) {
    return touchRange(span.memory, uint64_t(low), uint64_t(high), write, access, clock);
  });
}

bool Simulator::touchDram(const Resolved &what, bool write, const Races::Access &access, const Clock &clock) {
  const Instruction &i = what.code;
  int64_t rowBytes = i.cols * typeBytes(unsigned(i.ta));
  auto touched = [&](int64_t low, int64_t high) {
    return touchRange(Span::kDram, uint64_t(low), uint64_t(high), write, access, clock);
  };
  if (!what.has(flag::load_gather))
    return forEachRange(i.x, i.px, i.rows, rowBytes, touched);
  if (!options.data)
    return true; // nobody knows the rows
  int64_t low = INT64_MAX, high = 0;
  for (int64_t row = 0; row != i.rows; ++row) {
    int64_t g = dramRow(what, row), address;
    if (g < 0 || !dramAddress(what, g, address)) // moveDma refuses what lies outside
      continue;
    if (i.rows <= kMostRanges && !touched(address, address + rowBytes))
      return false;
    low = std::min(low, address), high = std::max(high, address + rowBytes);
  }
  return i.rows <= kMostRanges || low >= high || touched(low, high);
}

bool Simulator::checkRaces(const Resolved &what, unsigned queue, const Clock &clock, const Clock &atIssue, unsigned chain) {
  Races::Access access = {chain, times[chain], what.index};
  Op op = Op(what.code.op);
  if (op == Op::load)
    return touch(what.b, false, access, atIssue) && touchDram(what, false, access, clock) && touch(what.dst, true, access, clock);
  if (op == Op::store)
    return touch(what.b, false, access, atIssue) && touch(what.a, false, access, clock) && touchDram(what, true, access, clock);
  if (!touch(what.a, false, access, clock) || !touch(what.b, false, access, clock))
    return false;
  if (op != Op::matmul)
    return touch(what.dst, true, access, clock);
  for (unsigned m = 0; m != unsigned(machine.arrays); ++m) {
    Span dst = what.dst;
    if (!dst.empty())
      dst.memory = uint8_t(m);
    if (what.code.mask >> m & 1 && !touch(dst, true, access, clock))
      return false;
  }
  return true;
}
