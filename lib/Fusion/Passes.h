// The passes between the graph as imported and outlined kernels.
#pragma once

#include "dialects/Graph/Graph.h"
#include "mlir/Pass/Pass.h"

namespace girih::fusion {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "lib/Fusion/Passes.h.inc"

} // namespace girih::fusion
