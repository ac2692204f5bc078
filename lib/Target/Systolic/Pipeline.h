// The stage of the systolic target as a pass pipeline.
#pragma once

#include "mlir/Support/LLVM.h"

namespace mlir {
class OpPassManager;
}

namespace girih::systolic {

/// Tile programs to programs of the machine.
void buildSystolicStage(mlir::OpPassManager &manager, mlir::StringRef machine);

} // namespace girih::systolic
