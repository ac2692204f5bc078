// Binary programs from the systolic dialect.
#pragma once

#include "girih/Target.h"

namespace girih::systolic {

/// All programs of the nested module in one image, as include/girih-runtime/SystolicKernel.h lays each out.
llvm::Expected<KernelImage> emitImage(mlir::ModuleOp module);
/// The same programs as assembly, one after another.
llvm::Expected<std::string> emitAssembly(mlir::ModuleOp module);

} // namespace girih::systolic
