// Proves that runs allocate nothing: after a session is open, neither runs of known shapes nor of new ones touch the heap.
#include "TestArtifact.h"

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
extern "C" void *calloc(size_t count, size_t bytes) noexcept { return ++allocations, __libc_calloc(count, bytes); }
extern "C" void *realloc(void *old, size_t bytes) noexcept { return ++allocations, __libc_realloc(old, bytes); }
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
