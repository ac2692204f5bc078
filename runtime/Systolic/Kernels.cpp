// Kernels for AVX-512, AVX2 and any machine. The float kernels are exact because an FMA of bf16 values with flushing of subnormals
// is the array's step; the order of the sum is the array's, so columns are the vector and rows the block.
#include "runtime/Systolic/Kernels.h"
#include "girih-runtime/SystolicNumerics.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

using namespace girih::systolic;

namespace {

void integerPortable(const int16_t *act, const int16_t *w, int32_t *out, int64_t rows, int64_t pairs, int64_t columns) {
  for (int64_t i = 0; i != rows; ++i) {
    int32_t *o = out + i * columns;
    for (int64_t c = 0; c != columns; ++c)
      o[c] = 0;
    for (int64_t p = 0; p != pairs; ++p) {
      int32_t a0 = act[2 * (i * pairs + p)], a1 = act[2 * (i * pairs + p) + 1];
      const int16_t *wp = w + 2 * p * columns;
      for (int64_t c = 0; c != columns; ++c)
        o[c] = int32_t(uint32_t(o[c]) + uint32_t(a0 * wp[2 * c] + a1 * wp[2 * c + 1]));
    }
  }
}

void floatPortable(const float *act, const float *w, float *out, int64_t rows, int64_t depth, int64_t columns) {
  for (int64_t i = 0; i != rows; ++i) {
    float *o = out + i * columns;
    for (int64_t c = 0; c != columns; ++c)
      o[c] = 0;
    for (int64_t k = 0; k != depth; ++k)
      for (int64_t c = 0; c != columns; ++c)
        o[c] = macBF16(o[c], act[i * depth + k], w[k * columns + c]);
  }
}

#if defined(__x86_64__)
/// Subnormals are zeros while this lives.
struct FlushSubnormals {
  unsigned saved = _mm_getcsr();
  FlushSubnormals() { _mm_setcsr(saved | 0x8040); }
  ~FlushSubnormals() { _mm_setcsr(saved); }
};

int32_t pairAt(const int16_t *act) {
  int32_t pair;
  __builtin_memcpy(&pair, act, 4);
  return pair;
}

void canonicalNaNs(float *out, int64_t count) {
  for (int64_t i = 0; i != count; ++i)
    out[i] = out[i] != out[i] ? quietNaN() : out[i];
}

// A block is ROWS rows by COLS vectors of columns; the accumulators stay in registers.
#define SYSTOLIC_BLOCK(name, attribute, Element, Vector, lanes, ROWS, COLS, ZERO, STEP, STORE)                              \
  template <int rows_, int cols_>                                                                                          \
  attribute void name##Block(const Element *act, int64_t actRow, const Element *w, int64_t wRow, void *out, int64_t columns, int64_t depth) { \
    Vector acc[rows_][cols_];                                                                                              \
    _Pragma("unroll") for (int i = 0; i != rows_; ++i) _Pragma("unroll") for (int c = 0; c != cols_; ++c) acc[i][c] = ZERO; \
    for (int64_t k = 0; k != depth; ++k) {                                                                                 \
      const Element *wk = w + k * wRow;                                                                                    \
      _Pragma("unroll") for (int i = 0; i != rows_; ++i) _Pragma("unroll") for (int c = 0; c != cols_; ++c) STEP;          \
    }                                                                                                                      \
    _Pragma("unroll") for (int i = 0; i != rows_; ++i) _Pragma("unroll") for (int c = 0; c != cols_; ++c) STORE;           \
  }                                                                                                                        \
  attribute void name(const Element *act, const Element *w, int32_t *out, int64_t rows, int64_t depth, int64_t columns,    \
                      int64_t perStep) {                                                                                   \
    for (int64_t c = 0; c < columns;) {                                                                                    \
      bool wide = columns - c >= COLS * lanes;                                                                             \
      int64_t i = 0;                                                                                                       \
      for (; i + ROWS <= rows; i += ROWS)                                                                                  \
        if (wide)                                                                                                          \
          name##Block<ROWS, COLS>(act + i * depth * perStep, depth * perStep, w + c * perStep, columns * perStep,          \
                                  out + i * columns + c, columns, depth);                                                  \
        else                                                                                                               \
          name##Block<ROWS, 1>(act + i * depth * perStep, depth * perStep, w + c * perStep, columns * perStep,             \
                               out + i * columns + c, columns, depth);                                                     \
      for (; i < rows; ++i)                                                                                                \
        if (wide)                                                                                                          \
          name##Block<1, COLS>(act + i * depth * perStep, depth * perStep, w + c * perStep, columns * perStep,             \
                               out + i * columns + c, columns, depth);                                                     \
        else                                                                                                               \
          name##Block<1, 1>(act + i * depth * perStep, depth * perStep, w + c * perStep, columns * perStep,                \
                            out + i * columns + c, columns, depth);                                                        \
      c += wide ? COLS * lanes : lanes;                                                                                    \
    }                                                                                                                      \
  }

