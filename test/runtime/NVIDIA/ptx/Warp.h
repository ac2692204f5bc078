// A block that executes, and its warps: what instructions see.
#pragma once

#include "Races.h"

#include <array>
#include <bit>
#include <cstring>

namespace girih::test::ptx {

/// Lanes that are at the same instruction.
struct Group {
  uint32_t pc, mask;
  bool waits = false; // for others to come to the same instruction
};

/// A copy to shared memory under way, of the lanes in `mask`: visible once its thread has waited.
struct Copy {
  uint32_t pc, mask;
  unsigned bytes;
  uint32_t groups[kLanes];  // how many groups the lane had committed
  uint64_t targets[kLanes]; // offsets in shared memory
  uint8_t data[kLanes][16];
};

class Block {
public:
  Block(const Kernel &kernel, const Launch &how, const Memory &memory);
  /// Runs block number `index`; false with `error`.
  bool run(uint64_t index);
  std::string error;

  const Kernel &kernel;
  const Launch &how;
  std::vector<uint8_t> shared;
  uint64_t sharedBytes;
  Races races;

  /// Where `bytes` of device memory lie, or null.
  uint8_t *global(uint64_t address, unsigned bytes);

private:
  void start(uint64_t index);
  bool releaseBarriers();
  void reportStuck();
  const Memory &memory;
  Memory::Range recent[4] = {}; // the allocations that were asked for
  unsigned oldest = 0;
  Dim3 at;
  std::vector<Warp> warps;
  friend class Warp;
};

class Warp {
public:
  enum class State : uint8_t { Ready, AtBarrier, Done };
  Warp(Block &block, unsigned index);

  void start();
  /// Until all of it waits at a barrier, has exited, or the block has failed.
  void run();

  /// The row as elements of `T`, the unsigned type of its width.
  template <typename T> T *row(uint32_t offset) {
    return reinterpret_cast<T *>(__builtin_assume_aligned(reinterpret_cast<uint8_t *>(registers.data()) + offset, 64));
  }
  uint32_t &predicate(uint32_t offset) { return *reinterpret_cast<uint32_t *>(reinterpret_cast<uint8_t *>(registers.data()) + offset); }
  uint16_t thread(unsigned lane) const { return uint16_t(index * kLanes + lane); }
  /// Ends the launch: the sentence gets the place and the lane's thread.
  void fail(unsigned lane, const std::string &sentence);
  void failRace(unsigned lane, bool write, uint64_t offset, const Races::Access &other);
  /// What the lanes did is visible to each other from here on.
  void synchronize(uint32_t mask);

  Block &block;
  const unsigned index;
  uint32_t all = 0, live = 0; // lanes that exist, that have not exited
  uint32_t pc = 0, active = 0;
  State state = State::Ready;
  uint32_t barrier = 0, barrierThreads = 0; // where it waits, and for how many: 0 for all
  uint64_t executed = 0;
  std::vector<Copy> copies;
  uint32_t committed[kLanes] = {};

private:
  struct alignas(64) Line {
    uint8_t bytes[64];
  };
  void next();
  void branch(const Instruction &instruction, uint32_t mask);
  void exit(uint32_t mask);
  bool gather(const Instruction &instruction, uint32_t mask);
  void dropCopies();
  std::vector<Line> registers;
  std::vector<Group> waiting;
  uint32_t meeting = ~0u; // the next instruction at which others wait or would go on
};

/// Calls `visit` for every lane of `mask`; with all of them as a loop that vectorises. Rows are the same or apart, so no iteration depends
/// on another.
template <typename Visit> inline void forLanes(uint32_t mask, Visit visit) {
  if (mask == kAllLanes) {
#pragma clang loop vectorize(assume_safety)
    for (unsigned lane = 0; lane != kLanes; ++lane)
      visit(lane);
    return;
  }
  for (; mask != 0; mask &= mask - 1)
    visit(unsigned(std::countr_zero(mask)));
}

template <unsigned bytes> struct BitsOf;
template <> struct BitsOf<1> { using Type = uint8_t; };
template <> struct BitsOf<2> { using Type = uint16_t; };
template <> struct BitsOf<4> { using Type = uint32_t; };
template <> struct BitsOf<8> { using Type = uint64_t; };
template <typename T> using Bits = typename BitsOf<sizeof(T)>::Type;

template <typename T> inline std::string operandOf(char kind) { return kind + std::to_string(sizeof(T)); }

} // namespace girih::test::ptx
