// Compiles up to the outlined kernels, whose launches are those of the artifact, and interprets them.
#include "lib/Pipelines/ReferenceRun.h"

#include "dialects/Graph/Graph.h"
#include "lib/Pipelines/Compilation.h"
#include "lib/Reference/Interpreter.h"
#include "lib/Support/Error.h"
#include "lib/Support/File.h"

using namespace mlir;
using namespace girih;

static llvm::DenseMap<Operation *, size_t> numberLaunches(func::FuncOp entry) {
  llvm::DenseMap<Operation *, size_t> numbers;
  for (Operation &op : entry.getBody().front())
    if (isa<graph::LaunchOp>(op))
      numbers.try_emplace(&op, numbers.size());
  return numbers;
}

static llvm::Error interpret(Compilation &compilation, const CheckedOptions &checked, StringRef name,
                             MakeInputs inputs, const ReferenceObserver &observer) {
  llvm::DenseMap<Operation *, size_t> numbers;
  bool stopped = false;
  reference::InterpreterOptions options;
  if (checked.weights == artifact::WeightStorage::Random)
    options.randomWeights = checked.seed;
  options.observer = [&](Operation *op, ArrayRef<reference::TensorRef> results) {
    auto found = numbers.find(op);
    if (found != numbers.end() && !stopped)
      stopped = !observer(found->second, graph::layerName(op->getLoc()), results);
  };
  reference::Interpreter interpreter(compilation.getModule(), options);
  func::FuncOp entry = interpreter.findEntry(name);
  if (entry)
    numbers = numberLaunches(entry);
  if (!entry || failed(interpreter.run(entry, inputs(compilation.getContext()))))
    return compilation.getDiagnostics().takeError(static_cast<int>(ExitStatus::BadInput), "not-interpreted");
  return llvm::Error::success();
}

llvm::Error girih::runReference(CompileOptions options, StringRef entry, MakeInputs inputs,
                                const ReferenceObserver &observer) {
  options.emit = "outline";
  options.output = "-";
  llvm::Expected<CheckedOptions> checked = checkOptions(options);
  if (!checked)
    return checked.takeError();
  FileWatch files; // from the model's config to its last weight
  Compilation compilation(options, *checked);
  if (llvm::Error error = compilation.lower())
    return error;
  return interpret(compilation, *checked, entry, inputs, observer);
}
