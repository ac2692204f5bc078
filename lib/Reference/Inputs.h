// Inputs of an entry: checked when a user brings them; made when nobody does, with sizes from named symbols
// and values from a seed, within the declared ranges.
#pragma once

#include "lib/Reference/HostTensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"

namespace girih::reference {

/// The name users know an entry's argument by; "input N" without a `girih.name`.
std::string inputName(mlir::func::FuncOp entry, unsigned index);

/// The range of an integer input, if it declares one.
std::optional<std::pair<int64_t, int64_t>> inputRange(mlir::func::FuncOp entry, unsigned index);

/// Checks `inputs` against the entry's declared shapes and ranges and yields the symbols' values.
mlir::FailureOr<llvm::StringMap<int64_t>> bindInputs(mlir::func::FuncOp entry,
                                                     llvm::ArrayRef<TensorRef> inputs);

/// Random inputs: floats uniform in [-1, 1), i8 of all values, other integers uniform in their range, or in [0, 2) without
/// one. A symbol without a given size gets its largest, but at most 8. The first column of an input with range
/// [0, 2) is 1, so that a mask attends to something in every row.
mlir::FailureOr<std::vector<TensorRef>> makeInputs(mlir::func::FuncOp entry, llvm::StringMap<int64_t> sizes,
                                                   uint64_t seed);

} // namespace girih::reference
