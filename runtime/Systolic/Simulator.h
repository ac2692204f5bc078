// The simulator: the timing rules of docs/design/20261127-systolic-machine.md as a sequence of events, with or without data.
#pragma once

#include "runtime/Systolic/Memory.h"
#include "runtime/Systolic/Program.h"
#include "runtime/Systolic/Races.h"

#include <deque>
#include <functional>
#include <queue>

namespace girih::systolic {

/// What one instruction did. The sequencer's have issue = the cycle that executed them, retire = issue + 1. A
/// transfer's stream is its data phase on the bus.
struct Record {
  uint32_t index;
  uint32_t tag;
  Queue queue;
  uint8_t mask;
  int64_t dispatch, issue, streamBegin, streamEnd, retire;
};

struct Options {
  bool data = true;
  bool races = true; // also without data
  int64_t maxCycles = int64_t(1) << 40;
  uint64_t maxInstructions = uint64_t(1) << 40;
  /// Called for every instruction when it issues; the timeline and the twin's comparison.
  std::function<void(const Record &)> record;
};

/// Cycles of one array, in TPU v1's words; they add up to the program's cycles.
struct Split {
  int64_t active = 0, weightStall = 0, weightShift = 0, rawStall = 0, nonMatrix = 0;
};

struct Statistics {
  int64_t cycles = 0;
  uint64_t instructions = 0; // executed, the sequencer's included
  std::array<uint64_t, kQueues + 1> byQueue = {};
  std::array<int64_t, kQueues> busy = {};      // cycles of D, summed over units
  std::array<int64_t, kQueues> conflicts = {}; // cycles that ready instructions waited for ports
  std::vector<Split> arrays;
  uint64_t macsI8 = 0, macsBF16 = 0;
  int64_t idealEighths = 0; // eighths of cycles that the MACs take on full arrays, times R C
  uint64_t dramRead = 0, dramWritten = 0, scratchpadBytes = 0, accumulatorBytes = 0, vectorElements = 0;
  int64_t firstMatrixIssue = -1, lastMatrixRetire = 0; // wload or matmul; matmul
};

/// A limit of Options that ended the run.
enum class Limit { None, Cycles, Instructions };

struct Fault {
  uint32_t index = 0; // instruction
  int64_t cycle = 0;
  std::string reason;
  Limit limit = Limit::None;
};

enum class State { Running, Halted, Faulted };

class Simulator {
public:
  Simulator(const Machine &machine, const Program &program, Options options);

  /// Goes on to the next cycle in which anything happens, and does what happens there.
  State step();
  State run();

  State state() const { return current; }
  const Fault &fault() const { return failure; }
  int64_t cycle() const { return now; }
  uint32_t counter() const { return pc; }
  const Statistics &statistics() const { return stats; }
  const std::array<int64_t, kRegisters> &registers() const { return regs; }
  const std::array<uint32_t, kSemaphores> &semaphores() const { return tokensOf; }
  size_t queued(unsigned queue) const { return queues[queue].size(); }

  const Machine machine;
  Dram dram;
  LocalMemory local;

private:
  struct Entry {
    Resolved what;
    int64_t dispatch = 0, tokensAt = -1;
  };
  struct Retirement {
    int64_t cycle;
    uint64_t order;
    uint32_t index;
    int64_t signal0, signal1;
    uint32_t clock; // index in clocks, when races are on
    bool operator<(const Retirement &o) const { return cycle != o.cycle ? cycle > o.cycle : order > o.order; }
  };
  struct Bank {
    bool full = false, sparse = false;
    Type type = Type::none;
    int64_t readyAt = 0, freeAt = 0, tokensAt = 0;
    uint32_t filledBy = 0; // the wload
    Clock clock = {}; // of the wload that filled it
  };
  struct Array {
    Bank banks[2];
    int64_t portFree = 0, streamFree = 0, drained = 0, sliceFree = 0;
    std::shared_ptr<const WeightBank> weights[2];
    // Cycles up to which the ports of the accumulators' banks are taken, by MX and by VX.
    std::vector<int64_t> mxRead, mxWrite, vxRead, vxWrite;
  };
  struct Loop {
    int64_t left;
    uint32_t body;
  };
  static constexpr int64_t kNever = INT64_MAX;

