// One compilation: the module and where it stands. `compile` and the reference run are its two users.
#pragma once

#include "girih/Target.h"
#include "lib/Pipelines/Diagnostics.h"
#include "lib/Pipelines/Options.h"

#include "mlir/IR/OwningOpRef.h"

namespace girih {

class Compilation {
public:
  Compilation(const CompileOptions &options, const CheckedOptions &checked);

  /// Reads the model and runs the stages, up to the last one asked for or the last that leaves a module.
  llvm::Error lower();
  /// Writes the dump, assembly, artifact or object.
  llvm::Expected<CompileSummary> writeProduct();

  mlir::ModuleOp getModule() { return *module; }
  mlir::MLIRContext &getContext() { return context; }
  DiagnosticCollector &getDiagnostics() { return diagnostics; }

private:
  llvm::Error begin(llvm::StringRef step);
  llvm::Error chooseTarget();
  llvm::Error runStage(llvm::StringRef stage);
  llvm::Error writeDump();
  llvm::Error writeAssembly();
  llvm::Expected<CompileSummary> writeArtifact();
  artifact::WriteRequest request();

  const CompileOptions &options;
  const CheckedOptions &checked;
  mlir::MLIRContext context;
  DiagnosticCollector diagnostics;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::unique_ptr<Target> target;
};

} // namespace girih
