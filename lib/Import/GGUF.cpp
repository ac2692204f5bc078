// Reads a GGUF file. Every count, length, offset, type and string is checked before it is used; memory grows with what the file holds,
// never with what it claims to.
#include "lib/Import/GGUF.h"

#include "lib/Support/Error.h"
#include "lib/Support/Json.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

using namespace girih;
using namespace girih::import;
using llvm::StringLiteral;
using llvm::StringRef;

static constexpr const char *code = "bad-gguf";
// The format's own limits on names.
static constexpr uint64_t longestKey = 65535, longestName = 64;
static constexpr uint64_t mostDimensions = 4, greatestAlignment = 1 << 20;

namespace {

/// How a type's elements are stored: in blocks of `elements` that take `bytes`.
struct TensorType {
  uint32_t number;
  StringLiteral name;
  uint64_t elements, bytes;
};

} // namespace

static constexpr TensorType tensorTypes[] = {
    {0, "F32", 1, 4},    {1, "F16", 1, 2},    {30, "BF16", 1, 2},  {2, "Q4_0", 32, 18},   {3, "Q4_1", 32, 20},
    {6, "Q5_0", 32, 22}, {7, "Q5_1", 32, 24}, {8, "Q8_0", 32, 34}, {12, "Q4_K", 256, 144}, {14, "Q6_K", 256, 210},
};

/// Bytes of a value of this kind; 0 for strings and arrays, which say so themselves.
static uint64_t sizeOf(GGUFKind kind) {
  static constexpr uint64_t sizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  return sizes[static_cast<uint32_t>(kind)];
}

namespace {

/// Reads from the front. A read past the end fails, and so do all after it.
class Reader {
public:
  Reader(StringRef content, StringRef where) : content(content), where(where) {}

  template <typename T> bool number(T &to) {
    StringRef bytes;
    if (!take(sizeof(T), bytes))
      return false;
    to = llvm::support::endian::read<T, llvm::endianness::little>(bytes.data());
    return true;
  }
  bool take(uint64_t count, StringRef &to) {
    if (count > content.size() - offset)
      return false;
    to = content.substr(offset, count);
    offset += count;
    return true;
  }
  bool string(StringRef &to) {
    uint64_t length = 0;
    return number(length) && take(length, to);
  }
  llvm::Error truncated(StringRef what) const {
    return badInput(code, "expected {0}, but the file ends at byte {1}; in {2}; it is truncated or damaged, download it again", what,
                    content.size(), where);
  }
  uint64_t position() const { return offset; }

private:
  StringRef content, where;
  uint64_t offset = 0;
};

} // namespace

