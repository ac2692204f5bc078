// Proves that parallel regions are sound under stress: many short runs, many sessions on one module and one pool, more threads
// than cores, a caller's own pool of any kind, and cancellation at any moment.
#include "TestArtifact.h"
#include "runtime/CPU/Device.h"
#include "runtime/CPU/Stream.h"

#include <cstdlib>
#include <fstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace girih::test;

/// Wide sweeps run under tools/check --long.
static int rounds(int usual) { return getenv("GIRIH_LONG") ? usual * 20 : usual; }

TEST(Thread, SessionsTellTheirThreadsAndTheirArena) {
  LoadedModule module(serialize(sampleModel()));
  SessionHandle session = openSession(module.get(), 2);
  std::vector<int32_t> x = counting(100), y;
  ASSERT_EQ(runVector(session.get(), x, y), GIRIH_OK);
  girih_statistics statistics;
  girih_session_statistics(session.get(), &statistics);
  EXPECT_EQ(statistics.arena_reserved, 2 * 4 * 4096u) << "for the greatest sizes";
  EXPECT_EQ(statistics.threads, 2u);
}

TEST(Thread, PoolRunsEveryTaskAtMostOnce) {
  girih_status status;
  girih::runtime::Pool *pool = girih::runtime::Pool::create(7, &status);
  ASSERT_NE(pool, nullptr) << status.message;
  for (int i = 0; i != rounds(3000); ++i) {
    std::atomic<uint32_t> runs[7] = {};
    pool->run(1 + i % 7,
              [](void *context, uint32_t task) { static_cast<std::atomic<uint32_t> *>(context)[task].fetch_add(1); }, runs);
    ASSERT_EQ(runs[0], 1u) << "the caller takes part";
    for (auto &count : runs)
      ASSERT_LE(count, 1u);
  }
  pool->release();
}

TEST(Thread, PoolsEndWhateverTheirWorkersAreAbout) {
  girih_status status;
  for (int i = 0; i != rounds(500); ++i) {
    alarm(60); // a worker that misses the stop sleeps for ever
    girih::runtime::Pool *pool = girih::runtime::Pool::create(2 + i % 6, &status);
    ASSERT_NE(pool, nullptr) << status.message;
    std::atomic<uint32_t> runs{0};
    if (i % 3)
      pool->run(8, [](void *context, uint32_t) { static_cast<std::atomic<uint32_t> *>(context)->fetch_add(1); }, &runs);
    pool->release();
  }
  alarm(0);
}

