// Writes the sample model of the runtime's tests to the path given, for tests of tools that read artifacts.
#include "TestArtifact.h"

#include <cstdio>

int main(int argc, char **argv) {
  if (argc != 2)
    return 2;
  auto result = girih::artifact::writeArtifact(girih::test::sampleModel(), argv[1], girih::test::fillSample);
  if (!result.ok())
    fprintf(stderr, "%s\n", result.message.c_str());
  return result.ok() ? 0 : 1;
}
