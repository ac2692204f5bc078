// The stages of the CPU target as pass pipelines.
#pragma once

#include "mlir/Support/LLVM.h"
#include <string>

namespace mlir {
class OpPassManager;
}

namespace girih::cpu {

/// Tile programs to loops over vectors, for each code version; `samplingOnly`: those that draw tokens.
void buildVectorStage(mlir::OpPassManager &manager, mlir::ArrayRef<std::string> versions,
                      bool samplingOnly = false);
/// Loops over vectors to the LLVM dialect.
void buildLLVMStage(mlir::OpPassManager &manager);
void registerPasses();

} // namespace girih::cpu
