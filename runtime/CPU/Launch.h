// Runs a walk on several threads. Each thread walks the commands by itself; what they share is one word that says which group
// is running and which of its blocks is the next to take. The thread that completes a group's last block opens the next
// group, so no thread ever waits for one that is late, only for blocks that are being computed.
#pragma once

#include "Stream.h"
#include "runtime/Core/Walk.h"

namespace girih::runtime {

/// What one task of a region owns.
struct TaskMemory {
  uint8_t *scratch;
  WalkMemory walk;
};

/// Who is told what happens.
struct Listeners {
  girih_trace trace = nullptr;
  void *traceUser = nullptr;
  girih_observer observer = nullptr; // only in runs of a single task
  void *observerUser = nullptr;
};

/// The same rounding and no flushing of denormals, whatever the caller's thread is set to: the same bits from every thread.
class StandardRounding {
public:
  StandardRounding() { __builtin_ia32_ldmxcsr(0x1f80); }
  ~StandardRounding() { __builtin_ia32_ldmxcsr(before); }
  StandardRounding(const StandardRounding &) = delete;

private:
  uint32_t before = __builtin_ia32_stmxcsr();
};

/// Runs `count` blocks of a launch from block `first` on, unless cancelled.
void runBlocks(const BoundLaunch &launch, uint64_t first, uint64_t count, uint8_t *scratch,
               const std::atomic<bool> &cancelled);

/// One run of an entry. Lives in the session and is reset for each run.
class Launcher {
public:
  void reset(const Plan &plan, std::span<const TaskMemory> tasks, const Listeners &listeners);
  /// One task of the region; task 0 returns only when all is done, cancelled or failed.
  void work(uint32_t task);
  void cancel() { cancelled.store(true, std::memory_order_relaxed); }

  bool wasCancelled() const { return cancelled.load(std::memory_order_relaxed); }
  /// Why another machine stopped, or empty.
  const char *machineMessage() const { return machineText; }
  bool hasFailed() const { return failed.load(std::memory_order_relaxed); }
  uint64_t launches() const { return launchCount; }
  uint64_t blocks() const { return blockCount; }
  uint64_t flops() const { return flopCount; }
  uint64_t bytes() const { return byteCount; }

private:
  /// Takes some blocks of the group if there are any left.
  bool take(uint32_t step, uint64_t total, uint64_t &first, uint64_t &count);
  void runGroup(uint32_t step, const Group &group, uint32_t task);
  void runBlocks(const Group &group, uint64_t first, uint64_t count, uint32_t task);
  void runOnMachine(const BoundLaunch &launch);
  void runPart(const BoundLaunch &launch, uint64_t first, uint64_t count, uint32_t task);
  void complete(uint32_t step, uint64_t total, uint64_t count);
  void waitFor(uint32_t step);
  void count(const Group &group);
  void observe(const Group &group);
  void observe(const BoundLaunch &launch);
  void emit(const BoundLaunch &launch, uint32_t task, uint64_t begin, uint64_t blocks);
  bool stopped() const { return wasCancelled() || hasFailed(); }
  static uint32_t stepOf(uint64_t word) { return uint32_t(word >> 32); }

  const Plan *plan = nullptr;
  std::span<const TaskMemory> tasks;
  Listeners listeners;
  uint64_t launchCount = 0, blockCount = 0, flopCount = 0, byteCount = 0; // kept by task 0
  uint64_t observed = 0;
  alignas(64) std::atomic<uint64_t> next{0}; // running group's number (high half) and its next block (low half)
  alignas(64) std::atomic<uint64_t> done{0}; // blocks of the running group that are complete
  alignas(64) std::atomic<uint32_t> sleepers{0};
  std::atomic<bool> cancelled{false}, failed{false};
  std::atomic<bool> machineFailed{false}; // the first to set it writes the text
  char machineText[384] = "";
};

} // namespace girih::runtime
