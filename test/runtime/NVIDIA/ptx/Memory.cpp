// Loads, stores and copies.
#include "Memory.h"

#include <algorithm>

using namespace girih::test::ptx;

namespace {

std::string hex(uint64_t value) {
  char text[24];
  snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}
bool isAligned(Warp &warp, unsigned lane, uint64_t address, unsigned bytes) {
  if ((address & (bytes - 1)) == 0)
    return true;
  warp.fail(lane, "misaligned address " + hex(address) + " of " + std::to_string(bytes) + " bytes");
  return false;
}
uint8_t *globalBytes(Warp &warp, unsigned lane, uint64_t address, unsigned bytes, bool write) {
  uint8_t *at = warp.block.global(address, bytes);
  if (!at)
    warp.fail(lane, std::string("illegal address: ") + (write ? "write" : "read") + " of " +
                        std::to_string(bytes) + " bytes at " + hex(address));
  return at;
}

} // namespace

uint8_t *girih::test::ptx::checkShared(Warp &warp, unsigned lane, uint64_t address, unsigned bytes, Use use) {
  Block &block = warp.block;
  if (!isAligned(warp, lane, address, bytes))
    return nullptr;
  uint64_t offset = address - kSharedBase;
  if (offset >= block.sharedBytes || bytes > block.sharedBytes - offset) {
    warp.fail(lane, "shared address out of range: " + std::to_string(bytes) + " bytes at " + hex(address) +
                        ", but " + std::to_string(block.sharedBytes) + " bytes start at " + hex(kSharedBase));
    return nullptr;
  }
  if (block.how.races) {
    Races::Access other;
    bool fine = use == Use::Read
                    ? block.races.read(offset, bytes, warp.thread(lane), warp.pc, other)
                    : block.races.write(offset, bytes, warp.thread(lane), warp.pc, use == Use::CopyTo, other);
    if (!fine) {
      warp.failRace(lane, use != Use::Read, offset, other);
      return nullptr;
    }
  }
  return &block.shared[offset];
}

uint8_t *girih::test::ptx::globalAt(Warp &warp, unsigned lane, uint64_t address, unsigned bytes, bool write) {
  return isAligned(warp, lane, address, bytes) ? globalBytes(warp, lane, address, bytes, write) : nullptr;
}

