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

/// (ids [b, s], slots [b, s], cache [S, 2]) on a grid of (b): cache[slots[i]] = (ids[i], 1), a slot below 0 drops its row
KERNEL testWriteRows(const int64_t *args, const int64_t *block, void *) {
  const int32_t *ids = reinterpret_cast<const int32_t *>(args[0]), *slots = reinterpret_cast<const int32_t *>(args[3]);
  int32_t *cache = reinterpret_cast<int32_t *>(args[6]);
  for (int64_t i = block[0] * args[2]; i < (block[0] + 1) * args[2]; ++i)
    if (slots[i] >= 0 && slots[i] < args[7]) {
      cache[2 * slots[i]] = ids[i];
      cache[2 * slots[i] + 1] = 1;
    }
}

/// (mask [b, s], positions [b, s], table [b, T], cache [S, 2], temperature [b], penalty [b], seen [b, V], seed [b], step [b], next [b],
/// logits [b, V]) on a grid of (b): a hash of the row's tokens in order, read through the table, and of the choices asked for.
/// See hashNext in TestDecoder.cpp.
KERNEL testReadRows(const int64_t *args, const int64_t *block, void *) {
  int64_t b = block[0], width = args[2], total = args[8], vocabulary = args[18];
  const int32_t *mask = reinterpret_cast<const int32_t *>(args[0]) + b * width;
  const int32_t *positions = reinterpret_cast<const int32_t *>(args[3]) + b * width;
  const int32_t *table = reinterpret_cast<const int32_t *>(args[6]) + b * total;
  const int32_t *cache = reinterpret_cast<const int32_t *>(args[9]);
  // The floats' bits: a constant would lie outside the image.
  int32_t temperature = reinterpret_cast<const int32_t *>(args[12])[b], penalty = reinterpret_cast<const int32_t *>(args[14])[b];
  const int8_t *seen = reinterpret_cast<const int8_t *>(args[16]) + b * vocabulary;
  int32_t last = -1;
  for (int64_t i = 0; i < width; ++i)
    if (mask[i])
      last = positions[i];
  uint64_t hash = 1;
  for (int32_t p = 0; p <= last; ++p) {
    int32_t slot = p < total ? table[p] : -1;
    hash = (hash * 31 + uint64_t(slot < 0 ? 77 : cache[2 * slot] + cache[2 * slot + 1])) & 0xffffff;
  }
  float *logits = reinterpret_cast<float *>(args[25]) + b * vocabulary;
  for (int64_t v = 0; v < vocabulary; ++v)
    logits[v] = float(int32_t((hash >> (v & 15)) & 255));
  if (temperature > 0)
    hash += uint64_t(reinterpret_cast<const int32_t *>(args[19])[b] * 13 + reinterpret_cast<const int32_t *>(args[21])[b]);
  if (penalty != 0x3f800000)
    for (int64_t v = 0; v < vocabulary; ++v)
      hash += uint64_t(seen[v]);
  reinterpret_cast<int32_t *>(args[23])[b] = int32_t(hash % uint64_t(vocabulary));
}

/// (ids [b, s], logits [b, s, V]) on a grid of (b): what testReadRows gives after every token
KERNEL testEveryLogits(const int64_t *args, const int64_t *block, void *) {
  const int32_t *ids = reinterpret_cast<const int32_t *>(args[0]) + block[0] * args[2];
  float *logits = reinterpret_cast<float *>(args[3]) + block[0] * args[2] * args[6];
  uint64_t hash = 1;
  for (int64_t i = 0; i < args[2]; ++i) {
    hash = (hash * 31 + uint64_t(ids[i] + 1)) & 0xffffff;
    for (int64_t v = 0; v < args[6]; ++v)
      logits[i * args[6] + v] = float(int32_t((hash >> (v & 15)) & 255));
  }
}

/// (ids [b, s], labels [b, s], loss [b, s]) on a grid of (b): a number from 0 to 7 by the last two tokens and the label, 0 for labels below 0
KERNEL testEveryLoss(const int64_t *args, const int64_t *block, void *) {
  const int32_t *ids = reinterpret_cast<const int32_t *>(args[0]) + block[0] * args[2];
  const int32_t *labels = reinterpret_cast<const int32_t *>(args[3]) + block[0] * args[2];
  float *loss = reinterpret_cast<float *>(args[6]) + block[0] * args[2];
  for (int64_t i = 0; i < args[2]; ++i)
    loss[i] = labels[i] < 0 ? float(0) : float((ids[i] * 3 + (i ? ids[i - 1] : 0) + labels[i]) & 7);
}

extern "C" const uint8_t __start_girih_kernels[], __stop_girih_kernels[];

const char *const girih::test::kernelNames[KernelCount] = {"add_one", "add_vectors", "fill", "slow", "use_scratch",
                                                      "write_rows", "read_rows", "every_logits",
                                                      "every_loss"};

std::vector<uint8_t> girih::test::kernelImage() { return {__start_girih_kernels, __stop_girih_kernels}; }

KernelFunction girih::test::kernelFunction(Kernel kernel) {
  const KernelFunction functions[] = {testAddOne,   testAddVectors,  testFill,
                                      testSlow,     testUseScratch,  testWriteRows,
                                      testReadRows, testEveryLogits, testEveryLoss};
  return functions[kernel];
}

uint64_t girih::test::kernelEntry(Kernel kernel) {
  return reinterpret_cast<const uint8_t *>(kernelFunction(kernel)) - __start_girih_kernels;
}

uint64_t girih::test::kernelScratch(Kernel kernel) { return kernel == UseScratch ? 512 * sizeof(int64_t) : 0; }
