// Integer and bit instructions, moves and selections.
#include "Warp.h"

#include <algorithm>
#include <type_traits>

using namespace girih::test::ptx;

namespace {

/// A function of lanes: `Op::run` maps elements of type `T`; amounts of shifts and positions of fields are
/// 32-bit numbers.
template <typename T, typename Op> void unary(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<Bits<T>>(i.rows[0]), *a = warp.row<Bits<T>>(i.rows[1]);
  forLanes(mask, [=](unsigned l) { d[l] = Bits<T>(Op::run(T(a[l]))); });
}
template <typename T, typename Op> void binary(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<Bits<T>>(i.rows[0]), *a = warp.row<Bits<T>>(i.rows[1]),
       *b = warp.row<Bits<T>>(i.rows[2]);
  forLanes(mask, [=](unsigned l) { d[l] = Bits<T>(Op::run(T(a[l]), T(b[l]))); });
}
template <typename T, typename Op> void ternary(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<Bits<T>>(i.rows[0]), *a = warp.row<Bits<T>>(i.rows[1]),
       *b = warp.row<Bits<T>>(i.rows[2]), *c = warp.row<Bits<T>>(i.rows[3]);
  forLanes(mask, [=](unsigned l) { d[l] = Bits<T>(Op::run(T(a[l]), T(b[l]), T(c[l]))); });
}
template <typename T, typename Op> void shift(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<Bits<T>>(i.rows[0]), *a = warp.row<Bits<T>>(i.rows[1]);
  auto *b = warp.row<uint32_t>(i.rows[2]);
  forLanes(mask, [=](unsigned l) { d[l] = Bits<T>(Op::run(T(a[l]), b[l])); });
}
template <typename T, typename Op> void extract(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<Bits<T>>(i.rows[0]), *a = warp.row<Bits<T>>(i.rows[1]);
  auto *b = warp.row<uint32_t>(i.rows[2]), *c = warp.row<uint32_t>(i.rows[3]);
  forLanes(mask, [=](unsigned l) { d[l] = Bits<T>(Op::run(T(a[l]), b[l] & 255, c[l] & 255)); });
}
template <typename T> void insert(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<T>(i.rows[0]), *a = warp.row<T>(i.rows[1]), *b = warp.row<T>(i.rows[2]);
  auto *c = warp.row<uint32_t>(i.rows[3]), *e = warp.row<uint32_t>(i.rows[4]);
  forLanes(mask, [=](unsigned l) {
    uint32_t at = c[l] & 255, length = e[l] & 255, bits = 8 * sizeof(T);
    T ones = at >= bits || length == 0 ? T(0) : (length >= bits ? T(-1) : T((T(1) << length) - 1)) << at;
    d[l] = (b[l] & ~ones) | (at >= bits ? T(0) : T(a[l] << at) & ones);
  });
}
template <typename T, typename Op> void count(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<uint32_t>(i.rows[0]);
  auto *a = warp.row<T>(i.rows[1]);
  forLanes(mask, [=](unsigned l) { d[l] = uint32_t(Op::run(a[l])); });
}

template <typename T> struct Wider;
template <> struct Wider<uint16_t> {
  using Type = uint32_t;
};
template <> struct Wider<int16_t> {
  using Type = int32_t;
};
template <> struct Wider<uint32_t> {
  using Type = uint64_t;
};
template <> struct Wider<int32_t> {
  using Type = int64_t;
};
template <> struct Wider<uint64_t> {
  using Type = unsigned __int128;
};
template <> struct Wider<int64_t> {
  using Type = __int128;
};
template <typename T> using Wide = typename Wider<T>::Type;
template <typename T> using Wrap = std::make_unsigned_t<T>;

struct Add {
  template <typename T> static T run(T a, T b) { return T(Wrap<T>(a) + Wrap<T>(b)); }
};
struct Sub {
  template <typename T> static T run(T a, T b) { return T(Wrap<T>(a) - Wrap<T>(b)); }
};
struct MulLo {
  template <typename T> static T run(T a, T b) { return T(uint64_t(a) * uint64_t(b)); }
};
struct MulHi {
  template <typename T> static T run(T a, T b) { return T(Wide<T>(a) * Wide<T>(b) >> 8 * sizeof(T)); }
};
struct MadLo {
  template <typename T> static T run(T a, T b, T c) { return T(uint64_t(a) * uint64_t(b) + uint64_t(c)); }
};
struct MadHi {
  template <typename T> static T run(T a, T b, T c) { return Add::run(MulHi::run(a, b), c); }
};
struct Min {
  template <typename T> static T run(T a, T b) { return a < b ? a : b; }
};
struct Max {
  template <typename T> static T run(T a, T b) { return a < b ? b : a; }
};
struct And {
  template <typename T> static T run(T a, T b) { return a & b; }
};
struct Or {
  template <typename T> static T run(T a, T b) { return a | b; }
};
struct Xor {
  template <typename T> static T run(T a, T b) { return a ^ b; }
};
struct Not {
  template <typename T> static T run(T a) { return ~a; }
};
struct Neg {
  template <typename T> static T run(T a) { return T(-Wrap<T>(a)); }
};
struct Abs {
  template <typename T> static T run(T a) { return a < 0 ? Neg::run(a) : a; }
};
struct Move {
  template <typename T> static T run(T a) { return a; }
};
/// Amounts from the width on shift everything out.
struct Shl {
  template <typename T> static T run(T a, uint32_t by) { return by < 8 * sizeof(T) ? T(a << by) : T(0); }
};
struct Shr {
  template <typename T> static T run(T a, uint32_t by) {
    return T(a >> std::min<uint32_t>(by, 8 * sizeof(T) - 1) >> (by >= 8 * sizeof(T)));
  }
};
struct Popc {
  template <typename T> static int run(T a) { return std::popcount(a); }
};
struct Clz {
  template <typename T> static int run(T a) { return std::countl_zero(a); }
};
struct Brev {
  template <typename T> static T run(T a) {
    T reversed = 0;
    for (unsigned bit = 0; bit != 8 * sizeof(T); ++bit)
      reversed |= T(a >> bit & 1) << (8 * sizeof(T) - 1 - bit);
    return reversed;
  }
};
/// Fields that reach beyond the number are continued by its sign, or 0.
struct Bfe {
  template <typename T> static T run(T a, uint32_t at, uint32_t length) {
    uint32_t bits = 8 * sizeof(T);
    if (length == 0)
      return 0;
    T shifted = Shr::run(a, at);
    uint32_t unused = at < bits && length <= bits - at ? bits - length : 0;
    return unused == 0 ? shifted : T(T(Wrap<T>(shifted) << unused) >> unused);
  }
};

template <typename T> void multiplyWide(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<Bits<Wide<T>>>(i.rows[0]);
  auto *a = warp.row<Bits<T>>(i.rows[1]), *b = warp.row<Bits<T>>(i.rows[2]);
  forLanes(mask, [=](unsigned l) { d[l] = Bits<Wide<T>>(Wide<T>(T(a[l])) * Wide<T>(T(b[l]))); });
}
template <typename T> void multiplyAddWide(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<Bits<Wide<T>>>(i.rows[0]), *c = warp.row<Bits<Wide<T>>>(i.rows[3]);
  auto *a = warp.row<Bits<T>>(i.rows[1]), *b = warp.row<Bits<T>>(i.rows[2]);
  forLanes(mask, [=](unsigned l) { d[l] = Bits<Wide<T>>(Wide<T>(T(a[l])) * Wide<T>(T(b[l]))) + c[l]; });
}

/// What the machine makes of a division by 0 is not said, so no program may do it.
template <typename T, bool remainder> void divide(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<Bits<T>>(i.rows[0]), *a = warp.row<Bits<T>>(i.rows[1]),
       *b = warp.row<Bits<T>>(i.rows[2]);
  for (; mask != 0; mask &= mask - 1) {
    unsigned l = unsigned(std::countr_zero(mask));
    T x = T(a[l]), y = T(b[l]);
    if (y == 0)
      return warp.fail(l, "division of " + std::to_string(x) + " by 0");
    bool overflows = std::is_signed_v<T> && y == T(-1);
    d[l] = Bits<T>(overflows ? (remainder ? T(0) : Neg::run(x)) : remainder ? T(x % y) : T(x / y));
  }
}

template <typename T> void select(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<T>(i.rows[0]), *a = warp.row<T>(i.rows[1]), *b = warp.row<T>(i.rows[2]);
  uint32_t p = warp.predicate(i.rows[3]);
  forLanes(mask, [=](unsigned l) { d[l] = p >> l & 1 ? a[l] : b[l]; });
}

/// {a, b} -> d and back; a is the low half.
template <typename T> void pack(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<Bits<Wide<T>>>(i.rows[0]);
  auto *a = warp.row<T>(i.rows[1]), *b = warp.row<T>(i.rows[2]);
  forLanes(mask, [=](unsigned l) { d[l] = Wide<T>(a[l]) | Wide<T>(b[l]) << 8 * sizeof(T); });
}
template <typename T> void unpack(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<T>(i.rows[0]), *e = warp.row<T>(i.rows[1]);
  auto *a = warp.row<Bits<Wide<T>>>(i.rows[2]);
  forLanes(mask, [=](unsigned l) { d[l] = T(a[l]), e[l] = T(a[l] >> 8 * sizeof(T)); });
}
void pack4(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<uint64_t>(i.rows[0]);
  for (unsigned k = 0; k != 4; ++k) {
    auto *a = warp.row<uint16_t>(i.rows[1 + k]);
    forLanes(mask, [=](unsigned l) { d[l] = (d[l] & ~(0xffffull << 16 * k)) | uint64_t(a[l]) << 16 * k; });
  }
}
void unpack4(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *a = warp.row<uint64_t>(i.rows[4]);
  for (unsigned k = 0; k != 4; ++k) {
    auto *d = warp.row<uint16_t>(i.rows[k]);
    forLanes(mask, [=](unsigned l) { d[l] = uint16_t(a[l] >> 16 * k); });
  }
}

/// Every nibble of the third operand selects a byte of the other two, or its sign.
void permute(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<uint32_t>(i.rows[0]), *a = warp.row<uint32_t>(i.rows[1]),
       *b = warp.row<uint32_t>(i.rows[2]), *c = warp.row<uint32_t>(i.rows[3]);
  forLanes(mask, [=](unsigned l) {
    uint64_t all = uint64_t(b[l]) << 32 | a[l];
    uint32_t result = 0;
    for (unsigned k = 0; k != 4; ++k) {
      uint32_t selector = c[l] >> 4 * k & 15, byte = uint32_t(all >> 8 * (selector & 7)) & 255;
      result |= (selector & 8 ? (byte & 128 ? 255u : 0u) : byte) << 8 * k;
    }
    d[l] = result;
  });
}

void logic3(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<uint32_t>(i.rows[0]), *a = warp.row<uint32_t>(i.rows[1]),
       *b = warp.row<uint32_t>(i.rows[2]), *c = warp.row<uint32_t>(i.rows[3]);
  uint32_t table = uint32_t(i.constants[0]);
  forLanes(mask, [=](unsigned l) {
    uint32_t result = 0;
    for (unsigned k = 0; k != 8; ++k)
      result |= table >> k & 1 ? (k & 4 ? a[l] : ~a[l]) & (k & 2 ? b[l] : ~b[l]) & (k & 1 ? c[l] : ~c[l]) : 0;
    d[l] = result;
  });
}

/// Shifts of the pair b:a by the third operand: a word of the result.
template <bool left, bool wraps> void funnel(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<uint32_t>(i.rows[0]), *a = warp.row<uint32_t>(i.rows[1]),
       *b = warp.row<uint32_t>(i.rows[2]), *c = warp.row<uint32_t>(i.rows[3]);
  forLanes(mask, [=](unsigned l) {
    uint64_t both = uint64_t(b[l]) << 32 | a[l];
    uint32_t by = wraps ? c[l] & 31 : std::min(c[l], 32u);
    d[l] = left ? uint32_t(both << by >> 32) : uint32_t(both >> by);
  });
}

/// Four products of bytes and a sum.
template <typename A, typename B> void dot4(Warp &warp, const Instruction &i, uint32_t mask) {
  auto *d = warp.row<uint32_t>(i.rows[0]), *a = warp.row<uint32_t>(i.rows[1]),
       *b = warp.row<uint32_t>(i.rows[2]), *c = warp.row<uint32_t>(i.rows[3]);
  forLanes(mask, [=](unsigned l) {
    uint32_t sum = c[l];
    for (unsigned k = 0; k != 32; k += 8)
      sum += uint32_t(int32_t(A(a[l] >> k)) * int32_t(B(b[l] >> k)));
    d[l] = sum;
  });
}

template <uint32_t combine(uint32_t, uint32_t)>
void predicates(Warp &warp, const Instruction &i, uint32_t mask) {
  uint32_t &d = warp.predicate(i.rows[0]);
  d = (d & ~mask) | (combine(warp.predicate(i.rows[1]), warp.predicate(i.rows[2])) & mask);
}
uint32_t andOf(uint32_t a, uint32_t b) { return a & b; }
uint32_t orOf(uint32_t a, uint32_t b) { return a | b; }
uint32_t xorOf(uint32_t a, uint32_t b) { return a ^ b; }
template <bool negated> void movePredicate(Warp &warp, const Instruction &i, uint32_t mask) {
  uint32_t &d = warp.predicate(i.rows[0]), a = warp.predicate(i.rows[1]);
  d = (d & ~mask) | ((negated ? ~a : a) & mask);
}

template <typename T> std::string typeName() {
  return std::string(".") + (std::is_signed_v<T> ? "s" : "u") + std::to_string(8 * sizeof(T));
}

template <typename T> void addIntegersOf(Table &table) {
  std::string t = typeName<T>(), o = operandOf<T>('o'), i = " " + operandOf<T>('i');
  std::string two = o + i + i, three = two + i;
  table.add("add" + t, {two, binary<T, Add>});
  table.add("sub" + t, {two, binary<T, Sub>});
  table.add("mul.lo" + t, {two, binary<T, MulLo>});
  table.add("mul.hi" + t, {two, binary<T, MulHi>});
  table.add("mad.lo" + t, {three, ternary<T, MadLo>});
  table.add("mad.hi" + t, {three, ternary<T, MadHi>});
  table.add("min" + t, {two, binary<T, Min>});
  table.add("max" + t, {two, binary<T, Max>});
  table.add("div" + t, {two, divide<T, false>});
  table.add("rem" + t, {two, divide<T, true>});
  table.add("shr" + t, {o + i + " i4", shift<T, Shr>});
  if constexpr (sizeof(T) != 2)
    table.add("bfe" + t, {o + i + " i4 i4", extract<T, Bfe>});
  if constexpr (std::is_signed_v<T>) {
    table.add("neg" + t, {o + i, unary<T, Neg>});
    table.add("abs" + t, {o + i, unary<T, Abs>});
  }
  if constexpr (sizeof(T) != 8) {
    std::string wide = operandOf<Wide<T>>('o') + i + i;
    table.add("mul.wide" + t, {wide, multiplyWide<T>});
    table.add("mad.wide" + t, {wide + " " + operandOf<Wide<T>>('i'), multiplyAddWide<T>});
  }
}

template <typename T> void addBitsOf(Table &table) {
  std::string bits = std::to_string(8 * sizeof(T)), t = ".b" + bits, o = operandOf<T>('o'),
              i = " " + operandOf<T>('i');
  std::string two = o + i + i;
  table.add("and" + t, {two, binary<T, And>});
  table.add("or" + t, {two, binary<T, Or>});
  table.add("xor" + t, {two, binary<T, Xor>});
  table.add("not" + t, {o + i, unary<T, Not>});
  table.add("shl" + t, {o + i + " i4", shift<T, Shl>});
  table.add("shr" + t, {o + i + " i4", shift<T, Shr>});
  if constexpr (sizeof(T) != 2) {
    table.add("popc" + t, {"o4" + i, count<T, Popc>});
    table.add("clz" + t, {"o4" + i, count<T, Clz>});
    table.add("brev" + t, {o + i, unary<T, Brev>});
    table.add("bfi" + t, {o + i + i + " i4 i4", insert<T>});
  }
  for (const char *kind : {".b", ".u", ".s", ".f"}) {
    table.add("mov" + (kind + bits), {o + i, unary<T, Move>});
    table.add("selp" + (kind + bits), {two + " q", select<T>});
  }
}

} // namespace

