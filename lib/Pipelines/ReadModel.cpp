// Imports a directory or a GGUF file, or parses a .mlir file and narrows its symbols to the bounds that the user asked for.
#include "lib/Pipelines/ReadModel.h"

#include "dialects/Graph/Graph.h"
#include "girih-runtime/Format.h"
#include "lib/Import/Import.h"
#include "lib/Pipelines/Stages.h"
#include "lib/Support/Error.h"
#include "lib/Support/File.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/SourceMgr.h"

#include <cmath>

using namespace mlir;
using namespace girih;

using Module = OwningOpRef<ModuleOp>;

/// Lines of a layer's name, the least and the greatest element that it read, as `girih calibrate` writes
/// them; `#` begins a comment.
static llvm::Expected<DictionaryAttr> readRanges(MLIRContext &context, StringRef path) {
  llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> buffer = openFile(path);
  if (!buffer)
    return buffer.takeError();
  NamedAttrList ranges;
  SmallVector<StringRef> lines;
  (*buffer)->getBuffer().split(lines, '\n');
  for (auto [i, line] : llvm::enumerate(lines)) {
    StringRef rest = line.split('#').first.trim();
    if (rest.empty())
      continue;
    auto number = [&rest](float &value) {
      double read;
      auto [before, last] = rest.rsplit(' ');
      rest = before.trim();
      value = last.getAsDouble(read) ? NAN : float(read);
    };
    float least, greatest;
    number(greatest);
    number(least);
    if (rest.empty() || rest.contains(' ') || !(least <= greatest) || !std::isfinite(greatest - least))
      return badInput("bad-ranges",
                      "expected a layer's name and two numbers, the least first, in line {0} of '{1}' but "
                      "found '{2}'; girih "
                      "calibrate MODEL --file=TEXT makes such a file",
                      i + 1, path, line.take_front(60));
    ranges.set(rest, DenseF32ArrayAttr::get(&context, {least, greatest}));
  }
  return ranges.getDictionary(&context);
}

/// Imports a directory or a GGUF file.
static llvm::Expected<Module> importModel(MLIRContext &context, const CompileOptions &options,
                                            const CheckedOptions &checked) {
  if (checked.firstStage != 0)
    return makeError(ExitStatus::Usage, "bad-option",
                     "expected a .mlir file with --from={0} but '{1}' is a model", options.from,
                     options.model);
  import::ImportOptions importing;
  importing.dtype = options.dtype == "f32" ? import::ComputeType::F32 : import::ComputeType::BF16;
  if (options.maxBatch)
    importing.maxBatch = options.maxBatch;
  if (options.maxSequence)
    importing.maxSequence = options.maxSequence;
  importing.randomWeights = checked.weights == artifact::WeightStorage::Random;
  llvm::Expected<Module> module = llvm::sys::fs::is_directory(options.model)
                                      ? import::importHuggingFace(context, options.model, importing)
                                      : import::importGGUF(context, options.model, importing);
  if (!module)
    return module;
  (**module)->setAttr(graph::kDtypeAttr, StringAttr::get(&context, options.dtype));
  if (options.calibration.empty())
    return module;
  llvm::Expected<DictionaryAttr> ranges = readRanges(context, options.calibration);
  if (!ranges)
    return ranges.takeError();
  (**module)->setAttr(graph::kRangesAttr, *ranges);
  return module;
}

/// Lowers a symbol's upper bound; a module without the symbol has no such size to bound.
static llvm::Error narrowSymbol(ModuleOp module, StringRef option, StringRef name, int64_t max) {
  auto symbol = module.lookupSymbol<graph::SymbolOp>(name);
  if (!symbol)
    return makeError(ExitStatus::Usage, "bad-option",
                     "expected a size '{0}' in the module for {1}, but it has none", name, option);
  int64_t least = symbol.getMin(), most = symbol.getMax();
  if (max < least || max > most)
    return makeError(ExitStatus::Usage, "bad-option",
                     "expected {0} to be within the module's bounds of '{1}', {2} to {3}, but found {4}",
                     option, name, least, most, max);
  symbol.setMax(max);
  return llvm::Error::success();
}

