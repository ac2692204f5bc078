// Uses the pass manager's own reproducers; only the file's fate is decided here.
#include "lib/Pipelines/Reproducer.h"

#include "lib/Support/Error.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"

using namespace mlir;
using namespace girih;

namespace {

struct FileStream : ReproducerStream {
  FileStream(const std::string &path, std::error_code &error) : path(path), file(path, error) {}
  StringRef description() override { return path; }
  raw_ostream &os() override { return file; }

  std::string path;
  llvm::raw_fd_ostream file;
};

} // namespace

static std::string temporaryPath() {
  SmallString<128> path;
  llvm::sys::path::system_temp_directory(/*ErasedOnReboot=*/true, path);
  llvm::sys::path::append(path, "girih-reproducer-" + Twine(llvm::sys::Process::getProcessId()) + ".mlir");
  return path.str().str();
}

Reproducer::Reproducer(PassManager &manager, const CompileOptions &options)
    : path(options.reproducer.empty() ? temporaryPath() : options.reproducer),
      keep(!options.reproducer.empty()) {
  if (!keep && !options.catchCrashes)
    return;
  manager.enableCrashReproducerGeneration(
      [path = path, written = written](std::string &message) -> std::unique_ptr<ReproducerStream> {
        std::error_code error;
        auto stream = std::make_unique<FileStream>(path, error);
        if (!error)
          return *written = true, std::move(stream);
        message = error.message();
        return nullptr;
      });
}

llvm::Error Reproducer::explain(StringRef stage, DiagnosticCollector &diagnostics) {
  std::string command = "girih-opt --run-reproducer " + path;
  if (diagnostics.hasErrors()) {
    if (!keep && *written)
      llvm::sys::fs::remove(path);
    return diagnostics.takeError(static_cast<int>(ExitStatus::Compile), "compile-failed");
  }
  return makeError(ExitStatus::Internal, "internal", "stage '{0}' crashed{1}; please report it", stage,
                   *written ? "; '" + command + "' shows it again" : "");
}
