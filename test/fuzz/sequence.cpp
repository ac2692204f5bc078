// Feeds the loader of saved sequences files that lie, for the decoder of the artifacts' corpus. Length,
// module and checksum are made right first, because they would stop every mutation.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "runtime/Core/Sequence.h"

#include <cstdlib>
#include <cstring>
#include <memory>

using namespace girih::runtime;

namespace {

/// Of the file's header: see runtime/Core/SequenceFile.cpp.
enum Offset { FileBytes = 16, ModuleChecksum = 24, FileChecksum = 48, HeaderBytes = 64 };

struct Free {
  void operator()(uint8_t *p) const { free(p); }
};

Module *decoder() {
  Module *module = nullptr;
  girih_status status;
  if (Module::load(GIRIH_DECODER, {}, module, &status) != GIRIH_OK)
    fprintf(stderr, "%s\n", status.message), abort();
  return module;
}

void put(uint8_t *bytes, Offset offset, uint64_t value) { memcpy(bytes + offset, &value, sizeof(value)); }

void repair(uint8_t *bytes, size_t size, const Module &module) {
  memcpy(bytes, "GIRIHSEQ\1\0\0\0\4\3\2\1", 16);
  put(bytes, FileBytes, size);
  put(bytes, ModuleChecksum,
      reinterpret_cast<const girih_file_header *>(module.file().bytes.data())->checksum);
  put(bytes, FileChecksum, 0);
  put(bytes, FileChecksum, XXH3_64bits(bytes, size));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static Module *module = decoder();
  static Cache *cache = [] {
    Cache *made = nullptr;
    girih_cache_options options = {sizeof(options), 200, 7, 1};
    return Cache::create(*module, options, made, nullptr) == GIRIH_OK ? made : nullptr;
  }();
  if (size < HeaderBytes)
    return 0;
  std::unique_ptr<uint8_t, Free> bytes(static_cast<uint8_t *>(aligned_alloc(64, (size + 63) / 64 * 64)));
  memcpy(bytes.get(), data, size);
  repair(bytes.get(), size, *module);
  Sequence *sequence = nullptr;
  girih_status status;
  if (Sequence::load(*cache, {bytes.get(), size}, "input", sequence, &status) == GIRIH_OK)
    delete sequence;
  return cache->freePages() == cache->plan().pages ? 0 : (abort(), 0);
}
