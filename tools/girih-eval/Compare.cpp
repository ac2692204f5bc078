// Errors against the reference, and the tolerance they are judged by.
#include "Compare.h"

#include "dialects/Graph/Graph.h"

#include <cmath>

using namespace mlir;
using namespace girih;
using namespace girih::eval;

Difference girih::eval::compare(const reference::HostTensor &actual, const reference::HostTensor &expected) {
  Difference difference;
  difference.sameShape = actual.getShape() == expected.getShape();
  if (!difference.sameShape)
    return difference;
  double squares = 0;
  for (int64_t i = 0; i < expected.size(); ++i) {
    // What overflows the type is an infinity in it.
    double a = actual[i], e = expected[i];
    if (std::isinf(reference::roundTo(actual.getElementType(), e)))
      e = std::copysign(INFINITY, e);
    if (!std::isfinite(a) || !std::isfinite(e)) {
      difference.sameSpecials &= (std::isnan(a) && std::isnan(e)) || a == e;
      continue;
    }
    difference.maximum = std::fmax(difference.maximum, std::fabs(a - e));
    difference.magnitude = std::fmax(difference.magnitude, std::fabs(e));
    squares += (a - e) * (a - e);
  }
  difference.rms = expected.size() == 0 ? 0 : std::sqrt(squares / expected.size());
  return difference;
}

static double epsilon(Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isF32() ? 0x1p-23 : element.isBF16() ? 0x1p-7 : element.isF16() ? 0x1p-10 : 0;
}

// The longest sum an op makes, 1 if it makes none. A symbolic length (tokens of a sequence) counts as 512.
static double sumLength(Operation *op) {
  auto sizeOf = [](Value value, int64_t axis) {
    int64_t size = cast<RankedTensorType>(value.getType()).getDimSize(axis);
    return ShapedType::isDynamic(size) ? 512.0 : double(size);
  };
  auto last = [&](Value value) {
    return sizeOf(value, cast<RankedTensorType>(value.getType()).getRank() - 1);
  };
  return TypeSwitch<Operation *, double>(op)
      .Case([&](graph::LinearOp linear) { return last(linear.getInput()); })
      .Case([&](graph::AttentionOp attention) {
        return std::fmax(sizeOf(attention.getKey(), 1), last(attention.getKey()));
      })
      .Case<graph::RMSNormOp, graph::LayerNormOp, graph::L2NormalizeOp>(
          [&](auto norm) { return last(norm.getInput()); })
      .Case([&](graph::SoftmaxOp softmax) { return sizeOf(softmax.getInput(), softmax.getAxis()); })
      .Case([&](graph::PoolOp pool) { return sizeOf(pool.getInput(), 1); })
      .Case([&](graph::ReduceOp reduce) {
        double count = 1;
        for (int64_t axis : reduce.getAxes())
          count *= sizeOf(reduce.getInput(), axis);
        return count;
      })
      .Default(1.0);
}

double girih::eval::defaultTolerance(ModuleOp module, Type resultType) {
  if (isa<IntegerType>(getElementTypeOrSelf(resultType)))
    return 0;
  double eps = epsilon(resultType), longest = 1, depth = 0;
  module.walk([&](Operation *op) {
    for (Type type : op->getResultTypes())
      eps = std::fmax(eps, epsilon(type));
    if (auto linear = dyn_cast<graph::LinearOp>(op))
      eps = std::fmax(eps, epsilon(linear.getComputeType()));
    if (auto attention = dyn_cast<graph::AttentionOp>(op))
      eps = std::fmax(eps, epsilon(attention.getComputeType()));
    double length = sumLength(op);
    longest = std::fmax(longest, length);
    depth += length > 1;
  });
  double sums = 0x1p-23 * std::sqrt(std::fmin(longest, 256)) / 4;
  return 4 * std::fmax(eps, sums) * std::sqrt(std::fmax(1, depth));
}

bool girih::eval::quantizes(ModuleOp module) {
  return module
      .walk([](Operation *op) {
        return isa<graph::QuantizeOp, graph::QuantizeRowsOp>(op) ? WalkResult::interrupt()
                                                                 : WalkResult::advance();
      })
      .wasInterrupted();
}
