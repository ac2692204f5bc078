// girihc: the ahead-of-time compiler's command line.
#include "Arguments.h"
#include "Progress.h"

#include "girih/Target.h"
#include "lib/Artifact/PendingFile.h"
#include "lib/Support/Error.h"

#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Signals.h"

#include <csignal>
#include <execinfo.h>
#include <unistd.h>

using namespace girih;
using namespace girihc;

/// Files have no name before they are complete, so a signal may end the program at once, whatever it is
/// doing.
[[noreturn]] static void end(llvm::StringRef message, ExitStatus status) {
  artifact::removeTemporaryFile();
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, message.data(), message.size());
  _exit(static_cast<int>(status));
}

/// Once a file has its name the compilation is all but over, and ends as it would have.
static void stop(int) {
  if (!artifact::preventCommits())
    return;
  end("error: [interrupted] stopped by a signal; nothing was written\n", ExitStatus::Resource);
}

/// Files are read where they are mapped: the part that a file loses meanwhile cannot be read any more.
static void stopReading(int) {
  end("error: [changed-file] a file of the model was cut while it was read; compile again\n",
      ExitStatus::BadInput);
}

static void stopOnSignals() {
  for (int signal : {SIGINT, SIGTERM, SIGHUP})
    std::signal(signal, stop);
  std::signal(SIGBUS, stopReading);
  std::signal(SIGXFSZ, SIG_IGN); // a file past the limit is an error of write(), reported as a full disk is
}

static int answer(const Arguments &arguments) {
  if (arguments.help)
    llvm::outs() << helpText();
  else if (arguments.version)
    llvm::outs() << "girihc " << GIRIH_VERSION << "\n";
  else if (arguments.listTargets)
    for (const std::string &name : targetNames())
      llvm::outs() << name << "\n";
  else
    for (const StageInfo &stage : compilerStages())
      llvm::outs() << llvm::left_justify(stage.name, 10) << stage.summary << "\n";
  llvm::outs().flush();
  if (std::error_code error = llvm::outs().error()) {
    llvm::outs().clear_error();
    return reportError(makeError(ExitStatus::Resource, "cannot-write", "cannot write to standard output: {0}",
                                 error.message()));
  }
  return 0;
}

static int compileModel(Arguments &arguments) {
  stopOnSignals();
  CompileOptions &options = arguments.options;
  Progress progress(arguments.quiet);
  options.catchCrashes = true;
  options.progress = [&](llvm::StringRef step, uint64_t done, uint64_t total) {
    progress.update(step, done, total);
  };
  if (arguments.verbose)
    options.remark = [](llvm::StringRef text) { llvm::errs() << "girihc: " << text << "\n"; };
  if (!arguments.quiet)
    options.sizeKnown = [&](uint64_t fileBytes, uint64_t weightBytes) {
      llvm::errs() << llvm::formatv("girihc: writing {0}, {1:f1} MB ({2:f1} MB of weights)\n", options.output,
                                    fileBytes / 1e6, weightBytes / 1e6);
    };
  llvm::Expected<CompileSummary> summary = compile(options);
  return summary ? 0 : reportError(summary.takeError());
}

static int run(llvm::ArrayRef<const char *> words) {
  llvm::Expected<Arguments> arguments = parseArguments(words);
  if (!arguments)
    return reportError(arguments.takeError());
  if (arguments->help || arguments->version || arguments->listStages || arguments->listTargets)
    return answer(*arguments);
  return compileModel(*arguments);
}

static std::string commandLine(int argc, char **argv) {
  std::string text;
  for (int i = 0; i < argc; ++i)
    text += (i ? " " : "") + std::string(argv[i]);
  return text;
}

static std::string crashMessage;

/// Prints the stack and how to see the crash again, takes back what was being written, and ends the process.
/// Nothing here allocates: a crash inside of malloc, whose lock is held then, must end too. LLVM's own
/// printers do allocate; they come after this one.
static void reportCrash(void *) {
  void *frames[64];
  backtrace_symbols_fd(frames, backtrace(frames, std::size(frames)), STDERR_FILENO);
  end(crashMessage, ExitStatus::Internal);
}

int main(int argc, char **argv) {
  crashMessage =
      "error: [internal] girihc crashed; this command shows it again: " + commandLine(argc, argv) + "\n";
  void *frame;
  backtrace(&frame, 1); // loads what it needs
  llvm::sys::AddSignalHandler(reportCrash, nullptr);
  llvm::InitLLVM init(argc, argv);
  return run(llvm::ArrayRef<const char *>(argv, argc).drop_front());
}
