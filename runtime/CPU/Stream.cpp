// The thread pool.
#include "Stream.h"
#include "Device.h"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <linux/futex.h>
#include <new>
#include <sys/syscall.h>
#include <unistd.h>

using namespace girih::runtime;

static constexpr uint64_t openBit = uint64_t(1) << 63, oneTask = uint64_t(1) << 32, insideMask = oneTask - 1;

void girih::runtime::sleepWhile(const uint32_t *word, uint32_t value, bool briefly) {
  const timespec atMost = {0, 10'000'000};
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, briefly ? &atMost : nullptr, nullptr, 0);
}

void girih::runtime::wake(const uint32_t *word, unsigned sleepers) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, sleepers, nullptr, nullptr, 0);
}

//===-- Life -------------------------------------------------------------------------------------------------------===//

Pool *Pool::create(uint32_t threads, girih_status *status) {
  if (threads == 0)
    threads = usableCores();
  if (threads > 4096) {
    fail(status, GIRIH_INVALID_ARGUMENT, "expected at most 4096 threads but got %u", threads);
    return nullptr;
  }
  Pool *pool = new (std::nothrow) Pool;
  if (!pool) {
    fail(status, GIRIH_OUT_OF_MEMORY, "no memory for a thread pool");
    return nullptr;
  }
  pool->workers.reserve(threads - 1);
  pool->process = getpid();
  // Workers take no signals: those are the program's.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  while (pool->workers.size() + 1 < threads && pthread_create(&thread, nullptr, workerMain, pool) == 0)
    pool->workers.push_back(thread);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pool->threads() == threads)
    return pool;
  fail(status, GIRIH_OUT_OF_MEMORY, "the system allows only %u of %u threads; ask for fewer", pool->threads(), threads);
  pool->release();
  return nullptr;
}

void Pool::release() {
  if (references.fetch_sub(1, std::memory_order_acq_rel) == 1)
    delete this;
}

Pool::~Pool() {
  if (process != getpid())
    return;
  stopping.store(true);
  posted.fetch_add(1);
  wake(reinterpret_cast<uint32_t *>(&posted), workers.size());
  for (pthread_t thread : workers)
    pthread_join(thread, nullptr);
}

//===-- Regions ----------------------------------------------------------------------------------------------------===//

Pool::Region *Pool::openRegion(uint32_t tasks, Body body, void *context) {
  for (Region &region : regions) {
    if (region.taken.load(std::memory_order_relaxed) || region.taken.exchange(true, std::memory_order_acquire))
      continue;
    region.body = body;
    region.context = context;
    region.gate.store(openBit | (tasks - 1) * oneTask, std::memory_order_release);
    posted.fetch_add(1); // sequentially consistent against the sleepers' count
    if (uint32_t asleep = sleepers.load())
      wake(reinterpret_cast<uint32_t *>(&posted), std::min(asleep, tasks - 1));
    return &region;
  }
  return nullptr;
}

void Pool::closeRegion(Region &region) {
  uint64_t gate = region.gate.fetch_and(~openBit, std::memory_order_acq_rel);
  for (unsigned round = 0; gate & insideMask; ++round) {
    round < spinRounds ? pauseCpu() : void(usleep(20));
    gate = region.gate.load(std::memory_order_acquire);
  }
  region.taken.store(false, std::memory_order_release);
}

void Pool::run(uint32_t tasks, Body body, void *context) {
  tasks = std::min(tasks, threads());
  Region *region = tasks > 1 ? openRegion(tasks, body, context) : nullptr;
  body(context, 0);
  if (region)
    closeRegion(*region);
}

//===-- Workers ----------------------------------------------------------------------------------------------------===//

/// Enters the region if it has a task left.
bool Pool::help(Region &region) {
  uint64_t gate = region.gate.load(std::memory_order_acquire);
  uint32_t task;
  do {
    task = (gate & ~openBit) >> 32;
    if (!(gate & openBit) || task == 0)
      return false;
  } while (!region.gate.compare_exchange_weak(gate, gate - oneTask + 1, std::memory_order_acq_rel));
  region.body(region.context, task);
  region.gate.fetch_sub(1, std::memory_order_release);
  return true;
}

void Pool::waitForPost(uint32_t seen) {
  for (unsigned round = 0; round != spinRounds; ++round) {
    if (posted.load(std::memory_order_relaxed) != seen)
      return;
    pauseCpu();
  }
  sleepers.fetch_add(1); // before the kernel compares: either it sees the post, or the poster sees a sleeper
  sleepWhile(reinterpret_cast<uint32_t *>(&posted), seen, /*briefly=*/false);
  sleepers.fetch_sub(1);
}

void Pool::work() {
  for (;;) {
    // The post is read before the stop: a stop that comes after the check changes the post, and the sleep ends at once.
    uint32_t seen = posted.load();
    if (stopping.load())
      return;
    bool helped = false;
    for (Region &region : regions)
      helped |= help(region);
    if (!helped)
      waitForPost(seen);
  }
}

void *Pool::workerMain(void *pool) {
  static_cast<Pool *>(pool)->work();
  return nullptr;
}
