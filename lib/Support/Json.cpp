// Guards llvm::json: one pass over the text finds what that parser would accept silently (equal keys) or die of (depth).
#include "lib/Support/Json.h"

#include "lib/Support/Error.h"
#include "lib/Support/File.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"

using namespace girih;
using llvm::StringRef;

static constexpr size_t maximumDepth = 32;
static constexpr size_t maximumFile = 16 << 20;

/// The characters of the string literal that begins at `at` (a quote), without its quotes; moves `at` past it.
static StringRef scanString(StringRef text, size_t &at) {
  size_t begin = ++at;
  while (at < text.size() && text[at] != '"')
    at += text[at] == '\\' ? 2 : 1;
  size_t end = std::min(at, text.size());
  at = end + 1;
  return text.slice(begin, end);
}

/// A key as it reads once its escapes are undone, so that "a" and "\u0061" count as equal.
static std::string decodeKey(StringRef raw) {
  if (!raw.contains('\\'))
    return raw.str();
  auto value = llvm::json::parse(("\"" + raw + "\"").str());
  if (!value) {
    llvm::consumeError(value.takeError()); // the full parser reports it with its position
    return raw.str();
  }
  return value->getAsString().value_or(raw).str();
}

/// Checks nesting and equal keys. Anything else that is wrong is left to the full parser.
static llvm::Error checkStructure(StringRef text, StringRef where, StringRef code) {
  // One set of keys per open object; arrays have an empty one.
  llvm::SmallVector<llvm::StringSet<>, 4> open;
  for (size_t at = 0; at < text.size();) {
    char c = text[at];
    if (c == '"') {
      StringRef raw = scanString(text, at);
      size_t next = text.find_first_not_of(" \t\r\n", at);
      bool isKey = next != StringRef::npos && text[next] == ':';
      if (isKey && !open.empty() && !open.back().insert(decodeKey(raw)).second)
        return badInput(code, "expected every key once, but {0} is there twice in one object; in {1}", quoted(raw), where);
      continue;
    }
    if (c == '{' || c == '[')
      open.emplace_back();
    if ((c == '}' || c == ']') && !open.empty())
      open.pop_back();
    if (open.size() > maximumDepth)
      return badInput(code, "expected JSON nested at most {0} deep, but found more; in {1}", maximumDepth, where);
    ++at;
  }
  return llvm::Error::success();
}

llvm::Expected<llvm::json::Value> girih::parseJson(StringRef text, StringRef where, StringRef code) {
  size_t badByte = 0;
  if (!llvm::json::isUTF8(text, &badByte))
    return badInput(code, "expected UTF-8 text, but byte {0} is not; in {1}", badByte, where);
  if (llvm::Error error = checkStructure(text, where, code))
    return error;
  auto value = llvm::json::parse(text);
  if (!value)
    return badInput(code, "expected JSON, but found: {0}; in {1}", llvm::toString(value.takeError()), where);
  return value;
}

llvm::Expected<llvm::json::Value> girih::readJson(StringRef path) {
  auto buffer = openFile(path);
  if (!buffer)
    return buffer.takeError();
  if ((*buffer)->getBufferSize() > maximumFile)
    return badInput("bad-json", "expected a JSON file of at most {0} bytes, but found {1}; in {2}", maximumFile,
                    (*buffer)->getBufferSize(), quoted(path));
  return parseJson((*buffer)->getBuffer(), quoted(path));
}

llvm::Expected<llvm::json::Object> girih::readJsonObject(StringRef path) {
  auto value = readJson(path);
  if (!value)
    return value.takeError();
  if (llvm::json::Object *object = value->getAsObject())
    return std::move(*object);
  return badInput("bad-json", "expected an object, but found {0}; in {1}", brief(*value), quoted(path));
}

std::string girih::quoted(StringRef text) {
  static constexpr size_t longest = 120;
  std::string result;
  llvm::raw_string_ostream os(result);
  os << "'";
  for (unsigned char c : text.take_front(longest)) {
    if (c < 0x20 || c == 0x7f)
      os << llvm::formatv("\\x{0:x-2}", static_cast<unsigned>(c));
    else
      os << static_cast<char>(c);
  }
  os << (text.size() > longest ? "…'" : "'");
  return result;
}

std::string girih::brief(const llvm::json::Value &value) {
  std::string text = llvm::formatv("{0}", value).str();
  if (text.size() <= 60)
    return text;
  switch (value.kind()) {
  case llvm::json::Value::Object: return "an object";
  case llvm::json::Value::Array: return "an array";
  default: return "a long " + std::string(value.kind() == llvm::json::Value::String ? "string" : "number");
  }
}
