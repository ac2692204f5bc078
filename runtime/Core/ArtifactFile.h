// The file's outer shape: header, sections, checksums. What META says is Verify's business.
#pragma once

#include "Status.h"

#include <span>

namespace girih::runtime {

struct ArtifactFile {
  std::span<const uint8_t> bytes;
  std::span<const girih_section> sections;
  std::span<const uint8_t> meta, facts, weights;

  std::span<const uint8_t> section(size_t index) const {
    return bytes.subspan(sections[index].offset, sections[index].bytes);
  }
};

/// Checks the header, that the sections tile the file, and every checksum (of the weights: unless `skipWeights`).
girih_code readArtifactFile(std::span<const uint8_t> bytes, bool skipWeights, ArtifactFile &file, girih_status *status);

/// XXH3-64.
uint64_t checksum(std::span<const uint8_t> bytes);

/// XXH3-64 of bytes that come in pieces.
class Checksum {
public:
  Checksum();
  void add(const void *data, size_t bytes);
  uint64_t value() const;

private:
  alignas(64) unsigned char state[576];
};

} // namespace girih::runtime
