// Keeps what is needed to run a failing stage again: MLIR writes the module before the stage and the stage's
// passes to a file that girih-opt runs.
#pragma once

#include "girih/Compiler.h"
#include "lib/Pipelines/Diagnostics.h"

#include "mlir/Pass/PassManager.h"

namespace girih {

class Reproducer {
public:
  /// Arms `manager` if the options ask for a reproducer or to catch crashes. A file that was not asked for is
  /// temporary, and stays only if a pass crashed.
  Reproducer(mlir::PassManager &manager, const CompileOptions &options);

  /// The error of a stage that failed: its diagnostics, or, if it crashed without any, the command that shows
  /// it again.
  llvm::Error explain(llvm::StringRef stage, DiagnosticCollector &diagnostics);

private:
  std::string path;
  bool keep;
  std::shared_ptr<bool> written = std::make_shared<bool>(false);
};

} // namespace girih
