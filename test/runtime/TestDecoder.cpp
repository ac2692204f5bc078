// The hashing decoder.
#include "TestDecoder.h"

#include <algorithm>

using namespace girih::test;

namespace {

/// The inputs of an entry by their places.
enum Input {
  Ids,
  Mask,
  Positions,
  Slots,
  Table,
  Temperature,
  TopK,
  TopP,
  MinP,
  Penalty,
  Seen,
  Seed,
  Step,
  State
};

void addEntry(ArtifactBuilder &b, const char *name, uint32_t seq, const DecoderForm &form) {
  auto batch = b.symbol(0), total = b.symbol(2), slots = b.symbol(3), v = b.constant(vocabulary),
       two = b.constant(2);
  std::vector<ValueInfo> inputs = {{"ids", GIRIH_I32, {batch, seq}, true, 0, vocabulary},
                                   {"mask", GIRIH_I32, {batch, seq}, true, 0, 2},
                                   {"positions", GIRIH_I32, {batch, seq}, true, -1, mostPositions},
                                   {"slots", GIRIH_I32, {batch, seq}},
                                   {"table", GIRIH_I32, {batch, total}}};
  for (const char *number : {"temperature", "top_k", "top_p", "min_p", "penalty"})
    inputs.push_back({number, strcmp(number, "top_k") == 0 ? GIRIH_I32 : GIRIH_F32, {batch}});
  inputs.push_back({"seen", GIRIH_I8, {batch, v}});
  inputs.push_back({"seed", GIRIH_I32, {batch}});
  inputs.push_back({"step", GIRIH_I32, {batch}});
  ValueInfo state = {"keys.0", GIRIH_I32, {slots, two}};
  state.isState = true;
  inputs.push_back(state);
  b.beginEntry(name, inputs, {{"next", GIRIH_I32, {batch}}, {"logits", GIRIH_F32, {batch, v}}});
  auto argument = [&](Input input) { return ArgInfo{GIRIH_ARG_INPUT, uint32_t(input), inputs[input].dims}; };
  b.launch({WriteRows, {batch}, {argument(Ids), argument(Slots), argument(State)}, "layer.0.write"});
  b.barrier();
  ArgInfo next = {GIRIH_ARG_OUTPUT, 0, {batch}}, logits = {GIRIH_ARG_OUTPUT, 1, {batch, v}};
  b.launch({ReadRows,
            {batch},
            {argument(Mask), argument(Positions), argument(Table), argument(State), argument(Temperature),
             argument(Penalty), argument(Seen), argument(Seed), argument(Step), next, logits},
            "layer.0.read",
            batch});
  auto words = b.constant(1024);
  if (form.slow) {
    ArgInfo buffer = {GIRIH_ARG_BUFFER, 0, {words}};
    b.barrier();
    b.launch({Slow, {b.constant(64)}, {buffer, buffer}, "slow"});
  }
  b.endEntry(b.constant(form.slow ? 4096 : 0));
}

/// Entries without a cache: 'logits' and 'loss'.
void addWholeEntries(ArtifactBuilder &b) {
  auto batch = b.symbol(0), seq = b.symbol(1), v = b.constant(vocabulary);
  ArgInfo ids = {GIRIH_ARG_INPUT, 0, {batch, seq}}, labels = {GIRIH_ARG_INPUT, 1, {batch, seq}};
  b.beginEntry("logits", {{"ids", GIRIH_I32, {batch, seq}, true, 0, vocabulary}},
               {{"logits", GIRIH_F32, {batch, seq, v}}});
  b.launch({EveryLogits, {batch}, {ids, {GIRIH_ARG_OUTPUT, 0, {batch, seq, v}}}, "logits"});
  b.endEntry(b.constant(0));
  b.beginEntry("loss",
               {{"ids", GIRIH_I32, {batch, seq}, true, 0, vocabulary},
                {"labels", GIRIH_I32, {batch, seq}, true, -1, vocabulary}},
               {{"loss", GIRIH_F32, {batch, seq}}});
  b.launch({EveryLoss, {batch}, {ids, labels, {GIRIH_ARG_OUTPUT, 0, {batch, seq}}}, "loss"});
  b.endEntry(b.constant(0));
}

} // namespace

