// The pass that lowers every tile program. ProgramLowering.h tells how.
#include "lib/Target/NVIDIA/Passes.h"
#include "lib/Target/NVIDIA/ProgramLowering.h"

using namespace mlir;
using namespace girih;

namespace girih::nvidia {
#define GEN_PASS_DEF_NVIDIALOWERPROGRAMS
#include "lib/Target/NVIDIA/Passes.h.inc"
} // namespace girih::nvidia

namespace {

struct LowerPrograms : nvidia::impl::NVIDIALowerProgramsBase<LowerPrograms> {
  using NVIDIALowerProgramsBase::NVIDIALowerProgramsBase;

  void runOnOperation() override {
    SmallVector<tile::ProgramOp> programs(getOperation().getOps<tile::ProgramOp>());
    OpBuilder builder = OpBuilder::atBlockEnd(getOperation().getBody());
    auto module = ModuleOp::create(builder, getOperation().getLoc(), nvidia::kModule);
    builder.setInsertionPointToStart(module.getBody());
    LLVM::GlobalOp::create(builder, module.getLoc(), LLVM::LLVMArrayType::get(builder.getI8Type(), 0),
                           /*isConstant=*/false, LLVM::Linkage::External, nvidia::kShared, Attribute(),
                           /*alignment=*/1024, unsigned(NVVM::NVVMMemorySpace::Shared));
    for (tile::ProgramOp program : programs)
      if (failed(lower(program, builder)))
        return signalPassFailure();
  }

  LogicalResult lower(tile::ProgramOp program, OpBuilder &builder) {
    SmallVector<Type> words(nvidia::ProgramLowering::countWords(program), builder.getI64Type());
    auto function = func::FuncOp::create(builder, program.getLoc(), program.getSymName(),
                                         builder.getFunctionType(words, {}));
    nvidia::ProgramLowering lowering(program, function, sharedBytes, architecture == "sm_90a");
    if (failed(lowering.run()))
      return failure();
    if (lowering.sharedBytes() > sharedBytes)
      return program.emitError("kernel '")
             << program.getSymName() << "' keeps " << lowering.sharedBytes()
             << " bytes of tiles in shared memory, but a block has at most " << int64_t(sharedBytes)
             << "; choose a GPU with more, or a narrower model";
    function->setAttr(nvidia::kThreadsAttr, builder.getI32IntegerAttr(nvidia::kThreads));
    function->setAttr(nvidia::kSharedBytesAttr, builder.getI32IntegerAttr(int32_t(lowering.sharedBytes())));
    ++numKernels;
    return success();
  }
};

} // namespace
