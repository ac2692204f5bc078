// Proves that a GGUF file is believed only where it is consistent with itself, with the sentence each lie is refused with, and that a
// tokenizer in it becomes the tokenizer.json that was meant.
#include "lib/Import/GGUF.h"

#include "llvm/Support/Endian.h"

#include <gtest/gtest.h>

using namespace girih::import;

namespace {

/// Writes what a test says, right or wrong.
struct Bytes : std::string {
  template <typename T> Bytes &number(T value) {
    char bytes[sizeof(T)];
    llvm::support::endian::write<T, llvm::endianness::little>(bytes, value);
    append(bytes, sizeof(T));
    return *this;
  }
  Bytes &string(llvm::StringRef text) {
    number<uint64_t>(text.size());
    append(text.str());
    return *this;
  }
  Bytes &head(uint64_t tensors, uint64_t keys, uint32_t version = 3) {
    append("GGUF");
    return number(version).number(tensors).number(keys);
  }
  Bytes &key(llvm::StringRef name, uint32_t kind) { return string(name).number(kind); }
  Bytes &tensor(llvm::StringRef name, std::initializer_list<uint64_t> sizes, uint32_t type, uint64_t offset) {
    string(name).number<uint32_t>(sizes.size());
    for (uint64_t size : sizes)
      number(size);
    return number(type).number(offset);
  }
  Bytes &data(size_t count) {
    append((32 - size() % 32) % 32 + count, '\0');
    return *this;
  }
};

} // namespace

static std::string errorOf(const Bytes &bytes) {
  auto content = parseGGUF(bytes, "F");
  return content ? "" : llvm::toString(content.takeError());
}

#define EXPECT_ERROR(bytes, text) EXPECT_NE(errorOf(bytes).find(text), std::string::npos) << errorOf(bytes)

TEST(GGUF, ReadsValuesAndTensors) {
  Bytes bytes;
  bytes.head(2, 2).key("n", 4).number<uint32_t>(7);
  bytes.key("a", 9).number<uint32_t>(8).number<uint64_t>(2).string("x").string("yz");
  bytes.tensor("w", {32, 2}, 3, 0).tensor("b", {3}, 0, 64).data(76);
  auto content = parseGGUF(bytes, "F");
  ASSERT_TRUE(static_cast<bool>(content)) << llvm::toString(content.takeError());
  EXPECT_EQ(content->values.at("n").integer(), 7);
  EXPECT_FALSE(content->values.at("n").number());
  EXPECT_EQ(content->values.at("a").texts(), (std::vector<llvm::StringRef>{"x", "yz"}));
  ASSERT_EQ(content->tensors.size(), 2u);
  EXPECT_EQ(content->tensors[0].dtype, "Q4_1");
  EXPECT_EQ(content->tensors[0].shape, (llvm::SmallVector<int64_t, 4>{2, 32}));
  EXPECT_EQ(content->tensors[0].bytes, 40u);
  EXPECT_EQ(content->tensors[1].offset - content->tensors[0].offset, 64u);
}

TEST(GGUF, EveryPrefixOfAFileIsRefused) {
  Bytes bytes;
  bytes.head(1, 2).key("n", 4).number<uint32_t>(7);
  bytes.key("a", 9).number<uint32_t>(8).number<uint64_t>(1).string("x");
  bytes.tensor("w", {4}, 0, 0).data(16);
  for (size_t length = 0; length < bytes.size(); ++length) {
    auto content = parseGGUF(llvm::StringRef(bytes).take_front(length), "F");
    EXPECT_FALSE(static_cast<bool>(content)) << length;
    if (!content)
      llvm::consumeError(content.takeError());
  }
  EXPECT_EQ(errorOf(bytes), "");
}

TEST(GGUF, RefusesWrongHeads) {
  Bytes old, big, other;
  EXPECT_ERROR(old.head(0, 0, 1), "expected version 2 or 3 of the format, but found 1; in F");
  EXPECT_ERROR(big.head(0, 0, 0x03000000), "the file is big-endian");
  other.append("GGML");
  EXPECT_ERROR(other, "expected a file that begins with 'GGUF', but found 'GGML'");
}

TEST(GGUF, RefusesCountsThatTheFileCannotHold) {
  Bytes keys, tensors, numbers, strings;
  EXPECT_ERROR(keys.head(0, ~0ull), "expected 18446744073709551615 keys, but the file ends at byte 24");
  EXPECT_ERROR(tensors.head(~0ull, 0), "expected descriptions of 18446744073709551615 tensors");
  EXPECT_ERROR(numbers.head(0, 1).key("a", 9).number<uint32_t>(4).number<uint64_t>(1ull << 62), "4611686018427387904 elements of array 'a'");
  EXPECT_ERROR(strings.head(0, 1).key("a", 9).number<uint32_t>(8).number<uint64_t>(1ull << 40), "1099511627776 strings of array 'a'");
}

