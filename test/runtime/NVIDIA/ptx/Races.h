// Who accessed the bytes of shared memory last, and whether a barrier lies between: vector clocks over the warps of a block. An instruction
// that synchronises lanes advances the time of its warp; a barrier makes its warps know each other's time. (Warps that meet at other objects
// than barriers would join their clocks there.)
#pragma once

#include "Program.h"

namespace girih::test::ptx {

class Races {
public:
  struct Access {
    uint32_t time = 0;
    uint32_t thread : 10 = 0, pc : 22 = 0;
  };
  /// Written, but not before the thread that copies has waited: before nothing.
  static constexpr uint32_t kPending = ~0u;

  /// A new block: what was before is before all of it.
  void start(uint64_t bytes, unsigned warps);
  /// What the warp's lanes did until now is before what they do next.
  void synchronize(unsigned warp);
  void join(std::span<const unsigned> warps);
  /// False with the access that is not ordered with this one.
  bool read(uint64_t offset, unsigned bytes, uint16_t thread, uint32_t pc, Access &other);
  /// `read` of a word, where nothing speaks against it at first sight; else false, and nothing is noted.
  bool readWord(uint64_t offset, uint16_t thread, uint32_t pc) {
    Cell &cell = words[offset / 4];
    const uint32_t *__restrict clock = clocks[thread / kLanes];
    if (cell.writer.time > clock[cell.writer.thread / kLanes])
      return false;
    const Access &reader = cell.readers[0];
    bool first = reader.thread == thread || reader.time <= clock[reader.thread / kLanes];
    cell.readers[first ? 0 : 1] = {now, thread, pc};
    return true;
  }
  bool write(uint64_t offset, unsigned bytes, uint16_t thread, uint32_t pc, bool pending, Access &other);
  /// A pending write is over now.
  void complete(uint64_t offset, unsigned bytes, uint16_t thread, uint32_t pc);

private:
  /// The time of a word's writer where the cells of its bytes say more.
  static constexpr uint32_t kSplit = kPending - 1;
  /// Of readers two suffice: whoever writes is another thread than one of them.
  struct Cell {
    Access writer, readers[2];
  };
  bool isBefore(const Access &access, uint16_t thread) const;
  bool read(Cell &cell, const Access &access, Access &other);
  bool write(Cell &cell, const Access &access, uint16_t thread, Access &other);
  template <typename Visit> bool visit(uint64_t offset, unsigned bytes, Visit visit);

  std::vector<Cell> words, bytes;
  uint32_t now = 0; // the latest time of any warp
  unsigned count = 0;
  uint32_t clocks[kLanes][kLanes] = {}; // [who][whose]: the last time that is known to be over
};

} // namespace girih::test::ptx
