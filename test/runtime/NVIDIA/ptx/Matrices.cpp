// The tensor cores' fragments: loads, stores and products. A lane's group is lane / 4, its place in it lane
// % 4.
#include "Memory.h"

#include <type_traits>

using namespace girih::test::ptx;

namespace {

/// Matrices of 8 rows of 16 bytes; the rows of matrix m are where lanes 8 m to 8 m + 7 say.
template <unsigned count>
bool rowsOf(Warp &warp, const Instruction &i, unsigned addressRow, Use use, uint8_t *(&rows)[4][8]) {
  for (unsigned lane = 0; lane != 8 * count; ++lane)
    if (!(rows[lane / 8][lane % 8] = sharedAt(warp, lane, addressOf(warp, i, addressRow, 0, lane), 16, use)))
      return false;
  return true;
}
/// Where the halves of a lane's register lie in their matrix.
template <bool transposed> uint8_t *halfAt(uint8_t *const (&rows)[8], unsigned lane, unsigned half) {
  return transposed ? rows[2 * (lane % 4) + half] + 2 * (lane / 4)
                    : rows[lane / 4] + 4 * (lane % 4) + 2 * half;
}
template <unsigned count, bool transposed> void loadMatrices(Warp &warp, const Instruction &i, uint32_t) {
  uint8_t *rows[4][8];
  if (!rowsOf<count>(warp, i, count, Use::Read, rows))
    return;
  for (unsigned m = 0; m != count; ++m)
    for (unsigned lane = 0; lane != kLanes; ++lane) {
      uint16_t halves[2];
      for (unsigned half = 0; half != 2; ++half)
        memcpy(&halves[half], halfAt<transposed>(rows[m], lane, half), 2);
      warp.row<uint32_t>(i.rows[m])[lane] = halves[0] | uint32_t(halves[1]) << 16;
    }
}
template <unsigned count, bool transposed> void storeMatrices(Warp &warp, const Instruction &i, uint32_t) {
  uint8_t *rows[4][8];
  if (!rowsOf<count>(warp, i, 0, Use::Write, rows))
    return;
  for (unsigned m = 0; m != count; ++m)
    for (unsigned lane = 0; lane != kLanes; ++lane) {
      uint32_t value = warp.row<uint32_t>(i.rows[1 + m])[lane];
      for (unsigned half = 0; half != 2; ++half) {
        uint16_t bits = uint16_t(value >> 16 * half);
        memcpy(halfAt<transposed>(rows[m], lane, half), &bits, 2);
      }
    }
}

//===- Products ---------------------------------------------------------------------------------------===//

/// How elements are packed in a register, and what they are.
struct BF16 {
  using Sum = double;
  static constexpr unsigned perRegister = 2;
  static double get(uint32_t word, unsigned i) {
    return std::bit_cast<float>(i == 0 ? word << 16 : word & 0xffff0000);
  }
};
struct F16 {
  using Sum = double;
  static constexpr unsigned perRegister = 2;
  static double get(uint32_t word, unsigned i) {
    return float(std::bit_cast<_Float16>(uint16_t(word >> 16 * i)));
  }
};
/// The low bits of the f32 are not looked at.
struct TF32 {
  using Sum = double;
  static constexpr unsigned perRegister = 1;
  static double get(uint32_t word, unsigned) { return std::bit_cast<float>(word & 0xffffe000); }
};
template <typename Byte> struct Bytes {
  using Sum = uint32_t;
  static constexpr unsigned perRegister = 4;
  static uint32_t get(uint32_t word, unsigned i) { return uint32_t(int32_t(Byte(word >> 8 * i))); }
};

/// D = A B + C of 16 x K, K x 8 and 16 x 8. Products of halves are exact in f64 and so, nearly always, is
/// their sum: it is rounded once, to f32. Tensor cores add a few products at a time and cut what lies below
/// the largest, so their last bits are others; tests allow for them.
template <typename A, typename B, unsigned K> void multiply(Warp &warp, const Instruction &i, uint32_t) {
  using Sum = typename A::Sum;
  constexpr unsigned each = A::perRegister, perA = 16 * K / (kLanes * each), perB = 8 * K / (kLanes * each);
  Sum a[16][K], b[K][8], c[16][8];
  for (unsigned r = 0; r != perA; ++r)
    for (unsigned lane = 0; lane != kLanes; ++lane)
      for (unsigned e = 0; e != each; ++e)
        a[lane / 4 + 8 * (r % 2)][lane % 4 * each + r / 2 * 4 * each + e] =
            A::get(warp.row<uint32_t>(i.rows[4 + r])[lane], e);
  for (unsigned r = 0; r != perB; ++r)
    for (unsigned lane = 0; lane != kLanes; ++lane)
      for (unsigned e = 0; e != each; ++e)
        b[lane % 4 * each + r * 4 * each + e][lane / 4] =
            B::get(warp.row<uint32_t>(i.rows[4 + perA + r])[lane], e);
  auto at = [&](unsigned r, unsigned lane) -> Sum & {
    return c[lane / 4 + 8 * (r / 2)][lane % 4 * 2 + r % 2];
  };
  for (unsigned r = 0; r != 4; ++r)
    for (unsigned lane = 0; lane != kLanes; ++lane) {
      uint32_t word = warp.row<uint32_t>(i.rows[4 + perA + perB + r])[lane];
      if constexpr (std::is_same_v<Sum, double>)
        at(r, lane) = std::bit_cast<float>(word);
      else
        at(r, lane) = word;
    }
  for (unsigned m = 0; m != 16; ++m)
    for (unsigned k = 0; k != K; ++k)
      for (unsigned n = 0; n != 8; ++n)
        c[m][n] += a[m][k] * b[k][n];
  for (unsigned r = 0; r != 4; ++r)
    for (unsigned lane = 0; lane != kLanes; ++lane) {
      Sum sum = at(r, lane);
      uint32_t &d = warp.row<uint32_t>(i.rows[r])[lane];
      if constexpr (std::is_same_v<Sum, double>)
        d = sum != sum ? 0x7fffffff : std::bit_cast<uint32_t>(float(sum));
      else
        d = sum;
    }
}

std::string group(const char *operand, unsigned count) {
  std::string text = "{ ";
  for (unsigned i = 0; i != count; ++i)
    text += operand + std::string(" ");
  return text + "}";
}
template <typename A, typename B, unsigned K> void addProduct(Table &table, const std::string &types) {
  unsigned perA = 16 * K / (kLanes * A::perRegister), perB = perA / 2;
  std::string b = perB == 1 ? group("i4", 1) : group("i4", perB);
  table.add("mma.sync.aligned.m16n8k" + std::to_string(K) + ".row.col." + types,
            {group("o4", 4) + " " + group("i4", perA) + " " + b + " " + group("i4", 4), multiply<A, B, K>,
             Flow::Together});
}

template <unsigned count> void addMatrixAccesses(Table &table) {
  for (const char *space : {".shared.b16", ".shared::cta.b16"}) {
    std::string shape = "matrix.sync.aligned.m8n8.x" + std::to_string(count), in = "a " + group("i4", count);
    table.add("ld" + shape + space, {group("o4", count) + " a", loadMatrices<count, false>, Flow::Together});
    table.add("ld" + shape + ".trans" + space,
              {group("o4", count) + " a", loadMatrices<count, true>, Flow::Together});
    table.add("st" + shape + space, {in, storeMatrices<count, false>, Flow::Together});
    table.add("st" + shape + ".trans" + space, {in, storeMatrices<count, true>, Flow::Together});
  }
}

} // namespace

void girih::test::ptx::addMatrices(Table &table) {
  addMatrixAccesses<1>(table), addMatrixAccesses<2>(table), addMatrixAccesses<4>(table);
  addProduct<BF16, BF16, 16>(table, "f32.bf16.bf16.f32"),
      addProduct<BF16, BF16, 8>(table, "f32.bf16.bf16.f32");
  addProduct<F16, F16, 16>(table, "f32.f16.f16.f32"), addProduct<F16, F16, 8>(table, "f32.f16.f16.f32");
  addProduct<TF32, TF32, 8>(table, "f32.tf32.tf32.f32");
  addProduct<Bytes<int8_t>, Bytes<int8_t>, 32>(table, "s32.s8.s8.s32");
  addProduct<Bytes<uint8_t>, Bytes<int8_t>, 32>(table, "s32.u8.s8.s32");
}
