// Emits scalar arithmetic, folded where it is constant.
#include "lib/Target/Systolic/Scalars.h"

#include "llvm/Support/MathExtras.h"

using namespace girih::systolic;

/// Registers run out in the highest alone, so that the rest of the lowering need not care: `isExhausted`
/// tells at the end.
Register Scalars::take() {
  unsigned number = 1;
  while (number < kRegisters && taken >> number & 1)
    ++number;
  highest = std::max(highest, number);
  if (number >= lowestBound || number >= kRegisters) {
    exhausted = true;
    return std::make_shared<unsigned>(kRegisters - 1);
  }
  taken |= 1u << number;
  return Register(new unsigned(number), [this](const unsigned *held) {
    taken &= ~(1u << *held);
    delete held;
  });
}

Number Scalars::bound(Binding binding) {
  for (auto [number, known] : launched)
    if (known == binding)
      return {std::make_shared<unsigned>(number), 0};
  if (lowestBound - 1 <= highest)
    exhausted = true;
  else
    launched.push_back({--lowestBound, binding});
  return {std::make_shared<unsigned>(lowestBound), 0};
}

static int64_t evaluate(Scalar function, int64_t a, int64_t b) {
  switch (function) {
  case Scalar::add_:
    return a + b;
  case Scalar::sub_:
    return a - b;
  case Scalar::mul_:
    return a * b;
  case Scalar::div_:
    return b ? a / b : 0;
  case Scalar::rem_:
    return b ? a % b : 0;
  case Scalar::min_:
    return std::min(a, b);
  default:
    return std::max(a, b);
  }
}

/// R[rd] = R[ra] fn (R[rb] + x): the left operand has no room for a constant, so it is folded in first.
Number Scalars::apply(Scalar function, const Number &a, const Number &b) {
  if (a.known() && b.known())
    return evaluate(function, a.constant, b.constant);
  Number left = a.constant ? inRegister(a) : a;
  Number result(take(), 0);
  Instruction instruction;
  instruction.op = int64_t(Op::salu);
  instruction.fn = int64_t(function);
  instruction.rd = result.number();
  instruction.ra = left.number();
  instruction.rb = b.number();
  instruction.x = b.constant;
  code.append(instruction);
  return result;
}

void Scalars::assign(const Number &variable, const Number &value) {
  Instruction instruction;
  instruction.op = int64_t(Op::salu);
  instruction.fn = int64_t(Scalar::add_);
  instruction.rd = variable.number();
  instruction.rb = value.number();
  instruction.x = value.constant;
  code.append(instruction);
}

Number Scalars::read(int64_t address, const Number &offset) {
  Number result(take(), 0);
  Instruction instruction;
  instruction.op = int64_t(Op::sload);
  instruction.rd = result.number();
  instruction.ra = offset.number();
  instruction.a = address + offset.constant;
  code.append(instruction);
  return result;
}

Number Scalars::inRegister(const Number &a) {
  if (a.reg && !a.constant)
    return a;
  Number result(take(), 0);
  assign(result, a);
  return result;
}

Number Scalars::variable(int64_t value) { return inRegister(value); }

Number Scalars::add(const Number &a, const Number &b) {
  if (!a.reg || !b.reg)
    return {a.reg ? a.reg : b.reg, a.constant + b.constant};
  Number result = apply(Scalar::add_, {a.reg, 0}, {b.reg, 0});
  result.constant = a.constant + b.constant;
  return result;
}

Number Scalars::sub(const Number &a, const Number &b) {
  if (!b.reg)
    return {a.reg, a.constant - b.constant};
  Number result = apply(Scalar::sub_, {a.reg, 0}, {b.reg, 0});
  result.constant = a.constant - b.constant;
  return result;
}

/// A constant factor distributes over the constant summand.
Number Scalars::mul(const Number &a, const Number &b) {
  if (!a.reg && b.reg)
    return mul(b, a);
  if (b.reg || !a.reg)
    return apply(Scalar::mul_, a, b);
  if (b.constant == 1)
    return a;
  if (b.constant == 0)
    return 0;
  Number result = apply(Scalar::mul_, {a.reg, 0}, b);
  result.constant = a.constant * b.constant;
  return result;
}

Number Scalars::div(const Number &a, const Number &b) {
  return b.known() == 1 ? a : apply(Scalar::div_, a, b);
}
Number Scalars::rem(const Number &a, const Number &b) { return apply(Scalar::rem_, a, b); }
Number Scalars::min(const Number &a, const Number &b) { return apply(Scalar::min_, a, b); }
Number Scalars::max(const Number &a, const Number &b) { return apply(Scalar::max_, a, b); }

Number Scalars::ceilDiv(const Number &a, const Number &b) { return div(add(a, sub(b, 1)), b); }
