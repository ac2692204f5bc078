// Tokens and the pages where their rows lie. A step extends a sequence in three acts: prepare takes pages,
// the run writes rows past the end, and commit moves the end, or rollback gives the pages back.
#pragma once

#include "Cache.h"

namespace girih::runtime {

class Sequence {
public:
  static girih_code create(Cache &cache, Sequence *&sequence, girih_status *status);
  static girih_code load(Cache &cache, const char *path, Sequence *&sequence, girih_status *status);
  /// The same from a file's bytes; `path` is for messages.
  static girih_code load(Cache &cache, std::span<const uint8_t> file, const char *path, Sequence *&sequence,
                         girih_status *status);
  ~Sequence();

  girih_code fork(Sequence *&result, girih_status *status);
  girih_code truncate(int64_t length, girih_status *status);
  girih_code save(const char *path, girih_status *status);

  Cache &cache() const { return owner; }
  int64_t length() const { return end; }
  const int32_t *tokens() const { return words.data(); }

  /// One user at a time; false: there is one.
  bool tryUse() { return !used.exchange(true, std::memory_order_acquire); }
  void endUse() { used.store(false, std::memory_order_release); }

  girih_code prepare(std::span<const int32_t> more, girih_status *status);
  void commit();
  void rollback();

  int32_t slot(int64_t position) const {
    int64_t pageTokens = owner.plan().pageTokens;
    return int32_t(pages[position / pageTokens] * pageTokens + position % pageTokens);
  }
  /// Slots of positions 0 .. count-1.
  void fillSlots(int32_t *slots, int64_t count) const;

private:
  explicit Sequence(Cache &cache);
  girih_code busy(girih_status *status) const;
  /// Pages that hold `tokens`.
  size_t pagesFor(int64_t tokens) const {
    return size_t((tokens + owner.plan().pageTokens - 1) / owner.plan().pageTokens);
  }
  girih_code copySharedPage(girih_status *status);
  girih_code full(int64_t wanted, girih_status *status) const;
  girih_code readRows(std::span<const uint8_t> file, girih_status *status);

  Cache &owner;
  int64_t end = 0;
  std::vector<int32_t> words; // tokens; past the end while a step is under way
  std::vector<int32_t> pages;
  int32_t sharedPage = -1; // what the last page that is not full was, before prepare copied it
  std::atomic<bool> used{false};
};

} // namespace girih::runtime
