// Proves what instructions make of registers, against the plainest C++ for the same. Every one is executed by
// all lanes and by some.
#include "Fixture.h"

#include <bit>
#include <cmath>
#include <limits>
#include <random>

using namespace girih::test::ptx;

namespace {

constexpr int kThreads = 64;

/// Numbers at the ends and all over.
template <typename T> std::vector<T> values(unsigned seed) {
  std::mt19937_64 random(seed);
  std::vector<T> list(kThreads);
  for (T &value : list)
    if constexpr (std::is_floating_point_v<T>) {
      const T special[] = {0,
                           -T(0),
                           1,
                           -1,
                           T(0.5),
                           std::numeric_limits<T>::infinity(),
                           -std::numeric_limits<T>::infinity(),
                           std::numeric_limits<T>::quiet_NaN(),
                           std::numeric_limits<T>::min(),
                           std::numeric_limits<T>::denorm_min(),
                           std::numeric_limits<T>::max(),
                           T(2.5),
                           T(-3.5),
                           T(1e10)};
      value = random() % 2 ? special[random() % std::size(special)]
                           : T(std::ldexp(double(int64_t(random())), int(random() % 80) - 100));
    } else {
      const T special[] = {0,  1,  T(-1), std::numeric_limits<T>::max(), std::numeric_limits<T>::min(), 2, 7,
                           31, 32, 63};
      value = random() % 2 ? special[random() % std::size(special)] : T(random() >> random() % 64);
    }
  return list;
}

template <typename T> std::string bits() { return std::to_string(8 * sizeof(T)); }
template <typename T> std::string reg(int i) {
  return (sizeof(T) == 8 ? "%rd" : sizeof(T) == 4 ? "%r" : "%rs") + std::to_string(i);
}
template <typename T> std::string loadOf(char array, int i) {
  std::string d = reg<T>(i),
              address = "mad.lo.s64 %rd19, %T, " + std::to_string(sizeof(T)) + ", %" + array + ";\n";
  return address + "ld.global.b" + bits<T>() + " " + d + ", [%rd19];\n";
}

/// Runs `body` (which leaves its result in reg<D>(0)) for every thread on its elements of the lists, and
/// again by odd threads alone; those that do not execute it keep 0.
template <typename D, typename... A>
void check(const std::string &body, auto function, const std::vector<A> &...lists) {
  TestMemory memory;
  std::vector<uint64_t> arguments = {memory.put(std::vector<D>(kThreads)), memory.put(lists)...};
  int i = 0;
  std::string loads;
  ((++i, loads += loadOf<A>(char('a' + i), i)), ...);
  std::string store = "mad.lo.s64 %rd19, %T, " + std::to_string(sizeof(D)) + ", %a;\nst.global.b" +
                      bits<D>() + " [%rd19], " + reg<D>(0) + ";\n";
  for (bool all : {true, false}) {
    std::string guard = all ? "" : "and.b32 %r39, %t, 1;\nsetp.eq.b32 %p8, %r39, 0;\n@%p8 bra SKIP;\n";
    std::string zero = "mov.b" + bits<D>() + " " + reg<D>(0) + ", 0;\n";
    ASSERT_EQ(run(zero + loads + guard + body + (all ? "" : "\nSKIP:\n") + store, memory, arguments), "")
        << body;
    std::vector<D> results = memory.get<D>(arguments[0]);
    for (int t = 0; t != kThreads; ++t) {
      D expected = all || t % 2 ? D(function(lists[t]...)) : D(0);
      if constexpr (std::is_floating_point_v<D>) {
        if (expected != expected)
          ASSERT_TRUE(results[t] != results[t]) << body << " lane " << t;
        else
          ASSERT_TRUE(results[t] == expected && std::signbit(results[t]) == std::signbit(expected))
              << body << " lane " << t << ": " << results[t] << " is not " << expected;
      } else {
        ASSERT_EQ(results[t], expected) << body << " lane " << t << ((" " + std::to_string(lists[t])) + ...);
      }
    }
  }
}
template <typename D, typename A> void unary(const std::string &name, auto function) {
  check<D>(name + " " + reg<D>(0) + ", " + reg<A>(1) + ";", function, values<A>(1));
}
template <typename D, typename A, typename B = A>
void binary(const std::string &name, auto function, std::vector<B> second = values<B>(2)) {
  check<D>(name + " " + reg<D>(0) + ", " + reg<A>(1) + ", " + reg<B>(2) + ";", function, values<A>(1),
           second);
}

template <typename T> void checkIntegers(const std::string &t, const std::string &b) {
  using U = std::make_unsigned_t<T>;
  using Wide = std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>;
  binary<T, T>("add" + t, [](T x, T y) { return T(U(x) + U(y)); });
  binary<T, T>("sub" + t, [](T x, T y) { return T(U(x) - U(y)); });
  binary<T, T>("mul.lo" + t, [](T x, T y) { return T(Wide(x) * Wide(y)); });
  binary<T, T>("mul.hi" + t, [](T x, T y) { return T(Wide(x) * Wide(y) >> 8 * sizeof(T)); });
  binary<T, T>("min" + t, [](T x, T y) { return std::min(x, y); });
  binary<T, T>("max" + t, [](T x, T y) { return std::max(x, y); });
  std::vector<T> divisors = values<T>(3);
  for (T &x : divisors)
    x = x == 0 ? T(3) : x;
  binary<T, T>("div" + t, [](T x, T y) { return T(Wide(x) / Wide(y)); }, divisors);
  binary<T, T>("rem" + t, [](T x, T y) { return T(Wide(x) % Wide(y)); }, divisors);
  binary<T, T, uint32_t>("shr" + t, [](T x, uint32_t by) {
    return by < 8 * sizeof(T) ? T(x >> by) : x < 0 ? T(-1) : T(0);
  });
  binary<U, U, uint32_t>("shl" + b, [](U x, uint32_t by) { return by < 8 * sizeof(T) ? U(x << by) : U(0); });
  binary<U, U>("and" + b, [](U x, U y) { return U(x & y); });
  binary<U, U>("or" + b, [](U x, U y) { return U(x | y); });
  binary<U, U>("xor" + b, [](U x, U y) { return U(x ^ y); });
  unary<U, U>("not" + b, [](U x) { return U(~x); });
  unary<U, U>("mov" + b, [](U x) { return x; });
  check<T>(
      "mad.lo" + t + " " + reg<T>(0) + ", " + reg<T>(1) + ", " + reg<T>(2) + ", " + reg<T>(3) + ";",
      [](T x, T y, T z) { return T(Wide(x) * Wide(y) + Wide(z)); }, values<T>(1), values<T>(2), values<T>(4));
}

/// The definition, bit by bit.
template <typename T> T fieldOf(T x, uint32_t at, uint32_t length) {
  at &= 255, length &= 255;
  unsigned last = 8 * sizeof(T) - 1;
  std::make_unsigned_t<T> bits = x, result = 0;
  bool sign = std::is_signed_v<T> && length != 0 && (bits >> std::min(at + length - 1, last) & 1);
  for (unsigned i = 0; i <= last; ++i)
    result |= std::make_unsigned_t<T>(i < length && at + i <= last ? bits >> (at + i) & 1 : sign) << i;
  return T(result);
}
template <typename T> void checkFields(const std::string &t) {
  check<T>("bfe" + t + " " + reg<T>(0) + ", " + reg<T>(1) + ", %r2, %r3;", fieldOf<T>, values<T>(1),
           values<uint32_t>(5), values<uint32_t>(6));
}

template <typename T> void checkComparisons(const std::string &t) {
  auto one = [&](const std::string &name, auto function) {
    std::vector<T> x = values<T>(1), y = values<T>(2);
    for (int i = 0; i < kThreads; i += 3)
      y[i] = x[i];
    std::string operands = t + " %p0, " + reg<T>(1) + ", " + reg<T>(2);
    auto result = [=](T x, T y) { return uint32_t(function(x, y)); };
    check<uint32_t>("setp." + name + operands + ";\nselp.b32 %r0, 1, 0, %p0;", result, x, y);
    check<uint32_t>(
        "setp.ne.b32 %p1, %r3, 0;\nsetp." + name + ".and" + operands + ", %p1;\nselp.b32 %r0, 1, 0, %p0;",
        [=](T x, T y, uint32_t z) { return uint32_t(function(x, y) && z); }, x, y, values<uint32_t>(7));
    check<uint32_t>(
        "setp.ne.b32 %p1, %r3, 0;\nsetp." + name + ".or" + t + " %p0|%p2, " + reg<T>(1) + ", " + reg<T>(2) +
            ", %p1;\nselp.b32 %r0, 1, 0, %p0;\n@%p2 add.s32 %r0, %r0, 2;",
        [=](T x, T y, uint32_t z) { return uint32_t(function(x, y) || z) + 2u * (!function(x, y) || z); }, x,
        y, values<uint32_t>(7));
  };
  bool floats = std::is_floating_point_v<T>;
  auto ordered = [](T x, T y) { return x == x && y == y; };
  one("eq", [](T x, T y) { return x == y; });
  one("ne", [=](T x, T y) { return ordered(x, y) && x != y; });
  one("lt", [](T x, T y) { return x < y; });
  one("le", [](T x, T y) { return x <= y; });
  one("gt", [](T x, T y) { return x > y; });
  one("ge", [](T x, T y) { return x >= y; });
  if (!floats)
    return;
  one("equ", [=](T x, T y) { return !ordered(x, y) || x == y; });
  one("neu", [=](T x, T y) { return !ordered(x, y) || x != y; });
  one("ltu", [=](T x, T y) { return !ordered(x, y) || x < y; });
  one("leu", [=](T x, T y) { return !ordered(x, y) || x <= y; });
  one("gtu", [=](T x, T y) { return !ordered(x, y) || x > y; });
  one("geu", [=](T x, T y) { return !ordered(x, y) || x >= y; });
  one("num", ordered);
  one("nan", [=](T x, T y) { return !ordered(x, y); });
}

float truncatedTo(float x, int bits) {
  return std::bit_cast<float>(std::bit_cast<uint32_t>(x) >> bits << bits);
}

} // namespace

