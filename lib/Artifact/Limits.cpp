// Sizes only grow with their symbols, so what holds at the upper bounds holds everywhere.
#include "lib/Artifact/Limits.h"

#include "llvm/Support/MathExtras.h"

using namespace girih::artifact;

static bool isRepresentable(const Size &size, llvm::ArrayRef<int64_t> largest) {
  return size.evaluate(largest).has_value();
}

static bool isTooLarge(const Argument &argument, llvm::ArrayRef<int64_t> largest) {
  return !isRepresentable(argument.bytes, largest) ||
         llvm::any_of(argument.dims, [&](const Size &size) { return !isRepresentable(size, largest); });
}

static bool hasTooManyBlocks(llvm::ArrayRef<Size> grid, llvm::ArrayRef<int64_t> largest) {
  int64_t blocks = 1;
  for (const Size &size : grid) {
    std::optional<int64_t> count = size.evaluate(largest);
    if (!count || llvm::MulOverflow(blocks, *count, blocks) || blocks > INT32_MAX)
      return true;
  }
  return false;
}

std::string girih::artifact::findExcess(const Entry &entry, llvm::ArrayRef<Symbol> symbols) {
  llvm::SmallVector<int64_t> largest;
  for (const Symbol &symbol : symbols)
    largest.push_back(symbol.max);
  for (const Launch &launch : entry.launches) {
    if (hasTooManyBlocks(launch.grid, largest))
      return "the launch of '" + launch.label + "' has more than 2^31 blocks";
    bool tooLarge = llvm::any_of(launch.arguments, [&](const Argument &a) { return isTooLarge(a, largest); });
    for (const std::optional<Size> &work : {launch.flops, launch.bytes})
      tooLarge |= work && !isRepresentable(*work, largest);
    if (tooLarge)
      return "the work of '" + launch.label + "' does not fit in 63 bits";
  }
  return isRepresentable(entry.arena.bytes, largest) ? "" : "the memory between launches does not fit in 63 bits";
}
