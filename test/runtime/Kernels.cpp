// The kernels follow the ABI void(const int64_t *args, const int64_t *block, void *scratch). `optnone` keeps the compiler
// from making calls of their loops.
#include "Kernels.h"

using namespace girih::test;

#define KERNEL                                                                                                        \
  extern "C" __attribute__((section("girih_kernels"), used, optnone, noinline, no_stack_protector,                    \
                            no_sanitize("address", "undefined", "coverage"), disable_sanitizer_instrumentation)) void

/// (x [n], y [n]): y = x + 1
KERNEL testAddOne(const int64_t *args, const int64_t *block, void *) {
  const int32_t *x = reinterpret_cast<const int32_t *>(args[0]);
  int32_t *y = reinterpret_cast<int32_t *>(args[2]);
  for (int64_t i = block[0] * 16; i < block[0] * 16 + 16 && i < args[3]; ++i)
    y[i] = x[i] + 1;
}

/// (x [n], w [m], y [n]): y = x + w[i % m]
KERNEL testAddVectors(const int64_t *args, const int64_t *block, void *) {
  const int32_t *x = reinterpret_cast<const int32_t *>(args[0]);
  const int32_t *w = reinterpret_cast<const int32_t *>(args[2]);
  int32_t *y = reinterpret_cast<int32_t *>(args[4]);
  for (int64_t i = block[0] * 16; i < block[0] * 16 + 16 && i < args[5]; ++i)
    y[i] = x[i] + w[i % args[3]];
}

/// (y [d0, d1]) on a grid of (d0, d1): y[b] = 100 * b0 + b1
KERNEL testFill(const int64_t *args, const int64_t *block, void *) {
  int32_t *y = reinterpret_cast<int32_t *>(args[0]);
  y[block[0] * args[2] + block[1]] = int32_t(100 * block[0] + block[1]);
}

/// (x [n], y [n]): as testAddOne, after a while
KERNEL testSlow(const int64_t *args, const int64_t *block, void *scratch) {
  for (volatile int i = 0; i < 200000; i = i + 1)
    ;
  const int32_t *x = reinterpret_cast<const int32_t *>(args[0]);
  int32_t *y = reinterpret_cast<int32_t *>(args[2]);
  for (int64_t i = block[0] * 16; i < block[0] * 16 + 16 && i < args[3]; ++i)
    y[i] = x[i] + 1;
}

/// (x [n], y [n]): y = sum over the block's x, by way of scratch: shows that no two threads share it
KERNEL testUseScratch(const int64_t *args, const int64_t *block, void *scratch) {
  const int32_t *x = reinterpret_cast<const int32_t *>(args[0]);
  int32_t *y = reinterpret_cast<int32_t *>(args[2]);
  int64_t *sums = static_cast<int64_t *>(scratch);
  for (int i = 0; i < 512; ++i)
    sums[i] = block[0];
  int64_t sum = 0;
  for (int64_t i = block[0] * 16; i < block[0] * 16 + 16 && i < args[3]; ++i)
    sum += x[i];
  for (int i = 0; i < 512; ++i)
    sum += sums[i] - block[0];
  for (int64_t i = block[0] * 16; i < block[0] * 16 + 16 && i < args[3]; ++i)
    y[i] = int32_t(sum);
}

extern "C" const uint8_t __start_girih_kernels[], __stop_girih_kernels[];

const char *const girih::test::kernelNames[KernelCount] = {"add_one", "add_vectors", "fill", "slow", "use_scratch"};

std::vector<uint8_t> girih::test::kernelImage() { return {__start_girih_kernels, __stop_girih_kernels}; }

uint64_t girih::test::kernelEntry(Kernel kernel) {
  using Function = void (*)(const int64_t *, const int64_t *, void *);
  const Function functions[] = {testAddOne, testAddVectors, testFill, testSlow, testUseScratch};
  return reinterpret_cast<const uint8_t *>(functions[kernel]) - __start_girih_kernels;
}

uint64_t girih::test::kernelScratch(Kernel kernel) { return kernel == UseScratch ? 512 * sizeof(int64_t) : 0; }
