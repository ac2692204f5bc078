// The one place where Girih's dialects, interface implementations and passes are made known to MLIR: every
// tool and the library call these two functions.
#pragma once

namespace mlir {
class DialectRegistry;
}

namespace girih {

/// All dialects of every level, ours and upstream's, with their external models.
void registerAll(mlir::DialectRegistry &registry);

/// All our passes and the upstream ones that our pipelines and tests use, by name.
void registerAllPasses();

} // namespace girih
