// A session's part where the machine has memory of its own: the arena lies there, inputs and outputs are
// packed so that a run costs one copy in each direction, and launches go to the machine's stream. Branches
// and loops are walked here.
#pragma once

#include "runtime/CPU/Launch.h"

#include <memory>

namespace girih::runtime {

class DeviceRunner {
public:
  static girih_code create(const Module &module, std::unique_ptr<DeviceRunner> &runner, girih_status *status);
  ~DeviceRunner();

  /// Makes the arena large enough for `entry` (GIRIH_NONE: all) at these sizes.
  girih_code reserveArena(uint32_t entry, const int64_t *symbols, Plan &plan, girih_status *status);
  /// One run, whose call has been checked. `task` is what this thread owns.
  girih_code run(const Call &call, const int64_t *symbols, Plan &plan, const TaskMemory &task,
                 const Listeners &listeners, const std::atomic<bool> &cancelled, girih_status *status);
  const MachineCounts &counts() const { return lastCounts; }
  uint64_t arenaReserved() const { return arena.size(); }

private:
  /// Where the run's tensors lie in `staged`, from its start: inputs, the caller's states, outputs, and last
  /// the outputs that nobody reads. What goes in ends where the states do, what comes back begins with them.
  struct Layout {
    uint64_t inEnd = 0, outBegin = 0, outEnd = 0, total = 0;
  };

  explicit DeviceRunner(const Module &module);
  girih_code layOut(const Call &call, girih_status *status);
  girih_code reserveStaging(girih_status *status);
  uint64_t place(girih_tensor &tensor, uint64_t &end) const;
  void copyIn(const Call &call) const;
  void copyOut(const Call &call) const;
  girih_code describeLack(uint32_t entry, const int64_t *symbols, uint64_t bytes, girih_status *status) const;
  void makeKey(const Call &call, const int64_t *symbols);
  bool isState(const Call &call, size_t input) const;
  MachineRun request() const;

  girih_code stopped(girih_status *status) const;
  girih_code walk(girih_status *status);
  girih_code enqueue(const BoundLaunch &launch, girih_status *status);
  girih_code runOnHost(const BoundLaunch &launch, const int64_t *sizes, girih_status *status);
  girih_code fetchArgs(const BoundLaunch &launch, const int64_t *sizes, girih_status *status);
  girih_code observe(const Group &group, const int64_t *sizes, girih_status *status);
  girih_code observe(const BoundLaunch &launch, const int64_t *sizes, girih_status *status);
  void emit(const MachineTimes &times) const;

  const Module &module;
  const Tables &t;
  const Machine &machine;
  void *stream = nullptr;
  MachineBlock arena, staged;
  PinnedBlock pinned;
  std::vector<girih_tensor> inputs, outputs; // as the machine sees them
  std::vector<bool> usesHost;                // per entry: the machine leaves kernels of it to this CPU
  std::vector<uint64_t> key;
  MachineCounts lastCounts = {};

  // The run under way.
  Layout layout;
  Plan *plan = nullptr;
  const TaskMemory *task = nullptr;
  const Listeners *listeners = nullptr;
  const std::atomic<bool> *cancelled = nullptr;
  uint64_t observed = 0;

  // A launch's arguments on the host, for kernels that run here and for observers.
  std::vector<uint8_t> fetched;
  std::vector<int64_t> hostWords;
  std::vector<MachineCopy> copies; // that brought them
};

} // namespace girih::runtime
