// mmap and its relatives.
#include "Memory.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

using namespace girih::runtime;

static constexpr size_t hugePage = size_t(2) << 20;

Mapping::~Mapping() {
  if (base)
    munmap(base, length);
}

Mapping &Mapping::operator=(Mapping &&other) noexcept {
  std::swap(base, other.base);
  std::swap(length, other.length);
  return *this;
}

void Mapping::seal() {
  if (base)
    mprotect(base, length, PROT_READ);
}

girih_code Mapping::file(const char *path, girih_code missing, Mapping &result, girih_status *status) {
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); // a pipe without a writer would block
  if (descriptor < 0)
    return fail(status, missing, "cannot open '%s': %s", path, strerror(errno));
  struct stat info;
  void *data = MAP_FAILED;
  bool isFile = fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode);
  if (isFile && info.st_size > 0)
    data = mmap(nullptr, info.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  int error = errno;
  close(descriptor);
  if (!isFile)
    return fail(status, missing, "expected a regular file but '%s' is none", path);
  if (info.st_size == 0)
    return GIRIH_OK; // an empty mapping: the reader says what it expected
  if (data == MAP_FAILED)
    return fail(status, GIRIH_OUT_OF_MEMORY, "cannot map '%s': %s", path, strerror(error));
  Mapping mapping;
  mapping.base = static_cast<uint8_t *>(data);
  mapping.length = info.st_size;
  result = std::move(mapping);
  return GIRIH_OK;
}

/// Reserves `bytes` at a multiple of `alignment` by mapping more and giving back the ends.
static uint8_t *reserve(size_t bytes, size_t alignment) {
  void *raw = mmap(nullptr, bytes + alignment, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (raw == MAP_FAILED)
    return nullptr;
  uintptr_t start = reinterpret_cast<uintptr_t>(raw), aligned = (start + alignment - 1) / alignment * alignment;
  if (aligned != start)
    munmap(raw, aligned - start);
  if (size_t tail = start + alignment - aligned)
    munmap(reinterpret_cast<void *>(aligned + bytes), tail);
  return reinterpret_cast<uint8_t *>(aligned);
}

girih_code Mapping::pages(size_t bytes, bool huge, Mapping &result, girih_status *status) {
  if (bytes == 0)
    return GIRIH_OK;
  huge = huge && bytes >= hugePage;
  size_t alignment = huge ? hugePage : GIRIH_PAGE_BYTES;
  size_t rounded = (bytes + GIRIH_PAGE_BYTES - 1) / GIRIH_PAGE_BYTES * GIRIH_PAGE_BYTES;
  Mapping mapping;
  mapping.base = bytes <= (size_t(1) << 46) ? reserve(rounded, alignment) : nullptr;
  mapping.length = rounded;
  if (!mapping.base)
    return fail(status, GIRIH_OUT_OF_MEMORY, "cannot reserve %zu bytes of memory: %s", bytes, strerror(errno));
  if (huge)
    madvise(mapping.base, rounded, MADV_HUGEPAGE);
  result = std::move(mapping);
  return GIRIH_OK;
}

girih_code Mapping::code(std::span<const uint8_t> image, Mapping &result, girih_status *status) {
  Mapping mapping;
  if (girih_code code = pages(image.size(), false, mapping, status))
    return code;
  if (!image.empty()) // a module whose entries only rename memory has no code
    memcpy(mapping.base, image.data(), image.size());
  if (mprotect(mapping.base, mapping.length, PROT_READ | PROT_EXEC) != 0)
    return fail(status, GIRIH_OUT_OF_MEMORY, "the system does not allow executable memory: %s", strerror(errno));
  result = std::move(mapping);
  return GIRIH_OK;
}
