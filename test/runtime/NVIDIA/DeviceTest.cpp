// Proves what is particular to a machine with memory of its own, on a driver that is none: what is copied and
// when, what is recorded and played again, that memory is planned, and that everything is given back.
#include "../TestDecoder.h"
#include "CudaStub.h"
#include "NVIDIAImage.h"

#include <span>
#include <thread>

using namespace girih::test;

namespace {

class Device : public testing::Test {
protected:
  void SetUp() override { cuda::reset(); }
  void TearDown() override {
    EXPECT_EQ(cuda::alive(), "");
    EXPECT_EQ(cuda::complaints(), "");
    cuda::reset();
  }
};

constexpr const char *copyIn = "cuMemcpyHtoDAsync_v2", *copyOut = "cuMemcpyDtoHAsync_v2";

uint64_t allocations() { return cuda::calls("cuMemAlloc_v2") + cuda::calls("cuMemHostAlloc"); }

void runSample(girih_session *session, int64_t length) {
  std::vector<int32_t> input = counting(length), output;
  girih_status status;
  ASSERT_EQ(runVector(session, input, output, &status), GIRIH_OK) << status.message;
  EXPECT_EQ(output, sampleAnswer(input)) << "length " << length;
}

/// y = x + 1 through a buffer of `bytesPerElement * n` bytes.
ArtifactBuilder hungryModel(int64_t bytesPerElement) {
  ArtifactBuilder b;
  addKernels(b);
  auto n = b.symbol(b.addSymbol("n", 1, 1 << 20)), bytes = b.mul(n, b.constant(bytesPerElement));
  uint32_t buffer = b.addBuffer("large", b.constant(0), bytes);
  b.beginEntry("run", {{"x", GIRIH_I32, {n}}}, {{"y", GIRIH_I32, {n}}});
  auto blocks = b.ceilDiv(n, b.constant(blockElements));
  b.launch({AddOne, {blocks}, {{GIRIH_ARG_INPUT, 0, {n}}, {GIRIH_ARG_BUFFER, buffer, {n}}}, "up"});
  b.barrier();
  b.launch({AddOne, {blocks}, {{GIRIH_ARG_BUFFER, buffer, {n}}, {GIRIH_ARG_OUTPUT, 0, {n}}}, "down"});
  b.endEntry(bytes);
  return b;
}

SessionHandle openFor(girih_module *module, std::vector<int64_t> symbols, girih_status *status) {
  girih_session_options options;
  GIRIH_INIT(options);
  options.max_symbols = symbols.data();
  girih_session *session = nullptr;
  girih_session_create(module, &options, &session, status);
  return SessionHandle(session);
}

} // namespace

//===-- Copies and recordings
//--------------------------------------------------------------------------------------===//

TEST_F(Device, CopiesOnceInEachDirection) {
  LoadedModule module(serialize(sampleModel()));
  ASSERT_EQ(module.status.code, GIRIH_OK) << module.status.message;
  EXPECT_STREQ(girih_module_machine(module.get()), "nvidia");
  SessionHandle session = openSession(module.get(), 1);
  runSample(session.get(), 100);
  cuda::reset();
  runSample(session.get(), 90);
  EXPECT_EQ(cuda::calls(copyIn), 1u);
  EXPECT_EQ(cuda::calls(copyOut), 1u);
  EXPECT_EQ(cuda::copiedIn(), 512u) << "90 elements, to a multiple of 256 bytes";
}

TEST_F(Device, CopiesWeightsOnceWhenTheModuleIsLoaded) {
  LoadedModule module(serialize(sampleModel()));
  SessionHandle first = openSession(module.get(), 1), second = openSession(module.get(), 1);
  for (girih_session *session : {first.get(), second.get(), first.get()})
    runSample(session, 64);
  EXPECT_EQ(cuda::copiedIn(), 12u + 3 * 256);
}

