// A file that has no name until it is complete, so that whatever stops the process leaves nothing half-written behind. Where
// the file system knows no unnamed files, a temporary name is used and removed on failure. Plain C++.
#pragma once

#include "lib/Artifact/Writer.h"

#include <sys/types.h>

namespace girih::artifact {

/// Without a name until commit().
class PendingFile {
public:
  explicit PendingFile(std::string path) : path(std::move(path)) {}
  ~PendingFile();
  PendingFile(const PendingFile &) = delete;

  WriteResult open();
  /// Appends.
  WriteResult write(const void *data, size_t bytes);
  WriteResult writeAt(const void *data, size_t bytes, off_t offset);
  uint64_t position() const { return written; }
  /// Makes the file appear under its name.
  WriteResult commit();

private:
  void setTemporary(std::string name);
  std::string directory() const;
  void removeAbandoned() const;
  WriteResult nameIt();

  std::string path, temporary;
  int descriptor = -1;
  uint64_t written = 0, faultAfter = UINT64_MAX;
};

/// Removes the one file under way that has a temporary name, if any. For signal handlers.
void removeTemporaryFile();

/// Whether no file has appeared or will, from now on, in this process; false where it is too late for that,
/// and what is being made is better finished. For signal handlers.
bool preventCommits();

} // namespace girih::artifact
