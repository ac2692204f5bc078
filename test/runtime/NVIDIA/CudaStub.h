// Control over the stand-in for NVIDIA's driver that tests run against where there is no GPU: what it
// pretends to be, which calls fail, and what was called. It is a libcuda.so.1 of its own folder, so the
// product finds it as it finds the real one.
#pragma once

#include <cstdint>
#include <string>

#define CUDA_STUB_API __attribute__((visibility("default")))

namespace girih::test::cuda {

struct Setup {
  int devices = 1;
  uint32_t capability = 90;
  int version = 13000;         // of the driver: PTX needs 13.0
  uint64_t memory = 256 << 20; // of the device
};

/// Forgets counts and faults. Devices and what lives on them stay.
CUDA_STUB_API void reset(const Setup &setup = {});
/// The call of `function` after `skipped` others returns `result`. For "kernel" a kernel stops while it runs:
/// the launch succeeds, and what is called later in the context fails.
CUDA_STUB_API void fail(const std::string &function, int result, uint64_t skipped = 0);
/// Calls of a function since the reset; of "kernel": kernels that ran, "jit": PTX that was compiled.
CUDA_STUB_API uint64_t calls(const std::string &function);
/// Kernels that ran since the reset.
CUDA_STUB_API uint64_t kernels(const std::string &name);
/// Bytes that were copied to and from the device.
CUDA_STUB_API uint64_t copiedIn();
CUDA_STUB_API uint64_t copiedOut();
/// Everything that was made and is not destroyed, as text: "" if there is nothing.
CUDA_STUB_API std::string alive();
/// What a real driver need not notice, such as copies in a recording from memory that is not pinned: "" if
/// there was nothing.
CUDA_STUB_API std::string complaints();

} // namespace girih::test::cuda
