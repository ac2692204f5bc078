// The levels at which girih-eval runs a module: the graph's interpreter, the tile interpreter after the
// pipeline's stages up to `tile`, and compiled code in the runtime.
#pragma once

#include "girih/Compiler.h"
#include "lib/Reference/HostTensor.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/Error.h"

#include <optional>
#include <string>
#include <vector>

namespace girih::eval {

using Tensors = std::vector<reference::TensorRef>;

/// What is run, as the command line says.
struct Request {
  std::string model; // a .mlir file or a model directory
  std::string from;  // the stage a .mlir file was dumped after
  std::string entry;
  std::string target, contract, dtype;
  std::optional<uint64_t> randomWeights;
  unsigned threads = 0; // of the runtime
  std::string codeVersion;
};

/// What the compiler is asked for at every level.
CompileOptions compileOptions(const Request &request);

/// The module to interpret at stage `stage`; an empty stage takes the file as it is.
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> readModule(mlir::MLIRContext &context,
                                                             const Request &request, llvm::StringRef stage);

/// Interprets an entry of a module; with `exact` in f64 throughout.
llvm::Expected<Tensors> interpret(mlir::ModuleOp module, const Request &request, const Tensors &inputs,
                                  bool exact);

/// Compiles to a temporary artifact and runs it.
llvm::Expected<Tensors> runCompiled(mlir::MLIRContext &context, const Request &request,
                                    const Tensors &inputs);

} // namespace girih::eval
