// `#girih.block_panels`: the blocks of a panel's rows, moved to planes and back. Eight elements are moved at
// a time, since a weight shall be packed about as fast as it is read from a disk.
#include "dialects/Graph/BlockFormats.h"

#include "llvm/Support/Endian.h"

using namespace mlir;
using namespace girih::graph;
using llvm::support::endian::read32le;
using llvm::support::endian::read64le;
using llvm::support::endian::write32le;
using llvm::support::endian::write64le;

BlockPlanes girih::graph::planesOf(BlockFormat format, int64_t width) {
  const BlockLayout &layout = layoutOf(format);
  BlockPlanes planes = {0, -1, -1, -1, -1, layout.bytes * width};
  int64_t at = 2 * width;
  auto take = [&](bool present, int64_t rowBytes) {
    int64_t begin = present ? at : -1;
    at += present ? rowBytes * width : 0;
    return begin;
  };
  planes.minimum = take(layout.minimum >= 0, 2);
  planes.smallScales = take(layout.smallScales >= 0, format == BlockFormat::Q4_K ? 12 : 16);
  planes.high = take(layout.highBits > 0, layout.elements * layout.highBits / 8);
  planes.low = take(true, layout.elements * layout.lowBits / 8);
  assert(at == planes.bytes && "planes hold the blocks' bits and no more");
  return planes;
}

//===-- eight elements ----------------------------------------------------===//

/// The low nibbles of eight bytes, side by side; and back.
static uint32_t gatherNibbles(uint64_t bytes) {
  uint64_t x = bytes & 0x0f0f0f0f0f0f0f0f;
  x = (x | x >> 4) & 0x00ff00ff00ff00ff;
  x = (x | x >> 8) & 0x0000ffff0000ffff;
  return static_cast<uint32_t>(x | x >> 16);
}

static uint64_t spreadNibbles(uint32_t nibbles) {
  uint64_t x = nibbles;
  x = (x | x << 16) & 0x0000ffff0000ffff;
  x = (x | x << 8) & 0x00ff00ff00ff00ff;
  return (x | x << 4) & 0x0f0f0f0f0f0f0f0f;
}

/// Eight bits, four apart; and back.
static uint32_t spreadBits(uint32_t bits) {
  uint32_t x = (bits | bits << 12) & 0x000f000f;
  x = (x | x << 6) & 0x03030303;
  return (x | x << 3) & 0x11111111;
}

static uint32_t gatherBits(uint32_t spread) {
  uint32_t x = spread & 0x11111111;
  x = (x | x >> 3) & 0x03030303;
  x = (x | x >> 6) & 0x000f000f;
  return (x | x >> 12) & 0xff;
}

/// The high bits of 32 elements of q5_0 and q5_1, those of eight four apart and of the next eight a bit
/// higher; and back.
static uint32_t interleaveBits(uint32_t bits) {
  uint32_t all = 0;
  for (int64_t eight = 0; eight < 4; ++eight)
    all |= spreadBits(bits >> 8 * eight & 0xff) << eight;
  return all;
}

static uint32_t separateBits(uint32_t all) {
  uint32_t bits = 0;
  for (int64_t eight = 0; eight < 4; ++eight)
    bits |= gatherBits(all >> eight) << 8 * eight;
  return bits;
}

/// The two low bits of eight bytes.
static constexpr uint64_t lowPairs = 0x0303030303030303;

/// Bytes and height of the two high bits of 16 elements of q6_k.
static std::pair<int64_t, int64_t> pairsOf(const BlockLayout &layout, int64_t run) {
  return {layout.high + run / 8 * 32 + run % 2 * 16, run % 8 / 2 * 2};
}

//===-- one block ---------------------------------------------------------===//

namespace {
/// One row's block on its way to the planes of a column, or from there.
struct RowOfPlanes {
  BlockFormat format;
  int64_t width, lane;
  const BlockLayout &layout = layoutOf(format);
  BlockPlanes planes = planesOf(format, width);

  int64_t at(int64_t plane, int64_t bytes, int64_t number = 0) const {
    return plane + (number * width + lane) * bytes;
  }

  /// Calls `body(byte in the block, byte in the planes, count)` for what is moved unchanged.
  template <typename Body> void forEachField(Body body) const {
    body(layout.scale, at(planes.scale, 2), 2);
    if (layout.minimum >= 0)
      body(layout.minimum, at(planes.minimum, 2), 2);
    int64_t planeBytes = format == BlockFormat::Q4_K ? 4 : 1, count = format == BlockFormat::Q4_K ? 3 : 16;
    for (int64_t i = 0; layout.smallScales >= 0 && i < count; ++i)
      body(layout.smallScales + i * planeBytes, at(planes.smallScales, planeBytes, i), planeBytes);
    for (int64_t i = 0; layout.lowBits == 8 && i < layout.elements; ++i)
      body(layout.low + i, at(planes.low, 1, i), 1);
  }
  /// The place in the planes of eight elements' nibbles, of 32 elements' bits, and of 16 elements' pairs of
  /// bits.
  int64_t nibbles(int64_t eight) const { return at(planes.low, 4, eight); }
  int64_t bits() const { return at(planes.high, 4); }
  int64_t pairs(int64_t run) const { return at(planes.high, 4, run); }
  int64_t eights() const { return layout.lowBits == 4 ? layout.elements / 8 : 0; }
  int64_t runs() const { return layout.highBits == 2 ? layout.elements / 16 : 0; }

