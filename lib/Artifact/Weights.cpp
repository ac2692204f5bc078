// Streams weights into an artifact. Pieces are asked for in order, so each group of rows is packed once and
// kept until the writer has taken all of it.
#include "lib/Artifact/Weights.h"

#include "dialects/Graph/BlockFormats.h"
#include "lib/Artifact/Convert.h"
#include "lib/Support/Error.h"
#include "lib/Support/File.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace girih;
using namespace girih::artifact;

static RankedTensorType typeOf(graph::ParameterOp parameter) {
  return cast<RankedTensorType>(parameter.getType());
}

static bool isValues(graph::ParameterOp parameter) {
  return parameter.getQuantized()->getPart() == graph::QuantizedPart::Values;
}

static graph::EncodingAttrInterface encodingOf(graph::ParameterOp parameter) {
  return dyn_cast_or_null<graph::EncodingAttrInterface>(typeOf(parameter).getEncoding());
}

static std::string pathIn(StringRef directory, StringRef file) {
  SmallString<256> path(directory);
  llvm::sys::path::append(path, file);
  return path.str().str();
}

llvm::Error WeightReader::open() {
  for (graph::ParameterOp parameter : parameters) {
    if (onlyValues && !parameter.getValueAttr()) {
      graph::EncodingAttrInterface encoding = encodingOf(parameter);
      if (encoding && encoding.getSourceFormat())
        return badInput(
            "unsupported-dtype",
            "random weights are elements, but '{0}' is stored as {1} blocks; compile it with its own weights",
            parameter.getSymName(), graph::stringifyBlockFormat(*encoding.getSourceFormat()));
      sources.emplace_back();
      continue;
    }
    llvm::Expected<Source> source = sourceOf(parameter);
    if (!source)
      return source.takeError();
    if (llvm::Error error = check(parameter, *source))
      return error;
    sources.push_back(*source);
  }
  return llvm::Error::success();
}

llvm::Expected<WeightReader::Source> WeightReader::sourceOf(graph::ParameterOp parameter) {
  if (auto value = dyn_cast_or_null<DenseElementsAttr>(parameter.getValueAttr()))
    return Source{{value.getRawData()}, value.getElementType(), std::nullopt, value.isSplat()};
  SmallVector<graph::SourceAttr> parts = parameter.getAllSources();
  if (parts.empty())
    return makeError(ExitStatus::BadInput, "missing-tensor",
                     "expected a source or a value for parameter '{0}' but it has neither; compile with "
                     "--weights=random:SEED or give its bytes",
                     parameter.getSymName());
  Source source{{}, parts.front().getType(), parts.front().getFormat()};
  RankedTensorType matrix = parameter.getRowsType();
  int64_t rows = matrix.getRank() ? std::max<int64_t>(matrix.getDimSize(0), 1) : 1;
  if (parts.front().getTransposed())
    source.transposed = parts.front();
  for (graph::SourceAttr part : parts) {
    llvm::Expected<ArrayRef<char>> bytes = bytesOf(parameter, part);
    if (!bytes)
      return bytes.takeError();
    llvm::append_range(source.parts, part.inOrder(*bytes, part.getRowBytes(matrix.getNumElements() / rows)));
  }
  return source;
}

llvm::Expected<ArrayRef<char>> WeightReader::bytesOf(graph::ParameterOp parameter, graph::SourceAttr source) {
  std::string path = pathIn(directory, source.getFile());
  std::unique_ptr<llvm::MemoryBuffer> &buffer = files[path];
  if (!buffer) {
    llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> mapped = openFile(path);
    if (!mapped)
      return mapped.takeError();
    buffer = std::move(*mapped);
    if (std::optional<FileIdentity> identity = identityOf(path))
      opened.insert({path, *identity});
  }
  uint64_t offset = source.getOffset(), bytes = source.getBytes();
  if (offset > buffer->getBufferSize() || bytes > buffer->getBufferSize() - offset)
    return badInput("bad-safetensors-offsets",
                    "expected bytes {0} to {1} of '{2}' for '{3}' but the file has {4} bytes", offset,
                    offset + bytes, path, parameter.getSymName(), buffer->getBufferSize());
  return ArrayRef(buffer->getBufferStart() + offset, bytes);
}

