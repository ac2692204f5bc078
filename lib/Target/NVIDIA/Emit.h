// Kernels to PTX, and where ptxas is found to machine code.
#pragma once

#include "girih/Target.h"

namespace girih::nvidia {

struct Facts;

/// All kernels in one image, each as include/girih-runtime/NVIDIAKernel.h lays it out.
llvm::Expected<KernelImage> emitImage(mlir::ModuleOp module, const Facts &facts);
/// The PTX of all kernels, one after another.
llvm::Expected<std::string> emitAssembly(mlir::ModuleOp module, const Facts &facts);

} // namespace girih::nvidia
