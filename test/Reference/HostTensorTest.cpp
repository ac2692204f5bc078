// HostTensor rounds and stores every element type as LLVM's APFloat and two's complement do, and .npy files
// come back as they went.
#include "lib/Reference/HostTensor.h"
#include "lib/Reference/Npy.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

using namespace mlir;
using namespace girih::reference;

namespace {
class HostTensorTest : public testing::Test {
protected:
  MLIRContext context;
  Builder b{&context};

  // Rounds with APFloat.
  static double expected(double value, const llvm::fltSemantics &semantics) {
    APFloat number(value);
    bool loses;
    number.convert(semantics, APFloat::rmNearestTiesToEven, &loses);
    number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &loses);
    return number.convertToDouble();
  }

  void checkRounding(Type type, const llvm::fltSemantics &semantics, double value) {
    double actual = roundTo(type, value), wanted = expected(value, semantics);
    if (std::isnan(wanted))
      EXPECT_TRUE(std::isnan(actual)) << value;
    else
      EXPECT_EQ(actual, wanted) << std::hexfloat << value;
    EXPECT_EQ(std::signbit(actual), std::signbit(wanted)) << value;
  }

  // Every pattern of 16 bits is read as APFloat reads it and written back.
  void checkPatterns(Type type, const llvm::fltSemantics &semantics) {
    for (unsigned bits = 0; bits < 0x10000; ++bits) {
      auto stored = static_cast<uint16_t>(bits);
      HostTensor tensor({1}, type);
      tensor.fromBytes(ArrayRef(reinterpret_cast<const char *>(&stored), 2), type);
      APFloat number(semantics, APInt(16, bits));
      if (number.isNaN()) {
        EXPECT_TRUE(std::isnan(tensor[0])) << bits;
        continue;
      }
      bool loses;
      number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &loses);
      EXPECT_EQ(tensor[0], number.convertToDouble()) << bits;
      std::vector<char> bytes = tensor.toBytes();
      EXPECT_EQ(std::memcmp(bytes.data(), &stored, 2), 0) << bits;
    }
  }

  static std::string temporaryFile() {
    SmallString<128> path;
    EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("girih-test", "npy", path));
    return path.str().str();
  }
};

TEST_F(HostTensorTest, RoundsAsAPFloat) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200000; ++i) {
    // Random bits of all exponents, and halfway cases of 8 and 11 bits.
    uint64_t bits = random();
    if (i % 2)
      bits &= ~uint64_t(0) << (i % 4 == 1 ? 44 : 41);
    double value;
    std::memcpy(&value, &bits, sizeof(value));
    if (i % 3 == 0)
      value = std::ldexp(static_cast<double>(static_cast<int64_t>(bits)),
                         -63 + static_cast<int>(random() % 40) - 30);
    checkRounding(b.getF32Type(), APFloat::IEEEsingle(), value);
    checkRounding(b.getBF16Type(), APFloat::BFloat(), value);
    checkRounding(b.getF16Type(), APFloat::IEEEhalf(), value);
  }
}

TEST_F(HostTensorTest, StoresEveryHalf) {
  checkPatterns(b.getBF16Type(), APFloat::BFloat());
  checkPatterns(b.getF16Type(), APFloat::IEEEhalf());
}

TEST_F(HostTensorTest, IntegersWrap) {
  EXPECT_EQ(roundTo(b.getI32Type(), 2147483648.0), -2147483648.0);
  EXPECT_EQ(roundTo(b.getI32Type(), -2147483649.0), 2147483647.0);
  EXPECT_EQ(roundTo(b.getI8Type(), 128), -128);
  EXPECT_EQ(roundTo(b.getI8Type(), -1), -1);
  EXPECT_EQ(roundTo(b.getI1Type(), -1), 1);
}

TEST_F(HostTensorTest, ExactTensorsKeepF64) {
  HostTensor tensor({1}, b.getF32Type());
  tensor.setExact(true);
  tensor[0] = 0.1;
  tensor.round();
  EXPECT_EQ(tensor[0], 0.1);
  tensor.setExact(false);
  tensor.round();
  EXPECT_EQ(tensor[0], static_cast<double>(0.1f));
}

TEST_F(HostTensorTest, NpyComesBack) {
  std::string path = temporaryFile();
  for (Type type : {Type(b.getF32Type()), Type(b.getF16Type()), Type(b.getI32Type()), Type(b.getI8Type())})
    for (const std::vector<int64_t> &shape : std::vector<std::vector<int64_t>>{{}, {3}, {2, 3}}) {
      HostTensor tensor(shape, type);
      for (int64_t i = 0; i < tensor.size(); ++i)
        tensor[i] = i * 3 - 4;
      ASSERT_FALSE(writeNpy(tensor, path));
      llvm::Expected<HostTensor> back = readNpy(&context, path);
      ASSERT_TRUE(static_cast<bool>(back)) << llvm::toString(back.takeError());
      EXPECT_EQ(back->getShape(), ArrayRef<int64_t>(shape));
      EXPECT_EQ(back->getElementType(), type);
      EXPECT_EQ(back->toBytes(), tensor.toBytes());
    }
  llvm::sys::fs::remove(path);
}

// Nothing in a header is believed: what it says is checked against the file.
TEST_F(HostTensorTest, DamagedNpyIsRefused) {
  auto make = [](StringRef descr, StringRef order, StringRef shape) {
    std::string text = "{'descr': " + descr.str() + ", 'fortran_order': " + order.str() +
                       ", 'shape': " + shape.str() + ", }\n";
    return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(text.size()) + '\0' + text +
           std::string(16, 'x');
  };
  std::string path = temporaryFile();
  for (const std::string &bytes :
       {std::string(), std::string("\x93NUMPY"), std::string("PK\x03\x04 and so on, a zip file"),
        make("'<f4'", "True", "(4,)"), make("'<f4'", "False", "(5,)"), make("'<f4'", "False", "(-1,)"),
        make("'<f4'", "False", "(4611686018427387904, 4)"), make("'<f4'", "False", "(x,)"),
        make("'<c8'", "False", "(2,)"), make("'>f4'", "False", "(4,)"),
        std::string("\x93NUMPY\x01\x00\xff\xff{'descr'", 18)}) {
    std::error_code code;
    llvm::raw_fd_ostream(path, code) << bytes;
    llvm::Expected<HostTensor> tensor = readNpy(&context, path);
    EXPECT_FALSE(static_cast<bool>(tensor)) << bytes;
    if (!tensor)
      EXPECT_NE(llvm::toString(tensor.takeError()).find("[bad-npy]"), std::string::npos);
  }
  llvm::sys::fs::remove(path);
}
} // namespace
