// Collects diagnostics while passes run. Errors wait for the pass to end; remarks and warnings go on at once.
#include "lib/Pipelines/Diagnostics.h"

#include "dialects/Graph/Graph.h"
#include "lib/Support/Error.h"

using namespace mlir;
using namespace girih;

DiagnosticCollector::DiagnosticCollector(MLIRContext &context, std::function<void(StringRef)> remark)
    : remark(std::move(remark)), handler(&context, [this](Diagnostic &diagnostic) { handle(diagnostic); }) {}

/// "file.mlir:3:7" for text that was parsed, else the model's layer.
static std::string whereOf(Location location) {
  std::string layer = graph::layerName(location);
  if (!layer.empty())
    return layer;
  std::string where;
  location->walk([&](Location inner) {
    if (auto file = dyn_cast<FileLineColLoc>(inner); file && where.empty())
      where =
          llvm::formatv("{0}:{1}:{2}", file.getFilename().getValue(), file.getLine(), file.getColumn()).str();
    return where.empty() ? WalkResult::advance() : WalkResult::interrupt();
  });
  return where;
}

static std::string oneLine(Diagnostic &diagnostic) {
  std::string text = diagnostic.str();
  if (std::string where = whereOf(diagnostic.getLocation()); !where.empty())
    text += "; at " + where;
  for (Diagnostic &note : diagnostic.getNotes())
    if (note.str().find("see current operation") == std::string::npos) {
      std::string where = whereOf(note.getLocation());
      text += "; " + note.str() + (where.empty() ? "" : ", at " + where);
    }
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

/// The pass manager's own remark about its reproducer; Reproducer.cpp says the same in a user's words.
static bool isReproducerNotice(const std::string &text) {
  return StringRef(text).starts_with("Failures have been detected while processing") ||
         StringRef(text).starts_with("A failure has been detected while processing");
}

void DiagnosticCollector::handle(Diagnostic &diagnostic) {
  if (isReproducerNotice(diagnostic.str()))
    return;
  std::lock_guard lock(mutex);
  if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
    errors.push_back(oneLine(diagnostic));
  else if (remark)
    remark(oneLine(diagnostic));
}

llvm::Error DiagnosticCollector::takeError(int status, StringRef code) {
  std::string text = errors.empty() ? "failed without saying why" : errors.front();
  if (errors.size() > 1)
    text += llvm::formatv("; and {0} more like it", errors.size() - 1).str();
  errors.clear();
  return llvm::make_error<Error>(static_cast<ExitStatus>(status), code, text);
}
