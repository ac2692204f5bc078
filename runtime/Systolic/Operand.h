// An instruction as it leaves the sequencer: operands resolved to numbers and checked against the machine's memories.
#pragma once

#include "runtime/Systolic/Machine.h"

#include <algorithm>

namespace girih::systolic {

/// Rows of bytes in a memory: `rows` of them, `bytes` long, `pitch` apart; and the banks that they touch.
struct Span {
  static constexpr uint8_t kNone = 255, kScratchpad = 8,
                           kDram = 9; // else the number of an array's accumulators
  uint8_t memory = kNone;
  uint8_t firstBank = 0, lastBank = 0;
  int64_t offset = 0, pitch = 0, rows = 0, bytes = 0;

  bool empty() const { return memory == kNone; }
  /// From the lowest byte of all rows to past the highest.
  int64_t low() const { return offset + std::min<int64_t>(0, (rows - 1) * pitch); }
  int64_t high() const { return offset + std::max<int64_t>(0, (rows - 1) * pitch) + bytes; }
  /// Whether a byte lies in rows of both.
  bool meets(const Span &other) const;
  bool sharesBank(const Span &other) const {
    return !empty() && memory == other.memory && firstBank <= other.lastBank && other.firstBank <= lastBank;
  }
};

struct Resolved {
  Instruction code; // registers added in
  uint32_t index = 0;
  uint32_t tag = 0;
  Span dst, a, b;
  int64_t duration = 0; // D of the design note; for DMA the length of its data phase
  int64_t latency = 0;  // from the end of D to retirement
  uint32_t clocks = 0;  // index of the sequencer's vector clock at dispatch

  bool has(unsigned flag) const { return code.flags & flag; }
};

/// Adds registers, checks every operand and computes spans, duration and latency. Returns the reason if the machine cannot do it.
std::string resolve(const Machine &machine, const Instruction &instruction, const int64_t *registers, Resolved &resolved);

} // namespace girih::systolic
