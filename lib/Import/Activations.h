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

/// True if `name` can be the activation of a gated unit.
bool isGate(llvm::StringRef name);
/// All of them, for messages.
std::string knownGates();
/// The activation of `gate` times `up`; `name` must be one.
mlir::Value buildGate(ModelBuilder &model, llvm::StringRef name, mlir::Value gate, mlir::Value up);

} // namespace girih::import
