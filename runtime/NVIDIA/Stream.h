// A session's work on the GPU, in order. A run is enqueued launch by launch; when it comes again with the
// same key, it is recorded as a graph while it is enqueued, and from then on played from that, one call a
// run.
#pragma once

#include "Kernels.h"
#include "Memory.h"
#include "Report.h"
#include "Upload.h"

#include <array>
#include <optional>
#include <vector>

namespace girih::nvidia {

/// What a module has on the GPU.
struct Machine {
  Machine(std::unique_ptr<Device> opened)
      : device(std::move(opened)), kernels(*device), memory(*device), upload(*device, memory) {}

  std::unique_ptr<Device> device;
  Kernels kernels;
  Memory memory;
  Upload upload;
  Costs costs;
};

class Stream {
public:
  static girih_code open(Machine &machine, std::unique_ptr<Stream> &stream, girih_status *status);
  ~Stream();

  girih_code begin(const runtime::MachineRun &run, bool &replayed, girih_status *status);
  girih_code enqueue(const runtime::MachineOperation &operation, girih_status *status);
  girih_code wait(girih_status *status);
  girih_code finish(runtime::MachineCounts &counts, girih_status *status);
  void abandon();

private:
  /// What is known of the runs of one key.
  struct Recording {
    std::vector<uint64_t> key; // empty: the place is free
    bool seen = false;         // a run came to its end: its kernels are loaded
    bool refused = false;      // it cannot be recorded
    GraphExec exec = nullptr;  // null: not recorded
    runtime::MachineCounts counts = {};
    uint64_t lastUse = 0;
  };
  enum class Mode { Plain, Recorded, Replayed };
  /// An operation whose times are wanted, without its words.
  struct Timed {
    runtime::MachineOperation operation;
    uint32_t unit;
  };

  explicit Stream(Machine &machine) : machine(machine), driver(machine.device->driver()) {}
  Recording *find();
  Recording &remember();
  void forget(Recording &recording);
  girih_code startTiming(girih_status *status);
  girih_code beginCapture(girih_status *status);
  girih_code endCapture(girih_status *status);
  girih_code launch(const runtime::MachineOperation &operation, uint32_t &unit, girih_status *status);
  girih_code copy(const runtime::MachineOperation &operation, girih_status *status);
  girih_code mark(girih_status *status);
  girih_code event(size_t index, EventHandle &event, girih_status *status);
  girih_code tellTimes(girih_status *status);
  girih_code synchronize(girih_status *status);
  void count(const runtime::MachineOperation &operation);
  void leave();
  girih_code failed(Result result, const char *doing, const char *label, const char *kernel,
                    girih_status *status) const;

  Machine &machine;
  const Driver &driver;
  StreamHandle handle = nullptr;
  std::array<Recording, 8> recordings; // sizes that a session alternates between
  uint64_t uses = 0;

  // The run under way.
  std::optional<Current> current;
  runtime::MachineRun run = {};
  runtime::MachineCounts counts = {};
  Mode mode = Mode::Plain;
  bool capturing = false;
  Recording *recording = nullptr;  // of this key
  GraphExec once = nullptr;        // of a run whose times are wanted
  std::vector<EventHandle> events; // 0: the start; 1: behind the copies in; then one behind each operation
  size_t marks = 0;
  std::vector<Timed> timed;
  uint64_t startNs = 0;
};

} // namespace girih::nvidia