TEST_F(Device, PlaysARunThatComesAThirdTime) {
  LoadedModule module(serialize(sampleModel()));
  SessionHandle session = openSession(module.get(), 1);
  auto run = [&](int64_t length, uint64_t launches, uint64_t played) {
    uint64_t before = cuda::calls("cuLaunchKernel"), playedBefore = cuda::calls("cuGraphLaunch");
    runSample(session.get(), length);
    EXPECT_EQ(cuda::calls("cuLaunchKernel") - before, launches) << "length " << length;
    EXPECT_EQ(cuda::calls("cuGraphLaunch") - playedBefore, played) << "length " << length;
  };
  run(100, 3, 0);
  run(100, 3, 1); // is recorded
  run(100, 0, 1);
  run(101, 3, 0); // other sizes
  run(100, 0, 1);
  run(101, 3, 1);
  run(101, 0, 1);
  girih_statistics statistics;
  girih_session_statistics(session.get(), &statistics);
  EXPECT_EQ(statistics.launches, 3u);
  EXPECT_EQ(statistics.blocks, 3u * 7);
}

/// What a recording refers to has gone when arena or inputs have grown.
TEST_F(Device, RecordsAnewWhatLiesElsewhere) {
  LoadedModule module(serialize(hungryModel(1024)));
  SessionHandle session = openSession(module.get(), 1);
  for (int64_t length : {100, 100, 100, 5000, 100, 100, 100, 60000, 100, 5000, 100}) {
    std::vector<int32_t> x = counting(length), y;
    ASSERT_EQ(runVector(session.get(), x, y), GIRIH_OK);
    for (int64_t i = 0; i != length; ++i)
      ASSERT_EQ(y[i], x[i] + 2) << length;
  }
  EXPECT_EQ(cuda::calls("cuGraphInstantiateWithFlags"), 3u);
}

/// Two caches on one session: a step's recording is of one of them.
TEST_F(Device, RecordsEachCacheByItself) {
  LoadedModule module(serialize(decoderModel()));
  SessionHandle session = openSession(module.get(), 1);
  CacheHandle caches[] = {openCache(module.get(), 320, 4), openCache(module.get(), 320, 4)};
  SequenceHandle sequences[] = {openSequence(caches[0].get()), openSequence(caches[1].get())};
  std::vector<int32_t> tokens[2];
  for (int i = 0; i != 40; ++i)
    for (int which = 0; which != 2; ++which) {
      int32_t next;
      tokens[which].push_back(i * (which + 1));
      ASSERT_EQ(extend(session.get(), sequences[which].get(), {tokens[which].back()}, &next), GIRIH_OK);
      ASSERT_EQ(next, hashNext(tokens[which])) << i;
    }
  EXPECT_EQ(cuda::calls("cuGraphInstantiateWithFlags"), 2u);
}

/// As on the host: kernels multiply rows that were never written by zero.
TEST_F(Device, CachesStartAsZeros) {
  LoadedModule module(serialize(decoderModel()));
  SessionHandle session = openSession(module.get(), 1);
  CacheHandle cache = openCache(module.get(), 300, 4);
  SequenceHandle sequence = openSequence(cache.get());
  int rows = 0;
  girih_session_set_observer(
      session.get(),
      [](void *user, const girih_observation *o) {
        for (const girih_observed_arg &arg : std::span(o->args, o->arg_count))
          if (arg.kind == GIRIH_ARG_INPUT && arg.index == 13) // the state
            for (auto *row = static_cast<const int32_t *>(arg.data);
                 row != static_cast<const int32_t *>(arg.data) + arg.bytes / 4; row += 2)
              *static_cast<int *>(user) += row[0] != 0 || row[1] != 0;
      },
      &rows);
  ASSERT_EQ(extend(session.get(), sequence.get(), {7}), GIRIH_OK);
  EXPECT_EQ(rows, 2) << "the row of one token, seen by two launches";
}

TEST_F(Device, KeepsRecordingsOfAFewSizes) {
  LoadedModule module(serialize(sampleModel()));
  SessionHandle session = openSession(module.get(), 1);
  for (int repeat = 0; repeat != 4; ++repeat)
    for (int64_t length = 1; length != 30; ++length)
      runSample(session.get(), length);
  EXPECT_EQ(cuda::calls("cuGraphLaunch"), 0u) << "each was forgotten before it came again";
  for (int repeat = 0; repeat != 4; ++repeat)
    for (int64_t length = 1; length != 6; ++length)
      runSample(session.get(), length);
  EXPECT_EQ(cuda::calls("cuGraphInstantiateWithFlags"), 5u);
}

