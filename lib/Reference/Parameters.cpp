// Loads parameters. Files are mapped, so only the pages of the weights in use are read.
#include "lib/Reference/Parameters.h"

#include "lib/Support/File.h"

#include "include/girih-runtime/RandomWeights.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace girih;
using namespace girih::reference;
using llvm::Expected;

void girih::reference::fillFromAttribute(ElementsAttr value, HostTensor &tensor) {
  auto dense = cast<DenseElementsAttr>(value);
  int64_t at = 0;
  if (isa<FloatType>(dense.getElementType()))
    for (APFloat element : dense.getValues<APFloat>()) {
      bool loses;
      element.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &loses);
      tensor[at++] = element.convertToDouble();
    }
  else
    for (const APInt &element : dense.getValues<APInt>())
      tensor[at++] = static_cast<double>(
          element.getBitWidth() == 1 ? static_cast<int64_t>(element.getZExtValue()) : element.getSExtValue());
}

void girih::reference::fillRandom(HostTensor &tensor, uint64_t seed, StringRef name) {
  uint64_t stream = girih_random_stream(seed, name.data(), name.size());
  float scale = girih_random_scale(tensor.getShape().data(), tensor.getRank());
  Type type = tensor.getElementType();
  for (int64_t i = 0; i < tensor.size(); ++i)
    tensor[i] = isa<FloatType>(type) ? roundTo(type, girih_random_float(stream, i, scale))
                : type.isInteger(8)  ? girih_random_i8(stream, i)
                                     : girih_random_bit(stream, i);
}

static bool keepsBlocks(RankedTensorType type) {
  auto encoding = dyn_cast_or_null<graph::EncodingAttrInterface>(type.getEncoding());
  return encoding && encoding.getSourceFormat();
}

// What an encoding stores and gives back: a lossy one shows here.
static void passThroughEncoding(RankedTensorType type, HostTensor &tensor) {
  auto encoding = dyn_cast_or_null<graph::EncodingAttrInterface>(type.getEncoding());
  if (!encoding || keepsBlocks(type))
    return;
  std::vector<char> stored = graph::pack(encoding, type, tensor.toBytes());
  tensor.fromBytes(graph::unpack(encoding, type, stored), type.getElementType());
}

FailureOr<HostTensor> Parameters::load(graph::ParameterOp parameter) {
  auto type = cast<RankedTensorType>(parameter.getType());
  if (!type.hasStaticShape())
    return parameter.emitOpError("expects a static shape to be loaded, but got ") << type;
  HostTensor tensor(type.getShape(), type.getElementType());
  if (ElementsAttr value = parameter.getValueAttr())
    fillFromAttribute(value, tensor);
  else if (randomSeed && keepsBlocks(type))
    return parameter.emitOpError("expects elements to be made up at random, but is stored in blocks: ")
           << type;
  else if (randomSeed)
    fillRandom(tensor, *randomSeed, parameter.getSymName());
  else if (parameter.getQuantized())
    return quantized(parameter);
  else if (failed(fillFromSource(parameter, tensor)))
    return failure();
  passThroughEncoding(type, tensor);
  return tensor;
}

/// The matrix as the model has it, row by row in integers, or the numbers that go with them.
FailureOr<HostTensor> Parameters::quantized(graph::ParameterOp parameter) {
  RankedTensorType rows = parameter.getRowsType(), type = cast<RankedTensorType>(parameter.getType());
  graph::QuantizedAttr part = *parameter.getQuantized();
  HostTensor matrix(rows.getShape(), rows.getElementType()), tensor(type.getShape(), type.getElementType());
  if (failed(fillFromSource(parameter, matrix)))
    return failure();
  int64_t columns = part.getColumns();
  std::vector<int8_t> values(columns);
  for (int64_t row = 0; row < rows.getDimSize(0); ++row) {
    std::vector<float> elements(matrix.data() + row * columns, matrix.data() + (row + 1) * columns);
    float number = graph::quantizeRow(part.getPart(), elements, values);
    if (part.getPart() == graph::QuantizedPart::Values)
      std::copy(values.begin(), values.end(), tensor.data() + row * columns);
    else
      tensor[row] = number;
  }
  return tensor;
}

FailureOr<StringRef> Parameters::openSource(graph::ParameterOp parameter, StringRef file) {
  SmallString<256> path;
  if (auto directory = module->getAttrOfType<StringAttr>(graph::kModelAttr))
    path = directory.getValue();
  llvm::sys::path::append(path, file);
  std::unique_ptr<llvm::MemoryBuffer> &buffer = files[path];
  if (!buffer) {
    Expected<std::unique_ptr<llvm::MemoryBuffer>> opened = openFile(path);
    if (!opened)
      return parameter.emitOpError() << llvm::toString(opened.takeError());
    buffer = std::move(*opened);
  }
  return buffer->getBuffer();
}

FailureOr<ArrayRef<char>> Parameters::bytesOf(graph::ParameterOp parameter, graph::SourceAttr source) {
  FailureOr<StringRef> file = openSource(parameter, source.getFile());
  if (failed(file))
    return failure();
  int64_t size = file->size();
  if (source.getOffset() > size || source.getBytes() > size - source.getOffset())
    return parameter.emitOpError() << "expects its bytes inside '" << source.getFile() << "', which has "
                                   << size << " bytes, but they end at "
                                   << source.getOffset() + source.getBytes();
  return ArrayRef(file->data() + source.getOffset(), source.getBytes());
}

/// Values of quantized rows, through the parameter's encoding where it keeps blocks.
static void fillFromBlocks(RankedTensorType type, graph::BlockFormat format, ArrayRef<char> rows,
                           HostTensor &tensor) {
  auto encoding = dyn_cast_or_null<graph::EncodingAttrInterface>(type.getEncoding());
  if (!encoding || encoding.getSourceFormat() != format)
    encoding = graph::BlocksAttr::get(type.getContext(), format);
  auto stored = RankedTensorType::get(type.getShape(), Float32Type::get(type.getContext()), encoding);
  tensor.fromBytes(graph::decode(encoding, stored, graph::pack(encoding, stored, rows)),
                   stored.getElementType());
}

LogicalResult Parameters::fillFromSource(graph::ParameterOp parameter, HostTensor &tensor) {
  SmallVector<graph::SourceAttr> sources = parameter.getAllSources();
  if (sources.empty())
    return parameter.emitOpError(
        "expects a source or a value to be loaded, but has neither; give random weights a seed");
  RankedTensorType type = parameter.getRowsType();
  int64_t columns = type.getNumElements() / (type.getRank() ? std::max<int64_t>(type.getDimSize(0), 1) : 1);
  std::vector<char> rows; // stacked; the verifier saw to it that they are as many as the shape says
  for (graph::SourceAttr source : sources) {
    FailureOr<ArrayRef<char>> bytes = bytesOf(parameter, source);
    if (failed(bytes))
      return failure();
    if (source.getTransposed()) {
      rows.resize(type.getNumElements() * graph::getElementBytes(source.getType()));
      source.readTransposed(*bytes, columns, 0, rows);
      continue;
    }
    for (ArrayRef<char> piece : source.inOrder(*bytes, source.getRowBytes(columns)))
      rows.insert(rows.end(), piece.begin(), piece.end());
  }
  if (std::optional<graph::BlockFormat> format = sources.front().getFormat())
    fillFromBlocks(type, *format, rows, tensor);
  else
    tensor.fromBytes(rows, sources.front().getType());
  tensor.round();
  return success();
}
