// Reads one safetensors file. Every count, offset, type and string of the header is checked before it is used, in the order in
// which the format's reference implementation checks them.
#include "lib/Import/SafeTensors.h"

#include "lib/Support/Error.h"
#include "lib/Support/File.h"
#include "lib/Support/Json.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/Endian.h"

using namespace girih;
using namespace girih::import;
using llvm::StringRef;

/// The format's own limit on the header's length.
static constexpr uint64_t maximumHeader = 100'000'000;
static constexpr const char *headerCode = "bad-safetensors-header";
static constexpr const char *offsetsCode = "bad-safetensors-offsets";

/// Bits of one element; 0 for a type the format does not have.
static unsigned dtypeBits(StringRef dtype) {
  return llvm::StringSwitch<unsigned>(dtype)
      .Case("F4", 4)
      .Cases({"F6_E2M3", "F6_E3M2"}, 6)
      .Cases({"BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"}, 8)
      .Cases({"U16", "I16", "F16", "BF16"}, 16)
      .Cases({"U32", "I32", "F32"}, 32)
      .Cases({"U64", "I64", "F64", "C64"}, 64)
      .Default(0);
}

std::string girih::import::printShape(llvm::ArrayRef<int64_t> shape) {
  return "[" + llvm::join(llvm::map_range(shape, [](int64_t d) { return std::to_string(d); }), ", ") + "]";
}

llvm::Expected<StringRef> girih::import::safeTensorsHeaderText(StringRef content, StringRef where) {
  if (content.size() < sizeof(uint64_t))
    return badInput(headerCode, "expected a file of at least 8 bytes, but found {0}; in {1}; download it again",
                    content.size(), where);
  uint64_t length = llvm::support::endian::read64le(content.data());
  if (length > maximumHeader)
    return badInput(headerCode, "expected a header of at most {0} bytes, but found {1}; in {2}; is it a safetensors file?",
                    maximumHeader, length, where);
  if (length > content.size() - sizeof(uint64_t))
    return badInput(headerCode,
                    "expected a header of {0} bytes, but the file has only {1} more; in {2}; it is truncated, download it again",
                    length, content.size() - sizeof(uint64_t), where);
  return content.substr(sizeof(uint64_t), length);
}

/// Reads an array of integers that are not negative.
static llvm::Expected<llvm::SmallVector<int64_t, 4>> readCounts(const llvm::json::Object &entry, StringRef field,
                                                                const std::string &tensor, StringRef where) {
  const llvm::json::Array *array = entry.getArray(field);
  if (!array)
    return badInput(headerCode, "expected an array of integers as '{0}' of tensor {1}; in {2}", field, tensor, where);
  llvm::SmallVector<int64_t, 4> result;
  for (const llvm::json::Value &value : *array) {
    std::optional<int64_t> count = value.getAsInteger();
    if (!count || *count < 0)
      return badInput(headerCode, "expected integers from 0 to 2^63 - 1 in '{0}' of tensor {1}, but found {2}; in {3}", field,
                      tensor, brief(value), where);
    result.push_back(*count);
  }
  return result;
}

/// The product of shape and element size in bytes, or an error if it overflows or is no whole number of bytes.
static llvm::Expected<uint64_t> byteSize(const SafeTensor &tensor, const std::string &name, StringRef where) {
  uint64_t size = dtypeBits(tensor.dtype);
  if (size == 0)
    return badInput("unsupported-dtype", "expected an element type of the safetensors format for tensor {0}, but found {1}; in {2}",
                    name, quoted(tensor.dtype), where);
  for (int64_t dimension : tensor.shape) {
    std::optional<uint64_t> product = llvm::checkedMulUnsigned(size, static_cast<uint64_t>(dimension));
    if (!product)
      return badInput(offsetsCode, "expected a size below 2^64 bits for tensor {0}, but shape {1} overflows it; in {2}", name,
                      printShape(tensor.shape), where);
    size = *product;
  }
  if (size % 8)
    return badInput(offsetsCode, "expected whole bytes for tensor {0}, but {1} elements of {2} are {3} bits; in {4}", name,
                    printShape(tensor.shape), tensor.dtype, size, where);
  return size / 8;
}

