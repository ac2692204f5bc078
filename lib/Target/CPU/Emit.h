// Machine code from the LLVM dialect.
#pragma once

#include "girih/Target.h"
#include "lib/Target/CPU/CodeVersion.h"

namespace girih::cpu {

/// Compiles the nested module of `version`, kernels in parallel, and lays them into one image.
llvm::Expected<KernelImage> emitImage(mlir::ModuleOp module, const CodeVersion &version);
/// One relocatable ELF object per kernel.
llvm::Expected<std::vector<std::vector<uint8_t>>> emitObjects(mlir::ModuleOp module, const CodeVersion &version);
/// The same kernels as assembly, one after another.
llvm::Expected<std::string> emitAssembly(mlir::ModuleOp module, const CodeVersion &version);

/// A kernel's object linked flat: all relocations resolved, so the bytes run wherever they are mapped.
struct LinkedKernel {
  std::vector<uint8_t> bytes;
  uint64_t entry;
};
llvm::Expected<LinkedKernel> linkFlat(llvm::ArrayRef<uint8_t> object, llvm::StringRef kernel);

} // namespace girih::cpu
