// The race detector: vector clocks over queues and units, and for every byte of memory who wrote and read it last.
#pragma once

#include "runtime/Systolic/Operand.h"

#include <array>
#include <map>
#include <memory>

namespace girih::systolic {

/// A chain is a sequence of instructions that are ordered without tokens: LD, ST, each array's WL and MX, each slice's VX, the
/// sequencer.
constexpr unsigned kChains = 2 + 3 * kMaxArrays + 1, kSequencerChain = kChains - 1;
using Clock = std::array<uint32_t, kChains>;

class Races {
public:
  /// An access of the instruction `index` on `chain`, whose clock is its time there.
  struct Access {
    uint32_t chain, time, index;
  };

  /// Checks and notes an access to [low, high) of a memory: by Span's numbers. Returns false and the
  /// other access if it is not ordered before `clock`.
  bool access(unsigned memory, uint64_t low, uint64_t high, bool write, const Access &access, const Clock &clock, Access &other);

private:
  struct Bytes {
    uint64_t end;
    bool written = false;
    Access writer = {};
    std::vector<Access> readers; // the last of each chain
  };
  using Map = std::map<uint64_t, Bytes>;
  void split(Map &map, uint64_t at);
  std::array<Map, 10> memories;
};

} // namespace girih::systolic
