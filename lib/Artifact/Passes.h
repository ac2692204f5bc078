// Passes around the artifact; Passes.td describes them.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace girih::artifact {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "lib/Artifact/Passes.h.inc"

} // namespace girih::artifact
