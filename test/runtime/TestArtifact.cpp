// Builds, writes, spoils and runs small artifacts.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "TestArtifact.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace girih::test;
using namespace girih::artifact;

ArtifactBuilder girih::test::sampleModel() {
  ArtifactBuilder b;
  addKernels(b);
  b.property("model", "sample");
  b.setFacts("name = test\n");
  auto n = b.symbol(b.addSymbol("n", 1, 4096));
  auto bytes = b.mul(n, b.constant(4)), piece = b.alignTo(bytes, 64);
  auto blocks = b.ceilDiv(n, b.constant(blockElements));
  uint32_t first = b.addBuffer("first", b.constant(0), bytes), second = b.addBuffer("second", piece, bytes);
  WeightInfo info;
  info.name = "w";
  info.elementType = GIRIH_I32;
  info.shape = {3};
  info.bytes = 12;
  uint32_t w = b.addStoredWeight(info);

  b.beginEntry("run", {{"x", GIRIH_I32, {n}, true, 0, 1000}}, {{"y", GIRIH_I32, {n}}});
  ArgInfo x = {GIRIH_ARG_INPUT, 0, {n}, GIRIH_NONE, bytes}, y = {GIRIH_ARG_OUTPUT, 0, {n}, GIRIH_NONE, bytes};
  ArgInfo one = {GIRIH_ARG_BUFFER, first, {n}, GIRIH_NONE, bytes}, two = {GIRIH_ARG_BUFFER, second, {n}};
  ArgInfo weight = {GIRIH_ARG_WEIGHT, w, {b.constant(3)}};
  b.launch({AddOne, {blocks}, {x, one}, "layer.0.first", n, b.mul(n, b.constant(8))});
  b.barrier();
  b.launch({AddVectors, {blocks}, {one, weight, two}, "layer.0.second", n, GIRIH_NONE});
  b.barrier();
  b.launch({AddOne, {blocks}, {two, y}, "layer.1", n, GIRIH_NONE});
  b.endEntry(b.mul(piece, b.constant(2)));
  return b;
}

ArtifactBuilder girih::test::fullModel() {
  ArtifactBuilder b = sampleModel();
  auto n = b.symbol(0);
  uint32_t counter = b.addSymbol("i", 0, 3, GIRIH_SYMBOL_COUNTER);
  WeightInfo info;
  info.name = "random";
  info.elementType = GIRIH_F32;
  info.shape = {40, 3};
  info.bytes = 64 * 3 * 4;
  info.layout = GIRIH_LAYOUT_PANELS;
  info.layoutParameter = 32;
  info.encoding = "#girih.panels<width = 32>";
  b.addRandomWeight(info, 7);
  b.beginEntry("second", {{"x", GIRIH_I32, {n}}}, {{"y", GIRIH_I32, {n}}});
  ArgInfo x = {GIRIH_ARG_INPUT, 0, {n}}, y = {GIRIH_ARG_OUTPUT, 0, {n}, b.constant(0), b.mul(n, b.constant(4))};
  uint32_t branch = b.beginBranch(b.sub(n, b.constant(5)));
  uint32_t loop = b.beginLoop(b.constant(4), counter);
  b.launch({AddOne, {n}, {x, y}, "loop"});
  b.endLoop(loop);
  b.endBranch(branch);
  b.copy(y, x, "copy");
  b.endEntry(b.constant(0));
  return b;
}

WriteResult girih::test::fillSample(uint32_t, uint64_t offset, uint8_t *data, size_t bytes) {
  for (size_t i = 0; i != bytes; i += 4) {
    int32_t value = int32_t((offset + i) / 4);
    memcpy(data + i, &value, 4);
  }
  return {};
}

std::vector<int32_t> girih::test::sampleAnswer(const std::vector<int32_t> &input) {
  std::vector<int32_t> answer;
  for (size_t i = 0; i != input.size(); ++i)
    answer.push_back(input[i] + 2 + int32_t(i % 3));
  return answer;
}

std::vector<int32_t> girih::test::counting(int64_t count) {
  std::vector<int32_t> result;
  for (int64_t i = 0; i != count; ++i)
    result.push_back(int32_t(i % 997));
  return result;
}