/// MLIR's parser recurses with every bracket, so hostile text could exhaust the stack. Real dumps nest a few
/// dozen deep.
static llvm::Error checkNesting(StringRef text, StringRef path) {
  constexpr size_t limit = 500;
  size_t depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i], before = i ? text[i - 1] : ' ';
    if (quoted) {
      i += c == '\\';
      quoted = c != '"' && c != '\n';
    } else if (c == '/' && before == '/') {
      i = std::min(text.find('\n', i), text.size());
    } else if (c == '"') {
      quoted = true;
    } else if (StringRef("([{<").contains(c)) {
      if (++depth > limit)
        return badInput("bad-mlir", "expected brackets nested at most {0} deep, but found more; in '{1}'",
                        limit, path);
    } else if (depth && (StringRef(")]}").contains(c) || (c == '>' && before != '-'))) {
      --depth;
    }
  }
  return llvm::Error::success();
}

static llvm::Error checkIsText(StringRef text, StringRef path) {
  if (!text.starts_with(StringRef(GIRIH_FORMAT_MAGIC, 8)))
    return llvm::Error::success();
  return badInput("bad-mlir",
                  "expected a model (a directory, a .gguf file or a .mlir file), but '{0}' is an artifact; "
                  "girih-run runs it",
                  path);
}

/// Stages do not run on what comes after them: they would find their own results, and say so in no useful
/// way.
static llvm::Error checkStage(StringRef text, StringRef path, const CheckedOptions &checked) {
  std::optional<size_t> dumped = stageOfDump(text);
  if (!dumped || *dumped <= checked.firstStage)
    return llvm::Error::success();
  auto nameOf = [](size_t stage) { return compilerStages()[stage].name; };
  return makeError(ExitStatus::Usage, "bad-option",
                   "expected --from={0}, because '{1}' is a dump of that stage, but found --from={2}{3}",
                   nameOf(*dumped), path, nameOf(checked.firstStage),
                   checked.firstStage == 0 ? ", the default" : "");
}

/// What does not parse is bad input; what does, but is no module of ours, does not compile.
static llvm::Expected<Module> parse(MLIRContext &context, DiagnosticCollector &diagnostics, StringRef text,
                                    StringRef path) {
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(text, path), {});
  Module module = parseSourceFile<ModuleOp>(sources, ParserConfig(&context, /*verifyAfterParse=*/false));
  if (!module)
    return diagnostics.takeError(static_cast<int>(ExitStatus::BadInput), "bad-mlir");
  if (failed(verify(*module)))
    return diagnostics.takeError(static_cast<int>(ExitStatus::Compile), "bad-mlir");
  return module;
}

static llvm::Expected<Module> readText(MLIRContext &context, DiagnosticCollector &diagnostics,
                                       const CompileOptions &options, const CheckedOptions &checked) {
  llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> buffer = openFile(options.model);
  if (!buffer)
    return buffer.takeError();
  StringRef text = (*buffer)->getBuffer();
  if (llvm::Error error = checkIsText(text, options.model))
    return std::move(error);
  if (llvm::Error error = checkStage(text, options.model, checked))
    return std::move(error);
  if (llvm::Error error = checkNesting(text, options.model))
    return std::move(error);
  llvm::Expected<Module> read = parse(context, diagnostics, text, options.model);
  if (!read)
    return read.takeError();
  Module module = std::move(*read);
  if (options.maxSequence)
    if (llvm::Error error = narrowSymbol(*module, "--max-seq-len", "seq", options.maxSequence))
      return std::move(error);
  if (options.maxBatch)
    if (llvm::Error error = narrowSymbol(*module, "--max-batch", "batch", options.maxBatch))
      return std::move(error);
  return module;
}

llvm::Expected<Module> girih::readModel(MLIRContext &context, DiagnosticCollector &diagnostics,
                                        const CompileOptions &options, const CheckedOptions &checked) {
  if (llvm::sys::fs::is_directory(options.model) || import::isGGUF(options.model))
    return importModel(context, options, checked);
  return readText(context, diagnostics, options, checked);
}
