// Opens regular files for reading. The kind of file is checked first: opening a pipe would wait for a writer for ever.
#include "lib/Support/File.h"

#include "lib/Support/Error.h"
#include "lib/Support/Json.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace girih;

llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> girih::openFile(llvm::StringRef path) {
  llvm::sys::fs::file_status status;
  if (std::error_code error = llvm::sys::fs::status(path, status)) {
    if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory)
      return badInput("missing-file", "expected a file at {0}, but there is none", quoted(path));
    return badInput("unreadable-file", "cannot read {0}: {1}", quoted(path), error.message());
  }
  if (status.type() != llvm::sys::fs::file_type::regular_file)
    return badInput("missing-file", "expected a regular file at {0}, but it is a directory or a device", quoted(path));
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return badInput("unreadable-file", "cannot read {0}: {1}", quoted(path), buffer.getError().message());
  return std::move(*buffer);
}

std::string girih::joinPath(llvm::StringRef directory, llvm::StringRef name, llvm::StringRef inner) {
  llvm::SmallString<256> path(directory);
  for (llvm::StringRef part : {name, inner}) // append() would end the path in a slash for an empty part
    if (!part.empty())
      llvm::sys::path::append(path, part);
  return path.str().str();
}