TEST_F(Device, AllocatesNothingOnceItKnowsTheSizes) {
  LoadedModule module(serialize(decoderModel()));
  SessionHandle session = openSession(module.get(), 1);
  CacheHandle cache = openCache(module.get(), 1000, 7);
  SequenceHandle sequence = openSequence(cache.get());
  std::vector<int32_t> tokens = someTokens(60);
  int32_t next;
  ASSERT_EQ(extend(session.get(), sequence.get(), tokens), GIRIH_OK);
  for (int i = 0; i != 3; ++i)
    ASSERT_EQ(extend(session.get(), sequence.get(), {7}, &next), GIRIH_OK);
  uint64_t before = allocations(), streams = cuda::calls("cuStreamCreate"),
           played = cuda::calls("cuGraphLaunch"), launched = cuda::calls("cuLaunchKernel");
  for (int i = 0; i != 40; ++i) {
    tokens = tokensOf(sequence.get());
    tokens.push_back(i);
    ASSERT_EQ(extend(session.get(), sequence.get(), {i}, &next), GIRIH_OK);
    ASSERT_EQ(next, hashNext(tokens));
  }
  EXPECT_EQ(allocations(), before);
  EXPECT_EQ(cuda::calls("cuStreamCreate"), streams);
  EXPECT_EQ(cuda::calls("cuGraphLaunch") - played, 39u) << "all but the first of a table of another width";
  EXPECT_EQ(cuda::calls("cuLaunchKernel") - launched, 4u);
}

TEST_F(Device, LeavesOutLogitsThatNobodyReads) {
  LoadedModule module(serialize(decoderModel()));
  SessionHandle session = openSession(module.get(), 1);
  CacheHandle cache = openCache(module.get(), 1000, 7);
  SequenceHandle sequence = openSequence(cache.get());
  int32_t next;
  std::vector<float> logits(vocabulary);
  ASSERT_EQ(extend(session.get(), sequence.get(), {1}, &next), GIRIH_OK);
  uint64_t before = cuda::copiedOut();
  ASSERT_EQ(extend(session.get(), sequence.get(), {2}, &next), GIRIH_OK);
  EXPECT_EQ(cuda::copiedOut() - before, 256u);
  ASSERT_EQ(extend(session.get(), sequence.get(), {3}, &next, nullptr, logits.data()), GIRIH_OK);
  EXPECT_EQ(cuda::copiedOut() - before, 2 * 256u + (4 * vocabulary + 255) / 256 * 256);
  EXPECT_EQ(logits, hashLogits({1, 2, 3}));
}

/// A cache's states never leave the device; a caller's go there and back with the run.
TEST_F(Device, CopiesStatesOfTheCaller) {
  ArtifactBuilder b;
  addKernels(b);
  auto n = b.symbol(b.addSymbol("n", 1, 4096)), s = b.symbol(b.addSymbol("s", 1, 64)), two = b.constant(2);
  girih::artifact::ValueInfo state = {"state", GIRIH_I32, {s, two}};
  state.isState = true;
  b.beginEntry("run",
               {{"ids", GIRIH_I32, {n, b.constant(1)}}, {"slots", GIRIH_I32, {n, b.constant(1)}}, state},
               {{"y", GIRIH_I32, {n, b.constant(1)}}});
  ArgInfo ids = {GIRIH_ARG_INPUT, 0, {n, b.constant(1)}}, slots = {GIRIH_ARG_INPUT, 1, {n, b.constant(1)}};
  b.launch({WriteRows, {n}, {ids, slots, {GIRIH_ARG_INPUT, 2, {s, two}}}, "write"});
  b.copy({GIRIH_ARG_OUTPUT, 0, {}}, {GIRIH_ARG_INPUT, 0, {}}, "copy");
  b.endEntry(b.constant(0));
  LoadedModule module(serialize(b));
  ASSERT_EQ(module.status.code, GIRIH_OK) << module.status.message;
  SessionHandle session = openSession(module.get(), 1);
  std::vector<int32_t> x = {10, 20}, places = {2, 0}, rows(6, -5), y(2);
  girih_tensor inputs[] = {{x.data(), GIRIH_I32, 2, {2, 1}},
                           {places.data(), GIRIH_I32, 2, {2, 1}},
                           {rows.data(), GIRIH_I32, 2, {3, 2}}};
  girih_tensor output = {y.data(), GIRIH_I32, 2, {2, 1}};
  for (int repeat = 0; repeat != 4; ++repeat) {
    girih_status status;
    ASSERT_EQ(girih_session_run(session.get(), 0, inputs, 3, &output, 1, &status), GIRIH_OK)
        << status.message;
    EXPECT_EQ(rows, (std::vector<int32_t>{20, 1, -5, -5, 10, 1}));
    EXPECT_EQ(y, x);
    EXPECT_EQ(cuda::calls(copyOut), uint64_t(std::min(repeat + 1, 2)));
  }
}

