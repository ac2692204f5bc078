// Lowered kernels to the LLVM and NVVM dialects: loops become branches, then one conversion takes everything.
// Only the patterns that lowered kernels need are loaded.
#include "lib/Target/NVIDIA/Passes.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;

namespace girih::nvidia {
#define GEN_PASS_DEF_NVIDIACONVERTTONVVM
#include "lib/Target/NVIDIA/Passes.h.inc"
} // namespace girih::nvidia

namespace {

struct ConvertToNVVM : girih::nvidia::impl::NVIDIAConvertToNVVMBase<ConvertToNVVM> {
  void runOnOperation() override {
    if (getOperation().getName() != girih::nvidia::kModule)
      return;
    if (failed(convertLoops()) || failed(convertAll()))
      return signalPassFailure();
    for (auto kernel : getOperation().getOps<LLVM::LLVMFuncOp>())
      markKernel(kernel);
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
    RewritePatternSet patterns(&getContext());
    arith::populateCeilFloorDivExpandOpsPatterns(patterns);
    arith::populateArithToLLVMConversionPatterns(types, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
    populateFuncToLLVMConversionPatterns(types, patterns);
    populateMathToLLVMConversionPatterns(types, patterns);
    ub::populateUBToLLVMConversionPatterns(types, patterns);
    LLVMConversionTarget target(getContext());
    target.addLegalDialect<NVVM::NVVMDialect>();
    target.addLegalOp<ModuleOp>();
    return applyFullConversion(getOperation(), target, std::move(patterns));
  }

  void markKernel(LLVM::LLVMFuncOp kernel) {
    auto threads = kernel->getAttrOfType<IntegerAttr>(girih::nvidia::kThreadsAttr);
    kernel->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(), UnitAttr::get(&getContext()));
    if (threads)
      kernel->setAttr(NVVM::NVVMDialect::getReqntidAttrName(),
                      DenseI32ArrayAttr::get(&getContext(), {int32_t(threads.getInt()), 1, 1}));
  }
};

} // namespace
