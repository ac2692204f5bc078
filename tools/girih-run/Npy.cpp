// The header is a Python dict literal: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
#include "Npy.h"
#include "Report.h"

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
static constexpr NpyType types[] = {{"<f4", GIRIH_F32, 4}, {"<f2", GIRIH_F16, 2}, {"<i4", GIRIH_I32, 4},
                                    {"|i1", GIRIH_I8, 1},  {"|b1", GIRIH_I1, 1},  {"<i8", GIRIH_I32, 8},
                                    {"<f8", GIRIH_F32, 8}};

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

static void narrow(HostTensor &tensor, const std::vector<uint8_t> &raw, const std::string &path) {
  for (size_t i = 0, count = tensor.count(); i != count; ++i) {
    if (tensor.elementType == GIRIH_F32) {
      double value;
      memcpy(&value, raw.data() + i * 8, 8);
      float narrowed = float(value);
      memcpy(tensor.data() + i * 4, &narrowed, 4);
      continue;
    }
    int64_t value;
    memcpy(&value, raw.data() + i * 8, 8);
    int32_t narrowed = int32_t(value);
    if (narrowed != value)
      throw bad(path, "the integer " + std::to_string(value) + " does not fit 32 bits");
    memcpy(tensor.data() + i * 4, &narrowed, 4);
  }
}

HostTensor girih::run::readNpy(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw Failure{BadInput, "cannot-read", "cannot open '" + path + "': " + strerror(errno)};
  std::string header = readHeader(file, path);
  std::string_view descr = valueOf(header, "'descr'"), order = valueOf(header, "'fortran_order'");
  const NpyType *type = nullptr;
  for (const NpyType &each : types)
    if (descr.size() > 4 && descr.substr(1, 3) == each.descr)
      type = &each;
  if (!type)
    throw bad(path, "expected bool, int8, int32, int64, float16, float32 or float64, little-endian, but found " +
                        std::string(descr.substr(0, 8)));
  if (!order.starts_with("False"))
    throw bad(path, "expected rows in C order; save it from numpy.ascontiguousarray(...)");

  HostTensor tensor;
  tensor.elementType = type->elementType;
  tensor.shape = parseShape(valueOf(header, "'shape'"), path);
  size_t wanted = tensor.count() * type->bytes;
  auto here = file.tellg();
  file.seekg(0, std::ios::end);
  if (size_t(file.tellg() - here) != wanted)
    throw bad(path, "expected " + std::to_string(wanted) + " bytes of data but found " + std::to_string(file.tellg() - here));
  file.seekg(here);
  tensor.allocate();
  if (type->bytes == 8) {
    std::vector<uint8_t> raw(wanted);
    file.read(reinterpret_cast<char *>(raw.data()), std::streamsize(wanted));
    narrow(tensor, raw, path);
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
  const char *descr = "";
  for (const NpyType &each : types)
    if (each.elementType == tensor.elementType && each.bytes == girih_element_bytes(tensor.elementType))
      descr = each.descr;
  std::string shape;
  for (int64_t size : tensor.shape)
    shape += std::to_string(size) + ", ";
  if (tensor.shape.size() > 1)
    shape.resize(shape.size() - 2);
  std::string header = std::string("{'descr': '") + descr + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.resize((header.size() + 1 + 10 + 63) / 64 * 64 - 11, ' ');
  header += '\n';

  std::ofstream file(path, std::ios::binary);
  file << "\x93NUMPY" << '\x01' << '\0' << char(header.size() & 255) << char(header.size() >> 8) << header;
  file.write(reinterpret_cast<const char *>(tensor.data()), std::streamsize(tensor.bytes()));
  file.close();
  if (!file)
    throw Failure{Resource, "cannot-write", "cannot write '" + path + "': " + strerror(errno)};
}
