// GGUF's quantized blocks, to the byte: where a block keeps its numbers, and what they mean. A format is
// described by the offsets of its fields; reading it needs no more than that.
#pragma once

#include "dialects/Graph/Graph.h"

namespace girih::graph {

/// Where a block's fields lie, in bytes from its begin; -1: the format has none.
struct BlockLayout {
  int64_t elements, bytes;
  int64_t scale;       ///< f16
  int64_t minimum;     ///< f16; added, or subtracted times the small minima
  int64_t smallScales; ///< 12 bytes of 6-bit scales and minima (q4_k), 16 signed bytes (q6_k)
  int64_t high;        ///< the bits above the fourth
  int64_t low;         ///< four bits an element; eight where `lowBits` says so
  int64_t lowBits, highBits;
  int64_t zero; ///< the integer that means 0, where there is no minimum
};

const BlockLayout &layoutOf(BlockFormat format);

/// The four low bits of elements 16 * run to 16 * run + 15 are a nibble each of 16 neighbouring bytes.
struct NibbleRun {
  int64_t byte; ///< of the first, from the block's begin
  bool upper;   ///< the bytes' upper halves
};
NibbleRun nibblesOf(BlockFormat format, int64_t run);

/// Scale and minimum of 16 elements: value = scale * (q - zero) + minimum.
struct BlockScale {
  float scale, minimum;
};
BlockScale scaleOf(BlockFormat format, const char *block, int64_t run);

/// The integer q of an element: unsigned, signed for q8_0.
int64_t quantOf(BlockFormat format, const char *block, int64_t element);

/// Whether a tensor can be stored in blocks of `format`, by the encoding called `name`.
llvm::LogicalResult verifyBlocks(llvm::StringRef name, BlockFormat format, llvm::ArrayRef<int64_t> shape,
                                 mlir::Type elementType,
                                 llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

/// The f32 value of one element of a block.
float decodeBlockElement(BlockFormat format, const char *block, int64_t element);
/// The f32 values of `count` blocks, one after another.
void decodeBlocks(BlockFormat format, const char *blocks, int64_t count, float *values);

/// Where the planes of a column of `width` blocks begin in `#girih.block_panels`, in bytes; -1: the format
/// has none.
struct BlockPlanes {
  int64_t scale, minimum, smallScales, high, low, bytes;
};
BlockPlanes planesOf(BlockFormat format, int64_t width);

} // namespace girih::graph
