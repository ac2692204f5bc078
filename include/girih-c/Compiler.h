/* The compiler's C ABI (libGirih.so): compile a model to an artifact; run the reference interpreter beside an artifact.
 *
 *   girih_compile_options options = {sizeof(options)};
 *   options.model = "path/to/model";
 *   options.output = "out.girih";
 *   girih_compiler_status status;
 *   if (girih_compile(&options, NULL, &status) != 0) fprintf(stderr, "[%s] %s\n", status.code, status.message);
 *
 * Strings are UTF-8 and may be NULL for their default. Structures that callers fill start with struct_bytes, so that later
 * versions can add fields. No function throws. Calls may run at once on several threads.
 */
#ifndef GIRIH_C_COMPILER_H
#define GIRIH_C_COMPILER_H

#include <stddef.h>
#include <stdint.h>

#if defined(__cplusplus)
extern "C" {
#endif

#if defined(__GNUC__)
#define GIRIH_COMPILER_API __attribute__((visibility("default")))
#else
#define GIRIH_COMPILER_API
#endif

typedef struct girih_compiler_status {
  int exit_status;    /* 0: success; 1 compile or verify, 2 usage, 3 bad input, 4 resource, 5 internal */
  char code[64];      /* stable identifier, "missing-tensor"; "" on success */
  char message[4032]; /* expected, found, where, what to do */
} girih_compiler_status;

typedef struct girih_compile_options {
  size_t struct_bytes;
  const char *model;      /* a Hugging Face directory or a .mlir file */
  const char *output;     /* the artifact */
  const char *target;     /* "cpu" (this machine), "cpu:zen4", a facts file */
  const char *dtype;      /* "f32", "bf16" or "int8" */
  const char *weights;    /* "packed", "external" or "random:SEED" */
  const char *contract;   /* "exact", "stable" or "fast" */
  const char *emit;       /* "artifact", "object", "asm" or a stage's name */
  const char *from;       /* the stage that `model` is a dump of */
  int64_t max_sequence;   /* 0: the model's own */
  int64_t max_batch;      /* 0: the importer's choice */
  /* Called when a step begins, with total 0, and while a long one goes on. */
  void (*progress)(void *user, const char *step, uint64_t done, uint64_t total);
  /* Called with remarks and warnings. */
  void (*remark)(void *user, const char *text);
  /* Polled between steps; nonzero stops with the code "interrupted". */
  int (*interrupted)(void *user);
  void *user; /* handed to the callbacks */
  const char *calibration; /* with "int8": a file of ranges; NULL: each row in units of its own */
  int observe_ranges;      /* nonzero: entries return the extremes of their linear layers' rows besides */
} girih_compile_options;

typedef struct girih_compile_summary {
  uint64_t file_bytes, weight_bytes;
  uint64_t kernels, launches;
} girih_compile_summary;

/* Returns status->exit_status. `summary` and `status` may be NULL. `output` is complete, or as it was before. */
GIRIH_COMPILER_API int girih_compile(const girih_compile_options *options, girih_compile_summary *summary,
                                     girih_compiler_status *status);

/* Row-major; element types are those of girih-runtime/Format.h. */
typedef struct girih_reference_tensor {
  const void *data;
  uint32_t element_type;
  uint32_t rank;
  const int64_t *shape;
} girih_reference_tensor;

/* After the reference has run what one launch of the artifact computes: `launch` counts the entry's launches from 0, in the
 * artifact's order; `results` are in the order of the kernel's outputs. Nonzero stops the run, which then succeeds. */
typedef int (*girih_reference_observer)(void *user, uint64_t launch, const char *layers,
                                        const girih_reference_tensor *results, size_t count);

/* Runs the reference interpreter over `entry` (NULL: the only one) of the model, fused as the artifact is that these options
 * make. The fields that say how to write or report are not used. */
GIRIH_COMPILER_API int girih_reference_run(const girih_compile_options *options, const char *entry,
                                           const girih_reference_tensor *inputs, size_t input_count,
                                           girih_reference_observer observer, void *user, girih_compiler_status *status);

/* "0.1.0" */
GIRIH_COMPILER_API const char *girih_compiler_version(void);

#if defined(__cplusplus)
}
#endif

#endif /* GIRIH_C_COMPILER_H */
