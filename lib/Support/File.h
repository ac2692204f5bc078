// Opens regular files for reading, memory-mapped where they are large, with errors that say what was expected.
#pragma once

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Chrono.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem/UniqueID.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <optional>
#include <string>

namespace girih {

/// Maps the regular file at `path`. Directories, pipes and devices are refused, so opening never blocks; so are files that a
/// FileWatch saw otherwise.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> openFile(llvm::StringRef path);

/// Tells a file from another at the same path, and from itself after a change.
struct FileIdentity {
  llvm::sys::fs::UniqueID id;
  uint64_t bytes;
  llvm::sys::TimePoint<> modified;
  bool operator==(const FileIdentity &) const = default;
};

/// What lies at `path` now.
std::optional<FileIdentity> identityOf(llvm::StringRef path);

/// Watches over the files that are opened while it lives, on this thread: one that is opened again must be the file that it was the
/// first time. A model is read twice, for its config and shapes and then for its weights, and must not be exchanged in between.
class FileWatch {
public:
  FileWatch();
  ~FileWatch();
  FileWatch(const FileWatch &) = delete;

  /// Notes the file at first sight; false if a file of another identity was seen at `path`.
  bool isSame(llvm::StringRef path, const FileIdentity &identity);

private:
  llvm::StringMap<FileIdentity> seen;
  FileWatch *outer;
};

/// Joins the parts that are not empty.
std::string joinPath(llvm::StringRef directory, llvm::StringRef name, llvm::StringRef inner = "");

} // namespace girih
