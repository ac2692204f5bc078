// exp, erf and tanh as kernels compute them, on both code versions, against the C library in double precision: within
// 2 ulp over the floats, right at the special values, and the same bits on both versions.
#include "girih/Target.h"

#include "dialects/Tile/Tile.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/TargetParser/Host.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <sys/mman.h>

using namespace girih;

namespace {

using Kernel = void (*)(const int64_t *, const int64_t *, void *);

/// One image mapped executable for as long as the test runs.
class Mapped {
public:
  explicit Mapped(const KernelImage &image) : image(image), size(llvm::alignTo(image.bytes.size(), 4096)) {
    memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    std::memcpy(memory, image.bytes.data(), image.bytes.size());
    mprotect(memory, size, PROT_READ | PROT_EXEC);
  }
  ~Mapped() { munmap(memory, size); }

  std::vector<float> run(llvm::StringRef name, std::vector<float> &input) const {
    std::vector<float> output(input.size());
    for (const KernelImage::Kernel &kernel : image.kernels) {
      if (kernel.name != name)
        continue;
      auto count = int64_t(input.size());
      int64_t args[] = {int64_t(input.data()), count, int64_t(output.data()), count};
      void *scratch = std::aligned_alloc(64, kernel.scratchBytes + 64);
      for (int64_t block = 0; block * 4096 < count; ++block)
        reinterpret_cast<Kernel>(static_cast<char *>(memory) + kernel.entry)(args, &block, scratch);
      std::free(scratch);
    }
    return output;
  }

private:
  const KernelImage &image;
  size_t size;
  void *memory;
};

std::string program(llvm::StringRef name) {
  return llvm::formatv(R"(
    tile.program @{0}(%x: !tile.view<?xf32>, %y: !tile.view<?xf32>) grid [#tile.grid<arg = 1, dim = 0, step = 4096>] outputs 1 {{
      %i = tile.program_index 0
      %step = arith.constant 4096 : index
      %at = arith.muli %i, %step : index
      %t = tile.load %x[%at] : !tile.view<?xf32> -> tensor<4096xf32>
      %r = math.{0} %t : tensor<4096xf32>
      tile.store %r, %y[%at] : tensor<4096xf32>, !tile.view<?xf32>
      tile.return
    })",
                       name);
}

std::vector<KernelImage> compile() {
  mlir::DialectRegistry registry;
  registry.insert<tile::TileDialect, mlir::arith::ArithDialect, mlir::math::MathDialect, mlir::tensor::TensorDialect>();
  registerTargetDialects(registry);
  mlir::MLIRContext context(registry);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(program("exp") + program("erf") + program("tanh"), &context);
  auto target = llvm::cantFail(lookupTarget("cpu:x86-64-v4"));
  for (const char *stage : {"vector", "llvm"}) {
    mlir::PassManager manager(&context);
    target->buildLowering(manager, stage);
    EXPECT_TRUE(mlir::succeeded(manager.run(*module)));
  }
  return llvm::cantFail(target->emit(*module));
}

const std::vector<KernelImage> &images() {
  static std::vector<KernelImage> images = compile();
  return images;
}

bool runsHere(const KernelImage &image) {
  return image.version == "x86-64-v3" ? llvm::sys::getHostCPUFeatures().lookup("avx2")
                                      : llvm::sys::getHostCPUFeatures().lookup("avx512vl");
}

float fromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

/// About a million floats of every size and both signs.
std::vector<float> samples() {
  std::vector<float> values;
  for (uint64_t bits = 0; bits < 0x7f800000; bits += 2039) {
    values.push_back(fromBits(bits));
    values.push_back(-fromBits(bits));
  }
  return values;
}

/// The greatest error in units of the last place of the right result, where that is a normal number.
double greatestError(llvm::StringRef name, double (*exact)(double)) {
  std::vector<float> input = samples();
  double greatest = 0;
  for (const KernelImage &image : images()) {
    if (!runsHere(image))
      continue;
    std::vector<float> output = Mapped(image).run(name, input);
    for (size_t i = 0; i < input.size(); ++i) {
      double right = exact(input[i]);
      if (!std::isfinite(float(right)) || std::fabs(right) < std::numeric_limits<float>::min()) {
        bool asExpected = std::isfinite(float(right)) ? std::fabs(output[i]) <= 2 * std::numeric_limits<float>::min()
                                                      : output[i] == float(right);
        EXPECT_TRUE(asExpected) << name.str() << "(" << input[i] << ") = " << output[i];
        continue;
      }
      double unit = std::nextafter(std::fabs(float(right)), INFINITY) - std::fabs(float(right));
      greatest = std::fmax(greatest, std::fabs(output[i] - right) / unit);
    }
  }
  return greatest;
}

TEST(Math, Exp) { EXPECT_LE(greatestError("exp", std::exp), 2.0); }
TEST(Math, Erf) { EXPECT_LE(greatestError("erf", std::erf), 2.0); }
TEST(Math, Tanh) { EXPECT_LE(greatestError("tanh", std::tanh), 2.0); }

TEST(Math, SpecialValues) {
  float inf = INFINITY, nan = NAN;
  for (const KernelImage &image : images()) {
    if (!runsHere(image))
      continue;
    Mapped mapped(image);
    std::vector<float> input = {inf, -inf, nan, 0.0f, -0.0f};
    std::vector<float> exp = mapped.run("exp", input), erf = mapped.run("erf", input), tanh = mapped.run("tanh", input);
    EXPECT_EQ(exp[0], inf);
    EXPECT_EQ(exp[1], 0.0f);
    EXPECT_EQ(exp[3], 1.0f);
    for (auto *result : {&erf, &tanh}) {
      EXPECT_EQ((*result)[0], 1.0f);
      EXPECT_EQ((*result)[1], -1.0f);
      EXPECT_EQ((*result)[3], 0.0f);
      EXPECT_TRUE(std::signbit((*result)[4]));
    }
    EXPECT_TRUE(std::isnan(exp[2]) && std::isnan(erf[2]) && std::isnan(tanh[2]));
  }
}

TEST(Math, VersionsAgreeBitForBit) {
  if (!runsHere(images().back()))
    GTEST_SKIP() << "this machine has no AVX-512";
  std::vector<float> input = samples();
  for (const char *name : {"exp", "erf", "tanh"}) {
    std::vector<float> a = Mapped(images().front()).run(name, input), b = Mapped(images().back()).run(name, input);
    EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size() * sizeof(float)), 0) << name;
  }
}

} // namespace
