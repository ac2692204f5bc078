// girih-run: lists, runs, measures and checks the entry points of an artifact.
#include "Benchmark.h"
#include "Compare.h"
#include "Generate.h"
#include "Trace.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>

using namespace girih::run;

static int perform(const Options &options) {
  Module module = loadModule(options);
  if (!options.generate.empty()) {
    generate(module.get(), options);
    return Success;
  }
  bool runs = options.run || options.benchmark || !options.inputs.empty() || !options.shape.empty() ||
              !options.outputs.empty() || !options.trace.empty() || !options.compareModel.empty();
  if (!runs) {
    findEntry(module.get(), options);
    describe(module.get());
    return Success;
  }
  if (!options.programs.empty() && !std::filesystem::is_directory(options.programs))
    throw Failure{Resource, "cannot-write",
                  "expected --programs to be a folder that exists but got '" + options.programs + "'"};
  if (!options.programs.empty() &&
      !girih_module_machine_keep_programs(module.get(), options.programs.c_str()))
    throw Failure{Usage, "usage", "expected an artifact for the systolic machine with --programs"};
  Call call(module.get(), options);
  if (!options.compareModel.empty())
    return compareReference(module.get(), call, options);
  if (!options.trace.empty())
    traceCall(call, options.trace);
  if (options.benchmark) {
    benchmark(call, module.get(), options);
  } else if (options.trace.empty() || !options.outputs.empty()) {
    call.run();
    showOutputs(call, options);
  }
  return Success;
}

static int answer(const Options &options) {
  if (options.help) {
    printHelp();
    return Success;
  }
  if (options.version) {
    printf("girih-run %s\n", girih_runtime_version());
    return Success;
  }
  return perform(options);
}

/// What was printed has arrived, or the run has not succeeded.
static void flushOutput() {
  if (fflush(stdout) != 0 || ferror(stdout))
    throw Failure{Resource, "cannot-write", std::string("cannot write to standard output: ") + strerror(errno)};
}

int main(int argc, char **argv) {
  std::signal(SIGXFSZ, SIG_IGN); // a file past the limit is an error of write(), reported as a full disk is
  try {
    int status = answer(parseOptions(argc, argv));
    flushOutput();
    return status;
  } catch (const Failure &failure) {
    fprintf(stderr, "error: [%s] %s\n", failure.code.c_str(), failure.message.c_str());
    return failure.exitStatus;
  } catch (const std::exception &exception) {
    fprintf(stderr, "error: [internal] %s\n", exception.what());
    return Internal;
  }
}