  void store(const char *block, char *column) const {
    forEachField(
        [&](int64_t from, int64_t to, int64_t count) { std::memcpy(column + to, block + from, count); });
    for (int64_t i = 0; i < eights(); ++i) {
      NibbleRun run = nibblesOf(format, i / 2);
      write32le(column + nibbles(i),
                gatherNibbles(read64le(block + run.byte + i % 2 * 8) >> (run.upper ? 4 : 0)));
    }
    if (layout.highBits == 1)
      write32le(column + bits(), interleaveBits(read32le(block + layout.high)));
    for (int64_t i = 0; i < runs(); ++i) {
      auto [byte, height] = pairsOf(layout, i);
      auto pairsAt = [&, height = height](const char *at) {
        return gatherNibbles(read64le(at) >> height & lowPairs);
      };
      write32le(column + pairs(i), pairsAt(block + byte) | pairsAt(block + byte + 8) << 2);
    }
  }

  void load(const char *column, char *block) const {
    std::memset(block, 0, layout.bytes);
    forEachField(
        [&](int64_t to, int64_t from, int64_t count) { std::memcpy(block + to, column + from, count); });
    auto merge = [&](char *bytes, uint64_t bits, int64_t height) {
      write64le(bytes, read64le(bytes) | bits << height);
    };
    for (int64_t i = 0; i < eights(); ++i) {
      NibbleRun run = nibblesOf(format, i / 2);
      merge(block + run.byte + i % 2 * 8, spreadNibbles(read32le(column + nibbles(i))), run.upper ? 4 : 0);
    }
    if (layout.highBits == 1)
      write32le(block + layout.high, separateBits(read32le(column + bits())));
    for (int64_t i = 0; i < runs(); ++i) {
      auto [byte, height] = pairsOf(layout, i);
      uint32_t bits = read32le(column + pairs(i));
      merge(block + byte, spreadNibbles(bits) & lowPairs, height);
      merge(block + byte + 8, spreadNibbles(bits >> 2) & lowPairs, height);
    }
  }
};
} // namespace

//===-- #girih.block_panels -----------------------------------------------===//

LogicalResult BlockPanelsAttr::verify(function_ref<InFlightDiagnostic()> emitError, BlockFormat format,
                                      int64_t width) {
  if (width <= 0) // C1
    return emitError() << "#girih.block_panels expects a positive width, but got " << width;
  return success();
}

LogicalResult BlockPanelsAttr::verifyEncoding(ArrayRef<int64_t> shape, Type elementType,
                                              function_ref<InFlightDiagnostic()> emitError) const {
  return verifyBlocks("#girih.block_panels", getFormat(), shape, elementType, emitError); // C2, C3
}

std::optional<BlockFormat> BlockPanelsAttr::getSourceFormat() const { return getFormat(); }

int64_t BlockPanelsAttr::getGroupRows(ArrayRef<int64_t> shape, Type elementType) const { return getWidth(); }

int64_t BlockPanelsAttr::getGroupBytes(ArrayRef<int64_t> shape, Type elementType) const {
  const BlockLayout &layout = layoutOf(getFormat());
  return shape[1] / layout.elements * layout.bytes * getWidth();
}

int64_t BlockPanelsAttr::getStoredBytes(ArrayRef<int64_t> shape, Type elementType) const {
  return llvm::divideCeil(shape[0], getWidth()) * getGroupBytes(shape, elementType);
}

void BlockPanelsAttr::packGroup(ArrayRef<int64_t> shape, Type elementType, ArrayRef<char> rows,
                                MutableArrayRef<char> group) const {
  const BlockLayout &layout = layoutOf(getFormat());
  int64_t columns = shape[1] / layout.elements, rowBytes = columns * layout.bytes;
  llvm::fill(group, 0);
  for (int64_t lane = 0, count = rows.size() / rowBytes; lane < count; ++lane) {
    RowOfPlanes row{getFormat(), getWidth(), lane};
    for (int64_t column = 0; column < columns; ++column)
      row.store(&rows[lane * rowBytes + column * layout.bytes], &group[column * row.planes.bytes]);
  }
}

void BlockPanelsAttr::unpackGroup(ArrayRef<int64_t> shape, Type elementType, ArrayRef<char> group,
                                  MutableArrayRef<char> rows) const {
  const BlockLayout &layout = layoutOf(getFormat());
  int64_t columns = shape[1] / layout.elements, rowBytes = columns * layout.bytes;
  for (int64_t lane = 0, count = rows.size() / rowBytes; lane < count; ++lane) {
    RowOfPlanes row{getFormat(), getWidth(), lane};
    for (int64_t column = 0; column < columns; ++column)
      row.load(&group[column * row.planes.bytes], &rows[lane * rowBytes + column * layout.bytes]);
  }
}

void BlockPanelsAttr::decodeElement(ArrayRef<int64_t> shape, Type elementType, ArrayRef<char> stored,
                                    ArrayRef<int64_t> index, MutableArrayRef<char> element) const {
  const BlockLayout &layout = layoutOf(getFormat());
  RowOfPlanes row{getFormat(), getWidth(), index[0] % getWidth()};
  int64_t column = index[0] / getWidth() * (shape[1] / layout.elements) + index[1] / layout.elements;
  SmallVector<char, 256> block(layout.bytes);
  row.load(&stored[column * row.planes.bytes], block.data());
  float value = decodeBlockElement(getFormat(), block.data(), index[1] % layout.elements);
  std::memcpy(element.data(), &value, sizeof value);
}
