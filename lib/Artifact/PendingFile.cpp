// Unnamed files (O_TMPFILE), named when they are complete and on disk.
#include "lib/Artifact/PendingFile.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace girih::artifact;

/// What a signal handler removes; empty while no file has a temporary name.
static char temporaryName[4096];

void girih::artifact::removeTemporaryFile() {
  if (temporaryName[0])
    unlink(temporaryName);
}

/// What came first in this process: a file that appeared, or a signal that forbade it. A handler may run on
/// another thread than the one that writes, so each asks and decides in one step.
enum class Outcome { Undecided, Appeared, Prevented };
static std::atomic<Outcome> outcome = Outcome::Undecided;

static bool decide(Outcome wanted) {
  Outcome decided = Outcome::Undecided;
  return outcome.compare_exchange_strong(decided, wanted) || decided == wanted;
}

bool girih::artifact::preventCommits() { return decide(Outcome::Prevented); }

static WriteResult systemError(const std::string &what, const std::string &path, int error) {
  bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  return {full ? "disk-full" : "cannot-write",
          what + " '" + path + "': " + strerror(error) +
              (full ? "; free some space or choose another place" : "; check the path and its permissions")};
}

PendingFile::~PendingFile() {
  if (descriptor >= 0)
    close(descriptor);
  if (!temporary.empty())
    unlink(temporary.c_str());
  setTemporary("");
}

void PendingFile::setTemporary(std::string name) {
  temporaryName[0] = 0;
  if (name.size() < sizeof(temporaryName))
    memcpy(temporaryName, name.c_str(), name.size() + 1);
  temporary = std::move(name);
}

std::string PendingFile::directory() const {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos)
    return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// Where files need a temporary name, a killed process leaves its own: the next one to write the same path removes it.
void PendingFile::removeAbandoned() const {
  std::string prefix = path.substr(path.rfind('/') + 1) + ".partial-";
  DIR *folder = opendir(directory().c_str());
  if (!folder)
    return;
  while (const dirent *entry = readdir(folder)) {
    if (strncmp(entry->d_name, prefix.c_str(), prefix.size()) != 0)
      continue;
    char *end = nullptr;
    long process = strtol(entry->d_name + prefix.size(), &end, 10);
    bool isGone = process > 0 && *end == '\0' && (process == getpid() || (kill(process, 0) != 0 && errno == ESRCH));
    if (isGone)
      unlinkat(dirfd(folder), entry->d_name, 0);
  }
  closedir(folder);
}

WriteResult PendingFile::open() {
  if (const char *fault = getenv("GIRIH_FAULT_WRITE_AFTER"))
    faultAfter = strtoull(fault, nullptr, 10);
  struct stat info;
  if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode))
    return {"cannot-write", "expected the name of a regular file but '" + path + "' is something else"};
  removeAbandoned();
  errno = EOPNOTSUPP;
  if (!getenv("GIRIH_FAULT_NO_UNNAMED_FILES"))
    descriptor = ::open(directory().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
  if (descriptor >= 0)
    return {};
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL)
    return systemError("cannot create a file in", directory(), errno);
  setTemporary(path + ".partial-" + std::to_string(getpid()));
  descriptor = ::open(temporary.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666);
  if (descriptor >= 0)
    return {};
  int error = errno;
  setTemporary("");
  return systemError("cannot create", path, error);
}

WriteResult PendingFile::write(const void *data, size_t bytes) {
  WriteResult result = writeAt(data, bytes, written);
  written += bytes;
  return result;
}

WriteResult PendingFile::writeAt(const void *data, size_t bytes, off_t offset) {
  if (uint64_t(offset) + bytes > faultAfter)
    return systemError("cannot write", path, ENOSPC);
  const char *next = static_cast<const char *>(data);
  while (bytes > 0) {
    ssize_t done = pwrite(descriptor, next, bytes, offset);
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0)
      return systemError("cannot write", path, done == 0 ? ENOSPC : errno);
    next += done;
    bytes -= done;
    offset += done;
  }
  return {};
}

/// Gives an unnamed file its name, or, where a file has that name already, a temporary one beside it: linkat cannot
/// replace, rename can.
WriteResult PendingFile::nameIt() {
  if (!temporary.empty())
    return {};
  std::string self = "/proc/self/fd/" + std::to_string(descriptor);
  if (linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0)
    return {};
  std::string name = path + ".partial-" + std::to_string(getpid());
  unlink(name.c_str());
  if (linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0)
    return systemError("cannot name", path, errno);
  setTemporary(name);
  return {};
}

WriteResult PendingFile::commit() {
  if (fsync(descriptor) != 0)
    return systemError("cannot write", path, errno);
  if (!decide(Outcome::Appeared))
    return {"interrupted", "stopped by a signal before '" + path + "' was complete; nothing was written"};
  if (WriteResult result = nameIt(); !result.ok())
    return result;
  if (!temporary.empty() && rename(temporary.c_str(), path.c_str()) != 0)
    return systemError("cannot rename to", path, errno);
  setTemporary("");
  return {};
}
