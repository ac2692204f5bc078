// Conversion between the element types that weights are stored in.
#pragma once

#include "mlir/IR/Types.h"

namespace girih::artifact {

/// Whether `convert` knows the pair: equal types, or any two of f64, f32, f16 and bf16.
bool canConvert(mlir::Type from, mlir::Type to);

/// Converts `count` elements, rounding to nearest even.
void convert(const char *source, mlir::Type from, char *destination, mlir::Type to, int64_t count);

} // namespace girih::artifact
