// A size that the runtime computes when a session opens: a program for the artifact's stack machine, built by
// the planner with ordinary arithmetic. Constants fold at once, so a static model's sizes are plain numbers.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace girih::artifact {

class Size {
public:
  struct Instruction {
    uint32_t opcode; ///< girih_opcode
    int64_t value;   ///< of a constant, or the symbol's index
    bool operator==(const Instruction &) const = default;
  };

  Size(int64_t constant = 0);
  static Size symbol(unsigned index);

  friend Size operator+(const Size &a, const Size &b);
  friend Size operator*(const Size &a, const Size &b);
  /// Quotient rounded up; the divisor is positive.
  Size ceilDiv(int64_t divisor) const;
  /// Rounded up to a multiple, for alignment.
  Size alignTo(int64_t multiple) const;
  /// The greater; of two multiples of the same symbols, that is known at once.
  static Size max(const Size &a, const Size &b);

  std::optional<int64_t> constantValue() const;
  /// The symbol's number if the size is a symbol by itself.
  std::optional<unsigned> symbolNumber() const;
  /// Every symbol mentioned, as often as it is.
  llvm::SmallVector<unsigned> symbols() const;
  /// The value with these symbol values, or nothing if it overflows.
  std::optional<int64_t> evaluate(llvm::ArrayRef<int64_t> symbols) const;
  llvm::ArrayRef<Instruction> instructions() const { return program; }
  /// Postfix text for dumps and tests: "batch seq * 4 *".
  std::string str(llvm::ArrayRef<std::string> symbolNames) const;

  bool operator==(const Size &) const = default;

private:
  /// Coefficient and sorted symbols, if the size is a product of constants and symbols.
  std::optional<std::pair<int64_t, llvm::SmallVector<unsigned>>> asProduct() const;
  static Size combine(uint32_t opcode, const Size &a, const Size &b);
  std::vector<Instruction> program;
};

} // namespace girih::artifact
