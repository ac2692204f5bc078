// The passes of the NVIDIA target's stage.
#include "lib/Target/NVIDIA/Pipeline.h"

#include "lib/Target/CPU/Passes.h"
#include "lib/Target/NVIDIA/Facts.h"
#include "lib/Target/NVIDIA/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void girih::nvidia::buildNVVMStage(OpPassManager &manager, const Facts &facts) {
  NVIDIALowerProgramsOptions options;
  options.sharedBytes = facts.sharedBytes;
  options.architecture = facts.architecture;
  manager.addPass(createNVIDIALowerPrograms(options));
  OpPassManager &kernels = manager.nest<ModuleOp>();
  // The same polynomials as on the CPU: no library of the toolkit is needed, and f32 kernels give the same
  // bits there and here.
  cpu::CPUApproximateMathOptions math;
  math.expandBF16 = false;
  kernels.nest<func::FuncOp>().addPass(cpu::createCPUApproximateMath(math));
  kernels.nest<func::FuncOp>().addPass(createCSEPass());
  kernels.addPass(createNVIDIAConvertToNVVM());
}

void girih::nvidia::registerPasses() { registerGirihNVIDIAPasses(); }
