// Element-wise ops: the operands' tiles at the same place, broadcast where an operand is smaller, and one
// formula in f32.
#include "lib/Tiling/Model.h"

#include <cmath>

using namespace mlir;
using namespace girih;
using namespace girih::tiling;

FailureOr<Value> tiling::pullBroadcast(Value operand, graph::TilePull &pull, Location loc,
                                       RankedTensorType result, TileRequest request) {
  auto type = cast<RankedTensorType>(operand.getType());
  int64_t lead = result.getRank() - type.getRank();
  SmallVector<OpFoldResult> offsets;
  SmallVector<int64_t> sizes, dims;
  for (int64_t d = 0; d < type.getRank(); ++d) {
    bool repeated = type.getDimSize(d) == 1 && result.getDimSize(lead + d) != 1;
    offsets.push_back(repeated ? zero(pull.builder()) : request.offsets[lead + d]);
    sizes.push_back(repeated ? 1 : request.sizes[lead + d]);
    dims.push_back(lead + d);
  }
  FailureOr<Value> tile = pull.pull(operand, offsets, sizes);
  if (failed(tile))
    return failure();
  return broadcast(pull.builder(), loc, *tile, dims, request.sizes);
}

//===- One operand --------------------------------------------------------------------------------===//

using UnaryFormula = Value (*)(OpBuilder &, Location, Operation *, Value);

template <typename OpTy, UnaryFormula Formula>
static FailureOr<Value> emitUnary(OpTy op, graph::TilePull &pull, TileRequest request) {
  FailureOr<Value> x = pull.pull(op.getInput(), request.offsets, request.sizes);
  if (failed(x))
    return failure();
  return Formula(pull.builder(), op.getLoc(), op, *x);
}

template <typename MathOp> static Value byMath(OpBuilder &b, Location loc, Operation *, Value x) {
  return MathOp::create(b, loc, x);
}

template <graph::Activation kind>
static Value byActivation(OpBuilder &b, Location loc, Operation *, Value x) {
  return activation(b, loc, kind, x);
}

static bool isFloat(Value tile) { return isa<FloatType>(elementOf(tile)); }

static Value relu(OpBuilder &b, Location loc, Operation *, Value x) {
  Value none = filledLike(b, loc, x, 0.0);
  if (isFloat(x))
    return arith::MaximumFOp::create(b, loc, x, none);
  return arith::MaxSIOp::create(b, loc, x, none);
}

static Value negate(OpBuilder &b, Location loc, Operation *, Value x) {
  if (isFloat(x))
    return arith::NegFOp::create(b, loc, x);
  return arith::SubIOp::create(b, loc, filledLike(b, loc, x, 0.0), x);
}

static Value reciprocal(OpBuilder &b, Location loc, Operation *, Value x) {
  return arith::DivFOp::create(b, loc, filledLike(b, loc, x, 1.0), x);
}

static Value rsqrt(OpBuilder &b, Location loc, Operation *op, Value x) {
  return reciprocal(b, loc, op, math::SqrtOp::create(b, loc, x));
}

static Value geluFormula(OpBuilder &b, Location loc, Operation *op, Value x) {
  bool tanh = cast<graph::GeluOp>(op).getApproximate() == graph::Approximation::Tanh;
  return activation(b, loc, tanh ? graph::Activation::GeluTanh : graph::Activation::Gelu, x);
}

//===- Two operands -------------------------------------------------------------------------------===//

template <typename FloatOp, typename IntegerOp>
static Value byType(OpBuilder &b, Location loc, Value lhs, Value rhs) {
  if (isFloat(lhs))
    return FloatOp::create(b, loc, lhs, rhs);
  return IntegerOp::create(b, loc, lhs, rhs);
}

template <typename OpTy, typename FloatOp, typename IntegerOp>
static FailureOr<Value> emitBinary(OpTy op, graph::TilePull &pull, TileRequest request) {
  RankedTensorType type = op.getResult().getType();
  FailureOr<Value> lhs = pullBroadcast(op.getLhs(), pull, op.getLoc(), type, request);
  FailureOr<Value> rhs = pullBroadcast(op.getRhs(), pull, op.getLoc(), type, request);
  if (failed(lhs) || failed(rhs))
    return failure();
  return byType<FloatOp, IntegerOp>(pull.builder(), op.getLoc(), *lhs, *rhs);
}