/// The source must hold as many elements as the parameter, of a type that converts to it. Blocks are the
/// verifier's matter.
llvm::Error WeightReader::check(graph::ParameterOp parameter, const Source &source) const {
  RankedTensorType matrix = parameter.getRowsType();
  Type type = matrix.getElementType();
  if (!canConvert(source.type, type))
    return badInput("unsupported-dtype", "cannot store '{0}' as {1}: its source holds {2}",
                    parameter.getSymName(), type, source.type);
  if (source.format || source.transposed)
    return llvm::Error::success();
  int64_t elements = source.splat ? 1 : matrix.getNumElements();
  uint64_t expected = elements * graph::getElementBytes(source.type), found = 0;
  for (ArrayRef<char> part : source.parts)
    found += part.size();
  if (found != expected)
    return badInput("shape-mismatch", "expected {0} bytes for '{1}' but its source has {2}", expected,
                    parameter.getSymName(), found);
  return llvm::Error::success();
}

/// Whether the stored bytes are the sources' bytes, one after another.
bool WeightReader::isVerbatim(unsigned weight) const {
  RankedTensorType type = typeOf(parameters[weight]);
  const Source &source = sources[weight];
  if (graph::ParameterOp(parameters[weight]).getQuantized())
    return false;
  if (source.format)
    return type.getEncoding() == graph::BlocksAttr::get(type.getContext(), *source.format);
  return !encodingOf(parameters[weight]) && !source.splat && !source.transposed &&
         source.type == type.getElementType();
}

bool WeightReader::isStoredAsInSource(unsigned weight) const {
  graph::SourceAttr source = graph::ParameterOp(parameters[weight]).getSourceAttr();
  return source && !source.getUnpaired() && isVerbatim(weight);
}

std::pair<std::string, const llvm::MemoryBuffer *> WeightReader::file(graph::ParameterOp parameter) const {
  std::string path = pathIn(directory, parameter.getSourceAttr().getFile());
  auto found = files.find(path);
  return {path, found == files.end() ? nullptr : found->second.get()};
}

/// Calls `body` with the pieces of `parts` that hold bytes [offset, offset + length).
static void forEachPiece(ArrayRef<ArrayRef<char>> parts, uint64_t offset, uint64_t length,
                         function_ref<void(ArrayRef<char>)> body) {
  for (ArrayRef<char> part : parts) {
    if (offset < part.size() && length) {
      uint64_t count = std::min<uint64_t>(part.size() - offset, length);
      body(part.slice(offset, count));
      offset += count;
      length -= count;
    }
    offset -= part.size();
  }
}

static void copyPieces(ArrayRef<ArrayRef<char>> parts, uint64_t offset, MutableArrayRef<char> data) {
  forEachPiece(parts, offset, data.size(), [&](ArrayRef<char> piece) {
    llvm::copy(piece, data.begin());
    data = data.drop_front(piece.size());
  });
}

WriteResult WeightReader::fill(unsigned weight, uint64_t offset, MutableArrayRef<char> data) {
  if (isVerbatim(weight))
    copyPieces(sources[weight].parts, offset, data);
  else if (encodingOf(parameters[weight]) || sources[weight].format ||
           graph::ParameterOp(parameters[weight]).getQuantized())
    fillGroups(weight, offset, data);
  else
    fillElements(weight, offset / graph::getElementBytes(typeOf(parameters[weight]).getElementType()), data);
  return checkUnchanged();
}

/// A model that is being replaced would give weights of two models.
WriteResult WeightReader::checkUnchanged() const {
  for (const auto &file : opened)
    if (identityOf(file.first()) != file.second)
      return {
          "changed-file",
          llvm::formatv("'{0}' was changed while its weights were read; compile again", file.first()).str()};
  return {};
}

/// Converts elements `first` onwards, as many as fit into `data`, to the type that rows are read in.
void WeightReader::fillElements(unsigned weight, int64_t first, MutableArrayRef<char> data) const {
  const Source &source = sources[weight];
  RankedTensorType matrix = graph::ParameterOp(parameters[weight]).getRowsType();
  Type from = source.type, to = matrix.getElementType();
  int64_t fromBytes = graph::getElementBytes(from), toBytes = graph::getElementBytes(to);
  if (source.splat) {
    for (size_t i = 0; i < data.size(); i += toBytes)
      convert(source.parts[0].data(), from, data.data() + i, to, 1);
    return;
  }
  if (source.transposed) {
    std::vector<char> elements(data.size() / toBytes * fromBytes);
    source.transposed.readTransposed(source.parts[0], matrix.getDimSize(1), first, elements);
    convert(elements.data(), from, data.data(), to, data.size() / toBytes);
    return;
  }
  char *next = data.data();
  forEachPiece(source.parts, first * fromBytes, data.size() / toBytes * fromBytes, [&](ArrayRef<char> piece) {
    int64_t count = piece.size() / fromBytes;
    convert(piece.data(), from, next, to, count);
    next += count * toBytes;
  });
}

