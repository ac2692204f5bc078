// Preloaded into a program, counts what it allocates and writes the number to the file that GIRIH_COUNT
// names.
#include <atomic>
#include <cstdio>
#include <cstdlib>

static std::atomic<unsigned long> allocations{0};

extern "C" void *__libc_malloc(size_t);
extern "C" void *__libc_calloc(size_t, size_t);
extern "C" void *__libc_realloc(void *, size_t);
extern "C" void *__libc_memalign(size_t, size_t);
extern "C" void *malloc(size_t bytes) noexcept { return ++allocations, __libc_malloc(bytes); }
extern "C" void *calloc(size_t count, size_t bytes) noexcept {
  return ++allocations, __libc_calloc(count, bytes);
}
extern "C" void *realloc(void *old, size_t bytes) noexcept {
  return ++allocations, __libc_realloc(old, bytes);
}
extern "C" void *aligned_alloc(size_t alignment, size_t bytes) noexcept {
  return ++allocations, __libc_memalign(alignment, bytes);
}

__attribute__((destructor)) static void report() {
  unsigned long count = allocations;
  FILE *file = getenv("GIRIH_COUNT") ? fopen(getenv("GIRIH_COUNT"), "w") : nullptr;
  if (file)
    fprintf(file, "%lu\n", count), fclose(file);
}
