// Proves that a safetensors header is believed only where it is consistent with itself and with the file, with the sentence each
// lie is refused with.
#include "lib/Import/SafeTensors.h"

#include <gtest/gtest.h>

using namespace girih::import;

/// The error for a header over `dataBytes` bytes of data, or "".
static std::string errorOf(llvm::StringRef header, uint64_t dataBytes) {
  auto tensors = parseSafeTensorsHeader(header, 8 + header.size() + dataBytes, "F");
  return tensors ? "" : llvm::toString(tensors.takeError());
}

static std::string lengthErrorOf(llvm::StringRef content) {
  auto header = safeTensorsHeaderText(content, "F");
  return header ? "" : llvm::toString(header.takeError());
}

static std::string withLength(uint64_t length, llvm::StringRef rest) {
  return std::string(reinterpret_cast<const char *>(&length), sizeof length) + rest.str();
}

TEST(SafeTensors, readsTensorsInTheOrderOfTheirBytes) {
  llvm::StringRef header = R"({"b": {"dtype": "F32", "shape": [2, 3], "data_offsets": [4, 28]}, "__metadata__": {"format": "pt"},
                               "a": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]},
                               "none": {"dtype": "F32", "shape": [0, 7], "data_offsets": [28, 28]},
                               "scalar": {"dtype": "I64", "shape": [], "data_offsets": [28, 36]}})";
  auto tensors = parseSafeTensorsHeader(header, 8 + header.size() + 36, "F");
  ASSERT_TRUE(static_cast<bool>(tensors)) << llvm::toString(tensors.takeError());
  ASSERT_EQ(tensors->size(), 4u);
  EXPECT_EQ((*tensors)[0].name, "a");
  EXPECT_EQ((*tensors)[1].offset, 8 + header.size() + 4);
  EXPECT_EQ((*tensors)[1].bytes, 24u);
  EXPECT_EQ(printShape((*tensors)[1].shape), "[2, 3]");
  EXPECT_EQ((*tensors)[2].bytes, 0u);
  EXPECT_EQ((*tensors)[3].dtype, "I64");
}

TEST(SafeTensors, refusesLengthsThatLie) {
  EXPECT_EQ(lengthErrorOf(withLength(2, "{}")), "");
  EXPECT_NE(lengthErrorOf("1234567").find("[bad-safetensors-header] expected a file of at least 8 bytes, but found 7"), std::string::npos);
  EXPECT_NE(lengthErrorOf(withLength(3, "{}")).find("the file has only 2 more"), std::string::npos);
  EXPECT_NE(lengthErrorOf(withLength(100'000'001, "{}")).find("at most 100000000 bytes, but found 100000001"), std::string::npos);
  EXPECT_NE(lengthErrorOf(withLength(~0ull, "{}")).find("found 18446744073709551615"), std::string::npos);
}

TEST(SafeTensors, refusesHeadersThatAreNotObjectsOfTensors) {
  EXPECT_EQ(errorOf("{}", 0), "");
  for (const char *header : {"", "[]", " {}", "{", "{\"a\": 1}", "{\"a\": {}}", "null", "{\"__metadata__\": {\"x\": 1}}", "{\"__metadata__\": 3}"})
    EXPECT_NE(errorOf(header, 0).find("[bad-safetensors-header]"), std::string::npos) << header;
}

struct Lie {
  const char *fields;
  uint64_t data;
  const char *message;
};

TEST(SafeTensors, refusesTensorsThatLie) {
  const Lie lies[] = {
      {R"("dtype": "F32", "shape": [1], "data_offsets": [0, 8])", 8, "expected 4 bytes for tensor 'a' of shape [1] and type F32, but its offsets span 8"},
      {R"("dtype": "F32", "shape": [1], "data_offsets": [4, 0])", 4, "expected a begin and an end as 'data_offsets'"},
      {R"("dtype": "F32", "shape": [1], "data_offsets": [0])", 4, "expected a begin and an end as 'data_offsets'"},
      {R"("dtype": "F32", "shape": [1], "data_offsets": [-4, 0])", 4, "expected integers from 0 to 2^63 - 1 in 'data_offsets' of tensor 'a', but found -4"},
      {R"("dtype": "F32", "shape": [1.5], "data_offsets": [0, 4])", 4, "but found 1.5"},
      {R"("dtype": "F32", "shape": [18446744073709551616], "data_offsets": [0, 4])", 4, "expected integers from 0 to 2^63 - 1 in 'shape'"},
      {R"("dtype": "F32", "shape": [4294967296, 4294967296], "data_offsets": [0, 0])", 0, "overflows"},
      {R"("dtype": "F32", "shape": [4611686018427387904], "data_offsets": [0, 0])", 0, "overflows"},
      {R"("dtype": "F32", "shape": "1", "data_offsets": [0, 4])", 4, "expected an array of integers as 'shape'"},
      {R"("dtype": "F32", "data_offsets": [0, 4])", 4, "expected an array of integers as 'shape'"},
      {R"("dtype": 32, "shape": [1], "data_offsets": [0, 4])", 4, "expected a string as 'dtype'"},
      {R"("dtype": "F99", "shape": [1], "data_offsets": [0, 4])", 4, "[unsupported-dtype] expected an element type of the safetensors format for tensor 'a', but found 'F99'"},
      {R"("dtype": "F4", "shape": [1], "data_offsets": [0, 1])", 1, "expected whole bytes"},
      {R"("dtype": "F32", "shape": [1], "data_offsets": [4, 8])", 8, "a hole"},
      {R"("dtype": "F32", "shape": [2], "data_offsets": [0, 8])", 4, "expected tensor 'a' to end within the 4 bytes of data, but it ends at 8"},
      {R"("dtype": "F32", "shape": [1], "data_offsets": [0, 4])", 9, "expected 4 bytes of data, as the tensors need, but the file has 9"},
      {R"("dtype": "F32", "shape": [1], "data_offsets": [0, 4], "scale": 2)", 4, "but found 'scale'"},
      {R"("dtype": "F32", "dtype": "F32", "shape": [1], "data_offsets": [0, 4])", 4, "'dtype' is there twice"},
  };
  for (const Lie &lie : lies) {
    std::string error = errorOf(std::string("{\"a\": {") + lie.fields + "}}", lie.data);
    EXPECT_NE(error.find(lie.message), std::string::npos) << lie.fields << "\n" << error;
  }
}

TEST(SafeTensors, refusesTensorsThatShareBytesOrNames) {
  std::string error = errorOf(R"({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
                                  "b": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}})", 12);
  EXPECT_NE(error.find("[bad-safetensors-offsets] expected tensor 'b' to begin at byte 8"), std::string::npos) << error;
  EXPECT_NE(error.find("an overlap"), std::string::npos);
  error = errorOf(R"({"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}, "a": {"dtype": "U8", "shape": [1], "data_offsets": [1, 2]}})", 2);
  EXPECT_NE(error.find("'a' is there twice"), std::string::npos) << error;
}
