// Proves that caches are as large as planned and asked for, that forks share pages until they part, that
// truncated and released sequences give their pages back, and that whatever cannot be had is refused in
// words.
#include "TestDecoder.h"

using namespace girih::test;

namespace {

class CacheTest : public ::testing::Test {
protected:
  LoadedModule module{serialize(decoderModel())};
  SessionHandle session = openSession(module.get(), 2);
  girih_status status = {};

  girih_cache_info plan(int64_t tokens, int64_t pageTokens) {
    girih_cache_options options;
    GIRIH_INIT(options);
    options.tokens = tokens;
    options.page_tokens = pageTokens;
    girih_cache_info info = {};
    EXPECT_EQ(girih_cache_plan(module.get(), &options, &info, &status), GIRIH_OK) << status.message;
    return info;
  }
};

} // namespace

TEST_F(CacheTest, IsPlannedBeforeItIsAllocated) {
  girih_cache_info info = plan(100, 8);
  EXPECT_EQ(info.tokens, 104) << "up to whole pages";
  EXPECT_EQ(info.pages, 13);
  EXPECT_EQ(info.free_pages, 13);
  EXPECT_EQ(info.bytes, 104u * 8) << "two i32 a token, to 64 bytes";
  EXPECT_EQ(info.longest, 104);
  EXPECT_EQ(info.vocabulary, vocabulary);
  CacheHandle cache = openCache(module.get(), 100, 8);
  girih_cache_info made;
  girih_cache_describe(cache.get(), &made);
  EXPECT_EQ(memcmp(&made, &info, sizeof(info)), 0);
}

TEST_F(CacheTest, HoldsOneSequenceOfTheGreatestLengthByDefault) {
  girih_cache_info info = plan(0, 0);
  EXPECT_EQ(info.page_tokens, 32);
  EXPECT_EQ(info.tokens, 320);
  EXPECT_EQ(info.longest, mostPositions);
}

TEST_F(CacheTest, StaysWithinTheModulesBound) {
  EXPECT_EQ(plan(mostSlots, 1000).tokens, 4000)
      << "down to whole pages where the next one would leave the bound";
  EXPECT_EQ(plan(5, 1000).tokens, 5) << "one page";
  EXPECT_EQ(openCache(module.get(), mostSlots + 1, 1, &status), nullptr);
  EXPECT_EQ(status.code, GIRIH_SIZE_OUT_OF_BOUNDS);
  EXPECT_STREQ(status.message,
               "expected a cache of at most 4096 tokens in pages of at least 1 but got 4097 in pages of 1");
  EXPECT_EQ(openCache(module.get(), 10, -1, &status), nullptr);
}

TEST_F(CacheTest, NeedsADecoder) {
  LoadedModule encoder(serialize(sampleModel()));
  EXPECT_EQ(openCache(encoder.get(), 10, 1, &status), nullptr);
  EXPECT_EQ(status.code, GIRIH_WRONG_MODEL);
  EXPECT_STREQ(status.message,
               "expected a decoder, but the artifact has no entry point 'prefill'; its first is 'run'");
}

TEST_F(CacheTest, ForksSharePagesUntilTheyPart) {
  CacheHandle cache = openCache(module.get(), 64, 4);
  SequenceHandle first = openSequence(cache.get());
  ASSERT_EQ(extend(session.get(), first.get(), someTokens(10)), GIRIH_OK);
  EXPECT_EQ(freePages(cache.get()), 13);
  SequenceHandle second = forkOf(first.get()), third = forkOf(second.get());
  EXPECT_EQ(freePages(cache.get()), 13) << "all shared";
  ASSERT_EQ(extend(session.get(), second.get(), {5}), GIRIH_OK);
  EXPECT_EQ(freePages(cache.get()), 12) << "the page that is not full was copied";
  ASSERT_EQ(extend(session.get(), third.get(), {6}), GIRIH_OK);
  EXPECT_EQ(freePages(cache.get()), 11);
  ASSERT_EQ(extend(session.get(), first.get(), {7}), GIRIH_OK);
  EXPECT_EQ(freePages(cache.get()), 11) << "the last holder writes where it is";
  first.reset();
  EXPECT_EQ(freePages(cache.get()), 12) << "two full pages are still held by others";
  second.reset();
  third.reset();
  EXPECT_EQ(freePages(cache.get()), 16);
}

TEST_F(CacheTest, TruncationGivesPagesBack) {
  CacheHandle cache = openCache(module.get(), 64, 4);
  SequenceHandle sequence = openSequence(cache.get());
  ASSERT_EQ(extend(session.get(), sequence.get(), someTokens(10)), GIRIH_OK);
  EXPECT_EQ(girih_sequence_truncate(sequence.get(), 11, &status), GIRIH_INVALID_ARGUMENT);
  EXPECT_STREQ(status.message, "expected a length from 0 to 10 but got 11");
  ASSERT_EQ(girih_sequence_truncate(sequence.get(), 8, &status), GIRIH_OK);
  EXPECT_EQ(freePages(cache.get()), 14);
  ASSERT_EQ(girih_sequence_truncate(sequence.get(), 0, &status), GIRIH_OK);
  EXPECT_EQ(freePages(cache.get()), 16);
  EXPECT_EQ(girih_sequence_length(sequence.get()), 0);
}

TEST_F(CacheTest, OutlivesItsHandles) {
  CacheHandle cache = openCache(module.get(), 64, 4);
  SequenceHandle sequence = openSequence(cache.get());
  cache.reset();
  int32_t next = -1;
  ASSERT_EQ(extend(session.get(), sequence.get(), {1, 2, 3}, &next), GIRIH_OK);
  EXPECT_EQ(next, hashNext({1, 2, 3}));
}

TEST_F(CacheTest, AFullCacheIsRefusedAndNothingIsTaken) {
  CacheHandle cache = openCache(module.get(), 20, 4);
  SequenceHandle one = openSequence(cache.get()), other = openSequence(cache.get());
  ASSERT_EQ(extend(session.get(), one.get(), someTokens(10)), GIRIH_OK);
  EXPECT_EQ(extend(session.get(), other.get(), someTokens(9), nullptr, nullptr, nullptr, &status),
            GIRIH_CACHE_FULL);
  EXPECT_STREQ(status.message, "a sequence of 0 tokens cannot take 9 more: the cache has room for 20, 2 "
                               "pages of 4 are free; release or "
                               "truncate sequences, or make a larger cache");
  EXPECT_EQ(freePages(cache.get()), 2);
  EXPECT_EQ(girih_sequence_length(other.get()), 0);
  ASSERT_EQ(extend(session.get(), other.get(), someTokens(8)), GIRIH_OK);
  SequenceHandle fork = forkOf(one.get());
  EXPECT_EQ(extend(session.get(), fork.get(), {1}), GIRIH_CACHE_FULL) << "no page for the copy";
  EXPECT_EQ(tokensOf(fork.get()), someTokens(10));
}

TEST_F(CacheTest, ASequencePastTheModelsPositionsIsRefused) {
  CacheHandle cache = openCache(module.get(), 1000, 16);
  SequenceHandle sequence = openSequence(cache.get());
  ASSERT_EQ(extend(session.get(), sequence.get(), someTokens(mostPositions)), GIRIH_OK);
  EXPECT_EQ(extend(session.get(), sequence.get(), {1}, nullptr, nullptr, nullptr, &status),
            GIRIH_SIZE_OUT_OF_BOUNDS);
  EXPECT_STREQ(
      status.message,
      "a sequence of 300 tokens cannot take 1 more: the module has 300 positions; truncate it, or compile "
      "with a longer bound");
}
