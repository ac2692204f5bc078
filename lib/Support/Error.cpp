// Prints user-facing errors in their one form and maps them to exit statuses.
#include "lib/Support/Error.h"

#include "llvm/Support/raw_ostream.h"

using namespace girih;

char Error::ID = 0;

void Error::log(llvm::raw_ostream &os) const { os << "[" << code << "] " << message; }

std::error_code Error::convertToErrorCode() const { return llvm::inconvertibleErrorCode(); }

int girih::reportError(llvm::Error error) {
  int status = static_cast<int>(ExitStatus::Success);
  llvm::handleAllErrors(
      std::move(error),
      [&](const Error &e) {
        llvm::errs() << "error: ";
        e.log(llvm::errs());
        llvm::errs() << "\n";
        status = static_cast<int>(e.getStatus());
      },
      [&](const llvm::ErrorInfoBase &e) {
        llvm::errs() << "error: [internal] " << e.message() << "\n";
        status = static_cast<int>(ExitStatus::Internal);
      });
  return status;
}
