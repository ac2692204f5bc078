// Tiny kernels for the runtime's tests: C++ functions in a section of their own, copied into an artifact as a code image. They
// call nothing and read no constants from elsewhere, so the section's bytes run at any address.
#pragma once

#include <cstdint>
#include <vector>

namespace girih::test {

/// The image, and where each kernel starts in it.
std::vector<uint8_t> kernelImage();

enum Kernel { AddOne, AddVectors, Fill, Slow, UseScratch, WriteRows, ReadRows, EveryLogits, EveryLoss, KernelCount };
extern const char *const kernelNames[KernelCount];
using KernelFunction = void (*)(const int64_t *args, const int64_t *block, void *scratch);
KernelFunction kernelFunction(Kernel kernel);
uint64_t kernelEntry(Kernel kernel);
uint64_t kernelScratch(Kernel kernel);

/// Elements that one block of the vector kernels handles.
inline constexpr int64_t blockElements = 16;

} // namespace girih::test
