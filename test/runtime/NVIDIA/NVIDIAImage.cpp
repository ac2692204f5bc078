// Lays out kernels as NVIDIAKernel.h says.
#include "NVIDIAImage.h"

using namespace girih::test;
using namespace girih::artifact;

/// Dims of their arguments, and the grid.
static uint32_t kernelWords(Kernel kernel) {
  const uint32_t words[KernelCount] = {5, 7, 5, 5, 5, 10, 29, 8, 10};
  return words[kernel];
}

static void append(std::vector<uint8_t> &image, const void *data, size_t bytes) {
  auto *begin = static_cast<const uint8_t *>(data);
  image.insert(image.end(), begin, begin + bytes);
  image.resize((image.size() + 7) / 8 * 8);
}

uint64_t girih::test::appendKernel(std::vector<uint8_t> &image, Kernel kernel, const KernelForm &form) {
  uint64_t entry = image.size();
  std::string name = kernelNames[kernel], words = name + " " + std::to_string(kernelWords(kernel));
  std::string ptx = form.ptx.empty() ? "" : form.ptx == "stub" ? "// stub " + words : form.ptx;
  std::string cubin = form.cubin ? "CUBIN " + words : "";
  girih_nvidia_kernel header = {GIRIH_NVIDIA_KERNEL_MAGIC,
                                form.threads,
                                form.sharedBytes,
                                kernelWords(kernel),
                                form.capability,
                                uint32_t(name.size() + 1),
                                form.isSpecific,
                                GIRIH_NVIDIA_BF16,
                                ptx.empty() ? 0 : ptx.size() + 1,
                                cubin.empty() ? 0 : cubin.size() + 1};
  append(image, &header, sizeof(header));
  append(image, name.c_str(), header.name_bytes);
  append(image, ptx.c_str(), header.ptx_bytes);
  append(image, cubin.c_str(), header.cubin_bytes);
  return entry;
}

void girih::test::addNVIDIAVersion(ArtifactBuilder &builder, const KernelForm &form) {
  VersionInfo version = {"test", 0, GIRIH_MACHINE_NVIDIA, {}, {}};
  for (int i = 0; i != KernelCount; ++i)
    version.kernels.push_back({appendKernel(version.image, Kernel(i), form), 0});
  builder.addVersion(std::move(version));
}
