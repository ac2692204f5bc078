// Tensors in the tool's memory.
#include "Tensors.h"
#include "Report.h"

#include <bit>
#include <cmath>
#include <cstring>

using namespace girih::run;

const char *girih::run::typeName(uint32_t elementType) {
  static const char *const names[] = {"?", "f32", "bf16", "f16", "i32", "i8", "i1"};
  return elementType < 7 ? names[elementType] : "?";
}

size_t HostTensor::count() const {
  size_t result = 1;
  for (int64_t size : shape)
    result *= size_t(size);
  return result;
}

size_t HostTensor::bytes() const { return count() * girih_element_bytes(elementType); }

void HostTensor::allocate() {
  size_t rounded = (bytes() + 64) / 64 * 64;
  memory.reset(static_cast<uint8_t *>(aligned_alloc(64, rounded)));
  if (!memory)
    throw Failure{Resource, "out-of-memory", "cannot allocate a tensor of " + std::to_string(bytes()) + " bytes"};
  memset(memory.get(), 0, rounded);
}

girih_tensor HostTensor::view() const {
  girih_tensor result = {memory.get(), elementType, uint32_t(shape.size()), {}};
  for (size_t i = 0; i != shape.size(); ++i)
    result.shape[i] = shape[i];
  return result;
}

template <typename T> static T load(const void *data, size_t i) {
  T value;
  memcpy(&value, static_cast<const uint8_t *>(data) + i * sizeof(T), sizeof(T));
  return value;
}

double girih::run::toDouble(const void *data, uint32_t elementType, size_t i) {
  switch (elementType) {
  case GIRIH_F32:
    return load<float>(data, i);
  case GIRIH_BF16:
    return std::bit_cast<float>(uint32_t(load<uint16_t>(data, i)) << 16);
  case GIRIH_F16:
    return load<_Float16>(data, i);
  case GIRIH_I32:
    return load<int32_t>(data, i);
  case GIRIH_I8:
    return load<int8_t>(data, i);
  default:
    return load<uint8_t>(data, i);
  }
}

double HostTensor::value(size_t i) const { return toDouble(data(), elementType, i); }

static void store(HostTensor &tensor, size_t i, double value) {
  auto put = [&](auto element) { memcpy(tensor.data() + i * sizeof(element), &element, sizeof(element)); };
  switch (tensor.elementType) {
  case GIRIH_F32:
    return put(float(value));
  case GIRIH_BF16: {
    uint32_t bits = std::bit_cast<uint32_t>(float(value));
    return put(uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16));
  }
  case GIRIH_F16:
    return put(_Float16(value));
  case GIRIH_I32:
    return put(int32_t(value));
  case GIRIH_I8:
    return put(int8_t(value));
  default:
    return put(uint8_t(value));
  }
}

std::string girih::run::shapeText(const std::vector<int64_t> &shape) {
  std::string text = "[";
  for (size_t i = 0; i != shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

std::string girih::run::summary(const HostTensor &tensor) {
  char number[160];
  double sum = 0, least = INFINITY, greatest = -INFINITY;
  size_t count = tensor.count();
  for (size_t i = 0; i != count; ++i) {
    double value = tensor.value(i);
    sum += value;
    least = std::fmin(least, value);
    greatest = std::fmax(greatest, value);
  }
  std::string text = std::string(typeName(tensor.elementType)) + " " + shapeText(tensor.shape);
  if (count == 0)
    return text + ": empty";
  snprintf(number, sizeof(number), ": mean %.6g, min %.6g, max %.6g, first", sum / double(count), least, greatest);
  text += number;
  for (size_t i = 0; i != std::min<size_t>(count, 4); ++i) {
    snprintf(number, sizeof(number), " %.6g", tensor.value(i));
    text += number;
  }
  return text;
}

static uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

void girih::run::makeUp(HostTensor &tensor, const girih_value_info &info, uint64_t seed) {
  bool isMask = info.has_range && info.range_low == 0 && info.range_high == 2;
  bool isFloat = tensor.elementType <= GIRIH_F16;
  int64_t low = info.has_range ? info.range_low : 0;
  uint64_t width = info.has_range ? uint64_t(info.range_high - info.range_low) : 2;
  for (size_t i = 0, count = tensor.count(); i != count; ++i) {
    uint64_t bits = mix(seed * 0x9E3779B97F4A7C15u + i + 1);
    if (isFloat)
      store(tensor, i, double(bits >> 40) / double(1 << 23) - 1);
    else
      store(tensor, i, isMask ? 1.0 : double(low + int64_t(bits % (width ? width : 1))));
  }
}

HostTensor girih::run::convert(const HostTensor &tensor, uint32_t elementType, const std::string &name) {
  HostTensor result;
  result.elementType = elementType;
  result.shape = tensor.shape;
  result.allocate();
  bool floats = tensor.elementType <= GIRIH_F16, wantsFloats = elementType <= GIRIH_F16;
  if (floats != wantsFloats)
    throw Failure{BadInput, "type-mismatch", "expected input '" + name + "' of type " + typeName(elementType) + " but got " +
                                                 typeName(tensor.elementType)};
  for (size_t i = 0, count = tensor.count(); i != count; ++i) {
    store(result, i, tensor.value(i));
    if (!floats && result.value(i) != tensor.value(i))
      throw Failure{BadInput, "value-out-of-range", "an element of input '" + name + "' does not fit " + typeName(elementType)};
  }
  return result;
}
