// Opens regular files for reading. The kind of file is checked first: opening a pipe would wait for a writer for ever.
#include "lib/Support/File.h"

#include "lib/Support/Error.h"
#include "lib/Support/Json.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace girih;

static thread_local FileWatch *watch = nullptr;

FileWatch::FileWatch() : outer(watch) { watch = this; }
FileWatch::~FileWatch() { watch = outer; }

static FileIdentity identityOf(const llvm::sys::fs::file_status &status) {
  return {status.getUniqueID(), status.getSize(), status.getLastModificationTime()};
}

std::optional<FileIdentity> girih::identityOf(llvm::StringRef path) {
  llvm::sys::fs::file_status status;
  if (llvm::sys::fs::status(path, status))
    return std::nullopt;
  return ::identityOf(status);
}

bool FileWatch::isSame(llvm::StringRef path, const FileIdentity &identity) {
  return seen.try_emplace(path, identity).first->second == identity;
}

llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> girih::openFile(llvm::StringRef path) {
  llvm::sys::fs::file_status status;
  if (std::error_code error = llvm::sys::fs::status(path, status)) {
    if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory)
      return badInput("missing-file", "expected a file at {0}, but there is none", quoted(path));
    return badInput("unreadable-file", "cannot read {0}: {1}", quoted(path), error.message());
  }
  if (status.type() != llvm::sys::fs::file_type::regular_file)
    return badInput("missing-file", "expected a regular file at {0}, but it is a directory or a device", quoted(path));
  auto unreadable = [&](std::error_code error) {
    return badInput("unreadable-file", "cannot read {0}: {1}", quoted(path), error.message());
  };
  llvm::Expected<llvm::sys::fs::file_t> file = llvm::sys::fs::openNativeFileForRead(path);
  if (!file)
    return unreadable(llvm::errorToErrorCode(file.takeError()));
  auto close = llvm::scope_exit([&] { llvm::sys::fs::closeFile(*file); });
  // What was opened, not what lies at the path by now.
  if (std::error_code error = llvm::sys::fs::status(*file, status))
    return unreadable(error);
  if (watch && !watch->isSame(path, ::identityOf(status)))
    return badInput("changed-file", "expected {0} to stay as it was when its model was read, but it was changed or replaced; compile again",
                    quoted(path));
  auto buffer = llvm::MemoryBuffer::getOpenFile(*file, path, status.getSize(), /*RequiresNullTerminator=*/false);
  if (!buffer)
    return unreadable(buffer.getError());
  return std::move(*buffer);
}

std::string girih::joinPath(llvm::StringRef directory, llvm::StringRef name, llvm::StringRef inner) {
  llvm::SmallString<256> path(directory);
  for (llvm::StringRef part : {name, inner}) // append() would end the path in a slash for an empty part
    if (!part.empty())
      llvm::sys::path::append(path, part);
  return path.str().str();
}
