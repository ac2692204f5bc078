// The passes between kernels and tile programs, and the emitters they call.
#pragma once

#include "dialects/Graph/Graph.h"
#include "dialects/Tile/Tile.h"
#include "mlir/Pass/Pass.h"

#include <memory>

namespace girih {
class Target;
}

namespace girih::tiling {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "lib/Tiling/Passes.h.inc"

/// Attaches `TileableOpInterface` to the graph's ops.
void registerTilingModels(mlir::DialectRegistry &registry);

/// The target that `spec`, else the module's girih.target, else "cpu" names. Reports an unknown one on the
/// module.
mlir::FailureOr<std::unique_ptr<Target>> targetOf(mlir::ModuleOp module, llvm::StringRef spec);

} // namespace girih::tiling
