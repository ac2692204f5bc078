// The NVIDIA target's front door.
#pragma once

#include "girih/Target.h"

namespace girih::nvidia {

struct Facts;

/// `text` is a facts file; `origin` names it, and goes into modules as the target's name.
llvm::Expected<std::unique_ptr<girih::Target>> createTarget(llvm::StringRef text, llvm::StringRef origin);
std::unique_ptr<CostModel> createCostModel(const Facts &facts);
void registerDialects(mlir::DialectRegistry &registry);
void registerPasses();

} // namespace girih::nvidia
