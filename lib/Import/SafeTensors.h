// The safetensors format: a little-endian 64-bit length, that many bytes of JSON naming tensors, then their bytes. A file is
// mapped, never copied, and nothing in its header is believed before it is checked. A checkpoint is one such file or several
// with an index.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <string>
#include <vector>

namespace girih::import {

/// One tensor of a file: row-major, little-endian.
struct SafeTensor {
  std::string name;
  std::string dtype; ///< as the format spells it: "F32", "BF16", "I64"
  llvm::SmallVector<int64_t, 4> shape;
  uint64_t offset = 0; ///< of the first byte, from the beginning of the file
  uint64_t bytes = 0;
};

/// "[30522, 384]"
std::string printShape(llvm::ArrayRef<int64_t> shape);

/// The tensors that a header describes, in the order of their bytes. `header` is the JSON text, `fileSize` the size of the whole
/// file and `where` its name for messages. Refuses what the format's reference implementation refuses: bytes that belong to no
/// tensor or to two, sizes that overflow, shapes that disagree with sizes.
llvm::Expected<std::vector<SafeTensor>> parseSafeTensorsHeader(llvm::StringRef header, uint64_t fileSize,
                                                               llvm::StringRef where);

/// Checks the leading length of a file's content against its size and yields the header's text.
llvm::Expected<llvm::StringRef> safeTensorsHeaderText(llvm::StringRef content, llvm::StringRef where);

/// A mapped file with its checked header.
class SafeTensorsFile {
public:
  static llvm::Expected<SafeTensorsFile> open(llvm::StringRef path);

  llvm::ArrayRef<SafeTensor> tensors() const { return list; }
  llvm::StringRef data(const SafeTensor &tensor) const {
    return buffer->getBuffer().substr(tensor.offset, tensor.bytes);
  }

private:
  std::unique_ptr<llvm::MemoryBuffer> buffer;
  std::vector<SafeTensor> list;
};

/// All tensors of a model directory, wherever its shards put them.
class Checkpoint {
public:
  /// A tensor and the file that holds it, relative to the directory.
  struct Entry {
    SafeTensor tensor;
    std::string file;
  };

  /// Reads `model.safetensors`, or the shards of `model.safetensors.index.json`, in `directory`.
  static llvm::Expected<Checkpoint> open(llvm::StringRef directory);
  /// Reads one file of `directory`.
  static llvm::Expected<Checkpoint> openFile(llvm::StringRef directory, llvm::StringRef file);

  /// Takes the tensors of one file, whatever its format.
  static Checkpoint ofFile(llvm::ArrayRef<SafeTensor> tensors, llvm::StringRef file);

  const Entry *find(llvm::StringRef name) const;
  /// Sorted by name.
  std::vector<llvm::StringRef> names() const;

private:
  llvm::Error addFile(llvm::StringRef directory, llvm::StringRef file);

  llvm::StringMap<Entry> entries;
};

} // namespace girih::import
