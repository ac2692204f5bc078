// What the vector unit's instructions do: element-wise functions and reductions in f32, requantization, transposition.
#include "girih-runtime/SystolicNumerics.h"
#include "runtime/Systolic/Simulator.h"

#include <algorithm>
#include <bit>
#include <limits>

using namespace girih::systolic;

template <typename T> static T loadAs(const uint8_t *at) {
  T value;
  memcpy(&value, at, sizeof(T));
  return value;
}

static float readElement(const uint8_t *at, Type type) {
  switch (type) {
  case Type::i8:
    return fromI32(int8_t(*at));
  case Type::bf16:
    return fromBF16(loadAs<uint16_t>(at));
  case Type::i32:
    return fromI32(loadAs<int32_t>(at));
  default:
    return canonical(loadAs<float>(at));
  }
}

static void writeElement(uint8_t *at, Type type, float value) {
  switch (type) {
  case Type::i8:
    *at = uint8_t(toI8(value));
    return;
  case Type::bf16: {
    uint16_t half = toBF16(value);
    memcpy(at, &half, 2);
    return;
  }
  case Type::i32: {
    int32_t integer = toI32(value);
    memcpy(at, &integer, 4);
    return;
  }
  default:
    value = canonical(value);
    memcpy(at, &value, 4);
  }
}

template <typename Body> static void forEach(float *v, int64_t count, Body body) {
  for (int64_t j = 0; j != count; ++j)
    v[j] = body(v[j]);
}

static void applyCombine(Combine combine, float *s, const float *o, int64_t count) {
  auto with = [&](float (*f)(float, float)) {
    for (int64_t j = 0; j != count; ++j)
      s[j] = f(s[j], o[j]);
  };
  switch (combine) {
  case Combine::first:
    return;
  case Combine::second:
    return with([](float, float y) { return y; });
  case Combine::add:
    return with(addF32);
  case Combine::sub:
    return with(subF32);
  case Combine::mul:
    return with(mulF32);
  case Combine::max:
    return with(maxF32);
  case Combine::min:
    return with(minF32);
  }
}

static void applyFunction(Function function, float *v, int64_t count) {
  switch (function) {
  case Function::id:
    return;
  case Function::relu:
    return forEach(v, count, [](float x) { return maxF32(x, 0.0f); });
  case Function::abs:
    return forEach(v, count, [](float x) { return x != x ? x : floatOf(bitsOf(x) & 0x7fffffff); });
  case Function::exp2:
    return forEach(v, count, exp2F32);
  case Function::recip:
    return forEach(v, count, recipF32);
  case Function::rsqrt:
    return forEach(v, count, rsqrtF32);
  case Function::sigmoid:
    return forEach(v, count, sigmoidF32);
  case Function::silu:
    return forEach(v, count, siluF32);
  case Function::tanh:
    return forEach(v, count, tanhF32);
  case Function::gelu:
    return forEach(v, count, geluF32);
  case Function::gelu_tanh:
    return forEach(v, count, geluTanhF32);
  }
}

/// The tree over P lanes; v has room for them.
static float reduceRow(float *v, int64_t cols, int64_t lanes, bool max) {
  std::fill(v + cols, v + lanes, max ? -std::numeric_limits<float>::infinity() : 0.0f);
  for (int64_t s = lanes / 2; s >= 1; s /= 2)
    for (int64_t j = 0; j != s; ++j)
      v[j] = max ? maxF32(v[j], v[j + s]) : addF32(v[j], v[j + s]);
  return v[0];
}

/// The row rotated within groups of 2h lanes: the second half negated, then the first.
static void rotate(float *s, int64_t cols, int64_t h) {
  float original[kMaxDim];
  std::copy(s, s + cols, original);
  auto lane = [&](int64_t j) { return j < cols ? original[j] : 0.0f; };
  for (int64_t j = 0; j != cols; ++j)
    s[j] = j % (2 * h) < h ? -lane(j + h) : lane(j - h);
}