TEST(Thread, PoolSleepsWhenIdleAndWakesAgain) {
  LoadedModule module(serialize(sampleModel()));
  SessionHandle session = openSession(module.get(), 3);
  std::vector<int32_t> x = counting(500), y;
  for (int i = 0; i != 5; ++i) {
    ASSERT_EQ(runVector(session.get(), x, y), GIRIH_OK);
    ASSERT_EQ(y, sampleAnswer(x));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  timespec before, after;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
  double seconds = double(after.tv_sec - before.tv_sec) + double(after.tv_nsec - before.tv_nsec) * 1e-9;
  EXPECT_LT(seconds, 0.05) << "an idle pool spends no time";
}

TEST(Thread, ManyShortRunsGiveTheSameBits) {
  LoadedModule module(serialize(sampleModel()));
  SessionHandle session = openSession(module.get(), 8);
  std::vector<int32_t> x = counting(333), y, answer = sampleAnswer(x);
  for (int i = 0; i != rounds(2000); ++i) {
    ASSERT_EQ(runVector(session.get(), x, y), GIRIH_OK);
    ASSERT_EQ(y, answer);
  }
}

TEST(Thread, SessionsShareAModuleAndAPool) {
  LoadedModule module(serialize(sampleModel()));
  girih_pool *shared = nullptr;
  ASSERT_EQ(girih_pool_create(4, &shared, nullptr), GIRIH_OK);
  PoolHandle pool(shared);
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller != 6; ++caller)
    callers.emplace_back([&, caller] {
      girih_session_options options;
      GIRIH_INIT(options);
      options.pool = shared;
      girih_session *session = nullptr;
      if (girih_session_create(module.get(), &options, &session, nullptr) != GIRIH_OK)
        return void(++wrong);
      for (int i = 0; i != rounds(200); ++i) {
        std::vector<int32_t> x = counting(17 * caller + i % 50 + 1), y;
        if (runVector(session, x, y) != GIRIH_OK || y != sampleAnswer(x))
          ++wrong;
      }
      girih_session_release(session);
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Thread, AForkedChildRunsAndClosesAloneAndItsParentGoesOn) {
  LoadedModule module(serialize(sampleModel()));
  SessionHandle session = openSession(module.get(), 4);
  std::vector<int32_t> x = counting(300), y;
  ASSERT_EQ(runVector(session.get(), x, y), GIRIH_OK);
  pid_t child = fork();
  if (child == 0) {
    alarm(20);
    bool ok = runVector(session.get(), x, y) == GIRIH_OK && y == sampleAnswer(x);
    session.reset();
    _exit(ok ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  ASSERT_EQ(runVector(session.get(), x, y), GIRIH_OK);
  EXPECT_EQ(y, sampleAnswer(x));
}

TEST(Thread, RunsOnACallersPool) {
  using Body = void (*)(void *, uint32_t);
  // One after another, the caller's task last; and all at once.
  girih_parallel backwards = [](void *, uint32_t tasks, Body body, void *context) {
    for (uint32_t task = tasks; task-- != 0;)
      body(context, task);
  };
  girih_parallel atOnce = [](void *user, uint32_t tasks, Body body, void *context) {
    ++*static_cast<int *>(user);
    std::vector<std::thread> threads;
    for (uint32_t task = 0; task != tasks; ++task)
      threads.emplace_back(body, context, task);
    for (std::thread &thread : threads)
      thread.join();
  };
  LoadedModule module(serialize(sampleModel()));
  int calls = 0;
  for (girih_parallel parallel : {backwards, atOnce}) {
    girih_session_options options;
    GIRIH_INIT(options);
    options.threads = 4;
    options.parallel = parallel;
    options.parallel_user = &calls;
    girih_session *session = nullptr;
    ASSERT_EQ(girih_session_create(module.get(), &options, &session, nullptr), GIRIH_OK);
    std::vector<int32_t> x = counting(1000), y;
    ASSERT_EQ(runVector(session, x, y), GIRIH_OK);
    EXPECT_EQ(y, sampleAnswer(x));
    girih_session_release(session);
  }
  EXPECT_EQ(calls, 1);
}

/// 256 slow blocks in each of `launches` launches.
static ArtifactBuilder slowModel(int launches) {
  ArtifactBuilder b;
  addKernels(b);
  auto n = b.symbol(b.addSymbol("n", 1, 4096));
  b.beginEntry("run", {{"x", GIRIH_I32, {n}}}, {{"y", GIRIH_I32, {n}}});
  for (int i = 0; i != launches; ++i) {
    b.launch({Slow, {b.ceilDiv(n, b.constant(16))}, {{GIRIH_ARG_INPUT, 0, {n}}, {GIRIH_ARG_OUTPUT, 0, {n}}}, "slow"});
    b.barrier();
  }
  b.endEntry(b.constant(0));
  return b;
}

TEST(Thread, CancelsARunBetweenBlocks) {
  LoadedModule module(serialize(slowModel(1000)));
  for (uint32_t threads : {1u, 4u}) {
    SessionHandle session = openSession(module.get(), threads);
    std::vector<int32_t> x = counting(4096), y;
    std::thread other([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
      girih_session_cancel(session.get());
    });
    girih_status status;
    auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(runVector(session.get(), x, y, &status), GIRIH_CANCELLED);
    EXPECT_STREQ(status.message, "the run was cancelled; its outputs are incomplete");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
    other.join();
  }
}

TEST(Thread, RunsAgainAfterACancellationAtAnyMoment) {
  LoadedModule module(serialize(sampleModel()));
  SessionHandle session = openSession(module.get(), 4);
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop)
      girih_session_cancel(session.get());
  });
  std::vector<int32_t> x = counting(200), y;
  for (int i = 0; i != rounds(500); ++i) {
    girih_code code = runVector(session.get(), x, y);
    ASSERT_TRUE(code == GIRIH_OK || code == GIRIH_CANCELLED);
  }
  stop = true;
  other.join();
  ASSERT_EQ(runVector(session.get(), x, y), GIRIH_OK) << "a cancellation without a run does nothing";
  EXPECT_EQ(y, sampleAnswer(x));
}

/// Opens a session on a pool that it alone has or that all share, runs it a few times, closes it: a whole
/// life.
static void liveOnce(const LoadedModule &module, girih_pool *shared, int caller, std::atomic<int> &wrong) {
  girih_session_options options;
  GIRIH_INIT(options);
  options.threads = 1 + caller % 7;
  options.pool = caller % 2 ? shared : nullptr;
  girih_session *session = nullptr;
  if (girih_session_create(module.get(), &options, &session, nullptr) != GIRIH_OK)
    return void(++wrong);
  std::atomic<bool> stop{false};
  std::thread canceller([&] {
    for (int i = 0; !stop; ++i) {
      girih_session_cancel(session);
      std::this_thread::sleep_for(std::chrono::microseconds(i % 5 * 40));
    }
  });
  std::vector<int32_t> x = counting(16 * 40 + caller), y;
  for (int i = 0; i != 20; ++i) {
    girih_code code = runVector(session, x, y);
    if (code != GIRIH_CANCELLED && (code != GIRIH_OK || y != sampleAnswer(x)))
      ++wrong;
  }
  stop = true;
  canceller.join();
  if (runVector(session, x, y) != GIRIH_OK || y != sampleAnswer(x))
    ++wrong;
  girih_session_release(session);
}

TEST(Thread, SessionsComeAndGoWhileOthersRunAndAreCancelled) {
  alarm(300); // a lost wake-up would be a hang
  LoadedModule module(serialize(sampleModel()));
  girih_pool *shared = nullptr;
  ASSERT_EQ(girih_pool_create(6, &shared, nullptr), GIRIH_OK);
  PoolHandle pool(shared);
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller != 20; ++caller) // more than the pool has regions
    callers.emplace_back([&, caller] {
      for (int i = 0; i != rounds(5); ++i)
        liveOnce(module, shared, caller, wrong);
    });
  for (std::thread &caller : callers)
    caller.join();
  alarm(0);
  EXPECT_EQ(wrong, 0);
}

