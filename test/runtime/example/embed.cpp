// Embeds one sequence of token ids with a compiled encoder; links only the runtime.
#include "girih-runtime/girih.h"
#include <cstdio>
#include <cstdlib>
#include <vector>

static void check(girih_code code, const girih_status &status) {
  if (code != GIRIH_OK) {
    fprintf(stderr, "error: [%s] %s\n", girih_code_name(code), status.message);
    exit(1);
  }
}

int main(int argc, char **argv) { // embed model.girih 101 7592 2088 102
  girih_status status;
  girih_module *module;
  girih_session *session;
  check(girih_module_load(argc > 1 ? argv[1] : "model.girih", nullptr, &module, &status), status);
  check(girih_session_create(module, nullptr, &session, &status), status);
  std::vector<int32_t> ids, mask;
  for (int i = 2; i < argc; ++i)
    ids.push_back(atoi(argv[i])), mask.push_back(1);
  const int64_t length = int64_t(ids.size());
  girih_tensor inputs[2] = {{ids.data(), GIRIH_I32, 2, {1, length}}, {mask.data(), GIRIH_I32, 2, {1, length}}};
  girih_tensor output = {};
  check(girih_module_output_shapes(module, 0, inputs, 2, &output, 1, &status), status);
  std::vector<float> embedding(girih_tensor_bytes(&output) / sizeof(float));
  output.data = embedding.data();
  check(girih_session_run(session, 0, inputs, 2, &output, 1, &status), status);
  printf("%zu values:", embedding.size());
  for (size_t i = 0; i < embedding.size() && i < 8; ++i)
    printf(" %.6f", embedding[i]);
  printf("\n");
  girih_session_release(session);
  girih_module_release(module);
}
