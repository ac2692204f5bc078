// The test kernels as an NVIDIA code version, which the stand-in driver of CudaStub.cpp runs: the tests of
// the runtime that link this file run on a machine with memory of its own.
#include "NVIDIAImage.h"

using namespace girih::test;
using namespace girih::artifact;

void girih::test::addKernels(ArtifactBuilder &builder) {
  for (int i = 0; i != KernelCount; ++i)
    builder.addKernel(kernelNames[i]);
  addNVIDIAVersion(builder, {});
}