void girih::test::ptx::addIntegers(Table &table) {
  addIntegersOf<uint16_t>(table), addIntegersOf<int16_t>(table);
  addIntegersOf<uint32_t>(table), addIntegersOf<int32_t>(table);
  addIntegersOf<uint64_t>(table), addIntegersOf<int64_t>(table);
  addBitsOf<uint16_t>(table), addBitsOf<uint32_t>(table), addBitsOf<uint64_t>(table);
  table.add("mov.b32", {"o4 { i2 i2 }", pack<uint16_t>});
  table.add("mov.b32", {"{ o2 o2 } i4", unpack<uint16_t>});
  table.add("mov.b64", {"o8 { i4 i4 }", pack<uint32_t>});
  table.add("mov.b64", {"{ o4 o4 } i8", unpack<uint32_t>});
  table.add("mov.b64", {"o8 { i2 i2 i2 i2 }", pack4});
  table.add("mov.b64", {"{ o2 o2 o2 o2 } i8", unpack4});
  table.add("prmt.b32", {"o4 i4 i4 i4", permute});
  table.add("lop3.b32", {"o4 i4 i4 i4 n", logic3});
  table.add("shf.l.wrap.b32", {"o4 i4 i4 i4", funnel<true, true>});
  table.add("shf.r.wrap.b32", {"o4 i4 i4 i4", funnel<false, true>});
  table.add("shf.l.clamp.b32", {"o4 i4 i4 i4", funnel<true, false>});
  table.add("shf.r.clamp.b32", {"o4 i4 i4 i4", funnel<false, false>});
  table.add("dp4a.s32.s32", {"o4 i4 i4 i4", dot4<int8_t, int8_t>});
  table.add("dp4a.u32.u32", {"o4 i4 i4 i4", dot4<uint8_t, uint8_t>});
  table.add("dp4a.s32.u32", {"o4 i4 i4 i4", dot4<int8_t, uint8_t>});
  table.add("dp4a.u32.s32", {"o4 i4 i4 i4", dot4<uint8_t, int8_t>});
  table.add("and.pred", {"p q q", predicates<andOf>});
  table.add("or.pred", {"p q q", predicates<orOf>});
  table.add("xor.pred", {"p q q", predicates<xorOf>});
  table.add("not.pred", {"p q", movePredicate<true>});
  table.add("mov.pred", {"p q", movePredicate<false>});
}
