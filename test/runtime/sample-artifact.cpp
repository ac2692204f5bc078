// Writes a model of the runtime's tests, `sample`, `full` or `decoder`, to the path given, with further properties: for tests of
// tools that read artifacts and for the fuzzer's corpus.
#include "TestDecoder.h"

#include <cstdio>

using namespace girih::test;

int main(int argc, char **argv) {
  if (argc < 3) {
    fputs("usage: sample-artifact sample|full|decoder FILE [KEY=VALUE ...]\n", stderr);
    return 2;
  }
  std::string name = argv[1];
  ArtifactBuilder model = name == "full" ? fullModel() : name == "decoder" ? decoderModel({.hasWhole = true}) : sampleModel();
  for (int i = 3; i != argc; ++i) {
    std::string property = argv[i];
    size_t equals = property.find('=');
    model.property(property.substr(0, equals), property.substr(equals + 1));
  }
  auto result = girih::artifact::writeArtifact(model, argv[2], fillSample);
  if (!result.ok())
    fprintf(stderr, "error: [%s] %s\n", result.code.c_str(), result.message.c_str());
  return result.ok() ? 0 : 1;
}
