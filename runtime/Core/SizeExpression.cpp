// Evaluates and prints size expressions.
#include "SizeExpression.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>

using namespace girih::runtime;

static int64_t floorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0); }
static int64_t ceilDiv(int64_t a, int64_t b) { return a / b + (a % b > 0); }

int64_t girih::runtime::evaluate(const Tables &tables, uint32_t expression, const int64_t *symbols) {
  int64_t stack[GIRIH_MAX_EXPRESSION_STACK];
  int64_t *top = stack; // one past the last value
  const girih_expression &code = tables.expressions[expression];
  for (const girih_instruction &instruction : tables.instructions.subspan(code.first, code.count)) {
    switch (instruction.opcode) {
    case GIRIH_OP_CONST:
      *top++ = instruction.value;
      continue;
    case GIRIH_OP_SYMBOL:
      *top++ = symbols[instruction.value];
      continue;
    }
    int64_t b = *--top;
    int64_t &a = top[-1];
    switch (instruction.opcode) {
    case GIRIH_OP_ADD:
      a += b;
      break;
    case GIRIH_OP_SUB:
      a -= b;
      break;
    case GIRIH_OP_MUL:
      a *= b;
      break;
    case GIRIH_OP_CEILDIV:
      a = ceilDiv(a, b);
      break;
    case GIRIH_OP_FLOORDIV:
      a = floorDiv(a, b);
      break;
    case GIRIH_OP_MIN:
      a = std::min(a, b);
      break;
    case GIRIH_OP_MAX:
      a = std::max(a, b);
      break;
    }
  }
  return stack[0];
}

//===-- Intervals --------------------------------------------------------------------------------------------------===//

/// The hull of the operation's values at the four corners; every operation here is monotone in each operand.
template <typename Operation>
static bool corners(Interval a, Interval b, Operation operation, Interval &result) {
  int64_t values[4];
  const int64_t lefts[] = {a.low, a.low, a.high, a.high}, rights[] = {b.low, b.high, b.low, b.high};
  for (int i = 0; i != 4; ++i)
    if (operation(lefts[i], rights[i], &values[i]))
      return false;
  auto [low, high] = std::minmax_element(values, values + 4);
  result = {*low, *high};
  return true;
}

static bool apply(uint32_t opcode, Interval a, Interval b, Interval &result) {
  switch (opcode) {
  case GIRIH_OP_ADD:
    return corners(a, b, [](int64_t x, int64_t y, int64_t *r) { return __builtin_add_overflow(x, y, r); }, result);
  case GIRIH_OP_SUB:
    return corners(a, b, [](int64_t x, int64_t y, int64_t *r) { return __builtin_sub_overflow(x, y, r); }, result);
  case GIRIH_OP_MUL:
    return corners(a, b, [](int64_t x, int64_t y, int64_t *r) { return __builtin_mul_overflow(x, y, r); }, result);
  case GIRIH_OP_CEILDIV:
    return b.low >= 1 &&
           corners(a, b, [](int64_t x, int64_t y, int64_t *r) { return *r = ceilDiv(x, y), false; }, result);
  case GIRIH_OP_FLOORDIV:
    return b.low >= 1 &&
           corners(a, b, [](int64_t x, int64_t y, int64_t *r) { return *r = floorDiv(x, y), false; }, result);
  case GIRIH_OP_MIN:
    result = {std::min(a.low, b.low), std::min(a.high, b.high)};
    return true;
  case GIRIH_OP_MAX:
    result = {std::max(a.low, b.low), std::max(a.high, b.high)};
    return true;
  default:
    return false;
  }
}

bool girih::runtime::evaluateInterval(const Tables &tables, uint32_t expression, Interval &result) {
  const girih_expression &code = tables.expressions[expression];
  if (code.count == 0 || uint64_t(code.first) + code.count > tables.instructions.size())
    return false;
  Interval stack[GIRIH_MAX_EXPRESSION_STACK];
  size_t depth = 0;
  for (const girih_instruction &instruction : tables.instructions.subspan(code.first, code.count)) {
    if (instruction.reserved != 0)
      return false;
    bool isLeaf = instruction.opcode == GIRIH_OP_CONST || instruction.opcode == GIRIH_OP_SYMBOL;
    if (isLeaf && depth == GIRIH_MAX_EXPRESSION_STACK)
      return false;
    if (instruction.opcode == GIRIH_OP_CONST) {
      stack[depth++] = {instruction.value, instruction.value};
    } else if (instruction.opcode == GIRIH_OP_SYMBOL) {
      if (uint64_t(instruction.value) >= tables.symbols.size())
        return false;
      const girih_symbol &symbol = tables.symbols[instruction.value];
      stack[depth++] = {symbol.min, symbol.max};
    } else {
      if (depth < 2 || instruction.value != 0 ||
          !apply(instruction.opcode, stack[depth - 2], stack[depth - 1], stack[depth - 2]))
        return false;
      --depth;
    }
  }
  result = stack[0];
  return depth == 1;
}

//===-- Shapes as text ---------------------------------------------------------------------------------------------===//

uint32_t girih::runtime::plainSymbol(const Tables &tables, uint32_t expression) {
  const girih_expression &code = tables.expressions[expression];
  const girih_instruction &only = tables.instructions[code.first];
  return code.count == 1 && only.opcode == GIRIH_OP_SYMBOL ? uint32_t(only.value) : GIRIH_NONE;
}

/// One operand in the text: products need no parentheses in products.
struct Term {
  std::string text;
  uint32_t opcode;
};

static Term combine(uint32_t opcode, const Term &a, const Term &b) {
  auto nested = [&](const Term &term) {
    bool isPlain = term.opcode == GIRIH_OP_CONST || term.opcode == GIRIH_OP_SYMBOL || term.opcode == GIRIH_OP_MIN ||
                   term.opcode == GIRIH_OP_MAX || term.opcode == GIRIH_OP_CEILDIV;
    bool isSame = term.opcode == opcode && (opcode == GIRIH_OP_ADD || opcode == GIRIH_OP_MUL);
    return isPlain || isSame ? term.text : "(" + term.text + ")";
  };
  switch (opcode) {
  case GIRIH_OP_ADD:
    return {nested(a) + " + " + nested(b), opcode};
  case GIRIH_OP_SUB:
    return {nested(a) + " - " + nested(b), opcode};
  case GIRIH_OP_MUL:
    return {nested(a) + "*" + nested(b), opcode};
  case GIRIH_OP_FLOORDIV:
    return {nested(a) + "/" + nested(b), opcode};
  default: {
    const char *name = opcode == GIRIH_OP_MIN ? "min" : opcode == GIRIH_OP_MAX ? "max" : "ceildiv";
    return {std::string(name) + "(" + a.text + ", " + b.text + ")", opcode};
  }
  }
}

void girih::runtime::print(const Tables &tables, uint32_t expression, char *text, size_t bytes) {
  Term stack[GIRIH_MAX_EXPRESSION_STACK];
  size_t depth = 0;
  const girih_expression &code = tables.expressions[expression];
  for (const girih_instruction &instruction : tables.instructions.subspan(code.first, code.count)) {
    if (instruction.opcode == GIRIH_OP_CONST) {
      stack[depth++] = {std::to_string(instruction.value), instruction.opcode};
    } else if (instruction.opcode == GIRIH_OP_SYMBOL) {
      stack[depth++] = {tables.string(tables.symbols[instruction.value].name), instruction.opcode};
    } else {
      --depth;
      stack[depth - 1] = combine(instruction.opcode, stack[depth - 1], stack[depth]);
    }
  }
  snprintf(text, bytes, "%s", stack[0].text.c_str());
}
