// The activation functions that configurations name, and the graph ops that compute them.
#pragma once

#include "lib/Import/ModelBuilder.h"

namespace girih::import {

/// True if `name`, as transformers spells it, can be expressed exactly.
bool isActivation(llvm::StringRef name);
/// All of them, for messages.
std::string knownActivations();
/// Applies the activation; `name` must be one.
mlir::Value buildActivation(ModelBuilder &model, llvm::StringRef name, mlir::Value input);

} // namespace girih::import
