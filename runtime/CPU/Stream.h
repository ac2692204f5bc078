// Where parallel regions run: a pool of threads that spin briefly and then sleep. A region never needs a worker to arrive:
// the caller's thread can do all of it, workers only help. So several sessions may share a pool, the machine may be
// oversubscribed, and a worker that wakes late costs nothing.
#pragma once

#include "runtime/Core/Status.h"

#include <atomic>
#include <pthread.h>
#include <sys/types.h>
#include <vector>

namespace girih::runtime {

/// How long to spin for something to happen before sleeping.
inline constexpr unsigned spinRounds = 4000;

inline void pauseCpu() { __builtin_ia32_pause(); }
/// Sleeps while the word is `value`; `briefly`: at most about 10 ms, for callers that also wait for something else.
void sleepWhile(const uint32_t *word, uint32_t value, bool briefly);
void wake(const uint32_t *word, unsigned sleepers);

class Pool {
public:
  using Body = void (*)(void *context, uint32_t task);

  /// `threads` counts the callers' one.
  static Pool *create(uint32_t threads, girih_status *status);
  void retain() { references.fetch_add(1, std::memory_order_relaxed); }
  void release();

  uint32_t threads() const { return uint32_t(workers.size()) + 1; }
  /// Runs body(context, 0) here and offers tasks 1 .. tasks-1 to the workers; returns when all that started have ended.
  void run(uint32_t tasks, Body body, void *context);

private:
  /// A region in progress. `gate` holds, from the top: open (1 bit), tasks not yet taken (31 bits), workers inside (32 bits).
  /// All that decides whether a worker may enter is in this one word, so a region that ends and opens anew is no danger.
  struct alignas(64) Region {
    std::atomic<bool> taken{false};
    std::atomic<uint64_t> gate{0};
    Body body = nullptr;
    void *context = nullptr;
  };

  Pool() = default;
  ~Pool();
  static void *workerMain(void *pool);
  void work();
  bool help(Region &region);
  void waitForPost(uint32_t seen);
  Region *openRegion(uint32_t tasks, Body body, void *context);
  void closeRegion(Region &region);

  static constexpr unsigned regionCount = 16;
  Region regions[regionCount];
  alignas(64) std::atomic<uint32_t> posted{0}; // changes with every region; what workers sleep on
  std::atomic<uint32_t> sleepers{0};
  std::atomic<bool> stopping{false};
  std::atomic<uint32_t> references{1};
  std::vector<pthread_t> workers;
  pid_t process = 0; // that made the workers: a forked child has none of them
};

} // namespace girih::runtime
