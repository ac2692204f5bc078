// Proves that a call whose tensors do not fit is refused, with a code and a message that says what was expected, before
// anything runs; and that modules, sessions and arenas tell the truth about themselves.
#include "TestArtifact.h"

using namespace girih::test;

namespace {

class CallTest : public ::testing::Test {
protected:
  LoadedModule module{serialize(sampleModel())};
  SessionHandle session = openSession(module.get(), 2);
  std::vector<int32_t> x = counting(20), y = std::vector<int32_t>(20, -1);
  girih_tensor input = vectorOf(x), output = vectorOf(y);
  girih_status status = {};

  void expectRefused(girih_code code, const char *message, uint32_t entry = 0, uint32_t inputs = 1, uint32_t outputs = 1) {
    EXPECT_EQ(girih_session_run(session.get(), entry, &input, inputs, &output, outputs, &status), code);
    EXPECT_EQ(status.code, code);
    EXPECT_STREQ(status.message, message);
    EXPECT_EQ(y, std::vector<int32_t>(20, -1)) << "nothing was launched";
  }
};

} // namespace

TEST_F(CallTest, RefusesAnUnknownEntry) { expectRefused(GIRIH_UNKNOWN_ENTRY, "expected an entry point below 1 but got 1", 1); }

TEST_F(CallTest, RefusesWrongCounts) {
  expectRefused(GIRIH_INVALID_ARGUMENT, "expected 1 inputs but got 0", 0, 0);
  expectRefused(GIRIH_INVALID_ARGUMENT, "expected 1 outputs but got 0", 0, 1, 0);
}

TEST_F(CallTest, RefusesAnotherType) {
  input.element_type = GIRIH_F32;
  expectRefused(GIRIH_TYPE_MISMATCH, "expected input 'x' of type i32 but got f32");
}

TEST_F(CallTest, RefusesAnotherRank) {
  input.rank = 2;
  expectRefused(GIRIH_SHAPE_MISMATCH, "expected input 'x' of rank 1 but got rank 2");
}

TEST_F(CallTest, RefusesSizesBeyondTheirBounds) {
  for (int64_t size : {int64_t(0), int64_t(4097), int64_t(-1), INT64_MAX}) {
    input.shape[0] = size;
    EXPECT_EQ(girih_session_run(session.get(), 0, &input, 1, &output, 1, &status), GIRIH_SIZE_OUT_OF_BOUNDS);
  }
  EXPECT_STREQ(status.message, "expected 'n' between 1 and 4096 but dimension 0 of input 'x' is 9223372036854775807; stay "
                               "within, or compile the model with wider bounds");
}

TEST_F(CallTest, RefusesAnOutputOfAnotherShape) {
  output.shape[0] = 19;
  expectRefused(GIRIH_SHAPE_MISMATCH, "expected dimension 0 of output 'y' to be 20 (n) but got 19");
}

TEST_F(CallTest, RefusesMissingAndCrookedData) {
  input.data = nullptr;
  expectRefused(GIRIH_INVALID_ARGUMENT, "input 'x' has no data");
  input.data = reinterpret_cast<uint8_t *>(x.data()) + 1;
  expectRefused(GIRIH_INVALID_ARGUMENT, "expected the data of input 'x' to be aligned to its elements");
}

TEST_F(CallTest, RefusesIntegersOutOfRangeWhereverTheyStand) {
  for (size_t i = 0; i != x.size(); ++i)
    for (int32_t value : {-1, 1000, INT32_MIN, INT32_MAX}) {
      x[i] = value;
      std::string message = "expected elements of input 'x' in [0, 1000) but found " + std::to_string(value);
      expectRefused(GIRIH_VALUE_OUT_OF_RANGE, message.c_str());
      x[i] = 5;
    }
  x[3] = 999;
  EXPECT_EQ(girih_session_run(session.get(), 0, &input, 1, &output, 1, &status), GIRIH_OK);
}

TEST_F(CallTest, ChecksThatOneSymbolHasOneValue) {
  ArtifactBuilder b;
  addKernels(b);
  auto n = b.symbol(b.addSymbol("n", 1, 100)), twice = b.mul(n, b.constant(2));
  b.beginEntry("run", {{"long", GIRIH_I32, {twice}}, {"a", GIRIH_I32, {n}}, {"b", GIRIH_I32, {n}}}, {});
  b.endEntry(b.constant(0));
  LoadedModule other(serialize(b));
  SessionHandle opened = openSession(other.get(), 1);
  girih_tensor tensors[] = {input, input, input};
  tensors[0].shape[0] = 20;
  tensors[1].shape[0] = tensors[2].shape[0] = 10;
  EXPECT_EQ(girih_session_run(opened.get(), 0, tensors, 3, nullptr, 0, &status), GIRIH_OK) << status.message;
  tensors[2].shape[0] = 9;
  EXPECT_EQ(girih_session_run(opened.get(), 0, tensors, 3, nullptr, 0, &status), GIRIH_SHAPE_MISMATCH);
  tensors[2].shape[0] = 10;
  tensors[0].shape[0] = 19;
  EXPECT_EQ(girih_session_run(opened.get(), 0, tensors, 3, nullptr, 0, &status), GIRIH_SHAPE_MISMATCH);
  EXPECT_STREQ(status.message, "expected dimension 0 of input 'long' to be 20 (n*2) but got 19");
}

TEST_F(CallTest, TellsOutputShapesBeforeTheyAreAllocated) {
  girih_tensor shape = {};
  ASSERT_EQ(girih_module_output_shapes(module.get(), 0, &input, 1, &shape, 1, &status), GIRIH_OK);
  EXPECT_EQ(shape.element_type, uint32_t(GIRIH_I32));
  EXPECT_EQ(shape.rank, 1u);
  EXPECT_EQ(shape.shape[0], 20);
}

