// Writes a model of the runtime's tests, `sample` or `full`, to the path given: for tests of tools that read artifacts and for
// the fuzzer's corpus.
#include "TestArtifact.h"

#include <cstdio>

using namespace girih::test;

int main(int argc, char **argv) {
  if (argc != 3) {
    fputs("usage: sample-artifact sample|full FILE\n", stderr);
    return 2;
  }
  ArtifactBuilder model = strcmp(argv[1], "full") == 0 ? fullModel() : sampleModel();
  auto result = girih::artifact::writeArtifact(model, argv[2], fillSample);
  if (!result.ok())
    fprintf(stderr, "error: [%s] %s\n", result.code.c_str(), result.message.c_str());
  return result.ok() ? 0 : 1;
}
