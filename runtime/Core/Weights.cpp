// Finds the bytes of every weight: in the artifact's own mapping, in external files beside it, or made up at random.
#include "Module.h"
#include "girih-runtime/RandomWeights.h"
#include "runtime/Core/HalfFloat.h"

#include <cstring>

using namespace girih::runtime;

girih_code Module::mapWeights(girih_status *status) {
  external.resize(t.files.size());
  for (uint32_t i = 0; i != t.files.size(); ++i)
    if (girih_code code = mapExternal(i, status))
      return code;
  for (const girih_weight &weight : t.weights) {
    const uint8_t *data = nullptr; // random ones follow
    if (weight.source == GIRIH_WEIGHT_STORED)
      data = artifact.weights.data() + weight.offset;
    if (weight.source == GIRIH_WEIGHT_EXTERNAL)
      data = external[weight.file].data() + weight.offset;
    weightData.push_back(data);
  }
  return fillRandom(status);
}

girih_code Module::mapExternal(uint32_t index, girih_status *status) {
  const girih_external_file &file = t.files[index];
  std::string path = t.string(file.path);
  if (path.empty() || path[0] != '/')
    path = directory + path;
  if (girih_code code = Mapping::file(path.c_str(), GIRIH_MISSING_WEIGHTS, external[index], status))
    return code;
  if (external[index].size() != file.bytes || checksum(external[index].bytes()) != file.checksum)
    return fail(status, GIRIH_CHANGED_WEIGHTS,
                "'%s' is not the file that the artifact was compiled with; restore it or compile anew", path.c_str());
  return GIRIH_OK;
}

//===-- Random weights ---------------------------------------------------------------------------------------------===//

namespace {

/// Makes up one weight's elements.
class RandomFill {
public:
  RandomFill(const Tables &tables, const girih_weight &weight)
      : weight(weight), shape(tables.shapes.subspan(weight.first_dim, weight.rank)) {
    const char *name = tables.string(weight.name);
    stream = girih_random_stream(weight.seed, name, strlen(name));
    scale = girih_random_scale(shape.data(), shape.size());
  }

  void fill(uint8_t *data) const {
    if (weight.layout == GIRIH_LAYOUT_PANELS)
      return fillPanels(data);
    uint64_t count = weight.bytes / elementBytes(weight.element_type);
    for (uint64_t i = 0; i != count; ++i)
      put(data, i, i);
  }

private:
  /// Rows past the end stay zero, as the pages come.
  void fillPanels(uint8_t *data) const {
    uint64_t rows = shape[0], columns = shape[1], width = weight.layout_parameter;
    for (uint64_t n = 0; n != rows; ++n)
      for (uint64_t k = 0; k != columns; ++k)
        put(data, (n / width * columns + k) * width + n % width, n * columns + k);
  }

  void put(uint8_t *data, uint64_t place, uint64_t index) const {
    switch (weight.element_type) {
    case GIRIH_F32:
      return store(data, place, girih_random_float(stream, index, scale));
    case GIRIH_BF16:
      return store(data, place, toBFloat16(girih_random_float(stream, index, scale)));
    case GIRIH_F16:
      return store(data, place, toFloat16(girih_random_float(stream, index, scale)));
    case GIRIH_I32:
      return store(data, place, girih_random_bit(stream, index));
    case GIRIH_I8:
      return store(data, place, girih_random_i8(stream, index));
    default:
      return store(data, place, uint8_t(girih_random_bit(stream, index)));
    }
  }

  template <typename T> static void store(uint8_t *data, uint64_t place, T value) {
    memcpy(data + place * sizeof(T), &value, sizeof(T));
  }

  const girih_weight &weight;
  std::span<const int64_t> shape;
  uint64_t stream;
  float scale;
};

} // namespace

girih_code Module::fillRandom(girih_status *status) {
  uint64_t total = 0;
  for (const girih_weight &weight : t.weights)
    if (weight.source == GIRIH_WEIGHT_RANDOM &&
        (weight.bytes > UINT64_MAX - 64 || __builtin_add_overflow(total, (weight.bytes + 63) / 64 * 64, &total)))
      return fail(status, GIRIH_OUT_OF_MEMORY, "the artifact's random weights exceed all memory");
  if (girih_code code = Mapping::pages(total, /*huge=*/true, random, status))
    return code;
  uint8_t *next = random.data();
  for (size_t i = 0; i != t.weights.size(); ++i) {
    if (t.weights[i].source != GIRIH_WEIGHT_RANDOM)
      continue;
    RandomFill(t, t.weights[i]).fill(next);
    weightData[i] = next;
    next += (t.weights[i].bytes + 63) / 64 * 64;
  }
  random.seal();
  return GIRIH_OK;
}
