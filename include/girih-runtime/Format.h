/* The artifact file, to the byte: what the compiler writes and the runtime maps.
 *
 *   offset 0      girih_file_header, in a page of 4096 bytes
 *   offset 4096   the sections in the order of the header's table, each starting at a multiple of 4096 and padded with
 *                 zeros to the next one; together with the header they cover the file exactly
 *
 * All numbers are little-endian. The header's checksum is XXH3-64 (seed 0) over its 4096 bytes with the checksum field
 * zero; a section's checksum is XXH3-64 over its padded bytes: so every byte of the file is under exactly one checksum.
 * Checksums guard against damage, not malice.
 *
 * META holds the tables below: a girih_meta_header, then each table as an array of fixed-size records, 8-byte aligned,
 * at an offset from the start of META. Records refer to one another by index, to strings by offset into the string table.
 * GIRIH_NONE in an index field means "absent".
 */
#ifndef GIRIH_RUNTIME_FORMAT_H
#define GIRIH_RUNTIME_FORMAT_H

#include <stdint.h>

#define GIRIH_FORMAT_MAGIC "GIRIH\r\n\x1a" /* 8 bytes; the line end shows transfers in text mode */
#define GIRIH_FORMAT_VERSION 1u
#define GIRIH_FORMAT_ENDIANNESS 0x01020304u
#define GIRIH_PAGE_BYTES 4096u
#define GIRIH_WEIGHT_ALIGNMENT 64u
#define GIRIH_NONE 0xffffffffu

/* Limits that the verifier enforces. */
#define GIRIH_MAX_SECTIONS 16u
#define GIRIH_MAX_RANK 8u
#define GIRIH_MAX_GRID 4u
#define GIRIH_MAX_ARGS 64u
#define GIRIH_MAX_LOOP_DEPTH 4u
#define GIRIH_MAX_EXPRESSION_STACK 16u

enum girih_section_kind {
  GIRIH_SECTION_META = 1,   /* the tables; exactly one, first */
  GIRIH_SECTION_CODE = 2,   /* one flat image of machine code for each code version */
  GIRIH_SECTION_FACTS = 3,  /* the machine facts the artifact was compiled for, text; at most one */
  GIRIH_SECTION_WEIGHTS = 4 /* stored weights; at most one, last */
};

typedef struct girih_section { /* 40 bytes */
  uint32_t kind;               /* girih_section_kind */
  uint32_t reserved;           /* 0 */
  uint64_t offset;             /* in the file, a multiple of 4096 */
  uint64_t bytes;              /* meaningful bytes */
  uint64_t padded_bytes;       /* bytes rounded up to 4096: what the checksum covers */
  uint64_t checksum;
} girih_section;

typedef struct girih_file_header { /* 40 bytes, then the table; zeros up to 4096 */
  uint8_t magic[8];
  uint32_t version;
  uint32_t endianness;
  uint64_t file_bytes; /* whole file */
  uint32_t section_count;
  uint32_t reserved; /* 0 */
  uint64_t checksum; /* of the header's page, this field taken as zero */
  girih_section sections[GIRIH_MAX_SECTIONS];
} girih_file_header;

/* ---- META ------------------------------------------------------------------------------------------------------ */

enum girih_table_kind {           /* element type                                                       */
  GIRIH_TABLE_STRINGS = 0,        /* char: NUL-terminated UTF-8 strings; a string is named by its offset */
  GIRIH_TABLE_PROPERTIES = 1,     /* girih_property                                                     */
  GIRIH_TABLE_SYMBOLS = 2,        /* girih_symbol                                                       */
  GIRIH_TABLE_INSTRUCTIONS = 3,   /* girih_instruction: the byte code of all size expressions           */
  GIRIH_TABLE_EXPRESSIONS = 4,    /* girih_expression                                                   */
  GIRIH_TABLE_INDICES = 5,        /* uint32_t: lists of expression indices (dims, grids)                */
  GIRIH_TABLE_SHAPES = 6,         /* int64_t: static shapes of weights                                  */
  GIRIH_TABLE_BUFFERS = 7,        /* girih_buffer                                                       */
  GIRIH_TABLE_FILES = 8,          /* girih_external_file                                                */
  GIRIH_TABLE_WEIGHTS = 9,        /* girih_weight                                                       */
  GIRIH_TABLE_VERSIONS = 10,      /* girih_code_version                                                 */
  GIRIH_TABLE_KERNELS = 11,       /* girih_kernel                                                       */
  GIRIH_TABLE_KERNEL_CODE = 12,   /* girih_kernel_code: versions x kernels, a version's kernels together */
  GIRIH_TABLE_ARGS = 13,          /* girih_arg                                                          */
  GIRIH_TABLE_COMMANDS = 14,      /* girih_command                                                      */
  GIRIH_TABLE_VALUES = 15,        /* girih_value: inputs and outputs                                    */
  GIRIH_TABLE_ENTRIES = 16,       /* girih_entry                                                        */
  GIRIH_TABLE_COUNT = 17
};

