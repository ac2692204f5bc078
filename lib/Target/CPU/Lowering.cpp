// The pass that lowers every tile program for every code version. ProgramLowering.h tells how.
#include "lib/Target/CPU/Passes.h"
#include "lib/Target/CPU/ProgramLowering.h"

using namespace mlir;
using namespace girih;
using namespace girih::cpu;

namespace girih::cpu {
#define GEN_PASS_DEF_CPULOWERPROGRAMS
#include "lib/Target/CPU/Passes.h.inc"
} // namespace girih::cpu

namespace {

struct LowerPrograms : girih::cpu::impl::CPULowerProgramsBase<LowerPrograms> {
  using CPULowerProgramsBase::CPULowerProgramsBase;

  void runOnOperation() override {
    SmallVector<tile::ProgramOp> programs(getOperation().getOps<tile::ProgramOp>());
    if (samplingOnly)
      llvm::erase_if(programs, [](tile::ProgramOp program) { return !program.getSampling(); });
    if (samplingOnly && programs.empty())
      return;
    SmallVector<const CodeVersion *> wanted;
    for (StringRef name : versions) {
      const CodeVersion *version = findCodeVersion(name);
      if (!version) {
        getOperation().emitError("unknown code version '") << name << "'; expected x86-64-v3 or x86-64-v4";
        return signalPassFailure();
      }
      wanted.push_back(version);
    }
    if (wanted.empty())
      for (const CodeVersion &version : codeVersions())
        wanted.push_back(&version);
    for (const CodeVersion *version : wanted)
      if (failed(lowerFor(*version, programs)))
        return signalPassFailure();
  }

  LogicalResult lowerFor(const CodeVersion &version, ArrayRef<tile::ProgramOp> programs) {
    OpBuilder builder = OpBuilder::atBlockEnd(getOperation().getBody());
    auto module = ModuleOp::create(builder, getOperation().getLoc(), version.name);
    builder.setInsertionPointToStart(module.getBody());
    auto pointer = LLVM::LLVMPointerType::get(&getContext());
    auto type = builder.getFunctionType({pointer, pointer, pointer}, {});
    for (tile::ProgramOp program : programs) {
      auto function = func::FuncOp::create(builder, program.getLoc(), program.getSymName(), type);
      if (failed(ProgramLowering(program, version, function).run()))
        return failure();
      ++numKernels;
    }
    return success();
  }
};

} // namespace
