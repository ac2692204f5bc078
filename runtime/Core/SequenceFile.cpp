// A sequence as a file: header, tokens, and then each state's rows in the order of positions, so that neither
// pages nor their size show. It has no name until it is complete. Nothing in a file is trusted before its
// checksum and sizes are right.
#include "Sequence.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

using namespace girih::runtime;

namespace {

constexpr char magic[8] = {'G', 'I', 'R', 'I', 'H', 'S', 'E', 'Q'};

/// All numbers are little-endian. The checksum is XXH3-64 over the whole file, its own field taken as zero.
struct Header {
  char magic[8];
  uint32_t version, endianness;
  uint64_t fileBytes;
  uint64_t module;   // the artifact's own checksum
  uint64_t length;   // tokens
  uint64_t rowBytes; // of one token in all states
  uint64_t checksum;
  uint64_t reserved;
};
static_assert(sizeof(Header) == 64);

uint64_t moduleChecksum(const Module &module) {
  return reinterpret_cast<const girih_file_header *>(module.file().bytes.data())->checksum;
}

uint64_t rowBytes(const Decoder &decoder) {
  uint64_t bytes = 0;
  for (const DecoderState &state : decoder.states)
    bytes += state.rowBytes;
  return bytes;
}

Header headerFor(const Cache &cache, uint64_t length) {
  Header header = {
      {}, 1, GIRIH_FORMAT_ENDIANNESS, 0, moduleChecksum(cache.module()), length, rowBytes(cache.decoder()),
      0,  0};
  memcpy(header.magic, magic, sizeof(magic));
  header.fileBytes = sizeof(Header) + length * (sizeof(int32_t) + header.rowBytes);
  return header;
}

/// A file beside `path` that takes its name when it is complete.
class OutputFile {
public:
  explicit OutputFile(const char *path) : path(path) {}
  ~OutputFile() {
    if (descriptor >= 0)
      close(descriptor);
    if (!temporary.empty())
      unlink(temporary.c_str());
  }
  girih_code open(girih_status *status);
  girih_code write(const void *data, size_t bytes, girih_status *status);
  girih_code writeAt(const void *data, size_t bytes, off_t offset, girih_status *status);
  girih_code commit(girih_status *status);

private:
  girih_code failed(const char *what, girih_status *status) const {
    return fail(status, GIRIH_CANNOT_WRITE, "cannot %s '%s': %s", what, path.c_str(), strerror(errno));
  }
  std::string partial() const {
    return path + ".partial-" + std::to_string(getpid()) + "-" + std::to_string(descriptor);
  }

  std::string path, temporary;
  int descriptor = -1;
  off_t position = 0;
};

girih_code OutputFile::open(girih_status *status) {
  struct stat info;
  if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode))
    return fail(status, GIRIH_CANNOT_WRITE, "expected the name of a regular file but '%s' is something else",
                path.c_str());
  size_t slash = path.rfind('/');
  std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  descriptor = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
  if (descriptor >= 0)
    return GIRIH_OK;
  if (errno != EOPNOTSUPP && errno != EISDIR &&
      errno != EINVAL) // what file systems without unnamed files say
    return failed("create", status);
  std::string name = partial();
  descriptor = ::open(name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666);
  if (descriptor < 0)
    return failed("create", status);
  temporary = name;
  return GIRIH_OK;
}

girih_code OutputFile::writeAt(const void *data, size_t bytes, off_t offset, girih_status *status) {
  const char *next = static_cast<const char *>(data);
  while (bytes > 0) {
    ssize_t done = pwrite(descriptor, next, bytes, offset);
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0)
      return failed("write", status);
    next += done;
    bytes -= size_t(done);
    offset += done;
  }
  return GIRIH_OK;
}

girih_code OutputFile::write(const void *data, size_t bytes, girih_status *status) {
  girih_code code = writeAt(data, bytes, position, status);
  position += off_t(bytes);
  return code;
}

/// linkat cannot replace a file, rename can.
girih_code OutputFile::commit(girih_status *status) {
  if (fsync(descriptor) != 0)
    return failed("write", status);
  if (temporary.empty()) {
    std::string self = "/proc/self/fd/" + std::to_string(descriptor), name = partial();
    if (linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0)
      return failed("name", status);
    temporary = name;
  }
  if (rename(temporary.c_str(), path.c_str()) != 0)
    return failed("name", status);
  temporary.clear();
  return succeed(status);
}

/// Calls visit(bytes of neighbouring rows, how many) for every run of rows, state by state in order of
/// positions.
template <typename Visit> girih_code forRows(const Sequence &sequence, int64_t length, Visit visit) {
  const Cache &cache = sequence.cache();
  int64_t pageTokens = cache.plan().pageTokens;
  for (size_t state = 0; state != cache.decoder().states.size(); ++state)
    for (int64_t position = 0; position < length; position += pageTokens) {
      uint64_t rows = uint64_t(std::min(pageTokens, length - position));
      if (girih_code code =
              visit(cache.row(state, sequence.slot(position)), rows * cache.decoder().states[state].rowBytes))
        return code;
    }
  return GIRIH_OK;
}