TEST_F(CallTest, PlansTheArenaBeforeAllocating) {
  uint64_t bytes = 0;
  int64_t n = 20;
  ASSERT_EQ(girih_module_arena_bytes(module.get(), GIRIH_NONE, &n, &bytes, nullptr), GIRIH_OK);
  EXPECT_EQ(bytes, 2 * 128u);
  ASSERT_EQ(girih_module_arena_bytes(module.get(), 0, nullptr, &bytes, nullptr), GIRIH_OK);
  EXPECT_EQ(bytes, 2 * 4 * 4096u);
  n = 5000;
  EXPECT_EQ(girih_module_arena_bytes(module.get(), 0, &n, &bytes, nullptr), GIRIH_SIZE_OUT_OF_BOUNDS);
}

TEST_F(CallTest, ReservesASmallerArenaForSmallerSizes) {
  girih_session_options options;
  GIRIH_INIT(options);
  int64_t most = 32;
  options.max_symbols = &most;
  girih_session *small = nullptr;
  ASSERT_EQ(girih_session_create(module.get(), &options, &small, &status), GIRIH_OK) << status.message;
  girih_statistics statistics;
  girih_session_statistics(small, &statistics);
  EXPECT_EQ(statistics.arena_reserved, 256u);
  std::vector<int32_t> fits = counting(32), tooLong = counting(33), result;
  EXPECT_EQ(runVector(small, fits, result), GIRIH_OK);
  EXPECT_EQ(result, sampleAnswer(fits));
  EXPECT_EQ(runVector(small, tooLong, result), GIRIH_SIZE_OUT_OF_BOUNDS);
  girih_session_release(small);
  most = 0;
  EXPECT_EQ(girih_session_create(module.get(), &options, &small, &status), GIRIH_SIZE_OUT_OF_BOUNDS);
  EXPECT_EQ(small, nullptr);
}

TEST_F(CallTest, DescribesTheModule) {
  girih_module_info info;
  girih_module_describe(module.get(), &info);
  EXPECT_STREQ(info.code_version, "test");
  EXPECT_STREQ(info.facts, "name = test\n");
  EXPECT_EQ(info.weight_bytes, 12u);
  EXPECT_EQ(info.kernel_count, uint32_t(KernelCount));
  EXPECT_STREQ(girih_module_property(module.get(), "model"), "sample");
  EXPECT_EQ(girih_module_property(module.get(), "none"), nullptr);
  girih_value_info value;
  ASSERT_EQ(girih_module_input(module.get(), 0, 0, &value), GIRIH_OK);
  EXPECT_STREQ(value.name, "x");
  EXPECT_STREQ(value.dims[0], "n");
  EXPECT_TRUE(value.has_range);
  EXPECT_EQ(value.range_high, 1000);
  EXPECT_EQ(girih_module_input(module.get(), 0, 1, &value), GIRIH_INVALID_ARGUMENT);
  EXPECT_EQ(girih_module_output(module.get(), 1, 0, &value), GIRIH_INVALID_ARGUMENT);
  girih_entry_info entry;
  EXPECT_EQ(girih_module_entry(module.get(), 1, &entry), GIRIH_INVALID_ARGUMENT);
  ASSERT_EQ(girih_module_entry(module.get(), 0, &entry), GIRIH_OK);
  EXPECT_EQ(entry.launch_count, 3u);
  girih_symbol_info symbol;
  ASSERT_EQ(girih_module_symbol(module.get(), 0, &symbol), GIRIH_OK);
  EXPECT_EQ(symbol.max, 4096);
}

TEST_F(CallTest, KeepsTheModuleForItsSessions) {
  TemporaryFolder folder;
  writeBytes(folder.path("a.girih"), serialize(sampleModel()));
  girih_module *loaded = nullptr;
  ASSERT_EQ(girih_module_load(folder.path("a.girih").c_str(), nullptr, &loaded, &status), GIRIH_OK) << status.message;
  SessionHandle kept = openSession(loaded, 2);
  girih_module_release(loaded);
  std::vector<int32_t> result;
  ASSERT_EQ(runVector(kept.get(), x, result), GIRIH_OK);
  EXPECT_EQ(result, sampleAnswer(x));
}

TEST_F(CallTest, RefusesOptionsWithoutTheirSizeAndCompletesShorterOnes) {
  girih_session_options options = {};
  options.threads = 2;
  girih_session *opened = nullptr;
  EXPECT_EQ(girih_session_create(module.get(), &options, &opened, &status), GIRIH_INVALID_ARGUMENT);
  EXPECT_STREQ(status.message, "expected struct_bytes in the options; set it with GIRIH_INIT(options)");
  options.struct_bytes = offsetof(girih_session_options, pool); // an older caller's
  options.pool = reinterpret_cast<girih_pool *>(8);
  ASSERT_EQ(girih_session_create(module.get(), &options, &opened, &status), GIRIH_OK) << status.message;
  girih_session_release(opened);
}

TEST_F(CallTest, NamesEveryCode) {
  for (int code = 0; code != GIRIH_CODE_COUNT; ++code)
    EXPECT_STRNE(girih_code_name(girih_code(code)), "unknown");
  EXPECT_STREQ(girih_code_name(GIRIH_DAMAGED_ARTIFACT), "damaged-artifact");
  EXPECT_STREQ(girih_code_name(GIRIH_CODE_COUNT), "unknown");
}
