// Sequences over a cache's pages.
#include "Sequence.h"

#include <algorithm>
#include <new>

using namespace girih::runtime;

/// All that it will ever need is reserved, so that steps allocate nothing.
Sequence::Sequence(Cache &cache) : owner(cache) {
  owner.retain();
  words.reserve(owner.plan().longest());
  pages.reserve(pagesFor(owner.plan().longest()));
}

Sequence::~Sequence() {
  owner.give(pages);
  owner.release();
}

girih_code Sequence::create(Cache &cache, Sequence *&result, girih_status *status) {
  result = new (std::nothrow) Sequence(cache);
  return result ? succeed(status) : fail(status, GIRIH_OUT_OF_MEMORY, "no memory for a sequence");
}

girih_code Sequence::busy(girih_status *status) const {
  return fail(status, GIRIH_BUSY, "the sequence is in use; a sequence does one thing at a time");
}

girih_code Sequence::fork(Sequence *&result, girih_status *status) {
  if (!tryUse())
    return busy(status);
  girih_code code = create(owner, result, status);
  if (!code) {
    owner.hold(pages);
    result->pages.assign(pages.begin(), pages.end());
    result->words.assign(words.begin(), words.end());
    result->end = end;
  }
  endUse();
  return code;
}

girih_code Sequence::truncate(int64_t length, girih_status *status) {
  if (!tryUse())
    return busy(status);
  girih_code code = succeed(status);
  if (length < 0 || length > end) {
    code = fail(status, GIRIH_INVALID_ARGUMENT, "expected a length from 0 to %lld but got %lld",
                static_cast<long long>(end), static_cast<long long>(length));
  } else {
    size_t kept = pagesFor(length);
    owner.give(std::span(pages).subspan(kept));
    pages.resize(kept);
    words.resize(length);
    end = length;
  }
  endUse();
  return code;
}

//===-- Extending
//--------------------------------------------------------------------------------------------------===//

girih_code Sequence::full(int64_t wanted, girih_status *status) const {
  const CachePlan &plan = owner.plan();
  if (wanted > plan.decoder.longest)
    return fail(status, GIRIH_SIZE_OUT_OF_BOUNDS,
                "a sequence of %lld tokens cannot take %lld more: the module has %lld positions; truncate "
                "it, or compile with a longer bound",
                static_cast<long long>(end), static_cast<long long>(wanted - end),
                static_cast<long long>(plan.decoder.longest));
  return fail(status, GIRIH_CACHE_FULL,
              "a sequence of %lld tokens cannot take %lld more: the cache has room for %lld, %lld pages of "
              "%lld are free; release or "
              "truncate sequences, or make a larger cache",
              static_cast<long long>(end), static_cast<long long>(wanted - end),
              static_cast<long long>(plan.tokens()), static_cast<long long>(owner.freePages()),
              static_cast<long long>(plan.pageTokens));
}

/// Rows will be added to the last page: it must be this sequence's own.
girih_code Sequence::copySharedPage(girih_status *status) {
  int64_t inPage = end % owner.plan().pageTokens;
  if (inPage == 0 || !owner.isShared(pages.back()))
    return GIRIH_OK;
  int32_t page;
  if (!owner.take(1, &page))
    return full(end + 1, status);
  if (girih_code code = owner.copyPage(pages.back(), page, inPage, status)) {
    owner.give({&page, 1});
    return code;
  }
  sharedPage = pages.back();
  pages.back() = page;
  return GIRIH_OK;
}

girih_code Sequence::prepare(std::span<const int32_t> more, girih_status *status) {
  int64_t wanted = end + int64_t(more.size());
  if (wanted > owner.plan().longest())
    return full(wanted, status);
  if (girih_code code = copySharedPage(status))
    return code;
  size_t before = pages.size();
  pages.resize(pagesFor(wanted));
  if (!owner.take(pages.size() - before, pages.data() + before)) {
    pages.resize(before);
    rollback();
    return full(wanted, status);
  }
  words.insert(words.end(), more.begin(), more.end());
  return GIRIH_OK;
}

void Sequence::commit() {
  if (sharedPage >= 0)
    owner.give({&sharedPage, 1});
  sharedPage = -1;
  end = int64_t(words.size());
}

void Sequence::rollback() {
  size_t before = pagesFor(end);
  owner.give(std::span(pages).subspan(before));
  pages.resize(before);
  words.resize(end);
  if (sharedPage >= 0) {
    owner.give({&pages.back(), 1});
    pages.back() = sharedPage;
  }
  sharedPage = -1;
}

void Sequence::fillSlots(int32_t *slots, int64_t count) const {
  int64_t pageTokens = owner.plan().pageTokens;
  for (int64_t page = 0, position = 0; position < count; ++page)
    for (int32_t slot = int32_t(pages[page] * pageTokens),
                 stop = int32_t(std::min(pageTokens, count - position)), i = 0;
         i != stop; ++i)
      slots[position++] = slot + i;
}