TEST(PtxInstructions, Integers) {
  checkIntegers<uint16_t>(".u16", ".b16"), checkIntegers<int16_t>(".s16", ".b16");
  checkIntegers<uint32_t>(".u32", ".b32"), checkIntegers<int32_t>(".s32", ".b32");
  checkIntegers<uint64_t>(".u64", ".b64"), checkIntegers<int64_t>(".s64", ".b64");
}

TEST(PtxInstructions, WideProducts) {
  binary<uint64_t, uint32_t>("mul.wide.u32", [](uint32_t x, uint32_t y) { return uint64_t(x) * y; });
  binary<int64_t, int32_t>("mul.wide.s32", [](int32_t x, int32_t y) { return int64_t(x) * y; });
  binary<uint32_t, uint16_t>("mul.wide.u16", [](uint16_t x, uint16_t y) { return uint32_t(x) * y; });
  binary<int32_t, int16_t>("mul.wide.s16", [](int16_t x, int16_t y) { return int32_t(x) * y; });
  check<int64_t>(
      "mad.wide.s32 %rd0, %r1, %r2, %rd3;",
      [](int32_t x, int32_t y, int64_t z) { return uint64_t(int64_t(x) * y) + uint64_t(z); },
      values<int32_t>(1), values<int32_t>(2), values<int64_t>(3));
}

