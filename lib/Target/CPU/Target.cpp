// The CPU target: its facts checked, its stages, its dialects.
#include "lib/Target/CPU/Target.h"

#include "lib/Support/Error.h"
#include "lib/Target/CPU/CodeVersion.h"
#include "lib/Target/CPU/Emit.h"
#include "lib/Target/CPU/Pipeline.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"

using namespace girih;

namespace {

class CPUTarget : public Target {
public:
  explicit CPUTarget(MachineFacts facts) : machine(std::move(facts)), model(cpu::createCostModel(machine)) {}

  llvm::StringRef name() const override { return "cpu"; }
  const MachineFacts &facts() const override { return machine; }
  const CostModel &cost() const override { return *model; }

  llvm::Error checkDtype(llvm::StringRef dtype) const override {
    if (dtype == "int8")
      return makeError(
          ExitStatus::Usage, "bad-option",
          "a CPU's kernels multiply no 8-bit integers; expected --dtype=f32 or bf16, or a systolic target");
    return llvm::Error::success();
  }
  bool hasStage(llvm::StringRef stage) const override { return stage == "vector" || stage == "llvm"; }

  void buildLowering(mlir::OpPassManager &manager, llvm::StringRef stage) const override {
    if (stage == "vector")
      cpu::buildVectorStage(manager, machine.versions);
    else if (stage == "llvm")
      cpu::buildLLVMStage(manager);
  }

  llvm::Expected<std::vector<KernelImage>> emit(mlir::ModuleOp module) const override {
    std::vector<KernelImage> images;
    for (const std::string &version : machine.versions) {
      llvm::Expected<KernelImage> image = cpu::emitImage(module, *cpu::findCodeVersion(version));
      if (!image)
        return image.takeError();
      images.push_back(std::move(*image));
    }
    return images;
  }

  llvm::Expected<std::vector<std::vector<uint8_t>>> emitObjects(mlir::ModuleOp module,
                                                                llvm::StringRef version) const override {
    const cpu::CodeVersion *found = cpu::findCodeVersion(version);
    if (!found)
      return makeError(ExitStatus::Usage, "unknown-code-version", "expected x86-64-v3 or x86-64-v4, but found '{0}'",
                       version);
    return cpu::emitObjects(module, *found);
  }

  llvm::Expected<std::string> emitAssembly(mlir::ModuleOp module, llvm::StringRef version) const override {
    const cpu::CodeVersion *found = cpu::findCodeVersion(version);
    if (!found)
      return makeError(ExitStatus::Usage, "unknown-code-version", "expected x86-64-v3 or x86-64-v4, but found '{0}'",
                       version);
    return cpu::emitAssembly(module, *found);
  }

private:
  MachineFacts machine;
  std::unique_ptr<CostModel> model;
};

} // namespace

llvm::Expected<std::unique_ptr<Target>> cpu::createTarget(MachineFacts facts) {
  for (const std::string &version : facts.versions)
    if (!findCodeVersion(version))
      return badInput("bad-machine-facts", "machine '{0}' asks for code version '{1}'; expected x86-64-v3 or x86-64-v4",
                      facts.name, version);
  if (facts.versions.empty())
    return badInput("bad-machine-facts", "machine '{0}' lists no code versions", facts.name);
  return std::make_unique<CPUTarget>(std::move(facts));
}

void cpu::registerDialects(mlir::DialectRegistry &registry) {
  registry.insert<mlir::LLVM::LLVMDialect, mlir::vector::VectorDialect>();
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
}
