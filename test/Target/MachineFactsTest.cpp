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
  EXPECT_NE(lookupError("nvidia:b9").find("unknown target 'nvidia:b9'"), std::string::npos);
  EXPECT_NE(lookupError("nvidia:").find("unknown target 'nvidia:'"), std::string::npos);
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

/// The facts of a GPU with one line changed.
static std::string gpuFacts(llvm::StringRef key, llvm::StringRef line) {
  std::string text;
  for (llvm::StringRef each :
       {"target = nvidia", "name = mine", "architecture = sm_90a", "ptx = 80", "multiprocessors = 132",
        "shared_bytes = 232448", "registers = 65536", "l2_bytes = 52428800", "memory_bytes = 85899345920",
        "memory_bytes_per_second = 3350000000000", "flops_f32 = 66900000000000",
        "flops_bf16 = 989400000000000", "flops_fp8 = 0"})
    text += (each.starts_with((key + " =").str()) ? line : each).str() + "\n";
  return text;
}

TEST(Targets, FactsOfGPUsAreRead) {
  llvm::SmallString<128> path;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("gpu", "facts", path));
  auto errorOf = [&](llvm::StringRef key, llvm::StringRef line) {
    std::error_code error;
    llvm::raw_fd_ostream(path, error) << gpuFacts(key, line);
    return lookupError(path);
  };
  EXPECT_EQ(errorOf("", ""), "");
  EXPECT_NE(errorOf("architecture", "architecture = sm_75")
                .find("expected an architecture from sm_80 on, as sm_90a, but found 'sm_75'"),
            std::string::npos);
  EXPECT_NE(errorOf("architecture", "architecture = hopper").find("but found 'hopper'"), std::string::npos);
  EXPECT_NE(errorOf("shared_bytes", "shared_bytes = 1K")
                .find("expected 'shared_bytes' to be a number of at least 49152, but found '1K'"),
            std::string::npos);
  EXPECT_NE(errorOf("registers", "").find("expected a line 'registers = …', but found none"),
            std::string::npos);
  EXPECT_NE(errorOf("ptx", "ptxas = 80").find("unknown key 'ptxas'; expected one of target, name"),
            std::string::npos);
  EXPECT_NE(errorOf("ptx", "name = b").find("'name' was already given on line 2"), std::string::npos);
  EXPECT_NE(lookupError(("cpu:" + path).str()).find("expected a facts file of target 'cpu'"),
            std::string::npos);
  llvm::sys::fs::remove(path);
}
