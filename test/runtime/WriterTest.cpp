// Proves that an artifact appears under its name whole or not at all: full disks, interruptions, failing sources, files that
// were there before.
#include "TestArtifact.h"

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

using namespace girih::test;
using namespace girih::artifact;

namespace {

ArtifactBuilder bigModel(uint64_t bytes) {
  ArtifactBuilder b = sampleModel();
  WeightInfo info;
  info.name = "big";
  info.elementType = GIRIH_I8;
  info.shape = {int64_t(bytes)};
  info.bytes = bytes;
  b.addStoredWeight(info);
  return b;
}

class Fault {
public:
  explicit Fault(uint64_t after) { setenv("GIRIH_FAULT_WRITE_AFTER", std::to_string(after).c_str(), 1); }
  ~Fault() { unsetenv("GIRIH_FAULT_WRITE_AFTER"); }
};

} // namespace

TEST(Writer, IsDeterministicAndTellsItsSize) {
  ArtifactBuilder b = sampleModel();
  std::vector<uint8_t> first = serialize(b), second = serialize(b);
  EXPECT_EQ(first, second);
  EXPECT_EQ(first.size(), b.fileBytes());
}

TEST(Writer, AFullDiskAtAnyPageLeavesNothing) {
  TemporaryFolder folder;
  ArtifactBuilder b = sampleModel();
  for (uint64_t after = 0; after < b.fileBytes(); after += 1000) {
    Fault fault(after);
    WriteResult result = writeArtifact(b, folder.path("a.girih"), fillSample);
    EXPECT_EQ(result.code, "disk-full");
    EXPECT_TRUE(folder.contents().empty()) << after;
  }
}

TEST(Writer, AFullDiskKeepsTheFileThatWasThere) {
  TemporaryFolder folder;
  std::vector<uint8_t> before = {1, 2, 3};
  writeBytes(folder.path("a.girih"), before);
  {
    Fault fault(5000);
    EXPECT_EQ(writeArtifact(sampleModel(), folder.path("a.girih"), fillSample).code, "disk-full");
  }
  EXPECT_EQ(readBytes(folder.path("a.girih")), before);
  EXPECT_EQ(folder.contents().size(), 1u);
  ASSERT_TRUE(writeArtifact(sampleModel(), folder.path("a.girih"), fillSample).ok());
  EXPECT_EQ(readBytes(folder.path("a.girih")), serialize(sampleModel()));
  EXPECT_EQ(folder.contents().size(), 1u);
}

TEST(Writer, AnInterruptionLeavesNothing) {
  TemporaryFolder folder;
  int polls = 0;
  WriteOptions options;
  options.chunkBytes = 4096;
  options.interrupted = [&] { return ++polls == 20; };
  EXPECT_EQ(writeArtifact(bigModel(1 << 20), folder.path("a.girih"), fillSample, options).code, "interrupted");
  EXPECT_TRUE(folder.contents().empty());
}

TEST(Writer, KillingTheProcessLeavesNothing) {
  TemporaryFolder folder;
  pid_t child = fork();
  if (child == 0) {
    writeArtifact(bigModel(64 << 20), folder.path("a.girih"), [](uint32_t, uint64_t offset, uint8_t *, size_t) -> WriteResult {
      if (offset > (32u << 20))
        kill(getpid(), SIGKILL);
      return {};
    });
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_TRUE(folder.contents().empty());
}

TEST(Writer, WorksWithoutUnnamedFilesAndClearsWhatAKilledProcessLeft) {
  setenv("GIRIH_FAULT_NO_UNNAMED_FILES", "1", 1);
  TemporaryFolder folder;
  pid_t child = fork();
  if (child == 0) {
    writeArtifact(bigModel(8 << 20), folder.path("a.girih"), [](uint32_t, uint64_t offset, uint8_t *, size_t) -> WriteResult {
      if (offset > 0)
        kill(getpid(), SIGKILL);
      return {};
    });
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  ASSERT_EQ(folder.contents(), std::vector<std::string>{"a.girih.partial-" + std::to_string(child)});
  {
    Fault fault(5000);
    EXPECT_EQ(writeArtifact(sampleModel(), folder.path("a.girih"), fillSample).code, "disk-full");
    EXPECT_TRUE(folder.contents().empty());
  }
  EXPECT_TRUE(writeArtifact(sampleModel(), folder.path("a.girih"), fillSample).ok());
  EXPECT_EQ(folder.contents(), std::vector<std::string>{"a.girih"});
  unsetenv("GIRIH_FAULT_NO_UNNAMED_FILES");
}

TEST(Writer, PassesOnWhatAWeightsSourceSays) {
  TemporaryFolder folder;
  auto fails = [](uint32_t, uint64_t, uint8_t *, size_t) -> WriteResult { return {"missing-tensor", "no such tensor"}; };
  WriteResult result = writeArtifact(sampleModel(), folder.path("a.girih"), fails);
  EXPECT_EQ(result.code, "missing-tensor");
  EXPECT_EQ(result.message, "no such tensor");
  EXPECT_TRUE(folder.contents().empty());
}

TEST(Writer, AsksForWeightsInBoundedPieces) {
  TemporaryFolder folder;
  size_t largest = 0;
  uint64_t expected = 0;
  WriteOptions options;
  options.chunkBytes = 64 << 10;
  auto fill = [&](uint32_t weight, uint64_t offset, uint8_t *data, size_t bytes) -> WriteResult {
    if (weight == 1) {
      EXPECT_EQ(offset, expected);
      expected = offset + bytes;
    }
    largest = std::max(largest, bytes);
    memset(data, 0, bytes);
    return {};
  };
  ASSERT_TRUE(writeArtifact(bigModel(1'000'001), folder.path("a.girih"), fill, options).ok());
  EXPECT_EQ(expected, 1'000'001u);
  EXPECT_EQ(largest, options.chunkBytes);
}

TEST(Writer, SaysWhyAPlaceCannotBeWritten) {
  TemporaryFolder folder;
  EXPECT_EQ(writeArtifact(sampleModel(), folder.path("none/a.girih"), fillSample).code, "cannot-write");
  EXPECT_EQ(writeArtifact(sampleModel(), folder.path(""), fillSample).code, "cannot-write");
}

TEST(Writer, KnowsEveryFeatureByName) {
  EXPECT_EQ(cpuFeatureBit("avx512f"), unsigned(GIRIH_CPU_AVX512F));
  EXPECT_EQ(cpuFeatureBit("amx-int8"), unsigned(GIRIH_CPU_AMX_INT8));
  EXPECT_EQ(cpuFeatureBit("nonsense"), unsigned(GIRIH_CPU_FEATURE_COUNT));
}