typedef struct girih_table { /* 24 bytes */
  uint64_t offset;           /* from the start of META, a multiple of 8 */
  uint64_t count;            /* elements */
  uint32_t element_bytes;    /* sizeof the record, so that a mismatch is seen */
  uint32_t reserved;         /* 0 */
} girih_table;

typedef struct girih_meta_header { /* 8 + 17 * 24 bytes */
  uint32_t table_count;            /* GIRIH_TABLE_COUNT */
  uint32_t reserved;               /* 0 */
  girih_table tables[GIRIH_TABLE_COUNT];
} girih_meta_header;

/* Free text about the artifact: "model", "contract", "target", "producer", "family" ... */
typedef struct girih_property { /* 8 bytes */
  uint32_t key, value;          /* strings */
} girih_property;

enum girih_symbol_kind {
  GIRIH_SYMBOL_SIZE = 0,   /* bound from the inputs' shapes */
  GIRIH_SYMBOL_COUNTER = 1 /* set by a loop: 0, 1, 2 ... */
};

typedef struct girih_symbol { /* 24 bytes */
  uint32_t name;              /* string */
  uint32_t kind;
  int64_t min, max; /* inclusive bounds; 0 <= min <= max. A counter's max bounds its loop's count - 1 */
} girih_symbol;

/* Size expressions are programs for a stack machine over int64: operands first. The result is the single value left.
 * An overflow or a division by a divisor <= 0 is an error. */
enum girih_opcode {
  GIRIH_OP_CONST = 0,    /* push value */
  GIRIH_OP_SYMBOL = 1,   /* push the symbol of index value */
  GIRIH_OP_ADD = 2,      /* a b -> a + b, and so on */
  GIRIH_OP_SUB = 3,
  GIRIH_OP_MUL = 4,
  GIRIH_OP_CEILDIV = 5,
  GIRIH_OP_FLOORDIV = 6,
  GIRIH_OP_MIN = 7,
  GIRIH_OP_MAX = 8
};

typedef struct girih_instruction { /* 16 bytes */
  uint32_t opcode;
  uint32_t reserved; /* 0 */
  int64_t value;     /* 0 where unused */
} girih_instruction;

typedef struct girih_expression { /* 8 bytes */
  uint32_t first, count;          /* instructions, count >= 1 */
} girih_expression;

enum girih_element_type {
  GIRIH_F32 = 1,
  GIRIH_BF16 = 2,
  GIRIH_F16 = 3,
  GIRIH_I32 = 4,
  GIRIH_I8 = 5,
  GIRIH_I1 = 6 /* one byte an element, 0 or 1 */
};

/* A piece of the arena: offset a multiple of 64 for all symbol values. */
typedef struct girih_buffer { /* 16 bytes */
  uint32_t name;              /* string */
  uint32_t offset, bytes;     /* expressions over size symbols */
  uint32_t reserved;          /* 0 */
} girih_buffer;

/* A file beside the artifact that holds weights as they are (--weights=external). */
typedef struct girih_external_file { /* 24 bytes */
  uint32_t path;                     /* string: absolute, or relative to the artifact's directory */
  uint32_t reserved;                 /* 0 */
  uint64_t bytes;                    /* size of the whole file */
  uint64_t checksum;                 /* XXH3-64 of the whole file */
} girih_external_file;

enum girih_weight_source {
  GIRIH_WEIGHT_STORED = 0,   /* in the WEIGHTS section */
  GIRIH_WEIGHT_EXTERNAL = 1, /* in an external file */
  GIRIH_WEIGHT_RANDOM = 2    /* in no file: filled when loaded, see RandomWeights.h */
};

enum girih_layout {
  GIRIH_LAYOUT_ROW_MAJOR = 0,
  GIRIH_LAYOUT_PANELS = 1, /* #girih.panels<width = layout_parameter> on [N, K]: element (n, k) at ((n/W)*K + k)*W + n%W */
  GIRIH_LAYOUT_OTHER = 2   /* only the encoding's text tells; cannot be random */
};

