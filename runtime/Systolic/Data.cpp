// What DMA, weight loads and matmuls do to memory. Operands were checked when they were resolved.
#include "girih-runtime/SystolicNumerics.h"
#include "runtime/Systolic/Kernels.h"
#include "runtime/Systolic/Simulator.h"

#include <algorithm>
#include <bit>

using namespace girih::systolic;

template <typename T> static T loadAs(const uint8_t *at) {
  T value;
  memcpy(&value, at, sizeof(T));
  return value;
}

std::string Simulator::move(const Resolved &what) {
  switch (Op(what.code.op)) {
  case Op::load:
    return moveDma(what, true);
  case Op::store:
    return moveDma(what, false);
  case Op::wload:
    return loadWeights(what), "";
  case Op::matmul:
    return multiply(what), "";
  case Op::vector:
    return computeVector(what), "";
  case Op::requant:
    return computeRequant(what), "";
  case Op::transpose:
    return computeTranspose(what), "";
  default:
    return "";
  }
}

int64_t Simulator::dramRow(const Resolved &what, int64_t i) const {
  const Instruction &code = what.code;
  if (!what.has(flag::load_gather))
    return i;
  int64_t j = i + code.imm;
  int64_t entry = loadAs<int32_t>(local.at(uint32_t(code.b + 4 * (j >> code.fn))));
  return entry < 0 ? -1 : entry << code.fn | (j & ((int64_t(1) << code.fn) - 1));
}

bool Simulator::dramAddress(const Resolved &what, int64_t g, int64_t &address) const {
  const Instruction &i = what.code; // g may be any 63-bit number, when a table lies
  return !__builtin_mul_overflow(g, i.px, &address) && !__builtin_add_overflow(address, i.x, &address) &&
         address >= 0 && address <= machine.dram_bytes - i.cols * typeBytes(unsigned(i.ta));
}

std::string Simulator::moveDma(const Resolved &what, bool load) {
  const Instruction &i = what.code;
  int64_t t = typeBytes(unsigned(i.ta)), rowBytes = i.cols * t;
  if (i.rows == 0)
    return ""; // nothing bounds cols then
  const Span &span = load ? what.dst : what.a;
  bool transposed = what.has(flag::load_transpose);
  std::vector<uint8_t> row(rowBytes);
  uint8_t *base = local.at(uint32_t(load ? i.dst : i.a));
  for (int64_t r = 0; r != i.rows; ++r) {
    int64_t g = dramRow(what, r);
    if (g < 0)
      continue;
    int64_t address;
    if (!dramAddress(what, g, address))
      return "the table's row " + std::to_string(g) + " lies outside the DRAM's " + std::to_string(machine.dram_bytes) + " bytes";
    if (!transposed) {
      if (load)
        dram.read(address, base + r * span.pitch, rowBytes);
      else
        dram.write(address, base + r * span.pitch, rowBytes);
      continue;
    }
    if (load)
      dram.read(address, row.data(), rowBytes);
    for (int64_t j = 0; j != i.cols; ++j) {
      uint8_t *element = base + j * span.pitch + r * t;
      load ? memcpy(element, row.data() + j * t, t) : memcpy(row.data() + j * t, element, t);
    }
    if (!load)
      dram.write(address, row.data(), rowBytes);
  }
  return "";
}

static int64_t padded(int64_t columns) { return (columns + 15) / 16 * 16; }

void Simulator::loadWeights(const Resolved &what) {
  const Instruction &i = what.code; // without rows, cells stay 0
  auto bank = std::make_shared<WeightBank>();
  bank->type = Type(i.ta);
  bank->sparse = what.has(flag::wload_sparse);
  bool transposed = what.has(flag::wload_transpose), integers = bank->type == Type::i8;
  int64_t columns = padded(machine.array_columns), depth = machine.array_rows * (bank->sparse && integers ? 2 : 1);
  if (integers)
    bank->integers.assign((depth + 1) / 2 * 2 * columns, 0);
  else
    bank->floats.assign(depth * columns, 0);
  if (bank->sparse && !integers)
    bank->indices.assign(depth * columns, 0);
  const uint8_t *source = what.a.empty() ? nullptr : local.at(uint32_t(i.a));
  const uint8_t *bits = what.b.empty() ? nullptr : local.at(uint32_t(i.b));
  for (int64_t s = 0; s != i.rows; ++s)
    for (int64_t e = 0; e != i.cols; ++e) {
      int64_t r = transposed ? e : s, c = transposed ? s : e;
      const uint8_t *element = source + s * what.a.pitch + e * typeBytes(bank->type);
      unsigned index = bits ? bits[s * i.pb + e / 4] >> 2 * (e % 4) & 3 : 0;
      if (!integers) {
        bank->floats[r * columns + c] = fromBF16(loadAs<uint16_t>(element));
        if (bank->sparse)
          bank->indices[r * columns + c] = uint8_t(index);
        continue;
      }
      // Sums of integers may be taken in any order: 2:4 weights are spread over 2R rows.
      int64_t lane = bank->sparse ? 4 * (r / 2) + index : r;
      bank->integers[(lane / 2 * columns + c) * 2 + lane % 2] += int8_t(*element);
    }
  for (unsigned m = 0; m != unsigned(machine.arrays); ++m)
    if (i.mask >> m & 1)
      arrays[m].weights[what.has(flag::wload_bank)] = bank;
}

