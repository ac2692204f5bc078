// Runs the stages in order and ends with a dump or a product.
#include "girih/Compiler.h"

#include "dialects/Graph/Graph.h"
#include "girih/Target.h"
#include "lib/Pipelines/Diagnostics.h"
#include "lib/Pipelines/Object.h"
#include "lib/Pipelines/Options.h"
#include "lib/Pipelines/Output.h"
#include "lib/Pipelines/ReadModel.h"
#include "lib/Pipelines/Register.h"
#include "lib/Pipelines/Reproducer.h"
#include "lib/Pipelines/Stages.h"
#include "lib/Support/Error.h"

#include "mlir/Pass/PassManager.h"

#include <mutex>

using namespace mlir;
using namespace girih;

namespace {

class Compilation {
public:
  Compilation(const CompileOptions &options, const CheckedOptions &checked);

  llvm::Expected<CompileSummary> run();

private:
  llvm::Error begin(StringRef step);
  llvm::Error chooseTarget();
  llvm::Error runStage(StringRef stage);
  llvm::Error writeDump();
  llvm::Expected<CompileSummary> writeArtifact();
  llvm::Expected<CompileSummary> writeProduct();
  llvm::Error writeAssembly();
  artifact::WriteRequest request();

  const CompileOptions &options;
  const CheckedOptions &checked;
  MLIRContext context;
  DiagnosticCollector diagnostics;
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<Target> target;
};

} // namespace

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

/// What the user asked for, else what the module says, else the default; written into the module, so that a dump knows it.
static StringRef settle(ModuleOp module, StringRef attribute, StringRef asked, StringRef fallback) {
  if (auto known = module->getAttrOfType<StringAttr>(attribute); known && asked.empty())
    return known.getValue();
  auto chosen = StringAttr::get(module.getContext(), asked.empty() ? fallback : asked);
  module->setAttr(attribute, chosen);
  return chosen.getValue();
}

llvm::Error Compilation::chooseTarget() {
  settle(*module, graph::kContractAttr, options.contract, "stable");
  llvm::Expected<std::unique_ptr<Target>> found = lookupTarget(settle(*module, graph::kTargetAttr, options.target, "cpu"));
  if (!found)
    return found.takeError();
  target = std::move(*found);
  return llvm::Error::success();
}

llvm::Error Compilation::runStage(StringRef stage) {
  if (llvm::Error error = begin(stage))
    return error;
  PassManager manager(&context, ModuleOp::getOperationName());
  buildStage(manager, stage, *target);
  Reproducer reproducer(manager, options.reproducer);
  if (succeeded(manager.run(*module)))
    return llvm::Error::success();
  return reproducer.explain(stage, diagnostics);
}

llvm::Error Compilation::writeDump() {
  std::string text;
  llvm::raw_string_ostream os(text);
  OpPrintingFlags flags;
  module->print(os, flags.enableDebugInfo());
  return writeOutput(options.output, text);
}

artifact::WriteRequest Compilation::request() {
  artifact::WriteRequest request;
  request.path = options.output;
  request.weights = checked.weights;
  request.seed = checked.seed;
  if (checked.product == Product::Object)
    request.objectSymbol = objectSymbol(objectName(options.output));
  request.facts = target->facts().text();
  auto text = [&](StringRef name) { return (*module)->getAttrOfType<StringAttr>(name).str(); };
  request.properties = {{"producer", "girih 0.1.0"},
                        {"target", (target->name() + ":" + target->facts().name).str()},
                        {"contract", text(graph::kContractAttr)}};
  request.sizeKnown = options.sizeKnown;
  request.interrupted = options.interrupted;
  if (options.progress)
    request.progress = [this](uint64_t done, uint64_t total) { options.progress("write", done, total); };
  return request;
}

llvm::Expected<CompileSummary> Compilation::writeArtifact() {
  FailureOr<artifact::Plan> plan = artifact::planModule(*module);
  if (failed(plan))
    return diagnostics.takeError(static_cast<int>(ExitStatus::Compile), "compile-failed");
  if (llvm::Error error = begin("emit"))
    return std::move(error);
  llvm::Expected<std::vector<KernelImage>> images = target->emit(*module);
  if (!images)
    return images.takeError();
  if (llvm::Error error = begin("write"))
    return std::move(error);
  llvm::Expected<artifact::WriteSummary> written = artifact::writePlan(*module, *plan, *images, request());
  if (!written)
    return written.takeError();
  CompileSummary summary{written->fileBytes, written->weightBytes, plan->kernels.size(), 0};
  for (const artifact::Entry &entry : plan->entries)
    summary.launches += entry.launches.size();
  return summary;
}

llvm::Error Compilation::writeAssembly() {
  if (llvm::Error error = begin("emit"))
    return error;
  std::string text;
  for (const std::string &version : target->facts().versions) {
    llvm::Expected<std::string> assembly = target->emitAssembly(*module, version);
    if (!assembly)
      return assembly.takeError();
    text += "# code version " + version + "\n" + *assembly;
  }
  return writeOutput(options.output, text);
}

llvm::Expected<CompileSummary> Compilation::writeProduct() {
  switch (checked.product) {
  case Product::Dump:
    if (llvm::Error error = writeDump())
      return std::move(error);
    return CompileSummary();
  case Product::Assembly:
    if (llvm::Error error = writeAssembly())
      return std::move(error);
    return CompileSummary();
  case Product::Artifact:
  case Product::Object:
    break;
  }
  llvm::Expected<CompileSummary> summary = writeArtifact();
  if (summary && checked.product == Product::Object) {
    std::string header = objectHeader(objectName(options.output), summary->fileBytes);
    if (llvm::Error error = writeOutput(headerPath(options.output), header))
      return std::move(error);
  }
  return summary;
}

llvm::Expected<CompileSummary> Compilation::run() {
  if (llvm::Error error = begin("import"))
    return std::move(error);
  llvm::Expected<OwningOpRef<ModuleOp>> read = readModel(context, diagnostics, options, checked);
  if (!read)
    return read.takeError();
  module = std::move(*read);
  if (llvm::Error error = chooseTarget())
    return std::move(error);
  size_t lastPassStage = std::min(checked.lastStage, compilerStages().size() - 2);
  for (size_t stage = checked.firstStage + 1; stage <= lastPassStage; ++stage)
    if (llvm::Error error = runStage(compilerStages()[stage].name))
      return std::move(error);
  return writeProduct();
}

llvm::Expected<CompileSummary> girih::compile(const CompileOptions &options) {
  llvm::Expected<CheckedOptions> checked = checkOptions(options);
  if (!checked)
    return checked.takeError();
  return Compilation(options, *checked).run();
}
