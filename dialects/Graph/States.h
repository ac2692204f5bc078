// An entry's states: tensors that a run reads and writes in place. In the graph every update yields a new
// version; a state is used linearly where these versions form a chain, so that all of them may lie in one
// place.
#pragma once

#include "dialects/Graph/Graph.h"

namespace girih::graph {

/// The version that the use of a tensor makes of it: a `girih.cache_write`, or a kernel or launch that holds
/// one. Null if the use only reads.
mlir::Value getNextVersion(mlir::OpOperand &use);

/// Checks that an entry's states are used linearly and that their last versions are its last results.
mlir::LogicalResult verifyStates(mlir::func::FuncOp entry);

/// Whether an argument is a state.
bool isState(mlir::func::FuncOp entry, unsigned argument);
/// How many of the entry's results are no states' versions.
unsigned getNumProperResults(mlir::func::FuncOp entry);

} // namespace girih::graph