/// Integer division that is defined everywhere: x / 0 = 0, and the least integer over -1 wraps as negation
/// does.
static FailureOr<Value> emitDiv(graph::DivOp op, graph::TilePull &pull, TileRequest request) {
  RankedTensorType type = op.getResult().getType();
  OpBuilder &b = pull.builder();
  Location loc = op.getLoc();
  FailureOr<Value> lhs = pullBroadcast(op.getLhs(), pull, loc, type, request);
  FailureOr<Value> rhs = pullBroadcast(op.getRhs(), pull, loc, type, request);
  if (failed(lhs) || failed(rhs))
    return failure();
  if (isFloat(*lhs))
    return arith::DivFOp::create(b, loc, *lhs, *rhs).getResult();
  Value none = filledLike(b, loc, *rhs, 0), one = filledLike(b, loc, *rhs, 1);
  Value byZero = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, *rhs, none);
  Value byMinusOne =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, *rhs, filledLike(b, loc, *rhs, -1));
  Value unsafe = arith::OrIOp::create(b, loc, byZero, byMinusOne);
  Value quotient = arith::DivSIOp::create(b, loc, *lhs, select(b, loc, unsafe, one, *rhs));
  Value negated = arith::SubIOp::create(b, loc, none, *lhs);
  return select(b, loc, byZero, none, select(b, loc, byMinusOne, negated, quotient));
}

static FailureOr<Value> emitGate(graph::GateOp op, graph::TilePull &pull, TileRequest request) {
  FailureOr<Value> gate = pull.pull(op.getGate(), request.offsets, request.sizes);
  FailureOr<Value> up = pull.pull(op.getUp(), request.offsets, request.sizes);
  if (failed(gate) || failed(up))
    return failure();
  OpBuilder &b = pull.builder();
  Value active = activation(b, op.getLoc(), op.getActivation(), *gate);
  return arith::MulFOp::create(b, op.getLoc(), active, *up).getResult();
}

//===- Casts and constants ------------------------------------------------------------------------===//

/// Rounds towards 0, saturates, and takes NaN for 0.
static Value toInteger(OpBuilder &b, Location loc, Value x, Type to) {
  double bound = std::ldexp(1.0, to.getIntOrFloatBitWidth() - 1);
  auto type = RankedTensorType::get(shapeOf(x), b.getI32Type());
  Value number = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ORD, x, x);
  Value real = select(b, loc, number, x, filledLike(b, loc, x, 0.0));
  Value raised = arith::MaximumFOp::create(b, loc, real, filledLike(b, loc, x, -bound));
  Value over = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGE, real, filledLike(b, loc, x, bound));
  Value inside =
      arith::FPToSIOp::create(b, loc, type, select(b, loc, over, filledLike(b, loc, x, 0.0), raised));
  Value all = select(b, loc, over, filledLike(b, loc, inside, bound - 1), inside);
  return to.isInteger(32) ? all : arith::TruncIOp::create(b, loc, RankedTensorType::get(shapeOf(x), to), all);
}

/// From float: i1 asks whether it is not 0.
static Value castFloat(OpBuilder &b, Location loc, Value x, Type to) {
  if (isa<FloatType>(to)) // the value is rounded to its type, and goes on in f32
    return to.isF32()
               ? x
               : widen(b, loc, arith::TruncFOp::create(b, loc, RankedTensorType::get(shapeOf(x), to), x));
  if (to.isInteger(1))
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, x, filledLike(b, loc, x, 0.0));
  return toInteger(b, loc, x, to);
}

