// Proves that a step gives every row what its own tokens call for: whatever the page size, the split of the
// prefill, the batch it shares, the forks and truncations before; and that a step that fails or is cancelled
// leaves its sequences as they were.
#include "TestDecoder.h"

#include <algorithm>
#include <functional>
#include <span>
#include <thread>

using namespace girih::test;

namespace {

class StepTest : public ::testing::Test {
protected:
  void load(DecoderForm form, int64_t tokens = 1024, int64_t pageTokens = 8) {
    module = std::make_unique<LoadedModule>(serialize(decoderModel(form)));
    session = openSession(module->get(), 2);
    cache = openCache(module->get(), tokens, pageTokens);
  }
  void SetUp() override { load({}); }

  std::unique_ptr<LoadedModule> module;
  SessionHandle session;
  CacheHandle cache;
  girih_status status = {};
};

/// Several rows at once.
struct Rows {
  std::vector<girih_sequence *> sequences;
  std::vector<std::vector<int32_t>> tokens;
  std::vector<girih_sampling> sampling = {};
  std::vector<int32_t> next = {};
  std::vector<float> logits = {};

  girih_code run(girih_session *session, girih_status *status) {
    std::vector<const int32_t *> data;
    std::vector<uint32_t> counts;
    for (const std::vector<int32_t> &each : tokens) {
      data.push_back(each.data());
      counts.push_back(uint32_t(each.size()));
    }
    next.assign(tokens.size(), -1);
    logits.assign(tokens.size() * vocabulary, -1);
    girih_step step;
    GIRIH_INIT(step);
    step.rows = uint32_t(sequences.size());
    step.sequences = sequences.data();
    step.tokens = data.data();
    step.token_counts = counts.data();
    step.sampling = sampling.empty() ? nullptr : sampling.data();
    step.next = next.data();
    step.logits = logits.data();
    return girih_session_step(session, &step, status);
  }
};

std::vector<int32_t> joined(std::vector<int32_t> a, const std::vector<int32_t> &b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

} // namespace

TEST_F(StepTest, AnyPrefillAndAnyPageSizeGiveTheSame) {
  for (bool hasDecode : {true, false})
    for (int64_t pageTokens : {1, 2, 7, 16, 1000}) {
      load({.hasDecode = hasDecode}, 400, pageTokens);
      for (int64_t count : {1, 2, 7, 8, 9, 30, 257}) {
        std::vector<int32_t> tokens = someTokens(count), logits = {};
        for (int64_t split : {int64_t(0), int64_t(1), count / 2}) {
          SequenceHandle sequence = openSequence(cache.get());
          if (split && split < count)
            ASSERT_EQ(extend(session.get(), sequence.get(), {tokens.begin(), tokens.begin() + split}),
                      GIRIH_OK);
          int32_t next = -1;
          std::vector<float> logits(vocabulary);
          ASSERT_EQ(extend(session.get(), sequence.get(),
                           {tokens.begin() + (split < count ? split : 0), tokens.end()}, &next, nullptr,
                           logits.data(), &status),
                    GIRIH_OK)
              << status.message;
          EXPECT_EQ(next, hashNext(tokens))
              << count << " tokens in pages of " << pageTokens << ", split at " << split;
          EXPECT_EQ(logits, hashLogits(tokens));
        }
      }
    }
}

TEST_F(StepTest, DecodesTokenByToken) {
  SequenceHandle sequence = openSequence(cache.get());
  std::vector<int32_t> tokens = someTokens(5);
  int32_t next = -1;
  ASSERT_EQ(extend(session.get(), sequence.get(), tokens, &next), GIRIH_OK);
  for (int i = 0; i != 200; ++i) {
    tokens.push_back(next);
    ASSERT_EQ(extend(session.get(), sequence.get(), {next}, &next), GIRIH_OK);
    ASSERT_EQ(next, hashNext(tokens)) << "after " << tokens.size();
  }
  EXPECT_EQ(tokensOf(sequence.get()), tokens);
}

TEST_F(StepTest, RowsOfDifferentLengthsShareAStep) {
  SequenceHandle handles[4];
  std::vector<int32_t> all[4];
  Rows rows;
  for (int i = 0; i != 4; ++i) {
    handles[i] = openSequence(cache.get());
    all[i] = someTokens(i * 11, i + 1);
    if (i)
      ASSERT_EQ(extend(session.get(), handles[i].get(), all[i]), GIRIH_OK);
    rows.sequences.push_back(handles[i].get());
  }
  for (std::vector<size_t> counts :
       {std::vector<size_t>{20, 1, 8, 3}, {1, 1, 1, 1}, {1, 9, 1, 17}, {1, 1, 1, 1}}) {
    rows.tokens.clear();
    for (int i = 0; i != 4; ++i) {
      rows.tokens.push_back(someTokens(int64_t(counts[i]), 5 + i));
      all[i] = joined(all[i], rows.tokens[i]);
    }
    ASSERT_EQ(rows.run(session.get(), &status), GIRIH_OK) << status.message;
    for (int i = 0; i != 4; ++i) {
      EXPECT_EQ(rows.next[i], hashNext(all[i])) << "row " << i;
      EXPECT_TRUE(
          std::ranges::equal(hashLogits(all[i]), std::span(rows.logits).subspan(i * vocabulary, vocabulary)));
    }
  }
}

TEST_F(StepTest, ForksAndTruncationsGoTheirOwnWays) {
  for (int64_t pageTokens : {1, 3, 8, 64}) {
    load({}, 1024, pageTokens);
    std::vector<int32_t> tokens = someTokens(21);
    SequenceHandle first = openSequence(cache.get());
    ASSERT_EQ(extend(session.get(), first.get(), tokens), GIRIH_OK);
    SequenceHandle second = forkOf(first.get()), third = forkOf(first.get());
    ASSERT_EQ(girih_sequence_truncate(third.get(), 10, &status), GIRIH_OK); // into pages that others hold
    struct {
      girih_sequence *sequence;
      std::vector<int32_t> tokens;
    } ways[] = {
        {second.get(), tokens}, {third.get(), {tokens.begin(), tokens.begin() + 10}}, {first.get(), tokens}};
    for (int round = 0; round != 12; ++round)
      for (auto &way : ways) {
        std::vector<int32_t> more = someTokens(1 + round % 3, int32_t(2 + round + (&way - ways)));
        int32_t next = -1;
        way.tokens = joined(way.tokens, more);
        ASSERT_EQ(extend(session.get(), way.sequence, more, &next), GIRIH_OK);
        EXPECT_EQ(next, hashNext(way.tokens))
            << "pages of " << pageTokens << ", way " << &way - ways << ", round " << round;
      }
  }
}

TEST_F(StepTest, HandsOverHowToChoose) {
  std::vector<int32_t> tokens = someTokens(19);
  girih_sampling choices[] = {
      {}, {0.5f, 0, 0, 0, 0, 3}, {0, 0, 0, 0, 1.5f, 0}, {0.5f, 40, 0.9f, 0.1f, 1.2f, -7}};
  for (const girih_sampling &sampling : choices) {
    SequenceHandle sequence = openSequence(cache.get());
    int32_t next = -1;
    ASSERT_EQ(extend(session.get(), sequence.get(), tokens, &next, &sampling), GIRIH_OK);
    EXPECT_EQ(next, hashNext(tokens, sampling)) << "temperature " << sampling.temperature;
  }
}

TEST_F(StepTest, CountsAllRunsOfAStep) {
  SequenceHandle sequence = openSequence(cache.get());
  girih_statistics statistics;
  ASSERT_EQ(extend(session.get(), sequence.get(), someTokens(20)), GIRIH_OK); // 8 + 8 + 4
  girih_session_statistics(session.get(), &statistics);
  EXPECT_EQ(statistics.launches, 6u);
  ASSERT_EQ(extend(session.get(), sequence.get(), {1}), GIRIH_OK);
  girih_session_statistics(session.get(), &statistics);
  EXPECT_EQ(statistics.launches, 2u);
}

TEST_F(StepTest, KeepsWithinTheSessionsOwnBounds) {
  const int64_t most[] = {1, 3, 512, mostSlots};
  girih_session_options options;
  GIRIH_INIT(options);
  options.max_symbols = most;
  girih_session *opened = nullptr;
  ASSERT_EQ(girih_session_create(module->get(), &options, &opened, &status), GIRIH_OK) << status.message;
  SessionHandle narrow(opened);
  SequenceHandle sequence = openSequence(cache.get());
  int32_t next = -1;
  ASSERT_EQ(extend(narrow.get(), sequence.get(), someTokens(20), &next), GIRIH_OK);
  EXPECT_EQ(next, hashNext(someTokens(20)));
  girih_statistics statistics;
  girih_session_statistics(narrow.get(), &statistics);
  EXPECT_EQ(statistics.launches, 14u) << "runs of three tokens";
}

TEST_F(StepTest, PrefillsByAsManyTokensAsItIsTold) {
  girih_session_options options;
  GIRIH_INIT(options);
  options.prefill_tokens = 5;
  girih_session *opened = nullptr;
  ASSERT_EQ(girih_session_create(module->get(), &options, &opened, &status), GIRIH_OK) << status.message;
  SessionHandle own(opened);
  SequenceHandle sequence = openSequence(cache.get());
  int32_t next = -1;
  ASSERT_EQ(extend(own.get(), sequence.get(), someTokens(20), &next), GIRIH_OK);
  EXPECT_EQ(next, hashNext(someTokens(20)));
  girih_statistics statistics;
  girih_session_statistics(own.get(), &statistics);
  EXPECT_EQ(statistics.launches, 8u);
}

//===-- Refusals
//---------------------------------------------------------------------------------------------------===//

TEST_F(StepTest, RefusesWhatMakesNoSense) {
  SequenceHandle one = openSequence(cache.get()), two = openSequence(cache.get());
  Rows rows;
  auto refused = [&](girih_code code, const char *message) {
    EXPECT_EQ(rows.run(session.get(), &status), code);
    EXPECT_STREQ(status.message, message);
    EXPECT_EQ(girih_sequence_length(one.get()), 0);
    EXPECT_EQ(freePages(cache.get()), 128);
  };
  refused(GIRIH_SIZE_OUT_OF_BOUNDS, "expected from 1 to 4 sequences in a step but got 0");
  rows = {{one.get(), one.get()}, {{1}, {2}}};
  refused(GIRIH_BUSY, "the sequence in row 1 is in use, in another row or by another thread");
  rows = {{one.get(), two.get()}, {{1}, {}}};
  refused(GIRIH_INVALID_ARGUMENT, "expected a sequence and at least one token in row 1");
  rows = {{one.get(), nullptr}, {{1}, {1}}};
  refused(GIRIH_INVALID_ARGUMENT, "expected a sequence and at least one token in row 1");
  rows = {{one.get(), two.get()}, {{1}, {3, 270}}};
  refused(GIRIH_VALUE_OUT_OF_RANGE, "expected tokens in [0, 270) but found 270 in row 1");
  rows = {{one.get()}, {{1}}, {{-1, 0, 0, 0, 0, 0}}};
  refused(GIRIH_INVALID_ARGUMENT,
          "expected finite temperature, top_k and repetition_penalty of at least 0, top_p "
          "and min_p from 0 to 1, but got "
          "-1, 0, 0, 0 and 0 in row 0");
  CacheHandle elsewhere = openCache(module->get(), 64, 8);
  SequenceHandle stranger = openSequence(elsewhere.get());
  rows = {{one.get(), stranger.get()}, {{1}, {1}}};
  refused(GIRIH_INVALID_ARGUMENT, "the sequences in rows 0 and 1 belong to different caches");
  rows = {{one.get(), two.get()}, {{1}, someTokens(301)}};
  refused(
      GIRIH_SIZE_OUT_OF_BOUNDS,
      "a sequence of 0 tokens cannot take 301 more: the module has 300 positions; truncate it, or compile "
      "with a longer bound");
  LoadedModule other(serialize(decoderModel()));
  CacheHandle foreign = openCache(other.get(), 64, 8);
  SequenceHandle alien = openSequence(foreign.get());
  rows = {{alien.get()}, {{1}}};
  refused(GIRIH_INVALID_ARGUMENT, "the sequence in row 0 belongs to another module");
  rows = {{one.get(), two.get()}, {{1}, {2}}};
  EXPECT_EQ(rows.run(session.get(), &status), GIRIH_OK) << "and works after all of that: " << status.message;
}

TEST_F(StepTest, NeedsADecoder) {
  LoadedModule encoder(serialize(sampleModel()));
  SessionHandle opened = openSession(encoder.get(), 1);
  SequenceHandle sequence = openSequence(cache.get());
  EXPECT_EQ(extend(opened.get(), sequence.get(), {1}, nullptr, nullptr, nullptr, &status), GIRIH_WRONG_MODEL);
}

TEST_F(StepTest, NamesWhatIsNotADecoders) {
  using Spoil = std::function<void(ArtifactBuilder &)>;
  const std::pair<const char *, Spoil> spoils[] = {
      {"entry 'prefill' is not a decoder's: nothing is known of input 'weather'; use girih_session_run",
       [](auto &b) { b.values[1].name = b.string("weather"); }},
      {"entry 'prefill' is not a decoder's: another type or rank is expected of input 'mask'; use "
       "girih_session_run",
       [](auto &b) { b.values[1].element_type = GIRIH_F32; }},
      {"entry 'prefill' is not a decoder's: there are two inputs 'ids'; use girih_session_run",
       [](auto &b) { b.values[1].name = b.values[0].name; }},
      {"entry 'prefill' is not a decoder's: nothing is known of input 'keys.0'; use girih_session_run",
       [](auto &b) { b.values[13].flags = 0; }},
      {"entry 'decode' is not a decoder's: 'prefill' has no such state in this place: 'values.0'; use "
       "girih_session_run",
       [](auto &b) { b.values[16 + 13].name = b.string("values.0"); }},
      {"entry 'decode' is not a decoder's: it takes 8 tokens of a row, not one; use girih_session_run",
       [](auto &b) {
         b.values[16].first_dim = b.values[17].first_dim = b.values[18].first_dim = b.values[19].first_dim =
             b.values[0].first_dim;
       }},
      {"entry 'prefill' is not a decoder's: nothing is known of output 'text'; use girih_session_run",
       [](auto &b) { b.values[14].name = b.string("text"); }},
      {"entry 'prefill' is not a decoder's: it lacks output 'logits'; use girih_session_run",
       [](auto &b) { b.values[15] = b.values[14]; }},
  };
  for (const auto &[message, spoil] : spoils) {
    ArtifactBuilder b = decoderModel();
    spoil(b);
    LoadedModule spoiled(withTablesOf(decoderModel(), b));
    ASSERT_NE(spoiled.get(), nullptr) << spoiled.status.message << " for " << message;
    SessionHandle opened = openSession(spoiled.get(), 1, &status);
    ASSERT_NE(opened, nullptr) << status.message;
    SequenceHandle sequence = openSequence(cache.get());
    EXPECT_EQ(extend(opened.get(), sequence.get(), {1}, nullptr, nullptr, nullptr, &status),
              GIRIH_WRONG_MODEL);
    EXPECT_STREQ(status.message, message);
  }
}

//===-- Failures
//---------------------------------------------------------------------------------------------------===//

TEST_F(StepTest, AStepThatFailsHalfwayChangesNothing) {
  std::vector<int32_t> tokens = someTokens(21);
  CacheHandle small = openCache(module->get(), 80, 8);
  SequenceHandle one = openSequence(small.get()), other = openSequence(small.get());
  ASSERT_EQ(extend(session.get(), one.get(), tokens), GIRIH_OK);
  SequenceHandle forked = forkOf(one.get());
  // The first row gets its pages and a copy of the shared one; then there is no room for the second.
  Rows rows = {{forked.get(), other.get()}, {someTokens(10, 2), someTokens(60, 3)}};
  EXPECT_EQ(rows.run(session.get(), &status), GIRIH_CACHE_FULL);
  EXPECT_EQ(tokensOf(forked.get()), tokens);
  EXPECT_EQ(girih_sequence_length(other.get()), 0);
  EXPECT_EQ(freePages(small.get()), 7);
  int32_t next = -1;
  ASSERT_EQ(extend(session.get(), forked.get(), {4}, &next), GIRIH_OK);
  EXPECT_EQ(next, hashNext(joined(tokens, {4})));
  for (SequenceHandle *each : {&one, &other, &forked})
    each->reset();
  EXPECT_EQ(freePages(small.get()), 10) << "every page has come back, once";
}

TEST_F(StepTest, ACancelledStepChangesNothing) {
  load({.slow = true});
  std::vector<int32_t> tokens = someTokens(21);
  SequenceHandle sequence = openSequence(cache.get());
  ASSERT_EQ(extend(session.get(), sequence.get(), tokens), GIRIH_OK);
  SequenceHandle fork = forkOf(sequence.get());
  int64_t before = freePages(cache.get());
  std::atomic<bool> returned{false};
  girih_code code = GIRIH_OK;
  std::thread runner([&] {
    code = extend(session.get(), fork.get(), someTokens(270, 2), nullptr, nullptr, nullptr, &status);
    returned = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(girih_sequence_truncate(fork.get(), 1, nullptr), returned ? GIRIH_OK : GIRIH_BUSY);
  while (!returned) {
    girih_session_cancel(session.get());
    std::this_thread::yield();
  }
  runner.join();
  EXPECT_EQ(code, GIRIH_CANCELLED) << status.message;
  EXPECT_EQ(freePages(cache.get()), before);
  EXPECT_EQ(tokensOf(fork.get()), tokens);
  int32_t next = -1;
  ASSERT_EQ(extend(session.get(), fork.get(), {9}, &next), GIRIH_OK);
  EXPECT_EQ(next, hashNext(joined(tokens, {9})));
}

TEST_F(StepTest, SessionsOnSeveralThreadsShareACache) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  SequenceHandle root = openSequence(cache.get());
  ASSERT_EQ(extend(session.get(), root.get(), someTokens(13)), GIRIH_OK);
  for (int32_t i = 0; i != 4; ++i)
    threads.emplace_back([&, i] {
      SessionHandle own = openSession(module->get(), 1);
      for (int round = 0; round != 20; ++round) {
        SequenceHandle fork;
        while (!fork) // the root may be in use for a moment
          fork = forkOf(root.get());
        std::vector<int32_t> more = someTokens(30, i * 20 + round + 2);
        int32_t next = -1;
        wrong += extend(own.get(), fork.get(), more, &next) != GIRIH_OK ||
                 next != hashNext(joined(someTokens(13), more));
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
  root.reset();
  EXPECT_EQ(freePages(cache.get()), 128);
}
