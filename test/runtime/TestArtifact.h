// Artifacts for the runtime's tests: a builder with the test kernels in it, a sample model, files that vanish, and calls.
#pragma once

#include "Kernels.h"
#include "girih-runtime/girih.h"
#include "lib/Artifact/Writer.h"

#include <cstring>
#include <gtest/gtest.h>
#include <memory>
#include <string>

namespace girih::test {

using artifact::ArgInfo;
using artifact::ArtifactBuilder;
using artifact::LaunchInfo;
using artifact::ValueInfo;
using artifact::WeightInfo;

/// Has the test kernels as kernels 0 .. KernelCount-1, in one code version: a CPU's that runs anywhere, or, in programs that link
/// NVIDIA/TestVersion.cpp, that of the stand-in for a GPU.
void addKernels(ArtifactBuilder &builder);

/// y = x + 1 + w + 1 over i32 vectors of length n in [1, 4096], x in [0, 1000), w = {0, 1, 2} repeated:
/// three launches through two buffers. The entry is called "run".
ArtifactBuilder sampleModel();
/// The sample and a second entry with a branch, a loop, a copy and a random weight: every kind of record.
ArtifactBuilder fullModel();
/// The sample's weight: element i is i.
artifact::WriteResult fillSample(uint32_t weight, uint64_t offset, uint8_t *data, size_t bytes);

/// A folder that vanishes.
class TemporaryFolder {
public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string path(const std::string &name) const { return folder + "/" + name; }
  /// Names of everything in it.
  std::vector<std::string> contents() const;

private:
  std::string folder;
};

std::vector<uint8_t> readBytes(const std::string &path);
void writeBytes(const std::string &path, const std::vector<uint8_t> &bytes);
/// The whole file, as the writer writes it.
std::vector<uint8_t> serialize(const ArtifactBuilder &builder);
/// The artifact of `builder` with the tables of `spoiled` in place of its own.
std::vector<uint8_t> withTablesOf(const ArtifactBuilder &builder, const ArtifactBuilder &spoiled);
/// Makes every checksum of a (spoiled) artifact right again.
void repairChecksums(std::vector<uint8_t> &bytes);

struct ModuleDeleter {
  void operator()(girih_module *module) const { girih_module_release(module); }
};
struct SessionDeleter {
  void operator()(girih_session *session) const { girih_session_release(session); }
};
struct CacheDeleter {
  void operator()(girih_cache *cache) const { girih_cache_release(cache); }
};
struct SequenceDeleter {
  void operator()(girih_sequence *sequence) const { girih_sequence_release(sequence); }
};
struct PoolDeleter {
  void operator()(girih_pool *pool) const { girih_pool_release(pool); }
};
using ModuleHandle = std::unique_ptr<girih_module, ModuleDeleter>;
using SessionHandle = std::unique_ptr<girih_session, SessionDeleter>;
using CacheHandle = std::unique_ptr<girih_cache, CacheDeleter>;
using SequenceHandle = std::unique_ptr<girih_sequence, SequenceDeleter>;
using PoolHandle = std::unique_ptr<girih_pool, PoolDeleter>;

/// 64-byte aligned bytes of an artifact, and the module over them.
class LoadedModule {
public:
  explicit LoadedModule(const std::vector<uint8_t> &bytes);
  girih_module *get() const { return module.get(); }
  girih_status status = {};

private:
  std::unique_ptr<uint8_t[]> memory;
  ModuleHandle module;
};

/// Loads bytes and tells only the code.
girih_code loadCode(const std::vector<uint8_t> &bytes, std::string *message = nullptr);

SessionHandle openSession(girih_module *module, uint32_t threads, girih_status *status = nullptr);

inline girih_tensor vectorOf(std::vector<int32_t> &data) {
  return {data.data(), GIRIH_I32, 1, {int64_t(data.size())}};
}

/// Runs entry 0 on one vector; the output has the same length.
girih_code runVector(girih_session *session, std::vector<int32_t> &input, std::vector<int32_t> &output,
                     girih_status *status = nullptr);
/// What the sample model computes.
std::vector<int32_t> sampleAnswer(const std::vector<int32_t> &input);
std::vector<int32_t> counting(int64_t count);

} // namespace girih::test
