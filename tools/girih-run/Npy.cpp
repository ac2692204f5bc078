// The header is a Python dict literal: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
#include "Npy.h"
#include "Output.h"
#include "Report.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

using namespace girih::run;

static Failure bad(const std::string &path, const std::string &what) {
  return {BadInput, "bad-npy", "'" + path + "': " + what};
}

/// The text after a key of the header, from its first character that is no space.
static std::string_view valueOf(std::string_view header, std::string_view key) {
  size_t at = header.find(key);
  at = at == std::string_view::npos ? at : header.find(':', at);
  at = at == std::string_view::npos ? at : header.find_first_not_of(' ', at + 1);
  return at == std::string_view::npos ? std::string_view() : header.substr(at);
}

static std::vector<int64_t> parseShape(std::string_view text, const std::string &path) {
  std::vector<int64_t> shape;
  size_t end = text.find(')');
  if (text.empty() || text[0] != '(' || end == std::string_view::npos)
    throw bad(path, "expected a shape in the header");
  std::istringstream stream{std::string(text.substr(1, end - 1))};
  uint64_t bytes = 8;
  for (std::string item; std::getline(stream, item, ',');) {
    if (item.find_first_not_of(" L") == std::string::npos)
      continue;
    char *rest = nullptr;
    int64_t size = strtoll(item.c_str(), &rest, 10);
    if (size < 0 || rest == item.c_str() || __builtin_mul_overflow(bytes, uint64_t(size), &bytes))
      throw bad(path, "the shape in the header is malformed");
    shape.push_back(size);
  }
  if (shape.size() > GIRIH_MAX_RANK)
    throw bad(path, "expected a rank of at most 8 but found " + std::to_string(shape.size()));
  return shape;
}

struct NpyType {
  const char *descr;
  uint32_t elementType;
  size_t bytes;
};
/// The first of an element type is how it is written.
static constexpr NpyType types[] = {{"<f4", GIRIH_F32, 4}, {"<f2", GIRIH_F16, 2}, {"<i4", GIRIH_I32, 4},
                                    {"|i1", GIRIH_I8, 1},  {"|b1", GIRIH_I1, 1},  {"<f8", GIRIH_F32, 8},
                                    {"<i8", GIRIH_I32, 8}, {"<u8", GIRIH_I32, 8}, {"<u4", GIRIH_I32, 4},
                                    {"|u1", GIRIH_I32, 1}};

static std::string readHeader(std::ifstream &file, const std::string &path) {
  unsigned char start[12] = {};
  file.read(reinterpret_cast<char *>(start), 10);
  if (!file || memcmp(start, "\x93NUMPY", 6) != 0)
    throw bad(path, "expected NumPy's format but the file does not start so");
  size_t length = start[8] | start[9] << 8;
  if (start[6] >= 2) {
    file.read(reinterpret_cast<char *>(start) + 10, 2);
    length |= size_t(start[10]) << 16 | size_t(start[11]) << 24;
  }
  if (length > 1 << 20)
    throw bad(path, "the header is malformed");
  std::string header(length, '\0');
  if (!file.read(header.data(), std::streamsize(length)))
    throw bad(path, "the file ends within its header");
  return header;
}

/// One integer of `bytes` bytes without a sign.
static uint64_t loadUnsigned(const uint8_t *data, size_t bytes) {
  uint64_t value = 0;
  memcpy(&value, data, bytes);
  return value;
}

static int32_t narrowInteger(const NpyType &type, const uint8_t *data, const std::string &path) {
  uint64_t bits = loadUnsigned(data, type.bytes);
  bool isSigned = type.descr[1] == 'i';
  bool fits = isSigned ? int64_t(bits) == int32_t(bits) : bits <= INT32_MAX;
  if (!fits)
    throw bad(path, "expected integers that fit 32 bits but found " +
                        (isSigned ? std::to_string(int64_t(bits)) : std::to_string(bits)));
  return int32_t(bits);
}

