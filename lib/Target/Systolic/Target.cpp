// The systolic target: its machine, its stage, its dialect.
#include "lib/Target/Systolic/Target.h"

#include "dialects/Systolic/Systolic.h"
#include "lib/Support/Error.h"
#include "lib/Target/CPU/Emit.h"
#include "lib/Target/Systolic/Emit.h"
#include "lib/Target/Systolic/Pipeline.h"
#include "runtime/Systolic/Machine.h"

using namespace girih;

namespace {

class SystolicTarget : public Target {
public:
  SystolicTarget(systolic::Machine machine, llvm::StringRef spec)
      : spec(spec), hasIntegers(machine.matmul_cycles_i8 != 0), model(systolic::createCostModel(machine)) {
    described.target = "systolic";
    described.name = machine.name;
    described.description = machine.description;
    described.versions = {"systolic"};
    described.ownText = machine.text();
  }

  llvm::StringRef name() const override { return "systolic"; }
  const MachineFacts &facts() const override { return described; }
  const CostModel &cost() const override { return *model; }
  llvm::Error checkDtype(llvm::StringRef dtype) const override {
    if (dtype == "int8" && !hasIntegers)
      return makeError(ExitStatus::Usage, "bad-option",
                       "the arrays of '{0}' multiply no 8-bit integers; expected --dtype=bf16, or a machine "
                       "whose facts give "
                       "matmul_cycles_i8",
                       described.name);
    return llvm::Error::success();
  }
  bool hasStage(llvm::StringRef stage) const override { return stage == "systolic"; }

  void buildLowering(mlir::OpPassManager &manager, llvm::StringRef stage) const override {
    if (stage == "systolic")
      systolic::buildSystolicStage(manager, spec);
  }

  llvm::Expected<std::vector<KernelImage>> emit(mlir::ModuleOp module) const override {
    std::vector<KernelImage> images;
    llvm::Expected<KernelImage> image = systolic::emitImage(module);
    if (!image)
      return image.takeError();
    images.push_back(std::move(*image));
    if (!module.lookupSymbol<mlir::ModuleOp>(systolic::kHostVersion))
      return images;
    llvm::Expected<KernelImage> host = cpu::emitImage(module, *cpu::findCodeVersion(systolic::kHostVersion));
    if (!host)
      return host.takeError();
    images.push_back(std::move(*host));
    return images;
  }

  llvm::Expected<std::vector<std::vector<uint8_t>>> emitObjects(mlir::ModuleOp,
                                                                llvm::StringRef) const override {
    return makeError(
        ExitStatus::Usage, "bad-option",
        "programs of the systolic machine are no objects for a linker; expected --emit=asm or artifact");
  }

  llvm::Expected<std::string> emitAssembly(mlir::ModuleOp module, llvm::StringRef) const override {
    return systolic::emitAssembly(module);
  }

private:
  std::string spec;
  bool hasIntegers;
  MachineFacts described;
  std::unique_ptr<CostModel> model;
};

} // namespace

llvm::Expected<std::unique_ptr<Target>> systolic::createTarget(llvm::StringRef spec) {
  Machine machine;
  std::string error;
  if (!Machine::find(spec.str(), machine, error))
    return makeError(ExitStatus::Usage, "unknown-target", "{0}", error);
  return std::make_unique<SystolicTarget>(std::move(machine), spec);
}

void systolic::registerDialects(mlir::DialectRegistry &registry) { registry.insert<SystolicDialect>(); }
