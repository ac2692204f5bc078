// Streams an artifact to disk: header page reserved, META, code images, facts, then the weights in pieces with a running
// checksum, and the header last. The file has no name (O_TMPFILE) until it is complete, so nothing half-written can be left
// behind; where the file system knows no unnamed files, a temporary name is used and removed on failure.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "lib/Artifact/Writer.h"

#include "lib/Artifact/PendingFile.h"

#include <algorithm>
#include <cstring>

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

//===-- Sections ---------------------------------------------------------------------------------------------------===//

namespace {

/// Writes sections one after another and keeps the header's table.
class SectionStream {
public:
  SectionStream(PendingFile &file, const WriteOptions &options, uint64_t total) : file(file), options(options), base(file.position()) {
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
  uint64_t base; ///< where the artifact starts in the file
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
  return file.writeAt(page.data(), page.size(), base);
}

} // namespace

WriteResult girih::artifact::appendArtifact(const ArtifactBuilder &builder, PendingFile &file, const FillWeight &fill,
                                            const WriteOptions &options) {
  if (3 + builder.images.size() > GIRIH_MAX_SECTIONS)
    return {"too-many-versions", "expected at most " + std::to_string(GIRIH_MAX_SECTIONS - 3) +
                                     " code versions but got " + std::to_string(builder.images.size())};
  std::vector<uint8_t> meta = builder.serializeMeta();
  SectionStream stream(file, options, builder.fileBytes());
  WriteResult result = stream.start();
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
  return result;
}

WriteResult girih::artifact::writeArtifact(const ArtifactBuilder &builder, const std::string &path,
                                           const FillWeight &fill, const WriteOptions &options) {
  PendingFile file(path);
  WriteResult result = file.open();
  if (result.ok())
    result = appendArtifact(builder, file, fill, options);
  return result.ok() ? file.commit() : result;
}