TEST(PtxInstructions, SignsAndFieldsAndCounts) {
  unary<int32_t, int32_t>("neg.s32", [](int32_t x) { return int32_t(-uint32_t(x)); });
  unary<int64_t, int64_t>("abs.s64", [](int64_t x) { return int64_t(x < 0 ? -uint64_t(x) : uint64_t(x)); });
  checkFields<uint32_t>(".u32"), checkFields<int32_t>(".s32"), checkFields<uint64_t>(".u64"),
      checkFields<int64_t>(".s64");
  unary<uint32_t, uint64_t>("popc.b64", [](uint64_t x) { return std::popcount(x); });
  unary<uint32_t, uint32_t>("clz.b32", [](uint32_t x) { return std::countl_zero(x); });
  unary<uint32_t, uint64_t>("clz.b64", [](uint64_t x) { return std::countl_zero(x); });
  check<uint32_t>(
      "bfi.b32 %r0, %r1, %r2, %r3, %r4;",
      [](uint32_t x, uint32_t y, uint32_t at, uint32_t length) {
        at &= 255, length &= 255;
        for (uint32_t i = 0; i < length && at + i < 32; ++i)
          y = (y & ~(1u << (at + i))) | ((i < 32 ? x >> i & 1 : 0) << (at + i));
        return y;
      },
      values<uint32_t>(1), values<uint32_t>(2), values<uint32_t>(3), values<uint32_t>(4));
  check<uint32_t>(
      "prmt.b32 %r0, %r1, %r2, %r3;",
      [](uint32_t x, uint32_t y, uint32_t z) {
        uint8_t in[8], out[4];
        memcpy(in, &x, 4), memcpy(in + 4, &y, 4);
        for (int i = 0; i != 4; ++i) {
          uint32_t selector = z >> 4 * i & 15;
          out[i] = selector & 8 ? (in[selector & 7] & 128 ? 255 : 0) : in[selector];
        }
        return std::bit_cast<uint32_t>(out);
      },
      values<uint32_t>(1), values<uint32_t>(2), values<uint32_t>(8));
}

