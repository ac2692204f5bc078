// Passes of the systolic target.
#pragma once

#include "dialects/Systolic/Systolic.h"
#include "mlir/Pass/Pass.h"

namespace girih::systolic {
#define GEN_PASS_DECL
#include "lib/Target/Systolic/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "lib/Target/Systolic/Passes.h.inc"
} // namespace girih::systolic
