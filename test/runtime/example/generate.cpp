// Generates tokens with a compiled decoder; links only the runtime.
#include "girih-runtime/girih.h"
#include <cstdio>
#include <cstdlib>
#include <vector>

static girih_status status;
static void check(girih_code code) {
  if (code != GIRIH_OK)
    fprintf(stderr, "error: [%s] %s\n", girih_code_name(code), status.message), exit(1);
}

int main(int argc, char **argv) {
  if (argc < 4)
    return fprintf(stderr, "usage: girih-generate MODEL.girih COUNT ID...\n"), 2;
  girih_module *module;
  girih_session *session;
  girih_cache *cache;
  girih_sequence *sequence;
  check(girih_module_load(argv[1], nullptr, &module, &status));
  check(girih_session_create(module, nullptr, &session, &status));
  girih_cache_options options;
  GIRIH_INIT(options);
  options.tokens = atoi(argv[2]) + argc; // as much as this run needs
  check(girih_cache_create(module, &options, &cache, &status));
  check(girih_sequence_create(cache, &sequence, &status));

  std::vector<int32_t> prompt;
  for (int i = 3; i < argc; ++i)
    prompt.push_back(atoi(argv[i]));
  int32_t next;
  const int32_t *tokens = prompt.data();
  uint32_t count = uint32_t(prompt.size());
  girih_sampling sampling = {}; // all zeros: the most likely token
  girih_step step;
  GIRIH_INIT(step);
  step.rows = 1;
  step.sequences = &sequence;
  step.tokens = &tokens;
  step.token_counts = &count;
  step.sampling = &sampling;
  step.next = &next;
  for (int i = 0; i < atoi(argv[2]); ++i) {
    check(girih_session_step(session, &step, &status)); // the prompt, then one token at a time
    printf("%d\n", next);
    tokens = &next;
    count = 1;
  }
  girih_sequence_release(sequence), girih_cache_release(cache);
  girih_session_release(session), girih_module_release(module);
}