/// Elements of types that the runtime does not take, as the type that it takes.
static void narrow(HostTensor &tensor, const NpyType &type, const std::vector<uint8_t> &raw,
                   const std::string &path) {
  for (size_t i = 0, count = tensor.count(); i != count; ++i) {
    const uint8_t *from = raw.data() + i * type.bytes;
    if (tensor.elementType == GIRIH_F32) {
      double value;
      memcpy(&value, from, 8);
      float narrowed = float(value);
      memcpy(tensor.data() + i * 4, &narrowed, 4);
    } else {
      int32_t narrowed = narrowInteger(type, from, path);
      memcpy(tensor.data() + i * 4, &narrowed, 4);
    }
  }
}

/// A quoted text up to its closing quote: the type's name.
static std::string_view unquoted(std::string_view text) {
  size_t end = text.empty() ? std::string_view::npos : text.find(text[0], 1);
  return end == std::string_view::npos ? std::string_view() : text.substr(1, end - 1);
}

/// Text of a file for a message: nothing in it acts on the terminal, and it stays short.
static std::string printable(std::string_view text) {
  std::string result(text.substr(0, 40));
  for (char &c : result)
    c = c < 0x20 || c == 0x7f ? '?' : c;
  return result;
}

static const NpyType &findType(std::string_view descr, const std::string &path) {
  std::string_view name = unquoted(descr);
  for (const NpyType &type : types)
    if (name == type.descr)
      return type;
  throw bad(
      path,
      "expected elements of bool, int8, int32, int64, uint8, uint32, uint64, float16, float32 or float64, "
      "little-endian, but found '" +
          printable(name.empty() ? descr : name) + "'; convert them with numpy.astype(...)");
}

HostTensor girih::run::readNpy(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw Failure{BadInput, "cannot-read", "cannot open '" + path + "': " + strerror(errno)};
  std::string header = readHeader(file, path);
  std::string_view descr = valueOf(header, "'descr'"), order = valueOf(header, "'fortran_order'");
  const NpyType &type = findType(descr, path);
  if (!order.starts_with("False"))
    throw bad(path, "expected rows in C order; save it from numpy.ascontiguousarray(...)");

  HostTensor tensor;
  tensor.elementType = type.elementType;
  tensor.shape = parseShape(valueOf(header, "'shape'"), path);
  size_t wanted = tensor.count() * type.bytes;
  auto here = file.tellg();
  file.seekg(0, std::ios::end);
  if (size_t(file.tellg() - here) != wanted)
    throw bad(path, "expected " + std::to_string(wanted) + " bytes of data but found " + std::to_string(file.tellg() - here));
  file.seekg(here);
  tensor.allocate();
  bool isTaken = type.descr[1] != 'u' && type.bytes == girih_element_bytes(type.elementType);
  if (!isTaken) {
    std::vector<uint8_t> raw(wanted);
    file.read(reinterpret_cast<char *>(raw.data()), std::streamsize(wanted));
    narrow(tensor, type, raw, path);
  } else {
    file.read(reinterpret_cast<char *>(tensor.data()), std::streamsize(wanted));
  }
  return tensor;
}

void girih::run::writeNpy(const std::string &path, const HostTensor &original) {
  bool isBFloat = original.elementType == GIRIH_BF16;
  HostTensor widened;
  if (isBFloat)
    widened = convert(original, GIRIH_F32, "");
  const HostTensor &tensor = isBFloat ? widened : original;
  const NpyType *type = std::ranges::find(types, tensor.elementType, &NpyType::elementType);
  std::string shape;
  for (int64_t size : tensor.shape)
    shape += std::to_string(size) + ", ";
  if (tensor.shape.size() > 1)
    shape.resize(shape.size() - 2);
  std::string header =
      std::string("{'descr': '") + type->descr + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.resize((header.size() + 1 + 10 + 63) / 64 * 64 - 11, ' ');
  header += '\n';

  const char start[] = {
      '\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0, char(header.size() & 255), char(header.size() >> 8)};
  writeFile(
      path,
      {{start, sizeof(start)}, header, {reinterpret_cast<const char *>(tensor.data()), tensor.bytes()}});
}
