// The stages of the CPU target as pass pipelines.
#pragma once

#include "mlir/Support/LLVM.h"
#include <string>

namespace mlir {
class OpPassManager;
}

namespace girih::cpu {

/// Tile programs to loops over vectors, for each code version.
void buildVectorStage(mlir::OpPassManager &manager, mlir::ArrayRef<std::string> versions);
/// Loops over vectors to the LLVM dialect.
void buildLLVMStage(mlir::OpPassManager &manager);
void registerPasses();

} // namespace girih::cpu
