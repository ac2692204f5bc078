// Proves that the runtime computes what the command table says: launches in order, grids, groups, loops, branches, copies,
// scratch memory, whatever the number of threads.
#include "TestArtifact.h"

using namespace girih::test;

namespace {

constexpr uint32_t threadCounts[] = {1, 2, 5};

/// An entry from a vector x to a vector y of the same length, filled by `body`.
template <typename Body> ArtifactBuilder vectorModel(Body body, int64_t arena = 0) {
  ArtifactBuilder b;
  addKernels(b);
  auto n = b.symbol(b.addSymbol("n", 1, 4096));
  b.beginEntry("run", {{"x", GIRIH_I32, {n}}}, {{"y", GIRIH_I32, {n}}});
  body(b, n, ArgInfo{GIRIH_ARG_INPUT, 0, {n}}, ArgInfo{GIRIH_ARG_OUTPUT, 0, {n}});
  b.endEntry(b.constant(arena));
  return b;
}

void expectAnswer(const ArtifactBuilder &builder, const std::vector<int32_t> &input,
                  const std::vector<int32_t> &answer) {
  LoadedModule module(serialize(builder));
  ASSERT_EQ(module.status.code, GIRIH_OK) << module.status.message;
  for (uint32_t threads : threadCounts) {
    SessionHandle session = openSession(module.get(), threads);
    std::vector<int32_t> x = input, y;
    girih_status status;
    for (int repeat = 0; repeat != 20; ++repeat) {
      ASSERT_EQ(runVector(session.get(), x, y, &status), GIRIH_OK) << status.message;
      ASSERT_EQ(y, answer) << threads << " threads";
    }
  }
}

} // namespace

TEST(Run, ComputesTheSample) {
  LoadedModule module(serialize(sampleModel()));
  ASSERT_EQ(module.status.code, GIRIH_OK) << module.status.message;
  for (uint32_t threads : threadCounts) {
    SessionHandle session = openSession(module.get(), threads);
    for (int64_t n : {1, 15, 16, 17, 1000, 4096, 16}) {
      std::vector<int32_t> input = counting(n), output;
      girih_status status;
      ASSERT_EQ(runVector(session.get(), input, output, &status), GIRIH_OK) << status.message;
      EXPECT_EQ(output, sampleAnswer(input)) << threads << " threads, length " << n;
    }
  }
}

TEST(Run, WalksGridsOfTwoDimensions) {
  ArtifactBuilder b;
  addKernels(b);
  auto rows = b.symbol(b.addSymbol("rows", 0, 50));
  b.beginEntry("run", {{"x", GIRIH_I8, {rows}}}, {{"y", GIRIH_I32, {rows, b.constant(7)}}});
  b.launch({Fill, {rows, b.constant(7)}, {{GIRIH_ARG_OUTPUT, 0, {rows, b.constant(7)}}}, "fill"});
  b.endEntry(b.constant(0));
  LoadedModule module(serialize(b));
  ASSERT_EQ(module.status.code, GIRIH_OK) << module.status.message;
  for (uint32_t threads : threadCounts)
    for (int64_t n : {0, 1, 50}) {
      SessionHandle session = openSession(module.get(), threads);
      std::vector<int8_t> x(n + 1);
      std::vector<int32_t> y(n * 7 + 1, -1);
      girih_tensor input = {x.data(), GIRIH_I8, 1, {n}}, output = {y.data(), GIRIH_I32, 2, {n, 7}};
      girih_status status;
      ASSERT_EQ(girih_session_run(session.get(), 0, &input, 1, &output, 1, &status), GIRIH_OK) << status.message;
      for (int64_t i = 0; i != n * 7; ++i)
        ASSERT_EQ(y[i], 100 * (i / 7) + i % 7);
      EXPECT_EQ(y.back(), -1);
    }
}

TEST(Run, JoinsMoreLaunchesBetweenBarriersThanAGroupHolds) {
  // Forty launches that do the same, at once, then one that reads their result.
  std::vector<int32_t> input = counting(100), answer = input;
  for (int32_t &value : answer)
    value += 2;
  expectAnswer(vectorModel(
                   [](ArtifactBuilder &b, auto n, const ArgInfo &x, const ArgInfo &y) {
                     ArgInfo middle = {GIRIH_ARG_BUFFER, b.addBuffer("m", b.constant(0), b.constant(4 * 4096)), {n}};
                     auto blocks = b.ceilDiv(n, b.constant(blockElements));
                     for (int i = 0; i != 40; ++i)
                       b.launch({AddOne, {blocks}, {x, middle}, "many"});
                     b.barrier();
                     b.launch({AddOne, {blocks}, {middle, y}, "last"});
                   },
                   4 * 4096),
               input, answer);
}

