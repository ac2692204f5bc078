// The passes between kernels and tile programs, and the emitters they call.
#pragma once

#include "dialects/Graph/Graph.h"
#include "dialects/Tile/Tile.h"
#include "mlir/Pass/Pass.h"

#include <memory>

namespace girih::tiling {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "lib/Tiling/Passes.h.inc"

/// Attaches `TileableOpInterface` to the graph's ops.
void registerTilingModels(mlir::DialectRegistry &registry);

} // namespace girih::tiling
