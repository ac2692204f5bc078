// Builds, folds and evaluates size programs. The runtime has its own evaluator; this one serves planning at
// the bounds.
#include "lib/Artifact/Size.h"

#include "girih-runtime/Format.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace girih::artifact;

static std::optional<int64_t> apply(uint32_t opcode, int64_t a, int64_t b) {
  int64_t result = 0;
  switch (opcode) {
  case GIRIH_OP_ADD:
    return llvm::AddOverflow(a, b, result) ? std::nullopt : std::optional(result);
  case GIRIH_OP_MUL:
    return llvm::MulOverflow(a, b, result) ? std::nullopt : std::optional(result);
  case GIRIH_OP_CEILDIV:
    return llvm::divideCeilSigned(a, b);
  case GIRIH_OP_MAX:
    return std::max(a, b);
  default:
    return std::nullopt;
  }
}

static const char *spelling(uint32_t opcode) {
  switch (opcode) {
  case GIRIH_OP_ADD:
    return "+";
  case GIRIH_OP_MUL:
    return "*";
  case GIRIH_OP_CEILDIV:
    return "ceildiv";
  default:
    return "max";
  }
}

Size::Size(int64_t constant) : program{{GIRIH_OP_CONST, constant}} {}

Size Size::symbol(unsigned index) {
  Size result;
  result.program = {{GIRIH_OP_SYMBOL, static_cast<int64_t>(index)}};
  return result;
}

Size Size::combine(uint32_t opcode, const Size &a, const Size &b) {
  if (auto x = a.constantValue())
    if (auto y = b.constantValue())
      if (auto folded = apply(opcode, *x, *y))
        return Size(*folded);
  Size result = a;
  result.program.insert(result.program.end(), b.program.begin(), b.program.end());
  result.program.push_back({opcode, 0});
  return result;
}

namespace girih::artifact {
Size operator+(const Size &a, const Size &b) {
  if (a == Size(0))
    return b;
  return b == Size(0) ? a : Size::combine(GIRIH_OP_ADD, a, b);
}

Size operator*(const Size &a, const Size &b) {
  if (a == Size(1))
    return b;
  return b == Size(1) ? a : Size::combine(GIRIH_OP_MUL, a, b);
}
} // namespace girih::artifact

Size Size::ceilDiv(int64_t divisor) const {
  return divisor == 1 ? *this : combine(GIRIH_OP_CEILDIV, *this, Size(divisor));
}

Size Size::alignTo(int64_t multiple) const { return ceilDiv(multiple) * Size(multiple); }

std::optional<std::pair<int64_t, llvm::SmallVector<unsigned>>> Size::asProduct() const {
  int64_t coefficient = 1;
  for (const Instruction &i : program) {
    if (i.opcode == GIRIH_OP_CONST && llvm::MulOverflow(coefficient, i.value, coefficient))
      return std::nullopt;
    if (i.opcode != GIRIH_OP_CONST && i.opcode != GIRIH_OP_SYMBOL && i.opcode != GIRIH_OP_MUL)
      return std::nullopt;
  }
  llvm::SmallVector<unsigned> factors = symbols();
  llvm::sort(factors);
  return std::pair(coefficient, factors);
}

Size Size::max(const Size &a, const Size &b) {
  auto x = a.asProduct(), y = b.asProduct();
  if (x && y && x->second == y->second)
    return x->first >= y->first ? a : b;
  return combine(GIRIH_OP_MAX, a, b);
}

std::optional<int64_t> Size::constantValue() const {
  if (program.size() == 1 && program[0].opcode == GIRIH_OP_CONST)
    return program[0].value;
  return std::nullopt;
}

std::optional<unsigned> Size::symbolNumber() const {
  if (program.size() == 1 && program[0].opcode == GIRIH_OP_SYMBOL)
    return static_cast<unsigned>(program[0].value);
  return std::nullopt;
}

llvm::SmallVector<unsigned> Size::symbols() const {
  llvm::SmallVector<unsigned> numbers;
  for (const Instruction &i : program)
    if (i.opcode == GIRIH_OP_SYMBOL)
      numbers.push_back(static_cast<unsigned>(i.value));
  return numbers;
}

std::optional<int64_t> Size::evaluate(llvm::ArrayRef<int64_t> symbols) const {
  llvm::SmallVector<int64_t> stack;
  for (const Instruction &i : program) {
    if (i.opcode == GIRIH_OP_CONST || i.opcode == GIRIH_OP_SYMBOL) {
      stack.push_back(i.opcode == GIRIH_OP_CONST ? i.value : symbols[i.value]);
      continue;
    }
    int64_t b = stack.pop_back_val(), a = stack.pop_back_val();
    std::optional<int64_t> result = apply(i.opcode, a, b);
    if (!result)
      return std::nullopt;
    stack.push_back(*result);
  }
  return stack.back();
}

std::string Size::str(llvm::ArrayRef<std::string> symbolNames) const {
  std::string text;
  for (const Instruction &i : program) {
    text += text.empty() ? "" : " ";
    if (i.opcode == GIRIH_OP_CONST)
      text += std::to_string(i.value);
    else
      text += i.opcode == GIRIH_OP_SYMBOL ? symbolNames[i.value] : spelling(i.opcode);
  }
  return text;
}
