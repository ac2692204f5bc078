// Attributes of the graph: their verification, and how `#girih.panels` lays out a matrix.
#include "dialects/Graph/Graph.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace girih::graph;

#include "dialects/Graph/GraphAttrInterfaces.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/Graph/GraphAttrs.cpp.inc"

void GirihDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Graph/GraphAttrs.cpp.inc"
      >();
}

//===-- #girih.dims -------------------------------------------------------===//

DimsAttr DimsAttr::get(MLIRContext *context, ArrayRef<SizeExpr> sizes) {
  SmallVector<StringAttr> texts;
  for (const SizeExpr &size : sizes)
    texts.push_back(StringAttr::get(context, size.str()));
  return get(context, texts);
}

LogicalResult DimsAttr::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<StringAttr> sizes) {
  if (sizes.empty()) // C1
    return emitError() << "#girih.dims expects at least one size expression; leave the encoding out of static tensors";
  for (StringAttr text : sizes) { // C2
    FailureOr<SizeExpr> size = SizeExpr::parse(text.getValue());
    if (failed(size))
      return emitError() << "#girih.dims expects a product of symbols and integers such as \"2*batch*seq\", but got \""
                         << text.getValue() << "\"";
    if (size->isConstant())
      return emitError() << "#girih.dims expects a size that mentions a symbol, but got \"" << text.getValue()
                         << "\"; write a static dimension instead";
    if (size->str() != text.getValue())
      return emitError() << "#girih.dims expects sizes in canonical order: write \"" << size->str() << "\" for \""
                         << text.getValue() << "\"";
  }
  return success();
}

LogicalResult DimsAttr::verifyEncoding(ArrayRef<int64_t> shape, Type elementType,
                                       function_ref<InFlightDiagnostic()> emitError) const {
  size_t dynamic = llvm::count_if(shape, ShapedType::isDynamic);
  if (dynamic != getSizes().size()) // C1
    return emitError() << "#girih.dims expects one size expression for each dynamic dimension, but got "
                       << getSizes().size() << " for " << dynamic;
  return success();
}

SmallVector<SizeExpr> DimsAttr::getSizeExprs() const {
  return llvm::map_to_vector(getSizes(), [](StringAttr text) { return *SizeExpr::parse(text.getValue()); });
}

//===-- #girih.source -----------------------------------------------------===//

static bool isOfWholeBytes(Type type) { return type.isIntOrFloat() && type.getIntOrFloatBitWidth() % 8 == 0; }

LogicalResult SourceAttr::verify(function_ref<InFlightDiagnostic()> emitError, StringRef file, int64_t offset,
                                 int64_t bytes, Type type) {
  if (file.empty() || offset < 0 || bytes < 0) // C1
    return emitError() << "#girih.source expects a file, an offset and a length that are not negative, but got file \""
                       << file << "\", offset " << offset << ", bytes " << bytes;
  if (!isOfWholeBytes(type)) // C2
    return emitError() << "#girih.source expects a type of whole bytes, but got " << type;
  return success();
}

//===-- #girih.panels -----------------------------------------------------===//

LogicalResult PanelsAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t width) {
  if (width <= 0) // C1
    return emitError() << "#girih.panels expects a positive width, but got " << width;
  return success();
}

LogicalResult PanelsAttr::verifyEncoding(ArrayRef<int64_t> shape, Type elementType,
                                         function_ref<InFlightDiagnostic()> emitError) const {
  if (shape.size() != 2 || llvm::any_of(shape, ShapedType::isDynamic) || !isOfWholeBytes(elementType)) // C2
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

//===-- whole tensors -----------------------------------------------------===//

/// Calls `body` with the first byte and the length of each group's rows and the first byte of the group as stored.
static void forEachGroup(EncodingAttrInterface encoding, RankedTensorType type, size_t rowBytes,
                         function_ref<void(size_t row, size_t rows, size_t group, size_t bytes)> body) {
  ArrayRef<int64_t> shape = type.getShape();
  size_t bytes = encoding.getGroupBytes(shape, type.getElementType());
  int64_t step = encoding.getGroupRows(shape, type.getElementType());
  for (int64_t row = 0, group = 0; row < shape[0]; row += step, ++group)
    body(row * rowBytes, std::min(step, shape[0] - row) * rowBytes, group * bytes, bytes);
}

static size_t getRowBytes(RankedTensorType type) {
  return ShapedType::getNumElements(type.getShape().drop_front()) * getElementBytes(type.getElementType());
}

std::vector<char> girih::graph::pack(EncodingAttrInterface encoding, RankedTensorType type, ArrayRef<char> rows) {
  std::vector<char> stored(encoding.getStoredBytes(type.getShape(), type.getElementType()));
  forEachGroup(encoding, type, getRowBytes(type), [&](size_t row, size_t length, size_t group, size_t bytes) {
    encoding.packGroup(type.getShape(), type.getElementType(), rows.slice(row, length),
                       MutableArrayRef<char>(stored).slice(group, bytes));
  });
  return stored;
}

std::vector<char> girih::graph::unpack(EncodingAttrInterface encoding, RankedTensorType type, ArrayRef<char> stored) {
  std::vector<char> rows(type.getShape()[0] * getRowBytes(type));
  forEachGroup(encoding, type, getRowBytes(type), [&](size_t row, size_t length, size_t group, size_t bytes) {
    encoding.unpackGroup(type.getShape(), type.getElementType(), stored.slice(group, bytes),
                         MutableArrayRef<char>(rows).slice(row, length));
  });
  return rows;
}