  // Phases of a cycle (Simulator.cpp).
  int64_t nextEvent();
  void retire();
  void issueAll();
  void sequence();
  void fail(uint32_t index, const std::string &reason, Limit limit = Limit::None);
  void deadlock();
  std::vector<bool> stillToCome() const;
  std::string whoDoes(const std::function<bool(const Instruction &)> &does) const;
  std::string waitsForTokens(const Instruction &instruction) const;
  std::string waitsForBank(const Resolved &what) const;

  // Sequencer (Sequencer.cpp).
  bool sequencerBlocked(const Instruction &instruction, const OpInfo &info) const;
  void execute(const Instruction &instruction);
  void executeScalar(const Instruction &instruction);
  std::string resolveNext(const Instruction &instruction, Resolved &what);
  bool dispatch(const Instruction &instruction, const OpInfo &info);

  // Issue (Issue.cpp).
  bool haveTokens(const Instruction &instruction) const;
  void takeTokens(const Instruction &instruction, Clock *clock);
  int64_t unitReady(const Entry &entry) const;
  int64_t portsReady(const Entry &entry) const;
  void issue(unsigned queue);
  void holdPorts(const Resolved &what, int64_t issue, int64_t streamEnd, int64_t retire);
  int64_t streamBegin(const Resolved &what) const;
  void startDma(unsigned queue, int64_t end);
  void startWeights(Entry &entry);
  void startMatmul(Entry &entry);
  bool checkBanks(const Entry &entry);
  void attributeGap(Array &array, Split &split, const Entry &entry, const Bank *bank);
  void count(const Resolved &what);

  // Order (Order.cpp).
  Clock clockAtIssue(const Resolved &what, unsigned queue);
  bool checkRaces(const Resolved &what, unsigned queue, const Clock &clock, const Clock &atIssue, unsigned chain);
  bool touch(const Span &span, bool write, const Races::Access &access, const Clock &clock);
  bool touchDram(const Resolved &what, bool write, const Races::Access &access, const Clock &clock);
  bool touchRange(unsigned memory, uint64_t low, uint64_t high, bool write, const Races::Access &access, const Clock &clock);
  uint32_t keepClock(const Clock &clock);

  // Data (Data.cpp, Vector.cpp).
  std::string move(const Resolved &what);
  std::string moveDma(const Resolved &what, bool load);
  void loadWeights(const Resolved &what);
  void multiply(const Resolved &what);
  void computeVector(const Resolved &what);
  void computeRequant(const Resolved &what);
  void computeTranspose(const Resolved &what);
  /// The DRAM row of local row i, or -1 if it is skipped.
  int64_t dramRow(const Resolved &what, int64_t i) const;
  /// Where DRAM row g starts; false if not all of it lies in DRAM.
  bool dramAddress(const Resolved &what, int64_t g, int64_t &address) const;

  const Program &program;
  Options options;
  State current = State::Running;
  Fault failure;
  Statistics stats;

  int64_t now = -1;
  uint32_t pc = 0, tag = 0;
  int64_t sequenceAt = 0;
  std::array<int64_t, kRegisters> regs;
  std::vector<Loop> loops;
  std::array<uint32_t, kSemaphores> tokensOf = {};
  std::array<int64_t, kSemaphores> pendingSignals = {}; // the sequencer's, which count from the next cycle
  bool anyPending = false;
  int64_t pendingAt = 0;
  uint32_t pendingFrom = 0; // the instruction that gave them

  std::array<std::deque<Entry>, kQueues> queues;
  std::vector<Array> arrays;
  std::vector<int64_t> padRead, padWrite;
  std::array<std::deque<int64_t>, 2> inFlight; // retire cycles of LD's and ST's transfers
  int64_t busFree = 0;
  std::priority_queue<Retirement> retirements;
  uint64_t order = 0;
  std::vector<bool> checked;                          // instructions that checkInstruction has accepted
  std::vector<std::unique_ptr<const Resolved>> fixed; // instructions without registers, once resolved

  // Race detection.
  Races races;
  std::vector<Clock> clocks;
  std::vector<uint32_t> freeClocks;
  Clock sequencerClock = {};
  std::array<Clock, kQueues> queueClocks = {};
  std::vector<Clock> chainClocks;
  std::array<uint32_t, kChains> times = {};
  struct Token {
    Clock clock;
    uint32_t count;
  };
  std::array<std::vector<Token>, kSemaphores>
      tokenClocks; // oldest first, at most kMaxTokens: an erased front costs little
};

} // namespace girih::systolic
