// Streams an artifact to disk: header page reserved, META, code images, facts, then the weights in pieces with a running
// checksum, and the header last. The file has no name (O_TMPFILE) until it is complete, so nothing half-written can be left
// behind; where the file system knows no unnamed files, a temporary name is used and removed on failure.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "lib/Artifact/Writer.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace girih::artifact;

static uint64_t roundUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

//===-- META -------------------------------------------------------------------------------------------------------===//

std::vector<uint8_t> ArtifactBuilder::serializeMeta() const {
  girih_meta_header header = {};
  header.table_count = GIRIH_TABLE_COUNT;
  std::vector<uint8_t> meta(sizeof(header));
  auto append = [&](girih_table_kind kind, const auto &table) {
    meta.resize(roundUp(meta.size(), 8));
    size_t elementBytes = sizeof(table[0]);
    header.tables[kind] = {meta.size(), table.size(), uint32_t(elementBytes), 0};
    const uint8_t *data = reinterpret_cast<const uint8_t *>(table.data());
    meta.insert(meta.end(), data, data + table.size() * elementBytes);
  };
  append(GIRIH_TABLE_STRINGS, strings);
  append(GIRIH_TABLE_PROPERTIES, properties);
  append(GIRIH_TABLE_SYMBOLS, symbols);
  append(GIRIH_TABLE_INSTRUCTIONS, instructions);
  append(GIRIH_TABLE_EXPRESSIONS, expressions);
  append(GIRIH_TABLE_INDICES, indices);
  append(GIRIH_TABLE_SHAPES, shapes);
  append(GIRIH_TABLE_BUFFERS, buffers);
  append(GIRIH_TABLE_FILES, files);
  append(GIRIH_TABLE_WEIGHTS, weights);
  append(GIRIH_TABLE_VERSIONS, versions);
  append(GIRIH_TABLE_KERNELS, kernels);
  append(GIRIH_TABLE_KERNEL_CODE, kernelCode);
  append(GIRIH_TABLE_ARGS, args);
  append(GIRIH_TABLE_COMMANDS, commands);
  append(GIRIH_TABLE_VALUES, values);
  append(GIRIH_TABLE_ENTRIES, entries);
  meta.resize(roundUp(meta.size(), 8));
  memcpy(meta.data(), &header, sizeof(header));
  return meta;
}

uint64_t ArtifactBuilder::fileBytes() const {
  uint64_t total = GIRIH_PAGE_BYTES + roundUp(serializeMeta().size(), GIRIH_PAGE_BYTES);
  for (const auto &image : images)
    total += roundUp(image.size(), GIRIH_PAGE_BYTES);
  return total + roundUp(facts.size(), GIRIH_PAGE_BYTES) + roundUp(weightBytes, GIRIH_PAGE_BYTES);
}

//===-- The file that appears when complete ------------------------------------------------------------------------===//

namespace {

WriteResult systemError(const std::string &what, const std::string &path, int error) {
  bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  return {full ? "disk-full" : "cannot-write",
          what + " '" + path + "': " + strerror(error) +
              (full ? "; free some space or choose another place" : "; check the path and its permissions")};
}

/// Without a name until commit().
class PendingFile {
public:
  explicit PendingFile(std::string path) : path(std::move(path)) {}
  ~PendingFile() {
    if (descriptor >= 0)
      close(descriptor);
    if (!temporary.empty())
      unlink(temporary.c_str());
  }
  PendingFile(const PendingFile &) = delete;

  WriteResult open();
  WriteResult write(const void *data, size_t bytes);
  WriteResult writeAt(const void *data, size_t bytes, off_t offset);
  WriteResult commit();

private:
  std::string directory() const;
  WriteResult nameIt();

  std::string path, temporary;
  int descriptor = -1;
  uint64_t written = 0, faultAfter = UINT64_MAX;
};

std::string PendingFile::directory() const {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos)
    return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

WriteResult PendingFile::open() {
  if (const char *fault = getenv("GIRIH_FAULT_WRITE_AFTER"))
    faultAfter = strtoull(fault, nullptr, 10);
  struct stat info;
  if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode))
    return {"cannot-write", "expected the name of a regular file but '" + path + "' is something else"};
  descriptor = ::open(directory().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
  if (descriptor >= 0)
    return {};
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL)
    return systemError("cannot create a file in", directory(), errno);
  temporary = path + ".partial-" + std::to_string(getpid());
  descriptor = ::open(temporary.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666);
  if (descriptor >= 0)
    return {};
  int error = errno;
  temporary.clear();
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
  temporary = name;
  return {};
}

WriteResult PendingFile::commit() {
  if (fsync(descriptor) != 0)
    return systemError("cannot write", path, errno);
  if (WriteResult result = nameIt(); !result.ok())
    return result;
  if (!temporary.empty() && rename(temporary.c_str(), path.c_str()) != 0)
    return systemError("cannot rename to", path, errno);
  temporary.clear();
  return {};
}

//===-- Sections ---------------------------------------------------------------------------------------------------===//

/// Writes sections one after another and keeps the header's table.
class SectionStream {
public:
  SectionStream(PendingFile &file, const WriteOptions &options, uint64_t total) : file(file), options(options) {
    header.file_bytes = total;
  }