TEST(Thread, RefusesASecondRunOnABusySession) {
  LoadedModule module(serialize(slowModel(100)));
  SessionHandle session = openSession(module.get(), 1);
  std::vector<int32_t> x = counting(4096), y, z;
  std::atomic<bool> started{false};
  girih_session_set_trace(
      session.get(), [](void *user, const girih_trace_event *) { static_cast<std::atomic<bool> *>(user)->store(true); },
      &started);
  std::thread other([&] { runVector(session.get(), x, y); });
  while (!started)
    std::this_thread::yield();
  girih_code code = runVector(session.get(), x, z);
  EXPECT_EQ(code, GIRIH_BUSY);
  girih_session_cancel(session.get());
  other.join();
}

TEST(Thread, CountsAtLeastOneCore) {
  EXPECT_GE(girih_default_threads(), 1u);
  EXPECT_LE(girih_default_threads(), std::max(1u, std::thread::hardware_concurrency()));
}

TEST(Thread, RefusesTooManyThreads) {
  girih_pool *pool = nullptr;
  girih_status status;
  EXPECT_EQ(girih_pool_create(5000, &pool, &status), GIRIH_INVALID_ARGUMENT);
  EXPECT_EQ(pool, nullptr);
}

TEST(Thread, KnowsTheFeaturesThatTheSystemLists) {
  std::ifstream file("/proc/cpuinfo");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  auto listed = [&](const char *flag) { return text.find(std::string(" ") + flag + " ") != std::string::npos; };
  uint64_t features = girih::runtime::cpuFeatures();
  EXPECT_EQ(features >> GIRIH_CPU_AVX2 & 1, uint64_t(listed("avx2")));
  EXPECT_EQ(features >> GIRIH_CPU_FMA & 1, uint64_t(listed("fma")));
  EXPECT_EQ(features >> GIRIH_CPU_AVX512F & 1, uint64_t(listed("avx512f")));
  EXPECT_EQ(features >> GIRIH_CPU_AVX512VL & 1, uint64_t(listed("avx512vl")));
}