/// Reads the scalar at the front of `bytes` as the widest type of its sort.
static std::optional<int64_t> integerAt(GGUFKind kind, const char *at) {
  using namespace llvm::support::endian;
  switch (kind) {
  case GGUFKind::U8: return static_cast<uint8_t>(*at);
  case GGUFKind::I8: return static_cast<int8_t>(*at);
  case GGUFKind::U16: return read16le(at);
  case GGUFKind::I16: return static_cast<int16_t>(read16le(at));
  case GGUFKind::U32: return read32le(at);
  case GGUFKind::I32: return static_cast<int32_t>(read32le(at));
  case GGUFKind::I64: return static_cast<int64_t>(read64le(at));
  case GGUFKind::U64:
    if (read64le(at) <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      return static_cast<int64_t>(read64le(at));
    return std::nullopt;
  default: return std::nullopt;
  }
}

static std::optional<double> numberAt(GGUFKind kind, const char *at) {
  using namespace llvm::support::endian;
  if (kind == GGUFKind::F32)
    return llvm::bit_cast<float>(read32le(at));
  if (kind == GGUFKind::F64)
    return llvm::bit_cast<double>(read64le(at));
  return std::nullopt;
}

std::optional<int64_t> GGUFValue::integer() const { return integerAt(kind, bytes.data()); }
std::optional<double> GGUFValue::number() const { return numberAt(kind, bytes.data()); }
std::optional<bool> GGUFValue::flag() const {
  return kind == GGUFKind::Bool ? std::optional(bytes.front() != 0) : std::nullopt;
}
std::optional<StringRef> GGUFValue::text() const { return kind == GGUFKind::String ? std::optional(bytes) : std::nullopt; }

/// All elements of an array by `read`, or nothing if one of them is of another kind.
template <typename T, typename Read> static std::optional<std::vector<T>> elements(const GGUFValue &value, Read read) {
  if (value.kind != GGUFKind::Array || !sizeOf(value.element))
    return std::nullopt;
  std::vector<T> result;
  result.reserve(value.count);
  for (uint64_t i = 0; i < value.count; ++i) {
    std::optional<T> element = read(value.element, value.bytes.data() + i * sizeOf(value.element));
    if (!element)
      return std::nullopt;
    result.push_back(*element);
  }
  return result;
}

std::optional<std::vector<int64_t>> GGUFValue::integers() const { return elements<int64_t>(*this, integerAt); }
std::optional<std::vector<double>> GGUFValue::numbers() const { return elements<double>(*this, numberAt); }

std::optional<std::vector<StringRef>> GGUFValue::texts() const {
  if (kind != GGUFKind::Array || element != GGUFKind::String)
    return std::nullopt;
  std::vector<StringRef> result(count);
  Reader reader(bytes, "");
  for (StringRef &text : result)
    if (!reader.string(text))
      return std::nullopt;
  return result;
}

static llvm::Error checkKind(uint32_t kind, StringRef key, StringRef where) {
  if (kind <= static_cast<uint32_t>(GGUFKind::F64))
    return llvm::Error::success();
  return badInput(code, "expected a type of values from 0 to 12 for key {0}, but found {1}; in {2}", quoted(key), kind, where);
}

/// Reads an array's elements. Its count is checked against the bytes that are left before anything is counted on it.
static llvm::Error readArray(Reader &reader, StringRef key, GGUFValue &value, StringRef content, StringRef where) {
  uint32_t element = 0;
  if (!reader.number(element) || !reader.number(value.count))
    return reader.truncated("the type and count of array " + quoted(key));
  if (llvm::Error error = checkKind(element, key, where))
    return error;
  value.element = static_cast<GGUFKind>(element);
  if (value.element == GGUFKind::Array)
    return badInput(code, "expected no arrays within arrays, but found some at key {0}; in {1}", quoted(key), where);
  if (uint64_t size = sizeOf(value.element)) {
    std::optional<uint64_t> bytes = llvm::checkedMulUnsigned(size, value.count);
    if (!bytes || !reader.take(*bytes, value.bytes))
      return reader.truncated(llvm::formatv("{0} elements of array {1}", value.count, quoted(key)).str());
    return llvm::Error::success();
  }
  uint64_t begin = reader.position();
  StringRef text;
  for (uint64_t i = 0; i < value.count; ++i)
    if (!reader.string(text))
      return reader.truncated(llvm::formatv("{0} strings of array {1}", value.count, quoted(key)).str());
  value.bytes = content.slice(begin, reader.position());
  return llvm::Error::success();
}

static llvm::Error readValue(Reader &reader, StringRef key, GGUFValue &value, StringRef content, StringRef where) {
  uint32_t kind = 0;
  if (!reader.number(kind))
    return reader.truncated("the type of key " + quoted(key));
  if (llvm::Error error = checkKind(kind, key, where))
    return error;
  value.kind = static_cast<GGUFKind>(kind);
  if (value.kind == GGUFKind::Array)
    return readArray(reader, key, value, content, where);
  bool read = value.kind == GGUFKind::String ? reader.string(value.bytes) : reader.take(sizeOf(value.kind), value.bytes);
  if (!read)
    return reader.truncated("the value of key " + quoted(key));
  if (value.kind == GGUFKind::Bool && static_cast<uint8_t>(value.bytes.front()) > 1)
    return badInput(code, "expected 0 or 1 for key {0}, but found {1}; in {2}", quoted(key),
                    static_cast<unsigned>(static_cast<uint8_t>(value.bytes.front())), where);
  return llvm::Error::success();
}

static llvm::Error checkName(StringRef what, StringRef name, uint64_t longest, StringRef where) {
  if (!name.empty() && name.size() <= longest && llvm::json::isUTF8(name) && !name.contains('\0'))
    return llvm::Error::success();
  return badInput(code, "expected a {0} of 1 to {1} bytes of UTF-8, but found {2} bytes, {3}; in {4}", what, longest, name.size(),
                  quoted(llvm::json::fixUTF8(name.take_front(longestName))), where);
}

static llvm::Error readValues(Reader &reader, uint64_t count, GGUFContent &result, StringRef content, StringRef where) {
  for (uint64_t i = 0; i < count; ++i) {
    StringRef key;
    if (!reader.string(key))
      return reader.truncated(llvm::formatv("{0} keys", count).str());
    if (llvm::Error error = checkName("key", key, longestKey, where))
      return error;
    auto [entry, inserted] = result.values.try_emplace(key.str());
    if (!inserted)
      return badInput(code, "expected every key once, but {0} is there twice; in {1}", quoted(key), where);
    if (llvm::Error error = readValue(reader, key, entry->second, content, where))
      return error;
  }
  return llvm::Error::success();
}

/// Reads dimensions, contiguous one first, into `shape`, which has it last. Zero sizes serve no model.
static llvm::Error readShape(Reader &reader, SafeTensor &tensor, StringRef where) {
  uint32_t rank = 0;
  if (!reader.number(rank))
    return reader.truncated("the dimensions of tensor " + quoted(tensor.name));
  if (rank < 1 || rank > mostDimensions)
    return badInput(code, "expected 1 to {0} dimensions of tensor {1}, but found {2}; in {3}", mostDimensions, quoted(tensor.name), rank, where);
  for (uint32_t i = 0; i < rank; ++i) {
    uint64_t size = 0;
    if (!reader.number(size))
      return reader.truncated("the dimensions of tensor " + quoted(tensor.name));
    if (size < 1 || size > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      return badInput(code, "expected positive sizes of tensor {0}, but found {1}; in {2}", quoted(tensor.name), size, where);
    tensor.shape.insert(tensor.shape.begin(), static_cast<int64_t>(size));
  }
  return llvm::Error::success();
}

/// Finds the type, and from it the tensor's bytes.
static llvm::Error measure(SafeTensor &tensor, uint32_t number, StringRef where) {
  const TensorType *type = llvm::find_if(tensorTypes, [&](const TensorType &type) { return type.number == number; });
  if (type == std::end(tensorTypes))
    return badInput("unsupported-dtype",
                    "expected tensor {0} to be F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K or Q6_K, but found GGUF's type {1}; "
                    "in {2}; convert the file first",
                    quoted(tensor.name), number, where);
  tensor.dtype = type->name.str();
  uint64_t row = static_cast<uint64_t>(tensor.shape.back());
  if (row % type->elements)
    return badInput(code, "expected rows of a multiple of {0} elements of tensor {1}, which is {2}, but found {3}; in {4}", type->elements,
                    quoted(tensor.name), type->name, row, where);
  std::optional<uint64_t> bytes = llvm::checkedMulUnsigned(row / type->elements, type->bytes);
  for (int64_t size : llvm::ArrayRef(tensor.shape).drop_back())
    bytes = bytes ? llvm::checkedMulUnsigned(*bytes, static_cast<uint64_t>(size)) : bytes;
  if (!bytes)
    return badInput(code, "expected a size below 2^64 bytes for tensor {0}, but shape {1} overflows it; in {2}", quoted(tensor.name),
                    printShape(tensor.shape), where);
  tensor.bytes = *bytes;
  return llvm::Error::success();
}

static llvm::Error readTensors(Reader &reader, uint64_t count, GGUFContent &result, StringRef where) {
  llvm::StringSet<> seen;
  for (uint64_t i = 0; i < count; ++i) {
    StringRef name;
    if (!reader.string(name))
      return reader.truncated(llvm::formatv("descriptions of {0} tensors", count).str());
    if (llvm::Error error = checkName("tensor's name", name, longestName, where))
      return error;
    if (!seen.insert(name).second)
      return badInput(code, "expected every tensor once, but {0} is there twice; in {1}", quoted(name), where);
    SafeTensor &tensor = result.tensors.emplace_back();
    tensor.name = name.str();
    if (llvm::Error error = readShape(reader, tensor, where))
      return error;
    uint32_t type = 0;
    if (!reader.number(type) || !reader.number(tensor.offset))
      return reader.truncated("the type and offset of tensor " + quoted(name));
    if (llvm::Error error = measure(tensor, type, where))
      return error;
  }
  return llvm::Error::success();
}

static llvm::Expected<uint64_t> readAlignment(const GGUFContent &content, StringRef where) {
  auto found = content.values.find("general.alignment");
  if (found == content.values.end())
    return 32;
  std::optional<int64_t> alignment = found->second.integer();
  if (!alignment || *alignment < 1 || *alignment > static_cast<int64_t>(greatestAlignment) || !llvm::isPowerOf2_64(*alignment))
    return badInput(code, "expected a power of two up to {0} as 'general.alignment', but found {1}; in {2}", greatestAlignment,
                    alignment ? std::to_string(*alignment) : "no integer", where);
  return *alignment;
}

/// Makes offsets count from the file's begin: aligned, within the file, and no byte in two tensors.
static llvm::Error placeTensors(std::vector<SafeTensor> &tensors, uint64_t begin, uint64_t fileSize, uint64_t alignment, StringRef where) {
  llvm::sort(tensors, [](const SafeTensor &a, const SafeTensor &b) { return std::tie(a.offset, a.name) < std::tie(b.offset, b.name); });
  uint64_t data = begin <= fileSize ? fileSize - begin : 0, end = 0;
  for (SafeTensor &tensor : tensors) {
    if (tensor.offset % alignment)
      return badInput(code, "expected tensor {0} at a multiple of {1} bytes, but its offset is {2}; in {3}", quoted(tensor.name), alignment,
                      tensor.offset, where);
    if (tensor.offset > data || tensor.bytes > data - tensor.offset)
      return badInput(code, "expected {0} bytes for tensor {1} at byte {2} of the data, but it has only {3}; in {4}; the file may be truncated, download it again",
                      tensor.bytes, quoted(tensor.name), tensor.offset, data, where);
    if (tensor.offset < end)
      return badInput(code, "expected tensor {0} to begin at byte {1} of the data or later, where the one before ends, but it begins at {2}; in {3}",
                      quoted(tensor.name), end, tensor.offset, where);
    end = tensor.offset + tensor.bytes;
    tensor.offset += begin;
  }
  return llvm::Error::success();
}

static llvm::Error checkVersion(uint32_t version, StringRef where) {
  if (version == 2 || version == 3)
    return llvm::Error::success();
  return badInput(code, "expected version 2 or 3 of the format, but found {0}; in {1}{2}", version, where,
                  version && !(version & 0xffff) ? "; the file is big-endian" : "; convert the model again");
}

llvm::Expected<GGUFContent> girih::import::parseGGUF(StringRef content, StringRef where) {
  Reader reader(content, where);
  StringRef magic;
  if (!reader.take(4, magic) || magic != "GGUF")
    return badInput(code, "expected a file that begins with 'GGUF', but found {0}; in {1}; is it a GGUF file?",
                    quoted(llvm::json::fixUTF8(content.take_front(4))), where);
  uint32_t version = 0;
  if (!reader.number(version))
    return reader.truncated("a version");
  if (llvm::Error error = checkVersion(version, where))
    return std::move(error);
  uint64_t tensors = 0, values = 0;
  if (!reader.number(tensors) || !reader.number(values))
    return reader.truncated("the numbers of tensors and keys");
  GGUFContent result;
  if (llvm::Error error = readValues(reader, values, result, content, where))
    return std::move(error);
  if (llvm::Error error = readTensors(reader, tensors, result, where))
    return std::move(error);
  auto alignment = readAlignment(result, where);
  if (!alignment)
    return alignment.takeError();
  uint64_t begin = llvm::alignTo(reader.position(), *alignment);
  if (llvm::Error error = placeTensors(result.tensors, begin, content.size(), *alignment, where))
    return std::move(error);
  return result;
}
