// How encoded matrices lie in memory: panels of rows, GGUF's blocks; and whole tensors, group of rows by
// group of rows.
#include "dialects/Graph/BlockFormats.h"

using namespace mlir;
using namespace girih::graph;

//===-- #girih.panels -----------------------------------------------------===//

LogicalResult PanelsAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t width) {
  if (width <= 0) // C1
    return emitError() << "#girih.panels expects a positive width, but got " << width;
  return success();
}

LogicalResult PanelsAttr::verifyEncoding(ArrayRef<int64_t> shape, Type elementType,
                                         function_ref<InFlightDiagnostic()> emitError) const {
  if (shape.size() != 2 || llvm::any_of(shape, ShapedType::isDynamic) || !elementType.isIntOrFloat() ||
      elementType.getIntOrFloatBitWidth() % 8) // C2
    return emitError() << "#girih.panels expects a matrix of static shape with elements of whole bytes";
  return success();
}

int64_t PanelsAttr::getGroupRows(ArrayRef<int64_t> shape, Type elementType) const { return getWidth(); }

int64_t PanelsAttr::getGroupBytes(ArrayRef<int64_t> shape, Type elementType) const {
  return getWidth() * shape[1] * getElementBytes(elementType);
}

int64_t PanelsAttr::getStoredBytes(ArrayRef<int64_t> shape, Type elementType) const {
  return llvm::divideCeil(shape[0], getWidth()) * getGroupBytes(shape, elementType);
}

std::optional<BlockFormat> PanelsAttr::getSourceFormat() const { return std::nullopt; }

void PanelsAttr::packGroup(ArrayRef<int64_t> shape, Type elementType, ArrayRef<char> rows,
                           MutableArrayRef<char> group) const {
  int64_t size = getElementBytes(elementType), columns = shape[1], width = getWidth();
  llvm::fill(group, 0);
  for (int64_t offset = 0, end = rows.size() / size; offset < end; ++offset) {
    int64_t row = offset / columns, column = offset % columns;
    std::memcpy(&group[(column * width + row) * size], &rows[offset * size], size);
  }
}

void PanelsAttr::unpackGroup(ArrayRef<int64_t> shape, Type elementType, ArrayRef<char> group,
                             MutableArrayRef<char> rows) const {
  int64_t size = getElementBytes(elementType), columns = shape[1], width = getWidth();
  for (int64_t offset = 0, end = rows.size() / size; offset < end; ++offset) {
    int64_t row = offset / columns, column = offset % columns;
    std::memcpy(&rows[offset * size], &group[(column * width + row) * size], size);
  }
}

void PanelsAttr::decodeElement(ArrayRef<int64_t> shape, Type elementType, ArrayRef<char> stored,
                               ArrayRef<int64_t> index, MutableArrayRef<char> element) const {
  int64_t panel = index[0] / getWidth(), lane = index[0] % getWidth();
  int64_t number = (panel * shape[1] + index[1]) * getWidth() + lane;
  llvm::copy(stored.slice(number * element.size(), element.size()), element.begin());
}

//===-- #girih.blocks -----------------------------------------------------===//

LogicalResult girih::graph::verifyBlocks(StringRef name, BlockFormat format, ArrayRef<int64_t> shape,
                                         Type elementType, function_ref<InFlightDiagnostic()> emitError) {
  if (shape.size() != 2 || llvm::any_of(shape, ShapedType::isDynamic) || !elementType.isF32()) // C1
    return emitError() << name << " expects a matrix of static shape with elements of f32";
  int64_t elements = layoutOf(format).elements;
  if (shape[1] % elements) // C2
    return emitError() << name << " expects rows of a multiple of " << elements << " elements for "
                       << stringifyBlockFormat(format) << ", but got " << shape[1];
  return success();
}

LogicalResult BlocksAttr::verifyEncoding(ArrayRef<int64_t> shape, Type elementType,
                                         function_ref<InFlightDiagnostic()> emitError) const {
  return verifyBlocks("#girih.blocks", getFormat(), shape, elementType, emitError);
}

int64_t BlocksAttr::getGroupRows(ArrayRef<int64_t> shape, Type elementType) const { return 1; }

