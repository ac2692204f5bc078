// The CPU target's front door.
#pragma once

#include "girih/Target.h"

namespace girih::cpu {

llvm::Expected<std::unique_ptr<Target>> createTarget(MachineFacts facts);
std::unique_ptr<CostModel> createCostModel(const MachineFacts &facts);
void registerDialects(mlir::DialectRegistry &registry);
void registerPasses();

} // namespace girih::cpu
