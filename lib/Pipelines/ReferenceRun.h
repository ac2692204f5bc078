// Runs the reference interpreter in step with an artifact: the model is fused and outlined as for the
// artifact, and what each launch ought to compute is handed out in the order of the artifact's launches.
#pragma once

#include "girih/Compiler.h"
#include "lib/Reference/HostTensor.h"

namespace girih {

/// One launch's number in its entry, the model's layers it covers, its results. Returning false stops the
/// run.
using ReferenceObserver =
    std::function<bool(size_t launch, llvm::StringRef layers, llvm::ArrayRef<reference::TensorRef> results)>;

/// Makes the inputs once types can be made in the run's context.
using MakeInputs = llvm::function_ref<std::vector<reference::TensorRef>(mlir::MLIRContext &)>;

llvm::Error runReference(CompileOptions options, llvm::StringRef entry, MakeInputs inputs,
                         const ReferenceObserver &observer);

} // namespace girih
