// First fit.
#include "lib/Target/NVIDIA/SharedMemory.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace girih::nvidia;

int64_t SharedMemory::take(int64_t bytes, int64_t alignment) {
  bytes = llvm::alignTo(std::max<int64_t>(bytes, 1), 128);
  int64_t offset = 0;
  auto *next = pieces.begin();
  for (; next != pieces.end() && next->offset < offset + bytes; ++next)
    offset = llvm::alignTo(next->offset + next->bytes, alignment);
  pieces.insert(next, {offset, bytes});
  most = std::max(most, offset + bytes);
  return offset;
}

void SharedMemory::give(int64_t offset) {
  llvm::erase_if(pieces, [&](const Piece &piece) { return piece.offset == offset; });
}
