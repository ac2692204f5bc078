// Checks options before anything is read, so that a typing error costs no time.
#include "lib/Pipelines/Options.h"

#include "lib/Pipelines/Stages.h"
#include "lib/Support/Error.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace girih;
using llvm::SmallString;
using llvm::StringRef;

static llvm::Error badOption(StringRef option, StringRef expected, StringRef found) {
  return makeError(ExitStatus::Usage, "bad-option", "expected {0} to be {1} but found '{2}'", option,
                   expected, found);
}

static std::string stageNames(size_t count) {
  std::string names;
  for (const StageInfo &stage : compilerStages().take_front(count))
    names += (names.empty() ? "" : ", ") + stage.name.str();
  return names;
}

static llvm::Error checkStages(const CompileOptions &options, CheckedOptions &checked) {
  size_t count = compilerStages().size();
  checked.product = llvm::StringSwitch<Product>(options.emit)
                        .Case("artifact", Product::Artifact)
                        .Case("object", Product::Object)
                        .Case("asm", Product::Assembly)
                        .Default(Product::Dump);
  std::optional<size_t> last = checked.product == Product::Dump ? stageNumber(options.emit) : count - 1;
  if (!last)
    return badOption("--emit", stageNames(count) + ", object or asm", options.emit);
  std::optional<size_t> first = stageNumber(options.from.empty() ? "import" : options.from);
  if (!first || *first == count - 1)
    return badOption("--from", "one of " + stageNames(count - 1), options.from);
  if (*last < *first)
    return badOption("--emit", "a stage not before --from=" + options.from, options.emit);
  checked.firstStage = *first;
  checked.lastStage = *last;
  return llvm::Error::success();
}

static llvm::Error checkWeights(StringRef text, CheckedOptions &checked) {
  StringRef seed = text;
  if (text == "external")
    checked.weights = artifact::WeightStorage::External;
  else if (seed.consume_front("random:") && !seed.getAsInteger(10, checked.seed))
    checked.weights = artifact::WeightStorage::Random;
  else if (text != "packed")
    return badOption("--weights", "packed, external or random:SEED with a whole number", text);
  return llvm::Error::success();
}

/// Whether writing `output` would replace a file that a model is made of: the text that is read, or a file of
/// the directory that a compiler never writes.
static bool replacesModel(StringRef model, StringRef output) {
  namespace fs = llvm::sys::fs;
  if (!fs::exists(output))
    return false;
  if (!fs::is_directory(model))
    return fs::equivalent(model, output);
  SmallString<256> directory, file;
  if (fs::real_path(model, directory) || fs::real_path(output, file))
    return false;
  bool inside = StringRef(file).starts_with((directory + "/").str());
  return inside && llvm::is_contained({".json", ".safetensors", ".txt", ".model", ".bin", ".gguf"},
                                      llvm::sys::path::extension(file));
}

llvm::Expected<CheckedOptions> girih::checkOptions(const CompileOptions &options) {
  CheckedOptions checked;
  if (llvm::Error error = checkStages(options, checked))
    return std::move(error);
  if (llvm::Error error = checkWeights(options.weights, checked))
    return std::move(error);
  if (!llvm::is_contained({"f32", "bf16", "int8"}, StringRef(options.dtype)))
    return badOption("--dtype", "f32, bf16 or int8", options.dtype);
  if (!options.calibration.empty() && options.dtype != "int8")
    return badOption("--dtype", "int8 with --calibrate, which only integers need", options.dtype);
  if (!llvm::is_contained({"", "exact", "stable", "fast"}, StringRef(options.contract)))
    return badOption("--contract", "exact, stable or fast", options.contract);
  if (options.maxSequence < 0)
    return badOption("--max-seq-len", "positive", std::to_string(options.maxSequence));
  if (options.maxBatch < 0)
    return badOption("--max-batch", "positive", std::to_string(options.maxBatch));
  if (options.output.empty())
    return badOption("the output", "a file name", "");
  if (replacesModel(options.model, options.output))
    return badOption("the output", "another file than those of the model", options.output);
  if (options.output == "-" && checked.product == Product::Artifact)
    return badOption("the output", "a file name, because an artifact does not go to a terminal", "-");
  return checked;
}
