// Attributes of the graph: registration, and what is verified of sizes and sources.
#include "dialects/Graph/BlockFormats.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <numeric>

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
    return emitError()
           << "#girih.dims expects at least one size expression; leave the encoding out of static tensors";
  for (StringAttr text : sizes) { // C2
    FailureOr<SizeExpr> size = SizeExpr::parse(text.getValue());
    if (failed(size))
      return emitError() << "#girih.dims expects a sum of products of symbols and integers such as "
                            "\"2*batch*seq + 1\", but got \""
                         << text.getValue() << "\"";
    if (size->isConstant())
      return emitError() << "#girih.dims expects a size that mentions a symbol, but got \"" << text.getValue()
                         << "\"; write a static dimension instead";
    if (size->str() != text.getValue())
      return emitError() << "#girih.dims expects sizes in canonical order: write \"" << size->str()
                         << "\" for \"" << text.getValue() << "\"";
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
                                 int64_t bytes, Type type, std::optional<BlockFormat> format,
                                 int64_t unpaired, int64_t transposed) {
  if (file.empty() || offset < 0 || bytes < 0) // C1
    return emitError()
           << "#girih.source expects a file, an offset and a length that are not negative, but got file \""
           << file << "\", offset " << offset << ", bytes " << bytes;
  if (!isOfWholeBytes(type)) // C2
    return emitError() << "#girih.source expects a type of whole bytes, but got " << type;
  if (format && !type.isF32())
    return emitError() << "#girih.source expects f32 as the type of " << stringifyBlockFormat(*format)
                       << ", but got " << type;
  if (unpaired < 0 || unpaired % 2) // C3
    return emitError() << "#girih.source expects an even number of rows as unpaired, but got " << unpaired;
  if (transposed < 0 || (transposed && (format || unpaired))) // C4
    return emitError()
           << "#girih.source expects transposed to be a row's length, without format and unpaired, but got "
           << transposed;
  return success();
}

void SourceAttr::readTransposed(ArrayRef<char> bytes, int64_t columns, int64_t first,
                                MutableArrayRef<char> into) const {
  int64_t size = getElementBytes(getType()), row = first / columns, column = first % columns;
  for (size_t at = 0; at < into.size(); at += size) {
    std::copy_n(bytes.data() + (column * getTransposed() + row) * size, size, into.data() + at);
    if (++column == columns)
      column = 0, ++row;
  }
}

SmallVector<ArrayRef<char>> SourceAttr::inOrder(ArrayRef<char> bytes, int64_t rowBytes) const {
  if (!getUnpaired())
    return {bytes};
  SmallVector<ArrayRef<char>> rows;
  int64_t half = getUnpaired() / 2, count = static_cast<int64_t>(bytes.size()) / rowBytes;
  for (int64_t row = 0; row < count; ++row) {
    int64_t head = row / getUnpaired() * getUnpaired(), within = row - head;
    rows.push_back(bytes.slice((head + within % half * 2 + within / half) * rowBytes, rowBytes));
  }
  return rows;
}

int64_t SourceAttr::getRowBytes(int64_t elements) const {
  if (!getFormat())
    return (SizeExpr(elements) * SizeExpr(getElementBytes(getType()))).getConstant().value(); // saturates
  const BlockLayout &layout = layoutOf(*getFormat());
  return elements % layout.elements
             ? -1
             : (SizeExpr(elements / layout.elements) * SizeExpr(layout.bytes)).getConstant().value();
}

//===-- #girih.quantized --------------------------------------------------===//

LogicalResult QuantizedAttr::verify(function_ref<InFlightDiagnostic()> emitError, QuantizedPart part,
                                    int64_t columns) {
  if (columns < 1) // C1
    return emitError() << "#girih.quantized expects at least 1 column, but got " << columns;
  return success();
}

/// The integers; returns their unit.
static float toIntegers(ArrayRef<float> row, MutableArrayRef<int8_t> values) {
  float greatest = 0x1p-100f;
  for (float x : row)
    greatest = std::max(greatest, std::fabs(x));
  float scale = greatest / 127;
  for (auto [x, value] : llvm::zip_equal(row, values))
    value = std::isnan(x) ? 0 : int8_t(std::clamp(std::nearbyint(x / scale), -128.0f, 127.0f));
  return scale;
}

float girih::graph::quantizeRow(QuantizedPart part, ArrayRef<float> row, MutableArrayRef<int8_t> values) {
  float scale = toIntegers(row, values);
  return part == QuantizedPart::Scales ? scale
                                       : float(std::accumulate(values.begin(), values.end(), int64_t(0)));
}
