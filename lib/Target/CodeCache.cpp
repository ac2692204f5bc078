// Machine code by the hash of what it is made from: LLVM's release, options and the module's bitcode.
#include "lib/Target/CodeCache.h"

#include "lib/Support/Error.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/Caching.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SHA1.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

using namespace girih;

static std::string hash(const llvm::Module &module, llvm::StringRef options) {
  llvm::SmallVector<char, 0> bitcode;
  llvm::raw_svector_ostream stream(bitcode);
  llvm::WriteBitcodeToFile(module, stream);
  llvm::SHA1 hash;
  hash.update(LLVM_VERSION_STRING);
  hash.update(options);
  hash.update(stream.str());
  return llvm::toHex(hash.final(), /*LowerCase=*/true);
}

static llvm::Error unusable(const char *folder, llvm::Error why) {
  return resourceError("cannot-write", "cannot keep machine code in '{0}', which GIRIH_CODE_CACHE names: {1}",
                       folder, llvm::toString(std::move(why)));
}

llvm::Expected<std::vector<uint8_t>>
girih::generateOnce(const llvm::Module &module, llvm::StringRef options,
                    llvm::function_ref<llvm::Expected<std::vector<uint8_t>>()> generate) {
  const char *folder = getenv("GIRIH_CODE_CACHE");
  if (!folder || !*folder)
    return generate();
  std::vector<uint8_t> found;
  auto take = [&](size_t, const llvm::Twine &, std::unique_ptr<llvm::MemoryBuffer> file) {
    found.assign(file->getBufferStart(), file->getBufferEnd());
  };
  llvm::Expected<llvm::FileCache> cache = llvm::localCache("kernels", "kernel", folder, take);
  if (!cache)
    return unusable(folder, cache.takeError());
  llvm::Expected<llvm::AddStreamFn> add = (*cache)(0, hash(module, options), module.getName());
  if (!add)
    return unusable(folder, add.takeError());
  if (!*add)
    return found;
  llvm::Expected<std::vector<uint8_t>> made = generate();
  if (!made)
    return made;
  llvm::Expected<std::unique_ptr<llvm::CachedFileStream>> file = (*add)(0, module.getName());
  if (!file)
    return unusable(folder, file.takeError());
  (*file)->OS->write(reinterpret_cast<const char *>(made->data()), made->size());
  if (llvm::Error failed = (*file)->commit()) // under another name first, so that nobody sees half of it
    return unusable(folder, std::move(failed));
  return made;
}
