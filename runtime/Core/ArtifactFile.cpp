// Reads header and sections of an artifact.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "ArtifactFile.h"

#include <cstring>

using namespace girih::runtime;

uint64_t girih::runtime::checksum(std::span<const uint8_t> bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

static XXH3_state_t *asState(const unsigned char *state) {
  return reinterpret_cast<XXH3_state_t *>(const_cast<unsigned char *>(state));
}

Checksum::Checksum() {
  static_assert(sizeof(state) >= sizeof(XXH3_state_t));
  XXH3_64bits_reset(asState(state));
}
void Checksum::add(const void *data, size_t bytes) { XXH3_64bits_update(asState(state), data, bytes); }
uint64_t Checksum::value() const { return XXH3_64bits_digest(asState(state)); }

static girih_code truncated(uint64_t expected, uint64_t found, girih_status *status) {
  return fail(status, GIRIH_DAMAGED_ARTIFACT,
              "expected an artifact of %llu bytes but the file has %llu; copy or compile it anew",
              static_cast<unsigned long long>(expected), static_cast<unsigned long long>(found));
}

static girih_code checkHeader(std::span<const uint8_t> bytes, girih_status *status) {
  const auto *header = reinterpret_cast<const girih_file_header *>(bytes.data());
  if (bytes.size() < sizeof(header->magic) || memcmp(header->magic, GIRIH_FORMAT_MAGIC, sizeof(header->magic)) != 0)
    return fail(status, GIRIH_DAMAGED_ARTIFACT, "expected a Girih artifact but the file does not start as one");
  if (bytes.size() < GIRIH_PAGE_BYTES)
    return truncated(GIRIH_PAGE_BYTES, bytes.size(), status);

  girih_file_header copy = *header;
  copy.checksum = 0;
  Checksum checksum;
  checksum.add(&copy, sizeof(copy));
  checksum.add(bytes.data() + sizeof(copy), GIRIH_PAGE_BYTES - sizeof(copy));
  if (checksum.value() != header->checksum)
    return fail(status, GIRIH_DAMAGED_ARTIFACT, "the header's checksum does not match; copy or compile the artifact anew");
  if (header->endianness != GIRIH_FORMAT_ENDIANNESS || header->version != GIRIH_FORMAT_VERSION)
    return fail(status, GIRIH_UNSUPPORTED_FORMAT, "expected format version %u but found %u; compile the model anew",
                GIRIH_FORMAT_VERSION, header->version);
  if (header->file_bytes != bytes.size())
    return truncated(header->file_bytes, bytes.size(), status);
  return GIRIH_OK;
}

/// Sections follow one another without gaps, META first, WEIGHTS last, nothing after them.
static girih_code checkPlaces(const girih_file_header &header, girih_status *status) {
  bool ok = header.section_count >= 1 && header.section_count <= GIRIH_MAX_SECTIONS && header.reserved == 0;
  uint64_t end = GIRIH_PAGE_BYTES;
  bool facts = false;
  for (uint32_t i = 0; ok && i != header.section_count; ++i) {
    const girih_section &section = header.sections[i];
    uint64_t room = header.file_bytes - end;
    ok = section.offset == end && section.reserved == 0 && section.padded_bytes <= room &&
         section.padded_bytes % GIRIH_PAGE_BYTES == 0 && section.bytes <= section.padded_bytes &&
         section.padded_bytes - section.bytes < GIRIH_PAGE_BYTES && (section.kind == GIRIH_SECTION_META) == (i == 0) &&
         section.kind >= GIRIH_SECTION_META && section.kind <= GIRIH_SECTION_WEIGHTS &&
         !(section.kind == GIRIH_SECTION_FACTS && facts) &&
         (section.kind != GIRIH_SECTION_WEIGHTS || i + 1 == header.section_count);
    facts |= section.kind == GIRIH_SECTION_FACTS;
    end += section.padded_bytes;
  }
  if (!ok || end != header.file_bytes)
    return fail(status, GIRIH_DAMAGED_ARTIFACT, "the artifact's sections do not cover the file");
  return GIRIH_OK;
}

girih_code girih::runtime::readArtifactFile(std::span<const uint8_t> bytes, bool skipWeights, ArtifactFile &file,
                                            girih_status *status) {
  static const char *const names[] = {"", "meta", "code", "facts", "weights"};
  if (girih_code code = checkHeader(bytes, status))
    return code;
  const auto *header = reinterpret_cast<const girih_file_header *>(bytes.data());
  if (girih_code code = checkPlaces(*header, status))
    return code;
  file.bytes = bytes;
  file.sections = {header->sections, header->section_count};
  for (size_t i = 0; i != file.sections.size(); ++i) {
    const girih_section &section = file.sections[i];
    bool skip = skipWeights && section.kind == GIRIH_SECTION_WEIGHTS;
    if (!skip && checksum(bytes.subspan(section.offset, section.padded_bytes)) != section.checksum)
      return fail(status, GIRIH_DAMAGED_ARTIFACT, "the checksum of section '%s' does not match; copy or compile the artifact anew",
                  names[section.kind]);
    if (section.kind == GIRIH_SECTION_META)
      file.meta = file.section(i);
    if (section.kind == GIRIH_SECTION_FACTS)
      file.facts = file.section(i);
    if (section.kind == GIRIH_SECTION_WEIGHTS)
      file.weights = file.section(i);
  }
  return GIRIH_OK;
}
