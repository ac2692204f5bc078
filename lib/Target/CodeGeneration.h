// What every target does with LLVM's code generator, whatever passes and machine it gives it: kernels in
// parallel, each once.
#pragma once

#include "llvm/IR/PassManager.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/CodeGen.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <vector>

namespace llvm {
class TargetMachine;
} // namespace llvm

namespace girih {

/// The analyses that a pass builder's passes ask for.
struct Analyses {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;

  explicit Analyses(llvm::PassBuilder &builder);
};

/// The module as an object or as assembly text, from the code cache if it is there.
llvm::Expected<std::vector<uint8_t>> generateCode(llvm::Module &module, llvm::TargetMachine &machine,
                                                  llvm::CodeGenFileType kind);

/// Runs `work` on every index, in parallel, and joins the errors.
llvm::Error forEachInParallel(size_t count, llvm::function_ref<llvm::Error(size_t)> work);

} // namespace girih
