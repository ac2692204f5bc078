// Parses the facts of a GPU.
#include "lib/Target/NVIDIA/Facts.h"

#include "lib/Support/Error.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace girih;
using namespace girih::nvidia;
using llvm::StringRef;

unsigned Facts::capability() const {
  StringRef digits = StringRef(architecture).drop_front(3).take_while(llvm::isDigit);
  unsigned value = 0;
  digits.getAsInteger(10, value);
  return value;
}

namespace {

struct Number {
  StringRef key;
  int64_t Facts::*field;
  int64_t least;
};

} // namespace

static constexpr Number numbers[] = {
    {"ptx", &Facts::ptx, 70},
    {"multiprocessors", &Facts::multiprocessors, 1},
    {"shared_bytes", &Facts::sharedBytes, 48 << 10},
    {"registers", &Facts::registers, 32768},
    {"l2_bytes", &Facts::l2Bytes, 1},
    {"memory_bytes", &Facts::memoryBytes, 1},
    {"memory_bytes_per_second", &Facts::memoryBytesPerSecond, 1},
    {"flops_f32", &Facts::flopsF32, 1},
    {"flops_bf16", &Facts::flopsBF16, 1},
    {"flops_fp8", &Facts::flopsFP8, 0},
};

static bool isArchitecture(StringRef value) {
  return value.consume_front("sm_") && (value.consume_back("a"), value.size() >= 2) &&
         llvm::all_of(value, llvm::isDigit);
}

/// Sets one field; says what is wrong, or nothing.
static std::string set(Facts &facts, StringRef key, StringRef value) {
  if (key == "target")
    return value == "nvidia" ? "" : llvm::formatv("expected 'target = nvidia', but found '{0}'", value).str();
  if (key == "name")
    return facts.name = value.str(), "";
  if (key == "description")
    return facts.description = value.str(), "";
  if (key == "architecture") {
    facts.architecture = value.str();
    if (!isArchitecture(value) || facts.capability() < 80)
      return llvm::formatv("expected an architecture from sm_80 on, as sm_90a, but found '{0}'", value);
    return "";
  }
  for (const Number &number : numbers)
    if (number.key == key) {
      if (value.getAsInteger(10, facts.*number.field) || facts.*number.field < number.least)
        return llvm::formatv("expected '{0}' to be a number of at least {1}, but found '{2}'", key,
                             number.least, value);
      return "";
    }
  std::string known = "target, name, description, architecture";
  for (const Number &number : numbers)
    known += ", " + number.key.str();
  return llvm::formatv("unknown key '{0}'; expected one of {1}", key, known);
}

llvm::Expected<Facts> Facts::parse(StringRef text, StringRef origin) {
  Facts facts;
  facts.text = text.str();
  llvm::StringMap<size_t> seen;
  llvm::SmallVector<StringRef> lines;
  text.split(lines, '\n');
  auto bad = [&](size_t line, const std::string &what) {
    return badInput("bad-machine-facts", "{0}:{1}: {2}; see lib/Target/Facts for examples", origin, line,
                    what);
  };
  for (auto [i, line] : llvm::enumerate(lines)) {
    StringRef content = line.split('#').first.trim();
    if (content.empty())
      continue;
    auto [key, value] = content.split('=');
    key = key.trim(), value = value.trim();
    if (key.empty() || value.empty())
      return bad(i + 1, llvm::formatv("expected 'key = value', but found '{0}'", content));
    if (auto [known, isNew] = seen.try_emplace(key, i + 1); !isNew)
      return bad(i + 1, llvm::formatv("'{0}' was already given on line {1}", key, known->second));
    if (std::string wrong = set(facts, key, value); !wrong.empty())
      return bad(i + 1, wrong);
  }
  llvm::SmallVector<StringRef> needed = {"target", "name", "architecture"};
  for (const Number &number : numbers)
    needed.push_back(number.key);
  for (StringRef key : needed)
    if (!seen.contains(key))
      return bad(lines.size(), llvm::formatv("expected a line '{0} = …', but found none", key));
  return facts;
}
