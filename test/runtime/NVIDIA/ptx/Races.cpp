// Accesses of whole words keep one cell; a word is split into the cells of its bytes when a part of it is
// accessed.
#include "Races.h"

#include <algorithm>

using namespace girih::test::ptx;

void Races::start(uint64_t size, unsigned warps) {
  words.resize((size + 3) / 4);
  bytes.resize(words.size() * 4);
  count = warps;
  for (auto &clock : clocks)
    std::fill_n(clock, kLanes, now);
  ++now;
}

void Races::synchronize(unsigned warp) { clocks[warp][warp] = now++; }

void Races::join(std::span<const unsigned> warps) {
  uint32_t joined[kLanes] = {};
  for (unsigned warp : warps) {
    for (unsigned w = 0; w != kLanes; ++w)
      joined[w] = std::max(joined[w], clocks[warp][w]);
    joined[warp] = now;
  }
  for (unsigned warp : warps)
    std::copy_n(joined, kLanes, clocks[warp]);
  ++now;
}

bool Races::isBefore(const Access &access, uint16_t thread) const {
  if (access.thread == thread)
    return access.time != kPending;
  return access.time <= clocks[thread / kLanes][access.thread / kLanes];
}

bool Races::read(Cell &cell, const Access &access, Access &other) {
  if (!isBefore(cell.writer, access.thread))
    return other = cell.writer, false;
  bool first = cell.readers[0].thread == access.thread || isBefore(cell.readers[0], access.thread);
  cell.readers[first ? 0 : 1] = access;
  return true;
}

bool Races::write(Cell &cell, const Access &access, uint16_t thread, Access &other) {
  for (const Access &before : {cell.writer, cell.readers[0], cell.readers[1]})
    if (!isBefore(before, thread))
      return other = before, false;
  cell.writer = access;
  return true;
}

template <typename Visit> bool Races::visit(uint64_t offset, unsigned size, Visit visit) {
  if (offset % 4 == 0 && size % 4 == 0) {
    for (uint64_t word = offset / 4; word != (offset + size) / 4; ++word) {
      if (words[word].writer.time != kSplit) {
        if (!visit(words[word]))
          return false;
        continue;
      }
      for (unsigned i = 0; i != 4; ++i)
        if (!visit(bytes[word * 4 + i]))
          return false;
    }
    return true;
  }
  for (uint64_t byte = offset; byte != offset + size; ++byte) {
    if (Cell &word = words[byte / 4]; word.writer.time != kSplit) {
      std::fill_n(&bytes[byte / 4 * 4], 4, word);
      word.writer.time = kSplit;
    }
    if (!visit(bytes[byte]))
      return false;
  }
  return true;
}

bool Races::read(uint64_t offset, unsigned size, uint16_t thread, uint32_t pc, Access &other) {
  Access access{now, thread, pc};
  return visit(offset, size, [&](Cell &cell) { return read(cell, access, other); });
}

bool Races::write(uint64_t offset, unsigned size, uint16_t thread, uint32_t pc, bool pending, Access &other) {
  Access access{pending ? kPending : now, thread, pc};
  return visit(offset, size, [&](Cell &cell) { return write(cell, access, thread, other); });
}

void Races::complete(uint64_t offset, unsigned size, uint16_t thread, uint32_t pc) {
  visit(offset, size, [&](Cell &cell) { return cell.writer = {now, thread, pc}, true; });
}
