// The inner loops of matmul: a block of activation rows times a tile of weights.
#pragma once

#include <cstdint>

namespace girih::systolic {

/// out[i][c] = sum over pairs p of act[i][2p] w[p][c][0] + act[i][2p + 1] w[p][c][1], 32-bit wrap-around; columns is a multiple of 16.
using IntegerKernel = void (*)(const int16_t *act, const int16_t *w, int32_t *out, int64_t rows, int64_t pairs, int64_t columns);
/// out[i][c] = macBF16 chain over k of act[i][k] and w[k][c], from +0; columns is a multiple of 16.
using FloatKernel = void (*)(const float *act, const float *w, float *out, int64_t rows, int64_t depth, int64_t columns);

struct Kernels {
  const char *name; // "avx512", "avx2", "portable"
  IntegerKernel integer;
  FloatKernel floating;
};

/// The best that this machine runs.
const Kernels &kernels();
/// All that this machine runs, the portable ones last.
const Kernels *const *allKernels();

} // namespace girih::systolic
