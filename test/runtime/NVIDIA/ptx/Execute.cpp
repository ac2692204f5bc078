// Blocks and warps. A warp executes the lanes that are at the lowest instruction, until they meet others or
// branch: code is laid out so that this brings them together where branches join. Lanes that come first to an
// instruction that all must execute at once wait there.
#include "Warp.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

using namespace girih::test::ptx;

//===- Warps ------------------------------------------------------------------------------------------===//

Warp::Warp(Block &block, unsigned index) : block(block), index(index) {
  registers.resize((block.kernel.registers.size() + 63) / 64);
  std::copy(block.kernel.registers.begin(), block.kernel.registers.end(), registers.data()->bytes);
}

void Warp::start() {
  uint64_t threads = uint64_t(block.how.block.x) * block.how.block.y * block.how.block.z - index * kLanes;
  all = threads >= kLanes ? kAllLanes : (1u << threads) - 1;
  live = active = all;
  pc = 0;
  executed = 0;
  state = State::Ready;
  waiting.clear();
  copies.clear();
  meeting = ~0u;
}

void Warp::fail(unsigned lane, const std::string &sentence) {
  if (!block.error.empty())
    return;
  const Source &source = block.kernel.sources[pc];
  auto place = [](uint32_t x, uint32_t y, uint32_t z) {
    return "(" + std::to_string(x) + ", " + std::to_string(y) + ", " + std::to_string(z) + ")";
  };
  uint32_t linear = thread(lane), x = block.how.block.x, y = block.how.block.y;
  block.error = block.kernel.name + ":" + std::to_string(source.line) + ": " + sentence + " (`" +
                source.text + "`, block " + place(block.at.x, block.at.y, block.at.z) + ", thread " +
                place(linear % x, linear / x % y, linear / x / y) + ")";
}

void Warp::failRace(unsigned lane, bool write, uint64_t offset, const Races::Access &other) {
  const Source &source = block.kernel.sources[other.pc];
  std::string place = " in line " + std::to_string(source.line) + " (`" + source.text + "`, thread " +
                      std::to_string(other.thread) + ")";
  std::string here = std::string("race in shared memory: byte ") + std::to_string(offset) + " is " +
                     (write ? "written" : "read") + " by thread " + std::to_string(thread(lane)) + ", ";
  fail(lane, here + (other.time == Races::kPending ? "but nobody has waited for the copy to it" + place
                                                   : "with no barrier after the access" + place));
}

void Warp::synchronize(uint32_t mask) {
  if (block.how.races && mask == live)
    block.races.synchronize(index);
}

/// Goes on with the group that is at the lowest instruction, and all that are there.
void Warp::next() {
  const Group *lowest = nullptr;
  for (const Group &group : waiting)
    if (!group.waits && (!lowest || group.pc < lowest->pc))
      lowest = &group;
  if (!lowest) {
    active = 0;
    if (waiting.empty()) {
      state = State::Done;
      return dropCopies();
    }
    pc = waiting.front().pc;
    return fail(unsigned(std::countr_zero(waiting.front().mask)),
                waiting.size() == 1
                    ? "the lanes of the warp must execute this together, but some have exited"
                    : "the lanes of the warp must execute this together, but some wait in line " +
                          std::to_string(block.kernel.sources[waiting[1].pc].line));
  }
  pc = lowest->pc;
  active = 0;
  meeting = ~0u;
  std::erase_if(waiting, [&](const Group &group) {
    if (group.pc == pc)
      active |= group.mask;
    else if (group.pc > pc)
      meeting = std::min(meeting, group.pc);
    return group.pc == pc;
  });
}

void Warp::branch(const Instruction &instruction, uint32_t mask) {
  uint32_t on = active & ~mask;
  if (on == 0 && waiting.empty()) {
    pc = instruction.target;
    return;
  }
  waiting.push_back({instruction.target, mask});
  if (on != 0)
    waiting.push_back({pc + 1, on});
  next();
}

void Warp::exit(uint32_t mask) {
  live &= ~mask;
  if (uint32_t on = active & ~mask)
    waiting.push_back({pc + 1, on});
  next();
}