void Simulator::computeVector(const Resolved &what) {
  const Instruction &i = what.code;
  if (i.rows == 0)
    return;
  Type td = Type(i.td), ta = Type(i.ta), tb = Type(i.tb);
  Combine combine = Combine(i.fn & 15);
  bool readsA = combine != Combine::second, constant = what.has(flag::vector_constant), scalar = what.has(flag::vector_scalar);
  bool readsB = combine != Combine::first && !constant, reduce = what.has(flag::vector_reduce), max = what.has(flag::vector_max);
  float imm = canonical(floatOf(uint32_t(i.imm)));
  float s[kMaxDim], o[kMaxDim] = {};
  std::fill(o, o + i.cols, imm);
  std::fill(s, s + i.cols, 0.0f);
  int64_t lanes = int64_t(1) << machine.reduceLevels();
  for (int64_t r = 0; r != i.rows; ++r) {
    if (readsA) {
      const uint8_t *a = local.at(uint32_t(i.a)) + r * i.pa;
      for (int64_t j = 0; j != i.cols; ++j)
        s[j] = readElement(a + j * typeBytes(ta), ta);
      if (i.px)
        rotate(s, i.cols, i.px);
      if (what.has(flag::vector_scale))
        forEach(s, i.cols, [&](float x) { return mulF32(x, imm); });
    }
    if (readsB) {
      const uint8_t *b = local.at(uint32_t(i.b)) + r * i.pb;
      for (int64_t j = 0; j != i.cols; ++j)
        o[j] = readElement(b + (scalar ? 0 : j * typeBytes(tb)), tb);
    }
    applyCombine(combine, s, o, i.cols);
    applyFunction(Function(i.fn >> 4), s, i.cols);
    if (reduce)
      s[0] = reduceRow(s, i.cols, lanes, max);
    uint8_t *d = local.at(uint32_t(i.dst)) + r * i.pd;
    for (int64_t j = 0, count = reduce ? 1 : i.cols; j != count; ++j) {
      uint8_t *element = d + j * typeBytes(td);
      float old = what.has(flag::vector_accumulate) ? readElement(element, td) : 0;
      writeElement(element, td, !what.has(flag::vector_accumulate) ? s[j] : max ? maxF32(old, s[j]) : addF32(old, s[j]));
    }
  }
}

void Simulator::computeRequant(const Resolved &what) {
  const Instruction &i = what.code;
  if (i.rows == 0)
    return;
  int8_t zero = int8_t(i.imm), low = int8_t(i.imm >> 8), high = int8_t(i.imm >> 16);
  const uint8_t *table = local.at(uint32_t(i.b));
  int8_t row[kMaxDim]; // read and computed whole before it is written: it may lie on its source, or on the table
  for (int64_t r = 0; r != i.rows; ++r) {
    const uint8_t *a = local.at(uint32_t(i.a)) + r * i.pa;
    for (int64_t j = 0; j != i.cols; ++j) {
      int32_t multiplier = loadAs<int32_t>(table + 4 * j), shift = loadAs<int32_t>(table + i.pb + 4 * j);
      int32_t bias = loadAs<int32_t>(table + 2 * i.pb + 4 * j);
      row[j] = requantize(loadAs<int32_t>(a + 4 * j), bias, multiplier & INT32_MAX,
                          unsigned(std::clamp(shift, 0, 62)), zero, low, high);
    }
    memcpy(local.at(uint32_t(i.dst)) + r * i.pd, row, size_t(i.cols));
  }
}

void Simulator::computeTranspose(const Resolved &what) {
  const Instruction &i = what.code;
  int64_t t = typeBytes(unsigned(i.ta));
  if (i.rows == 0)
    return;
  for (int64_t r = 0; r != i.rows; ++r)
    for (int64_t j = 0; j != i.cols; ++j)
      memcpy(local.at(uint32_t(i.dst)) + j * i.pd + r * t, local.at(uint32_t(i.a)) + r * i.pa + j * t, t);
}