int64_t BlocksAttr::getGroupBytes(ArrayRef<int64_t> shape, Type elementType) const {
  const BlockLayout &layout = layoutOf(getFormat());
  return shape[1] / layout.elements * layout.bytes;
}

int64_t BlocksAttr::getStoredBytes(ArrayRef<int64_t> shape, Type elementType) const {
  return shape[0] * getGroupBytes(shape, elementType);
}

std::optional<BlockFormat> BlocksAttr::getSourceFormat() const { return getFormat(); }

void BlocksAttr::packGroup(ArrayRef<int64_t> shape, Type elementType, ArrayRef<char> rows,
                           MutableArrayRef<char> group) const {
  llvm::copy(rows, group.begin());
}

void BlocksAttr::unpackGroup(ArrayRef<int64_t> shape, Type elementType, ArrayRef<char> group,
                             MutableArrayRef<char> rows) const {
  llvm::copy(group, rows.begin());
}

void BlocksAttr::decodeElement(ArrayRef<int64_t> shape, Type elementType, ArrayRef<char> stored,
                               ArrayRef<int64_t> index, MutableArrayRef<char> element) const {
  const BlockLayout &layout = layoutOf(getFormat());
  int64_t block = (index[0] * shape[1] + index[1]) / layout.elements;
  float value = decodeBlockElement(getFormat(), &stored[block * layout.bytes], index[1] % layout.elements);
  std::memcpy(element.data(), &value, sizeof value);
}

//===-- whole tensors -----------------------------------------------------===//

/// Calls `body` with the first byte and the length of each group's rows and the first byte of the group as
/// stored.
static void forEachGroup(EncodingAttrInterface encoding, RankedTensorType type, size_t rowBytes,
                         function_ref<void(size_t row, size_t rows, size_t group, size_t bytes)> body) {
  ArrayRef<int64_t> shape = type.getShape();
  size_t bytes = encoding.getGroupBytes(shape, type.getElementType());
  int64_t step = encoding.getGroupRows(shape, type.getElementType());
  for (int64_t row = 0, group = 0; row < shape[0]; row += step, ++group)
    body(row * rowBytes, std::min(step, shape[0] - row) * rowBytes, group * bytes, bytes);
}

/// Bytes of a row as it is packed.
static size_t getRowBytes(EncodingAttrInterface encoding, RankedTensorType type) {
  int64_t elements = ShapedType::getNumElements(type.getShape().drop_front());
  if (std::optional<BlockFormat> format = encoding.getSourceFormat())
    return elements / layoutOf(*format).elements * layoutOf(*format).bytes;
  return elements * getElementBytes(type.getElementType());
}

std::vector<char> girih::graph::pack(EncodingAttrInterface encoding, RankedTensorType type,
                                     ArrayRef<char> rows) {
  std::vector<char> stored(encoding.getStoredBytes(type.getShape(), type.getElementType()));
  forEachGroup(encoding, type, getRowBytes(encoding, type),
               [&](size_t row, size_t length, size_t group, size_t bytes) {
                 encoding.packGroup(type.getShape(), type.getElementType(), rows.slice(row, length),
                                    MutableArrayRef<char>(stored).slice(group, bytes));
               });
  return stored;
}

std::vector<char> girih::graph::unpack(EncodingAttrInterface encoding, RankedTensorType type,
                                       ArrayRef<char> stored) {
  std::vector<char> rows(type.getShape()[0] * getRowBytes(encoding, type));
  forEachGroup(encoding, type, getRowBytes(encoding, type),
               [&](size_t row, size_t length, size_t group, size_t bytes) {
                 encoding.unpackGroup(type.getShape(), type.getElementType(), stored.slice(group, bytes),
                                      MutableArrayRef<char>(rows).slice(row, length));
               });
  return rows;
}

std::vector<char> girih::graph::decode(EncodingAttrInterface encoding, RankedTensorType type,
                                       ArrayRef<char> stored) {
  std::vector<char> rows = unpack(encoding, type, stored);
  std::optional<BlockFormat> format = encoding.getSourceFormat();
  if (!format)
    return rows;
  std::vector<char> values(type.getNumElements() * sizeof(float));
  decodeBlocks(*format, rows.data(), rows.size() / layoutOf(*format).bytes,
               reinterpret_cast<float *>(values.data()));
  return values;
}