/// Brings rows of a device here, some megabytes at a time, and puts them.
template <typename Put> class RowFetcher {
public:
  RowFetcher(const Cache &cache, Put &put, girih_status *status) : cache(cache), put(put), status(status) {}

  girih_code add(const uint8_t *rows, size_t bytes) {
    if (!copies.empty() && buffered + bytes > most)
      if (girih_code code = flush())
        return code;
    copies.push_back({CopyKind::FromMachine, buffered, reinterpret_cast<uint64_t>(rows), bytes});
    buffered += bytes;
    return GIRIH_OK;
  }

  girih_code flush() {
    buffer.resize(std::max(buffer.size(), buffered));
    for (MachineCopy &copy : copies)
      copy.to += reinterpret_cast<uint64_t>(buffer.data());
    girih_code code = cache.transfer(copies, status);
    if (!code)
      code = put(buffer.data(), buffered);
    copies.clear();
    buffered = 0;
    return code;
  }

private:
  static constexpr size_t most = 16 << 20;
  const Cache &cache;
  Put &put;
  girih_status *status;
  std::vector<MachineCopy> copies;
  std::vector<uint8_t> buffer;
  size_t buffered = 0;
};

template <typename Put>
girih_code putRows(const Sequence &sequence, int64_t length, Put &put, girih_status *status) {
  if (!sequence.cache().module().device())
    return forRows(sequence, length, put);
  RowFetcher fetcher(sequence.cache(), put, status);
  girih_code code =
      forRows(sequence, length, [&](const uint8_t *rows, size_t bytes) { return fetcher.add(rows, bytes); });
  return code ? code : fetcher.flush();
}

} // namespace

girih_code Sequence::save(const char *path, girih_status *status) {
  if (!tryUse())
    return busy(status);
  OutputFile file(path);
  Checksum checksum;
  auto put = [&](const void *data, size_t bytes) {
    checksum.add(data, bytes);
    return file.write(data, bytes, status);
  };
  Header header = headerFor(owner, uint64_t(end));
  girih_code code = file.open(status);
  if (!code)
    code = put(&header, sizeof(header));
  if (!code)
    code = put(words.data(), size_t(end) * sizeof(int32_t));
  if (!code)
    code = putRows(*this, end, put, status);
  header.checksum = checksum.value();
  if (!code)
    code = file.writeAt(&header, sizeof(header), 0, status);
  if (!code)
    code = file.commit(status);
  endUse();
  return code;
}

//===-- Loading
//----------------------------------------------------------------------------------------------------===//

static girih_code damaged(const char *path, const char *what, girih_status *status) {
  return fail(status, GIRIH_DAMAGED_SEQUENCE, "'%s' %s; save the sequence anew", path, what);
}

static girih_code checkFile(std::span<const uint8_t> file, const Cache &cache, const char *path,
                            girih_status *status) {
  Header header;
  if (file.size() < sizeof(header) || memcmp(file.data(), magic, sizeof(magic)) != 0)
    return damaged(path, "is not a saved sequence", status);
  memcpy(&header, file.data(), sizeof(header));
  if (header.version != 1 || header.endianness != GIRIH_FORMAT_ENDIANNESS)
    return fail(status, GIRIH_UNSUPPORTED_FORMAT,
                "expected a saved sequence of version 1 but '%s' is of version %u", path, header.version);
  if (header.fileBytes != file.size())
    return damaged(path, "is not as long as it says", status);
  Header plain = header;
  plain.checksum = 0;
  Checksum checksum;
  checksum.add(&plain, sizeof(plain));
  checksum.add(file.data() + sizeof(header), file.size() - sizeof(header));
  if (checksum.value() != header.checksum)
    return damaged(path, "has another checksum than it says", status);
  if (header.module != moduleChecksum(cache.module()))
    return fail(
        status, GIRIH_WRONG_MODEL,
        "the sequence in '%s' was saved with another artifact; load it with that one, or prefill anew", path);
  uint64_t each = sizeof(int32_t) + rowBytes(cache.decoder()), body = file.size() - sizeof(header);
  if (header.rowBytes != rowBytes(cache.decoder()) || header.length != body / each || body % each != 0)
    return damaged(path, "contradicts itself", status);
  return GIRIH_OK;
}

/// The file has been checked.
girih_code Sequence::readRows(std::span<const uint8_t> file, girih_status *status) {
  size_t length = reinterpret_cast<const Header *>(file.data())->length;
  const uint8_t *next = file.data() + sizeof(Header);
  auto *tokens = reinterpret_cast<const int32_t *>(next);
  for (size_t i = 0; i != length; ++i)
    if (tokens[i] < 0 || tokens[i] >= owner.decoder().vocabulary)
      return fail(status, GIRIH_DAMAGED_SEQUENCE,
                  "a saved sequence holds token %d, but the vocabulary has %lld", tokens[i],
                  static_cast<long long>(owner.decoder().vocabulary));
  if (girih_code code = prepare({tokens, length}, status))
    return code;
  next += length * sizeof(int32_t);
  std::vector<MachineCopy> copies;
  forRows(*this, int64_t(length), [&](uint8_t *rows, size_t bytes) {
    copies.push_back(
        {CopyKind::ToMachine, reinterpret_cast<uint64_t>(rows), reinterpret_cast<uint64_t>(next), bytes});
    next += bytes;
    return GIRIH_OK;
  });
  if (girih_code code = owner.transfer(copies, status)) {
    rollback();
    return code;
  }
  commit();
  return succeed(status);
}

girih_code Sequence::load(Cache &cache, const char *path, Sequence *&result, girih_status *status) {
  Mapping file;
  if (girih_code code = Mapping::file(path, GIRIH_CANNOT_READ, file, status))
    return code;
  return load(cache, file.bytes(), path, result, status);
}

girih_code Sequence::load(Cache &cache, std::span<const uint8_t> file, const char *path, Sequence *&result,
                          girih_status *status) {
  if (girih_code code = checkFile(file, cache, path, status))
    return code;
  Sequence *sequence;
  if (girih_code code = create(cache, sequence, status))
    return code;
  if (girih_code code = sequence->readRows(file, status)) {
    delete sequence;
    return code;
  }
  result = sequence;
  return GIRIH_OK;
}
