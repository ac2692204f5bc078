// `arith` and `math` on tiles and scalars. Each op is one function of doubles; its value is then rounded to
// the result's type, which is exact for f32's basic operations (rounding twice, first to f64, does not show).
#include "lib/Reference/TileProgram.h"

#include <cmath>
#include <cstring>

using namespace mlir;
using namespace girih::reference;

namespace {
using Function = std::function<double(const double *)>;

int64_t asInt(double value) { return static_cast<int64_t>(value); }

// The bits of an integer of `width`, without sign.
uint64_t asUnsigned(double value, unsigned width) {
  uint64_t bits = static_cast<uint64_t>(asInt(value));
  return width >= 64 ? bits : bits & ((uint64_t(1) << width) - 1);
}

unsigned widthOf(Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isIndex() ? 64 : element.getIntOrFloatBitWidth();
}

double maximum(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? NAN : a > b || (a == b && !std::signbit(a)) ? a : b;
}
double minimum(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? NAN : a < b || (a == b && std::signbit(a)) ? a : b;
}

bool compareFloats(arith::CmpFPredicate predicate, double a, double b) {
  using P = arith::CmpFPredicate;
  bool unordered = std::isnan(a) || std::isnan(b);
  switch (predicate) {
  case P::AlwaysFalse:
    return false;
  case P::AlwaysTrue:
    return true;
  case P::ORD:
    return !unordered;
  case P::UNO:
    return unordered;
  case P::OEQ:
    return a == b;
  case P::UEQ:
    return unordered || a == b;
  case P::ONE:
    return !unordered && a != b;
  case P::UNE:
    return a != b;
  case P::OLT:
    return a < b;
  case P::ULT:
    return unordered || a < b;
  case P::OLE:
    return a <= b;
  case P::ULE:
    return unordered || a <= b;
  case P::OGT:
    return a > b;
  case P::UGT:
    return unordered || a > b;
  case P::OGE:
    return a >= b;
  case P::UGE:
    return unordered || a >= b;
  }
  llvm_unreachable("all predicates are above");
}

bool compareIntegers(arith::CmpIPredicate predicate, double a, double b, unsigned width) {
  using P = arith::CmpIPredicate;
  uint64_t x = asUnsigned(a, width), y = asUnsigned(b, width);
  switch (predicate) {
  case P::eq:
    return a == b;
  case P::ne:
    return a != b;
  case P::slt:
    return a < b;
  case P::sle:
    return a <= b;
  case P::sgt:
    return a > b;
  case P::sge:
    return a >= b;
  case P::ult:
    return x < y;
  case P::ule:
    return x <= y;
  case P::ugt:
    return x > y;
  case P::uge:
    return x >= y;
  }
  llvm_unreachable("all predicates are above");
}

Function floatFunction(Operation *op) {
  using V = const double *;
  bool isF32 = getElementTypeOrSelf(op->getResult(0).getType()).isF32();
  return TypeSwitch<Operation *, Function>(op)
      .Case([](arith::AddFOp) { return [](V v) { return v[0] + v[1]; }; })
      .Case([](arith::SubFOp) { return [](V v) { return v[0] - v[1]; }; })
      .Case([](arith::MulFOp) { return [](V v) { return v[0] * v[1]; }; })
      .Case([](arith::DivFOp) { return [](V v) { return v[0] / v[1]; }; })
      .Case([](arith::RemFOp) { return [](V v) { return std::fmod(v[0], v[1]); }; })
      .Case([](arith::NegFOp) { return [](V v) { return -v[0]; }; })
      .Case([](arith::MaximumFOp) { return [](V v) { return maximum(v[0], v[1]); }; })
      .Case([](arith::MinimumFOp) { return [](V v) { return minimum(v[0], v[1]); }; })
      .Case([](arith::MaxNumFOp) { return [](V v) { return std::fmax(v[0], v[1]); }; })
      .Case([](arith::MinNumFOp) { return [](V v) { return std::fmin(v[0], v[1]); }; })
      .Case([](arith::CmpFOp cmp) -> Function {
        return [predicate = cmp.getPredicate()](V v) { return compareFloats(predicate, v[0], v[1]); };
      })
      .Case<arith::ExtFOp, arith::TruncFOp, arith::SIToFPOp>([](auto) { return [](V v) { return v[0]; }; })
      .Case([](arith::UIToFPOp cast) -> Function {
        return [width = widthOf(cast.getIn().getType())](V v) { return double(asUnsigned(v[0], width)); };
      })
      .Case<arith::FPToSIOp, arith::FPToUIOp>([](auto) { return [](V v) { return std::trunc(v[0]); }; })
      .Case([isF32](math::FmaOp) -> Function {
        if (isF32)
          return [](V v) { return std::fmaf(float(v[0]), float(v[1]), float(v[2])); };
        return [](V v) { return v[0] * v[1] + v[2]; };
      })
      .Case([](math::ExpOp) { return [](V v) { return std::exp(v[0]); }; })
      .Case([](math::Exp2Op) { return [](V v) { return std::exp2(v[0]); }; })
      .Case([](math::ExpM1Op) { return [](V v) { return std::expm1(v[0]); }; })
      .Case([](math::LogOp) { return [](V v) { return std::log(v[0]); }; })
      .Case([](math::Log2Op) { return [](V v) { return std::log2(v[0]); }; })
      .Case([](math::Log1pOp) { return [](V v) { return std::log1p(v[0]); }; })
      .Case([](math::TanhOp) { return [](V v) { return std::tanh(v[0]); }; })
      .Case([](math::ErfOp) { return [](V v) { return std::erf(v[0]); }; })
      .Case([](math::SqrtOp) { return [](V v) { return std::sqrt(v[0]); }; })
      .Case([](math::RsqrtOp) { return [](V v) { return 1 / std::sqrt(v[0]); }; })
      .Case([](math::SinOp) { return [](V v) { return std::sin(v[0]); }; })
      .Case([](math::CosOp) { return [](V v) { return std::cos(v[0]); }; })
      .Case([](math::PowFOp) { return [](V v) { return std::pow(v[0], v[1]); }; })
      .Case([](math::AbsFOp) { return [](V v) { return std::fabs(v[0]); }; })
      .Case([](math::FloorOp) { return [](V v) { return std::floor(v[0]); }; })
      .Case([](math::CeilOp) { return [](V v) { return std::ceil(v[0]); }; })
      .Case([](math::RoundEvenOp) { return [](V v) { return std::nearbyint(v[0]); }; })
      .Default(Function());
}

// Division by 0 gives 0, so that a wrong program shows as a wrong value instead of a crash.
Function divideFunction(Operation *op) {
  using V = const double *;
  unsigned width = widthOf(op->getResult(0).getType());
  return TypeSwitch<Operation *, Function>(op)
      .Case([](arith::DivSIOp) { return [](V v) { return v[1] == 0 ? 0 : std::trunc(v[0] / v[1]); }; })
      .Case([](arith::FloorDivSIOp) { return [](V v) { return v[1] == 0 ? 0 : std::floor(v[0] / v[1]); }; })
      .Case([](arith::CeilDivSIOp) { return [](V v) { return v[1] == 0 ? 0 : std::ceil(v[0] / v[1]); }; })
      .Case([](arith::RemSIOp) {
        return [](V v) { return v[1] == 0 ? 0 : double(asInt(v[0]) % asInt(v[1])); };
      })
      .Case([width](arith::DivUIOp) -> Function {
        return [width](V v) {
          return v[1] == 0 ? 0 : double(asUnsigned(v[0], width) / asUnsigned(v[1], width));
        };
      })
      .Case([width](arith::CeilDivUIOp) -> Function {
        return [width](V v) {
          uint64_t a = asUnsigned(v[0], width), b = asUnsigned(v[1], width);
          return b == 0 ? 0 : double(a / b + (a % b != 0));
        };
      })
      .Case([width](arith::RemUIOp) -> Function {
        return [width](V v) {
          return v[1] == 0 ? 0 : double(asUnsigned(v[0], width) % asUnsigned(v[1], width));
        };
      })
      .Default(Function());
}

Function integerFunction(Operation *op) {
  using V = const double *;
  unsigned width = widthOf(op->getResult(0).getType());
  return TypeSwitch<Operation *, Function>(op)
      .Case([](arith::AddIOp) { return [](V v) { return v[0] + v[1]; }; })
      .Case([](arith::SubIOp) { return [](V v) { return v[0] - v[1]; }; })
      .Case([width](arith::MulIOp) -> Function {
        // Wrapped before it becomes a double, which holds 53 bits.
        return [width](V v) {
          uint64_t product = uint64_t(asInt(v[0])) * uint64_t(asInt(v[1]));
          return double(width == 32 ? int64_t(int32_t(product)) : int64_t(product));
        };
      })
      .Case([](arith::MaxSIOp) { return [](V v) { return std::fmax(v[0], v[1]); }; })
      .Case([](arith::MinSIOp) { return [](V v) { return std::fmin(v[0], v[1]); }; })
      .Case([width](arith::MaxUIOp) -> Function {
        return [width](V v) { return asUnsigned(v[0], width) > asUnsigned(v[1], width) ? v[0] : v[1]; };
      })
      .Case([width](arith::MinUIOp) -> Function {
        return [width](V v) { return asUnsigned(v[0], width) < asUnsigned(v[1], width) ? v[0] : v[1]; };
      })
      .Case([](arith::AndIOp) { return [](V v) { return double(asInt(v[0]) & asInt(v[1])); }; })
      .Case([](arith::OrIOp) { return [](V v) { return double(asInt(v[0]) | asInt(v[1])); }; })
      .Case([width](arith::XOrIOp) -> Function {
        // i1 is held as 0 or 1, while xor with `true` may be spelled -1.
        return [width](V v) {
          return double(width == 1 ? (v[0] != 0) != (v[1] != 0) : asInt(v[0]) ^ asInt(v[1]));
        };
      })
      .Case([](arith::ShLIOp) {
        return [](V v) { return double(int64_t(uint64_t(asInt(v[0])) << asInt(v[1]))); };
      })
      .Case([](arith::ShRSIOp) { return [](V v) { return double(asInt(v[0]) >> asInt(v[1])); }; })
      .Case([width](arith::ShRUIOp) -> Function {
        return [width](V v) { return double(int64_t(asUnsigned(v[0], width) >> asInt(v[1]))); };
      })
      .Case([](arith::CmpIOp cmp) -> Function {
        return [predicate = cmp.getPredicate(), width = widthOf(cmp.getLhs().getType())](V v) {
          return compareIntegers(predicate, v[0], v[1], width);
        };
      })
      .Case<arith::IndexCastOp, arith::TruncIOp>([](auto) { return [](V v) { return v[0]; }; })
      .Case([](arith::ExtSIOp cast) -> Function {
        return [isBit = widthOf(cast.getIn().getType()) == 1](V v) { return isBit ? -v[0] : v[0]; };
      })
      .Case<arith::ExtUIOp, arith::IndexCastUIOp>([](auto cast) -> Function {
        return
            [from = widthOf(cast.getIn().getType())](V v) { return double(int64_t(asUnsigned(v[0], from))); };
      })
      .Case([](math::AbsIOp) { return [](V v) { return std::fabs(v[0]); }; })
      .Case([](arith::SelectOp) { return [](V v) { return v[0] != 0 ? v[1] : v[2]; }; })
      .Default(Function());
}

// Reads f32 as i32 or the reverse.
Function bitcastFunction(arith::BitcastOp op) {
  bool toFloat = getElementTypeOrSelf(op.getType()).isF32(),
       fromFloat = getElementTypeOrSelf(op.getIn().getType()).isF32();
  if (toFloat == fromFloat || widthOf(op.getType()) != 32)
    return {};
  if (toFloat)
    return [](const double *v) {
      auto bits = static_cast<int32_t>(v[0]);
      float value;
      std::memcpy(&value, &bits, sizeof(value));
      return value;
    };
  return [](const double *v) {
    auto value = static_cast<float>(v[0]);
    int32_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    return bits;
  };
}

Function scalarFunction(Operation *op) {
  if (auto bitcast = dyn_cast<arith::BitcastOp>(op))
    return bitcastFunction(bitcast);
  if (Function function = floatFunction(op))
    return function;
  if (Function function = integerFunction(op))
    return function;
  return divideFunction(op);
}
} // namespace

LogicalResult girih::reference::runElementwise(Operation *op, ArrayRef<const HostTensor *> operands,
                                               HostTensor &result) {
  if (op->getNumResults() != 1 || operands.empty() || operands.size() > 3)
    return failure();
  Function function = scalarFunction(op);
  if (!function)
    return failure();
  double values[3];
  for (int64_t i = 0; i < result.size(); ++i) {
    // A scalar condition of arith.select serves all elements.
    for (auto [at, operand] : llvm::enumerate(operands))
      values[at] = (*operand)[operand->size() == 1 ? 0 : i];
    result[i] = function(values);
  }
  result.round();
  return success();
}