  WriteResult start();
  WriteResult whole(uint32_t kind, const void *data, size_t bytes);
  WriteResult weights(const ArtifactBuilder &builder, const FillWeight &fill);
  WriteResult finish();

private:
  void begin(uint32_t kind);
  WriteResult append(const void *data, size_t bytes);
  WriteResult pad(uint64_t bytes);
  WriteResult end();
  WriteResult oneWeight(const ArtifactBuilder &builder, uint32_t index, const FillWeight &fill,
                        std::vector<uint8_t> &chunk);

  PendingFile &file;
  const WriteOptions &options;
  girih_file_header header = {};
  uint64_t position = 0;
  XXH3_state_t state;
};

WriteResult SectionStream::start() {
  memcpy(header.magic, GIRIH_FORMAT_MAGIC, sizeof(header.magic));
  header.version = GIRIH_FORMAT_VERSION;
  header.endianness = GIRIH_FORMAT_ENDIANNESS;
  std::vector<uint8_t> page(GIRIH_PAGE_BYTES);
  position = page.size();
  return file.write(page.data(), page.size());
}

void SectionStream::begin(uint32_t kind) {
  header.sections[header.section_count] = {kind, 0, position, 0, 0, 0};
  XXH3_64bits_reset(&state);
}

WriteResult SectionStream::append(const void *data, size_t bytes) {
  if (options.interrupted && options.interrupted())
    return {"interrupted", "stopped while writing; nothing was left behind"};
  XXH3_64bits_update(&state, data, bytes);
  position += bytes;
  WriteResult result = file.write(data, bytes);
  if (result.ok() && options.progress)
    options.progress(position, header.file_bytes);
  return result;
}

WriteResult SectionStream::pad(uint64_t bytes) {
  static const uint8_t zeros[GIRIH_PAGE_BYTES] = {};
  return bytes == 0 ? WriteResult() : append(zeros, bytes);
}

WriteResult SectionStream::end() {
  girih_section &section = header.sections[header.section_count++];
  section.bytes = position - section.offset;
  WriteResult result = pad(roundUp(position, GIRIH_PAGE_BYTES) - position);
  section.padded_bytes = position - section.offset;
  section.checksum = XXH3_64bits_digest(&state);
  return result;
}

WriteResult SectionStream::whole(uint32_t kind, const void *data, size_t bytes) {
  begin(kind);
  if (WriteResult result = append(data, bytes); !result.ok())
    return result;
  return end();
}

WriteResult SectionStream::oneWeight(const ArtifactBuilder &builder, uint32_t index, const FillWeight &fill,
                                     std::vector<uint8_t> &chunk) {
  const girih_weight &weight = builder.weights[index];
  uint64_t start = header.sections[header.section_count].offset;
  if (WriteResult result = pad(start + weight.offset - position); !result.ok())
    return result;
  for (uint64_t offset = 0; offset < weight.bytes; offset += chunk.size()) {
    size_t bytes = std::min<uint64_t>(chunk.size(), weight.bytes - offset);
    if (WriteResult result = fill(index, offset, chunk.data(), bytes); !result.ok())
      return result;
    if (WriteResult result = append(chunk.data(), bytes); !result.ok())
      return result;
  }
  return {};
}

WriteResult SectionStream::weights(const ArtifactBuilder &builder, const FillWeight &fill) {
  if (builder.storedWeightBytes() == 0)
    return {};
  begin(GIRIH_SECTION_WEIGHTS);
  std::vector<uint8_t> chunk(options.chunkBytes);
  for (uint32_t i = 0; i != builder.weights.size(); ++i)
    if (builder.weights[i].source == GIRIH_WEIGHT_STORED)
      if (WriteResult result = oneWeight(builder, i, fill, chunk); !result.ok())
        return result;
  return end();
}

WriteResult SectionStream::finish() {
  std::vector<uint8_t> page(GIRIH_PAGE_BYTES);
  memcpy(page.data(), &header, sizeof(header));
  header.checksum = XXH3_64bits(page.data(), page.size());
  memcpy(page.data(), &header, sizeof(header));
  return file.writeAt(page.data(), page.size(), 0);
}

} // namespace

WriteResult girih::artifact::writeArtifact(const ArtifactBuilder &builder, const std::string &path,
                                           const FillWeight &fill, const WriteOptions &options) {
  if (3 + builder.images.size() > GIRIH_MAX_SECTIONS)
    return {"too-many-versions", "expected at most " + std::to_string(GIRIH_MAX_SECTIONS - 3) +
                                     " code versions but got " + std::to_string(builder.images.size())};
  PendingFile file(path);
  WriteResult result = file.open();
  std::vector<uint8_t> meta = builder.serializeMeta();
  SectionStream stream(file, options, builder.fileBytes());
  if (result.ok())
    result = stream.start();
  if (result.ok())
    result = stream.whole(GIRIH_SECTION_META, meta.data(), meta.size());
  for (const auto &image : builder.images)
    if (result.ok())
      result = stream.whole(GIRIH_SECTION_CODE, image.data(), image.size());
  if (result.ok() && !builder.facts.empty())
    result = stream.whole(GIRIH_SECTION_FACTS, builder.facts.data(), builder.facts.size());
  if (result.ok())
    result = stream.weights(builder, fill);
  if (result.ok())
    result = stream.finish();
  return result.ok() ? file.commit() : result;
}
