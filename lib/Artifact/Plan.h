// What the artifact will say about memory and order, computed from a module whose kernels are tile programs:
// entry points, the launches of each with their grids, the arena, and the weights they read. Plain data;
// lib/Artifact/Write.cpp writes it.
#pragma once

#include "dialects/Graph/Graph.h"
#include "lib/Artifact/Arena.h"
#include "lib/Artifact/Size.h"

#include "mlir/IR/BuiltinOps.h"

namespace girih::artifact {

/// A size known when the model runs, with its inclusive bounds.
struct Symbol {
  std::string name;
  int64_t min, max;
};

enum class Place { Arena, Weight, Input, Output };

/// A whole tensor as a command sees it.
struct Argument {
  Place place;
  unsigned index; ///< slot, weight, input or output
  llvm::SmallVector<Size> dims;
  Size bytes;
};

/// One command: the launch of a kernel, or, without a kernel, a copy of its first argument to its second.
struct Launch {
  std::string kernel, label;
  llvm::SmallVector<Size> grid;
  llvm::SmallVector<Argument> arguments; ///< in the order of the program's views
  unsigned outputs = 1;                  ///< how many of the last arguments are written
  std::optional<Size> flops, bytes;
  bool barrierBefore = false;

  bool isCopy() const { return kernel.empty(); }
};

/// An input or output of an entry.
struct Value {
  std::string name;
  mlir::Type elementType;
  llvm::SmallVector<Size> dims;
  std::optional<std::pair<int64_t, int64_t>> range; ///< of an integer input, [low, high)
  bool isState = false;                             ///< an input that the run writes, too
};

struct Entry {
  std::string name;
  llvm::SmallVector<Value> inputs, outputs;
  std::vector<Launch> launches;
  ArenaLayout arena;
};

struct Plan {
  std::vector<Symbol> symbols;
  std::vector<graph::ParameterOp> weights; ///< those that a launch reads, in the order of first use
  std::vector<std::string> kernels;        ///< those that are launched, in the order of first use
  std::vector<Entry> entries;

  std::vector<std::string> symbolNames() const;
};

/// Plans every entry of `module`; on failure a diagnostic has been emitted.
mlir::FailureOr<Plan> planModule(mlir::ModuleOp module);

/// Text of a plan, for tests and debugging.
void print(const Plan &plan, llvm::raw_ostream &os);

} // namespace girih::artifact
