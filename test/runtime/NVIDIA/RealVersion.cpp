// The test kernels as an NVIDIA code version for a real GPU, from Inputs/kernels.cu: the tests of the runtime
// that link this file run on the driver and the device that there are.
#include "NVIDIAImage.h"

using namespace girih::test;
using namespace girih::artifact;

asm(".section .rodata\n"
    ".global girih_test_ptx\n"
    "girih_test_ptx: .incbin \"" GIRIH_TEST_PTX "\"\n"
    ".byte 0\n"
    ".previous\n");
extern "C" const char girih_test_ptx[];

void girih::test::addKernels(ArtifactBuilder &builder) {
  for (int i = 0; i != KernelCount; ++i)
    builder.addKernel(kernelNames[i]);
  addNVIDIAVersion(
      builder, {.capability = 75, .cubin = false, .ptx = girih_test_ptx, .threads = 32, .sharedBytes = 64});
}
