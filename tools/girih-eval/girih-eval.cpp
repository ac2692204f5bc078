// girih-eval: runs one module at several levels on the same inputs and judges each by the f64 reference. The
// tests of every op and every lowering are one line of it.
#include "Compare.h"
#include "Levels.h"

#include "lib/Pipelines/Register.h"
#include "lib/Reference/Inputs.h"
#include "lib/Reference/Interpreter.h"
#include "lib/Reference/Npy.h"
#include "lib/Support/Error.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"

using namespace mlir;
using namespace girih;
using namespace girih::eval;
using llvm::Expected;
namespace cl = llvm::cl;

static cl::OptionCategory category("girih-eval");
static cl::opt<std::string> model(cl::Positional, cl::Required, cl::desc("MODULE.mlir or model directory"),
                                  cl::cat(category));
static cl::opt<std::string> entryName("entry", cl::desc("the entry to run (default: the only one)"),
                                      cl::cat(category));
static cl::opt<std::string> from("from", cl::desc("the stage that MODULE.mlir was dumped after"),
                                 cl::cat(category));
static cl::list<std::string> symbols("symbols", cl::CommaSeparated, cl::value_desc("batch=3,seq=7"),
                                     cl::desc("sizes of generated inputs"), cl::cat(category));
static cl::list<std::string> inputFiles("inputs", cl::CommaSeparated, cl::value_desc("a.npy,b.npy"),
                                        cl::desc("inputs in order, instead of generated ones"),
                                        cl::cat(category));
static cl::opt<uint64_t> seed("seed", cl::init(1), cl::desc("seed of generated inputs"), cl::cat(category));
static cl::list<std::string> levels("levels", cl::CommaSeparated, cl::value_desc("graph,tile,cpu"),
                                    cl::desc("levels to run and judge (default: graph)"), cl::cat(category));
static cl::opt<std::string> weights("weights", cl::value_desc("random:SEED"),
                                    cl::desc("fill weights at random instead of reading them"),
                                    cl::cat(category));
static cl::opt<std::string> reference_("reference", cl::value_desc("FILE.mlir"),
                                       cl::desc("judge by this module instead of MODULE itself"),
                                       cl::cat(category));
static cl::opt<std::string>
    against("against", cl::value_desc("LEVEL"),
            cl::desc("judge by this level instead of the f64 reference; with --tolerance=0, bit by bit"),
            cl::cat(category));
static cl::opt<std::string>
    output("output", cl::value_desc("FILE.npy"),
           cl::desc("write the last level's first result; result N goes to FILE.N.npy"), cl::cat(category));
static cl::opt<bool> f64("f64", cl::desc("keep f64 between ops at level graph"), cl::cat(category));
static cl::opt<bool> printValues("print", cl::desc("print the last level's results"), cl::cat(category));
static cl::opt<double> tolerance(
    "tolerance", cl::init(-1), cl::value_desc("X"),
    cl::desc("pass if max error <= X * max|y| (default: what rounding of the module's types explains)"),
    cl::cat(category));
static cl::opt<std::string> target("target", cl::desc("target of levels tile and cpu"), cl::cat(category));
static cl::opt<std::string> contract("contract", cl::desc("exact, stable or fast"), cl::cat(category));
static cl::opt<std::string> dtype("dtype", cl::desc("compute type of an imported model"), cl::cat(category));
static cl::opt<unsigned> threads("jobs", cl::desc("threads at level cpu"), cl::cat(category));
static cl::opt<std::string> codeVersion("code-version", cl::desc("code version at level cpu"),
                                        cl::cat(category));

static Expected<Request> makeRequest() {
  Request request{model, from, entryName, target, contract, dtype, {}, threads, codeVersion};
  if (weights.empty())
    return request;
  uint64_t number;
  if (!StringRef(weights).starts_with("random:") || StringRef(weights).drop_front(7).getAsInteger(10, number))
    return makeError(ExitStatus::Usage, "bad-option", "expected --weights=random:SEED, but got --weights={0}",
                     weights);
  request.randomWeights = number;
  return request;
}

static Expected<llvm::StringMap<int64_t>> parseSymbols() {
  llvm::StringMap<int64_t> sizes;
  for (StringRef text : symbols) {
    auto [name, value] = text.split('=');
    int64_t size;
    if (value.getAsInteger(10, size) || size < 0)
      return makeError(ExitStatus::Usage, "bad-option", "expected --symbols=name=size, but got '{0}'", text);
    sizes[name] = size;
  }
  return sizes;
}

// Inputs from files, or generated.
static Expected<Tensors> makeInputs(ModuleOp module) {
  func::FuncOp entry = reference::Interpreter(module).findEntry(entryName);
  Expected<llvm::StringMap<int64_t>> sizes = parseSymbols();
  if (!sizes)
    return sizes.takeError();
  if (!entry)
    return badInput("unknown-entry", "expected an entry to run in '{0}'; see the errors above", model);
  if (inputFiles.empty()) {
    FailureOr<Tensors> inputs = reference::makeInputs(entry, *sizes, seed);
    if (failed(inputs))
      return badInput("bad-input", "expected an entry whose inputs can be generated");
    return *inputs;
  }
  Tensors inputs;
  for (StringRef path : inputFiles) {
    Expected<reference::HostTensor> tensor = reference::readNpy(module.getContext(), path);
    if (!tensor)
      return tensor.takeError();
    inputs.push_back(std::make_shared<reference::HostTensor>(std::move(*tensor)));
  }
  return inputs;
}

