// Embeds one sequence of token ids with a compiled encoder; links only the runtime.
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
  if (argc < 3)
    return fprintf(stderr, "usage: girih-embed MODEL.girih ID...\n"), 2;
  girih_module *module;
  girih_session *session;
  check(girih_module_load(argv[1], nullptr, &module, &status));
  check(girih_session_create(module, nullptr, &session, &status));
  std::vector<int32_t> ids;
  for (int i = 2; i < argc; ++i)
    ids.push_back(atoi(argv[i]));
  std::vector<int32_t> mask(ids.size(), 1);
  girih_tensor inputs[] = {{ids.data(), GIRIH_I32, 2, {1, int64_t(ids.size())}}, {mask.data(), GIRIH_I32, 2, {1, int64_t(ids.size())}}};
  girih_tensor output = {};
  check(girih_module_output_shapes(module, 0, inputs, 2, &output, 1, &status));
  std::vector<float> embedding(girih_tensor_bytes(&output) / sizeof(float));
  output.data = embedding.data();
  check(girih_session_run(session, 0, inputs, 2, &output, 1, &status));
  for (size_t i = 0; i < embedding.size(); ++i)
    printf("%.6f%s", embedding[i], i + 1 < embedding.size() ? " " : "\n");
  girih_session_release(session), girih_module_release(module);
}
