// Where a compilation starts: a model directory or a module's text.
#pragma once

#include "lib/Pipelines/Diagnostics.h"
#include "lib/Pipelines/Options.h"

#include "mlir/IR/OwningOpRef.h"

namespace girih {

/// The module that the first stage leaves: imported, or parsed from a dump.
llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> readModel(mlir::MLIRContext &context,
                                                            DiagnosticCollector &diagnostics,
                                                            const CompileOptions &options,
                                                            const CheckedOptions &checked);

} // namespace girih
