// The pool of pages.
#include "Cache.h"

#include <algorithm>
#include <cstring>
#include <new>

using namespace girih::runtime;

static constexpr int64_t defaultPageTokens = 32;

//===-- Sizes
//------------------------------------------------------------------------------------------------------===//

static int64_t roundUp(int64_t value, int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

girih_code CachePlan::make(const Module &module, const girih_cache_options &options, CachePlan &plan,
                           girih_status *status) {
  if (girih_code code = Decoder::read(module, plan.decoder, status))
    return code;
  const girih_symbol &slots = module.tables().symbols[plan.decoder.slots];
  int64_t most = std::min<int64_t>(slots.max, INT32_MAX - 1);
  if (options.tokens < 0 || options.page_tokens < 0 || options.tokens > most)
    return fail(
        status, GIRIH_SIZE_OUT_OF_BOUNDS,
        "expected a cache of at most %lld tokens in pages of at least 1 but got %lld in pages of %lld",
        static_cast<long long>(most), static_cast<long long>(options.tokens),
        static_cast<long long>(options.page_tokens));
  int64_t tokens = options.tokens ? options.tokens : std::min(plan.decoder.longest, most);
  tokens = std::max(tokens, slots.min);
  plan.pageTokens = std::min(options.page_tokens ? options.page_tokens : defaultPageTokens, tokens);
  // Up to whole pages, unless that would leave the module's bound.
  plan.pages = std::min(roundUp(tokens, plan.pageTokens), most) / plan.pageTokens;
  for (const DecoderState &state : plan.decoder.states) {
    uint64_t bytes;
    plan.offsets.push_back(plan.bytes);
    if (__builtin_mul_overflow(state.rowBytes, uint64_t(plan.tokens()), &bytes) || bytes >> 46 ||
        __builtin_add_overflow(plan.bytes, roundUp(bytes, GIRIH_WEIGHT_ALIGNMENT), &plan.bytes))
      return fail(status, GIRIH_OUT_OF_MEMORY, "a cache of %lld tokens exceeds all memory; ask for fewer",
                  static_cast<long long>(tokens));
  }
  return succeed(status);
}

girih_code Cache::create(Module &module, const girih_cache_options &options, Cache *&result,
                         girih_status *status) {
  CachePlan plan;
  if (girih_code code = CachePlan::make(module, options, plan, status))
    return code;
  auto *cache = new (std::nothrow) Cache(module, std::move(plan));
  if (!cache)
    return fail(status, GIRIH_OUT_OF_MEMORY, "no memory for a cache");
  if (girih_code code = cache->reserve(!options.no_huge_pages, status)) {
    cache->release();
    return code;
  }
  cache->pageCopies.reserve(cache->sizes.decoder.states.size());
  cache->holders.resize(cache->sizes.pages);
  cache->freeList.reserve(cache->sizes.pages);
  for (int64_t page = cache->sizes.pages; page-- != 0;)
    cache->freeList.push_back(int32_t(page));
  result = cache;
  return succeed(status);
}

/// The memory goes before its machine does.
Cache::~Cache() {
  deviceMemory.release();
  owner.release();
}

girih_code Cache::reserve(bool huge, girih_status *status) {
  const Machine *device = owner.device();
  if (!device)
    return Mapping::pages(sizes.bytes, huge, memory, status);
  girih_code code = deviceMemory.allocate(*device, sizes.bytes, status);
  if (code == GIRIH_OUT_OF_DEVICE_MEMORY)
    return describeLack(status);
  return code;
}

girih_code Cache::describeLack(girih_status *status) const {
  const char *name;
  uint64_t left, all, each = 0;
  owner.device()->memory().describe(owner.device()->self(), &name, &left, &all);
  for (const DecoderState &state : sizes.decoder.states)
    each += state.rowBytes;
  std::string what = "the rows of " + std::to_string(sizes.tokens()) + " tokens",
              advice = "make a cache of at most " + std::to_string(each ? left / each : 0) + " tokens";
  return owner.device()->lacks(what.c_str(), sizes.bytes, advice.c_str(), status);
}

void Cache::release() {
  if (references.fetch_sub(1, std::memory_order_acq_rel) == 1)
    delete this;
}

//===-- Pages
//------------------------------------------------------------------------------------------------------===//

int64_t Cache::freePages() {
  std::lock_guard lock(mutex);
  return int64_t(freeList.size());
}

bool Cache::take(size_t count, int32_t *pages) {
  std::lock_guard lock(mutex);
  if (count > freeList.size())
    return false;
  for (size_t i = 0; i != count; ++i) {
    pages[i] = freeList.back();
    freeList.pop_back();
    holders[pages[i]] = 1;
  }
  return true;
}

void Cache::hold(std::span<const int32_t> pages) {
  std::lock_guard lock(mutex);
  for (int32_t page : pages)
    ++holders[page];
}

/// The last page first, so that they are taken again in their order.
void Cache::give(std::span<const int32_t> pages) {
  std::lock_guard lock(mutex);
  for (size_t i = pages.size(); i-- != 0;)
    if (--holders[pages[i]] == 0)
      freeList.push_back(pages[i]);
}

bool Cache::isShared(int32_t page) {
  std::lock_guard lock(mutex);
  return holders[page] > 1;
}

girih_code Cache::copyPage(int32_t from, int32_t to, int64_t tokens, girih_status *status) {
  std::lock_guard lock(copying);
  pageCopies.clear();
  for (size_t i = 0; i != sizes.decoder.states.size(); ++i)
    pageCopies.push_back({CopyKind::Within, reinterpret_cast<uint64_t>(row(i, to * sizes.pageTokens)),
                          reinterpret_cast<uint64_t>(row(i, from * sizes.pageTokens)),
                          uint64_t(tokens) * sizes.decoder.states[i].rowBytes});
  return transfer(pageCopies, status);
}

girih_code Cache::transfer(std::span<const MachineCopy> copies, girih_status *status) const {
  if (owner.device())
    return owner.device()->transfer(copies, status);
  for (const MachineCopy &copy : copies)
    memcpy(reinterpret_cast<void *>(copy.to), reinterpret_cast<const void *>(copy.from), copy.bytes);
  return GIRIH_OK;
}
