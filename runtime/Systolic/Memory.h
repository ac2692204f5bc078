// The machine's memories with their data: DRAM, which takes host memory only where it was written, scratchpad and accumulators.
#pragma once

#include "runtime/Systolic/Machine.h"

#include <cstring>
#include <memory>
#include <unordered_map>

namespace girih::systolic {

/// DRAM reads 0 where nothing was written. Callers keep addresses within the machine's DRAM.
class Dram {
public:
  void read(uint64_t address, void *to, uint64_t bytes) const {
    walk(address, bytes, [&](uint64_t chunk, uint64_t offset, uint64_t done, uint64_t count) {
      auto it = chunks.find(chunk);
      if (it == chunks.end())
        memset(static_cast<uint8_t *>(to) + done, 0, count);
      else
        memcpy(static_cast<uint8_t *>(to) + done, it->second.get() + offset, count);
    });
  }
  void write(uint64_t address, const void *from, uint64_t bytes) {
    walk(address, bytes, [&](uint64_t chunk, uint64_t offset, uint64_t done, uint64_t count) {
      std::unique_ptr<uint8_t[]> &memory = chunks[chunk];
      if (!memory)
        memory = std::make_unique<uint8_t[]>(kChunk);
      memcpy(memory.get() + offset, static_cast<const uint8_t *>(from) + done, count);
    });
  }

private:
  static constexpr uint64_t kChunk = 1 << 16;
  template <typename Body> static void walk(uint64_t address, uint64_t bytes, Body body) {
    for (uint64_t done = 0; done < bytes;) {
      uint64_t offset = (address + done) % kChunk, count = std::min(bytes - done, kChunk - offset);
      body((address + done) / kChunk, offset, done, count);
      done += count;
    }
  }
  std::unordered_map<uint64_t, std::unique_ptr<uint8_t[]>> chunks;
};

/// Scratchpad and accumulators by local address; without data they have no bytes.
class LocalMemory {
public:
  LocalMemory(const Machine &machine, bool data) : scratchpad(data ? machine.scratchpad_bytes : 0) {
    for (int64_t i = 0; data && i != machine.arrays; ++i)
      accumulators.emplace_back(machine.accumulator_bytes);
  }
  uint8_t *at(uint32_t address) {
    uint32_t offset = address & kLocalOffsetMask;
    return (address & kAccumulatorBit ? accumulators[address >> kArrayShift & 7] : scratchpad).data() + offset;
  }
  const uint8_t *at(uint32_t address) const { return const_cast<LocalMemory *>(this)->at(address); }

  std::vector<uint8_t> scratchpad;
  std::vector<std::vector<uint8_t>> accumulators;
};

/// A tile of weights in an array: every cell of R x C, zeros where the load had none.
struct WeightBank {
  Type type = Type::none;
  bool sparse = false;
  std::vector<int16_t> integers; // [R/2][C][2]: pairs of rows, for int8
  std::vector<float> floats;     // [R][C], for bf16
  std::vector<uint8_t> indices;  // [R][C], sparse only
};

} // namespace girih::systolic
