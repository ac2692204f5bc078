// Resolves and checks operands, and computes how long instructions last: the parts of the timing rules that need no clock.
#include "runtime/Systolic/Operand.h"

#include <algorithm>

using namespace girih::systolic;

namespace {

using std::to_string;

int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

std::string hex(uint64_t value) {
  char text[24];
  snprintf(text, sizeof(text), "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

/// Whether one of the span's rows has a byte of [from, end).
bool covers(const Span &span, int64_t from, int64_t end) {
  int64_t pitch = std::abs(span.pitch), before = from - span.bytes - span.low();
  if (pitch == 0)
    return before < 0 && span.low() < end;
  int64_t first = before < 0 ? 0 : before / pitch + 1; // the first row that ends past `from`
  return first < span.rows && span.low() + first * pitch < end;
}

class Resolver {
public:
  Resolver(const Machine &machine, Resolved &resolved) : m(machine), r(resolved), i(resolved.code) {}

  std::string run() {
    if (std::string wrong = extents(); !wrong.empty())
      return wrong;
    switch (Op(i.op)) {
    case Op::load:
    case Op::store:
      return dma();
    case Op::wload:
      return wload();
    case Op::matmul:
      return matmul();
    case Op::vector:
      return vector();
    case Op::requant:
      return requant();
    case Op::transpose:
      return transpose();
    default:
      return "";
    }
  }

private:
  const Machine &m;
  Resolved &r;
  const Instruction &i;

  std::string extents() {
    if (i.rows < 0 || i.rows > INT32_MAX)
      return "expected 0 to 2147483647 rows, but got " + to_string(i.rows);
    if (i.cols < 1 || i.cols > INT32_MAX)
      return "expected 1 to 2147483647 cols, but got " + to_string(i.cols);
    return "";
  }

  std::string colsAtMost(int64_t most) {
    return i.cols > most ? "expected at most " + to_string(most) + " cols, but got " + to_string(i.cols) : "";
  }
  std::string rowsAtMost(int64_t most) {
    return i.rows > most ? "expected at most " + to_string(most) + " rows, but got " + to_string(i.rows) : "";
  }

  std::string checkMask(bool single) {
    if (i.mask == 0 || i.mask >> m.arrays)
      return "expected a mask of arrays 0 to " + to_string(m.arrays - 1) + ", but got " + hex(i.mask);
    if (single && (i.mask & (i.mask - 1)))
      return "expected one vector slice in the mask, but got " + hex(i.mask);
    return "";
  }

  /// Rows of `count` elements of `element` bytes at a local address.
  std::string span(const char *what, int64_t address, int64_t pitch, int64_t rows, int64_t bytes, int64_t element, Span &out) {
    if (address < INT32_MIN || address > int64_t(UINT32_MAX))
      return std::string(what) + " is at " + to_string(address) + ", which is no local address";
    uint32_t local = uint32_t(address);
    bool accumulator = local & kAccumulatorBit;
    unsigned array = local >> kArrayShift & 7;
    if (accumulator ? array >= m.arrays : array != 0)
      return std::string(what) + " is at " + hex(local) + ", " +
             (accumulator ? "but there is no array " + to_string(array) : "but bits 30 to 28 are set");
    out.memory = accumulator ? uint8_t(array) : Span::kScratchpad;
    out.offset = local & kLocalOffsetMask;
    out.pitch = pitch, out.rows = rows, out.bytes = bytes;
    int64_t size = accumulator ? m.accumulator_bytes : m.scratchpad_bytes;
    if (out.offset % element || pitch % element)
      return std::string(what) + " is at " + hex(local) + " with pitch " + to_string(pitch) + ", expected multiples of " +
             to_string(element);
    if (rows == 0)
      return out = Span(), "";
    int64_t low = out.low(), high = out.high();
    if (low < 0 || high > size)
      return std::string(what) + " covers bytes " + to_string(low) + " to " + to_string(high) + " of the " +
             (accumulator ? "accumulators" : "scratchpad") + ", which has " + to_string(size);
    int64_t bank = accumulator ? m.accumulatorBankBytes() : m.scratchpadBankBytes();
    out.firstBank = uint8_t(low / bank), out.lastBank = uint8_t((high - 1) / bank);
    return "";
  }

  std::string typed(const char *what, int64_t address, int64_t pitch, int64_t rows, int64_t cols, int64_t type, Span &out) {
    int64_t t = typeBytes(unsigned(type));
    std::string wrong = span(what, address, pitch, rows, cols * t, t, out);
    if (wrong.empty() && !out.empty() && out.memory != Span::kScratchpad && t != 4)
      return std::string(what) + " lies in the accumulators, whose elements are i32 or f32";
    return wrong;
  }

  std::string inScratchpad(const char *what, const Span &s) {
    return s.empty() || s.memory == Span::kScratchpad ? "" : std::string(what) + " lies in the accumulators, expected it in the scratchpad";
  }

  int64_t beats(const Span &s, int64_t type) const {
    return s.memory == Span::kScratchpad ? std::max<int64_t>(1, ceilDiv(typeBytes(unsigned(type)), m.scratchpad_element_bytes)) : 1;
  }

  std::string dma() {
    bool isLoad = Op(i.op) == Op::load, transposed = r.has(flag::load_transpose), gather = r.has(flag::load_gather);
    int64_t t = typeBytes(unsigned(i.ta)), rowBytes = i.cols * t;
    if (rowBytes > INT32_MAX || i.rows > int64_t(kMaxDramBytes) / rowBytes)
      return "a transfer of " + to_string(i.rows) + " rows of " + to_string(rowBytes) + " bytes is too large";
    int64_t address = isLoad ? i.dst : i.a, pitch = isLoad ? i.pd : i.pa;
    std::string wrong = transposed ? span(isLoad ? "dst" : "a", address, pitch, i.rows ? i.cols : 0, i.rows * t, t, isLoad ? r.dst : r.a)
                                   : span(isLoad ? "dst" : "a", address, pitch, i.rows, rowBytes, t, isLoad ? r.dst : r.a);
    if (!wrong.empty())
      return wrong;
    if (gather) {
      int64_t first = int32_t(i.imm);
      if (first < 0 || first + i.rows > INT32_MAX)
        return "expected the first row of the table between 0 and 2147483647, but got " + to_string(first);
      int64_t low = first >> i.fn, high = i.rows ? (first + i.rows - 1) >> i.fn : low;
      wrong = span("the table", int64_t(uint64_t(i.b) + 4 * uint64_t(low)), 4, i.rows ? high - low + 1 : 0, 4, 4, r.b);
      if (!wrong.empty())
        return wrong;
    } else if (i.b || i.imm) {
      return "b and imm belong to gather";
    }
    if (uint64_t(i.x) > uint64_t(m.dram_bytes))
      return "x is " + hex(uint64_t(i.x)) + ", but the DRAM has " + hex(uint64_t(m.dram_bytes)) + " bytes";
    if (!gather && i.rows) {
      int64_t last = i.x + (i.rows - 1) * i.px; // no overflow: x < 2^40, rows and px < 2^31
      if (std::min(i.x, last) < 0 || std::max(i.x, last) + rowBytes > m.dram_bytes)
        return "the rows reach from " + to_string(std::min(i.x, last)) + " to " + to_string(std::max(i.x, last) + rowBytes) +
               " in DRAM, which has " + to_string(m.dram_bytes) + " bytes";
    }
    bool contiguous = !gather && i.px == rowBytes;
    int64_t b16 = m.dram_bytes_per_cycle;
    r.duration = std::max<int64_t>(1, contiguous ? ceilDiv(16 * i.rows * rowBytes, b16) : i.rows * ceilDiv(16 * rowBytes, b16));
    return "";
  }

  std::string checkArrayType() {
    if (m.matmulEighths(Type(i.ta)) == 0)
      return std::string("the arrays of ") + m.name + " have no " + (Type(i.ta) == Type::i8 ? "int8" : "bf16");
    return "";
  }

  std::string wload() {
    bool transposed = r.has(flag::wload_transpose), sparse = r.has(flag::wload_sparse);
    std::string wrong = checkMask(false);
    for (auto check : {checkArrayType(), rowsAtMost(transposed ? m.array_columns : m.array_rows),
                       colsAtMost(transposed ? m.array_rows : m.array_columns)})
      wrong = wrong.empty() ? check : wrong;
    if (!wrong.empty())
      return wrong;
    if (m.output_stationary)
      return "an output-stationary machine loads no weights";
    if (!m.shadow_weights && r.has(flag::wload_bank))
      return "the machine has no second weight bank";
    if (sparse && m.array_rows % 2)
      return "2:4 weights need an even number of array rows, but there are " + to_string(m.array_rows);
    if (transposed && sparse)
      return "a 2:4 tile cannot be transposed while it is loaded";
    wrong = typed("a", i.a, i.pa, i.rows, i.cols, i.ta, r.a);
    if (wrong.empty())
      wrong = inScratchpad("a", r.a);
    if (wrong.empty() && sparse) {
      wrong = span("b", i.b, i.pb, i.rows, ceilDiv(i.cols, 4), 1, r.b);
      if (wrong.empty())
        wrong = inScratchpad("b", r.b);
    }
    r.duration = ceilDiv(m.array_rows * m.array_columns * typeBytes(unsigned(i.ta)), m.weight_port_bytes);
    return wrong;
  }

  std::string matmul() {
    bool sparse = r.has(flag::matmul_sparse);
    std::string wrong = checkMask(false);
    for (auto check : {checkArrayType(), colsAtMost(m.output_stationary ? INT32_MAX : m.array_rows * (sparse ? 2 : 1))})
      wrong = wrong.empty() ? check : wrong;
    if (!wrong.empty())
      return wrong;
    if (sparse && m.array_rows % 2)
      return "2:4 weights need an even number of array rows, but there are " + to_string(m.array_rows);
    if (!m.shadow_weights && r.has(flag::matmul_bank))
      return "the machine has no second weight bank";
    if (i.px < 1 || i.px > m.array_columns)
      return "expected px between 1 and " + to_string(m.array_columns) + " columns, but got " + to_string(i.px);
    int32_t zero = int32_t(i.imm);
    if (Type(i.ta) == Type::i8 ? zero < -128 || zero > 127 : zero != 0)
      return "expected a zero point of an int8, but got " + to_string(zero);
    if (uint64_t(i.dst) > kLocalOffsetMask)
      return "expected dst as an offset in the accumulators, but got " + to_string(i.dst);
    int64_t fromA = std::min(i.cols, m.output_stationary ? i.cols : m.array_rows), fromB = i.cols - fromA;
    wrong = typed("a", i.a, i.pa, i.rows, fromA, i.ta, r.a);
    if (wrong.empty())
      wrong = inScratchpad("a", r.a);
    if (wrong.empty() && fromB > 0)
      wrong = typed("b", i.b, i.pb, i.rows, fromB, i.ta, r.b);
    if (wrong.empty())
      wrong = inScratchpad("b", r.b);
    if (wrong.empty())
      wrong = span("dst", int64_t(accumulatorAddress(0, uint32_t(i.dst))), i.pd, m.output_stationary ? std::min(i.rows, m.array_rows) : i.rows,
                   4 * i.px, 4, r.dst);
    r.duration = std::max<int64_t>(1, ceilDiv(i.rows * m.matmulEighths(Type(i.ta)), 8));
    r.latency = m.array_rows + m.array_columns - 2;
    return wrong;
  }

  std::string vector() {
    std::string wrong = checkMask(true);
    if (wrong.empty())
      wrong = colsAtMost(m.array_columns);
    if (!wrong.empty())
      return wrong;
    Combine combine = Combine(i.fn & 15);
    bool reduce = r.has(flag::vector_reduce);
    bool readsA = combine != Combine::second, readsB = combine != Combine::first && !r.has(flag::vector_constant);
    if (i.px < 0 || i.px > m.array_columns)
      return "expected a rotation by 0 to " + to_string(m.array_columns) + " lanes, but got " + to_string(i.px);
    wrong = typed("dst", i.dst, i.pd, i.rows, reduce ? 1 : i.cols, i.td, r.dst);
    if (wrong.empty() && readsA)
      wrong = typed("a", i.a, i.pa, i.rows, i.cols, i.ta, r.a);
    if (wrong.empty() && readsB)
      wrong = typed("b", i.b, i.pb, i.rows, r.has(flag::vector_scalar) ? 1 : i.cols, i.tb, r.b);
    int64_t fromA = readsA ? beats(r.a, i.ta) : 0, fromB = readsB && i.pb != 0 ? beats(r.b, i.tb) : 0;
    int64_t reads = r.a.sharesBank(r.b) ? fromA + fromB : std::max(fromA, fromB);
    int64_t cost = std::max({m.functionCycles(Function(i.fn >> 4)), beats(r.dst, i.td), reads});
    r.duration = std::max<int64_t>(1, i.rows * cost);
    r.latency = m.vector_latency + (reduce ? m.reduceLevels() : 0);
    return wrong;
  }

  std::string requant() {
    std::string wrong = checkMask(true);
    if (wrong.empty())
      wrong = colsAtMost(m.array_columns);
    if (wrong.empty())
      wrong = typed("dst", i.dst, i.pd, i.rows, i.cols, int64_t(Type::i8), r.dst);
    if (wrong.empty())
      wrong = typed("a", i.a, i.pa, i.rows, i.cols, int64_t(Type::i32), r.a);
    Span table;
    if (wrong.empty())
      wrong = typed("the table", i.b, i.pb, 3, i.cols, int64_t(Type::i32), table);
    r.b = table;
    int64_t cost = std::max({m.vector_cycles_simple, beats(r.a, int64_t(Type::i32)), beats(r.dst, int64_t(Type::i8))});
    r.duration = std::max<int64_t>(1, i.rows * cost);
    r.latency = m.vector_latency;
    return wrong;
  }

  std::string transpose() {
    std::string wrong = checkMask(true);
    if (wrong.empty())
      wrong = colsAtMost(m.array_columns);
    if (wrong.empty())
      wrong = rowsAtMost(m.array_columns);
    if (wrong.empty())
      wrong = typed("dst", i.dst, i.pd, i.rows ? i.cols : 0, i.rows, i.ta, r.dst);
    if (wrong.empty())
      wrong = typed("a", i.a, i.pa, i.rows, i.cols, i.ta, r.a);
    if (wrong.empty() && r.dst.meets(r.a))
      wrong = "dst at " + hex(uint32_t(i.dst)) + " overlaps its source at " + hex(uint32_t(i.a)) +
              ", expected them apart";
    int64_t cost = std::max(beats(r.a, i.ta), beats(r.dst, i.ta));
    r.duration = std::max<int64_t>(1, i.rows * cost) + i.cols;
    r.latency = m.vector_latency;
    return wrong;
  }
};

} // namespace

bool Span::meets(const Span &other) const {
  if (empty() || memory != other.memory || low() >= other.high() || other.low() >= high())
    return false;
  const Span &few = rows <= other.rows ? *this : other, &many = rows <= other.rows ? other : *this;
  for (int64_t i = 0, count = few.pitch ? few.rows : 1; i != count; ++i)
    if (int64_t at = few.offset + i * few.pitch; covers(many, at, at + few.bytes))
      return true;
  return false;
}

std::string girih::systolic::resolve(const Machine &machine, const Instruction &instruction, const int64_t *registers,
                                     Resolved &resolved) {
  resolved.code = instruction;
  Instruction &code = resolved.code;
  auto add = [&](int64_t &field, int64_t number) { field = int64_t(uint64_t(field) + uint64_t(registers[number])); };
  // matmul's b has a register too; an op that lacks a field has register 0 there.
  add(code.dst, code.rd), add(code.a, code.ra), add(code.b, code.rb), add(code.x, code.rx);
  add(code.rows, code.rn), add(code.cols, code.rk), add(code.imm, code.ri);
  code.imm = int32_t(code.imm);
  resolved.dst = resolved.a = resolved.b = Span();
  resolved.duration = resolved.latency = 0;
  return Resolver(machine, resolved).run();
}
