// Rounding to the graph's element types, and their bytes in memory.
#include "lib/Reference/HostTensor.h"

#include "mlir/IR/BuiltinTypes.h"

#include <cmath>
#include <cstring>

using namespace mlir;
using namespace girih::reference;

namespace {
// A binary floating-point format narrower than f64.
struct Format {
  int precision;   // bits of the significand, the hidden one included
  int minExponent; // of the smallest normal number, 2^minExponent
  int maxExponent; // of the largest finite number
};
constexpr Format kBF16{8, -126, 127}, kF16{11, -14, 15};

// Rounds once, straight from f64: going through f32 would round twice.
double roundToFormat(double value, const Format &format) {
  if (value == 0 || !std::isfinite(value))
    return value;
  int exponent = std::max(std::ilogb(value), format.minExponent);
  int shift = format.precision - 1 - exponent;
  double rounded = std::ldexp(std::nearbyint(std::ldexp(value, shift)), -shift);
  if (std::fabs(rounded) >= std::ldexp(1.0, format.maxExponent + 1))
    return std::copysign(INFINITY, value);
  return rounded;
}

// The storage bits of a value already rounded to the format.
uint16_t encode(double value, const Format &format) {
  int fraction = format.precision - 1;
  int exponentBits = 15 - fraction;
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  uint16_t infinity = ((1 << exponentBits) - 1) << fraction;
  if (std::isnan(value))
    return sign | infinity | (1 << (fraction - 1));
  if (std::isinf(value))
    return sign | infinity;
  value = std::fabs(value);
  if (value < std::ldexp(1.0, format.minExponent))
    return sign | static_cast<uint16_t>(std::ldexp(value, fraction - format.minExponent));
  int exponent = std::ilogb(value);
  auto significand = static_cast<uint16_t>(std::ldexp(value, fraction - exponent));
  return sign | static_cast<uint16_t>((exponent - format.minExponent + 1) << fraction) |
         (significand & ((1 << fraction) - 1));
}

double decode(uint16_t bits, const Format &format) {
  int fraction = format.precision - 1;
  int top = (1 << (15 - fraction)) - 1;
  int exponent = (bits >> fraction) & top;
  double significand = bits & ((1 << fraction) - 1);
  double value;
  if (exponent == top)
    value = significand == 0 ? INFINITY : NAN;
  else if (exponent == 0)
    value = std::ldexp(significand, format.minExponent - fraction);
  else
    value = std::ldexp(significand + (1 << fraction), exponent - 1 + format.minExponent - fraction);
  return bits & 0x8000 ? -value : value;
}

double wrapInteger(double value, unsigned width) {
  if (width == 1)
    return value != 0;
  double modulus = std::ldexp(1.0, width);
  double wrapped = std::fmod(value, modulus);
  if (wrapped >= modulus / 2)
    wrapped -= modulus;
  if (wrapped < -modulus / 2)
    wrapped += modulus;
  return wrapped;
}

template <typename T> void put(char *to, T value) { std::memcpy(to, &value, sizeof(T)); }
template <typename T> T get(const char *from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

void storeElement(char *to, Type type, double value) {
  if (type.isF32())
    return put(to, static_cast<float>(value));
  if (type.isF64())
    return put(to, value);
  if (type.isBF16())
    return put(to, encode(roundToFormat(value, kBF16), kBF16));
  if (type.isF16())
    return put(to, encode(roundToFormat(value, kF16), kF16));
  if (type.isInteger(64))
    return put(to, static_cast<int64_t>(value));
  if (type.isInteger(32))
    return put(to, static_cast<int32_t>(value));
  if (type.isInteger(16))
    return put(to, static_cast<int16_t>(value));
  return put(to, static_cast<int8_t>(value));
}

double loadElement(const char *from, Type type) {
  if (type.isF32())
    return get<float>(from);
  if (type.isF64())
    return get<double>(from);
  if (type.isBF16())
    return decode(get<uint16_t>(from), kBF16);
  if (type.isF16())
    return decode(get<uint16_t>(from), kF16);
  if (type.isInteger(64))
    return get<int64_t>(from);
  if (type.isInteger(32))
    return get<int32_t>(from);
  if (type.isInteger(16))
    return get<int16_t>(from);
  if (type.isUnsignedInteger(8))
    return get<uint8_t>(from);
  return get<int8_t>(from);
}
} // namespace

double girih::reference::roundTo(Type type, double value) {
  if (type.isF32())
    return static_cast<float>(value);
  if (type.isBF16())
    return roundToFormat(value, kBF16);
  if (type.isF16())
    return roundToFormat(value, kF16);
  if (auto integer = dyn_cast<IntegerType>(type))
    return wrapInteger(value, integer.getWidth());
  return value;
}

int64_t girih::reference::storedBytes(Type elementType) {
  return std::max<int64_t>(1, elementType.getIntOrFloatBitWidth() / 8);
}

int64_t HostTensor::countElements(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

double girih::reference::toByte(double value) {
  return std::isnan(value) ? 0 : std::clamp(std::nearbyint(value), -128.0, 127.0);
}

void HostTensor::round() {
  if (exact && isa<FloatType>(elementType))
    return;
  for (double &element : elements)
    element = roundTo(elementType, element);
}

std::vector<char> HostTensor::toBytes() const {
  int64_t bytes = storedBytes(elementType);
  std::vector<char> result(bytes * size());
  for (int64_t i = 0; i < size(); ++i)
    storeElement(result.data() + i * bytes, elementType, elements[i]);
  return result;
}

void HostTensor::fromBytes(ArrayRef<char> bytes, Type stored) {
  int64_t width = storedBytes(stored);
  for (int64_t i = 0; i < size(); ++i)
    elements[i] = loadElement(bytes.data() + i * width, stored);
}
