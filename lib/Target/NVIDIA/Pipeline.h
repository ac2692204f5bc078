// The stage of the NVIDIA target as a pass pipeline.
#pragma once

#include "mlir/Support/LLVM.h"

namespace mlir {
class OpPassManager;
}

namespace girih::nvidia {

struct Facts;

/// Tile programs to kernels in the NVVM dialect.
void buildNVVMStage(mlir::OpPassManager &manager, const Facts &facts);
void registerPasses();

} // namespace girih::nvidia
