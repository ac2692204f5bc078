/* What a code image for NVIDIA GPUs holds at a kernel's entry: this header, then the kernel's name in its code, its PTX and its
 * cubin, each padded with zeros to a multiple of 8 bytes. All little-endian, 8-byte aligned.
 *
 * The kernel takes `words` parameters of 8 bytes: per argument its address on the device and then its dims, as a CPU kernel's
 * `args`, then the number of blocks along each dimension of the launch's grid. It runs on a one-dimensional grid of as many
 * blocks as their product, of `threads` threads each. */
#ifndef GIRIH_RUNTIME_NVIDIA_KERNEL_H
#define GIRIH_RUNTIME_NVIDIA_KERNEL_H

#include <stdint.h>

#define GIRIH_NVIDIA_KERNEL_MAGIC 0x4b4e5947u /* "GYNK" */

/* Whose peak bounds a kernel's arithmetic; for reports only. */
enum girih_nvidia_unit {
  GIRIH_NVIDIA_F32 = 0, /* flops_f32 of the machine's facts */
  GIRIH_NVIDIA_BF16 = 1,
  GIRIH_NVIDIA_FP8 = 2
};

typedef struct girih_nvidia_kernel { /* 48 bytes */
  uint32_t magic;
  uint32_t threads;      /* of a block */
  uint32_t shared_bytes; /* dynamic shared memory of a block */
  uint32_t words;        /* parameters */
  uint32_t capability;   /* 10 * major + minor that PTX and cubin are for, e.g. 90 */
  uint32_t name_bytes;   /* with its NUL */
  uint32_t is_specific;  /* not 0: they run on exactly this capability (sm_90a), not on later ones */
  uint32_t unit;         /* girih_nvidia_unit */
  uint64_t ptx_bytes;    /* with its NUL; 0: none */
  uint64_t cubin_bytes;  /* 0: none */
} girih_nvidia_kernel;

#endif
