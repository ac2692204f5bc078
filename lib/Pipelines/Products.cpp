// Writes what a compilation ends with: a dump, assembly, an artifact, or an object file with its header.
#include "dialects/Graph/Graph.h"
#include "lib/Pipelines/Compilation.h"
#include "lib/Pipelines/Object.h"
#include "lib/Pipelines/Output.h"
#include "lib/Pipelines/Stages.h"
#include "lib/Support/Error.h"

using namespace mlir;
using namespace girih;

llvm::Error Compilation::writeDump() {
  std::string text = dumpHeader(options.emit);
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
  request.properties = {
      {"producer", "girih " GIRIH_VERSION}, {"machine", target->facts().name}, {"weights", options.weights}};
  for (StringRef name : {graph::kModelAttr, graph::kTargetAttr, graph::kContractAttr, graph::kDtypeAttr})
    if (auto text = (*module)->getAttrOfType<StringAttr>(name))
      request.properties.push_back({name.split('.').second.str(), text.str()});
  if (auto properties = (*module)->getAttrOfType<DictionaryAttr>(graph::kPropertiesAttr))
    for (NamedAttribute property : properties)
      request.properties.push_back({property.getName().str(), cast<StringAttr>(property.getValue()).str()});
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
