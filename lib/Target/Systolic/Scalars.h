// Numbers that the sequencer knows while a program runs: a register plus a constant. Sizes and addresses are
// such numbers, and an instruction's fields take them as they are.
#pragma once

#include "lib/Target/Systolic/Code.h"

#include <memory>
#include <optional>

namespace girih::systolic {

/// What a launch puts into a register.
struct Binding {
  enum Kind : int64_t { Address = 0, Dim = 1, Grid = 2 } kind;
  int64_t index, dim; // an argument and its dimension, or the grid's dimension
  bool operator==(const Binding &) const = default;
};

/// A register that goes back when nobody holds it any more.
using Register = std::shared_ptr<const unsigned>;

struct Number {
  Register reg; // null: none
  int64_t constant = 0;

  Number(int64_t constant = 0) : constant(constant) {}
  Number(Register reg, int64_t constant) : reg(std::move(reg)), constant(constant) {}
  std::optional<int64_t> known() const { return reg ? std::nullopt : std::optional(constant); }
  int64_t number() const { return reg ? *reg : 0; }
};

/// Registers and arithmetic on them. Launches fill registers from the top, results take the lowest that is
/// free; where the two meet, `isExhausted`.
class Scalars {
public:
  explicit Scalars(Code &code) : code(code) {}

  Number bound(Binding binding);
  Number add(const Number &a, const Number &b);
  Number sub(const Number &a, const Number &b);
  Number mul(const Number &a, const Number &b);
  Number div(const Number &a, const Number &b);
  Number rem(const Number &a, const Number &b);
  Number min(const Number &a, const Number &b);
  Number max(const Number &a, const Number &b);
  Number ceilDiv(const Number &a, const Number &b);
  /// A register of its own that starts at `value`, to be counted up by a loop.
  Number variable(int64_t value);
  /// Sets a register of its own to another value.
  void assign(const Number &variable, const Number &value);
  /// The i32 at `address + offset` of a local memory.
  Number read(int64_t address, const Number &offset);
  /// The value in a register alone, without a constant beside it.
  Number inRegister(const Number &a);

  bool isExhausted() const { return exhausted; }
  llvm::ArrayRef<std::pair<unsigned, Binding>> bindings() const { return launched; }

private:
  Register take();
  Number apply(Scalar function, const Number &a, const Number &b);

  Code &code;
  uint32_t taken = 1; // bit n: register n; r0 is always 0
  unsigned highest = 0, lowestBound = kRegisters;
  bool exhausted = false;
  llvm::SmallVector<std::pair<unsigned, Binding>> launched;
};

} // namespace girih::systolic
