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
  return device() ? uploadWeights(status) : fillRandom(status);
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

  /// Writes elements [first, first + count) of the weight as it is stored.
  void fill(uint8_t *data, uint64_t first, uint64_t count) const {
    if (weight.layout == GIRIH_LAYOUT_PANELS)
      return fillPanels(data, first, count);
    for (uint64_t i = 0; i != count; ++i)
      put(data, i, first + i);
  }

private:
  /// Rows past the end are zero.
  void fillPanels(uint8_t *data, uint64_t first, uint64_t count) const {
    uint64_t rows = shape[0], columns = shape[1], width = weight.layout_parameter,
             size = elementBytes(weight.element_type);
    uint64_t panel = first / (columns * width), k = first / width % columns, lane = first % width;
    for (uint64_t i = 0; i != count; ++i) {
      uint64_t n = panel * width + lane;
      if (n < rows)
        put(data, i, n * columns + k);
      else
        memset(data + i * size, 0, size);
      if (++lane != width)
        continue;
      lane = 0;
      if (++k == columns)
        k = 0, ++panel;
    }
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

static uint64_t alignedBytes(const girih_weight &weight) {
  return (weight.bytes + GIRIH_WEIGHT_ALIGNMENT - 1) / GIRIH_WEIGHT_ALIGNMENT * GIRIH_WEIGHT_ALIGNMENT;
}

/// The bytes that all random weights take.
girih_code Module::placeRandom(uint64_t &total, girih_status *status) const {
  total = 0;
  for (const girih_weight &weight : t.weights)
    if (weight.source == GIRIH_WEIGHT_RANDOM && (weight.bytes > UINT64_MAX - GIRIH_WEIGHT_ALIGNMENT ||
                                                 __builtin_add_overflow(total, alignedBytes(weight), &total)))
      return fail(status, GIRIH_OUT_OF_MEMORY, "the artifact's random weights exceed all memory");
  return GIRIH_OK;
}

girih_code Module::fillRandom(girih_status *status) const {
  uint64_t total;
  if (girih_code code = placeRandom(total, status))
    return code;
  if (girih_code code = Mapping::pages(total, /*huge=*/true, random, status))
    return code;
  uint8_t *next = random.data();
  for (size_t i = 0; i != t.weights.size(); ++i) {
    if (t.weights[i].source != GIRIH_WEIGHT_RANDOM)
      continue;
    RandomFill(t, t.weights[i]).fill(next, 0, t.weights[i].bytes / elementBytes(t.weights[i].element_type));
    weightData[i] = next;
    next += alignedBytes(t.weights[i]);
  }
  random.seal();
  return GIRIH_OK;
}

const uint8_t *Module::weight(uint32_t index) const {
  if (t.weights[index].source != GIRIH_WEIGHT_RANDOM || !device())
    return weightData[index];
  std::lock_guard lock(randomMutex);
  if (!random.data())
    fillRandom(nullptr);
  return weightData[index];
}

//===-- On a device
//------------------------------------------------------------------------------------------------===//

/// Runs on the machine's threads.
void Module::fillWeight(const void *self, uint32_t index, uint64_t offset, uint8_t *data, uint64_t bytes) {
  const Module &module = *static_cast<const Module *>(self);
  const girih_weight &weight = module.t.weights[index];
  if (weight.source != GIRIH_WEIGHT_RANDOM) {
    memcpy(data, module.weightData[index] + offset, bytes);
    return;
  }
  uint64_t size = elementBytes(weight.element_type);
  RandomFill(module.t, weight).fill(data, offset / size, bytes / size);
}

/// One allocation for all, so that each starts as aligned as vector loads and the GPU's own copies want it.
girih_code Module::uploadWeights(girih_status *status) {
  constexpr uint64_t alignment = 256;
  uint64_t total = 0;
  std::vector<WeightPlace> places;
  for (uint32_t i = 0; i != t.weights.size(); ++i) {
    places.push_back({total, t.weights[i].bytes, i});
    if (t.weights[i].bytes >> 46 || __builtin_add_overflow(total, t.weights[i].bytes + alignment - 1, &total))
      return fail(status, GIRIH_OUT_OF_MEMORY, "the artifact's weights exceed all memory");
    total = total / alignment * alignment;
  }
  girih_code code = deviceMemory.allocate(*device(), total, status);
  if (code == GIRIH_OUT_OF_DEVICE_MEMORY)
    return device()->lacks("the model's weights", total, "end what else uses it, or quantize the model",
                           status);
  if (code)
    return code;
  for (WeightPlace &place : places) {
    deviceWeights.push_back(deviceMemory.data() + place.to);
    place.to = reinterpret_cast<MachineAddress>(deviceWeights.back());
  }
  return device()->memory().upload(device()->self(), places.data(), places.size(), {fillWeight, this},
                                   status);
}
