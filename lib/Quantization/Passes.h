// The passes that put a model's arithmetic on small integers.
#pragma once

#include "dialects/Graph/Graph.h"
#include "mlir/Pass/Pass.h"

namespace girih::quantization {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "lib/Quantization/Passes.h.inc"

} // namespace girih::quantization
