/* Random weights, defined once. A parameter without bytes of its own (`--weights=random:SEED`) is filled by
 * the runtime when an artifact is loaded and by the reference interpreter when it judges one; both include
 * this header, so both see the same bits. Plain C, no state, any element in any order.
 *
 * Element `index` (row-major, of the logical tensor, whatever encoding stores it) of parameter `name`:
 *
 *     stream = mix(seed ^ fnv1a64(name))
 *     bits   = mix(stream + (index + 1) * 0x9E3779B97F4A7C15)              (splitmix64, modulo 2^64)
 *     u      = (bits >> 40) * 2^-23 - 1                                    (24 bits, in [-1, 1), exact)
 *     value  = u * scale, in f32;  scale = sqrt(3 / K), in f32, K the last dimension; 1 for rank below 2
 *
 * so that a row of a matrix times a vector of unit variance has unit variance. bf16 and f16 parameters hold
 * the f32 value rounded to nearest even. Integers: i8 the top byte of `bits`, signed; i32 and i1 its top bit.
 */
#ifndef GIRIH_RUNTIME_RANDOMWEIGHTS_H
#define GIRIH_RUNTIME_RANDOMWEIGHTS_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The finalizer of splitmix64. */
static inline uint64_t girih_random_mix(uint64_t z) {
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

/* The stream of one parameter; `name` is its symbol's name without `@` and quotes, `length` bytes. */
static inline uint64_t girih_random_stream(uint64_t seed, const char *name, size_t length) {
  uint64_t hash = UINT64_C(0xCBF29CE484222325);
  size_t i;
  for (i = 0; i < length; ++i)
    hash = (hash ^ (unsigned char)name[i]) * UINT64_C(0x100000001B3);
  return girih_random_mix(seed ^ hash);
}

static inline uint64_t girih_random_bits(uint64_t stream, uint64_t index) {
  return girih_random_mix(stream + (index + 1) * UINT64_C(0x9E3779B97F4A7C15));
}

/* What values of a parameter of this shape are multiplied with. */
static inline float girih_random_scale(const int64_t *shape, size_t rank) {
  return rank < 2 || shape[rank - 1] < 1 ? 1.0f : sqrtf(3.0f / (float)shape[rank - 1]);
}

static inline float girih_random_float(uint64_t stream, uint64_t index, float scale) {
  float u = (float)(int32_t)((girih_random_bits(stream, index) >> 40) - 8388608) * (1.0f / 8388608.0f);
  return u * scale;
}

static inline int8_t girih_random_i8(uint64_t stream, uint64_t index) {
  return (int8_t)(uint8_t)(girih_random_bits(stream, index) >> 56);
}

static inline int32_t girih_random_bit(uint64_t stream, uint64_t index) {
  return (int32_t)(girih_random_bits(stream, index) >> 63);
}

#ifdef __cplusplus
}
#endif

#endif
