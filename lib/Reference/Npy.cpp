// Reads and writes NumPy's .npy format, version 1 to 3, C order, little-endian.
#include "lib/Reference/Npy.h"

#include "lib/Support/Error.h"
#include "lib/Support/File.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"

using namespace mlir;
using namespace girih;
using namespace girih::reference;
using llvm::Expected;

namespace {
constexpr StringLiteral kMagic = "\x93NUMPY";

struct Header {
  Type stored, element; // what the file holds, what the tensor becomes
  SmallVector<int64_t> shape;
  size_t dataOffset = 0;
};

llvm::Error bad(StringRef path, const Twine &why) {
  return badInput("bad-npy",
                  "expected a .npy file of numbers in C order, but '{0}' {1}; write it with numpy.save", path,
                  why.str());
}

// The text of the dictionary's value for `key`, up to the next comma outside brackets.
StringRef valueOf(StringRef header, StringRef key) {
  size_t at = header.find(("'" + key + "':").str());
  if (at == StringRef::npos)
    return {};
  StringRef rest = header.substr(at + key.size() + 3).ltrim();
  size_t end = rest.starts_with("(") ? rest.find(')') + 1 : rest.find_first_of(",}");
  return rest.substr(0, end).trim();
}

// The stored type of a NumPy type string such as "<f4", and the graph's type for it.
std::pair<Type, Type> parseType(MLIRContext *context, StringRef descr) {
  Builder b(context);
  StringRef code = descr.trim("'");
  code.consume_front("<") || code.consume_front("|") || code.consume_front("=");
  Type i8 = b.getI8Type(), i16 = b.getIntegerType(16), i32 = b.getI32Type(), i64 = b.getI64Type();
  return StringSwitch<std::pair<Type, Type>>(code)
      .Case("f2", {b.getF16Type(), b.getF16Type()})
      .Case("f4", {b.getF32Type(), b.getF32Type()})
      .Case("f8", {b.getF64Type(), b.getF32Type()})
      .Case("i1", {i8, i8})
      .Case("i2", {i16, i32})
      .Case("i4", {i32, i32})
      .Case("i8", {i64, i32})
      .Case("b1", {i8, b.getI1Type()})
      .Default({});
}

bool parseShape(StringRef text, SmallVectorImpl<int64_t> &shape) {
  if (!text.consume_front("(") || !text.consume_back(")"))
    return false;
  SmallVector<StringRef> parts;
  text.split(parts, ',', -1, /*KeepEmpty=*/false);
  int64_t elements = 1;
  for (StringRef part : parts) {
    part = part.trim();
    if (part.empty())
      continue;
    int64_t size;
    if (part.getAsInteger(10, size) || size < 0 ||
        llvm::MulOverflow(elements, std::max<int64_t>(size, 1), elements))
      return false;
    shape.push_back(size);
  }
  return true;
}

Expected<Header> parseHeader(MLIRContext *context, StringRef bytes, StringRef path) {
  if (!bytes.starts_with(kMagic) || bytes.size() < 12)
    return bad(path, "does not begin with its magic bytes");
  bool isVersion1 = bytes[6] == 1;
  size_t length = isVersion1 ? llvm::support::endian::read16le(bytes.data() + 8)
                             : llvm::support::endian::read32le(bytes.data() + 8);
  size_t begin = isVersion1 ? 10 : 12;
  if (length > bytes.size() - begin)
    return bad(path, "ends inside its header");
  StringRef text = bytes.substr(begin, length);
  Header header;
  header.dataOffset = begin + length;
  std::tie(header.stored, header.element) = parseType(context, valueOf(text, "descr"));
  if (!header.stored)
    return bad(path, "has elements of type " + valueOf(text, "descr"));
  if (valueOf(text, "fortran_order") != "False")
    return bad(path, "is in Fortran order");
  if (!parseShape(valueOf(text, "shape"), header.shape))
    return bad(path, "has the shape " + valueOf(text, "shape"));
  int64_t needed = HostTensor::countElements(header.shape);
  if (needed > static_cast<int64_t>((bytes.size() - header.dataOffset) / storedBytes(header.stored)))
    return bad(path, "is shorter than its shape says");
  return header;
}

StringRef typeString(const HostTensor &tensor) {
  Type type = tensor.getElementType();
  if (isa<FloatType>(type))
    return tensor.isExact() ? "<f8" : type.isF16() ? "<f2" : "<f4";
  return type.isInteger(1) ? "|b1" : type.isInteger(8) ? "|i1" : "<i4";
}

// The stored form: bf16 has no NumPy type and is widened.
Type fileType(const HostTensor &tensor) {
  Type type = tensor.getElementType();
  Builder b(type.getContext());
  if (isa<FloatType>(type) && tensor.isExact())
    return b.getF64Type();
  return type.isBF16() ? b.getF32Type() : type;
}

std::string makeHeader(const HostTensor &tensor) {
  std::string shape;
  for (int64_t size : tensor.getShape())
    shape += std::to_string(size) + ",";
  std::string text =
      llvm::formatv("{{'descr': '{0}', 'fortran_order': False, 'shape': ({1}), }", typeString(tensor), shape);
  text.append(63 - (10 + text.size()) % 64, ' ');
  text += '\n';
  std::string header(kMagic);
  header += {'\x01', '\x00', static_cast<char>(text.size() & 255), static_cast<char>(text.size() >> 8)};
  return header + text;
}
} // namespace

Expected<HostTensor> girih::reference::readNpy(MLIRContext *context, StringRef path) {
  Expected<std::unique_ptr<llvm::MemoryBuffer>> file = openFile(path);
  if (!file)
    return file.takeError();
  StringRef bytes = (*file)->getBuffer();
  Expected<Header> header = parseHeader(context, bytes, path);
  if (!header)
    return header.takeError();
  HostTensor tensor(header->shape, header->element);
  tensor.fromBytes(ArrayRef(bytes.data() + header->dataOffset, bytes.size() - header->dataOffset),
                   header->stored);
  for (int64_t i = 0; i < tensor.size(); ++i)
    if (isa<IntegerType>(header->element) && roundTo(header->element, tensor[i]) != tensor[i])
      return bad(path, "holds " + Twine(static_cast<int64_t>(tensor[i])) + ", which does not fit 32 bits");
  tensor.round();
  return tensor;
}

llvm::Error girih::reference::writeNpy(const HostTensor &tensor, StringRef path) {
  std::error_code code;
  llvm::raw_fd_ostream os(path, code);
  if (code)
    return resourceError("cannot-write", "expected to write '{0}', but: {1}", path, code.message());
  HostTensor stored(tensor.getShape(), fileType(tensor));
  std::copy(tensor.data(), tensor.data() + tensor.size(), stored.data());
  std::vector<char> bytes = stored.toBytes();
  os << makeHeader(tensor);
  os.write(bytes.data(), bytes.size());
  os.close();
  if (!os.has_error())
    return llvm::Error::success();
  std::string reason = os.error().message();
  os.clear_error();
  return resourceError("disk-full", "expected to write {0} bytes to '{1}', but: {2}", bytes.size(), path,
                       reason);
}
