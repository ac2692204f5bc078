// Errors that reach a user: a code that stays the same for ever, and one sentence that says what was
// expected, what was found, where in the model, and what to do.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FormatVariadic.h"

#include <string>

namespace girih {

/// Exit statuses of the command-line tools.
enum class ExitStatus { Success = 0, Compile = 1, Usage = 2, BadInput = 3, Resource = 4, Internal = 5 };

/// A user-facing error. `code` is a stable identifier such as "missing-tensor".
class Error : public llvm::ErrorInfo<Error> {
public:
  static char ID;
  Error(ExitStatus status, llvm::StringRef code, std::string message)
      : status(status), code(code), message(std::move(message)) {}

  ExitStatus getStatus() const { return status; }
  llvm::StringRef getCode() const { return code; }
  llvm::StringRef getMessage() const { return message; }

  /// Prints "[code] message".
  void log(llvm::raw_ostream &os) const override;
  std::error_code convertToErrorCode() const override;

private:
  ExitStatus status;
  std::string code, message;
};

/// The input does not hold what its format or its config promises (exit status 3).
template <typename... Args>
llvm::Error badInput(llvm::StringRef code, const char *format, Args &&...args) {
  return llvm::make_error<Error>(ExitStatus::BadInput, code, llvm::formatv(format, args...).str());
}
/// The machine has no room, no permission or no device (exit status 4).
template <typename... Args>
llvm::Error resourceError(llvm::StringRef code, const char *format, Args &&...args) {
  return llvm::make_error<Error>(ExitStatus::Resource, code, llvm::formatv(format, args...).str());
}
/// Any error with a stated status.
template <typename... Args>
llvm::Error makeError(ExitStatus status, llvm::StringRef code, const char *format, Args &&...args) {
  return llvm::make_error<Error>(status, code, llvm::formatv(format, args...).str());
}

/// Prints `error: [code] message` to stderr and returns the exit status; consumes `error`.
int reportError(llvm::Error error);

} // namespace girih