TEST(PtxInstructions, MovesPackAndUnpack) {
  check<uint64_t>(
      "mov.b64 %rd0, {%r1, %r2};", [](uint32_t x, uint32_t y) { return uint64_t(y) << 32 | x; },
      values<uint32_t>(1), values<uint32_t>(2));
  check<uint32_t>("mov.b64 {%r0, _}, %rd1;", [](uint64_t x) { return uint32_t(x); }, values<uint64_t>(1));
  check<uint32_t>(
      "mov.b64 {%r4, %r0}, %rd1;", [](uint64_t x) { return uint32_t(x >> 32); }, values<uint64_t>(1));
  check<uint32_t>(
      "mov.b32 %r0, {%rs1, %rs2};", [](uint16_t x, uint16_t y) { return uint32_t(y) << 16 | x; },
      values<uint16_t>(1), values<uint16_t>(2));
  check<float>("mov.b32 %r0, 0f3FC00000;", [](uint32_t) { return 1.5f; }, values<uint32_t>(1));
  check<uint64_t>(
      "mov.b64 %rd0, -6148914691236517205;", [](uint32_t) { return uint64_t(-6148914691236517205); },
      values<uint32_t>(1));
  check<uint32_t>(
      "mov.pred %p0, -1;\nnot.pred %p1, %p0;\nselp.b32 %r0, 5, 6, %p1;", [](uint32_t) { return 6; },
      values<uint32_t>(1));
}

TEST(PtxInstructions, Floats) {
  binary<float, float>("add.rn.f32", [](float x, float y) { return x + y; });
  binary<float, float>("sub.rn.f32", [](float x, float y) { return x - y; });
  binary<float, float>("mul.rn.f32", [](float x, float y) { return x * y; });
  binary<float, float>("div.rn.f32", [](float x, float y) { return x / y; });
  binary<double, double>("add.rn.f64", [](double x, double y) { return x + y; });
  check<float>(
      "fma.rn.f32 %r0, %r1, %r2, %r3;", [](float x, float y, float z) { return std::fma(x, y, z); },
      values<float>(1), values<float>(2), values<float>(3));
  // A product and a sum are two roundings.
  check<float>(
      "mul.rn.f32 %r4, %r1, %r2;\nadd.rn.f32 %r0, %r4, %r3;",
      [](float x, float y, float z) {
        volatile float product = x * y;
        return product + z;
      },
      values<float>(1), values<float>(2), values<float>(3));
  unary<float, float>("rcp.rn.f32", [](float x) { return 1 / x; });
  unary<float, float>("sqrt.rn.f32", [](float x) { return std::sqrt(x); });
  unary<float, float>("neg.f32", [](float x) { return -x; });
  unary<float, float>("abs.f32", [](float x) { return std::fabs(x); });
  binary<float, float>("copysign.f32", [](float x, float y) { return std::copysign(y, x); });
  auto largest = [](float x, float y) { return x == y ? (std::signbit(x) ? y : x) : x > y ? x : y; };
  auto smallest = [](float x, float y) { return x == y ? (std::signbit(x) ? x : y) : x < y ? x : y; };
  binary<float, float>("max.f32", [=](float x, float y) { return x != x ? y : y != y ? x : largest(x, y); });
  binary<float, float>("min.f32", [=](float x, float y) { return x != x ? y : y != y ? x : smallest(x, y); });
  binary<float, float>("max.NaN.f32", [=](float x, float y) {
    return x != x ? x : y != y ? y : largest(x, y);
  });
  binary<float, float>("min.NaN.f32", [=](float x, float y) {
    return x != x ? x : y != y ? y : smallest(x, y);
  });
  check<uint32_t>(
      "testp.finite.f32 %p0, %r1;\nselp.b32 %r0, 1, 0, %p0;", [](float x) { return std::isfinite(x); },
      values<float>(1));
  check<uint32_t>(
      "testp.subnormal.f32 %p0, %r1;\nselp.b32 %r0, 1, 0, %p0;",
      [](float x) { return std::fpclassify(x) == FP_SUBNORMAL; }, values<float>(1));
  // Of NaNs the machine makes one.
  check<uint32_t>(
      "mul.rn.f32 %r0, %r1, 0f7F800000;", [](uint32_t) { return 0x7fffffffu; },
      std::vector<uint32_t>(kThreads, 0));
}

