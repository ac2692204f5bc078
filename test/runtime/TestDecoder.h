// A decoder for the runtime's tests: it hashes what it has seen, reading every token back from its cache
// through the table, so that a wrong slot, position or length shows in every later token. And steps on it.
#pragma once

#include "TestArtifact.h"

namespace girih::test {

inline constexpr int32_t vocabulary = 270; // 256 bytes and some more
inline constexpr int64_t mostRows = 4, mostWidth = 8, mostPositions = 300, mostSlots = 4096;

struct DecoderForm {
  bool hasDecode = true; // an entry 'decode'
  bool slow = false;     // each run takes a while
  bool hasWhole = false; // entries 'logits' and 'loss'
};
ArtifactBuilder decoderModel(DecoderForm form = {});

/// What follows these tokens.
int32_t hashNext(const std::vector<int32_t> &tokens, const girih_sampling &sampling = {});
std::vector<float> hashLogits(const std::vector<int32_t> &tokens);
/// count tokens that differ from one another's neighbours; `seed` makes other ones.
std::vector<int32_t> someTokens(int64_t count, int32_t seed = 1);

CacheHandle openCache(girih_module *module, int64_t tokens, int64_t pageTokens,
                      girih_status *status = nullptr);
SequenceHandle openSequence(girih_cache *cache);
SequenceHandle forkOf(girih_sequence *sequence, girih_status *status = nullptr);
int64_t freePages(girih_cache *cache);
std::vector<int32_t> tokensOf(girih_sequence *sequence);

/// Extends one sequence. `next` and `logits` may be left out.
girih_code extend(girih_session *session, girih_sequence *sequence, const std::vector<int32_t> &tokens,
                  int32_t *next = nullptr, const girih_sampling *sampling = nullptr, float *logits = nullptr,
                  girih_status *status = nullptr);

} // namespace girih::test