TEST(Run, LoopsWithACounterInOffsetsAndGrids) {
  // Copies x to y; in turn i of four, adds one to what lies from element 16 * i on.
  std::vector<int32_t> input = counting(64), answer = input;
  for (size_t i = 0; i != answer.size(); ++i)
    answer[i] += int32_t(i / 16) + 1;
  auto body = [](ArtifactBuilder &b, auto n, const ArgInfo &x, const ArgInfo &y) {
    uint32_t counter = b.addSymbol("i", 0, 3, GIRIH_SYMBOL_COUNTER);
    auto i = b.symbol(counter), skipped = b.mul(i, b.constant(16)), rest = b.sub(b.constant(64), skipped);
    b.copy(y, x, "copy");
    uint32_t loop = b.beginLoop(b.constant(4), counter);
    ArgInfo tail = {GIRIH_ARG_OUTPUT, 0, {rest}, b.mul(skipped, b.constant(4)), b.mul(rest, b.constant(4))};
    b.launch({AddOne, {b.sub(b.constant(4), i)}, {tail, tail}, "turn"});
    b.endLoop(loop);
  };
  expectAnswer(vectorModel(body), input, answer);
}

TEST(Run, SkipsALoopThatDoesNotTurnAndNestsOthers) {
  // y = x + 2 * 3 by two loops around one launch; a third loop turns n - 10 times, which is never.
  std::vector<int32_t> input = counting(10), answer = input;
  for (int32_t &value : answer)
    value += 6;
  auto body = [](ArtifactBuilder &b, auto n, const ArgInfo &x, const ArgInfo &y) {
    uint32_t i = b.addSymbol("i", 0, 1, GIRIH_SYMBOL_COUNTER), j = b.addSymbol("j", 0, 2, GIRIH_SYMBOL_COUNTER);
    uint32_t k = b.addSymbol("k", 0, 5000, GIRIH_SYMBOL_COUNTER);
    b.copy(y, x);
    uint32_t outer = b.beginLoop(b.constant(2), i), inner = b.beginLoop(b.constant(3), j);
    b.launch({AddOne, {b.ceilDiv(n, b.constant(16))}, {y, y}, "turn"});
    b.endLoop(inner);
    b.endLoop(outer);
    uint32_t never = b.beginLoop(b.sub(n, b.constant(10)), k);
    b.launch({AddOne, {b.constant(1)}, {y, y}, "never"});
    b.endLoop(never);
  };
  expectAnswer(vectorModel(body), input, answer);
}

TEST(Run, BranchesOnSizes) {
  // Long vectors get one added, short ones are copied.
  auto model = vectorModel([](ArtifactBuilder &b, auto n, const ArgInfo &x, const ArgInfo &y) {
    b.copy(y, x);
    uint32_t branch = b.beginBranch(b.sub(n, b.constant(32)));
    b.launch({AddOne, {b.ceilDiv(n, b.constant(16))}, {x, y}, "long"});
    b.endBranch(branch);
  });
  std::vector<int32_t> shortOne = counting(32), longOne = counting(33), answer = longOne;
  for (int32_t &value : answer)
    value += 1;
  expectAnswer(model, shortOne, shortOne);
  expectAnswer(model, longOne, answer);
}

TEST(Run, CopiesMoreThanABlock) {
  ArtifactBuilder b;
  addKernels(b);
  auto n = b.symbol(b.addSymbol("n", 1, 10'000'000));
  b.beginEntry("run", {{"x", GIRIH_I8, {n}}}, {{"y", GIRIH_I8, {n}}});
  b.copy({GIRIH_ARG_OUTPUT, 0, {}}, {GIRIH_ARG_INPUT, 0, {}});
  b.endEntry(b.constant(0));
  LoadedModule module(serialize(b));
  SessionHandle session = openSession(module.get(), 2);
  std::vector<int8_t> x(5'000'001), y(x.size());
  for (size_t i = 0; i != x.size(); ++i)
    x[i] = int8_t(i * 7);
  girih_tensor input = {x.data(), GIRIH_I8, 1, {int64_t(x.size())}}, output = input;
  output.data = y.data();
  ASSERT_EQ(girih_session_run(session.get(), 0, &input, 1, &output, 1, nullptr), GIRIH_OK);
  EXPECT_EQ(x, y);
}