TEST(PtxInstructions, Comparisons) {
  checkComparisons<uint16_t>(".u16"), checkComparisons<int32_t>(".s32"), checkComparisons<uint32_t>(".u32");
  checkComparisons<int64_t>(".s64"), checkComparisons<uint64_t>(".u64"), checkComparisons<float>(".f32");
}

TEST(PtxInstructions, ConversionsOfIntegers) {
  unary<uint64_t, uint32_t>("cvt.u64.u32", [](uint32_t x) { return x; });
  unary<int64_t, int32_t>("cvt.s64.s32", [](int32_t x) { return x; });
  unary<uint32_t, uint64_t>("cvt.u32.u64", [](uint64_t x) { return uint32_t(x); });
  unary<uint32_t, uint16_t>("cvt.u32.u16", [](uint16_t x) { return x; });
  unary<int32_t, int16_t>("cvt.s32.s16", [](int16_t x) { return x; });
  unary<int32_t, int16_t>("cvt.s32.s8", [](int16_t x) { return int8_t(x); });
  unary<uint16_t, uint64_t>("cvt.u16.u64", [](uint64_t x) { return uint16_t(x); });
  unary<int16_t, int32_t>("cvt.sat.s8.s32", [](int32_t x) { return int8_t(std::clamp(x, -128, 127)); });
  unary<uint16_t, int32_t>("cvt.sat.u8.s32", [](int32_t x) { return uint16_t(std::clamp(x, 0, 255)); });
  unary<uint32_t, int64_t>("cvt.sat.u32.s64",
                           [](int64_t x) { return uint32_t(std::clamp<int64_t>(x, 0, 0xffffffff)); });
}

TEST(PtxInstructions, ConversionsOfFloats) {
  auto clamped = [](double x, double low, double high) { return x != x ? 0 : std::clamp(x, low, high); };
  unary<float, int32_t>("cvt.rn.f32.s32", [](int32_t x) { return float(x); });
  unary<float, uint32_t>("cvt.rn.f32.u32", [](uint32_t x) { return float(x); });
  unary<float, uint64_t>("cvt.rn.f32.u64", [](uint64_t x) { return float(x); });
  unary<float, int64_t>("cvt.rn.f32.s64", [](int64_t x) { return float(x); });
  unary<int32_t, float>("cvt.rzi.s32.f32", [=](float x) { return int32_t(clamped(x, -0x1p31, 0x1p31 - 1)); });
  unary<uint32_t, float>("cvt.rzi.u32.f32", [=](float x) { return uint32_t(clamped(x, 0, 0x1p32 - 1)); });
  unary<int32_t, float>("cvt.rni.s32.f32",
                        [=](float x) { return int32_t(clamped(std::nearbyint(x), -0x1p31, 0x1p31 - 1)); });
  unary<int16_t, float>("cvt.rni.sat.s8.f32",
                        [=](float x) { return int8_t(clamped(std::nearbyint(x), -128, 127)); });
  unary<int32_t, float>("cvt.rmi.s32.f32", [=](float x) {
    return int32_t(clamped(std::floor(double(x)), -0x1p31, 0x1p31 - 1));
  });
  unary<float, float>("cvt.rni.f32.f32", [](float x) { return std::nearbyint(x); });
  unary<float, float>("cvt.rmi.f32.f32", [](float x) { return std::floor(x); });
  unary<float, float>("cvt.rpi.f32.f32", [](float x) { return std::ceil(x); });
  unary<float, float>("cvt.rzi.f32.f32", [](float x) { return std::trunc(x); });
  unary<float, float>("cvt.sat.f32.f32", [](float x) { return x > 0 ? std::min(x, 1.0f) : 0.0f; });
  unary<double, float>("cvt.f64.f32", [](float x) { return double(x); });
  unary<float, double>("cvt.rn.f32.f64", [](double x) { return float(x); });
}

