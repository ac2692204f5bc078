// Sizes of graph types as the artifact needs them: dimensions and bytes as programs over the module's
// symbols.
#pragma once

#include "dialects/Graph/Graph.h"
#include "lib/Artifact/Size.h"

#include "llvm/ADT/StringMap.h"

namespace girih::artifact {

/// Numbers of the module's symbols by name.
using SymbolNumbers = llvm::StringMap<unsigned>;

Size toSize(const graph::SizeExpr &expr, const SymbolNumbers &symbols);

/// Every dimension of `type`, in order.
llvm::SmallVector<Size> dimsOf(mlir::RankedTensorType type, const SymbolNumbers &symbols);

/// Bytes of a tensor as stored, its encoding included.
Size bytesOf(mlir::RankedTensorType type, const SymbolNumbers &symbols);

} // namespace girih::artifact