static Value castInteger(OpBuilder &b, Location loc, Value x, Type to) {
  auto type = RankedTensorType::get(shapeOf(x), to);
  bool fromBool = elementOf(x).isInteger(1);
  if (isa<FloatType>(to)) {
    auto wide = RankedTensorType::get(shapeOf(x), b.getF32Type());
    Value real = fromBool ? Value(arith::UIToFPOp::create(b, loc, wide, x))
                          : Value(arith::SIToFPOp::create(b, loc, wide, x));
    return castFloat(b, loc, real, to);
  }
  if (to.isInteger(1))
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, x, filledLike(b, loc, x, 0.0));
  unsigned from = elementOf(x).getIntOrFloatBitWidth(), width = to.getIntOrFloatBitWidth();
  if (from == width)
    return x;
  if (from > width)
    return arith::TruncIOp::create(b, loc, type, x);
  if (fromBool)
    return arith::ExtUIOp::create(b, loc, type, x);
  return arith::ExtSIOp::create(b, loc, type, x);
}

static FailureOr<Value> emitCast(graph::CastOp op, graph::TilePull &pull, TileRequest request) {
  FailureOr<Value> x = pull.pull(op.getInput(), request.offsets, request.sizes);
  if (failed(x))
    return failure();
  Type to = cast<RankedTensorType>(op.getResult().getType()).getElementType();
  if (isFloat(*x))
    return castFloat(pull.builder(), op.getLoc(), *x, to);
  return castInteger(pull.builder(), op.getLoc(), *x, to);
}

/// A splat anywhere; other values only whole, since a block of them is not known while compiling (fusion
/// turns those into parameters).
static FailureOr<Value> emitConstant(graph::ConstantOp op, graph::TilePull &pull, TileRequest request) {
  auto dense = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!dense)
    return op.emitOpError("expected dense values to tile, found ") << op.getValue();
  auto type = RankedTensorType::get(request.sizes, dense.getElementType());
  OpBuilder &b = pull.builder();
  if (dense.isSplat())
    return widen(b, op.getLoc(), arith::ConstantOp::create(b, op.getLoc(), dense.resizeSplat(type)));
  bool whole = dense.getType().getShape() == request.sizes && llvm::all_of(request.offsets, isZero);
  if (!whole)
    return op.emitOpError(
        "expected a splat, or to be asked for the whole constant; make it a girih.parameter with a value");
  return widen(b, op.getLoc(), arith::ConstantOp::create(b, op.getLoc(), dense.reshape(type)));
}

void tiling::attachElementwise(MLIRContext *context) {
  using graph::Activation;
  attach<graph::ReluOp, emitUnary<graph::ReluOp, relu>>(context);
  attach<graph::SiluOp, emitUnary<graph::SiluOp, byActivation<Activation::Silu>>>(context);
  attach<graph::SigmoidOp, emitUnary<graph::SigmoidOp, byActivation<Activation::Sigmoid>>>(context);
  attach<graph::TanhOp, emitUnary<graph::TanhOp, byMath<math::TanhOp>>>(context);
  attach<graph::ExpOp, emitUnary<graph::ExpOp, byMath<math::ExpOp>>>(context);
  attach<graph::ErfOp, emitUnary<graph::ErfOp, byMath<math::ErfOp>>>(context);
  attach<graph::SqrtOp, emitUnary<graph::SqrtOp, byMath<math::SqrtOp>>>(context);
  attach<graph::RsqrtOp, emitUnary<graph::RsqrtOp, rsqrt>>(context);
  attach<graph::NegOp, emitUnary<graph::NegOp, negate>>(context);
  attach<graph::ReciprocalOp, emitUnary<graph::ReciprocalOp, reciprocal>>(context);
  attach<graph::GeluOp, emitUnary<graph::GeluOp, geluFormula>>(context);
  attach<graph::AddOp, emitBinary<graph::AddOp, arith::AddFOp, arith::AddIOp>>(context);
  attach<graph::SubOp, emitBinary<graph::SubOp, arith::SubFOp, arith::SubIOp>>(context);
  attach<graph::MulOp, emitBinary<graph::MulOp, arith::MulFOp, arith::MulIOp>>(context);
  attach<graph::DivOp, emitDiv>(context);
  attach<graph::MaximumOp, emitBinary<graph::MaximumOp, arith::MaximumFOp, arith::MaxSIOp>>(context);
  attach<graph::MinimumOp, emitBinary<graph::MinimumOp, arith::MinimumFOp, arith::MinSIOp>>(context);
  attach<graph::GateOp, emitGate>(context);
  attach<graph::CastOp, emitCast>(context);
  attach<graph::ConstantOp, emitConstant>(context);
}