/// Reads one tensor's description; its offset is still relative to the end of the header.
static llvm::Expected<SafeTensor> parseTensor(StringRef rawName, const llvm::json::Value &value, StringRef where) {
  std::string name = quoted(rawName);
  const llvm::json::Object *entry = value.getAsObject();
  if (!entry)
    return badInput(headerCode, "expected an object for tensor {0}, but found {1}; in {2}", name, brief(value), where);
  for (const auto &field : *entry)
    if (!llvm::is_contained({"dtype", "shape", "data_offsets"}, StringRef(field.first)))
      return badInput(headerCode, "expected only dtype, shape and data_offsets for tensor {0}, but found {1}; in {2}", name,
                      quoted(field.first), where);
  std::optional<StringRef> dtype = entry->getString("dtype");
  if (!dtype)
    return badInput(headerCode, "expected a string as 'dtype' of tensor {0}; in {1}", name, where);
  auto shape = readCounts(*entry, "shape", name, where);
  if (!shape)
    return shape.takeError();
  auto offsets = readCounts(*entry, "data_offsets", name, where);
  if (!offsets)
    return offsets.takeError();
  if (offsets->size() != 2 || (*offsets)[0] > (*offsets)[1])
    return badInput(offsetsCode, "expected a begin and an end as 'data_offsets' of tensor {0}, but found {1}; in {2}", name,
                    printShape(*offsets), where);
  SafeTensor tensor{rawName.str(), dtype->str(), *shape, static_cast<uint64_t>((*offsets)[0]),
                    static_cast<uint64_t>((*offsets)[1] - (*offsets)[0])};
  auto bytes = byteSize(tensor, name, where);
  if (!bytes)
    return bytes.takeError();
  if (*bytes != tensor.bytes)
    return badInput(offsetsCode, "expected {0} bytes for tensor {1} of shape {2} and type {3}, but its offsets span {4}; in {5}",
                    *bytes, name, printShape(tensor.shape), tensor.dtype, tensor.bytes, where);
  return tensor;
}

/// The data must be covered by the tensors exactly: each begins where the one before ends, and the last ends with the file.
static llvm::Error checkCoverage(llvm::ArrayRef<SafeTensor> sorted, uint64_t dataSize, StringRef where) {
  uint64_t end = 0;
  for (const SafeTensor &tensor : sorted) {
    if (tensor.offset != end)
      return badInput(offsetsCode, "expected tensor {0} to begin at byte {1} of the data, where the one before ends, but it begins at {2} ({3}); in {4}",
                      quoted(tensor.name), end, tensor.offset, tensor.offset < end ? "an overlap" : "a hole", where);
    end += tensor.bytes;
    // Checked at once, so that sums of sizes cannot overflow.
    if (end > dataSize)
      return badInput(offsetsCode, "expected tensor {0} to end within the {1} bytes of data, but it ends at {2}; in {3}; the file may be truncated",
                      quoted(tensor.name), dataSize, end, where);
  }
  if (end != dataSize)
    return badInput(offsetsCode, "expected {0} bytes of data, as the tensors need, but the file has {1}; in {2}", end, dataSize, where);
  return llvm::Error::success();
}

/// `__metadata__` maps strings to strings.
static llvm::Error checkMetadata(const llvm::json::Value &value, StringRef where) {
  const llvm::json::Object *object = value.getAsObject();
  if (!object || llvm::any_of(*object, [](const auto &field) { return !field.second.getAsString(); }))
    return badInput(headerCode, "expected an object of strings as '__metadata__', but found {0}; in {1}", brief(value), where);
  return llvm::Error::success();
}

llvm::Expected<std::vector<SafeTensor>> girih::import::parseSafeTensorsHeader(StringRef header, uint64_t fileSize,
                                                                              StringRef where) {
  if (!header.starts_with("{"))
    return badInput(headerCode, "expected the header to begin with an opening brace; in {0}; is it a safetensors file?", where);
  auto json = parseJson(header, where, headerCode);
  if (!json)
    return json.takeError();
  std::vector<SafeTensor> tensors;
  for (const auto &field : *json->getAsObject()) {
    if (StringRef(field.first) == "__metadata__") {
      if (llvm::Error error = checkMetadata(field.second, where))
        return error;
      continue;
    }
    auto tensor = parseTensor(field.first, field.second, where);
    if (!tensor)
      return tensor.takeError();
    tensors.push_back(std::move(*tensor));
  }
  // Tensors without bytes share their begin with the next one; the name decides so that messages are the same in every run.
  llvm::sort(tensors, [](const SafeTensor &a, const SafeTensor &b) {
    return std::tie(a.offset, a.bytes, a.name) < std::tie(b.offset, b.bytes, b.name);
  });
  uint64_t begin = sizeof(uint64_t) + header.size();
  if (llvm::Error error = checkCoverage(tensors, fileSize - begin, where))
    return error;
  for (SafeTensor &tensor : tensors)
    tensor.offset += begin;
  return tensors;
}

llvm::Expected<SafeTensorsFile> SafeTensorsFile::open(StringRef path) {
  SafeTensorsFile file;
  auto buffer = girih::openFile(path);
  if (!buffer)
    return buffer.takeError();
  file.buffer = std::move(*buffer);
  std::string where = quoted(path);
  StringRef content = file.buffer->getBuffer();
  auto header = safeTensorsHeaderText(content, where);
  if (!header)
    return header.takeError();
  auto tensors = parseSafeTensorsHeader(*header, content.size(), where);
  if (!tensors)
    return tensors.takeError();
  file.list = std::move(*tensors);
  return file;
}
