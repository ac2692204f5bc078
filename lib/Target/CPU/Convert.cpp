// Lowered kernels to the LLVM dialect: loops become branches, then one conversion takes everything. Only the patterns
// that lowered kernels need are loaded.
#include "lib/Target/CPU/Passes.h"

#include "mlir/Conversion/ArithCommon/AttrToLLVMConverter.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;

namespace girih::cpu {
#define GEN_PASS_DEF_CPUCONVERTTOLLVM
#include "lib/Target/CPU/Passes.h.inc"
} // namespace girih::cpu

namespace {

/// A constant of bf16 as the bits it has.
struct ConvertBF16Constant : ConvertOpToLLVMPattern<arith::ConstantOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(arith::ConstantOp op, OpAdaptor, ConversionPatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isBF16())
      return failure();
    Type bits = rewriter.getI16Type();
    TypedAttr value;
    if (auto dense = dyn_cast<DenseElementsAttr>(op.getValue()))
      value = dense.bitcast(bits);
    else
      value = IntegerAttr::get(bits, cast<FloatAttr>(op.getValue()).getValue().bitcastToAPInt());
    rewriter.replaceOpWithNewOp<LLVM::ConstantOp>(op, getTypeConverter()->convertType(op.getType()), value);
    return success();
  }
};

/// Integers become bf16 through f32; canonicalization leaves one conversion of the two that a cast begins as.
template <typename Op> struct WidenIntegerToBF16 : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isBF16())
      return failure();
    Type wide = rewriter.getF32Type();
    if (auto vector = dyn_cast<VectorType>(op.getType()))
      wide = vector.clone(wide);
    Value real = Op::create(rewriter, op.getLoc(), wide, op.getIn());
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, op.getType(), real);
    return success();
  }
};

struct ConvertToLLVM : girih::cpu::impl::CPUConvertToLLVMBase<ConvertToLLVM> {
  void runOnOperation() override {
    if (failed(expandBF16()) || failed(convertLoops()) || failed(convertAll()))
      signalPassFailure();
  }

  /// Conversions from and to bf16 as integer arithmetic: left to LLVM, rounding to bf16 is a call to a library where the CPU has no
  /// instruction for it, and kernels call nothing.
  LogicalResult expandBF16() {
    RewritePatternSet patterns(&getContext());
    arith::populateExpandBFloat16Patterns(patterns);
    patterns.add<WidenIntegerToBF16<arith::SIToFPOp>, WidenIntegerToBF16<arith::UIToFPOp>>(&getContext());
    ConversionTarget target(getContext());
    auto isBF16 = [](Type type) { return getElementTypeOrSelf(type).isBF16(); };
    target.addDynamicallyLegalOp<arith::TruncFOp, arith::SIToFPOp, arith::UIToFPOp>(
        [=](Operation *op) { return !isBF16(op->getResult(0).getType()); });
    target.addDynamicallyLegalOp<arith::ExtFOp>([=](arith::ExtFOp op) { return !isBF16(op.getIn().getType()); });
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    return applyPartialConversion(getOperation(), target, std::move(patterns));
  }

  LogicalResult convertLoops() {
    RewritePatternSet patterns(&getContext());
    populateSCFToControlFlowConversionPatterns(patterns);
    ConversionTarget target(getContext());
    target.addIllegalDialect<scf::SCFDialect>();
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    return applyPartialConversion(getOperation(), target, std::move(patterns));
  }

  LogicalResult convertAll() {
    LLVMTypeConverter types(&getContext());
    // bf16 lives in 16-bit integers: masked loads and gathers of bf16 itself come out as calls, element by element.
    types.addConversion([](BFloat16Type type) { return IntegerType::get(type.getContext(), 16); });
    types.addConversion([](VectorType type) -> std::optional<Type> {
      if (!type.getElementType().isBF16() || type.getRank() > 1)
        return std::nullopt;
      return type.clone(IntegerType::get(type.getContext(), 16));
    });
    RewritePatternSet patterns(&getContext());
    patterns.add<ConvertBF16Constant>(types, /*benefit=*/2);
    arith::populateCeilFloorDivExpandOpsPatterns(patterns);
    arith::populateArithToLLVMConversionPatterns(types, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
    populateFuncToLLVMConversionPatterns(types, patterns);
    populateMathToLLVMConversionPatterns(types, patterns);
    populateVectorToLLVMConversionPatterns(types, patterns);
    ub::populateUBToLLVMConversionPatterns(types, patterns);
    LLVMConversionTarget target(getContext());
    target.addLegalOp<ModuleOp>();
    return applyFullConversion(getOperation(), target, std::move(patterns));
  }
};

} // namespace
