// Writes what a compilation ends with: a dump, assembly, an artifact, or an object file with its header.
#include "dialects/Graph/Graph.h"
#include "lib/Pipelines/Compilation.h"
#include "lib/Pipelines/Object.h"
#include "lib/Pipelines/Output.h"
#include "lib/Support/Error.h"

#include "llvm/Support/FileSystem.h"

using namespace mlir;
using namespace girih;

llvm::Error Compilation::writeDump() {
  std::string text;
  llvm::raw_string_ostream os(text);
  OpPrintingFlags flags;
  module->print(os, flags.enableDebugInfo());
  return writeOutput(options.output, text);
}

/// The model's directory, else the file it was read from.
static std::string sourceOf(ModuleOp module, const CompileOptions &options) {
  if (auto directory = module->getAttrOfType<StringAttr>(graph::kModelAttr))
    return directory.str();
  SmallString<256> path(options.model);
  llvm::sys::fs::make_absolute(path);
  return path.str().str();
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
  request.properties = {{"producer", "girih " GIRIH_VERSION},
                        {"model", sourceOf(*module, options)},
                        {"target", text(graph::kTargetAttr)},
                        {"machine", target->facts().name},
                        {"contract", text(graph::kContractAttr)},
                        {"dtype", options.dtype},
                        {"weights", options.weights},
                        {"max-sequence", std::to_string(options.maxSequence)},
                        {"max-batch", std::to_string(options.maxBatch)}};
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