namespace {

//===- Loads and stores -------------------------------------------------------------------------------===//

enum class Space { Parameter, Shared, Global };

template <typename T> void put(Warp &warp, uint32_t row, unsigned width, unsigned lane, const uint8_t *from) {
  T value;
  memcpy(&value, from, sizeof value);
  if (width == 4)
    warp.row<uint32_t>(row)[lane] = uint32_t(value);
  else if (width == 2)
    warp.row<uint16_t>(row)[lane] = uint16_t(value);
  else
    warp.row<uint64_t>(row)[lane] = uint64_t(value);
}
/// Whether all lanes want the same of shared memory: then two stand for them, because of readers two are
/// remembered.
bool isUniform(Warp &warp, const Instruction &i, unsigned row, uint32_t mask) {
  if (mask != kAllLanes || i.widths[row] != 8)
    return false;
  const auto *address = warp.row<uint64_t>(i.rows[row]);
  uint64_t differ = 0;
  for (unsigned lane = 0; lane != kLanes; ++lane)
    differ |= address[lane] ^ address[0];
  return differ == 0;
}
/// Words of shared memory, what most loads are: true where each lane's was in order; else the lanes from
/// `mask`'s first on are to be seen to.
bool loadWords(Warp &warp, const Instruction &i, uint32_t &mask) {
  Block &block = warp.block;
  uint32_t *d = warp.row<uint32_t>(i.rows[0]);
  const uint64_t *base = warp.row<uint64_t>(i.rows[1]);
  const uint8_t *shared = block.shared.data();
  uint64_t start = uint64_t(i.constants[0]) - kSharedBase, end = block.sharedBytes - 3;
  bool races = block.how.races;
  for (; mask != 0; mask &= mask - 1) {
    unsigned lane = unsigned(std::countr_zero(mask));
    uint64_t offset = base[lane] + start;
    if ((offset & 3) != 0 || offset >= end ||
        (races && !block.races.readWord(offset, warp.thread(lane), warp.pc)))
      return false;
    memcpy(&d[lane], shared + offset, 4);
  }
  return true;
}
template <Space space, typename T, unsigned count>
void load(Warp &warp, const Instruction &i, uint32_t mask) {
  if (space == Space::Shared && isUniform(warp, i, count, mask)) {
    uint64_t address = addressOf(warp, i, count, 0, 0);
    const uint8_t *from = sharedAt(warp, 0, address, sizeof(T) * count, Use::Read);
    if (!from || !sharedAt(warp, kLanes - 1, address, sizeof(T) * count, Use::Read))
      return;
    for (unsigned k = 0; k != count; ++k)
      for (unsigned lane = 0; lane != kLanes; ++lane)
        put<T>(warp, i.rows[k], i.widths[k], lane, from + k * sizeof(T));
    return;
  }
  bool words = space == Space::Shared && sizeof(T) == 4 && count == 1 && i.widths[0] == 4 && i.widths[1] == 8;
  if (words && warp.block.sharedBytes >= 4 && loadWords(warp, i, mask))
    return;
  for (; mask != 0; mask &= mask - 1) {
    unsigned lane = unsigned(std::countr_zero(mask));
    uint64_t address = addressOf(warp, i, count, 0, lane);
    constexpr unsigned bytes = sizeof(T) * count;
    const uint8_t *from = space == Space::Shared ? sharedAt(warp, lane, address, bytes, Use::Read)
                                                 : globalAt(warp, lane, address, bytes, false);
    if (!from)
      return;
    for (unsigned k = 0; k != count; ++k)
      put<T>(warp, i.rows[k], i.widths[k], lane, from + k * sizeof(T));
  }
}
template <typename T> void loadParameter(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *from = reinterpret_cast<const uint8_t *>(warp.block.how.parameters.data()) + i.constants[0];
  for (; mask != 0; mask &= mask - 1)
    put<T>(warp, i.rows[0], i.widths[0], unsigned(std::countr_zero(mask)), from);
}
template <Space space, typename T, unsigned count>
void store(Warp &warp, const Instruction &i, uint32_t mask) {
  for (; mask != 0; mask &= mask - 1) {
    unsigned lane = unsigned(std::countr_zero(mask));
    uint64_t address = addressOf(warp, i, 0, 0, lane);
    constexpr unsigned bytes = sizeof(T) * count;
    uint8_t *to = space == Space::Shared ? sharedAt(warp, lane, address, bytes, Use::Write)
                                         : globalAt(warp, lane, address, bytes, true);
    if (!to)
      return;
    for (unsigned k = 0; k != count; ++k) {
      uint32_t row = i.rows[1 + k], width = i.widths[1 + k];
      T value = T(width == 4   ? warp.row<uint32_t>(row)[lane]
                  : width == 2 ? warp.row<uint16_t>(row)[lane]
                               : warp.row<uint64_t>(row)[lane]);
      memcpy(to + k * sizeof(T), &value, sizeof value);
    }
  }
}

template <typename T, unsigned count> void addVectors(Table &table, const std::string &type) {
  std::string vector = count == 1 ? "" : ".v" + std::to_string(count), registers, values;
  for (unsigned k = 0; k != count; ++k)
    registers += "o0 ", values += " i0";
  if (count != 1)
    registers = "{ " + registers + "} ", values = " {" + values + " }";
  for (std::string space : {".shared", ".shared::cta"}) {
    table.add("ld" + space + vector + type, {registers + "a", load<Space::Shared, T, count>});
    table.add("st" + space + vector + type, {"a" + values, store<Space::Shared, T, count>});
  }
  table.add("ld.global" + vector + type, {registers + "a", load<Space::Global, T, count>});
  table.add("st.global" + vector + type, {"a" + values, store<Space::Global, T, count>});
  if (count == 1)
    table.add("ld.param" + type, {"o0 m", loadParameter<T>});
}
template <typename T> void addAccesses(Table &table, const std::string &type) {
  addVectors<T, 1>(table, type), addVectors<T, 2>(table, type);
  if constexpr (sizeof(T) != 8)
    addVectors<T, 4>(table, type);
}

//===- Asynchronous copies ----------------------------------------------------------------------------===//

/// The source is read at once, the target is NaNs until its thread has waited: a machine may do either at any
/// time between.
template <bool hasSize> void copy(Warp &warp, const Instruction &i, uint32_t mask) {
  Copy copy{warp.pc, mask, unsigned(i.constants[2]), {}, {}, {}};
  for (; mask != 0; mask &= mask - 1) {
    unsigned lane = unsigned(std::countr_zero(mask)), taken = copy.bytes;
    if (hasSize)
      taken = warp.row<uint32_t>(i.rows[2])[lane];
    if (taken > copy.bytes)
      return warp.fail(lane,
                       "copy of " + std::to_string(taken) + " bytes into " + std::to_string(copy.bytes));
    uint64_t from = addressOf(warp, i, 1, 1, lane), to = addressOf(warp, i, 0, 0, lane);
    if (taken != 0 && !isAligned(warp, lane, from, copy.bytes))
      return;
    const uint8_t *source = taken == 0 ? nullptr : globalBytes(warp, lane, from, taken, false);
    if (taken != 0 && !source)
      return;
    uint8_t *target = sharedAt(warp, lane, to, copy.bytes, Use::CopyTo);
    if (!target)
      return;
    if (taken != 0)
      memcpy(copy.data[lane], source, taken);
    for (unsigned k = 0; k != copy.bytes; k += 4)
      memcpy(target + k, "\xad\xde\xc0\x7f", 4);
    copy.targets[lane] = to - kSharedBase;
    copy.groups[lane] = warp.committed[lane];
  }
  warp.copies.push_back(copy);
}
void commit(Warp &warp, const Instruction &, uint32_t mask) {
  for (; mask != 0; mask &= mask - 1)
    ++warp.committed[std::countr_zero(mask)];
}
/// Ends the copies of the lanes in `mask` that `isOver` names by lane and group.
template <typename IsOver> void complete(Warp &warp, uint32_t mask, IsOver isOver) {
  for (Copy &copy : warp.copies)
    for (uint32_t rest = mask & copy.mask; rest != 0; rest &= rest - 1) {
      unsigned lane = unsigned(std::countr_zero(rest));
      if (!isOver(lane, copy.groups[lane]))
        continue;
      memcpy(&warp.block.shared[copy.targets[lane]], copy.data[lane], copy.bytes);
      copy.mask &= ~(1u << lane);
      if (warp.block.how.races)
        warp.block.races.complete(copy.targets[lane], copy.bytes, warp.thread(lane), copy.pc);
    }
  std::erase_if(warp.copies, [](const Copy &copy) { return copy.mask == 0; });
}
void waitGroups(Warp &warp, const Instruction &i, uint32_t mask) {
  uint64_t left = uint64_t(i.constants[0]);
  complete(warp, mask, [&](unsigned lane, uint32_t group) { return group + left < warp.committed[lane]; });
}
void waitAll(Warp &warp, const Instruction &, uint32_t mask) {
  complete(warp, mask, [](unsigned, uint32_t) { return true; });
}

void nothing(Warp &, const Instruction &, uint32_t) {}

} // namespace

