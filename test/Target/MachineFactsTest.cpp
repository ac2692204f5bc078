// Facts files parse, print back the same, and say what is wrong with them; targets are found by name and by path.
#include "girih/Target.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>

using namespace girih;

static std::string parseError(llvm::StringRef text) {
  auto facts = MachineFacts::parse(text, "m.facts");
  return facts ? "" : llvm::toString(facts.takeError());
}

static std::string lookupError(llvm::StringRef spec) {
  auto target = lookupTarget(spec);
  return target ? "" : llvm::toString(target.takeError());
}

TEST(MachineFacts, RoundTrip) {
  auto facts = MachineFacts::parse("target = cpu # which room\n\nname=box\nversions = x86-64-v3 x86-64-v4\nl2_bytes = 4096\n", "m");
  ASSERT_TRUE(bool(facts));
  EXPECT_EQ(facts->name, "box");
  EXPECT_EQ(facts->versions.size(), 2u);
  EXPECT_EQ(facts->l2Bytes, 4096);
  auto again = MachineFacts::parse(facts->text(), "again");
  ASSERT_TRUE(bool(again));
  EXPECT_EQ(again->text(), facts->text());
}

TEST(MachineFacts, SaysWhatIsWrong) {
  EXPECT_NE(parseError("target = cpu\nname = a\n").find("expected a line 'versions"), std::string::npos);
  EXPECT_NE(parseError("color = red\n").find("m.facts:1: unknown key 'color'"), std::string::npos);
  EXPECT_NE(parseError("name = a\nname = b\n").find("m.facts:2: 'name' was already given on line 1"), std::string::npos);
  EXPECT_NE(parseError("l1_bytes = 32K\n").find("expected 'l1_bytes' to be a number of bytes, but found '32K'"),
            std::string::npos);
  EXPECT_NE(parseError("just words\n").find("expected 'key = value'"), std::string::npos);
}

TEST(Targets, EveryListedNameIsFound) {
  for (const std::string &name : targetNames()) {
    auto target = lookupTarget(name);
    ASSERT_TRUE(bool(target)) << name << ": " << llvm::toString(target.takeError());
    EXPECT_EQ((*target)->name(), llvm::StringRef(name).split(':').first);
    EXPECT_FALSE((*target)->facts().versions.empty());
  }
}

TEST(Targets, UnknownNamesAreRefused) {
  EXPECT_NE(lookupError("cpu:z80").find("unknown target 'cpu:z80'; expected cpu, cpu:"), std::string::npos);
  EXPECT_NE(lookupError("nvidia:h100").find("unknown target 'nvidia:h100'"), std::string::npos);
  EXPECT_NE(lookupError("/no/such.facts").find("cannot read machine facts"), std::string::npos);
}

TEST(Targets, FactsFilesAreRead) {
  llvm::SmallString<128> path;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("machine", "facts", path));
  auto write = [&](llvm::StringRef text) {
    std::error_code error;
    llvm::raw_fd_ostream(path, error) << text;
  };
  write("target = cpu\nname = mine\nversions = x86-64-v3\n");
  auto target = lookupTarget(("cpu:" + path).str());
  ASSERT_TRUE(bool(target));
  EXPECT_EQ((*target)->facts().name, "mine");
  write("target = abacus\nname = mine\nversions = x86-64-v3\n");
  EXPECT_NE(lookupError(path).find("describes a machine for target 'abacus'"), std::string::npos);
  write("target = cpu\nname = mine\nversions = sse2\n");
  EXPECT_NE(lookupError(path).find("asks for code version 'sse2'"), std::string::npos);
  llvm::sys::fs::remove(path);
}
