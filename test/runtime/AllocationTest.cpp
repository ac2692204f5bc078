// Proves that runs allocate nothing: after a session is open, neither runs of known shapes nor of new ones
// touch the heap, nor do a decoder's steps once their sequences exist.
#include "TestDecoder.h"

#include <atomic>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GIRIH_SANITIZED 1
#endif
#endif

static std::atomic<uint64_t> allocations{0};

#if !defined(GIRIH_SANITIZED)
// glibc's own allocator, counted.
extern "C" void *__libc_malloc(size_t);
extern "C" void *__libc_calloc(size_t, size_t);
extern "C" void *__libc_realloc(void *, size_t);
extern "C" void *malloc(size_t bytes) noexcept { return ++allocations, __libc_malloc(bytes); }
extern "C" void *calloc(size_t count, size_t bytes) noexcept {
  return ++allocations, __libc_calloc(count, bytes);
}
extern "C" void *realloc(void *old, size_t bytes) noexcept {
  return ++allocations, __libc_realloc(old, bytes);
}
#endif

using namespace girih::test;

TEST(Allocation, RunsAllocateNothing) {
#if defined(GIRIH_SANITIZED)
  GTEST_SKIP() << "sanitizers bring their own allocator";
#endif
  LoadedModule module(serialize(sampleModel()));
  for (uint32_t threads : {1u, 4u}) {
    SessionHandle session = openSession(module.get(), threads);
    std::vector<int32_t> x = counting(1000), y(1000);
    girih_tensor input = vectorOf(x), output = vectorOf(y);
    uint64_t before = allocations;
    for (int64_t n : {1000, 1000, 17, 999, 1}) {
      input.shape[0] = output.shape[0] = n;
      girih_session_run(session.get(), 0, &input, 1, &output, 1, nullptr);
    }
    EXPECT_EQ(allocations, before) << threads << " threads";
    EXPECT_GT(before, 0u) << "allocations are counted";
  }
}

TEST(Allocation, StepsAllocateNothing) {
#if defined(GIRIH_SANITIZED)
  GTEST_SKIP() << "sanitizers bring their own allocator";
#endif
  LoadedModule module(serialize(decoderModel()));
  for (uint32_t threads : {1u, 4u}) {
    SessionHandle session = openSession(module.get(), threads);
    CacheHandle cache = openCache(module.get(), 1000, 3);
    SequenceHandle one = openSequence(cache.get()), two = openSequence(cache.get());
    std::vector<int32_t> tokens = someTokens(250);
    girih_sequence *sequences[] = {one.get(), two.get()};
    const int32_t *data[] = {tokens.data(), tokens.data() + 20};
    girih_sampling sampling[] = {{0.5f, 0, 0, 0, 1.5f, 1}, {}};
    int32_t next[2];
    std::vector<float> logits(2 * vocabulary);
    girih_step step;
    GIRIH_INIT(step);
    step.sequences = sequences;
    step.tokens = data;
    step.sampling = sampling;
    step.next = next;
    step.logits = logits.data();
    girih_code code = GIRIH_OK;
    auto run = [&](uint32_t rows, uint32_t first, uint32_t second) {
      uint32_t counts[] = {first, second};
      step.rows = rows;
      step.token_counts = counts;
      code = girih_session_step(session.get(), &step, nullptr) ? GIRIH_BUSY : code;
    };
    uint64_t before = allocations;
    run(1, 40, 0);
    run(2, 13, 1);
    for (int i = 0; i != 150; ++i)
      run(2, 1, 1);
    girih_sequence_truncate(one.get(), 7, nullptr);
    run(1, 200, 0);
    EXPECT_EQ(allocations, before) << threads << " threads";
    EXPECT_EQ(code, GIRIH_OK);
  }
}
