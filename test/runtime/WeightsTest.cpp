// Proves that weights reach kernels from every source: the artifact itself, an external file that must be the one compiled
// with, and random numbers laid out as their encoding says.
#include "TestArtifact.h"

#include "girih-runtime/RandomWeights.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace girih::test;

namespace {

WeightInfo describe(const char *name, uint32_t elementType, std::vector<int64_t> shape, uint64_t bytes) {
  WeightInfo info;
  info.name = name;
  info.elementType = elementType;
  info.shape = std::move(shape);
  info.bytes = bytes;
  return info;
}

/// An artifact with weights alone.
template <typename Add> ArtifactBuilder weightModel(Add add) {
  ArtifactBuilder b;
  addKernels(b);
  add(b);
  b.beginEntry("nothing", {}, {});
  b.endEntry(b.constant(0));
  return b;
}

const void *weightData(girih_module *module, uint32_t index) {
  girih_weight_info info;
  EXPECT_EQ(girih_module_weight(module, index, &info), GIRIH_OK);
  return info.data;
}

} // namespace

TEST(Weights, AreMappedAlignedAndWhole) {
  auto model = weightModel([](ArtifactBuilder &b) {
    b.addStoredWeight(describe("a", GIRIH_I32, {3}, 12));
    b.addStoredWeight(describe("empty", GIRIH_I32, {0}, 0));
    b.addStoredWeight(describe("b", GIRIH_I32, {1000, 3}, 12000));
  });
  LoadedModule module(serialize(model));
  ASSERT_EQ(module.status.code, GIRIH_OK) << module.status.message;
  for (uint32_t i : {0u, 1u, 2u})
    EXPECT_EQ(reinterpret_cast<uintptr_t>(weightData(module.get(), i)) % 64, 0u);
  const int32_t *b = static_cast<const int32_t *>(weightData(module.get(), 2));
  for (int32_t i = 0; i != 3000; ++i)
    ASSERT_EQ(b[i], i);
}

TEST(Weights, ComeFromAnExternalFileBesideTheArtifact) {
  TemporaryFolder folder;
  std::vector<uint8_t> bytes(100);
  for (size_t i = 0; i != bytes.size(); ++i)
    bytes[i] = uint8_t(i);
  writeBytes(folder.path("w.bin"), bytes);
  auto model = weightModel([&](ArtifactBuilder &b) {
    uint32_t file = b.addExternalFile("w.bin", bytes.size(), XXH3_64bits(bytes.data(), bytes.size()));
    b.addExternalWeight(describe("w", GIRIH_I8, {10}, 10), file, 90);
  });
  std::string path = folder.path("a.girih");
  writeBytes(path, serialize(model));
  girih_module *module = nullptr;
  girih_status status;
  ASSERT_EQ(girih_module_load(path.c_str(), nullptr, &module, &status), GIRIH_OK) << status.message;
  EXPECT_EQ(memcmp(weightData(module, 0), bytes.data() + 90, 10), 0);
  girih_module_release(module);

  bytes[50] ^= 1;
  writeBytes(folder.path("w.bin"), bytes);
  EXPECT_EQ(girih_module_load(path.c_str(), nullptr, &module, &status), GIRIH_CHANGED_WEIGHTS);
  writeBytes(folder.path("w.bin"), {1, 2, 3});
  EXPECT_EQ(girih_module_load(path.c_str(), nullptr, &module, &status), GIRIH_CHANGED_WEIGHTS);
  unlink(folder.path("w.bin").c_str());
  EXPECT_EQ(girih_module_load(path.c_str(), nullptr, &module, &status), GIRIH_MISSING_WEIGHTS);
  EXPECT_EQ(module, nullptr);
}

TEST(Weights, AreMadeUpInTheirEncoding) {
  constexpr uint64_t seed = 42;
  constexpr int64_t rows = 37, columns = 5, width = 32;
  auto model = weightModel([](ArtifactBuilder &b) {
    b.addRandomWeight(describe("plain", GIRIH_F32, {rows, columns}, rows * columns * 4), seed);
    WeightInfo packed = describe("packed", GIRIH_BF16, {rows, columns}, 64 * columns * 2);
    packed.layout = GIRIH_LAYOUT_PANELS;
    packed.layoutParameter = width;
    b.addRandomWeight(packed, seed);
    b.addRandomWeight(describe("half", GIRIH_F16, {7}, 14), seed);
  });
  LoadedModule module(serialize(model));
  ASSERT_EQ(module.status.code, GIRIH_OK) << module.status.message;
  const int64_t shape[] = {rows, columns};
  float scale = girih_random_scale(shape, 2);

  const float *plain = static_cast<const float *>(weightData(module.get(), 0));
  uint64_t stream = girih_random_stream(seed, "plain", 5);
  for (int64_t i = 0; i != rows * columns; ++i)
    ASSERT_EQ(plain[i], girih_random_float(stream, i, scale));

  const uint16_t *packed = static_cast<const uint16_t *>(weightData(module.get(), 1));
  stream = girih_random_stream(seed, "packed", 6);
  for (int64_t n = 0; n != 64; ++n)
    for (int64_t k = 0; k != columns; ++k) {
      uint32_t bits = uint32_t(packed[(n / width * columns + k) * width + n % width]) << 16;
      float found;
      memcpy(&found, &bits, 4);
      float expected = n < rows ? girih_random_float(stream, n * columns + k, scale) : 0;
      ASSERT_LE(std::abs(found - expected), std::abs(expected) / 256) << n << ", " << k;
    }

  const _Float16 *half = static_cast<const _Float16 *>(weightData(module.get(), 2));
  stream = girih_random_stream(seed, "half", 4);
  for (int64_t i = 0; i != 7; ++i)
    EXPECT_EQ(half[i], _Float16(girih_random_float(stream, i, 1)));
}