typedef struct girih_weight { /* 64 bytes */
  uint32_t name;              /* string: the model's name of the tensor */
  uint32_t source;            /* girih_weight_source */
  uint64_t offset;            /* stored: from the start of WEIGHTS, a multiple of 64; external: from the file's start */
  uint64_t bytes;             /* as stored, padding of panels included */
  uint64_t seed;              /* random: the seed; else 0 */
  uint32_t file;              /* external: index of the file; else GIRIH_NONE */
  uint32_t element_type;      /* logical element type */
  uint32_t rank;
  uint32_t first_dim; /* index into SHAPES */
  uint32_t layout;    /* girih_layout */
  uint32_t layout_parameter;
  uint32_t encoding; /* string: the encoding attribute's text, "" for row-major */
  uint32_t reserved; /* 0 */
} girih_weight;

/* CPU features that a code version may require. AVX and AVX-512 bits also ask that the system saves their state. */
enum girih_cpu_feature {
  GIRIH_CPU_SSE4_2 = 0,
  GIRIH_CPU_POPCNT = 1,
  GIRIH_CPU_MOVBE = 2,
  GIRIH_CPU_LZCNT = 3,
  GIRIH_CPU_BMI1 = 4,
  GIRIH_CPU_BMI2 = 5,
  GIRIH_CPU_AVX = 6,
  GIRIH_CPU_AVX2 = 7,
  GIRIH_CPU_FMA = 8,
  GIRIH_CPU_F16C = 9,
  GIRIH_CPU_AVX512F = 10,
  GIRIH_CPU_AVX512BW = 11,
  GIRIH_CPU_AVX512CD = 12,
  GIRIH_CPU_AVX512DQ = 13,
  GIRIH_CPU_AVX512VL = 14,
  GIRIH_CPU_AVX512VNNI = 15,
  GIRIH_CPU_AVX512BF16 = 16,
  GIRIH_CPU_AVX512FP16 = 17,
  GIRIH_CPU_AVX512VBMI = 18,
  GIRIH_CPU_AVXVNNI = 19,
  GIRIH_CPU_AMX_TILE = 20,
  GIRIH_CPU_AMX_BF16 = 21,
  GIRIH_CPU_AMX_INT8 = 22,
  GIRIH_CPU_FEATURE_COUNT = 23
};

enum girih_code_machine {
  GIRIH_MACHINE_CPU = 0,
  GIRIH_MACHINE_SYSTOLIC = 1, /* programs of the systolic machine, laid out as SystolicKernel.h says; the facts
                                 section holds the machine */
  GIRIH_MACHINE_NVIDIA = 2    /* an NVIDIA GPU's kernels, laid out as NVIDIAKernel.h says */
};

/* One image of machine code; the runtime takes the first version, in table order, that the machine can run: best first. */
typedef struct girih_code_version { /* 24 bytes */
  uint32_t name;                    /* string: "x86-64-v4" */
  uint32_t section;                 /* index of a CODE section in the file header's table */
  uint64_t features;                /* bit set of girih_cpu_feature */
  uint32_t machine;                 /* girih_code_machine: whose instructions the image holds */
  uint32_t reserved;                /* 0 */
} girih_code_version;

/* A version without code for a kernel leaves it to one of another machine: models for the systolic machine draw tokens on the host, whose
 * code a CPU version holds. */
#define GIRIH_NO_CODE UINT64_MAX

typedef struct girih_kernel { /* 8 bytes */
  uint32_t name;              /* string */
  uint32_t reserved;          /* 0 */
} girih_kernel;

/* void kernel(const int64_t *args, const int64_t *block, void *scratch), at entry of kernel k of version v:
 * record v * kernels + k. args holds, per argument, the data pointer and then its dims; block the grid coordinates. */
typedef struct girih_kernel_code { /* 16 bytes */
  uint64_t entry;                  /* offset in the version's image, or GIRIH_NO_CODE */
  uint64_t scratch_bytes;          /* per thread, 64-byte aligned */
} girih_kernel_code;

enum girih_arg_kind {
  GIRIH_ARG_BUFFER = 0, /* index: buffer */
  GIRIH_ARG_WEIGHT = 1, /* index: weight */
  GIRIH_ARG_INPUT = 2,  /* index: number of the entry's input */
  GIRIH_ARG_OUTPUT = 3  /* index: number of the entry's output */
};

/* What a kernel sees of memory. offset + bytes must stay within the thing named, for all symbol values in use. */
typedef struct girih_arg { /* 32 bytes */
  uint32_t kind;           /* girih_arg_kind */
  uint32_t index;
  uint32_t offset;    /* expression, bytes from the thing's start; GIRIH_NONE: 0 */
  uint32_t bytes;     /* expression: bytes the kernel may touch; GIRIH_NONE: all of the thing */
  uint32_t rank;      /* number of dims handed over */
  uint32_t first_dim; /* index into INDICES: rank expressions */
  uint32_t reserved[2];
} girih_arg;

