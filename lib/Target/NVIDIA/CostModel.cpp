// Chooses tiles for an NVIDIA GPU: blocks that fill the tensor cores where rows are many, and blocks enough
// for every multiprocessor where they are few and weights are all that moves.
#include "lib/Target/NVIDIA/Facts.h"
#include "lib/Target/NVIDIA/Target.h"

#include "mlir/IR/BuiltinTypes.h"

#include <algorithm>
#include <numeric>

using namespace girih;
using namespace girih::nvidia;

namespace {

constexpr int64_t depthBlock = 256; // the `stable` contract's block of K, in f32
// Elements that a block of a row-wise kernel may keep: a quarter of what the smallest machine has, in f32.
constexpr int64_t keptElements = 6144;
// Shared memory that holds the sums of three layers, in blocks of 128 x 128.
constexpr int64_t roomyBytes = 200 << 10;

class NVIDIACostModel : public CostModel {
public:
  explicit NVIDIACostModel(Facts facts) : facts(std::move(facts)) {}

  /// bf16 sums are one chain along the whole of K, in f32 blocks of 256.
  MatmulTiles matmul(int64_t n, int64_t k, mlir::Type compute, int64_t together,
                     int64_t mostRows) const override {
    bool isF32 = !(compute.isBF16() || compute.isF16());
    bool isRoomy = facts.sharedBytes >= roomyBytes;
    int64_t rows = std::clamp<int64_t>(llvm::bit_ceil(uint64_t(std::min<int64_t>(mostRows, 1 << 20))), 8,
                                       isF32 || !isRoomy ? 64 : 128);
    bool hasWarpGroups = facts.architecture == "sm_90a";
    int64_t columns = isF32 ? 64 : hasWarpGroups && rows == 128 && n % 256 == 0 ? 256 : 128;
    // Few rows: as many blocks as keep all multiprocessors busy, as long as a block's columns are a
    // fragment's.
    while (rows <= 16 && columns > 16 && llvm::divideCeil(n, columns) < 2 * facts.multiprocessors)
      columns /= 2;
    return {rows, std::lcm(std::min<int64_t>(columns, llvm::alignTo(n, 8)), together),
            isF32 ? std::min(depthBlock, k) : k};
  }

  /// Blocks of keys and parts as on the CPU: they decide the order of sums.
  AttentionTiles attention(int64_t headSize, mlir::Type compute) const override {
    // Of a query: sums of two loops and what takes their place, scores and weights, statistics. Beside them
    // pass chunks of values.
    int64_t bytes = 4 * (3 * headSize + 2 * 136 + 64), chunks = 2 * 2 * 64 * (headSize + 8) + (16 << 10);
    int64_t fits = std::max<int64_t>(facts.sharedBytes - chunks, 0) / bytes;
    return {std::clamp<int64_t>(llvm::bit_floor(uint64_t(std::max<int64_t>(fits, 1))), 4, 64), 128, 8};
  }

  double evenWork() const override { return 4.0 * double(facts.multiprocessors); }

  int64_t rows(int64_t rowElements) const override {
    return std::clamp<int64_t>(
        llvm::bit_floor(uint64_t(std::max<int64_t>(keptElements / std::max<int64_t>(1, rowElements), 1))), 1,
        16);
  }

  int64_t walked() const override { return 4096; }
  int64_t lanes() const override { return 32; }

  /// An operation that is done again in every block of columns costs its operand's way through registers:
  /// what contractions read should be copied as it lies. Of what several layers keep, their sums alone lie in
  /// shared memory whole.
  bool pays(const Fusion &fusion) const override {
    return fusion.sumBytes <= facts.sharedBytes / 4 * 3 && fusion.repeatedOps <= fusion.savedBytes;
  }

  bool decodesBlocks() const override { return false; }
  mlir::Attribute weightEncoding(mlir::RankedTensorType) const override { return {}; }

private:
  Facts facts;
};

} // namespace

std::unique_ptr<CostModel> nvidia::createCostModel(const Facts &facts) {
  return std::make_unique<NVIDIACostModel>(facts);
}