//===-- Files ------------------------------------------------------------------------------------------------------===//

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "girih-test-XXXXXX").string();
  folder = mkdtemp(pattern.data());
}

TemporaryFolder::~TemporaryFolder() { std::filesystem::remove_all(folder); }

std::vector<std::string> TemporaryFolder::contents() const {
  std::vector<std::string> names;
  for (const auto &entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  return names;
}

std::vector<uint8_t> girih::test::readBytes(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void girih::test::writeBytes(const std::string &path, const std::vector<uint8_t> &bytes) {
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char *>(bytes.data()), bytes.size());
}

std::vector<uint8_t> girih::test::serialize(const ArtifactBuilder &builder) {
  TemporaryFolder folder;
  WriteResult result = writeArtifact(builder, folder.path("a.girih"), fillSample);
  EXPECT_TRUE(result.ok()) << result.code << ": " << result.message;
  return readBytes(folder.path("a.girih"));
}

std::vector<uint8_t> girih::test::withTablesOf(const ArtifactBuilder &builder, const ArtifactBuilder &spoiled) {
  std::vector<uint8_t> bytes = serialize(builder), meta = spoiled.serializeMeta();
  size_t metaBytes = meta.size();
  meta.resize((metaBytes + GIRIH_PAGE_BYTES - 1) / GIRIH_PAGE_BYTES * GIRIH_PAGE_BYTES);
  uint64_t before = reinterpret_cast<girih_file_header *>(bytes.data())->sections[0].padded_bytes;
  bytes.erase(bytes.begin() + GIRIH_PAGE_BYTES, bytes.begin() + GIRIH_PAGE_BYTES + before);
  bytes.insert(bytes.begin() + GIRIH_PAGE_BYTES, meta.begin(), meta.end());
  auto *header = reinterpret_cast<girih_file_header *>(bytes.data());
  header->file_bytes = bytes.size();
  header->sections[0].bytes = metaBytes;
  header->sections[0].padded_bytes = meta.size();
  for (uint32_t i = 1; i != header->section_count; ++i)
    header->sections[i].offset += meta.size() - before;
  repairChecksums(bytes);
  return bytes;
}

void girih::test::repairChecksums(std::vector<uint8_t> &bytes) {
  auto *header = reinterpret_cast<girih_file_header *>(bytes.data());
  if (bytes.size() < GIRIH_PAGE_BYTES)
    return;
  for (girih_section &section : header->sections)
    if (section.offset <= bytes.size() && section.padded_bytes <= bytes.size() - section.offset)
      section.checksum = XXH3_64bits(bytes.data() + section.offset, section.padded_bytes);
  header->checksum = 0;
  header->checksum = XXH3_64bits(bytes.data(), GIRIH_PAGE_BYTES);
}

//===-- Running ----------------------------------------------------------------------------------------------------===//

LoadedModule::LoadedModule(const std::vector<uint8_t> &bytes) : memory(new uint8_t[bytes.size() + 64]) {
  uint8_t *aligned = memory.get() + (64 - reinterpret_cast<uintptr_t>(memory.get()) % 64) % 64;
  std::copy(bytes.begin(), bytes.end(), aligned);
  girih_module *loaded = nullptr;
  girih_module_load_memory(aligned, bytes.size(), nullptr, &loaded, &status);
  module.reset(loaded);
}

girih_code girih::test::loadCode(const std::vector<uint8_t> &bytes, std::string *message) {
  LoadedModule module(bytes);
  if (message)
    *message = module.status.message;
  return module.status.code;
}

SessionHandle girih::test::openSession(girih_module *module, uint32_t threads, girih_status *status) {
  girih_session_options options;
  GIRIH_INIT(options);
  options.threads = threads;
  girih_session *session = nullptr;
  girih_session_create(module, &options, &session, status);
  return SessionHandle(session);
}

girih_code girih::test::runVector(girih_session *session, std::vector<int32_t> &input, std::vector<int32_t> &output,
                                  girih_status *status) {
  output.assign(input.size(), -1);
  girih_tensor x = vectorOf(input), y = vectorOf(output);
  return girih_session_run(session, 0, &x, 1, &y, 1, status);
}
