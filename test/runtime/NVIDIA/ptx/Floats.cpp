// Arithmetic of f32 and f64 with one rounding an instruction, and comparisons. NaNs that an instruction makes
// are the machine's: all ones but the sign.
#include "Warp.h"

#include <cmath>
#include <limits>

using namespace girih::test::ptx;

namespace {

template <typename T> Bits<T> bitsOf(T x) {
  return x == x ? std::bit_cast<Bits<T>>(x) : Bits<T>(~Bits<T>(0) >> 1);
}
template <typename T> T valueOf(Bits<T> bits) { return std::bit_cast<T>(bits); }

/// `saturates`: to [0, 1], NaN to 0.
template <bool saturates, typename T> Bits<T> finish(T x) {
  if (saturates)
    x = x > T(0) ? (x < T(1) ? x : T(1)) : T(0);
  return bitsOf(x);
}
template <typename T, typename Op, bool saturates = false>
void unary(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<Bits<T>>(i.rows[0]), *a = warp.row<Bits<T>>(i.rows[1]);
  forLanes(mask, [=](unsigned l) { d[l] = finish<saturates>(T(Op::run(valueOf<T>(a[l])))); });
}
template <typename T, typename Op, bool saturates = false>
void binary(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<Bits<T>>(i.rows[0]), *a = warp.row<Bits<T>>(i.rows[1]),
       *b = warp.row<Bits<T>>(i.rows[2]);
  forLanes(mask,
           [=](unsigned l) { d[l] = finish<saturates>(T(Op::run(valueOf<T>(a[l]), valueOf<T>(b[l])))); });
}
template <typename T, typename Op, bool saturates = false>
void ternary(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<Bits<T>>(i.rows[0]), *a = warp.row<Bits<T>>(i.rows[1]),
       *b = warp.row<Bits<T>>(i.rows[2]), *c = warp.row<Bits<T>>(i.rows[3]);
  forLanes(mask, [=](unsigned l) {
    d[l] = finish<saturates>(T(Op::run(valueOf<T>(a[l]), valueOf<T>(b[l]), valueOf<T>(c[l]))));
  });
}

struct Add {
  template <typename T> static T run(T a, T b) { return a + b; }
};
struct Sub {
  template <typename T> static T run(T a, T b) { return a - b; }
};
struct Mul {
  template <typename T> static T run(T a, T b) { return a * b; }
};
struct Div {
  template <typename T> static T run(T a, T b) { return a / b; }
};
struct Fma {
  template <typename T> static T run(T a, T b, T c) { return std::fma(a, b, c); }
};
struct Rcp {
  template <typename T> static T run(T a) { return T(1) / a; }
};
struct Sqrt {
  template <typename T> static T run(T a) { return std::sqrt(a); }
};
/// -0 is less than +0; of a number and a NaN the number, unless NaNs are asked for.
template <bool nan> struct Max {
  template <typename T> static T run(T a, T b) {
    T larger = a == b ? valueOf<T>(std::bit_cast<Bits<T>>(a) & std::bit_cast<Bits<T>>(b)) : a > b ? a : b;
    T other = a != a ? b : a;
    return a == a && b == b ? larger : nan ? std::numeric_limits<T>::quiet_NaN() : other;
  }
};
template <bool nan> struct Min {
  template <typename T> static T run(T a, T b) {
    T smaller = a == b ? valueOf<T>(std::bit_cast<Bits<T>>(a) | std::bit_cast<Bits<T>>(b)) : a < b ? a : b;
    T other = a != a ? b : a;
    return a == a && b == b ? smaller : nan ? std::numeric_limits<T>::quiet_NaN() : other;
  }
};

//===- Signs: of bits, so that NaNs keep theirs -------------------------------------------------------===//

template <typename T> constexpr Bits<T> kSign = Bits<T>(1) << (8 * sizeof(T) - 1);
template <typename T> void negate(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<T>(i.rows[0]), *a = warp.row<T>(i.rows[1]);
  forLanes(mask, [=](unsigned l) { d[l] = a[l] ^ kSign<T>; });
}
template <typename T> void absolute(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<T>(i.rows[0]), *a = warp.row<T>(i.rows[1]);
  forLanes(mask, [=](unsigned l) { d[l] = T(a[l] & ~kSign<T>); });
}
/// The second operand with the sign of the first.
template <typename T> void copySign(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<T>(i.rows[0]), *a = warp.row<T>(i.rows[1]), *b = warp.row<T>(i.rows[2]);
  forLanes(mask, [=](unsigned l) { d[l] = (b[l] & ~kSign<T>) | (a[l] & kSign<T>); });
}

//===- Comparisons ------------------------------------------------------------------------------------===//

void put(Warp &warp, uint32_t row, uint32_t value, uint32_t mask) {
  uint32_t &p = warp.predicate(row);
  p = (p & ~mask) | (value & mask);
}
/// The forms of a comparison: its result may be combined with a predicate, and a second result is of the
/// opposite.
enum Form : uint16_t { kAnd = 1, kOr = 2, kXor = 3, kCombinations = 3, kBoth = 4 };

uint32_t combine(uint16_t form, uint32_t a, uint32_t b) {
  form &= kCombinations;
  return form == kAnd ? a & b : form == kOr ? a | b : form == kXor ? a ^ b : a;
}
void finish(Warp &warp, const Instruction &i, unsigned first, uint32_t result, uint32_t mask) {
  uint32_t with = i.code & kCombinations ? warp.predicate(i.rows[first + 2]) : 0;
  if (i.code & kBoth)
    put(warp, i.rows[1], combine(i.code, ~result, with), mask);
  put(warp, i.rows[0], combine(i.code, result, with), mask);
}
template <typename T, typename Test> void compare(Warp &warp, const Instruction &i, uint32_t mask) {
  unsigned first = i.code & kBoth ? 2 : 1;
  auto *a = warp.row<Bits<T>>(i.rows[first]), *b = warp.row<Bits<T>>(i.rows[first + 1]);
  uint32_t result = 0;
  for (unsigned l = 0; l != kLanes; ++l)
    result |= uint32_t(Test::run(std::bit_cast<T>(a[l]), std::bit_cast<T>(b[l]))) << l;
  finish(warp, i, first, result, mask);
}

struct Eq {
  template <typename T> static bool run(T a, T b) { return a == b; }
};
struct Lt {
  template <typename T> static bool run(T a, T b) { return a < b; }
};
struct Le {
  template <typename T> static bool run(T a, T b) { return a <= b; }
};
struct Gt {
  template <typename T> static bool run(T a, T b) { return a > b; }
};
struct Ge {
  template <typename T> static bool run(T a, T b) { return a >= b; }
};
/// Ordered, and not equal.
struct Ne {
  template <typename T> static bool run(T a, T b) { return (a < b) | (a > b); }
};
struct Num {
  template <typename T> static bool run(T a, T b) { return (a == a) & (b == b); }
};
template <typename Test> struct Not {
  template <typename T> static bool run(T a, T b) { return !Test::run(a, b); }
};

template <typename T, typename Test> void addTest(Table &table, const char *name, std::string type) {
  std::string i = " " + operandOf<T>('i'), start = std::string("setp.") + name;
  const char *combinations[] = {"", ".and", ".or", ".xor"};
  for (uint16_t form = 0; form <= kCombinations; ++form) {
    std::string with = i + i + (form == 0 ? "" : " q");
    table.add(start + combinations[form] + type, {"p" + with, compare<T, Test>, Flow::Plain, form});
    table.add(start + combinations[form] + type,
              {"p | p" + with, compare<T, Test>, Flow::Plain, uint16_t(form | kBoth)});
  }
}

template <typename T> void addIntegerTests(Table &table, const char *type) {
  addTest<T, Eq>(table, "eq", type), addTest<T, Not<Eq>>(table, "ne", type);
  if (type[1] == 'b')
    return;
  addTest<T, Lt>(table, "lt", type), addTest<T, Le>(table, "le", type);
  addTest<T, Gt>(table, "gt", type), addTest<T, Ge>(table, "ge", type);
  if constexpr (std::is_unsigned_v<T>) {
    addTest<T, Lt>(table, "lo", type), addTest<T, Le>(table, "ls", type);
    addTest<T, Gt>(table, "hi", type), addTest<T, Ge>(table, "hs", type);
  }
}

template <typename T> void addFloatTests(Table &table, const char *type) {
  addTest<T, Eq>(table, "eq", type), addTest<T, Ne>(table, "ne", type);
  addTest<T, Lt>(table, "lt", type), addTest<T, Le>(table, "le", type);
  addTest<T, Gt>(table, "gt", type), addTest<T, Ge>(table, "ge", type);
  addTest<T, Not<Ne>>(table, "equ", type), addTest<T, Not<Eq>>(table, "neu", type);
  addTest<T, Not<Ge>>(table, "ltu", type), addTest<T, Not<Gt>>(table, "leu", type);
  addTest<T, Not<Le>>(table, "gtu", type), addTest<T, Not<Lt>>(table, "geu", type);
  addTest<T, Num>(table, "num", type), addTest<T, Not<Num>>(table, "nan", type);
}

struct Finite {
  template <typename T> static bool run(T a, T) { return std::abs(a) <= std::numeric_limits<T>::max(); }
};
struct Infinite {
  template <typename T> static bool run(T a, T) { return std::abs(a) == std::numeric_limits<T>::infinity(); }
};
struct Number {
  template <typename T> static bool run(T a, T) { return a == a; }
};
struct Normal {
  template <typename T> static bool run(T a, T) {
    return std::abs(a) <= std::numeric_limits<T>::max() && std::abs(a) >= std::numeric_limits<T>::min();
  }
};
struct Subnormal {
  template <typename T> static bool run(T a, T) {
    return a != 0 && std::abs(a) < std::numeric_limits<T>::min();
  }
};
template <typename T, typename Test> void classify(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *a = warp.row<Bits<T>>(i.rows[1]);
  uint32_t result = 0;
  for (unsigned l = 0; l != kLanes; ++l)
    result |= uint32_t(Test::run(valueOf<T>(a[l]), T(0))) << l;
  put(warp, i.rows[0], result, mask);
}

template <typename T> void addFloatsOf(Table &table, const std::string &t) {
  std::string o = operandOf<T>('o'), i = " " + operandOf<T>('i'), two = o + i + i, three = two + i;
  table.add("add.rn" + t, {two, binary<T, Add>}), table.add("add" + t, {two, binary<T, Add>});
  table.add("sub.rn" + t, {two, binary<T, Sub>}), table.add("sub" + t, {two, binary<T, Sub>});
  table.add("mul.rn" + t, {two, binary<T, Mul>}), table.add("mul" + t, {two, binary<T, Mul>});
  table.add("div.rn" + t, {two, binary<T, Div>});
  table.add("fma.rn" + t, {three, ternary<T, Fma>});
  table.add("rcp.rn" + t, {o + i, unary<T, Rcp>});
  table.add("sqrt.rn" + t, {o + i, unary<T, Sqrt>});
  table.add("min" + t, {two, binary<T, Min<false>>}), table.add("max" + t, {two, binary<T, Max<false>>});
  table.add("neg" + t, {o + i, negate<Bits<T>>});
  table.add("abs" + t, {o + i, absolute<Bits<T>>});
  table.add("copysign" + t, {two, copySign<Bits<T>>});
  table.add("testp.finite" + t, {"p" + i, classify<T, Finite>});
  table.add("testp.infinite" + t, {"p" + i, classify<T, Infinite>});
  table.add("testp.number" + t, {"p" + i, classify<T, Number>});
  table.add("testp.notanumber" + t, {"p" + i, classify<T, Not<Number>>});
  table.add("testp.normal" + t, {"p" + i, classify<T, Normal>});
  table.add("testp.subnormal" + t, {"p" + i, classify<T, Subnormal>});
}

} // namespace