#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx2,fma")))

SYSTOLIC_BLOCK(integerAvx2, AVX2, int16_t, __m256i, 8, 4, 2, _mm256_setzero_si256(),
               acc[i][c] = _mm256_add_epi32(
                   acc[i][c], _mm256_madd_epi16(_mm256_set1_epi32(pairAt(act + i * actRow + 2 * k)),
                                                _mm256_loadu_si256(reinterpret_cast<const __m256i *>(wk + 16 * c)))),
               _mm256_storeu_si256(reinterpret_cast<__m256i *>(static_cast<int32_t *>(out) + i * columns + 8 * c), acc[i][c]))
SYSTOLIC_BLOCK(integerAvx512, AVX512, int16_t, __m512i, 16, 4, 4, _mm512_setzero_si512(),
               acc[i][c] = _mm512_add_epi32(
                   acc[i][c], _mm512_madd_epi16(_mm512_set1_epi32(pairAt(act + i * actRow + 2 * k)),
                                                _mm512_loadu_si512(wk + 32 * c))),
               _mm512_storeu_si512(static_cast<int32_t *>(out) + i * columns + 16 * c, acc[i][c]))
SYSTOLIC_BLOCK(floatAvx2, AVX2, float, __m256, 8, 4, 2, _mm256_setzero_ps(),
               acc[i][c] = _mm256_fmadd_ps(_mm256_set1_ps(act[i * actRow + k]), _mm256_loadu_ps(wk + 8 * c), acc[i][c]),
               _mm256_storeu_ps(static_cast<float *>(out) + i * columns + 8 * c, acc[i][c]))
SYSTOLIC_BLOCK(floatAvx512, AVX512, float, __m512, 16, 4, 4, _mm512_setzero_ps(),
               acc[i][c] = _mm512_fmadd_ps(_mm512_set1_ps(act[i * actRow + k]), _mm512_loadu_ps(wk + 16 * c), acc[i][c]),
               _mm512_storeu_ps(static_cast<float *>(out) + i * columns + 16 * c, acc[i][c]))

void integer2(const int16_t *act, const int16_t *w, int32_t *out, int64_t rows, int64_t pairs, int64_t columns) {
  integerAvx2(act, w, out, rows, pairs, columns, 2);
}
void integer512(const int16_t *act, const int16_t *w, int32_t *out, int64_t rows, int64_t pairs, int64_t columns) {
  integerAvx512(act, w, out, rows, pairs, columns, 2);
}
void float2(const float *act, const float *w, float *out, int64_t rows, int64_t depth, int64_t columns) {
  FlushSubnormals flush;
  floatAvx2(act, w, reinterpret_cast<int32_t *>(out), rows, depth, columns, 1);
  canonicalNaNs(out, rows * columns);
}
void float512(const float *act, const float *w, float *out, int64_t rows, int64_t depth, int64_t columns) {
  FlushSubnormals flush;
  floatAvx512(act, w, reinterpret_cast<int32_t *>(out), rows, depth, columns, 1);
  canonicalNaNs(out, rows * columns);
}

constexpr Kernels kAvx512 = {"avx512", integer512, float512}, kAvx2 = {"avx2", integer2, float2};
#endif
constexpr Kernels kPortable = {"portable", integerPortable, floatPortable};

struct Available {
  const Kernels *list[4] = {};
  Available() {
    unsigned count = 0;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
      list[count++] = &kAvx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
      list[count++] = &kAvx2;
#endif
    list[count] = &kPortable;
  }
};

} // namespace

const Kernels *const *girih::systolic::allKernels() {
  static const Available available;
  return available.list;
}
const Kernels &girih::systolic::kernels() { return *allKernels()[0]; }