TEST(GGUF, RefusesWrongValues) {
  Bytes kind, nested, flag, twice, name;
  EXPECT_ERROR(kind.head(0, 1).key("a", 13), "expected a type of values from 0 to 12 for key 'a', but found 13");
  EXPECT_ERROR(nested.head(0, 1).key("a", 9).number<uint32_t>(9).number<uint64_t>(0), "expected no arrays within arrays");
  EXPECT_ERROR(flag.head(0, 1).key("a", 7).number<uint8_t>(2), "expected 0 or 1 for key 'a', but found 2");
  twice.head(0, 2).key("a", 0).number<uint8_t>(1);
  EXPECT_ERROR(twice.key("a", 0).number<uint8_t>(1), "expected every key once, but 'a' is there twice");
  EXPECT_ERROR(name.head(0, 1).key("\xff", 0).number<uint8_t>(1), "expected a key of 1 to 65535 bytes of UTF-8");
}

TEST(GGUF, RefusesWrongTensors) {
  Bytes rank, zero, type, rows, overflow, unaligned, outside, overlap, twice;
  EXPECT_ERROR(rank.head(1, 0).tensor("w", {1, 1, 1, 1, 1}, 0, 0).data(4), "expected 1 to 4 dimensions of tensor 'w', but found 5");
  EXPECT_ERROR(zero.head(1, 0).tensor("w", {0}, 0, 0).data(4), "expected positive sizes of tensor 'w', but found 0");
  EXPECT_ERROR(type.head(1, 0).tensor("w", {256}, 10, 0).data(4), "but found GGUF's type 10");
  EXPECT_ERROR(rows.head(1, 0).tensor("w", {128, 2}, 12, 0).data(144), "expected rows of a multiple of 256 elements of tensor 'w', which is Q4_K, but found 128");
  EXPECT_ERROR(overflow.head(1, 0).tensor("w", {1ull << 40, 1ull << 40}, 0, 0).data(4), "expected a size below 2^64 bytes for tensor 'w'");
  EXPECT_ERROR(unaligned.head(1, 0).tensor("w", {4}, 0, 8).data(64), "expected tensor 'w' at a multiple of 32 bytes, but its offset is 8");
  EXPECT_ERROR(outside.head(1, 0).tensor("w", {4}, 0, 1ull << 63).data(64), "expected 16 bytes for tensor 'w'");
  EXPECT_ERROR(overlap.head(2, 0).tensor("v", {16}, 0, 0).tensor("w", {4}, 0, 32).data(64), "expected tensor 'w' to begin at byte 64 of the data or later");
  EXPECT_ERROR(twice.head(2, 0).tensor("w", {4}, 0, 0).tensor("w", {4}, 0, 32).data(64), "expected every tensor once, but 'w' is there twice");
}

TEST(GGUF, RefusesWrongAlignment) {
  for (uint32_t alignment : {0u, 3u, 1u << 21}) {
    Bytes bytes;
    EXPECT_ERROR(bytes.head(0, 1).key("general.alignment", 4).number(alignment), "expected a power of two up to 1048576 as 'general.alignment'");
  }
}

/// A file that holds only a tokenizer.
static Bytes tokenizer(llvm::StringRef model, llvm::ArrayRef<llvm::StringRef> tokens, llvm::StringRef merge, llvm::StringRef pre) {
  Bytes bytes;
  bytes.head(0, 4).key("tokenizer.ggml.model", 8).string(model);
  bytes.key("tokenizer.ggml.pre", 8).string(pre);
  bytes.key("tokenizer.ggml.merges", 9).number<uint32_t>(8).number<uint64_t>(1).string(merge);
  bytes.key("tokenizer.ggml.tokens", 9).number<uint32_t>(8).number<uint64_t>(tokens.size());
  for (llvm::StringRef token : tokens)
    bytes.string(token);
  return bytes;
}

static std::string convert(const Bytes &bytes) {
  auto content = parseGGUF(bytes, "F");
  if (!content)
    return llvm::toString(content.takeError());
  auto text = convertTokenizer(*content, "F");
  return text ? *text : llvm::toString(text.takeError());
}

TEST(GGUFTokenizer, NamesWhatIsWrong) {
  auto has = [](const std::string &text, llvm::StringRef part) { EXPECT_TRUE(llvm::StringRef(text).contains(part)) << text; };
  has(convert(tokenizer("gpt2", {"a", "b", "ab"}, "a b", "qwen2")), "\"merges\":[\"a b\"]");
  has(convert(tokenizer("gpt2", {"a", "b"}, "a b", "qwen2")), "expected merges of two tokens into a third, but found 'a b'; in F");
  has(convert(tokenizer("gpt2", {"a", "a"}, "a b", "qwen2")), "expected every token once, but 'a' has the numbers 0 and 1; in F");
  has(convert(tokenizer("gpt2", {"a", "b", "ab"}, "a b", "viking")), "but found 'viking'; in F");
  has(convert(tokenizer("bert", {"a"}, "a b", "")), "expected 'tokenizer.ggml.model' to be gpt2 or llama, but found 'bert'; in F");
  has(convert(tokenizer("llama", {"a"}, "a b", "")), "expected 1 numbers as 'tokenizer.ggml.scores'");
}
