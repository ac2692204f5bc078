// Checked addresses, for whatever accesses memory.
#pragma once

#include "Warp.h"

namespace girih::test::ptx {

/// What an address operand makes of a lane: `row` is its place among the rows, `constant` among the constants.
inline uint64_t addressOf(Warp &warp, const Instruction &i, unsigned row, unsigned constant, unsigned lane) {
  uint64_t base = i.widths[row] == 4 ? warp.row<uint32_t>(i.rows[row])[lane] : warp.row<uint64_t>(i.rows[row])[lane];
  return base + uint64_t(i.constants[constant]);
}

enum class Use : uint8_t { Read, Write, CopyTo };

/// Null when the launch has failed: not aligned, outside of memory, or a race.
uint8_t *checkShared(Warp &warp, unsigned lane, uint64_t address, unsigned bytes, Use use);
uint8_t *globalAt(Warp &warp, unsigned lane, uint64_t address, unsigned bytes, bool write);

inline uint8_t *sharedAt(Warp &warp, unsigned lane, uint64_t address, unsigned bytes, Use use) {
  Block &block = warp.block;
  uint64_t offset = address - kSharedBase;
  bool inside = (address & (bytes - 1)) == 0 && offset < block.sharedBytes && bytes <= block.sharedBytes - offset;
  if (inside && (!block.how.races || (use == Use::Read && bytes == 4 && block.races.readWord(offset, warp.thread(lane), warp.pc))))
    return &block.shared[offset];
  return checkShared(warp, lane, address, bytes, use);
}

} // namespace girih::test::ptx