/// 2:4 weights of bf16, in the array's order.
static void multiplySparse(const float *act, const WeightBank &bank, float *out, int64_t rows, int64_t depth, int64_t lanes, int64_t columns) {
  for (int64_t i = 0; i != rows; ++i)
    for (int64_t c = 0; c != columns; ++c) {
      float p = 0;
      for (int64_t r = 0; r != depth; ++r) {
        int64_t lane = 4 * (r / 2) + bank.indices[r * columns + c];
        p = macBF16(p, lane < lanes ? act[i * lanes + lane] : 0, bank.floats[r * columns + c]);
      }
      out[i * columns + c] = p;
    }
}

template <typename Out, typename Add>
static void writeSums(uint8_t *to, const Out *sums, int64_t rows, int64_t pitch, int64_t columns, int64_t stride, bool accumulate, Add add) {
  for (int64_t i = 0; i != rows; ++i) {
    uint8_t *row = to + i * pitch;
    for (int64_t c = 0; accumulate && c != columns; ++c) {
      Out value = add(loadAs<Out>(row + 4 * c), sums[i * stride + c]);
      memcpy(row + 4 * c, &value, 4);
    }
    if (!accumulate)
      memcpy(row, sums + i * stride, 4 * columns);
  }
}

void Simulator::multiply(const Resolved &what) {
  const Instruction &i = what.code;
  if (i.rows == 0)
    return;
  bool integers = Type(i.ta) == Type::i8, sparse = what.has(flag::matmul_sparse), accumulate = what.has(flag::matmul_accumulate);
  int64_t columns = padded(machine.array_columns), R = machine.array_rows, lanes = sparse ? 2 * R : R, depth = (lanes + 1) / 2 * 2;
  const uint8_t *a = local.at(uint32_t(i.a)), *b = what.b.empty() ? nullptr : local.at(uint32_t(i.b));
  constexpr int64_t kBlock = 32;
  std::vector<int16_t> actI(integers ? kBlock * depth : 0);
  std::vector<float> actF(integers ? 0 : kBlock * lanes);
  std::vector<int32_t> sumsI(integers ? kBlock * columns : 0);
  std::vector<float> sumsF(integers ? 0 : kBlock * columns);
  for (int64_t first = 0; first < i.rows; first += kBlock) {
    int64_t rows = std::min(kBlock, i.rows - first);
    for (int64_t r = 0; r != rows; ++r)
      for (int64_t k = 0; k != i.cols; ++k) {
        const uint8_t *row = k < R ? a + (first + r) * i.pa : b + (first + r) * i.pb;
        int64_t lane = k < R ? k : k - R;
        if (integers)
          actI[r * depth + k] = int16_t(int8_t(row[lane]) - i.imm);
        else
          actF[r * lanes + k] = fromBF16(loadAs<uint16_t>(row + 2 * lane));
      }
    for (unsigned m = 0; m != unsigned(machine.arrays); ++m) {
      if (!(i.mask >> m & 1))
        continue;
      const WeightBank &bank = *arrays[m].weights[what.has(flag::matmul_bank)];
      uint8_t *to = local.at(accumulatorAddress(m, uint32_t(i.dst))) + first * i.pd;
      if (integers) {
        kernels().integer(actI.data(), bank.integers.data(), sumsI.data(), rows, depth / 2, columns);
        writeSums(to, sumsI.data(), rows, i.pd, i.px, columns, accumulate, [](int32_t x, int32_t y) { return int32_t(uint32_t(x) + uint32_t(y)); });
        continue;
      }
      if (sparse)
        multiplySparse(actF.data(), bank, sumsF.data(), rows, R, lanes, columns);
      else
        kernels().floating(actF.data(), bank.floats.data(), sumsF.data(), rows, lanes, columns);
      writeSums(to, sumsF.data(), rows, i.pd, i.px, columns, accumulate, addF32);
    }
  }
}
