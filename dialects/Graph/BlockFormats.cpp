// Reads GGUF's blocks. Products are exact in f32 (a half's 11 bits times at most 13 bits of integers), so the
// only rounding is that of the sum with a minimum; a fused multiply-add gives the same bits.
#include "dialects/Graph/BlockFormats.h"

#include "lib/Support/HalfFloat.h"

using namespace girih;
using namespace girih::graph;

static constexpr BlockLayout layouts[] = {
    // elements, bytes, scale, minimum, small, high, low, low bits, high bits, zero
    {32, 18, 0, -1, -1, -1, 2, 4, 0, 8},        // q4_0
    {32, 20, 0, 2, -1, -1, 4, 4, 0, 0},         // q4_1
    {32, 22, 0, -1, -1, 2, 6, 4, 1, 16},        // q5_0
    {32, 24, 0, 2, -1, 4, 8, 4, 1, 0},          // q5_1
    {32, 34, 0, -1, -1, -1, 2, 8, 0, 0},        // q8_0
    {256, 144, 0, 2, 4, -1, 16, 4, 0, 0},       // q4_k
    {256, 210, 208, -1, 192, 128, 0, 4, 2, 32}, // q6_k
};

const BlockLayout &graph::layoutOf(BlockFormat format) { return layouts[static_cast<size_t>(format)]; }

NibbleRun graph::nibblesOf(BlockFormat format, int64_t run) {
  int64_t low = layoutOf(format).low, half = run % 2 * 16, part = run / 2;
  if (format == BlockFormat::Q4_K) // 32 bytes hold 32 elements below and the next 32 above
    return {low + part / 2 * 32 + half, part % 2 == 1};
  if (format == BlockFormat::Q6_K) // 64 bytes hold 64 elements below and the next 64 above
    return {low + part / 4 * 64 + part % 2 * 32 + half, part / 2 % 2 == 1};
  return {low, run == 1};
}

static float halfAt(const char *at) {
  uint16_t bits;
  std::memcpy(&bits, at, 2);
  return fromHalf(bits);
}

/// The 6-bit scale and minimum of 32 elements in q4_k's 12 bytes: four of each below, four of each split in
/// two parts.
static std::pair<int, int> sixBits(const uint8_t *packed, int64_t part) {
  if (part < 4)
    return {packed[part] & 63, packed[part + 4] & 63};
  return {(packed[part + 4] & 15) | (packed[part - 4] >> 6) << 4, packed[part + 4] >> 4 | (packed[part] >> 6)
                                                                                              << 4};
}

BlockScale graph::scaleOf(BlockFormat format, const char *block, int64_t run) {
  const BlockLayout &layout = layoutOf(format);
  float scale = halfAt(block + layout.scale),
        minimum = layout.minimum < 0 ? 0.0f : halfAt(block + layout.minimum);
  if (format == BlockFormat::Q4_K) {
    auto [small, smallMinimum] =
        sixBits(reinterpret_cast<const uint8_t *>(block + layout.smallScales), run / 2);
    return {scale * static_cast<float>(small), -(minimum * static_cast<float>(smallMinimum))};
  }
  if (format == BlockFormat::Q6_K)
    return {scale * static_cast<float>(static_cast<int8_t>(block[layout.smallScales + run])), minimum};
  return {scale, minimum};
}

int64_t graph::quantOf(BlockFormat format, const char *block, int64_t element) {
  const BlockLayout &layout = layoutOf(format);
  auto *bytes = reinterpret_cast<const uint8_t *>(block);
  if (layout.lowBits == 8)
    return static_cast<int8_t>(bytes[layout.low + element]);
  NibbleRun run = nibblesOf(format, element / 16);
  int64_t low = bytes[run.byte + element % 16] >> (run.upper ? 4 : 0) & 15;
  if (layout.highBits == 1)
    return low | (bytes[layout.high + element / 8] >> element % 8 & 1) << 4;
  if (layout.highBits == 2) // 32 bytes hold two bits of 128 elements, 32 of them at each height
    return low | (bytes[layout.high + element / 128 * 32 + element % 32] >> element % 128 / 32 * 2 & 3) << 4;
  return low;
}

static float valueOf(const BlockLayout &layout, BlockScale scale, int64_t quant) {
  float product = scale.scale * static_cast<float>(quant - layout.zero);
  return layout.minimum < 0 ? product : product + scale.minimum;
}

float graph::decodeBlockElement(BlockFormat format, const char *block, int64_t element) {
  return valueOf(layoutOf(format), scaleOf(format, block, element / 16), quantOf(format, block, element));
}

void graph::decodeBlocks(BlockFormat format, const char *blocks, int64_t count, float *values) {
  const BlockLayout &layout = layoutOf(format);
  for (int64_t b = 0; b < count; ++b, blocks += layout.bytes)
    for (int64_t run = 0; run < layout.elements / 16; ++run) {
      BlockScale scale = scaleOf(format, blocks, run);
      for (int64_t i = run * 16; i < run * 16 + 16; ++i)
        *values++ = valueOf(layout, scale, quantOf(format, blocks, i));
    }
}