/// Whether all lanes that must execute the instruction are there; if not, those that are wait.
bool Warp::gather(const Instruction &instruction, uint32_t mask) {
  uint32_t needed = all;
  if (instruction.flow == Flow::Together && instruction.code != 0) { // the operand before it names the lanes
    uint32_t *named = row<uint32_t>(instruction.rows[instruction.code - 1]);
    needed = named[std::countr_zero(mask)] & all;
    for (uint32_t rest = mask; rest != 0; rest &= rest - 1)
      if (unsigned lane = unsigned(std::countr_zero(rest));
          (named[lane] & all) != needed || !(needed >> lane & 1))
        return fail(lane, "the lanes of a mask must be in it and give the same one"), false;
  }
  if (needed & ~live)
    return fail(unsigned(std::countr_zero(mask)),
                "threads of the warp have exited that must execute this too"),
           false;
  if (mask == active && mask == needed)
    return true;
  if (uint32_t on = active & ~mask)
    waiting.push_back({pc + 1, on});
  waiting.push_back({pc, mask, true});
  // Others may have come before and wait here as well.
  uint32_t there = 0;
  for (const Group &group : waiting)
    there |= group.pc == pc && group.waits ? group.mask : 0;
  if (there == needed)
    for (Group &group : waiting)
      if (group.pc == pc)
        group.waits = false;
  next();
  return false;
}

/// What is left at the end of a block is nobody's.
void Warp::dropCopies() {
  if (block.how.races)
    for (const Copy &copy : copies)
      for (uint32_t mask = copy.mask; mask != 0; mask &= mask - 1) {
        unsigned lane = unsigned(std::countr_zero(mask));
        block.races.complete(copy.targets[lane], copy.bytes, thread(lane), copy.pc);
      }
  copies.clear();
}

void Warp::run() {
  const Instruction *code = block.kernel.code.data();
  state = State::Ready;
  while (state == State::Ready && block.error.empty()) {
    if (pc == meeting) {
      waiting.push_back({pc, active});
      next();
      continue;
    }
    const Instruction &instruction = code[pc];
    uint32_t guard = predicate(instruction.guard);
    uint32_t mask = active & (instruction.unless ? ~guard : guard);
    ++executed;
    if (mask == 0) {
      ++pc;
      continue;
    }
    switch (instruction.flow) {
    case Flow::Plain:
      instruction.run(*this, instruction, mask);
      ++pc;
      break;
    case Flow::Branch:
      branch(instruction, mask);
      if (executed > block.how.maxInstructions)
        fail(unsigned(std::countr_zero(mask)),
             "the block does not end: the warp executed " + std::to_string(executed) + " instructions");
      break;
    case Flow::Exit:
      exit(mask);
      break;
    case Flow::Together:
      if (gather(instruction, mask)) {
        instruction.run(*this, instruction, mask);
        ++pc;
      }
      break;
    case Flow::Barrier:
      if (gather(instruction, mask)) {
        instruction.run(*this, instruction, mask);
        state = State::AtBarrier;
      }
      break;
    }
  }
}

//===- Blocks -----------------------------------------------------------------------------------------===//

Block::Block(const Kernel &kernel, const Launch &how, const Memory &memory)
    : kernel(kernel), how(how), memory(memory) {
  sharedBytes = kernel.staticShared + how.sharedBytes;
  shared.resize((sharedBytes + 3) / 4 * 4);
  unsigned count = (how.block.x * how.block.y * how.block.z + kLanes - 1) / kLanes;
  warps.reserve(count);
  for (unsigned i = 0; i != count; ++i)
    warps.emplace_back(*this, i);
}

uint8_t *Block::global(uint64_t address, unsigned bytes) {
  for (const Memory::Range &range : recent)
    if (address - range.address < range.bytes)
      return bytes <= range.bytes - (address - range.address) ? range.data + (address - range.address)
                                                              : nullptr;
  Memory::Range found;
  if (!memory.find(address, found))
    return nullptr;
  recent[oldest++ % 4] = found;
  uint64_t offset = address - found.address;
  return offset < found.bytes && bytes <= found.bytes - offset ? found.data + offset : nullptr;
}

/// Shared memory starts as NaNs, so that what was never written shows in results.
void Block::start(uint64_t block) {
  at = {uint32_t(block % how.grid.x), uint32_t(block / how.grid.x % how.grid.y),
        uint32_t(block / how.grid.x / how.grid.y)};
  for (uint64_t i = 0; i != shared.size(); i += 4)
    memcpy(&shared[i], "\xad\xde\xc0\x7f", 4);
  if (how.races)
    races.start(shared.size(), unsigned(warps.size()));
  for (Warp &warp : warps) {
    warp.start();
    auto set = [&](Special special, auto valueOf) {
      if (uint32_t offset = kernel.specials[unsigned(special)])
        for (unsigned lane = 0; lane != kLanes; ++lane)
          warp.row<uint32_t>(offset)[lane] = valueOf(uint32_t(warp.thread(lane)));
    };
    set(Special::TidX, [&](uint32_t thread) { return thread % how.block.x; });
    set(Special::TidY, [&](uint32_t thread) { return thread / how.block.x % how.block.y; });
    set(Special::TidZ, [&](uint32_t thread) { return thread / how.block.x / how.block.y; });
    const uint32_t same[] = {at.x,        at.y,       at.z,       how.block.x, how.block.y,
                             how.block.z, how.grid.x, how.grid.y, how.grid.z,  warp.index};
    for (unsigned i = 0; i != std::size(same); ++i)
      set(Special(unsigned(Special::CtaidX) + i), [&](uint32_t) { return same[i]; });
  }
}

