// Runs an entry of a module at any host stage, op by op: graph ops by their reference models, kernels and
// launches of outlined kernels by their bodies, launches of tile programs by the tile interpreter.
#pragma once

#include "lib/Reference/HostTensor.h"
#include "lib/Reference/Parameters.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

#include <functional>

namespace girih::reference {

struct InterpreterOptions {
  /// Fill parameters without a value at random.
  std::optional<uint64_t> randomWeights;
  /// Keep f64 between ops: the yardstick for everyone's error. Parameters keep the precision of their types.
  bool exact = false;
  /// Called after every op with its results; `layerName(op->getLoc())` says which layer it is.
  std::function<void(mlir::Operation *op, llvm::ArrayRef<TensorRef> results)> observer;
};

class Interpreter {
public:
  Interpreter(mlir::ModuleOp module, InterpreterOptions options = {});

  /// The entry called `name`; with an empty name the module's only one. Null and a diagnostic if there is
  /// none.
  mlir::func::FuncOp findEntry(llvm::StringRef name);

  /// Runs an entry. Faults, also of the inputs, are reported as diagnostics.
  mlir::FailureOr<std::vector<TensorRef>> run(mlir::func::FuncOp entry, llvm::ArrayRef<TensorRef> inputs);

private:
  mlir::FailureOr<std::vector<TensorRef>> runBlock(mlir::Block &block, llvm::ArrayRef<TensorRef> arguments);
  mlir::FailureOr<std::vector<TensorRef>> evaluate(mlir::Operation *op, llvm::ArrayRef<TensorRef> operands);
  mlir::FailureOr<std::vector<TensorRef>> evaluateModel(graph::ReferenceOpInterface op,
                                                        llvm::ArrayRef<TensorRef> operands);
  mlir::FailureOr<std::vector<TensorRef>> launch(graph::LaunchOp op, llvm::ArrayRef<TensorRef> operands);
  mlir::FailureOr<std::vector<HostTensor>> makeResults(mlir::Operation *op);

  mlir::ModuleOp module;
  mlir::SymbolTable symbols;
  InterpreterOptions options;
  Parameters parameters;
  llvm::StringMap<int64_t> sizes;
};

} // namespace girih::reference
