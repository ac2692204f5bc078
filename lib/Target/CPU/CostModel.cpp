// Chooses tiles for a CPU. A block of a contraction keeps its accumulators and one panel of the weights in
// the second-level cache; its size also sets how finely work spreads over threads.
#include "lib/Target/CPU/Target.h"

#include "dialects/Graph/Graph.h"
#include "mlir/IR/BuiltinTypes.h"

#include <algorithm>
#include <numeric>

using namespace girih;

namespace {

constexpr int64_t panelWidth = 48; // three zmm registers of f32: the micro-kernel's width
// A core does about 32 element-wise operations in the cycle that brings it 8 bytes from beyond its own
// caches.
constexpr double operationsPerByte = 4;
// Between two launches all cores wait for the last one, and then for the first weights to come from memory:
// some microseconds.
constexpr double operationsPerLaunch = 1 << 18;
constexpr int64_t depthBlock = 256; // the `stable` contract's block of K

class CPUCostModel : public CostModel {
public:
  explicit CPUCostModel(const MachineFacts &facts) : facts(facts) {}

  MatmulTiles matmul(int64_t n, int64_t k, mlir::Type compute, int64_t together,
                     int64_t mostRows) const override {
    // Rows: eight register blocks; rows that are not there are skipped, so 16 rows do not pay for 64.
    // Columns: whole panels, two of them so that small models still feed several threads.
    int64_t columns = std::lcm(std::min<int64_t>(2 * panelWidth, llvm::alignTo(n, panelWidth)), together);
    return {64, columns, std::min<int64_t>(depthBlock, k)};
  }

  AttentionTiles attention(int64_t headSize, mlir::Type compute) const override { return {64, 128, 8}; }

  double evenWork() const override { return 32; }

  int64_t rows(int64_t rowElements) const override {
    // A block of rows is read several times (statistics, then the result): keep it in half of the first-level
    // cache.
    int64_t fit = facts.l1Bytes / 2 / std::max<int64_t>(1, rowElements * 4);
    return std::clamp<int64_t>(llvm::bit_floor(uint64_t(std::max<int64_t>(fit, 1))), 1, 64);
  }

  int64_t walked() const override { return 256; }
  int64_t lanes() const override { return 16; }

  bool pays(const Fusion &fusion) const override {
    return fusion.blockBytes <= facts.l2Bytes &&
           fusion.repeatedOps <=
               fusion.savedBytes * operationsPerByte + fusion.savedLaunches * operationsPerLaunch;
  }

  bool decodesBlocks() const override { return true; }

  mlir::Attribute weightEncoding(mlir::RankedTensorType weight) const override {
    mlir::Type element = weight.getElementType();
    if (auto blocks = mlir::dyn_cast_if_present<graph::BlocksAttr>(weight.getEncoding()))
      return graph::BlockPanelsAttr::get(weight.getContext(), blocks.getFormat(), panelWidth);
    if (weight.getRank() != 2 || !(element.isF32() || element.isBF16() || element.isF16()))
      return {};
    return graph::PanelsAttr::get(weight.getContext(), panelWidth);
  }

private:
  MachineFacts facts;
};

} // namespace

std::unique_ptr<CostModel> cpu::createCostModel(const MachineFacts &facts) {
  return std::make_unique<CPUCostModel>(facts);
}
