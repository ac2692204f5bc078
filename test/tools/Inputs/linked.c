/* A program with a model linked into it: runs the entry on one row and prints the embedding's length, which is 32 floats. */
#include "model.h"

#include <stdio.h>
#include <string.h>

int main(void) {
  girih_status status;
  girih_module *module;
  girih_session *session;
  if (girih_model_load(&module, &status) != GIRIH_OK || girih_session_create(module, NULL, &session, &status) != GIRIH_OK) {
    printf("%s\n", status.message);
    return 1;
  }
  int32_t ids[3] = {1, 50, 99}, mask[3] = {1, 1, 1};
  float embedding[32];
  girih_tensor inputs[2] = {{ids, GIRIH_I32, 2, {1, 3}}, {mask, GIRIH_I32, 2, {1, 3}}};
  girih_tensor output = {embedding, GIRIH_F32, 2, {1, 32}};
  if (girih_session_run(session, 0, inputs, 2, &output, 1, &status) != GIRIH_OK) {
    printf("%s\n", status.message);
    return 1;
  }
  for (int i = 0; i < 4; ++i)
    printf("%.5f\n", embedding[i]);
  girih_session_release(session);
  girih_module_release(module);
  return 0;
}
