// Conversions between numbers. Registers may be wider than the type: what is read is cut, what is written is
// continued by its sign or zeros.
#include "Warp.h"

#include <cmath>

using namespace girih::test::ptx;

namespace {

enum Type : uint16_t { U8, S8, U16, S16, U32, S32, U64, S64, F16, BF16, F32, F64 };
constexpr const char *kNames[] = {"u8",  "s8",  "u16", "s16",  "u32", "s32",
                                  "u64", "s64", "f16", "bf16", "f32", "f64"};
constexpr unsigned kBits[] = {8, 8, 16, 16, 32, 32, 64, 64, 16, 16, 32, 64};
constexpr bool isSigned(Type type) { return type & 1; }

/// To integers: the nearest (ties to even), towards 0, down, up.
enum Rounding : uint16_t { Nearest, Zero, Down, Up };

constexpr uint16_t codeOf(Type to, Type from, Rounding rounding = Nearest, bool saturates = false) {
  return uint16_t(to | from << 4 | rounding << 8 | (saturates ? 1 << 10 : 0));
}
Type toOf(uint16_t code) { return Type(code & 15); }
Type fromOf(uint16_t code) { return Type(code >> 4 & 15); }
Rounding roundingOf(uint16_t code) { return Rounding(code >> 8 & 3); }
bool saturates(uint16_t code) { return code >> 10 & 1; }

struct Words {
  uint64_t lanes[kLanes];
};

Words readRow(Warp &warp, uint32_t row, unsigned width) {
  Words words;
  for (unsigned l = 0; l != kLanes; ++l)
    words.lanes[l] = width == 2   ? warp.row<uint16_t>(row)[l]
                     : width == 4 ? warp.row<uint32_t>(row)[l]
                                  : warp.row<uint64_t>(row)[l];
  return words;
}
template <typename T> void writeRowOf(Warp &warp, uint32_t row, uint32_t mask, const Words &words) {
  auto *d = warp.row<T>(row);
  forLanes(mask, [&](unsigned l) { d[l] = T(words.lanes[l]); });
}
void writeRow(Warp &warp, uint32_t row, unsigned width, uint32_t mask, const Words &words) {
  if (width == 2)
    writeRowOf<uint16_t>(warp, row, mask, words);
  else if (width == 4)
    writeRowOf<uint32_t>(warp, row, mask, words);
  else
    writeRowOf<uint64_t>(warp, row, mask, words);
}

/// The low bits as a number of the type, as far as 64 bits show it.
int64_t extend(uint64_t word, Type type) {
  unsigned unused = 64 - kBits[type];
  return isSigned(type) ? int64_t(word << unused) >> unused : int64_t(word << unused >> unused);
}

int64_t clamp(int64_t x, Type to, Type from) {
  bool huge = from == U64 && x < 0; // more than any signed number
  int64_t low = isSigned(to) ? -1 - int64_t((uint64_t(1) << (kBits[to] - 1)) - 1) : 0;
  int64_t high = to == U64 ? INT64_MAX : int64_t((uint64_t(1) << (kBits[to] - isSigned(to))) - 1);
  if (huge)
    return to == U64 ? x : high;
  return x < low ? low : x > high ? high : x;
}
void integers(Warp &warp, const Instruction &i, uint32_t mask) {
  Type to = toOf(i.code), from = fromOf(i.code);
  Words words = readRow(warp, i.rows[1], i.widths[1]);
  for (uint64_t &word : words.lanes) {
    int64_t x = extend(word, from);
    word = uint64_t(extend(uint64_t(saturates(i.code) ? clamp(x, to, from) : x), to));
  }
  writeRow(warp, i.rows[0], i.widths[0], mask, words);
}
/// What addresses are made with.
template <typename To, typename From> void plain(Warp &warp, const Instruction &i, uint32_t mask) {
  if (i.widths[0] != sizeof(To) || i.widths[1] != sizeof(From))
    return integers(warp, i, mask);
  auto *d = warp.row<Bits<To>>(i.rows[0]);
  auto *a = warp.row<Bits<From>>(i.rows[1]);
  forLanes(mask, [=](unsigned l) { d[l] = Bits<To>(To(From(a[l]))); });
}

float fromBF16(uint16_t bits) { return std::bit_cast<float>(uint32_t(bits) << 16); }
uint16_t toBF16(float x) {
  uint32_t bits = std::bit_cast<uint32_t>(x);
  return x != x ? 0x7fff : uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
uint16_t toF16(float x) { return x != x ? 0x7fff : std::bit_cast<uint16_t>(_Float16(x)); }
uint32_t toF32(float x) { return x != x ? 0x7fffffff : std::bit_cast<uint32_t>(x); }

/// Exactly.
double toDouble(uint64_t word, Type type) {
  switch (type) {
  case F16:
    return float(std::bit_cast<_Float16>(uint16_t(word)));
  case BF16:
    return fromBF16(uint16_t(word));
  case F32:
    return std::bit_cast<float>(uint32_t(word));
  default:
    return std::bit_cast<double>(word);
  }
}
double round(double x, Rounding rounding) {
  return rounding == Nearest ? std::nearbyint(x)
         : rounding == Zero  ? std::trunc(x)
         : rounding == Down  ? std::floor(x)
                             : std::ceil(x);
}
/// What does not fit becomes the nearest number that does, NaN 0.
uint64_t toInteger(double x, Type to) {
  double limit = std::ldexp(1.0, int(kBits[to]) - isSigned(to));
  if (x != x)
    return 0;
  if (isSigned(to))
    return uint64_t(x >= limit   ? int64_t((uint64_t(1) << (kBits[to] - 1)) - 1)
                    : x < -limit ? -1 - int64_t((uint64_t(1) << (kBits[to] - 1)) - 1)
                                 : int64_t(x));
  return x >= limit ? ~uint64_t(0) >> (64 - kBits[to]) : x <= 0 ? 0 : uint64_t(x);
}
void floatToInteger(Warp &warp, const Instruction &i, uint32_t mask) {
  Words words = readRow(warp, i.rows[1], i.widths[1]);
  for (uint64_t &word : words.lanes)
    word = toInteger(round(toDouble(word, fromOf(i.code)), roundingOf(i.code)), toOf(i.code));
  writeRow(warp, i.rows[0], i.widths[0], mask, words);
}

template <typename T> T integerTo(uint64_t word, Type from) {
  return from == U64 ? T(word) : T(extend(word, from));
}
void integerToFloat(Warp &warp, const Instruction &i, uint32_t mask) {
  Type to = toOf(i.code), from = fromOf(i.code);
  Words words = readRow(warp, i.rows[1], i.widths[1]);
  for (uint64_t &word : words.lanes)
    word = to == F32 ? toF32(integerTo<float>(word, from))
                     : std::bit_cast<uint64_t>(integerTo<double>(word, from));
  writeRow(warp, i.rows[0], i.widths[0], mask, words);
}

uint64_t fromDouble(double x, Type to) {
  switch (to) {
  case F16:
    return toF16(float(x)); // of numbers that are f32
  case BF16:
    return toBF16(float(x));
  case F32:
    return toF32(float(x));
  default:
    return x != x ? ~uint64_t(0) >> 1 : std::bit_cast<uint64_t>(x);
  }
}
template <bool integral> void floats(Warp &warp, const Instruction &i, uint32_t mask) {
  Words words = readRow(warp, i.rows[1], i.widths[1]);
  for (uint64_t &word : words.lanes) {
    double x = toDouble(word, fromOf(i.code));
    x = integral ? round(x, roundingOf(i.code)) : x;
    if (saturates(i.code))
      x = x > 0 ? std::fmin(x, 1) : 0;
    word = fromDouble(x, toOf(i.code));
  }
  writeRow(warp, i.rows[0], i.widths[0], mask, words);
}
void widenBF16(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<uint32_t>(i.rows[0]);
  auto *a = warp.row<uint16_t>(i.rows[1]);
  forLanes(mask, [=](unsigned l) { d[l] = toF32(fromBF16(a[l])); });
}
/// Two in a word: the first operand is the high half.
template <uint16_t convert(float)> void packHalves(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<uint32_t>(i.rows[0]), *a = warp.row<uint32_t>(i.rows[1]),
       *b = warp.row<uint32_t>(i.rows[2]);
  forLanes(mask, [=](unsigned l) {
    d[l] = uint32_t(convert(std::bit_cast<float>(a[l]))) << 16 | convert(std::bit_cast<float>(b[l]));
  });
}

/// The nearest f32, or where there is none equal the neighbour whose last bit is set: rounded on to 16 bits,
/// it is rounded once.
float toOdd(double x) {
  float near = float(x);
  if (double(near) == x || x != x || std::isinf(near))
    return near;
  if (std::fabs(double(near)) > std::fabs(x))
    near = std::nextafterf(near, 0);
  return std::bit_cast<float>(std::bit_cast<uint32_t>(near) | 1);
}
/// a * b + c, of which an instruction may lack one: then b is 1, or c a zero that changes nothing.
template <bool hasProduct, bool hasSum, bool subtracts>
void narrowArithmetic(Warp &warp, const Instruction &i, uint32_t mask) {
  Type type = toOf(i.code);
  Words a = readRow(warp, i.rows[1], 2), b = readRow(warp, i.rows[2], 2), c = b;
  if (hasProduct && hasSum)
    c = readRow(warp, i.rows[3], 2);
  for (unsigned l = 0; l != kLanes; ++l) {
    double x = toDouble(a.lanes[l], type), y = hasProduct ? toDouble(b.lanes[l], type) : 1;
    double z = hasSum ? toDouble(c.lanes[l], type) : -0.0;
    a.lanes[l] = fromDouble(toOdd(hasSum ? std::fma(x, y, subtracts ? -z : z) : x * y), type);
  }
  writeRow(warp, i.rows[0], 2, mask, a);
}
void addNarrowArithmetic(Table &table, Type type) {
  std::string name = std::string(".") + kNames[type];
  for (std::string rounding : {"", ".rn"}) {
    table.add("add" + rounding + name,
              {"o2 i2 i2", narrowArithmetic<false, true, false>, Flow::Plain, codeOf(type, type)});
    table.add("sub" + rounding + name,
              {"o2 i2 i2", narrowArithmetic<false, true, true>, Flow::Plain, codeOf(type, type)});
    table.add("mul" + rounding + name,
              {"o2 i2 i2", narrowArithmetic<true, false, false>, Flow::Plain, codeOf(type, type)});
  }
  table.add("fma.rn" + name,
            {"o2 i2 i2 i2", narrowArithmetic<true, true, false>, Flow::Plain, codeOf(type, type)});
}

void addIntegerConversions(Table &table) {
  for (Type to = U8; to <= S64; to = Type(to + 1))
    for (Type from = U8; from <= S64; from = Type(from + 1)) {
      std::string types = std::string(".") + kNames[to] + "." + kNames[from];
      Run run = to == U64 && from == U32   ? plain<uint64_t, uint32_t>
                : to == S64 && from == S32 ? plain<int64_t, int32_t>
                : to == U32 && from == U64 ? plain<uint32_t, uint64_t>
                                           : integers;
      table.add("cvt" + types, {"o0 i0", run, Flow::Plain, codeOf(to, from)});
      table.add("cvt.sat" + types, {"o0 i0", integers, Flow::Plain, codeOf(to, from, Nearest, true)});
    }
}

} // namespace

void girih::test::ptx::addConversions(Table &table) {
  addIntegerConversions(table);
  addNarrowArithmetic(table, F16), addNarrowArithmetic(table, BF16);
  const char *roundings[] = {"rni", "rzi", "rmi", "rpi"};
  for (Type number = F16; number <= F64; number = Type(number + 1)) {
    std::string name = kNames[number];
    for (uint16_t r = 0; r != 4; ++r) {
      std::string start = std::string("cvt.") + roundings[r];
      for (Type integer = U8; integer <= S64; integer = Type(integer + 1))
        for (std::string sat : {"", ".sat"})
          table.add(start + sat + "." + kNames[integer] + "." + name,
                    {"o0 i0", floatToInteger, Flow::Plain, codeOf(integer, number, Rounding(r))});
      for (bool sat : {false, true})
        table.add(start + (sat ? ".sat." : ".") + name + "." + name,
                  {"o0 i0", floats<true>, Flow::Plain, codeOf(number, number, Rounding(r), sat)});
    }
    for (Type integer = U8; integer <= S64; integer = Type(integer + 1))
      if (number >= F32)
        table.add("cvt.rn." + name + "." + kNames[integer],
                  {"o0 i0", integerToFloat, Flow::Plain, codeOf(number, integer)});
  }
  table.add("cvt.sat.f32.f32", {"o4 i4", floats<false>, Flow::Plain, codeOf(F32, F32, Nearest, true)});
  table.add("cvt.f32.bf16", {"o4 i2", widenBF16});
  table.add("cvt.f32.f16", {"o4 i2", floats<false>, Flow::Plain, codeOf(F32, F16)});
  table.add("cvt.f64.f32", {"o8 i4", floats<false>, Flow::Plain, codeOf(F64, F32)});
  table.add("cvt.rn.f32.f64", {"o4 i8", floats<false>, Flow::Plain, codeOf(F32, F64)});
  table.add("cvt.rn.bf16.f32", {"o2 i4", floats<false>, Flow::Plain, codeOf(BF16, F32)});
  table.add("cvt.rn.f16.f32", {"o2 i4", floats<false>, Flow::Plain, codeOf(F16, F32)});
  table.add("cvt.rn.bf16x2.f32", {"o4 i4 i4", packHalves<toBF16>});
  table.add("cvt.rn.f16x2.f32", {"o4 i4 i4", packHalves<toF16>});
}
