// Memory with an owner: files mapped for reading, code that is writable or executable but never both, and pages for arenas.
#pragma once

#include "runtime/Core/Status.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace girih::runtime {

/// A range of pages, unmapped by its owner.
class Mapping {
public:
  Mapping() = default;
  Mapping(Mapping &&other) noexcept : base(other.base), length(other.length) { other.base = nullptr, other.length = 0; }
  Mapping &operator=(Mapping &&other) noexcept;
  ~Mapping();

  uint8_t *data() const { return base; }
  size_t size() const { return length; }
  std::span<const uint8_t> bytes() const { return {base, length}; }

  /// Maps a whole regular file for reading. `missing` is the code if there is none.
  static girih_code file(const char *path, girih_code missing, Mapping &result, girih_status *status);
  /// Zeroed pages, committed as they are touched; 2 MiB-aligned and of huge pages where asked for and worth it.
  static girih_code pages(size_t bytes, bool huge, Mapping &result, girih_status *status);
  /// A copy of `image`, readable and executable.
  static girih_code code(std::span<const uint8_t> image, Mapping &result, girih_status *status);
  /// No more writing.
  void seal();

private:
  uint8_t *base = nullptr;
  size_t length = 0;
};

} // namespace girih::runtime
