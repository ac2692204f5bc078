// Bounds of a program's index arithmetic, for every target.
#pragma once

#include "mlir/IR/Value.h"

#include <optional>

namespace girih {

/// The greatest value an index of a program can have, if known.
std::optional<int64_t> upperBound(mlir::Value index);
/// True if the index is certainly not negative.
bool isNonNegative(mlir::Value index);
/// A number that certainly divides the index; 0 divides only 0.
int64_t divisor(mlir::Value index);

} // namespace girih
