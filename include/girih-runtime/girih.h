/* The runtime's C ABI: load an artifact, open sessions on it, run its entry points.
 *
 *   girih_module *module; girih_session *session; girih_status status;
 *   girih_module_load("model.girih", NULL, &module, &status);
 *   girih_session_create(module, NULL, &session, &status);
 *   girih_session_run(session, 0, inputs, 2, outputs, 1, &status);
 *
 * Every function that can fail returns its code (GIRIH_OK is 0) and, where `status` is not NULL, fills it. No function throws.
 * A module is immutable: any number of sessions may run on it at once. A session runs one thing at a time. Structures
 * that callers fill start with struct_bytes, so that later versions can add fields; GIRIH_INIT(options) sets it.
 */
#ifndef GIRIH_RUNTIME_GIRIH_H
#define GIRIH_RUNTIME_GIRIH_H

#include "Format.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__cplusplus)
extern "C" {
#endif

#if defined(__GNUC__)
#define GIRIH_API __attribute__((visibility("default")))
#else
#define GIRIH_API
#endif

/* ---- Status ---------------------------------------------------------------------------------------------------- */

/* Codes and their names are stable for ever. */
typedef enum girih_code {
  GIRIH_OK = 0,
  GIRIH_CANNOT_READ = 1,          /* "cannot-read": no such file, no permission */
  GIRIH_DAMAGED_ARTIFACT = 2,     /* "damaged-artifact": checksum, truncation, contradictory tables */
  GIRIH_UNSUPPORTED_FORMAT = 3,   /* "unsupported-format": of another version or byte order */
  GIRIH_UNSUPPORTED_CPU = 4,      /* "unsupported-cpu": no code version fits this machine */
  GIRIH_MISSING_WEIGHTS = 5,      /* "missing-weights": an external file is not there */
  GIRIH_CHANGED_WEIGHTS = 6,      /* "changed-weights": an external file is not the one compiled with */
  GIRIH_OUT_OF_MEMORY = 7,        /* "out-of-memory" */
  GIRIH_INVALID_ARGUMENT = 8,     /* "invalid-argument": the caller's mistake */
  GIRIH_UNKNOWN_ENTRY = 9,        /* "unknown-entry" */
  GIRIH_SHAPE_MISMATCH = 10,      /* "shape-mismatch" */
  GIRIH_TYPE_MISMATCH = 11,       /* "type-mismatch" */
  GIRIH_SIZE_OUT_OF_BOUNDS = 12,  /* "size-out-of-bounds": a symbol beyond its bounds */
  GIRIH_VALUE_OUT_OF_RANGE = 13,  /* "value-out-of-range": an integer input */
  GIRIH_CANCELLED = 14,           /* "cancelled" */
  GIRIH_BUSY = 15,                /* "busy": the session is running */
  GIRIH_CACHE_FULL = 16,          /* "cache-full": no pages left for a sequence's tokens */
  GIRIH_DAMAGED_SEQUENCE = 17,    /* "damaged-sequence": a saved sequence's checksum, truncation, contradictory sizes */
  GIRIH_WRONG_MODEL = 18,         /* "wrong-model": a saved sequence, or a module's entry points, of another kind */
  GIRIH_CANNOT_WRITE = 19,        /* "cannot-write": no permission, no room; nothing is left behind */
  GIRIH_MISSING_LIBRARY = 20,     /* "missing-library": of the machine that the artifact was compiled for */
  GIRIH_MACHINE_FAILED = 21,      /* "machine-failed": a program stopped on the machine */
  GIRIH_MISSING_DRIVER = 22,      /* "missing-driver": of the machine that the artifact was compiled for */
  GIRIH_OLD_DRIVER = 23,          /* "old-driver": it lacks what the runtime or the artifact's code needs */
  GIRIH_MISSING_DEVICE = 24,      /* "missing-device": the driver finds none that this process may use */
  GIRIH_UNSUPPORTED_DEVICE = 25,  /* "unsupported-device": the artifact's code is for another architecture */
  GIRIH_OUT_OF_DEVICE_MEMORY = 26, /* "out-of-device-memory": the message says what would fit */
  GIRIH_DEVICE_LOST = 27,         /* "device-lost": a kernel failed, and with it all that the process has on the device */
  GIRIH_CODE_COUNT = 28
} girih_code;

typedef struct girih_status {
  girih_code code;
  char message[508]; /* expected, found, what to do; lower case, no final period */
} girih_status;

GIRIH_API const char *girih_code_name(girih_code code);
GIRIH_API const char *girih_runtime_version(void);

#define GIRIH_INIT(structure) (memset(&(structure), 0, sizeof(structure)), (structure).struct_bytes = sizeof(structure))

/* ---- Modules --------------------------------------------------------------------------------------------------- */

typedef struct girih_module girih_module;

typedef struct girih_load_options {
  size_t struct_bytes;
  const char *code_version;      /* e.g. "x86-64-v3": take this version; NULL: the best that this machine runs */
  int skip_weight_checksums;     /* nonzero: do not read all weights now (sparse use of very large files) */
} girih_load_options;

/* Maps and verifies the whole file. It must not change while the module lives. */
GIRIH_API girih_code girih_module_load(const char *path, const girih_load_options *options, girih_module **module,
                                       girih_status *status);
/* The same for an artifact in memory: 64-byte aligned, and borrowed until the module and its sessions are gone. */
GIRIH_API girih_code girih_module_load_memory(const void *data, size_t bytes, const girih_load_options *options,
                                              girih_module **module, girih_status *status);
/* Gives up the caller's hold; sessions keep their module alive. */
GIRIH_API void girih_module_release(girih_module *module);

typedef struct girih_module_info {
  const char *code_version; /* in use */
  const char *facts;        /* machine facts the artifact was compiled for; "" if none */
  uint32_t entry_count, symbol_count, weight_count, kernel_count, property_count;
  uint64_t file_bytes, weight_bytes, code_bytes;
} girih_module_info;

typedef struct girih_symbol_info {
  const char *name;
  int64_t min, max;
} girih_symbol_info;

typedef struct girih_entry_info {
  const char *name;
  uint32_t input_count, output_count;
  uint32_t launch_count; /* launches in its command table */
} girih_entry_info;

typedef struct girih_value_info {
  const char *name;
  uint32_t element_type; /* girih_element_type */
  uint32_t rank;
  const char *dims[GIRIH_MAX_RANK]; /* as text: "batch", "2*seq", "384" */
  int has_range;                    /* integer inputs: elements must lie in [range_low, range_high) */
  int64_t range_low, range_high;
  int is_state; /* an input that runs read and write, such as a cache's keys: the caller keeps its memory between runs */
} girih_value_info;

typedef struct girih_weight_info {
  const char *name;
  const void *data; /* as stored: see layout */
  uint64_t bytes;
  uint32_t element_type, layout, layout_parameter, rank;
  const int64_t *shape;
  const char *encoding;
} girih_weight_info;

/* Text handed out lives as long as the module. An index out of range gives GIRIH_INVALID_ARGUMENT. */
GIRIH_API void girih_module_describe(const girih_module *module, girih_module_info *info);
GIRIH_API const char *girih_module_property(const girih_module *module, const char *key); /* NULL if absent */
/* The names of its code versions, the best first; NULL behind the last. */
GIRIH_API const char *girih_module_code_version(const girih_module *module, uint32_t index);
GIRIH_API girih_code girih_module_symbol(const girih_module *module, uint32_t index, girih_symbol_info *info);
GIRIH_API girih_code girih_module_entry(const girih_module *module, uint32_t index, girih_entry_info *info);
GIRIH_API girih_code girih_module_find_entry(const girih_module *module, const char *name, uint32_t *index,
                                             girih_status *status);
GIRIH_API girih_code girih_module_input(const girih_module *module, uint32_t entry, uint32_t index,
                                        girih_value_info *info);
GIRIH_API girih_code girih_module_output(const girih_module *module, uint32_t entry, uint32_t index,
                                         girih_value_info *info);
GIRIH_API girih_code girih_module_weight(const girih_module *module, uint32_t index, girih_weight_info *info);

/* Whose kernels are in use: "cpu", "systolic" or "nvidia". */
GIRIH_API const char *girih_module_machine(const girih_module *module);
/* What all launches since the last reset cost on the machine that the artifact was compiled for, where that
 * is not the CPU: on the systolic machine cycles, traffic and energy, on a GPU times and rates of the runs that were traced, in all and
 * by layer, as text or, with `json`, as JSON. Writes at most `bytes` of it, a final zero included, and returns its length; 0 on the CPU. */
GIRIH_API size_t girih_module_machine_report(girih_module *module, int json, char *text, size_t bytes);
GIRIH_API void girih_module_machine_reset(girih_module *module);
/* From now on launches compute no values, which outputs lack then, only what they cost, in the same cycles
 * and much faster. */
GIRIH_API void girih_module_machine_time_only(girih_module *module);
/* From now on every launch also leaves in `folder` a program of the machine with its memory before and after,
 * as girih-sim runs it. NULL: no more. Returns 0 where the module has no such machine. */
GIRIH_API int girih_module_machine_keep_programs(girih_module *module, const char *folder);

/* Bytes of arena that `entry` (GIRIH_NONE: the greediest) plans for these values of all symbols, in the module's order;
 * NULL: their maxima. */
GIRIH_API girih_code girih_module_arena_bytes(const girih_module *module, uint32_t entry, const int64_t *symbols,
                                              uint64_t *bytes, girih_status *status);

/* ---- Tensors --------------------------------------------------------------------------------------------------- */

/* Row-major and contiguous; `data` aligned to its elements. */
typedef struct girih_tensor {
  void *data;
  uint32_t element_type;
  uint32_t rank;
  int64_t shape[GIRIH_MAX_RANK];
} girih_tensor;

GIRIH_API size_t girih_element_bytes(uint32_t element_type); /* 0 if unknown */
GIRIH_API uint64_t girih_tensor_bytes(const girih_tensor *tensor);

/* Checks the inputs' shapes and fills the outputs' types and shapes (not their data): how to allocate them. */
GIRIH_API girih_code girih_module_output_shapes(const girih_module *module, uint32_t entry, const girih_tensor *inputs,
                                                uint32_t input_count, girih_tensor *outputs, uint32_t output_count,
                                                girih_status *status);

/* ---- Threads --------------------------------------------------------------------------------------------------- */

typedef struct girih_pool girih_pool;

/* Physical cores that this process may use. */
GIRIH_API uint32_t girih_default_threads(void);
/* `threads` counts the caller's own thread, which takes part; 0: girih_default_threads(). Sessions may share a pool. */
GIRIH_API girih_code girih_pool_create(uint32_t threads, girih_pool **pool, girih_status *status);
GIRIH_API void girih_pool_release(girih_pool *pool);

/* A caller's own pool: calls body(context, task) for every task in 0 .. tasks-1, from any threads, at once or one after
 * another, and returns when all have returned. Tasks never wait for a task that has not started. */
typedef void (*girih_parallel)(void *user, uint32_t tasks, void (*body)(void *context, uint32_t task), void *context);

/* ---- Sessions -------------------------------------------------------------------------------------------------- */

typedef struct girih_session girih_session;

/* Some neighbouring blocks of one launch, run by one thread. */
typedef struct girih_trace_event {
  const char *label, *kernel; /* the model's layers; the kernel's name, "copy" for a copy */
  uint32_t command;           /* index in the artifact's command table */
  uint32_t thread;            /* 0: the caller's */
  uint64_t begin_ns, end_ns;  /* CLOCK_MONOTONIC */
  uint64_t blocks;            /* these */
  uint64_t launch_blocks, launch_flops, launch_bytes; /* of the whole launch; 0 where the artifact does not state them */
} girih_trace_event;

/* Called from the threads that run, several at once. */
typedef void (*girih_trace)(void *user, const girih_trace_event *event);

typedef struct girih_session_options {
  size_t struct_bytes;
  uint32_t threads;           /* 0: the pool's, or girih_default_threads() */
  girih_pool *pool;           /* shared pool; NULL: one of the session's own, if it needs one */
  girih_parallel parallel;    /* the caller's pool instead; `threads` is then how many tasks to ask for */
  void *parallel_user;
  const int64_t *max_symbols; /* greatest values of all symbols that will be used, in the module's order: a smaller arena */
  int no_huge_pages;          /* nonzero: do not ask for huge pages for the arena */
  uint32_t prefill_tokens;    /* most tokens of a sequence in one run of a step; 0: 512, or what the module allows */
} girih_session_options;

GIRIH_API girih_code girih_session_create(girih_module *module, const girih_session_options *options,
                                          girih_session **session, girih_status *status);
GIRIH_API void girih_session_release(girih_session *session);

/* Inputs are checked, then everything is launched; outputs must have the shapes that girih_module_output_shapes tells. The
 * caller's thread takes part. Nothing is allocated. */
GIRIH_API girih_code girih_session_run(girih_session *session, uint32_t entry, const girih_tensor *inputs,
                                       uint32_t input_count, const girih_tensor *outputs, uint32_t output_count,
                                       girih_status *status);
/* From any thread: the run under way stops between two blocks and returns GIRIH_CANCELLED. Without one it does nothing. */
GIRIH_API void girih_session_cancel(girih_session *session);
/* NULL: no more. Not during a run. */
GIRIH_API void girih_session_set_trace(girih_session *session, girih_trace trace, void *user);

/* What one launch has just read and written, for debugging. */
typedef struct girih_observed_arg {
  const void *data;
  uint64_t bytes;
  uint32_t kind;  /* girih_arg_kind */
  uint32_t index; /* of the buffer, weight, input or output */
  uint32_t rank;
  int64_t shape[GIRIH_MAX_RANK]; /* the dims that the kernel was given */
} girih_observed_arg;

typedef struct girih_observation {
  const char *label, *kernel;
  uint32_t command;
  uint64_t launch; /* counted from 0 in this run, copies left out */
  uint32_t arg_count;
  const girih_observed_arg *args; /* the kernel's results last */
} girih_observation;

typedef void (*girih_observer)(void *user, const girih_observation *observation);

/* Calls the observer after every launch, from the caller's thread, which then runs everything alone. NULL: no more. Not
 * during a run. */
GIRIH_API void girih_session_set_observer(girih_session *session, girih_observer observer, void *user);

typedef struct girih_statistics {
  uint64_t nanoseconds;   /* of the last run, or of all runs of the last step */
  uint64_t launches, blocks;
  uint64_t flops, bytes;  /* as the artifact states them; 0 where it does not */
  uint64_t arena_bytes;   /* planned for the last run's shapes */
  uint64_t arena_reserved, scratch_bytes; /* of the session; arena pages are only used as they are touched */
  uint32_t threads;
} girih_statistics;

GIRIH_API void girih_session_statistics(const girih_session *session, girih_statistics *statistics);

/* ---- Caches, sequences and steps: decoders --------------------------------------------------------------------- */

/* A decoder's module has an entry 'prefill', and usually 'decode', with states: what is kept of past tokens, one row a token. A
 * cache is memory for the rows of a number of tokens, handed out in pages; a sequence is the tokens it has seen and the
 * pages where their rows lie. Sequences of one cache may share pages. All may be used from any thread; one sequence does
 * one thing at a time, else GIRIH_BUSY. */
typedef struct girih_cache girih_cache;
typedef struct girih_sequence girih_sequence;

typedef struct girih_cache_options {
  size_t struct_bytes;
  int64_t tokens;      /* capacity, rounded up to whole pages; 0: one sequence of the greatest length */
  int64_t page_tokens; /* any number from 1; 0: 32. It never changes results */
  int no_huge_pages;   /* nonzero: do not ask for huge pages */
} girih_cache_options;

typedef struct girih_cache_info {
  int64_t tokens, page_tokens, pages;
  int64_t free_pages;
  int64_t longest;     /* tokens that one sequence may have: the module's bound, or all of the cache */
  int64_t vocabulary;  /* tokens are numbers below */
  uint64_t bytes;      /* reserved; memory is only used as it is touched */
} girih_cache_info;

/* What girih_cache_create would make, before anything is allocated. */
GIRIH_API girih_code girih_cache_plan(const girih_module *module, const girih_cache_options *options,
                                      girih_cache_info *info, girih_status *status);
GIRIH_API girih_code girih_cache_create(girih_module *module, const girih_cache_options *options, girih_cache **cache,
                                        girih_status *status);
/* Gives up the caller's hold; sequences keep their cache alive. */
GIRIH_API void girih_cache_release(girih_cache *cache);
GIRIH_API void girih_cache_describe(const girih_cache *cache, girih_cache_info *info);

/* Empty, without pages. */
GIRIH_API girih_code girih_sequence_create(girih_cache *cache, girih_sequence **sequence, girih_status *status);
GIRIH_API void girih_sequence_release(girih_sequence *sequence);
GIRIH_API int64_t girih_sequence_length(const girih_sequence *sequence);
/* girih_sequence_length of them, valid until the sequence changes. */
GIRIH_API const int32_t *girih_sequence_tokens(const girih_sequence *sequence);
/* A second sequence of the same tokens. It shares the pages; whoever first adds to a page that is not full gets a copy. */
GIRIH_API girih_code girih_sequence_fork(girih_sequence *sequence, girih_sequence **fork, girih_status *status);
/* Forgets all but the first `length` tokens. */
GIRIH_API girih_code girih_sequence_truncate(girih_sequence *sequence, int64_t length, girih_status *status);
/* Tokens and rows as one checksummed file, which appears whole or not at all. Only the same artifact loads it, with any
 * page size. */
GIRIH_API girih_code girih_sequence_save(girih_sequence *sequence, const char *path, girih_status *status);
GIRIH_API girih_code girih_sequence_load(girih_cache *cache, const char *path, girih_sequence **sequence,
                                         girih_status *status);

/* How the next token is chosen; all zeros: the most likely one. */
typedef struct girih_sampling {
  float temperature;        /* 0, or less than 1e-30: no chance involved */
  int32_t top_k;            /* 0: all tokens */
  float top_p;              /* 0 or 1: all */
  float min_p;              /* 0: all */
  float repetition_penalty; /* of tokens in the sequence; 0 or 1: none */
  int32_t seed;             /* the same seed, position and logits choose the same token */
} girih_sampling;

typedef struct girih_step {
  size_t struct_bytes;
  uint32_t rows;                      /* sequences, all different and of one cache */
  girih_sequence *const *sequences;   /* one a row */
  const int32_t *const *tokens;       /* what each sequence is extended by */
  const uint32_t *token_counts;       /* at least 1 each */
  const girih_sampling *sampling;     /* one a row; NULL: the most likely token */
  int32_t *next;                      /* one a row, or NULL: the token that follows. It is not yet in the sequence */
  float *logits;                      /* [rows, vocabulary], or NULL: after each row's last token */
} girih_step;

/* Extends the sequences by their tokens: in one run of 'decode' where each has a single one, else in runs of 'prefill' of as
 * many tokens at a time as the session's prefill_tokens, its max_symbols and the module allow. Nothing is allocated. On an error or
 * cancellation the sequences are as they were. */
GIRIH_API girih_code girih_session_step(girih_session *session, const girih_step *step, girih_status *status);

#if defined(__cplusplus)
}
#endif

#endif /* GIRIH_RUNTIME_GIRIH_H */
