// Packing puts every element where the encoding says, pads with zeros, and unpacking restores it.
#include "dialects/Graph/Graph.h"

#include "gtest/gtest.h"

#include <cstring>
#include <numeric>

using namespace mlir;
using namespace girih::graph;

namespace {

class Panels : public testing::TestWithParam<std::tuple<int64_t, int64_t, int64_t>> {
protected:
  void SetUp() override {
    context.loadDialect<GirihDialect>();
    std::tie(rows, columns, width) = GetParam();
    encoding = PanelsAttr::get(&context, width);
    type = RankedTensorType::get({rows, columns}, Float32Type::get(&context), encoding);
    source.resize(rows * columns);
    std::iota(source.begin(), source.end(), 1.0f);
    stored = pack(cast<EncodingAttrInterface>(encoding), type,
                  ArrayRef(reinterpret_cast<const char *>(source.data()), source.size() * 4));
  }

  float storedAt(int64_t number) {
    float value;
    std::memcpy(&value, &stored[number * 4], 4);
    return value;
  }

  MLIRContext context;
  int64_t rows, columns, width;
  PanelsAttr encoding;
  RankedTensorType type;
  std::vector<float> source;
  std::vector<char> stored;
};

TEST_P(Panels, HoldEveryElementAtItsPlace) {
  ASSERT_EQ(int64_t(stored.size()), getStoredBytes(type));
  ASSERT_EQ(int64_t(stored.size()), (rows + width - 1) / width * width * columns * 4);
  for (int64_t n = 0; n < rows; ++n)
    for (int64_t k = 0; k < columns; ++k)
      ASSERT_EQ(storedAt(((n / width) * columns + k) * width + n % width), source[n * columns + k]);
}

TEST_P(Panels, PadWithZeros) {
  float sum = 0;
  for (int64_t n = rows; n % width != 0; ++n)
    for (int64_t k = 0; k < columns; ++k)
      sum += std::abs(storedAt(((n / width) * columns + k) * width + n % width));
  EXPECT_EQ(sum, 0);
}

TEST_P(Panels, UnpackAndDecode) {
  std::vector<char> restored = unpack(cast<EncodingAttrInterface>(encoding), type, stored);
  ASSERT_EQ(restored.size(), source.size() * 4);
  EXPECT_EQ(std::memcmp(restored.data(), source.data(), restored.size()), 0);
  int64_t n = rows - 1, k = columns / 2;
  float element;
  encoding.decodeElement(type.getShape(), type.getElementType(), stored, {n, k},
                         MutableArrayRef(reinterpret_cast<char *>(&element), 4));
  EXPECT_EQ(element, source[n * columns + k]);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Panels,
                         testing::Values(std::tuple(64, 8, 32), std::tuple(5, 3, 4), std::tuple(1, 7, 16),
                                         std::tuple(33, 1, 32), std::tuple(6, 6, 1)));

} // namespace
