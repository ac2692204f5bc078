// Encoder, decoder and static checks of the systolic machine's instructions, all from SystolicISA.def.
#include "girih-runtime/SystolicISA.h"

#include <array>
#include <cstring>
#include <tuple>

using namespace girih::systolic;

static constexpr FieldInfo kFieldInfos[] = {
#define SYSTOLIC_FIELD(name, word, lsb, width, isSigned, meaning) {#name, word, lsb, width, isSigned, meaning},
#include "girih-runtime/SystolicISA.def"
};

namespace {
/// The field list of an op, in parentheses, becomes a bit set.
template <typename... Fields> constexpr uint64_t fieldSet(Fields... fields) {
  return (uint64_t(0) | ... | (uint64_t(1) << unsigned(fields)));
}
using enum Field;
} // namespace

static constexpr uint64_t kCommonFields = fieldSet(op, wait0, wait1, signal0, signal1);

static constexpr uint8_t flagsOf(Op which) {
  unsigned set = 0;
#define SYSTOLIC_FLAG(op, name, bit, meaning)                                                                          \
  if (which == Op::op)                                                                                                 \
    set |= 1u << bit;
#include "girih-runtime/SystolicISA.def"
  return uint8_t(set);
}

static constexpr OpInfo kOpInfos[] = {
#define SYSTOLIC_OP(name, code, queue, fields, summary)                                                                \
  {#name, Op::name, Queue::queue, kCommonFields | fieldSet fields, summary, flagsOf(Op::name)},
#include "girih-runtime/SystolicISA.def"
};

const FieldInfo &girih::systolic::fieldInfo(Field field) { return kFieldInfos[unsigned(field)]; }

static constexpr std::array<const OpInfo *, 256> kByOpcode = [] {
  std::array<const OpInfo *, 256> table = {};
  for (const OpInfo &info : kOpInfos)
    table[unsigned(info.op)] = &info;
  return table;
}();

const OpInfo *girih::systolic::opInfo(unsigned opcode) { return opcode < 256 ? kByOpcode[opcode] : nullptr; }

const OpInfo *girih::systolic::opInfo(std::string_view name) {
  for (const OpInfo &info : kOpInfos)
    if (name == info.name)
      return &info;
  return nullptr;
}

const char *girih::systolic::flagName(Op which, unsigned bit) {
#define SYSTOLIC_FLAG(op, name, number, meaning)                                                                       \
  if (which == Op::op && bit == number)                                                                                \
    return #name;
#include "girih-runtime/SystolicISA.def"
  return nullptr;
}

void girih::systolic::encode(const Instruction &instruction, uint8_t bytes[kInstructionBytes]) {
  uint32_t words[kInstructionWords] = {};
  for (unsigned i = 0; i != kFields; ++i) {
    const FieldInfo &field = kFieldInfos[i];
    uint64_t value = uint64_t(instruction[Field(i)]);
    if (field.width == 64) {
      words[field.word] = uint32_t(value);
      words[field.word + 1] = uint32_t(value >> 32);
      continue;
    }
    words[field.word] |= uint32_t(value & ((uint64_t(1) << field.width) - 1)) << field.lsb;
  }
  for (unsigned i = 0; i != kInstructionWords; ++i)
    for (unsigned byte = 0; byte != 4; ++byte)
      bytes[4 * i + byte] = uint8_t(words[i] >> 8 * byte);
}

Instruction girih::systolic::decode(const uint8_t bytes[kInstructionBytes]) {
  uint32_t words[kInstructionWords];
  for (unsigned i = 0; i != kInstructionWords; ++i)
    words[i] = bytes[4 * i] | bytes[4 * i + 1] << 8 | bytes[4 * i + 2] << 16 | uint32_t(bytes[4 * i + 3]) << 24;
  Instruction instruction;
  for (unsigned i = 0; i != kFields; ++i) {
    const FieldInfo &field = kFieldInfos[i];
    uint64_t value = words[field.word] >> field.lsb;
    if (field.width == 64)
      value |= uint64_t(words[field.word + 1]) << 32;
    else
      value &= (uint64_t(1) << field.width) - 1;
    if (field.isSigned && field.width < 64)
      value = uint64_t(int64_t(value << (64 - field.width)) >> (64 - field.width));
    instruction[Field(i)] = int64_t(value);
  }
  return instruction;
}

/// The element types that the op can have.
static std::string checkTypes(const Instruction &i) {
  auto oneOf = [](int64_t code, std::initializer_list<Type> types) {
    for (Type type : types)
      if (code == int64_t(type))
        return true;
    return false;
  };
  auto bad = [](const char *field, int64_t code, const char *expected) {
    return std::string(field) + " is type " + std::to_string(code) + ", expected " + expected;
  };
  auto any = {Type::i8, Type::bf16, Type::i32, Type::f32};
  switch (Op(i.op)) {
  case Op::wload:
  case Op::matmul:
    return oneOf(i.ta, {Type::i8, Type::bf16}) ? "" : bad("ta", i.ta, "i8 or bf16");
  case Op::load:
  case Op::store:
  case Op::transpose:
    return oneOf(i.ta, any) ? "" : bad("ta", i.ta, "i8, bf16, i32 or f32");
  case Op::vector: {
    unsigned combine = i.fn & 15;
    bool readsB = combine != unsigned(Combine::first) && !(i.flags & flag::vector_constant);
    if (!oneOf(i.td, any))
      return bad("td", i.td, "i8, bf16, i32 or f32");
    if (!oneOf(i.ta, any) && !(combine == unsigned(Combine::second) && i.ta == 0))
      return bad("ta", i.ta, "i8, bf16, i32 or f32");
    if (readsB ? !oneOf(i.tb, any) : i.tb != 0)
      return bad("tb", i.tb, readsB ? "i8, bf16, i32 or f32" : "none, because b is not read");
    return "";
  }
  default:
    return "";
  }
}

static bool knownFunction(const Instruction &i) {
  switch (Op(i.op)) {
  case Op::salu:
    return i.fn <= int64_t(Scalar::shr_);
  case Op::br:
    return i.fn <= int64_t(Condition::ge);
  case Op::load:
  case Op::store:
    return i.fn <= 31 && (i.fn == 0 || i.flags & flag::load_gather);
  case Op::vector:
    return (i.fn & 15) <= int64_t(Combine::min) && (i.fn >> 4) <= int64_t(Function::gelu_tanh);
  default:
    return i.fn == 0;
  }
}

std::string girih::systolic::checkInstruction(const Instruction &i) {
  const OpInfo *info = i.op < 0 ? nullptr : opInfo(unsigned(i.op));
  if (!info)
    return "unknown opcode " + std::to_string(i.op);
  for (unsigned f = 0; f != kFields; ++f)
    if (i[Field(f)] != 0 && !(info->fields >> f & 1))
      return std::string(info->name) + " does not use the field " + kFieldInfos[f].name + ", expected 0 but got " +
             std::to_string(i[Field(f)]);
  if (i.flags & ~int64_t(info->flags))
    return std::string(info->name) + " has no such flags: " + std::to_string(i.flags);
  if (!knownFunction(i))
    return std::string(info->name) + " has no function " + std::to_string(i.fn);
  for (auto [first, second, what] : {std::tuple(i.wait0, i.wait1, "waits for"), std::tuple(i.signal0, i.signal1, "signals")}) {
    TokenCount p = tokens(first), q = tokens(second);
    if (p.count && q.count && p.semaphore == q.semaphore)
      return std::string("the instruction ") + what + " semaphore " + std::to_string(p.semaphore) + " twice";
    if ((!p.count && p.semaphore) || (!q.count && q.semaphore))
      return std::string("the instruction ") + what + " 0 tokens of a semaphore";
  }
  if (Op(i.op) == Op::vector && i.flags & flag::vector_constant && i.flags & (flag::vector_scale | flag::vector_scalar))
    return "vector takes imm either as b or as a's factor";
  if (Op(i.op) == Op::vector && i.flags & flag::vector_max && !(i.flags & (flag::vector_reduce | flag::vector_accumulate)))
    return "vector combines by the maximum only when it reduces or accumulates";
  return checkTypes(i);
}
