// A systolic machine's parameters, as its facts file gives them.
#pragma once

#include "girih-runtime/SystolicISA.h"

#include <string>
#include <string_view>
#include <vector>

namespace girih::systolic {

struct Machine {
  std::string name, description;
#define SYSTOLIC_FACT(key, least, most, init, meaning) int64_t key = init;
#define SYSTOLIC_RATE(key, parts, least, most, init, meaning) int64_t key = init; /* in 1/parts */
#define SYSTOLIC_ENERGY(key, init, meaning) int64_t key = init;
#include "girih-runtime/SystolicMachine.def"

  /// Parses a facts file. On failure returns false and says in `error` what is wrong, with the line.
  static bool parse(std::string_view text, std::string_view origin, Machine &machine, std::string &error);
  /// A preset by name, or the file at a path.
  static bool find(const std::string &spec, Machine &machine, std::string &error);
  std::string text() const;

  int64_t accumulatorRowBytes() const { return 4 * array_columns; }
  int64_t scratchpadBankBytes() const { return scratchpad_bytes / scratchpad_banks; }
  int64_t accumulatorBankBytes() const { return accumulator_bytes / accumulator_banks; }
  /// Cycles in eighths that a row of activations takes; 0 if the arrays lack the type.
  int64_t matmulEighths(Type type) const { return type == Type::i8 ? matmul_cycles_i8 : matmul_cycles_bf16; }
  int64_t functionCycles(Function function) const;
  /// Levels of the tree that combines a row: log2 of the least power of two >= C.
  unsigned reduceLevels() const;
};

struct EmbeddedMachine {
  std::string_view name, text;
};
extern const EmbeddedMachine kEmbeddedMachines[];
extern const unsigned kEmbeddedMachineCount;
std::vector<std::string> presetNames();

} // namespace girih::systolic
