// A program for the machine as it is emitted. Whoever appends an instruction says which bytes it touches; the
// tokens that order it after earlier instructions of other queues follow from that, so that no emitter ever
// names a semaphore.
#pragma once

#include "mlir/Support/LLVM.h"
#include "runtime/Systolic/Program.h"

#include <array>
#include <optional>
#include <string>

namespace girih::systolic {

/// Where bytes lie that alternate between two halves of a memory from one iteration of a loop to the next.
enum class Phase { Fixed, This, Next };

/// A range of bytes that an instruction reads or writes in a local memory. Those of a phase are named as the
/// first half has them.
struct Access {
  bool accumulator;
  int64_t low, high;
  bool write;
  Phase phase = Phase::Fixed;

  /// Whether one of the two must wait, `distance` iterations lying between this and `later`.
  bool conflicts(const Access &later, unsigned distance = 0) const {
    if (accumulator != later.accumulator || low >= later.high || later.low >= high || !(write || later.write))
      return false;
    return phase == Phase::Fixed || (unsigned(phase) + unsigned(later.phase) + distance) % 2 == 0;
  }
};

/// What runs in order of itself: a queue, but arrays load their weights apart, and their vector slices
/// compute apart. The first are the queues, with the first array's loads and slice; then come those of the
/// other arrays.
using Unit = unsigned;
inline constexpr unsigned kOtherArrays = (1u << (31 - kArrayShift)) - 1;
inline constexpr unsigned kUnits = kQueues + 2 * kOtherArrays;

class Code {
public:
  /// Appends an instruction that touches `accesses`, with the tokens it needs. `readsTable`: a gather, whose
  /// table is read when it issues, maybe before earlier transfers of its own queue are done.
  void append(Instruction instruction, llvm::ArrayRef<Access> accesses = {}, bool readsTable = false);
  /// All before is done before anything after starts.
  void barrier();
  /// The same where the sequencer goes on with what it reads from a local memory. Iterations of the loops
  /// around do not overlap.
  void wait();
  /// Repeats what follows up to `endLoop`, `count + R[reg]` times. Iterations overlap if no other loop lies
  /// inside: tokens order each after the two before, and after those, all before the loop.
  void beginLoop(int64_t count, unsigned reg);
  /// Ends the body; `R[reg] += step`.
  void endLoop(unsigned reg, int64_t step);
  /// The program, ended by `halt`. Empty and `error()` if it cannot be.
  Program finish();
  const std::string &error() const { return wrong; }
  /// Whether that is for want of semaphores, which fewer units would not take.
  bool isExhausted() const { return semaphoreCount > kSemaphores; }

private:
  struct Step {
    size_t index; // in code
    Queue queue;
    Unit unit;
    int64_t number;                    // in its unit, from 1
    std::array<int64_t, kUnits> known; // of each unit, how many are done before it issues
    llvm::SmallVector<Access, 3> accesses;
    bool readsTable;
  };
  /// In every iteration but the first, `later` waits for what `earlier` signalled `distance` iterations ago.
  struct Edge {
    size_t earlier, later; // in steps
    unsigned distance;
  };
  struct Loop {
    size_t index;                      // in code
    std::array<int64_t, kUnits> base;  // issued before
    bool overlaps = true;              // unless another loop or a wait lies inside
  };
  using Semaphores = std::array<std::array<int, kQueues>, kUnits>;

  void order(Instruction &instruction, Queue queue, llvm::ArrayRef<Access> accesses, bool readsTable);
  const Step &signalAfter(Unit from, int64_t number, unsigned semaphore);
  void carrier(Unit unit, Instruction tokens);
  void remember(const Instruction &instruction, Queue queue, llvm::ArrayRef<Access> accesses,
                bool readsTable = false);
  unsigned semaphoreOf(Semaphores &table, Unit from, Queue to);

  llvm::SmallVector<Edge> edgesBetween(Unit from, Queue to, const Loop &loop) const;
  bool signalAtEnd(Unit unit, unsigned semaphore);
  bool waitBefore(size_t step, unsigned semaphore);
  bool carry(llvm::ArrayRef<Edge> edges, unsigned semaphore);
  std::optional<std::vector<Instruction>> carryTokens();

  std::vector<Instruction> code;
  std::vector<Step> steps; // since the last barrier
  std::array<int64_t, kUnits> issued = {};
  std::array<std::array<int64_t, kUnits>, kQueues> known =
      {}; // by queue: how many of each unit are done before its next
  static constexpr Semaphores none() {
    Semaphores table{};
    for (auto &row : table)
      row.fill(-1);
    return table;
  }
  Semaphores within = none(), across = none(); // an iteration, and from one to a later one
  unsigned semaphoreCount = 0;
  std::vector<Loop> loops;
  std::string wrong;
};

} // namespace girih::systolic
