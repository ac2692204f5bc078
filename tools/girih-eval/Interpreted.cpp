// The interpreted levels: reads the module, through the pipeline where a stage is asked for, and runs it.
#include "Levels.h"

#include "lib/Reference/Interpreter.h"
#include "lib/Support/Error.h"

#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"

using namespace mlir;
using namespace girih;
using namespace girih::eval;
using llvm::Expected;

CompileOptions girih::eval::compileOptions(const Request &request) {
  CompileOptions options;
  options.model = request.model;
  options.from = request.from;
  options.target = request.target;
  options.contract = request.contract;
  if (!request.dtype.empty())
    options.dtype = request.dtype;
  return options;
}

// Runs the pipeline up to `stage` and leaves the module's text in a file.
static llvm::Error dumpStage(const Request &request, StringRef stage, StringRef path) {
  CompileOptions options = compileOptions(request);
  options.emit = stage.str();
  options.output = path.str();
  return compile(options).takeError();
}

Expected<OwningOpRef<ModuleOp>> girih::eval::readModule(MLIRContext &context, const Request &request,
                                                        StringRef stage) {
  std::string path = request.model;
  SmallString<128> dump;
  if (!stage.empty()) {
    if (std::error_code code = llvm::sys::fs::createTemporaryFile("girih-eval", "mlir", dump))
      return resourceError("disk-full", "expected to make a temporary file, but: {0}", code.message());
    path = dump.str();
  }
  llvm::FileRemover remover(dump);
  if (dump.empty())
    remover.releaseFile();
  else if (llvm::Error error = dumpStage(request, stage, path))
    return error;
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(path, &context);
  if (!module)
    return badInput("bad-mlir", "expected a module of Girih's dialects in '{0}'; see the errors above", path);
  return module;
}

Expected<Tensors> girih::eval::interpret(ModuleOp module, const Request &request, const Tensors &inputs,
                                         bool exact) {
  reference::InterpreterOptions options;
  options.randomWeights = request.randomWeights;
  options.exact = exact;
  reference::Interpreter interpreter(module, options);
  func::FuncOp entry = interpreter.findEntry(request.entry);
  FailureOr<Tensors> results = failure();
  if (entry)
    results = interpreter.run(entry, inputs);
  if (failed(results))
    return makeError(ExitStatus::Compile, "not-interpreted",
                     "expected to interpret '{0}'; see the errors above", request.model);
  return *results;
}
