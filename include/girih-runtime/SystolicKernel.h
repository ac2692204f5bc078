/* What a code image for the systolic machine holds at a kernel's entry: this header, the bindings, then the
 * program in the binary form of runtime/Systolic/Program.h, whose registers a launch sets as the bindings
 * say. All little-endian, 8-byte aligned. */
#ifndef GIRIH_RUNTIME_SYSTOLIC_KERNEL_H
#define GIRIH_RUNTIME_SYSTOLIC_KERNEL_H

#include <stdint.h>

#define GIRIH_SYSTOLIC_KERNEL_MAGIC 0x4b535947u /* "GYSK" */

typedef struct girih_systolic_kernel { /* 24 bytes */
  uint32_t magic;
  uint32_t outputs;  /* how many of the launch's last arguments the program writes */
  uint32_t bindings; /* records that follow */
  uint32_t reserved; /* 0 */
  uint64_t program_bytes;
} girih_systolic_kernel;

enum girih_systolic_binding_kind {
  GIRIH_SYSTOLIC_ADDRESS = 0, /* where argument `index` lies in the machine's DRAM */
  GIRIH_SYSTOLIC_DIM = 1,     /* dimension `dim` of argument `index` */
  GIRIH_SYSTOLIC_GRID = 2     /* blocks along dimension `index` of the grid */
};

typedef struct girih_systolic_binding { /* 16 bytes */
  uint32_t reg;                         /* 1 to 31 */
  uint32_t kind;
  uint32_t index, dim;
} girih_systolic_binding;

#endif