TEST(Run, GivesEveryThreadItsOwnScratch) {
  std::vector<int32_t> input = counting(4096), answer(4096);
  for (size_t i = 0; i != answer.size(); ++i)
    for (size_t j = i / 16 * 16; j != i / 16 * 16 + 16; ++j)
      answer[i] += input[j];
  expectAnswer(vectorModel([](ArtifactBuilder &b, auto n, const ArgInfo &x, const ArgInfo &y) {
                 b.launch({UseScratch, {b.ceilDiv(n, b.constant(16))}, {x, y}, "sum"});
               }),
               input, answer);
}

TEST(Run, KeepsSeveralEntriesApart) {
  ArtifactBuilder b;
  addKernels(b);
  auto n = b.symbol(b.addSymbol("n", 1, 100));
  for (int times : {1, 2}) {
    b.beginEntry(times == 1 ? "once" : "twice", {{"x", GIRIH_I32, {n}}}, {{"y", GIRIH_I32, {n}}});
    ArgInfo x = {GIRIH_ARG_INPUT, 0, {n}}, y = {GIRIH_ARG_OUTPUT, 0, {n}};
    b.launch({AddOne, {b.ceilDiv(n, b.constant(16))}, {x, y}, "first"});
    b.barrier();
    if (times == 2)
      b.launch({AddOne, {b.ceilDiv(n, b.constant(16))}, {y, y}, "second"});
    b.endEntry(b.constant(0));
  }
  LoadedModule module(serialize(b));
  SessionHandle session = openSession(module.get(), 2);
  uint32_t entry = 0;
  ASSERT_EQ(girih_module_find_entry(module.get(), "twice", &entry, nullptr), GIRIH_OK);
  EXPECT_EQ(entry, 1u);
  EXPECT_EQ(girih_module_find_entry(module.get(), "thrice", &entry, nullptr), GIRIH_UNKNOWN_ENTRY);
  std::vector<int32_t> x = counting(20), y(20);
  girih_tensor input = vectorOf(x), output = vectorOf(y);
  for (int32_t i : {0, 1, 0}) {
    ASSERT_EQ(girih_session_run(session.get(), i, &input, 1, &output, 1, nullptr), GIRIH_OK);
    EXPECT_EQ(y[3], x[3] + i + 1);
  }
}

TEST(Run, TellsStatisticsAndTraces) {
  LoadedModule module(serialize(sampleModel()));
  SessionHandle session = openSession(module.get(), 2);
  std::vector<int32_t> x = counting(100), y;
  std::vector<std::vector<std::string>> labels(2);
  auto record = [](void *user, const girih_trace_event *event) {
    auto &all = *static_cast<std::vector<std::vector<std::string>> *>(user);
    EXPECT_LE(event->begin_ns, event->end_ns);
    EXPECT_EQ(event->launch_blocks, 7u);
    all[event->thread].push_back(std::string(event->label) + ":" + event->kernel);
  };
  girih_session_set_trace(session.get(), record, &labels);
  ASSERT_EQ(runVector(session.get(), x, y), GIRIH_OK);
  girih_session_set_trace(session.get(), nullptr, nullptr);
  labels[0].insert(labels[0].end(), labels[1].begin(), labels[1].end());
  for (const char *expected : {"layer.0.first:add_one", "layer.0.second:add_vectors", "layer.1:add_one"})
    EXPECT_NE(std::find(labels[0].begin(), labels[0].end(), expected), labels[0].end()) << expected;

  girih_statistics statistics;
  girih_session_statistics(session.get(), &statistics);
  EXPECT_EQ(statistics.launches, 3u);
  EXPECT_EQ(statistics.blocks, 21u);
  EXPECT_EQ(statistics.flops, 300u);
  EXPECT_EQ(statistics.bytes, 800u);
  EXPECT_EQ(statistics.arena_bytes, 2 * 448u);
}

TEST(Run, ShowsAnObserverEveryLaunchInOrder) {
  LoadedModule module(serialize(sampleModel()));
  SessionHandle session = openSession(module.get(), 3);
  std::vector<int32_t> x = counting(10), y, lasts;
  auto observe = [](void *user, const girih_observation *o) {
    const girih_observed_arg &last = o->args[o->arg_count - 1];
    EXPECT_EQ(o->launch, static_cast<std::vector<int32_t> *>(user)->size());
    EXPECT_EQ(last.bytes, 40u);
    EXPECT_EQ(last.shape[0], 10);
    static_cast<std::vector<int32_t> *>(user)->push_back(static_cast<const int32_t *>(last.data)[5]);
  };
  girih_session_set_observer(session.get(), observe, &lasts);
  ASSERT_EQ(runVector(session.get(), x, y), GIRIH_OK);
  EXPECT_EQ(lasts, (std::vector<int32_t>{6, 8, 9}));
}
