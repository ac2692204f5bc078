// Element types as the artifact's format and the C ABIs number them.
#pragma once

#include "mlir/IR/Types.h"

#include <cstdint>

namespace girih::artifact {

/// A girih_element_type.
uint32_t elementCode(mlir::Type type);
mlir::Type elementType(mlir::MLIRContext &context, uint32_t code);

} // namespace girih::artifact
