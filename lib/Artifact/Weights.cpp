// Streams weights into an artifact. Pieces are asked for in order, so each group of rows is packed once and
// kept until the writer has taken all of it.
#include "lib/Artifact/Weights.h"

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
    return Source{value.getRawData(), value.getElementType(), value.isSplat()};
  graph::SourceAttr source = parameter.getSourceAttr();
  if (!source)
    return makeError(ExitStatus::BadInput, "missing-tensor",
                     "expected a source or a value for parameter '{0}' but it has neither; compile with "
                     "--weights=random:SEED or give its bytes",
                     parameter.getSymName());
  std::string path = pathIn(directory, source.getFile());
  std::unique_ptr<llvm::MemoryBuffer> &buffer = files[path];
  if (!buffer) {
    llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> opened = openFile(path);
    if (!opened)
      return opened.takeError();
    buffer = std::move(*opened);
    llvm::sys::fs::file_status status;
    if (!llvm::sys::fs::status(path, status))
      modified[path] = status.getLastModificationTime();
  }
  uint64_t offset = source.getOffset(), bytes = source.getBytes();
  if (offset > buffer->getBufferSize() || bytes > buffer->getBufferSize() - offset)
    return badInput("bad-safetensors-offsets",
                    "expected bytes {0} to {1} of '{2}' for '{3}' but the file has {4} bytes", offset,
                    offset + bytes, path, parameter.getSymName(), buffer->getBufferSize());
  return Source{ArrayRef(buffer->getBufferStart() + offset, bytes), source.getType()};
}

/// The source must hold as many elements as the parameter, of a type that converts to it.
llvm::Error WeightReader::check(graph::ParameterOp parameter, const Source &source) const {
  int64_t elements = source.splat ? 1 : typeOf(parameter).getNumElements();
  uint64_t expected = elements * graph::getElementBytes(source.type);
  if (source.bytes.size() != expected)
    return badInput("shape-mismatch", "expected {0} bytes for '{1}' but its source has {2}", expected,
                    parameter.getSymName(), source.bytes.size());
  if (!canConvert(source.type, typeOf(parameter).getElementType()))
    return badInput("unsupported-dtype", "cannot store '{0}' as {1}: its source holds {2}",
                    parameter.getSymName(), typeOf(parameter).getElementType(), source.type);
  return llvm::Error::success();
}

bool WeightReader::isStoredAsInSource(unsigned weight) const {
  graph::ParameterOp parameter = parameters[weight];
  return parameter.getSourceAttr() && !encodingOf(parameter) &&
         sources[weight].type == typeOf(parameter).getElementType();
}

std::pair<std::string, const llvm::MemoryBuffer *> WeightReader::file(graph::ParameterOp parameter) const {
  std::string path = pathIn(directory, parameter.getSourceAttr().getFile());
  auto found = files.find(path);
  return {path, found == files.end() ? nullptr : found->second.get()};
}

WriteResult WeightReader::fill(unsigned weight, uint64_t offset, MutableArrayRef<char> data) {
  if (encodingOf(parameters[weight]))
    fillGroups(weight, offset, data);
  else
    fillRowMajor(weight, offset, data);
  return checkUnchanged();
}

/// A model that is being replaced would give weights of two models.
WriteResult WeightReader::checkUnchanged() const {
  for (const auto &file : modified) {
    llvm::sys::fs::file_status status;
    if (llvm::sys::fs::status(file.first(), status) || status.getLastModificationTime() != file.second)
      return {"changed-file",
              llvm::formatv("'{0}' was changed while its weights were read; compile again", file.first()).str()};
  }
  return {};
}

/// Converts elements `first` onwards, as many as fit into `data`.
static void convertElements(ArrayRef<char> source, bool splat, Type from, Type to, int64_t first,
                            MutableArrayRef<char> data) {
  int64_t fromBytes = graph::getElementBytes(from), toBytes = graph::getElementBytes(to);
  if (!splat)
    return convert(source.data() + first * fromBytes, from, data.data(), to, data.size() / toBytes);
  for (size_t i = 0; i < data.size(); i += toBytes)
    convert(source.data(), from, data.data() + i, to, 1);
}

void WeightReader::fillRowMajor(unsigned weight, uint64_t offset, MutableArrayRef<char> data) {
  Type type = typeOf(parameters[weight]).getElementType();
  const Source &source = sources[weight];
  convertElements(source.bytes, source.splat, source.type, type, offset / graph::getElementBytes(type), data);
}

void WeightReader::packGroup(unsigned weight, int64_t number) {
  RankedTensorType type = typeOf(parameters[weight]);
  graph::EncodingAttrInterface encoding = encodingOf(parameters[weight]);
  Type element = type.getElementType();
  int64_t groupRows = encoding.getGroupRows(type.getShape(), element);
  int64_t first = number * groupRows, count = std::min(groupRows, type.getDimSize(0) - first);
  int64_t rowElements = type.getNumElements() / type.getDimSize(0);
  rows.resize(count * rowElements * graph::getElementBytes(element));
  group.resize(encoding.getGroupBytes(type.getShape(), element));
  const Source &source = sources[weight];
  convertElements(source.bytes, source.splat, source.type, element, first * rowElements, rows);
  encoding.packGroup(type.getShape(), element, rows, group);
  packed = {weight, number};
}

void WeightReader::fillGroups(unsigned weight, uint64_t offset, MutableArrayRef<char> data) {
  RankedTensorType type = typeOf(parameters[weight]);
  uint64_t groupBytes = encodingOf(parameters[weight]).getGroupBytes(type.getShape(), type.getElementType());
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
