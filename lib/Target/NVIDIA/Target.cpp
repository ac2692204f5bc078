// The NVIDIA target: its machine, its stage, its dialects.
#include "lib/Target/NVIDIA/Target.h"

#include "lib/Support/Error.h"
#include "lib/Target/NVIDIA/Emit.h"
#include "lib/Target/NVIDIA/Facts.h"
#include "lib/Target/NVIDIA/Pipeline.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"

using namespace girih;

namespace {

class NVIDIATarget : public Target {
public:
  explicit NVIDIATarget(nvidia::Facts gpu) : gpu(std::move(gpu)), model(nvidia::createCostModel(this->gpu)) {
    described.target = "nvidia";
    described.name = this->gpu.name;
    described.description = this->gpu.description;
    described.versions = {this->gpu.architecture};
    described.l2Bytes = this->gpu.l2Bytes;
    described.ownText = this->gpu.text;
  }

  llvm::StringRef name() const override { return "nvidia"; }
  const MachineFacts &facts() const override { return described; }
  const CostModel &cost() const override { return *model; }
  llvm::Error checkDtype(llvm::StringRef dtype) const override {
    if (dtype == "int8")
      return makeError(
          ExitStatus::Usage, "bad-option",
          "the kernels for NVIDIA GPUs multiply no 8-bit integers; expected --dtype=bf16 or f32");
    return llvm::Error::success();
  }
  bool hasStage(llvm::StringRef stage) const override { return stage == "nvvm"; }

  void buildLowering(mlir::OpPassManager &manager, llvm::StringRef stage) const override {
    if (stage == "nvvm")
      nvidia::buildNVVMStage(manager, gpu);
  }

  llvm::Expected<std::vector<KernelImage>> emit(mlir::ModuleOp module) const override {
    llvm::Expected<KernelImage> image = nvidia::emitImage(module, gpu);
    if (!image)
      return image.takeError();
    return std::vector<KernelImage>{std::move(*image)};
  }

  llvm::Expected<std::vector<std::vector<uint8_t>>> emitObjects(mlir::ModuleOp,
                                                                llvm::StringRef) const override {
    return makeError(
        ExitStatus::Usage, "bad-option",
        "kernels for a GPU are no objects for a linker; expected --emit=asm, which prints PTX, or artifact");
  }

  llvm::Expected<std::string> emitAssembly(mlir::ModuleOp module, llvm::StringRef) const override {
    return nvidia::emitAssembly(module, gpu);
  }

private:
  nvidia::Facts gpu;
  MachineFacts described;
  std::unique_ptr<CostModel> model;
};

} // namespace

llvm::Expected<std::unique_ptr<Target>> nvidia::createTarget(llvm::StringRef text, llvm::StringRef origin) {
  llvm::Expected<Facts> facts = Facts::parse(text, origin);
  if (!facts)
    return facts.takeError();
  return std::make_unique<NVIDIATarget>(std::move(*facts));
}

void nvidia::registerDialects(mlir::DialectRegistry &registry) {
  registry.insert<mlir::LLVM::LLVMDialect, mlir::NVVM::NVVMDialect>();
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
  mlir::registerNVVMDialectTranslation(registry);
}
