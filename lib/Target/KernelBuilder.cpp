// The walk's smallest steps, for every target that lowers tile programs to functions.
#include "lib/Target/KernelBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace girih;

/// A part of a tile of the same rank, element by element.
static bool isStaticSlice(Operation &op) {
  auto slice = dyn_cast<tensor::ExtractSliceOp>(op);
  return slice && slice.getOffsets().empty() && slice.getSizes().empty() && slice.getStrides().empty() &&
         llvm::all_of(slice.getStaticStrides(), [](int64_t stride) { return stride == 1; }) &&
         slice.getSourceType().getRank() == slice.getType().getRank();
}

LogicalResult girih::checkLowerable(Operation &op, StringRef machine) {
  bool known = isa<arith::ArithDialect, math::MathDialect, tile::TileDialect>(op.getDialect()) ||
               isa<tensor::SplatOp, tensor::ExtractOp>(op) || isStaticSlice(op);
  if (!known || op.getNumRegions() || op.getNumResults() != 1)
    return op.emitOpError("cannot be lowered for ")
           << machine
           << ": expected arith, math, tile, tensor.splat, tensor.extract, a static tensor.extract_slice, "
              "scf.for or scf.if in a tile program";
  return success();
}

KernelBuilder::KernelBuilder(tile::ProgramOp program, func::FuncOp function)
    : program(program), function(function), builder(function.getContext()), loc(program.getLoc()),
      extents(program) {}

//===- Index arithmetic ---------------------------------------------------------------------------===//

Value KernelBuilder::constant(int64_t value) {
  Value &made = constants[value];
  if (!made) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&function.getBody().front());
    made = arith::ConstantIndexOp::create(builder, function.getLoc(), value);
  }
  return made;
}

Value KernelBuilder::add(Value a, Value b) {
  auto x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y)
    return constant(*x + *y);
  if (x == 0)
    return b;
  if (y == 0)
    return a;
  return arith::AddIOp::create(builder, loc, a, b, arith::IntegerOverflowFlags::nsw);
}

Value KernelBuilder::sub(Value a, Value b) {
  auto x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y)
    return constant(*x - *y);
  if (y == 0)
    return a;
  return arith::SubIOp::create(builder, loc, a, b, arith::IntegerOverflowFlags::nsw);
}

Value KernelBuilder::mul(Value a, Value b) {
  auto x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y)
    return constant(*x * *y);
  if (x == 0 || y == 0)
    return constant(0);
  if (x == 1)
    return b;
  if (y == 1)
    return a;
  return arith::MulIOp::create(builder, loc, a, b, arith::IntegerOverflowFlags::nsw);
}

Value KernelBuilder::minimum(Value a, Value b) {
  auto x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y)
    return constant(std::min(*x, *y));
  if (a == b)
    return a;
  return arith::MinSIOp::create(builder, loc, a, b);
}

Value KernelBuilder::toI64(Value index) {
  return arith::IndexCastOp::create(builder, loc, builder.getI64Type(), index);
}

Value KernelBuilder::zero(Type type) {
  return arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type));
}

//===- Reductions ---------------------------------------------------------------------------------===//

Value KernelBuilder::combine(tile::ReduceKind kind, Value a, Value b) {
  bool real = isa<FloatType>(getElementTypeOrSelf(a.getType()));
  switch (kind) {
  case tile::ReduceKind::add:
    return real ? Value(arith::AddFOp::create(builder, loc, a, b))
                : Value(arith::AddIOp::create(builder, loc, a, b));
  case tile::ReduceKind::max:
    return real ? Value(arith::MaximumFOp::create(builder, loc, a, b))
                : Value(arith::MaxSIOp::create(builder, loc, a, b));
  case tile::ReduceKind::min:
    return real ? Value(arith::MinimumFOp::create(builder, loc, a, b))
                : Value(arith::MinSIOp::create(builder, loc, a, b));
  }
  llvm_unreachable("every kind is listed");
}

Value KernelBuilder::neutral(tile::ReduceKind kind, Type type) {
  Type element = getElementTypeOrSelf(type);
  TypedAttr value;
  if (auto real = dyn_cast<FloatType>(element)) {
    const llvm::fltSemantics &semantics = real.getFloatSemantics();
    APFloat number = kind == tile::ReduceKind::add
                         ? APFloat::getZero(semantics, /*Negative=*/true)
                         : APFloat::getInf(semantics, kind == tile::ReduceKind::max);
    value = builder.getFloatAttr(real, number);
  } else {
    unsigned width = element.getIntOrFloatBitWidth();
    APInt number = kind == tile::ReduceKind::add   ? APInt::getZero(width)
                   : kind == tile::ReduceKind::max ? APInt::getSignedMinValue(width)
                                                   : APInt::getSignedMaxValue(width);
    value = builder.getIntegerAttr(element, number);
  }
  if (auto vector = dyn_cast<VectorType>(type))
    value = DenseElementsAttr::get(vector, Attribute(value));
  return arith::ConstantOp::create(builder, loc, value);
}