/* Commands between two barriers (or ends of the table) may run in any order or at once. A branch, a loop and an end of a
 * loop count as barriers. */
enum girih_command_kind {
  GIRIH_COMMAND_LAUNCH = 0,  /* kernel, grid, args, flops, bytes, label */
  GIRIH_COMMAND_COPY = 1,    /* args: two, to and from; as many bytes as `to` has. label, bytes */
  GIRIH_COMMAND_BARRIER = 2, /* all before is done before anything after starts */
  GIRIH_COMMAND_BRANCH = 3,  /* condition > 0: go on; else: to command `target`, which lies ahead */
  GIRIH_COMMAND_LOOP = 4,    /* body: up to the END_LOOP at `target`, `condition` times; counter: a symbol. A count <= 0 skips it */
  GIRIH_COMMAND_END_LOOP = 5 /* target: its LOOP */
};

typedef struct girih_command { /* 64 bytes; fields a kind does not use: GIRIH_NONE for indices, 0 for counts */
  uint32_t kind;               /* girih_command_kind */
  uint32_t label;              /* string: the model's layers, for traces; "" if none */
  uint32_t kernel;             /* launch */
  uint32_t grid_rank;          /* launch: 0 to GIRIH_MAX_GRID; rank 0 is a single block */
  uint32_t first_grid;         /* launch: index into INDICES: blocks along each dimension; the last runs fastest */
  uint32_t arg_count;          /* launch, copy */
  uint32_t first_arg;          /* launch, copy: index into ARGS */
  uint32_t flops;              /* launch: expression, arithmetic of the launch, for statistics; GIRIH_NONE: unknown */
  uint32_t bytes;              /* launch, copy: expression, memory traffic, for statistics; GIRIH_NONE: unknown */
  uint32_t condition;          /* branch: expression; loop: count expression */
  uint32_t counter;            /* loop: symbol of kind COUNTER */
  uint32_t target;             /* branch, loop, end of loop: index into COMMANDS, within the same entry or its end */
  uint32_t reserved[4];        /* 0 */
} girih_command;

enum girih_value_flag {
  GIRIH_VALUE_HAS_RANGE = 1,
  GIRIH_VALUE_STATE = 2 /* an input that a run reads and writes: memory of the caller, which keeps it between runs */
};

typedef struct girih_value { /* 40 bytes */
  uint32_t name;             /* string */
  uint32_t element_type;
  uint32_t rank;
  uint32_t first_dim; /* index into INDICES: rank expressions over size symbols */
  uint32_t flags;
  uint32_t reserved;             /* 0 */
  int64_t range_low, range_high; /* integer inputs with HAS_RANGE: every element in [low, high) */
} girih_value;

/* Every size symbol that the entry's expressions use must be a dim, by itself, of one of its inputs. */
typedef struct girih_entry { /* 32 bytes */
  uint32_t name;             /* string */
  uint32_t first_command, command_count;
  uint32_t first_input, input_count;   /* into VALUES */
  uint32_t first_output, output_count; /* into VALUES */
  uint32_t arena_bytes;                /* expression over size symbols */
} girih_entry;

#if defined(__cplusplus)
#define GIRIH_FORMAT_ASSERT static_assert
#else
#define GIRIH_FORMAT_ASSERT _Static_assert
#endif
GIRIH_FORMAT_ASSERT(sizeof(girih_section) == 40, "layout");
GIRIH_FORMAT_ASSERT(sizeof(girih_file_header) == 40 + 16 * 40, "layout");
GIRIH_FORMAT_ASSERT(sizeof(girih_table) == 24, "layout");
GIRIH_FORMAT_ASSERT(sizeof(girih_meta_header) == 8 + 17 * 24, "layout");
GIRIH_FORMAT_ASSERT(sizeof(girih_symbol) == 24, "layout");
GIRIH_FORMAT_ASSERT(sizeof(girih_instruction) == 16, "layout");
GIRIH_FORMAT_ASSERT(sizeof(girih_external_file) == 24, "layout");
GIRIH_FORMAT_ASSERT(sizeof(girih_weight) == 64, "layout");
GIRIH_FORMAT_ASSERT(sizeof(girih_code_version) == 24, "layout");
GIRIH_FORMAT_ASSERT(sizeof(girih_arg) == 32, "layout");
GIRIH_FORMAT_ASSERT(sizeof(girih_command) == 64, "layout");
GIRIH_FORMAT_ASSERT(sizeof(girih_value) == 40, "layout");
GIRIH_FORMAT_ASSERT(sizeof(girih_entry) == 32, "layout");
#undef GIRIH_FORMAT_ASSERT

#endif /* GIRIH_RUNTIME_FORMAT_H */