void girih::test::ptx::addMemory(Table &table) {
  for (std::string kind : {".b", ".u"}) {
    addAccesses<uint8_t>(table, kind + "8"), addAccesses<uint16_t>(table, kind + "16");
    addAccesses<uint32_t>(table, kind + "32"), addAccesses<uint64_t>(table, kind + "64");
  }
  addAccesses<int8_t>(table, ".s8"), addAccesses<int16_t>(table, ".s16");
  addAccesses<int32_t>(table, ".s32"), addAccesses<int64_t>(table, ".s64");
  addAccesses<uint32_t>(table, ".f32"), addAccesses<uint64_t>(table, ".f64");
  for (const char *cache : {"ca", "cg"})
    for (const char *space : {".shared.global", ".shared::cta.global"}) {
      std::string name = std::string("cp.async.") + cache + space;
      table.add(name, {"a a n", copy<false>});
      table.add(name, {"a a n i4", copy<true>});
    }
  table.add("cp.async.commit_group", {"", commit});
  table.add("cp.async.wait_group", {"n", waitGroups});
  table.add("cp.async.wait_all", {"", waitAll});
  // Memory is always consistent here; whether a kernel has the fences that it needs is not checked.
  for (const char *fence : {"membar.cta", "membar.gl", "membar.sys", "fence.acq_rel.cta", "fence.acq_rel.gpu",
                            "fence.sc.cta", "fence.sc.gpu"})
    table.add(fence, {"", nothing});
}
