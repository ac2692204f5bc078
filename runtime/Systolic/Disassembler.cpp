// The disassembler: prints instructions in the form that the assembler reads.
#include "runtime/Systolic/Program.h"

#include <bit>
#include <cmath>
#include <cstdio>

using namespace girih::systolic;

static std::string typeText(int64_t code) {
  switch (code) {
#define SYSTOLIC_TYPE(name, number, bytes)                                                                             \
  case number:                                                                                                         \
    return #name;
#include "girih-runtime/SystolicISA.def"
  }
  return std::to_string(code);
}

std::string girih::systolic::functionText(const Instruction &i) {
  std::string text = std::to_string(i.fn);
  switch (Op(i.op)) {
  case Op::salu:
#define SYSTOLIC_SCALAR(name, code)                                                                                    \
  if (i.fn == code)                                                                                                    \
    return #name;
#include "girih-runtime/SystolicISA.def"
    return text;
  case Op::br:
#define SYSTOLIC_CONDITION(name, code)                                                                                 \
  if (i.fn == code)                                                                                                    \
    return #name;
#include "girih-runtime/SystolicISA.def"
    return text;
  case Op::vector: {
    std::string combine, function;
#define SYSTOLIC_COMBINE(name, code)                                                                                   \
  if ((i.fn & 15) == code)                                                                                             \
    combine = #name;
#define SYSTOLIC_FUNCTION(name, code, fact)                                                                            \
  if (i.fn >> 4 == code)                                                                                               \
    function = #name;
#include "girih-runtime/SystolicISA.def"
    return function == "id" ? combine : combine + "." + function;
  }
  default:
    return text;
  }
}

/// The register field whose register is added to the operand, if the op has it.
static Field registerOf(Field field, const OpInfo &info) {
  Field reg = field == Field::dst    ? Field::rd
              : field == Field::a    ? Field::ra
              : field == Field::b    ? Field::rb
              : field == Field::x    ? Field::rx
              : field == Field::rows ? Field::rn
              : field == Field::cols ? Field::rk
              : field == Field::imm  ? Field::ri
                                     : Field::op;
  bool scalar = info.op == Op::next; // its registers are targets, not addends
  return reg != Field::op && !scalar && info.fields >> unsigned(reg) & 1 ? reg : Field::op;
}

static std::string numberText(Field field, int64_t value) {
  bool address = field == Field::dst || field == Field::a || field == Field::b || field == Field::x;
  if (field != Field::x && address && uint32_t(value) & kAccumulatorBit && value < 0 && !(uint32_t(value) & 0x0f000000))
    return "acc" + std::to_string(uint32_t(value) >> kArrayShift & 7) + "+" + std::to_string(uint32_t(value) & kLocalOffsetMask);
  if (!address || value < 0)
    return std::to_string(value);
  char text[32];
  snprintf(text, sizeof(text), "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

/// A vector's factor or constant as the f32 that it is, if the assembler reads the same bits from that.
static std::string floatText(const Instruction &i) {
  float value = std::bit_cast<float>(uint32_t(i.imm));
  char text[32];
  snprintf(text, sizeof(text), "%.9g", double(value));
  bool isFloat = Op(i.op) == Op::vector && i.flags & (flag::vector_scale | flag::vector_constant);
  return isFloat && !i.ri && std::isfinite(value) ? std::string(text) + "f" : "";
}

std::string girih::systolic::disassemble(const Instruction &i) {
  const OpInfo *info = i.op < 0 ? nullptr : opInfo(unsigned(i.op));
  if (!info)
    return "# unknown opcode " + std::to_string(i.op);
  std::string text = info->name;
  for (auto [name, fields] : {std::pair(" wait=", std::pair(i.wait0, i.wait1)), std::pair(" signal=", std::pair(i.signal0, i.signal1))})
    for (int64_t field : {fields.first, fields.second})
      if (TokenCount token = tokens(field); token.count)
        text += name + std::to_string(token.semaphore) + (token.count > 1 ? ":" + std::to_string(token.count) : "");
  for (unsigned f = unsigned(Field::fn); f != kFields; ++f) {
    Field field = Field(f);
    if (!(info->fields >> f & 1) || (field >= Field::wait0 && field <= Field::signal1) || field == Field::flags)
      continue;
    const char *name = fieldInfo(field).name;
    if (field == Field::fn) {
      if (i.fn || info->op == Op::salu || info->op == Op::br || info->op == Op::vector)
        text += std::string(" fn=") + functionText(i);
    } else if (field == Field::td || field == Field::ta || field == Field::tb) {
      if (i[field])
        text += std::string(" ") + name + "=" + typeText(i[field]);
    } else if (fieldInfo(field).word == 3 || field == Field::ri) {
      bool joined = false; // printed with its operand
      for (Field operand : {Field::dst, Field::a, Field::b, Field::x, Field::rows, Field::cols, Field::imm})
        joined |= info->fields >> unsigned(operand) & 1 && registerOf(operand, *info) == field;
      if (!joined && i[field])
        text += std::string(" ") + name + "=r" + std::to_string(i[field]);
    } else {
      Field reg = registerOf(field, *info);
      bool withRegister = reg != Field::op && i[reg];
      if (!i[field] && !withRegister)
        continue;
      std::string number = field == Field::imm ? floatText(i) : "";
      if (number.empty() && (i[field] || !withRegister))
        number = numberText(field, i[field]);
      std::string added = withRegister ? (number.empty() ? "r" : "+r") + std::to_string(i[reg]) : "";
      text += std::string(" ") + name + "=" + number + added;
    }
  }
  for (unsigned bit = 0; bit != 8; ++bit)
    if (const char *name = flagName(info->op, bit); name && i.flags >> bit & 1)
      text += std::string(" ") + name;
  return text;
}

std::string girih::systolic::disassemble(const Program &program) {
  std::string text;
  for (unsigned i = 1; i != kRegisters; ++i)
    if (program.registers[i])
      text += ".reg r" + std::to_string(i) + " " + std::to_string(program.registers[i]) + "\n";
  for (const auto &shape : program.shapes)
    text += ".gemm " + std::to_string(shape[0]) + " " + std::to_string(shape[1]) + " " + std::to_string(shape[2]) + "\n";
  auto segments = [&](const char *name, const std::vector<DramSegment> &list) {
    for (const DramSegment &segment : list) {
      text += name + std::to_string(segment.address) + " i8";
      for (uint8_t byte : segment.bytes)
        text += " " + std::to_string(int(int8_t(byte)));
      text += "\n";
    }
  };
  segments(".dram ", program.memory);
  segments(".expect ", program.expected);
  for (const Instruction &instruction : program.code)
    text += disassemble(instruction) + "\n";
  return text;
}
