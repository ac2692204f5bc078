// What the reference implementations share: the form of an external model, so that each op's file is one
// function per op.
#pragma once

#include "dialects/Graph/Graph.h"
#include "lib/Reference/HostTensor.h"

namespace girih::reference {

using Operands = llvm::ArrayRef<const HostTensor *>;
using Results = llvm::MutableArrayRef<HostTensor>;

/// Makes `function(op, operands, results)` the definition of OpTy. Results arrive shaped; the caller rounds
/// them.
template <typename OpTy, void (*function)(OpTy, Operands, Results)>
struct Model : graph::ReferenceOpInterface::ExternalModel<Model<OpTy, function>, OpTy> {
  llvm::LogicalResult evaluate(mlir::Operation *op, Operands operands, Results results) const {
    function(llvm::cast<OpTy>(op), operands, results);
    return llvm::success();
  }
};

template <typename OpTy, void (*function)(OpTy, Operands, Results)> void attach(mlir::MLIRContext *context) {
  OpTy::template attachInterface<Model<OpTy, function>>(*context);
}

/// An operand of a contraction, its elements rounded to the compute type unless f64 is kept.
inline std::vector<double> computeOperand(const HostTensor &operand, mlir::Type compute, bool exact) {
  std::vector<double> values(operand.data(), operand.data() + operand.size());
  if (!exact && compute != operand.getElementType())
    for (double &value : values)
      value = roundTo(compute, value);
  return values;
}

/// `shape` seen as [outer, axis, inner].
struct AxisView {
  int64_t outer = 1, length, inner = 1;
  AxisView(llvm::ArrayRef<int64_t> shape, int64_t axis) : length(shape[axis]) {
    for (int64_t i = 0; i < axis; ++i)
      outer *= shape[i];
    for (int64_t i = axis + 1; i < static_cast<int64_t>(shape.size()); ++i)
      inner *= shape[i];
  }
};

/// Row-major strides.
inline llvm::SmallVector<int64_t> strides(llvm::ArrayRef<int64_t> shape) {
  llvm::SmallVector<int64_t> result(shape.size(), 1);
  for (int64_t i = static_cast<int64_t>(shape.size()) - 2; i >= 0; --i)
    result[i] = result[i + 1] * shape[i + 1];
  return result;
}

/// Calls `body(index)` for every index of `shape`, in row-major order.
template <typename Body> void forEachIndex(llvm::ArrayRef<int64_t> shape, Body body) {
  llvm::SmallVector<int64_t> index(shape.size(), 0);
  for (int64_t left = HostTensor::countElements(shape); left > 0; --left) {
    body(llvm::ArrayRef<int64_t>(index));
    for (int64_t d = static_cast<int64_t>(shape.size()) - 1; d >= 0 && ++index[d] == shape[d]; --d)
      index[d] = 0;
  }
}

} // namespace girih::reference
