// Definitions of the ops that compute each element from the elements at its place.
#include "lib/Reference/Model.h"
#include "lib/Reference/Models.h"
#include "lib/Reference/Parameters.h"

#include <cmath>

using namespace mlir;
using namespace girih::reference;
using namespace girih::graph;

namespace {
//===- One operand --------------------------------------------------------------------------------===//

double relu(double x) { return x < 0 ? 0 : x; }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double silu(double x) { return x * sigmoid(x); }
double reciprocalRoot(double x) { return 1 / std::sqrt(x); }
double negate(double x) { return -x; }
double reciprocal(double x) { return 1 / x; }
double gelu(double x) { return 0.5 * x * std::erfc(-x / std::sqrt(2.0)); }
double geluTanh(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}
double exponential(double x) { return std::exp(x); }
double root(double x) { return std::sqrt(x); }
double hyperbolicTangent(double x) { return std::tanh(x); }
double errorFunction(double x) { return std::erf(x); }

template <typename OpTy, double (*function)(double)> void unary(OpTy, Operands operands, Results results) {
  std::transform(operands[0]->data(), operands[0]->data() + operands[0]->size(), results[0].data(), function);
}

void geluOp(GeluOp op, Operands operands, Results results) {
  auto function = op.getApproximate() == Approximation::Tanh ? geluTanh : gelu;
  std::transform(operands[0]->data(), operands[0]->data() + operands[0]->size(), results[0].data(), function);
}

double activate(Activation activation, double x) {
  switch (activation) {
  case Activation::Silu:
    return silu(x);
  case Activation::Gelu:
    return gelu(x);
  case Activation::GeluTanh:
    return geluTanh(x);
  case Activation::Relu:
    return relu(x);
  case Activation::Sigmoid:
    return sigmoid(x);
  }
  llvm_unreachable("all activations are above");
}

void gate(GateOp op, Operands operands, Results results) {
  for (int64_t i = 0; i < results[0].size(); ++i)
    results[0][i] = activate(op.getActivation(), (*operands[0])[i]) * (*operands[1])[i];
}

// Floats to integers go toward zero and saturate; NaN gives 0. To i1: whether it differs from 0.
double castElement(double x, Type from, Type to) {
  if (!isa<FloatType>(from) || !isa<IntegerType>(to) || to.isInteger(1))
    return x;
  if (std::isnan(x))
    return 0;
  double limit = std::ldexp(1.0, to.getIntOrFloatBitWidth() - 1);
  return std::clamp(std::trunc(x), -limit, limit - 1);
}

void castOp(CastOp, Operands operands, Results results) {
  for (int64_t i = 0; i < results[0].size(); ++i)
    results[0][i] =
        castElement((*operands[0])[i], operands[0]->getElementType(), results[0].getElementType());
}

//===- Two operands, broadcast --------------------------------------------------------------------===//

// How far each result dimension moves in an operand whose trailing dimensions align with the result's.
SmallVector<int64_t> broadcastStrides(const HostTensor &operand, int64_t rank) {
  SmallVector<int64_t> own = strides(operand.getShape()), result(rank, 0);
  for (int64_t i = 0; i < operand.getRank(); ++i)
    if (operand.dim(i) != 1)
      result[rank - operand.getRank() + i] = own[i];
  return result;
}

int64_t dotIndex(ArrayRef<int64_t> index, ArrayRef<int64_t> strides) {
  int64_t at = 0;
  for (auto [i, stride] : llvm::zip(index, strides))
    at += i * stride;
  return at;
}

template <typename OpTy, double (*function)(double, double, bool)>
void binary(OpTy, Operands operands, Results results) {
  HostTensor &out = results[0];
  bool isFloat = isa<FloatType>(out.getElementType());
  SmallVector<int64_t> left = broadcastStrides(*operands[0], out.getRank());
  SmallVector<int64_t> right = broadcastStrides(*operands[1], out.getRank());
  int64_t at = 0;
  forEachIndex(out.getShape(), [&](ArrayRef<int64_t> index) {
    out[at++] =
        function((*operands[0])[dotIndex(index, left)], (*operands[1])[dotIndex(index, right)], isFloat);
  });
}

double plus(double a, double b, bool) { return a + b; }
double minus(double a, double b, bool) { return a - b; }
// Products of i32 are exact in f64 only up to 2^53: multiply integers as integers.
double times(double a, double b, bool isFloat) {
  if (isFloat)
    return a * b;
  uint64_t product =
      static_cast<uint64_t>(static_cast<int64_t>(a)) * static_cast<uint64_t>(static_cast<int64_t>(b));
  return static_cast<int32_t>(static_cast<uint32_t>(product));
}
// Integers divide toward zero; a division by 0 gives 0.
double divided(double a, double b, bool isFloat) { return isFloat ? a / b : b == 0 ? 0 : std::trunc(a / b); }
// NaN wins.
double greater(double a, double b, bool) { return std::isnan(a) || std::isnan(b) ? NAN : std::fmax(a, b); }
double lesser(double a, double b, bool) { return std::isnan(a) || std::isnan(b) ? NAN : std::fmin(a, b); }

void constant(ConstantOp op, Operands, Results results) { fillFromAttribute(op.getValue(), results[0]); }
} // namespace

void girih::reference::attachElementwiseModels(MLIRContext *context) {
  attach<ReluOp, unary<ReluOp, relu>>(context);
  attach<SiluOp, unary<SiluOp, silu>>(context);
  attach<TanhOp, unary<TanhOp, hyperbolicTangent>>(context);
  attach<SigmoidOp, unary<SigmoidOp, sigmoid>>(context);
  attach<ExpOp, unary<ExpOp, exponential>>(context);
  attach<SqrtOp, unary<SqrtOp, root>>(context);
  attach<RsqrtOp, unary<RsqrtOp, reciprocalRoot>>(context);
  attach<NegOp, unary<NegOp, negate>>(context);
  attach<ReciprocalOp, unary<ReciprocalOp, reciprocal>>(context);
  attach<ErfOp, unary<ErfOp, errorFunction>>(context);
  attach<GeluOp, geluOp>(context);
  attach<GateOp, gate>(context);
  attach<CastOp, castOp>(context);
  attach<AddOp, binary<AddOp, plus>>(context);
  attach<SubOp, binary<SubOp, minus>>(context);
  attach<MulOp, binary<MulOp, times>>(context);
  attach<DivOp, binary<DivOp, divided>>(context);
  attach<MaximumOp, binary<MaximumOp, greater>>(context);
  attach<MinimumOp, binary<MinimumOp, lesser>>(context);
  attach<ConstantOp, constant>(context);
}