void girih::test::ptx::addFloats(Table &table) {
  addFloatsOf<float>(table, ".f32"), addFloatsOf<double>(table, ".f64");
  table.add("min.NaN.f32", {"o4 i4 i4", binary<float, Min<true>>});
  table.add("max.NaN.f32", {"o4 i4 i4", binary<float, Max<true>>});
  table.add("add.rn.sat.f32", {"o4 i4 i4", binary<float, Add, true>});
  table.add("mul.rn.sat.f32", {"o4 i4 i4", binary<float, Mul, true>});
  table.add("fma.rn.sat.f32", {"o4 i4 i4 i4", ternary<float, Fma, true>});
  for (std::string t : {".f16", ".bf16"}) {
    table.add("neg" + t, {"o2 i2", negate<uint16_t>});
    table.add("abs" + t, {"o2 i2", absolute<uint16_t>});
  }
}

void girih::test::ptx::addComparisons(Table &table) {
  addIntegerTests<uint16_t>(table, ".b16"), addIntegerTests<uint16_t>(table, ".u16"),
      addIntegerTests<int16_t>(table, ".s16");
  addIntegerTests<uint32_t>(table, ".b32"), addIntegerTests<uint32_t>(table, ".u32"),
      addIntegerTests<int32_t>(table, ".s32");
  addIntegerTests<uint64_t>(table, ".b64"), addIntegerTests<uint64_t>(table, ".u64"),
      addIntegerTests<int64_t>(table, ".s64");
  addFloatTests<float>(table, ".f32"), addFloatTests<double>(table, ".f64");
}
