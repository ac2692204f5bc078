// Proves that a saved sequence goes on where it stopped, in any page size; that no byte of its file can be
// changed or lost unnoticed; and that a file which cannot be written leaves nothing behind.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "TestDecoder.h"

#include <filesystem>
#include <fstream>

using namespace girih::test;

namespace {

class SequenceFileTest : public ::testing::Test {
protected:
  void SetUp() override {
    ASSERT_EQ(extend(session.get(), sequence.get(), tokens), GIRIH_OK);
    path = folder.path("s.sequence");
    ASSERT_EQ(girih_sequence_save(sequence.get(), path.c_str(), &status), GIRIH_OK) << status.message;
  }
  girih_code load(girih_cache *into, SequenceHandle &result) {
    girih_sequence *loaded = nullptr;
    girih_code code = girih_sequence_load(into, path.c_str(), &loaded, &status);
    result.reset(loaded);
    EXPECT_EQ(code == GIRIH_OK, loaded != nullptr);
    return code;
  }
  girih_code loadBytes(const std::vector<uint8_t> &bytes) {
    writeBytes(path, bytes);
    SequenceHandle loaded;
    return load(cache.get(), loaded);
  }
  /// The file with a field of the header changed and the checksum right again.
  std::vector<uint8_t> withField(size_t offset, uint64_t value, size_t bytes = 8) {
    std::vector<uint8_t> file = readBytes(path);
    memcpy(file.data() + offset, &value, bytes);
    memset(file.data() + 48, 0, 8);
    uint64_t checksum = XXH3_64bits(file.data(), file.size());
    memcpy(file.data() + 48, &checksum, 8);
    return file;
  }

  TemporaryFolder folder;
  LoadedModule module{serialize(decoderModel())};
  SessionHandle session = openSession(module.get(), 2);
  CacheHandle cache = openCache(module.get(), 512, 8);
  SequenceHandle sequence = openSequence(cache.get());
  std::vector<int32_t> tokens = someTokens(43);
  std::string path;
  girih_status status = {};
};

} // namespace

TEST_F(SequenceFileTest, GoesOnWhereItStopped) {
  for (int64_t pageTokens : {1, 5, 8, 256}) {
    CacheHandle other = openCache(module.get(), 512, pageTokens);
    SequenceHandle before = openSequence(other.get()), loaded;
    ASSERT_EQ(extend(session.get(), before.get(), {1, 2, 3}), GIRIH_OK); // so that slots differ
    ASSERT_EQ(load(other.get(), loaded), GIRIH_OK) << status.message;
    EXPECT_EQ(tokensOf(loaded.get()), tokens);
    std::vector<int32_t> all = tokens;
    all.push_back(11);
    int32_t next = -1;
    ASSERT_EQ(extend(session.get(), loaded.get(), {11}, &next), GIRIH_OK);
    EXPECT_EQ(next, hashNext(all));
  }
}

TEST_F(SequenceFileTest, AnEmptySequenceIsAFileToo) {
  SequenceHandle empty = openSequence(cache.get()), loaded;
  ASSERT_EQ(girih_sequence_save(empty.get(), path.c_str(), &status), GIRIH_OK)
      << "over the old one: " << status.message;
  ASSERT_EQ(load(cache.get(), loaded), GIRIH_OK) << status.message;
  EXPECT_EQ(girih_sequence_length(loaded.get()), 0);
}

TEST_F(SequenceFileTest, NoticesEveryChangedByte) {
  std::vector<uint8_t> good = readBytes(path);
  int64_t before = freePages(cache.get());
  for (size_t i = 0; i != good.size(); ++i) {
    std::vector<uint8_t> bad = good;
    bad[i] ^= 0x10;
    girih_code code = loadBytes(bad);
    EXPECT_TRUE(code == GIRIH_DAMAGED_SEQUENCE || code == GIRIH_UNSUPPORTED_FORMAT)
        << "byte " << i << ": " << status.message;
  }
  for (size_t length : {size_t(0), size_t(7), size_t(63), size_t(64), good.size() - 1})
    EXPECT_EQ(loadBytes({good.begin(), good.begin() + length}), GIRIH_DAMAGED_SEQUENCE);
  good.push_back(0);
  EXPECT_EQ(loadBytes(good), GIRIH_DAMAGED_SEQUENCE);
  EXPECT_EQ(freePages(cache.get()), before);
}

TEST_F(SequenceFileTest, TrustsNoFieldEvenWithARightChecksum) {
  for (uint64_t value : {uint64_t(0), uint64_t(42), uint64_t(44), uint64_t(1) << 61, UINT64_MAX}) {
    EXPECT_EQ(loadBytes(withField(16, value)), GIRIH_DAMAGED_SEQUENCE) << "file bytes " << value;
    girih_sequence_save(sequence.get(), path.c_str(), nullptr);
    EXPECT_EQ(loadBytes(withField(32, value)), GIRIH_DAMAGED_SEQUENCE) << "length " << value;
    girih_sequence_save(sequence.get(), path.c_str(), nullptr);
    EXPECT_EQ(loadBytes(withField(40, value)), GIRIH_DAMAGED_SEQUENCE) << "row bytes " << value;
    girih_sequence_save(sequence.get(), path.c_str(), nullptr);
  }
  for (uint64_t token : {uint64_t(270), uint64_t(UINT32_MAX)}) {
    EXPECT_EQ(loadBytes(withField(64 + 4 * 7, token, 4)), GIRIH_DAMAGED_SEQUENCE);
    girih_sequence_save(sequence.get(), path.c_str(), nullptr);
  }
  EXPECT_EQ(loadBytes(withField(8, 2, 4)), GIRIH_UNSUPPORTED_FORMAT);
}

TEST_F(SequenceFileTest, BelongsToOneArtifact) {
  LoadedModule other(serialize(decoderModel({.hasDecode = false})));
  CacheHandle elsewhere = openCache(other.get(), 512, 8);
  SequenceHandle loaded;
  EXPECT_EQ(load(elsewhere.get(), loaded), GIRIH_WRONG_MODEL);
  EXPECT_EQ(std::string(status.message),
            "the sequence in '" + path +
                "' was saved with another artifact; load it with that one, or prefill anew");
}

TEST_F(SequenceFileTest, DoesNotFitACacheThatIsTooSmall) {
  CacheHandle small = openCache(module.get(), 40, 8);
  SequenceHandle loaded;
  EXPECT_EQ(load(small.get(), loaded), GIRIH_CACHE_FULL);
  EXPECT_EQ(freePages(small.get()), 5);
}

TEST_F(SequenceFileTest, ReportsWhatCannotBeReadOrWritten) {
  auto save = [&](const char *to) { return girih_sequence_save(sequence.get(), to, &status); };
  EXPECT_EQ(save(folder.path("none/s").c_str()), GIRIH_CANNOT_WRITE);
  EXPECT_EQ(std::string(status.message),
            "cannot create '" + folder.path("none/s") + "': No such file or directory");
  EXPECT_EQ(save("/dev/full"), GIRIH_CANNOT_WRITE);
  EXPECT_EQ(save(folder.path("").c_str()), GIRIH_CANNOT_WRITE);
  EXPECT_EQ(folder.contents(), std::vector<std::string>{"s.sequence"}) << "nothing else is left";
  path = folder.path("absent");
  SequenceHandle loaded;
  EXPECT_EQ(load(cache.get(), loaded), GIRIH_CANNOT_READ);
}
