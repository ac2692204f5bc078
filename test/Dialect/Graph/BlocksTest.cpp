// Quantized rows survive the way to `#girih.block_panels` and back to the bit, rows past the end are zero, and an element
// decoded in place has the value that its block gives.
#include "dialects/Graph/BlockFormats.h"

#include "gtest/gtest.h"

#include <random>

using namespace mlir;
using namespace girih::graph;

namespace {

class BlockPanels : public testing::TestWithParam<std::tuple<BlockFormat, int64_t, int64_t, int64_t>> {
protected:
  void SetUp() override {
    context.loadDialect<GirihDialect>();
    std::tie(format, rows, blocks, width) = GetParam();
    encoding = BlockPanelsAttr::get(&context, format, width);
    columns = blocks * layoutOf(format).elements;
    type = RankedTensorType::get({rows, columns}, Float32Type::get(&context), encoding);
    std::mt19937 random(42);
    for (int64_t i = 0; i < rows * blocks * layoutOf(format).bytes; ++i)
      source.push_back(static_cast<char>(random()));
    stored = pack(encoding, type, source);
  }

  MLIRContext context;
  BlockFormat format;
  int64_t rows, blocks, width, columns;
  BlockPanelsAttr encoding;
  RankedTensorType type;
  std::vector<char> source, stored;
};

TEST_P(BlockPanels, KeepEveryBit) {
  ASSERT_EQ(int64_t(stored.size()), getStoredBytes(type));
  EXPECT_EQ(unpack(encoding, type, stored), source);
}

TEST_P(BlockPanels, AreAsLargeAsTheirBlocks) {
  int64_t padded = (rows + width - 1) / width * width;
  EXPECT_EQ(int64_t(stored.size()), padded * blocks * layoutOf(format).bytes);
}

TEST_P(BlockPanels, DecodeInPlace) {
  std::vector<float> values(rows * columns);
  decodeBlocks(format, source.data(), rows * blocks, values.data());
  for (int64_t n = 0; n < rows; ++n)
    for (int64_t k = n % 7; k < columns; k += 5) {
      float element;
      encoding.decodeElement(type.getShape(), type.getElementType(), stored, {n, k},
                             MutableArrayRef(reinterpret_cast<char *>(&element), 4));
      ASSERT_EQ(std::memcmp(&element, &values[n * columns + k], 4), 0) << n << ", " << k;
    }
}

TEST_P(BlockPanels, ScalesAndLowBitsLieWhereThePlanesSay) {
  BlockPlanes planes = planesOf(format, width);
  const BlockLayout &layout = layoutOf(format);
  for (int64_t n = 0; n < rows; ++n) {
    const char *column = &stored[n / width * blocks * planes.bytes], *block = &source[n * blocks * layout.bytes];
    ASSERT_EQ(std::memcmp(column + planes.scale + n % width * 2, block + layout.scale, 2), 0);
    for (int64_t k = 0; k < layout.elements; ++k) {
      auto *low = reinterpret_cast<const uint8_t *>(column + planes.low);
      int64_t found = layout.lowBits == 8
                          ? static_cast<int8_t>(low[k * width + n % width])
                          : low[(k / 8 * width + n % width) * 4 + k % 8 / 2] >> k % 2 * 4 & 15;
      int64_t expected = quantOf(format, block, k);
      ASSERT_EQ(found, layout.lowBits == 8 ? expected : expected & 15);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, BlockPanels,
                         testing::Combine(testing::Values(BlockFormat::Q4_0, BlockFormat::Q4_1, BlockFormat::Q5_0,
                                                          BlockFormat::Q5_1, BlockFormat::Q8_0, BlockFormat::Q4_K,
                                                          BlockFormat::Q6_K),
                                          testing::Values(1, 48, 53), testing::Values(1, 3), testing::Values(16, 48)));

} // namespace
