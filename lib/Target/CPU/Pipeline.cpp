// The passes of the CPU target's two stages.
#include "lib/Target/CPU/Pipeline.h"

#include "lib/Target/CPU/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void girih::cpu::buildVectorStage(OpPassManager &manager, ArrayRef<std::string> versions, bool samplingOnly) {
  CPULowerProgramsOptions options;
  options.versions.append(versions.begin(), versions.end());
  options.samplingOnly = samplingOnly;
  manager.addPass(createCPULowerPrograms(options));
  OpPassManager &kernels = manager.nest<ModuleOp>().nest<func::FuncOp>();
  kernels.addPass(createCPUApproximateMath());
  kernels.addPass(createCSEPass());
}

void girih::cpu::buildLLVMStage(OpPassManager &manager) {
  manager.addNestedPass<ModuleOp>(createCPUConvertToLLVM());
}

void girih::cpu::registerPasses() { registerGirihCPUPasses(); }
