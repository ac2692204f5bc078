// The test kernels as a code version of this CPU.
#include "TestArtifact.h"

using namespace girih::test;
using namespace girih::artifact;

void girih::test::addKernels(ArtifactBuilder &builder) {
  VersionInfo version = {"test", 0, GIRIH_MACHINE_CPU, kernelImage(), {}};
  for (int i = 0; i != KernelCount; ++i) {
    builder.addKernel(kernelNames[i]);
    version.kernels.push_back({kernelEntry(Kernel(i)), kernelScratch(Kernel(i))});
  }
  builder.addVersion(std::move(version));
}
