// The passes of the systolic target's stage.
#include "lib/Target/Systolic/Pipeline.h"

#include "lib/Target/CPU/Pipeline.h"
#include "lib/Target/Systolic/Passes.h"
#include "lib/Target/Systolic/Target.h"
#include "mlir/Pass/PassManager.h"

void girih::systolic::buildSystolicStage(mlir::OpPassManager &manager, mlir::StringRef machine) {
  cpu::buildVectorStage(manager, std::string(kHostVersion), /*samplingOnly=*/true);
  cpu::buildLLVMStage(manager);
  SystolicLowerProgramsOptions options;
  options.machine = machine.str();
  options.remarks = true;
  manager.addPass(createSystolicLowerPrograms(options));
}

void girih::systolic::registerPasses() { registerGirihSystolicTargetPasses(); }