/// Lets the warps go on that have all come to a barrier.
bool Block::releaseBarriers() {
  bool released = false;
  std::vector<unsigned> there;
  for (const Warp &first : warps) {
    if (first.state != Warp::State::AtBarrier)
      continue;
    there.clear();
    uint32_t threads = 0, needed = first.barrierThreads;
    for (const Warp &warp : warps) {
      if (warp.state == Warp::State::AtBarrier && warp.barrier == first.barrier)
        there.push_back(warp.index), threads += uint32_t(std::popcount(warp.all));
      if (first.barrierThreads == 0)
        needed += uint32_t(std::popcount(warp.all));
    }
    if (threads != needed)
      continue;
    released = true;
    if (how.races)
      races.join(there);
    for (unsigned index : there) {
      warps[index].state = Warp::State::Ready;
      ++warps[index].pc;
    }
  }
  return released;
}

void Block::reportStuck() {
  for (Warp &warp : warps)
    if (warp.state == Warp::State::AtBarrier) {
      unsigned exited = 0, elsewhere = 0;
      for (const Warp &other : warps) {
        exited += other.state == Warp::State::Done;
        elsewhere += other.state == Warp::State::AtBarrier && other.barrier != warp.barrier;
      }
      return warp.fail(0, "not all threads come to barrier " + std::to_string(warp.barrier) + ": " +
                              std::to_string(exited) + " warps of the block have exited, " +
                              std::to_string(elsewhere) + " wait at other barriers");
    }
}

bool Block::run(uint64_t index) {
  start(index);
  for (;;) {
    bool done = true;
    for (Warp &warp : warps) {
      if (warp.state == Warp::State::Ready)
        warp.run();
      if (!error.empty())
        return false;
      done &= warp.state == Warp::State::Done;
    }
    if (done)
      return true;
    if (!releaseBarriers())
      return reportStuck(), false;
  }
}

//===- Launches ---------------------------------------------------------------------------------------===//

std::span<const uint32_t> girih::test::ptx::parameterBytes(const Kernel &kernel) { return kernel.parameters; }

static std::string checkLaunch(const Kernel &kernel, const Launch &how) {
  auto text = [](const Dim3 &size) {
    return std::to_string(size.x) + " x " + std::to_string(size.y) + " x " + std::to_string(size.z);
  };
  const Dim3 &block = how.block, &required = kernel.requiredBlock, &grid = how.grid;
  uint64_t threads = uint64_t(block.x) * block.y * block.z;
  if (how.parameters.size() != kernel.parameters.size())
    return "expected " + std::to_string(kernel.parameters.size()) + " parameters, but got " +
           std::to_string(how.parameters.size());
  if (required.x != 0 && (block.x != required.x || block.y != required.y || block.z != required.z))
    return "expected blocks of " + text(required) + " threads, but got " + text(block);
  if (threads == 0 || threads > kernel.maxThreads)
    return "expected blocks of 1 to " + std::to_string(kernel.maxThreads) + " threads, but got " +
           text(block);
  if (grid.x == 0 || grid.y == 0 || grid.z == 0)
    return "expected a grid of at least one block, but got " + text(grid);
  return "";
}

bool girih::test::ptx::launch(const Kernel &kernel, const Launch &how, const Memory &memory,
                              std::string &error) {
  if (error = checkLaunch(kernel, how); !error.empty())
    return error = kernel.name + ": " + error, false;
  uint64_t blocks = uint64_t(how.grid.x) * how.grid.y * how.grid.z, failed = ~0ull;
  std::atomic<uint64_t> nextBlock = 0;
  std::mutex mutex;
  auto work = [&] {
    Block block(kernel, how, memory);
    for (uint64_t i; (i = nextBlock++) < blocks;)
      if (!block.run(i)) { // of several the first block's, so that threads do not change what is said
        std::lock_guard lock(mutex);
        if (i < failed)
          failed = i, error = block.error;
        nextBlock = blocks;
      }
  };
  std::vector<std::thread> others;
  for (uint64_t i = 1; i < std::min<uint64_t>(how.threads, blocks); ++i)
    others.emplace_back(work);
  work();
  for (std::thread &thread : others)
    thread.join();
  return failed == ~0ull;
}
