// Code images for the stand-in driver.
#pragma once

#include "../TestArtifact.h"
#include "girih-runtime/NVIDIAKernel.h"

namespace girih::test {

struct KernelForm {
  uint32_t capability = 90;
  bool isSpecific = false;
  bool cubin = true;
  std::string ptx = "stub"; // its text; "stub": what the stand-in compiles, "": none
  uint32_t threads = 128, sharedBytes = 0;
};

/// Where the kernel starts.
uint64_t appendKernel(std::vector<uint8_t> &image, Kernel kernel, const KernelForm &form = {});
/// All kernels, which the builder has.
void addNVIDIAVersion(artifact::ArtifactBuilder &builder, const KernelForm &form);

} // namespace girih::test
