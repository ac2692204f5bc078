// NumPy's .npy files: how tensors go into and come out of the tools.
#pragma once

#include "lib/Reference/HostTensor.h"

#include "llvm/Support/Error.h"

namespace girih::reference {

/// Reads a .npy file of f2, f4, f8, i1, i2, i4, i8 or b1 elements, C order, little-endian. Wider integers
/// become i32, if every value fits, and f8 becomes f32.
llvm::Expected<HostTensor> readNpy(mlir::MLIRContext *context, llvm::StringRef path);

/// Writes a tensor as .npy; bf16 is widened to f4. An exact tensor is written as f8.
llvm::Error writeNpy(const HostTensor &tensor, llvm::StringRef path);

} // namespace girih::reference