//===-- Weights
//----------------------------------------------------------------------------------------------------===//

TEST_F(Device, FillsRandomWeightsAsTheHostDoes) {
  ArtifactBuilder b = fullModel();
  LoadedModule module(serialize(b));
  ASSERT_EQ(module.status.code, GIRIH_OK) << module.status.message;
  SessionHandle session = openSession(module.get(), 1);
  runSample(session.get(), 10); // waits for all weights
  EXPECT_EQ(cuda::copiedIn(), 12u + 64 * 3 * 4 + 256);
  girih_weight_info info;
  ASSERT_EQ(girih_module_weight(module.get(), 1, &info), GIRIH_OK);
  auto *data = static_cast<const float *>(info.data);
  ASSERT_NE(data, nullptr);
  EXPECT_NE(data[0], 0.0f);
  EXPECT_EQ(data[32 * 3 + 8], 0.0f) << "row 40 of 40 is none";
}

/// Larger than a piece of the upload, in panels whose last is not full; each piece of pinned memory is used
/// again: read back by a kernel.
TEST_F(Device, UploadsInPieces) {
  ArtifactBuilder b;
  addKernels(b);
  auto n = b.symbol(b.addSymbol("n", 1, 4));
  girih::artifact::WeightInfo info;
  info.name = "w";
  info.elementType = GIRIH_I32;
  info.shape = {1001, 4000};
  info.layout = GIRIH_LAYOUT_PANELS;
  info.layoutParameter = 16;
  info.bytes = 1008 * 4000 * 4;
  uint32_t w = b.addRandomWeight(info, 3);
  auto count = b.constant(1008 * 4000);
  b.beginEntry("run", {{"x", GIRIH_I8, {n}}}, {{"y", GIRIH_I32, {count}}});
  b.launch({AddOne,
            {b.constant(1008 * 4000 / 16)},
            {{GIRIH_ARG_WEIGHT, w, {count}}, {GIRIH_ARG_OUTPUT, 0, {count}}},
            "all"});
  b.endEntry(b.constant(0));
  LoadedModule module(serialize(b));
  ASSERT_EQ(module.status.code, GIRIH_OK) << module.status.message;
  SessionHandle session = openSession(module.get(), 1);
  int8_t x = 0;
  std::vector<int32_t> y(1008 * 4000);
  girih_tensor input = {&x, GIRIH_I8, 1, {1}}, output = {y.data(), GIRIH_I32, 1, {int64_t(y.size())}};
  ASSERT_EQ(girih_session_run(session.get(), 0, &input, 1, &output, 1, nullptr), GIRIH_OK);
  girih_weight_info weight;
  girih_module_weight(module.get(), 0, &weight);
  auto *expected = static_cast<const int32_t *>(weight.data);
  int64_t ones = 0;
  for (size_t i = 0; i != y.size(); ++i) {
    ASSERT_EQ(y[i], expected[i] + 1) << i;
    ones += expected[i];
  }
  EXPECT_NEAR(double(ones) / (1001 * 4000), 0.5, 0.01);
}

TEST_F(Device, ModulesMayGoWhileTheirWeightsAreOnTheWay) {
  std::vector<uint8_t> bytes = serialize(fullModel());
  for (int i = 0; i != 20; ++i)
    LoadedModule module(bytes);
}

//===-- Memory
//-----------------------------------------------------------------------------------------------------===//