TEST(PtxInstructions, Halves) {
  auto toBF16 = [](float x) -> uint16_t { // of the two neighbours the nearer, the even one in the middle
    if (x != x)
      return 0x7fff;
    float below = truncatedTo(x, 16);
    float above = std::bit_cast<float>(std::bit_cast<uint32_t>(below) + 0x10000);
    double down = double(x) - below,
           up = (std::isinf(above) ? std::copysign(0x1p128, x) : double(above)) - double(x);
    bool odd = std::bit_cast<uint32_t>(below) >> 16 & 1;
    return uint16_t(std::bit_cast<uint32_t>(std::isinf(x) || std::fabs(down) < std::fabs(up) ||
                                                    (std::fabs(down) == std::fabs(up) && !odd)
                                                ? below
                                                : above) >>
                    16);
  };
  unary<uint16_t, float>("cvt.rn.bf16.f32", toBF16);
  unary<float, uint16_t>("cvt.f32.bf16", [](uint16_t x) { return std::bit_cast<float>(uint32_t(x) << 16); });
  // In f32 a sum or a product of two is rounded so finely that rounding again makes no difference.
  auto fromBF16 = [](uint16_t x) { return std::bit_cast<float>(uint32_t(x) << 16); };
  binary<uint16_t, uint16_t>("add.rn.bf16",
                             [=](uint16_t x, uint16_t y) { return toBF16(fromBF16(x) + fromBF16(y)); });
  binary<uint16_t, uint16_t>("sub.bf16",
                             [=](uint16_t x, uint16_t y) { return toBF16(fromBF16(x) - fromBF16(y)); });
  binary<uint16_t, uint16_t>("mul.rn.bf16",
                             [=](uint16_t x, uint16_t y) { return toBF16(fromBF16(x) * fromBF16(y)); });
  // 1 + 2^-8 lies in the middle of two, and a little more decides.
  std::vector<uint16_t> factor(kThreads, 0x3f81), eighth(kThreads, 0x3b80), one(kThreads, 0x3f80);
  auto always = [](uint16_t result) { return [=](uint16_t, uint16_t, uint16_t) { return result; }; };
  check<uint16_t>("fma.rn.bf16 %rs0, %rs1, %rs2, %rs3;", always(0x3f81), factor, eighth, one);
  check<uint16_t>("fma.rn.bf16 %rs0, %rs1, %rs2, %rs3;", always(0x3f80), one, eighth, one);
  unary<float, uint16_t>("cvt.f32.f16", [](uint16_t x) -> float {
    int exponent = x >> 10 & 31, fraction = x & 1023;
    float size = exponent == 31 ? (fraction ? NAN : INFINITY)
                                : std::ldexp(float(exponent ? fraction + 1024 : fraction),
                                             (exponent ? exponent : 1) - 25);
    return x >> 15 ? -size : size;
  });
  std::vector<float> some = {1.0f,          1.5f,  65504.0f,       65520.0f,     1e-7f,
                             5.9604645e-8f, -2.0f, 1.00048828125f, 1.0009765625f};
  std::vector<uint16_t> asF16 = {0x3c00, 0x3e00, 0x7bff, 0x7c00, 0x0002, 0x0001, 0xc000, 0x3c00, 0x3c01};
  some.resize(kThreads), asF16.resize(kThreads);
  check<uint16_t>(
      "cvt.rn.f16.f32 %rs0, %r1;",
      [&](float x) { return asF16[size_t(std::find(some.begin(), some.end(), x) - some.begin())]; }, some);
  check<uint32_t>(
      "cvt.rn.bf16x2.f32 %r0, %r1, %r2;",
      [=](float x, float y) { return uint32_t(toBF16(x)) << 16 | toBF16(y); }, values<float>(1),
      values<float>(2));
}
