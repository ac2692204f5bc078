// Room in a block's shared memory, handed out while a program is lowered: first fit, so that what is dead makes room for what comes.
#pragma once

#include "llvm/ADT/SmallVector.h"

#include <cstdint>

namespace girih::nvidia {

class SharedMemory {
public:
  /// The offset of so many bytes, by default a multiple of 128: a row of all banks.
  int64_t take(int64_t bytes, int64_t alignment = 128);
  void give(int64_t offset);
  /// The most that was ever in use.
  int64_t peak() const { return most; }

private:
  struct Piece {
    int64_t offset, bytes;
  };
  llvm::SmallVector<Piece> pieces; // in use, by offset
  int64_t most = 0;
};

} // namespace girih::nvidia