TEST_F(Device, GrowsTheArenaWithTheRuns) {
  LoadedModule module(serialize(hungryModel(1024))); // 1 GiB for its greatest size
  SessionHandle session = openSession(module.get(), 1);
  ASSERT_TRUE(session);
  for (int64_t length : {100, 10, 5000, 300}) {
    std::vector<int32_t> x = counting(length), y;
    ASSERT_EQ(runVector(session.get(), x, y), GIRIH_OK);
    EXPECT_EQ(y[9], x[9] + 2);
  }
  girih_statistics statistics;
  girih_session_statistics(session.get(), &statistics);
  EXPECT_EQ(statistics.arena_reserved, 5000u * 1024);
}

TEST_F(Device, RefusesARunThatDoesNotFitAndSaysWhatWould) {
  LoadedModule module(serialize(hungryModel(1024)));
  SessionHandle session = openSession(module.get(), 1);
  std::vector<int32_t> x = counting(300000), y;
  girih_status status;
  EXPECT_EQ(runVector(session.get(), x, y, &status), GIRIH_OUT_OF_DEVICE_MEMORY);
  EXPECT_STREQ(girih_code_name(status.code), "out-of-device-memory");
  int most = 0;
  std::string text = status.message;
  ASSERT_NE(text.find("what would fit: n up to "), text.npos) << text;
  sscanf(text.c_str() + text.find("n up to "), "n up to %d instead of 300000", &most);
  x = counting(most);
  EXPECT_EQ(runVector(session.get(), x, y, &status), GIRIH_OK) << most << ": " << status.message;
  x = counting(most + 1);
  EXPECT_EQ(runVector(session.get(), x, y, &status), GIRIH_OUT_OF_DEVICE_MEMORY) << most;
  x = counting(10);
  EXPECT_EQ(runVector(session.get(), x, y, &status), GIRIH_OK) << status.message;
}

TEST_F(Device, ReservesWhatMaxSymbolsTellWhenASessionIsOpened) {
  LoadedModule module(serialize(hungryModel(1024)));
  girih_status status;
  EXPECT_FALSE(openFor(module.get(), {1 << 20}, &status));
  EXPECT_EQ(status.code, GIRIH_OUT_OF_DEVICE_MEMORY);
  EXPECT_NE(std::string(status.message)
                .find("max_symbols take 1024.0 MiB, but NVIDIA Stub has 256.0 MiB free of 256.0; what would "
                      "fit: n up to 262144"),
            std::string::npos)
      << status.message;
  SessionHandle session = openFor(module.get(), {10000}, &status);
  ASSERT_TRUE(session) << status.message;
  std::vector<int32_t> x = counting(10000), y;
  uint64_t before = cuda::calls("cuMemAlloc_v2");
  EXPECT_EQ(runVector(session.get(), x, y), GIRIH_OK);
  EXPECT_EQ(cuda::calls("cuMemAlloc_v2"), before + 1) << "inputs and outputs alone";
}

TEST_F(Device, RefusesACacheThatDoesNotFit) {
  cuda::reset({.memory = 1 << 20});
  LoadedModule module(serialize(decoderModel()));
  ASSERT_EQ(module.status.code, GIRIH_OK) << module.status.message;
  girih_status status;
  CacheHandle cache = openCache(module.get(), 4000, 8, &status);
  ASSERT_TRUE(cache);
  std::vector<CacheHandle> more;
  while (CacheHandle another = openCache(module.get(), 4000, 8, &status))
    more.push_back(std::move(another));
  EXPECT_EQ(status.code, GIRIH_OUT_OF_DEVICE_MEMORY);
  EXPECT_NE(std::string(status.message).find("the rows of 4000 tokens take 0.0 MiB"), std::string::npos)
      << status.message;
  EXPECT_NE(std::string(status.message).find("make a cache of at most "), std::string::npos)
      << status.message;
}

TEST_F(Device, RefusesWeightsThatDoNotFit) {
  cuda::reset({.memory = 4096});
  std::string message;
  ArtifactBuilder b = sampleModel();
  girih::artifact::WeightInfo info;
  info.name = "large";
  info.shape = {1024, 1024};
  info.bytes = 4 << 20;
  b.addRandomWeight(info, 1);
  EXPECT_EQ(loadCode(serialize(b), &message), GIRIH_OUT_OF_DEVICE_MEMORY);
  EXPECT_NE(message.find("the model's weights take 4.0 MiB, but NVIDIA Stub has 0.0 MiB free"),
            std::string::npos)
      << message;
}

