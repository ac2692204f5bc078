// Transcendental functions as polynomials, on one element or on vectors. The coefficients are near-minimax fits made
// for this file; README.md gives the errors measured over all floats. Results depend on the argument alone, so
// they are the same for every code version and every lane.
#include "lib/Target/CPU/Passes.h"

#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace girih::cpu {
#define GEN_PASS_DEF_CPUAPPROXIMATEMATH
#include "lib/Target/CPU/Passes.h.inc"
} // namespace girih::cpu

namespace {

/// Arithmetic on f32 values of one type, scalar or vector.
struct Emitter {
  PatternRewriter &rewriter;
  Location loc;
  Type type;

  Type integers() const { return withElement(rewriter.getI32Type()); }
  Type withElement(Type element) const {
    auto vector = dyn_cast<VectorType>(type);
    return vector ? Type(VectorType::get(vector.getShape(), element)) : element;
  }
  Value same(Type of, TypedAttr value) const {
    if (auto vector = dyn_cast<VectorType>(of))
      value = DenseElementsAttr::get(vector, Attribute(value));
    return arith::ConstantOp::create(rewriter, loc, value);
  }
  Value real(float value) const { return same(type, rewriter.getF32FloatAttr(value)); }
  Value integer(int32_t value) const { return same(integers(), rewriter.getI32IntegerAttr(value)); }

  Value add(Value a, Value b) const { return arith::AddFOp::create(rewriter, loc, a, b); }
  Value sub(Value a, Value b) const { return arith::SubFOp::create(rewriter, loc, a, b); }
  Value mul(Value a, Value b) const { return arith::MulFOp::create(rewriter, loc, a, b); }
  Value div(Value a, Value b) const { return arith::DivFOp::create(rewriter, loc, a, b); }
  Value fma(Value a, Value b, Value c) const { return math::FmaOp::create(rewriter, loc, a, b, c); }
  Value abs(Value a) const { return math::AbsFOp::create(rewriter, loc, a); }
  Value withSign(Value a, Value sign) const { return math::CopySignOp::create(rewriter, loc, a, sign); }
  Value less(Value a, Value b) const {
    return arith::CmpFOp::create(rewriter, loc, arith::CmpFPredicate::OLT, a, b);
  }
  Value select(Value condition, Value a, Value b) const {
    return arith::SelectOp::create(rewriter, loc, condition, a, b);
  }
  /// c0 + c1 x + c2 x² + …
  Value polynomial(Value x, ArrayRef<float> coefficients) const {
    Value sum = real(coefficients.back());
    for (float coefficient : llvm::reverse(coefficients.drop_back()))
      sum = fma(sum, x, real(coefficient));
    return sum;
  }
};

/// e^x = 2^n e^r with n = round(x / ln 2). Adding 1.5 * 2^23 rounds, and leaves n in the low bits.
Value emitExp(const Emitter &e, Value x) {
  Value magic = e.real(12582912.0f);
  Value shifted = e.fma(x, e.real(1.44269504f), magic), n = e.sub(shifted, magic);
  Value r = e.fma(n, e.real(-0.693359375f), x); // ln 2 in two parts; the first product is exact
  r = e.fma(n, e.real(2.12194440e-4f), r);
  Value q = e.polynomial(r, {4.999999404e-01f, 1.666651517e-01f, 4.166845605e-02f, 8.369418792e-03f, 1.381314243e-03f});
  Value p = e.add(e.fma(q, e.mul(r, r), r), e.real(1.0f));
  Value bits = arith::BitcastOp::create(e.rewriter, e.loc, e.integers(), shifted);
  Value exponent = arith::ShLIOp::create(e.rewriter, e.loc, bits, e.integer(23));
  Value mantissa = arith::BitcastOp::create(e.rewriter, e.loc, e.integers(), p);
  Value scaled = arith::AddIOp::create(e.rewriter, e.loc, mantissa, exponent);
  Value result = arith::BitcastOp::create(e.rewriter, e.loc, e.type, scaled);
  // Below the smallest normal: zero. Above the greatest finite: infinity. A NaN passes both tests.
  result = e.select(e.less(x, e.real(-87.33654f)), e.real(0.0f), result);
  return e.select(e.less(e.real(88.72283f), x), e.real(std::numeric_limits<float>::infinity()), result);
}

/// x + x P(x²) near zero, 1 - e^G(|x|) beyond.
Value emitErf(const Emitter &e, Value x) {
  Value size = e.abs(x), square = e.mul(x, x);
  Value nearZero = e.polynomial(square, {1.283791661e-01f, -3.761257827e-01f, 1.128280908e-01f, -2.680659853e-02f,
                                         5.058301147e-03f, -6.359558902e-04f});
  nearZero = e.fma(nearZero, x, x);
  // From 3.95 on the result rounds to 1; a NaN stays one through the comparison.
  Value capped = e.select(e.less(e.real(3.95f), size), e.real(3.95f), size);
  Value logarithm = e.polynomial(capped, {-8.385116234e-05f, -1.128151298e+00f, -6.363587379e-01f, -1.046736240e-01f,
                                          2.259358205e-02f, -3.137361724e-03f, 2.057450474e-04f});
  Value beyond = e.withSign(e.sub(e.real(1.0f), emitExp(e, logarithm)), x);
  return e.select(e.less(size, e.real(0.84f)), nearZero, beyond);
}

/// x + x³ P(x²) near zero, 1 - 2 / (e^2|x| + 1) beyond.
Value emitTanh(const Emitter &e, Value x) {
  Value size = e.abs(x), square = e.mul(x, x);
  Value nearZero = e.polynomial(
      square, {-3.333328068e-01f, 1.333144158e-01f, -5.373971164e-02f, 2.063907869e-02f, -5.704978481e-03f});
  nearZero = e.fma(e.mul(nearZero, square), x, x);
  Value grown = emitExp(e, e.add(size, size));
  Value beyond = e.sub(e.real(1.0f), e.div(e.real(2.0f), e.add(grown, e.real(1.0f))));
  return e.withSign(e.select(e.less(size, e.real(0.625f)), nearZero, beyond), x); // also of zero
}

template <typename OpTy, Value (*emit)(const Emitter &, Value)>
struct Approximate : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return rewriter.notifyMatchFailure(op, "only f32 has a polynomial; other types are widened first");
    rewriter.replaceOp(op, emit(Emitter{rewriter, op.getLoc(), op.getType()}, op.getOperand()));
    return success();
  }
};

/// 1 / √x, each rounded correctly.
Value emitRsqrt(const Emitter &e, Value x) {
  return e.div(e.real(1.0f), math::SqrtOp::create(e.rewriter, e.loc, x));
}

struct ApproximateMath : girih::cpu::impl::CPUApproximateMathBase<ApproximateMath> {
  using CPUApproximateMathBase::CPUApproximateMathBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<Approximate<math::ExpOp, emitExp>, Approximate<math::ErfOp, emitErf>,
                 Approximate<math::TanhOp, emitTanh>, Approximate<math::RsqrtOp, emitRsqrt>>(&getContext());
    auto upstream = [](StringRef name) {
      return !llvm::is_contained({"math.exp", "math.erf", "math.tanh", "math.rsqrt"}, name);
    };
    populateMathPolynomialApproximationPatterns(patterns, upstream);
    populateMathF32ExpansionPatterns(patterns, [](StringRef) { return true; });
    if (expandBF16)
      arith::populateExpandBFloat16Patterns(patterns);
    arith::populateCeilFloorDivExpandOpsPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
