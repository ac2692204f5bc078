// Proves that JSON which llvm::json would accept wrongly, or die of, is refused with a sentence that says why.
#include "lib/Support/Json.h"

#include <gtest/gtest.h>

using namespace girih;

static std::string errorOf(llvm::StringRef text) {
  auto value = parseJson(text, "'x.json'");
  return value ? "" : llvm::toString(value.takeError());
}

TEST(JSON, acceptsWhatIsWellFormed) {
  EXPECT_EQ(errorOf(R"({"a": [1, {"a": 2}], "b\"": "{]:", "c": {"a": null}})"), "");
  EXPECT_EQ(errorOf(std::string(32, '[') + std::string(32, ']')), "");
}

TEST(JSON, refusesRepeatedKeys) {
  EXPECT_EQ(errorOf(R"({"a": 1, "b": 2, "a": 3})"),
            "[bad-json] expected every key once, but 'a' is there twice in one object; in 'x.json'");
}

TEST(JSON, refusesKeysThatAreEqualOnceUnescaped) {
  EXPECT_NE(errorOf(R"({"a": 1, "\u0061": 3})").find("twice"), std::string::npos);
}

TEST(JSON, refusesDeepNestingBeforeRecursingIntoIt) {
  EXPECT_NE(errorOf(std::string(33, '[') + std::string(33, ']')).find("at most 32 deep"), std::string::npos);
  EXPECT_NE(errorOf(std::string(10'000'000, '[')).find("at most 32 deep"), std::string::npos);
}

TEST(JSON, refusesWhatIsNotText) {
  EXPECT_EQ(errorOf("{\"a\": \"\xff\"}"), "[bad-json] expected UTF-8 text, but byte 7 is not; in 'x.json'");
}

TEST(JSON, saysWhereTheTextGoesWrong) {
  EXPECT_NE(errorOf("{\"a\": }").find("expected JSON, but found: [1:7"), std::string::npos) << errorOf("{\"a\": }");
  for (const char *text : {"", "{", "{\"a", "{\"a\\", "\"", "]", "}", "{\"a\":1,}"})
    EXPECT_NE(errorOf(text), "") << text;
}

TEST(JSON, quotesTextSoThatATerminalSurvives) {
  EXPECT_EQ(girih::quoted("a\x1b[2J\n"), "'a\\x1b[2J\\x0a'");
  EXPECT_EQ(girih::quoted(std::string(500, 'y')).size(), 1 + 120 + 3 + 1u); // cut, with an ellipsis of three bytes
}