//===-- Sessions and threads
//---------------------------------------------------------------------------------------===//

TEST_F(Device, ManyThreadsRunOnManyModules) {
  std::vector<uint8_t> bytes = serialize(sampleModel());
  LoadedModule one(bytes), two(bytes);
  std::vector<std::thread> threads;
  for (girih_module *module : {one.get(), two.get(), one.get(), two.get()})
    threads.emplace_back([=] {
      SessionHandle session = openSession(module, 1);
      for (int i = 0; i != 50; ++i)
        runSample(session.get(), 1 + i % 5 * 37);
    });
  for (std::thread &thread : threads)
    thread.join();
}

TEST_F(Device, SharesACacheAmongSessions) {
  LoadedModule module(serialize(decoderModel()));
  CacheHandle cache = openCache(module.get(), 4000, 5);
  std::vector<std::thread> threads;
  for (int seed = 1; seed != 5; ++seed)
    threads.emplace_back([&, seed] {
      SessionHandle session = openSession(module.get(), 1);
      SequenceHandle sequence = openSequence(cache.get());
      std::vector<int32_t> tokens = someTokens(23, seed);
      int32_t next;
      EXPECT_EQ(extend(session.get(), sequence.get(), tokens, &next), GIRIH_OK);
      for (int i = 0; i != 30; ++i) {
        EXPECT_EQ(next, hashNext(tokens));
        SequenceHandle fork = forkOf(sequence.get());
        EXPECT_EQ(extend(session.get(), fork.get(), {5}), GIRIH_OK); // copies a page
        tokens.push_back(next);
        EXPECT_EQ(extend(session.get(), sequence.get(), {tokens.back()}, &next), GIRIH_OK);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
}

//===-- Kernels that stay on the host, observers, times
//------------------------------------------------------------===//

/// The sample, whose middle kernel the machine leaves to this CPU.
static ArtifactBuilder mixedModel() {
  ArtifactBuilder b = sampleModel();
  girih::artifact::VersionInfo host = {"host", 0, GIRIH_MACHINE_CPU, kernelImage(), {}};
  for (int i = 0; i != KernelCount; ++i)
    host.kernels.push_back({i == AddVectors ? kernelEntry(Kernel(i)) : GIRIH_NO_CODE, 0});
  b.addVersion(std::move(host));
  b.kernelCode[AddVectors].entry = GIRIH_NO_CODE;
  return b;
}

TEST_F(Device, LeavesKernelsToTheHost) {
  LoadedModule module(serialize(mixedModel()));
  ASSERT_EQ(module.status.code, GIRIH_OK) << module.status.message;
  SessionHandle session = openSession(module.get(), 1);
  for (int64_t length : {1, 100, 100, 100, 4096})
    runSample(session.get(), length);
  EXPECT_EQ(cuda::kernels("add_vectors"), 0u);
  EXPECT_EQ(cuda::kernels("add_one"), 10u);
  EXPECT_EQ(cuda::calls("cuStreamBeginCapture_v2"), 0u) << "what waits in between cannot be recorded";
}

TEST_F(Device, ShowsObserversWhatLaunchesWrote) {
  for (const ArtifactBuilder &builder : {sampleModel(), mixedModel()}) {
    LoadedModule module(serialize(builder));
    SessionHandle session = openSession(module.get(), 1);
    std::vector<std::vector<int32_t>> seen;
    girih_session_set_observer(
        session.get(),
        [](void *user, const girih_observation *o) {
          const girih_observed_arg &last = o->args[o->arg_count - 1];
          auto *data = static_cast<const int32_t *>(last.data);
          static_cast<std::vector<std::vector<int32_t>> *>(user)->emplace_back(data, data + last.shape[0]);
        },
        &seen);
    std::vector<int32_t> x = {5, 6, 7, 8}, y;
    ASSERT_EQ(runVector(session.get(), x, y), GIRIH_OK);
    EXPECT_EQ(seen, (std::vector<std::vector<int32_t>>{{6, 7, 8, 9}, {6, 8, 10, 9}, {7, 9, 11, 10}}));
  }
}

TEST_F(Device, StopsBetweenLaunchesWhenItIsCancelled) {
  LoadedModule module(serialize(sampleModel()));
  SessionHandle session = openSession(module.get(), 1);
  runSample(session.get(), 100);
  girih_session_set_observer(
      session.get(),
      [](void *user, const girih_observation *) { girih_session_cancel(static_cast<girih_session *>(user)); },
      session.get());
  uint64_t before = cuda::calls("kernel");
  std::vector<int32_t> x = counting(100), y;
  EXPECT_EQ(runVector(session.get(), x, y), GIRIH_CANCELLED);
  EXPECT_EQ(cuda::calls("kernel") - before, 1u);
  girih_session_set_observer(session.get(), nullptr, nullptr);
  girih_session_set_trace(
      session.get(),
      [](void *user, const girih_trace_event *) { girih_session_cancel(static_cast<girih_session *>(user)); },
      session.get());
  EXPECT_EQ(runVector(session.get(), x, y), GIRIH_CANCELLED) << "all is done, but nobody wants it";
  girih_session_set_trace(session.get(), nullptr, nullptr);
  for (int repeat = 0; repeat != 3; ++repeat)
    runSample(session.get(), 100);
}

TEST_F(Device, TracesTimesOfTheDevice) {
  LoadedModule module(serialize(sampleModel()));
  SessionHandle session = openSession(module.get(), 1);
  std::vector<girih_trace_event> events;
  girih_session_set_trace(
      session.get(),
      [](void *user, const girih_trace_event *event) {
        static_cast<std::vector<girih_trace_event> *>(user)->push_back(*event);
      },
      &events);
  for (int repeat = 0; repeat != 3; ++repeat) {
    events.clear();
    runSample(session.get(), 100);
    ASSERT_EQ(events.size(), 3u);
    EXPECT_STREQ(events[1].label, "layer.0.second");
    EXPECT_STREQ(events[1].kernel, "add_vectors");
    EXPECT_EQ(events[1].launch_blocks, 7u);
    EXPECT_EQ(events[0].launch_bytes, 800u);
    EXPECT_GT(events[0].begin_ns, 0u);
    EXPECT_LE(events[0].begin_ns, events[0].end_ns);
    EXPECT_EQ(events[0].end_ns, events[1].begin_ns);
  }
  girih_session_set_trace(session.get(), nullptr, nullptr);
  runSample(session.get(), 100);
  EXPECT_EQ(events.size(), 3u);
}

TEST_F(Device, ReportsWhatTracedLaunchesCost) {
  ArtifactBuilder b = sampleModel();
  b.setFacts("target = nvidia\nname = stub # a comment\nmemory_bytes_per_second = 1e12\nflops_f32 = 1e12\n"
             "flops_bf16 = 2e12\nflops_fp8 = 4e12\n");
  LoadedModule module(serialize(b));
  SessionHandle session = openSession(module.get(), 1);
  char text[2000];
  runSample(session.get(), 100);
  EXPECT_EQ(girih_module_machine_report(module.get(), 0, text, sizeof(text)), 0u) << "nothing was timed";
  girih_session_set_trace(session.get(), [](void *, const girih_trace_event *) {}, nullptr);
  runSample(session.get(), 100);
  runSample(session.get(), 100);
  ASSERT_LT(girih_module_machine_report(module.get(), 0, text, sizeof(text)), sizeof(text));
  std::string report = text;
  EXPECT_NE(report.find("NVIDIA Stub, driver of CUDA 13.0; roofline of stub: 1.0 TFLOP/s f32, 2.0 bf16, 4.0 "
                        "fp8, 1000 GB/s"),
            report.npos)
      << report;
  EXPECT_NE(report.find("layer.0.second"), report.npos) << report;
  EXPECT_NE(report.find(" 6 "), report.npos) << report;
  girih_module_machine_report(module.get(), 1, text, sizeof(text));
  report = text;
  EXPECT_NE(report.find("\"all\": {\"launches\": 6,"), report.npos) << report;
  EXPECT_NE(report.find("\"flops\": 200, \"bytes\": 1600,"), report.npos) << report;
  girih_module_machine_reset(module.get());
  EXPECT_EQ(girih_module_machine_report(module.get(), 1, text, sizeof(text)), 0u);
}