/// How a weight's rows are grouped; without an encoding, each is its own group.
static std::pair<int64_t, int64_t> groupOf(graph::ParameterOp parameter) {
  RankedTensorType type = typeOf(parameter);
  ArrayRef<int64_t> shape = type.getShape();
  if (parameter.getQuantized())
    return {1, isValues(parameter) ? shape[1] : int64_t(sizeof(float))};
  Type element = type.getElementType();
  if (graph::EncodingAttrInterface encoding = encodingOf(parameter))
    return {encoding.getGroupRows(shape, element), encoding.getGroupBytes(shape, element)};
  return {1, type.getNumElements() / shape[0] * graph::getElementBytes(element)};
}

/// Reads `count` rows as they are packed: the source's blocks, or elements of the type that rows are read in.
void WeightReader::readRows(unsigned weight, int64_t first, int64_t count) {
  RankedTensorType type = graph::ParameterOp(parameters[weight]).getRowsType();
  graph::EncodingAttrInterface encoding = encodingOf(parameters[weight]);
  const Source &source = sources[weight];
  int64_t columns = type.getNumElements() / type.getDimSize(0);
  if (!source.format) {
    rows.resize(count * columns * graph::getElementBytes(type.getElementType()));
    return fillElements(weight, first * columns, rows);
  }
  const graph::BlockLayout &layout = graph::layoutOf(*source.format);
  int64_t blocks = columns / layout.elements;
  rows.resize(count * blocks * layout.bytes);
  copyPieces(source.parts, first * blocks * layout.bytes, rows);
  if (encoding && encoding.getSourceFormat())
    return;
  std::vector<float> values(count * columns);
  graph::decodeBlocks(*source.format, rows.data(), count * blocks, values.data());
  rows.resize(values.size() * graph::getElementBytes(type.getElementType()));
  convert(reinterpret_cast<const char *>(values.data()), source.type, rows.data(), type.getElementType(),
          values.size());
}

/// One row: its integers, or the number that goes with them.
void WeightReader::quantizeGroup(graph::ParameterOp parameter) {
  std::vector<float> row(rows.size() / sizeof(float));
  std::memcpy(row.data(), rows.data(), rows.size());
  std::vector<int8_t> values(row.size());
  float number = graph::quantizeRow(parameter.getQuantized()->getPart(), row, values);
  if (isValues(parameter))
    std::memcpy(group.data(), values.data(), values.size());
  else
    std::memcpy(group.data(), &number, sizeof number);
}

void WeightReader::packGroup(unsigned weight, int64_t number) {
  RankedTensorType type = typeOf(parameters[weight]);
  auto [groupRows, groupBytes] = groupOf(parameters[weight]);
  int64_t first = number * groupRows;
  readRows(weight, first, std::min(groupRows, type.getDimSize(0) - first));
  group.resize(groupBytes);
  if (graph::EncodingAttrInterface encoding = encodingOf(parameters[weight]))
    encoding.packGroup(type.getShape(), type.getElementType(), rows, group);
  else if (graph::ParameterOp(parameters[weight]).getQuantized())
    quantizeGroup(parameters[weight]);
  else
    group = rows;
  packed = {weight, number};
}

void WeightReader::fillGroups(unsigned weight, uint64_t offset, MutableArrayRef<char> data) {
  uint64_t groupBytes = groupOf(parameters[weight]).second;
  while (!data.empty()) {
    int64_t number = offset / groupBytes;
    if (packed != std::pair(weight, number))
      packGroup(weight, number);
    uint64_t within = offset % groupBytes, count = std::min<uint64_t>(data.size(), groupBytes - within);
    std::copy_n(group.data() + within, count, data.data());
    data = data.drop_front(count);
    offset += count;
  }
}
