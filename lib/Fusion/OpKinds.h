// Which ops of the graph behave alike when kernels are formed.
#pragma once

#include "dialects/Graph/Graph.h"

namespace girih::fusion {

/// Computes each element from the elements at its place.
inline bool isElementwise(mlir::Operation *op) {
  using namespace graph;
  return mlir::isa<ReluOp, SiluOp, TanhOp, SigmoidOp, ExpOp, SqrtOp, RsqrtOp, NegOp, ReciprocalOp, ErfOp,
                   GeluOp, GateOp, AddOp, SubOp, MulOp, DivOp, MaximumOp, MinimumOp, CastOp, QuantizeOp,
                   DequantizeOp>(op);
}

/// Normalizes rows along the last dimension.
inline bool isRowNorm(mlir::Operation *op) {
  if (auto softmax = mlir::dyn_cast<graph::SoftmaxOp>(op))
    return static_cast<int64_t>(softmax.getAxis()) + 1 == softmax.getInput().getType().getRank();
  return mlir::isa<graph::LayerNormOp, graph::RMSNormOp, graph::L2NormalizeOp>(op);
}

/// Reduces rows along the last dimension alone.
inline bool isRowReduction(mlir::Operation *op) {
  auto reduce = mlir::dyn_cast<graph::ReduceOp>(op);
  return reduce && reduce.getAxes().size() == 1 &&
         reduce.getAxes()[0] + 1 == reduce.getInput().getType().getRank();
}

inline mlir::RankedTensorType tensorOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}

/// Whether two values have the same sizes, whatever their element types.
inline bool sameSizes(mlir::Value a, mlir::Value b) {
  return graph::getSizes(tensorOf(a)) == graph::getSizes(tensorOf(b));
}

} // namespace girih::fusion
