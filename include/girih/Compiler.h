// The compiler as a library: one call takes a model through every stage to an artifact. girihc, the Python
// package and tests are its callers.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace girih {

/// One step on the way from model to artifact. Up to "llvm", each leaves one module from which compilation
/// can go on.
struct StageInfo {
  llvm::StringRef name, summary;
};

/// All stages in processing order.
llvm::ArrayRef<StageInfo> compilerStages();

struct CompileOptions {
  /// A Hugging Face directory or a .mlir file.
  std::string model;
  /// Where the artifact, dump or object goes; "-" for standard output (dumps only).
  std::string output;
  /// As `lookupTarget` takes it; empty: the module's own choice, else "cpu".
  std::string target;
  /// Type that the model computes in: "f32", "bf16", or "int8" (linear layers; the rest in bf16). Used when a model is imported.
  std::string dtype = "f32";
  /// With "int8": a file of ranges, as `girih calibrate` writes it; "": each row in units of its own.
  std::string calibration;
  /// Entries without caches return the extremes of their linear layers' rows besides, for calibration.
  bool observeRanges = false;
  /// Bounds of the symbols `seq` and `batch`; 0: the importer's choice.
  int64_t maxSequence = 0, maxBatch = 0;
  /// "packed", "external" or "random:SEED".
  std::string weights = "packed";
  /// "exact", "stable" or "fast"; empty: the module's own choice, else "stable".
  std::string contract;
  /// A stage's name, "object" or "asm". Stages before "artifact" are printed as text.
  std::string emit = "artifact";
  /// The stage that `model`, a .mlir file, is a dump of; empty: "import".
  std::string from;
  /// Where to leave a reproducer should a stage fail; empty: nowhere.
  std::string reproducer;
  /// Catch crashes of passes, which become errors that name a reproducer. Takes over the process's signal
  /// handlers while passes run: for programs of our own.
  bool catchCrashes = false;

  /// Called when a step begins (`total` 0) and while a long one goes on.
  std::function<void(llvm::StringRef step, uint64_t done, uint64_t total)> progress;
  /// Called with the artifact's size before its first byte is written.
  std::function<void(uint64_t fileBytes, uint64_t weightBytes)> sizeKnown;
  /// Called with every remark and warning: decisions a user may care about.
  std::function<void(llvm::StringRef text)> remark;
  /// Polled between steps; true ends the compilation with the error "interrupted".
  std::function<bool()> interrupted;
};

struct CompileSummary {
  uint64_t fileBytes = 0, weightBytes = 0;
  size_t kernels = 0, launches = 0;
};

/// Compiles. Errors are `girih::Error`; whatever happens, `output` is either complete or as it was before.
llvm::Expected<CompileSummary> compile(const CompileOptions &options);

} // namespace girih