ArtifactBuilder girih::test::decoderModel(DecoderForm form) {
  ArtifactBuilder b;
  addKernels(b);
  b.addSymbol("batch", 1, mostRows);
  uint32_t seq = b.addSymbol("seq", 1, mostWidth);
  b.addSymbol("total", 1, 512);
  b.addSymbol("slots", 1, mostSlots);
  if (form.slow)
    b.addBuffer("slow", b.constant(0), b.constant(4096));
  addEntry(b, "prefill", b.symbol(seq), form);
  if (form.hasDecode)
    addEntry(b, "decode", b.constant(1), form);
  if (form.hasWhole)
    addWholeEntries(b);
  return b;
}

static uint64_t hashOf(const std::vector<int32_t> &tokens) {
  uint64_t hash = 1;
  for (int32_t token : tokens)
    hash = (hash * 31 + uint64_t(token + 1)) & 0xffffff;
  return hash;
}

int32_t girih::test::hashNext(const std::vector<int32_t> &tokens, const girih_sampling &sampling) {
  uint64_t hash = hashOf(tokens);
  if (sampling.temperature > 0)
    hash += uint64_t(sampling.seed * 13 + int32_t(tokens.size()));
  if (sampling.repetition_penalty != 0 && sampling.repetition_penalty != 1)
    for (int32_t v = 0; v != vocabulary; ++v)
      hash += std::ranges::find(tokens, v) != tokens.end();
  return int32_t(hash % vocabulary);
}

std::vector<float> girih::test::hashLogits(const std::vector<int32_t> &tokens) {
  std::vector<float> logits;
  for (int32_t v = 0; v != vocabulary; ++v)
    logits.push_back(float(hashOf(tokens) >> (v & 15) & 255));
  return logits;
}

std::vector<int32_t> girih::test::someTokens(int64_t count, int32_t seed) {
  std::vector<int32_t> tokens;
  for (int64_t i = 0; i != count; ++i)
    tokens.push_back(int32_t((i * i + 7 * i * seed + seed) % vocabulary));
  return tokens;
}

CacheHandle girih::test::openCache(girih_module *module, int64_t tokens, int64_t pageTokens,
                                   girih_status *status) {
  girih_cache_options options;
  GIRIH_INIT(options);
  options.tokens = tokens;
  options.page_tokens = pageTokens;
  girih_cache *cache = nullptr;
  girih_cache_create(module, &options, &cache, status);
  return CacheHandle(cache);
}

SequenceHandle girih::test::openSequence(girih_cache *cache) {
  girih_sequence *sequence = nullptr;
  girih_sequence_create(cache, &sequence, nullptr);
  return SequenceHandle(sequence);
}

SequenceHandle girih::test::forkOf(girih_sequence *sequence, girih_status *status) {
  girih_sequence *fork = nullptr;
  girih_sequence_fork(sequence, &fork, status);
  return SequenceHandle(fork);
}

int64_t girih::test::freePages(girih_cache *cache) {
  girih_cache_info info;
  girih_cache_describe(cache, &info);
  return info.free_pages;
}

std::vector<int32_t> girih::test::tokensOf(girih_sequence *sequence) {
  const int32_t *tokens = girih_sequence_tokens(sequence);
  return {tokens, tokens + girih_sequence_length(sequence)};
}

girih_code girih::test::extend(girih_session *session, girih_sequence *sequence,
                               const std::vector<int32_t> &tokens, int32_t *next,
                               const girih_sampling *sampling, float *logits, girih_status *status) {
  girih_step step;
  GIRIH_INIT(step);
  const int32_t *data = tokens.data();
  uint32_t count = uint32_t(tokens.size());
  step.rows = 1;
  step.sequences = &sequence;
  step.tokens = &data;
  step.token_counts = &count;
  step.sampling = sampling;
  step.next = next;
  step.logits = logits;
  return girih_session_step(session, &step, status);
}
