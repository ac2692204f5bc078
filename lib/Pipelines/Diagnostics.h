// Turns MLIR's diagnostics into Girih's errors: one line that names the model's layer, the first cause first.
#pragma once

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Error.h"

#include <functional>
#include <mutex>
#include <string>

namespace girih {

class DiagnosticCollector {
public:
  DiagnosticCollector(mlir::MLIRContext &context, std::function<void(llvm::StringRef)> remark);

  bool hasErrors() const { return !errors.empty(); }
  /// The collected errors as one; `status` and `code` say what failed.
  llvm::Error takeError(int status, llvm::StringRef code);

private:
  void handle(mlir::Diagnostic &diagnostic);

  std::function<void(llvm::StringRef)> remark;
  std::vector<std::string> errors;
  std::mutex mutex; // passes on several functions run at once
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace girih
