// Parses and prints facts files, and detects the machine we run on. The format is `key = value` text so that
// people can write a file for a machine that Girih has never seen.
#include "lib/Target/MachineFacts.h"

#include "lib/Support/Error.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/TargetParser/Host.h"

using namespace girih;
using llvm::StringRef;

static llvm::Error badFacts(StringRef origin, unsigned line, const llvm::Twine &message) {
  return badInput("bad-machine-facts", "{0}:{1}: {2}; see lib/Target/Facts for examples", origin, line, message.str());
}

/// Sets one field of `facts`; returns what is wrong with the value, or nothing.
static std::string setFact(MachineFacts &facts, StringRef key, StringRef value) {
  auto bytes = [&](int64_t &field) -> std::string {
    if (value.getAsInteger(10, field) || field < 0)
      return llvm::formatv("expected '{0}' to be a number of bytes, but found '{1}'", key, value);
    return "";
  };
  if (key == "l1_bytes")
    return bytes(facts.l1Bytes);
  if (key == "l2_bytes")
    return bytes(facts.l2Bytes);
  if (key == "l3_bytes")
    return bytes(facts.l3Bytes);
  if (key == "target")
    facts.target = value.str();
  else if (key == "name")
    facts.name = value.str();
  else if (key == "description")
    facts.description = value.str();
  else if (key == "versions") {
    llvm::SmallVector<StringRef> words;
    llvm::SplitString(value, words);
    facts.versions.assign(words.begin(), words.end());
  } else
    return llvm::formatv("unknown key '{0}'; expected target, name, description, versions, l1_bytes, l2_bytes or l3_bytes",
                         key);
  return "";
}

llvm::Expected<MachineFacts> MachineFacts::parse(StringRef text, StringRef origin) {
  MachineFacts facts;
  llvm::SmallVector<StringRef> lines;
  text.split(lines, '\n');
  llvm::StringMap<unsigned> seen;
  for (auto [index, line] : llvm::enumerate(lines)) {
    StringRef content = line.split('#').first.trim();
    if (content.empty())
      continue;
    auto [key, value] = content.split('=');
    key = key.trim();
    value = value.trim();
    if (key.empty() || value.empty())
      return badFacts(origin, index + 1, "expected 'key = value', but found '" + content + "'");
    if (!seen.try_emplace(key, index + 1).second)
      return badFacts(origin, index + 1, llvm::formatv("'{0}' was already given on line {1}", key, seen[key]).str());
    if (std::string wrong = setFact(facts, key, value); !wrong.empty())
      return badFacts(origin, index + 1, wrong);
  }
  for (StringRef needed : {"target", "name", "versions"})
    if (!seen.contains(needed))
      return badFacts(origin, lines.size(), "expected a line '" + needed + " = …', but found none");
  return facts;
}

std::string MachineFacts::text() const {
  if (!ownText.empty())
    return ownText;
  return llvm::formatv("target = {0}\nname = {1}\ndescription = {2}\nversions = {3}\nl1_bytes = {4}\nl2_bytes = {5}\n"
                       "l3_bytes = {6}\n",
                       target, name, description.empty() ? name : description, llvm::join(versions, " "), l1Bytes,
                       l2Bytes, l3Bytes);
}

/// The bytes of the data cache of `level` as Linux reports it, or `fallback`.
static int64_t cacheBytes(int level, int64_t fallback) {
  for (int index = 0; index < 8; ++index) {
    std::string folder = llvm::formatv("/sys/devices/system/cpu/cpu0/cache/index{0}/", index);
    auto read = [&](const char *file) -> std::string {
      auto buffer = llvm::MemoryBuffer::getFileAsStream(folder + file);
      return buffer ? (*buffer)->getBuffer().trim().str() : "";
    };
    if (read("level") != llvm::Twine(level).str() || read("type") == "Instruction")
      continue;
    std::string text = read("size"); // "48K"
    StringRef size = text;
    int64_t unit = size.consume_back("K") ? 1024 : size.consume_back("M") ? 1 << 20 : 1;
    int64_t value;
    if (!size.getAsInteger(10, value))
      return value * unit;
  }
  return fallback;
}

llvm::Expected<MachineFacts> girih::detectMachine() {
  MachineFacts facts;
  facts.target = "cpu";
  facts.name = "host";
  facts.description = "detected: " + llvm::sys::getHostCPUName().str();
  // Both versions, whatever this machine has: the artifact may be carried to another, and chooses when loaded.
  facts.versions = {"x86-64-v3", "x86-64-v4"};
  facts.l1Bytes = cacheBytes(1, facts.l1Bytes);
  facts.l2Bytes = cacheBytes(2, facts.l2Bytes);
  facts.l3Bytes = cacheBytes(3, facts.l3Bytes);
  return facts;
}
