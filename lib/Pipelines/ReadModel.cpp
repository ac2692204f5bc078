// Imports a directory or a GGUF file, or parses a .mlir file and narrows its symbols to the bounds that the user asked for.
#include "lib/Pipelines/ReadModel.h"

#include "dialects/Graph/Graph.h"
#include "lib/Import/Import.h"
#include "lib/Support/Error.h"
#include "lib/Support/File.h"

#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace girih;

using Module = OwningOpRef<ModuleOp>;

/// Imports a directory or a GGUF file.
static llvm::Expected<Module> importModel(MLIRContext &context, const CompileOptions &options,
                                            const CheckedOptions &checked) {
  if (checked.firstStage != 0)
    return makeError(ExitStatus::Usage, "bad-option",
                     "expected a .mlir file with --from={0} but '{1}' is a model", options.from,
                     options.model);
  import::ImportOptions importing;
  importing.dtype = options.dtype == "bf16" ? import::ComputeType::BF16 : import::ComputeType::F32;
  if (options.maxBatch)
    importing.maxBatch = options.maxBatch;
  if (options.maxSequence)
    importing.maxSequence = options.maxSequence;
  importing.randomWeights = checked.weights == artifact::WeightStorage::Random;
  llvm::Expected<Module> module = llvm::sys::fs::is_directory(options.model)
                                      ? import::importHuggingFace(context, options.model, importing)
                                      : import::importGGUF(context, options.model, importing);
  if (module)
    (**module)->setAttr(graph::kDtypeAttr, StringAttr::get(&context, options.dtype));
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

static llvm::Expected<Module> readText(MLIRContext &context, DiagnosticCollector &diagnostics,
                                       const CompileOptions &options) {
  llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> buffer = openFile(options.model);
  if (!buffer)
    return buffer.takeError();
  if (llvm::Error error = checkNesting((*buffer)->getBuffer(), options.model))
    return std::move(error);
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy((*buffer)->getBuffer(), options.model), {});
  Module module = parseSourceFile<ModuleOp>(sources, &context);
  if (!module)
    return diagnostics.takeError(static_cast<int>(ExitStatus::BadInput), "bad-mlir");
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
  return readText(context, diagnostics, options);
}