static Expected<Tensors> runLevel(ModuleOp module, const Request &request, StringRef level,
                                  const Tensors &inputs) {
  if (level == "graph")
    return interpret(module, request, inputs, f64);
  if (level == "cpu")
    return runCompiled(*module.getContext(), request, inputs);
  if (level != "tile")
    return makeError(ExitStatus::Usage, "bad-option", "expected levels graph, tile or cpu, but got '{0}'",
                     level);
  Expected<OwningOpRef<ModuleOp>> tiled = readModule(*module.getContext(), request, "tile");
  if (!tiled)
    return tiled.takeError();
  return interpret(**tiled, request, inputs, false);
}

// Prints one line a result; whether all are near enough.
static bool judge(ModuleOp judgedBy, StringRef level, const Tensors &actual, const Tensors &expected) {
  bool allPass = actual.size() == expected.size();
  for (auto [i, pair] : llvm::enumerate(llvm::zip(actual, expected))) {
    auto &[ours, theirs] = pair;
    Difference d = compare(*ours, *theirs);
    double allowed = tolerance >= 0 ? tolerance : defaultTolerance(judgedBy, ours->getElementType());
    bool rounds = tolerance < 0 && ours->getElementType().isInteger(8) && quantizes(judgedBy);
    bool near = rounds ? d.maximum <= 1 && d.rms <= 0.1 : d.maximum <= allowed * d.magnitude;
    bool pass = d.sameShape && d.sameSpecials && near;
    llvm::outs() << llvm::formatv(
                        "{0}: result {1}: max error {2:e3}, rms error {3:e3}, allowed {4:e3}, max |y| {5:e3}",
                        level, i, d.maximum, d.rms, allowed * d.magnitude, d.magnitude)
                 << (d.sameShape ? "" : ", another shape")
                 << (d.sameSpecials ? "" : ", another NaN or infinity") << ": " << (pass ? "PASS" : "FAIL")
                 << "\n";
    allPass &= pass;
  }
  return allPass;
}

static void print(const Tensors &results) {
  for (auto [i, result] : llvm::enumerate(results)) {
    llvm::outs() << "result " << i << " [";
    llvm::interleaveComma(result->getShape(), llvm::outs());
    llvm::outs() << "] " << result->getElementType() << ":";
    const char *format = isa<IntegerType>(result->getElementType()) ? " %.0f" : " %g";
    for (int64_t at = 0; at < result->size(); ++at)
      llvm::outs() << llvm::format(format, (*result)[at]);
    llvm::outs() << "\n";
  }
}

static llvm::Error writeResults(const Tensors &results) {
  for (auto [i, result] : llvm::enumerate(results)) {
    std::string path = output;
    if (i > 0)
      path = StringRef(path).rsplit(".npy").first.str() + "." + std::to_string(i) + ".npy";
    if (llvm::Error error = reference::writeNpy(*result, path))
      return error;
  }
  return llvm::Error::success();
}

static Expected<bool> evaluate(MLIRContext &context) {
  Expected<Request> request = makeRequest();
  if (!request)
    return request.takeError();
  bool isFile = StringRef(model).ends_with(".mlir");
  Expected<OwningOpRef<ModuleOp>> module = readModule(context, *request, isFile ? "" : "import");
  if (!module)
    return module.takeError();
  Request judge_ = *request;
  if (!reference_.empty())
    judge_.model = reference_;
  Expected<OwningOpRef<ModuleOp>> judgedBy =
      readModule(context, judge_, isFile || !reference_.empty() ? "" : "import");
  if (!judgedBy)
    return judgedBy.takeError();
  Expected<Tensors> inputs = makeInputs(**module);
  if (!inputs)
    return inputs.takeError();
  Expected<Tensors> expected = against.empty() ? interpret(**judgedBy, *request, *inputs, /*exact=*/true)
                                               : runLevel(**module, *request, against, *inputs);
  if (!expected)
    return expected.takeError();

  bool allPass = true;
  Tensors last;
  if (levels.empty())
    levels.push_back("graph");
  for (StringRef level : levels) {
    Expected<Tensors> results = runLevel(**module, *request, level, *inputs);
    if (!results)
      return results.takeError();
    allPass &= judge(**judgedBy, level, *results, *expected);
    last = *results;
  }
  if (printValues)
    print(last);
  if (!output.empty())
    if (llvm::Error error = writeResults(last))
      return error;
  return allPass;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv,
                              "runs a module at several levels and compares with the f64 reference\n");
  DialectRegistry registry;
  registerAll(registry);
  registerAllPasses();
  MLIRContext context(registry);
  Expected<bool> pass = evaluate(context);
  if (!pass)
    return reportError(pass.takeError());
  llvm::outs() << (*pass ? "PASS" : "FAIL") << "\n";
  return *pass ? 0 : 1;
}
