// Memory for the states of a decoder, one row a slot, handed out in pages: runs of slots that are counted by
// how many sequences hold them. A page that several hold is never written to.
#pragma once

#include "Decoder.h"

#include <mutex>

namespace girih::runtime {

/// Sizes, before anything is allocated.
struct CachePlan {
  Decoder decoder;
  int64_t pageTokens = 0, pages = 0;
  uint64_t bytes = 0;
  std::vector<uint64_t> offsets; // of the states
  int64_t tokens() const { return pages * pageTokens; }
  /// What one sequence may have.
  int64_t longest() const { return std::min(decoder.longest, tokens()); }

  static girih_code make(const Module &module, const girih_cache_options &options, CachePlan &plan,
                         girih_status *status);
};

class Cache {
public:
  static girih_code create(Module &module, const girih_cache_options &options, Cache *&cache,
                           girih_status *status);
  void retain() { references.fetch_add(1, std::memory_order_relaxed); }
  void release();

  const Module &module() const { return owner; }
  const CachePlan &plan() const { return sizes; }
  const Decoder &decoder() const { return sizes.decoder; }
  int64_t freePages();

  /// All slots of a state; with a device its address there.
  uint8_t *state(size_t index) const {
    return (owner.device() ? deviceMemory.data() : memory.data()) + sizes.offsets[index];
  }
  uint8_t *row(size_t index, int64_t slot) const {
    return state(index) + uint64_t(slot) * sizes.decoder.states[index].rowBytes;
  }

  /// Takes `count` pages, all or none, held by one sequence.
  bool take(size_t count, int32_t *pages);
  void hold(std::span<const int32_t> pages);
  void give(std::span<const int32_t> pages);
  bool isShared(int32_t page);
  /// The first `tokens` rows of a page, in every state.
  girih_code copyPage(int32_t from, int32_t to, int64_t tokens, girih_status *status);
  /// Copies between rows and memory of the host, or between rows.
  girih_code transfer(std::span<const MachineCopy> copies, girih_status *status) const;

private:
  Cache(Module &module, CachePlan plan) : owner(module), sizes(std::move(plan)) { owner.retain(); }
  ~Cache();
  girih_code reserve(bool huge, girih_status *status);
  girih_code describeLack(girih_status *status) const;

  Module &owner;
  CachePlan sizes;
  Mapping memory;
  MachineBlock deviceMemory; // instead
  std::vector<MachineCopy> pageCopies; // one a state
  std::atomic<uint32_t> references{1};
  std::mutex mutex;              // of what follows
  std::vector<int32_t> freeList; // the next to take last
  std::vector<uint32_t> holders; // per page
  std::mutex copying;            // of pageCopies
};

} // namespace girih::runtime
