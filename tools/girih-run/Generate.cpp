// A prompt of token ids and the tokens that follow, always the most likely ones.
#include "Generate.h"

#include <chrono>
#include <cstdio>

using namespace girih::run;

namespace {

using Clock = std::chrono::steady_clock;

struct CacheDeleter {
  void operator()(girih_cache *cache) const { girih_cache_release(cache); }
};
struct SequenceDeleter {
  void operator()(girih_sequence *sequence) const { girih_sequence_release(sequence); }
};

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// One sequence with all that it needs.
class Generation {
public:
  Generation(girih_module *module, const Options &options) {
    girih_status status;
    session.reset(openSession(module, options));
    girih_cache_options cacheOptions;
    GIRIH_INIT(cacheOptions);
    girih_cache *newCache = nullptr;
    check(girih_cache_create(module, &cacheOptions, &newCache, &status), status);
    cache.reset(newCache);
    checkLength(options);
    girih_sequence *newSequence = nullptr;
    check(girih_sequence_create(newCache, &newSequence, &status), status);
    sequence.reset(newSequence);
  }

  /// Extends the sequence and gives the token that follows.
  int32_t extend(const std::vector<int32_t> &tokens) {
    girih_sequence *row = sequence.get();
    const int32_t *data = tokens.data();
    uint32_t count = uint32_t(tokens.size());
    int32_t next = 0;
    girih_step step;
    GIRIH_INIT(step);
    step.rows = 1;
    step.sequences = &row;
    step.tokens = &data;
    step.token_counts = &count;
    step.next = &next;
    girih_status status;
    check(girih_session_step(session.get(), &step, &status), status);
    return next;
  }

private:
  /// The last token is not read again. What does not fit is refused before anything is computed.
  void checkLength(const Options &options) const {
    girih_cache_info info;
    girih_cache_describe(cache.get(), &info);
    uint64_t wanted = options.generate.size() + uint64_t(options.newTokens) - 1;
    if (wanted > uint64_t(info.longest))
      throw Failure{BadInput, "size-out-of-bounds",
                    "expected at most " + std::to_string(info.longest) +
                        " tokens, which this artifact reads, but the prompt has " +
                        std::to_string(options.generate.size()) + " and --new-tokens asks for " +
                        std::to_string(options.newTokens) + " more"};
  }

  static girih_session *openSession(girih_module *module, const Options &options) {
    girih_session_options sessionOptions;
    GIRIH_INIT(sessionOptions);
    sessionOptions.threads = options.threads;
    girih_session *result = nullptr;
    girih_status status;
    check(girih_session_create(module, &sessionOptions, &result, &status), status);
    return result;
  }

  Session session;
  std::unique_ptr<girih_cache, CacheDeleter> cache;
  std::unique_ptr<girih_sequence, SequenceDeleter> sequence;
};

} // namespace

void girih::run::generate(girih_module *module, const Options &options) {
  Generation generation(module, options);
  auto begin = Clock::now();
  std::vector<int32_t> tokens = {generation.extend(options.generate)};
  double first = since(begin);
  begin = Clock::now();
  while (tokens.size() < options.newTokens)
    tokens.push_back(generation.extend({tokens.back()}));
  double rest = since(begin);
  for (size_t i = 0; i != tokens.size(); ++i)
    printf("%s%d", i ? " " : "", tokens[i]);
  printf("\n");
  fprintf(stderr, "%zu tokens to the first new one in %.1f ms", options.generate.size(), first * 1e3);
  if (tokens.size() > 1)
    fprintf(stderr, ", %zu more at %.1f tokens/s", tokens.size() - 1, double(tokens.size() - 1) / rest);
  fprintf(stderr, "\n");
}
