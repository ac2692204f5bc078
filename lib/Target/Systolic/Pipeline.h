// The stage of the systolic target as a pass pipeline.
#pragma once

#include "mlir/Support/LLVM.h"

namespace mlir {
class OpPassManager;
}

namespace girih::systolic {

/// The code version of what the host runs beside the machine: any CPU that Girih runs on has it.
inline constexpr const char *kHostVersion = "x86-64-v3";

/// Tile programs to programs of the machine, those that draw tokens to code for the host.
void buildSystolicStage(mlir::OpPassManager &manager, mlir::StringRef machine);

} // namespace girih::systolic
