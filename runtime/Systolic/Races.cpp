// Interval maps of last accesses. An access splits the intervals at its ends; a write makes one of those it covers.
#include "runtime/Systolic/Races.h"

using namespace girih::systolic;

void Races::split(Map &map, uint64_t at) {
  auto it = map.upper_bound(at);
  if (it == map.begin())
    return;
  --it;
  if (it->first == at || it->second.end <= at)
    return;
  Bytes right = it->second;
  it->second.end = at;
  map.emplace_hint(std::next(it), at, std::move(right));
}

static bool ordered(const Races::Access &before, const Clock &clock) { return clock[before.chain] >= before.time; }

bool Races::access(unsigned memory, uint64_t low, uint64_t high, bool write, const Access &access, const Clock &clock,
                   Access &other) {
  Map &map = memories[memory];
  split(map, low), split(map, high);
  auto first = map.lower_bound(low);
  for (auto it = first; it != map.end() && it->first < high; ++it) {
    if (it->second.written && !ordered(it->second.writer, clock))
      return other = it->second.writer, false;
    if (write)
      for (const Access &reader : it->second.readers)
        if (!ordered(reader, clock))
          return other = reader, false;
  }
  if (write) {
    while (first != map.end() && first->first < high)
      first = map.erase(first);
    map.emplace_hint(first, low, Bytes{high, true, access, {}});
    return true;
  }
  uint64_t at = low;
  for (auto it = first; at < high;) {
    if (it == map.end() || it->first > at) { // bytes that nobody touched yet
      uint64_t end = it == map.end() ? high : std::min(high, it->first);
      it = map.emplace_hint(it, at, Bytes{end, false, {}, {}});
    }
    bool known = false;
    for (Access &reader : it->second.readers)
      if (reader.chain == access.chain)
        reader = access, known = true;
    if (!known)
      it->second.readers.push_back(access);
    at = it->second.end;
    ++it;
  }
  return true;
}
