// Runs the stages in order; what comes of them is written in Products.cpp.
#include "girih/Compiler.h"

#include "dialects/Graph/Graph.h"
#include "lib/Pipelines/Compilation.h"
#include "lib/Pipelines/ReadModel.h"
#include "lib/Pipelines/Register.h"
#include "lib/Pipelines/Reproducer.h"
#include "lib/Pipelines/Stages.h"
#include "lib/Quantization/Passes.h"
#include "lib/Support/Error.h"
#include "lib/Support/File.h"

#include "mlir/Pass/PassManager.h"

#include <mutex>

using namespace mlir;
using namespace girih;

static DialectRegistry makeRegistry() {
  // Passes are found by name, in a registry of the whole process.
  static std::once_flag once;
  std::call_once(once, registerAllPasses);
  DialectRegistry registry;
  registerAll(registry);
  return registry;
}

Compilation::Compilation(const CompileOptions &options, const CheckedOptions &checked)
    : options(options), checked(checked), context(makeRegistry()), diagnostics(context, options.remark) {}

llvm::Error Compilation::begin(StringRef step) {
  if (options.interrupted && options.interrupted())
    return resourceError("interrupted", "interrupted before '{0}'; nothing was written", step);
  if (options.progress)
    options.progress(step, 0, 0);
  return llvm::Error::success();
}

/// What the user asked for, else what the module says, else the default; written into the module, so that a
/// dump knows it.
static StringRef settle(ModuleOp module, StringRef attribute, StringRef asked, StringRef fallback) {
  if (auto known = module->getAttrOfType<StringAttr>(attribute); known && asked.empty())
    return known.getValue();
  auto chosen = StringAttr::get(module.getContext(), asked.empty() ? fallback : asked);
  module->setAttr(attribute, chosen);
  return chosen.getValue();
}

llvm::Error Compilation::chooseTarget() {
  settle(*module, graph::kContractAttr, options.contract, "stable");
  llvm::Expected<std::unique_ptr<Target>> found =
      lookupTarget(settle(*module, graph::kTargetAttr, options.target, "cpu"));
  if (!found)
    return found.takeError();
  target = std::move(*found);
  if (auto dtype = (*module)->getAttrOfType<StringAttr>(graph::kDtypeAttr))
    return target->checkDtype(dtype.getValue());
  return llvm::Error::success();
}

llvm::Error Compilation::runStage(StringRef stage) {
  if (llvm::Error error = begin(stage))
    return error;
  PassManager manager(&context, ModuleOp::getOperationName());
  if (stage == "simplify" && options.observeRanges)
    manager.addPass(quantization::createQuantizationObserveRanges());
  buildStage(manager, stage, *target);
  Reproducer reproducer(manager, options);
  if (succeeded(manager.run(*module)))
    return llvm::Error::success();
  return reproducer.explain(stage, diagnostics);
}

llvm::Error Compilation::lower() {
  if (llvm::Error error = begin("import"))
    return error;
  llvm::Expected<OwningOpRef<ModuleOp>> read = readModel(context, diagnostics, options, checked);
  if (!read)
    return read.takeError();
  module = std::move(*read);
  if (llvm::Error error = chooseTarget())
    return error;
  for (size_t named : {checked.firstStage, checked.lastStage})
    if (StringRef stage = compilerStages()[named].name; isTargetStage(stage) && !target->hasStage(stage))
      return makeError(ExitStatus::Usage, "bad-option",
                       "target '{0}' has no stage '{1}'; --list-stages tells whose stages they are",
                       target->name(), stage);
  size_t lastPassStage = std::min(checked.lastStage, compilerStages().size() - 2);
  for (size_t stage = checked.firstStage + 1; stage <= lastPassStage; ++stage)
    if (StringRef name = compilerStages()[stage].name; !isTargetStage(name) || target->hasStage(name))
      if (llvm::Error error = runStage(name))
        return error;
  return llvm::Error::success();
}

llvm::Expected<CompileSummary> girih::compile(const CompileOptions &options) {
  llvm::Expected<CheckedOptions> checked = checkOptions(options);
  if (!checked)
    return checked.takeError();
  FileWatch files; // from the model's config to its last weight
  Compilation compilation(options, *checked);
  if (llvm::Error error = compilation.lower())
    return std::move(error);
  return compilation.writeProduct();
}
