// The command table bound to one run: grids and argument words evaluated for the symbols' values, pieces checked against the
// memory they lie in. Evaluation happens only when entry or sizes change; a run of the same shapes only exchanges the
// pointers to inputs and outputs. Nothing is allocated after construction.
#pragma once

#include "Shapes.h"

namespace girih::runtime {

/// A launch (or copy) ready to go. Addresses are those of the machine that runs it.
struct BoundLaunch {
  KernelFunction function;
  const int64_t *args; // per argument its place and dims, then the grid
  uint32_t gridRank;
  uint32_t grid[GIRIH_MAX_GRID];
  uint64_t blocks; // product of the grid
  uint64_t flops, bytes;
  const girih_command *command;
};

class Plan {
public:
  explicit Plan(const Module &module);

  /// Bytes of arena for these symbols.
  static uint64_t arenaBytes(const Module &module, uint32_t entry, const int64_t *symbols);

  void setArena(std::span<uint8_t> memory) { arena = memory, isBound = false; }
  /// Binds everything that depends on no loop counter. `symbols` lives as long as the binding.
  girih_code bind(const Call &call, const int64_t *symbols, girih_status *status);

  const Module &module() const { return owner; }
  const girih_entry &entry() const { return *boundEntry; }
  const int64_t *symbols() const { return boundSymbols.data(); }
  /// A command that depends on no counter.
  const BoundLaunch &bound(uint32_t command) const { return launches[command - boundEntry->first_command]; }
  /// Binds a command that depends on counters into the caller's words (wordsPerLaunch() of them). False: out of bounds.
  bool bindDynamic(uint32_t command, const int64_t *symbols, int64_t *words, BoundLaunch &launch) const;
  /// Bytes that an argument covers at the bound sizes; 0 where they depend on a counter.
  uint64_t argBytes(const girih_arg &arg) const { return argBytes(arg, symbols()); }
  /// The same with a walker's counters.
  uint64_t argBytes(const girih_arg &arg, const int64_t *symbols) const;
  /// Words of a launch, or of a copy.
  size_t wordsOf(const girih_command &command) const;
  size_t wordsPerLaunch() const { return maxWords; }
  bool hasDynamic() const { return anyDynamic; }

private:
  girih_code evaluateAll(girih_status *status);
  bool notePlaces();
  void exchangePointers();
  bool bindCommand(const girih_command &command, const int64_t *symbols, int64_t *words, BoundLaunch &launch) const;
  bool bindArg(const girih_arg &arg, const int64_t *symbols, int64_t *&next) const;
  bool bindCopy(const girih_command &command, const int64_t *symbols, int64_t *words, BoundLaunch &launch) const;
  /// Memory that an argument lies in.
  std::span<uint8_t> memory(const girih_arg &arg, const int64_t *symbols) const;
  bool piece(const girih_arg &arg, const int64_t *symbols, std::span<uint8_t> &result) const;
  bool fitsArena(const girih_buffer &buffer, const int64_t *symbols) const;

  const Module &owner;
  const Tables &t;
  std::span<uint8_t> arena;
  std::vector<BoundLaunch> launches; // per command of the bound entry
  std::vector<int64_t> words;        // their argument words
  size_t maxWords = 0;
  bool anyDynamic = false;

  const girih_entry *boundEntry = nullptr;
  std::vector<int64_t> boundSymbols;
  bool isBound = false;
  uint64_t arenaUsed = 0;
  std::span<const girih_tensor> inputs, outputs; // of the call under way
  std::vector<const void *> places;              // of their data
};

} // namespace girih::runtime
