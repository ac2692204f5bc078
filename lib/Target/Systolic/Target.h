// The systolic target's front door.
#pragma once

#include "girih/Target.h"

namespace girih::systolic {

struct Machine;

/// `spec` is a preset's name or the path of a facts file; it goes into the module's programs, which are
/// verified against it.
llvm::Expected<std::unique_ptr<girih::Target>> createTarget(llvm::StringRef spec);
std::unique_ptr<CostModel> createCostModel(const Machine &machine);
void registerDialects(mlir::DialectRegistry &registry);
void registerPasses();

} // namespace girih::systolic
