// One thread's way through an entry's commands. Branches and loops depend only on sizes, so every thread walks the same way
// by itself and arrives at the same groups: launches between two barriers, which may run at once.
#pragma once

#include "Plan.h"

namespace girih::runtime {

/// Launches that may run at once, their blocks numbered through.
class Group {
public:
  static constexpr unsigned capacity = 16;

  void clear() { count = 0, total = 0; }
  /// False if there is no room: then the group ends before the launch. Empty launches vanish.
  bool add(const BoundLaunch &launch) {
    if (launch.blocks == 0)
      return true;
    if (count == capacity || total + launch.blocks > UINT32_MAX / 2)
      return false;
    total += launch.blocks;
    launches[count] = &launch;
    ends[count++] = total;
    return true;
  }
  uint64_t blocks() const { return total; }
  unsigned size() const { return count; }
  const BoundLaunch &launch(unsigned i) const { return *launches[i]; }
  uint64_t begin(unsigned i) const { return i == 0 ? 0 : ends[i - 1]; }
  uint64_t end(unsigned i) const { return ends[i]; }

private:
  const BoundLaunch *launches[capacity];
  uint64_t ends[capacity];
  uint64_t total = 0;
  unsigned count = 0;
};

/// What a walker needs that is a thread's own; allocated with the session, empty where no command depends on a counter.
struct WalkMemory {
  std::span<int64_t> symbols; // one per symbol
  std::span<int64_t> words;   // (Group::capacity + 1) * plan.wordsPerLaunch()
};

class Walker {
public:
  Walker(const Plan &plan, WalkMemory memory);

  /// Moves on to the next group with at least one block. False at the end of the entry, or if failed().
  bool next();
  const Group &group() const { return current; }
  /// With the counters of the loops that the group lies in.
  const int64_t *sizes() const { return symbols; }
  /// A launch reached outside its memory.
  bool failed() const { return hasFailed; }

private:
  struct Loop {
    uint32_t command;
    int64_t count;
  };

  bool addLaunch(uint32_t command);
  void enterLoop(uint32_t command);
  void endLoop(uint32_t command);
  void control(uint32_t command);

  const Plan &plan;
  const Tables &t;
  WalkMemory memory;
  const int64_t *symbols; // the plan's or this thread's own
  uint32_t position, end;
  Group current;
  BoundLaunch dynamic[Group::capacity + 1]; // the last may turn out to be the next group's
  Loop loops[GIRIH_MAX_LOOP_DEPTH];
  unsigned depth = 0;
  bool hasFailed = false;
};

} // namespace girih::runtime
