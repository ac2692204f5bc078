// Chooses tiles for a systolic machine. A tile's operands lie in its local memories whole, so their sizes
// decide.
#include "lib/Target/Systolic/Target.h"

#include "runtime/Systolic/Machine.h"

#include <algorithm>
#include <numeric>

using namespace girih;
using namespace girih::systolic;

namespace {

class SystolicCostModel : public CostModel {
public:
  explicit SystolicCostModel(const Machine &machine) : machine(machine) {}

  /// As many rows as three layers' sums take half of the accumulators. Either K is whole, the rows stay, and
  /// blocks of the arrays' columns pass; or K is cut, and sums of more columns stay. What moves fewer bytes
  /// for a product is chosen. Several arrays have neighbouring columns, and sums no wider than all of them.
  /// The rows are no more than a launch can have: room for others would be lost to overlap. Where they are
  /// too few to hide the load of a tile of weights, DRAM is slower still, so that fewer arrays do if then K
  /// is whole.
  MatmulTiles matmul(int64_t n, int64_t k, mlir::Type compute, int64_t together,
                     int64_t mostRows) const override {
    const int64_t bytes = compute.isInteger(8) ? 1 : 2;
    constexpr int64_t layers = 3, leastRows = 8, greatestRows = 512;
    const int64_t least = std::lcm(machine.array_columns, together);
    int64_t columns = columnsOfArrays(n, least);
    const int64_t sums =
        4 * (columns <= machine.array_columns * machine.arrays ? std::min(columns, machine.array_columns)
                                                               : columns);
    mostRows = llvm::bit_ceil(uint64_t(std::clamp(mostRows, leastRows, greatestRows)));
    const int64_t rows = std::clamp<int64_t>(
        llvm::bit_floor(uint64_t(machine.accumulator_bytes / 2 / layers / sums)), leastRows, mostRows);
    auto isWhole = [&](int64_t rows, int64_t columns) {
      return banks(bytes * rows * k) + 2 * (weightBanks(columns, k) + banks(2 * bytes * columns * rows)) <=
             freeBanks();
    };
    int64_t fewer = rows;
    while (fewer > std::min(rows, machine.array_rows) && !isWhole(fewer, columns))
      fewer /= 2;
    int64_t narrow = columns;
    while (narrow > least && !isWhole(rows, narrow))
      narrow -= least;
    if (mostRows < machine.array_rows && isWhole(rows, narrow))
      columns = narrow;
    const int64_t wide =
        machine.arrays > 1
            ? columns
            : std::clamp<int64_t>(machine.accumulator_bytes / 4 * 3 / 4 / rows / columns * columns, columns,
                                  llvm::divideCeil(n, columns) * columns);
    // The other operand is read once for each block of rows, and of columns.
    auto traffic = [](int64_t rows, int64_t columns) { return 1.0 / double(rows) + 1.0 / double(columns); };
    if (isWhole(fewer, columns) && traffic(fewer, n) <= traffic(rows, wide))
      return {fewer, columns, k};
    auto fits = [&](int64_t depth) {
      return 2 * (banks(bytes * rows * depth) + weightBanks(wide, depth)) <= freeBanks();
    };
    int64_t depth = llvm::alignDown(k, machine.array_rows);
    while (depth > machine.array_rows && !fits(depth))
      depth -= machine.array_rows;
    return {rows, wide, std::max(depth, machine.array_rows)};
  }

  /// The greatest blocks of scores of which three fit the accumulators beside the sums that go on from block
  /// to block. Keys that only pad a block cost as much as others, so a block has no more than the array's
  /// columns, or 64. A single query leaves room for several heads' values in f32, a quarter of the
  /// accumulators: one transfer brings the keys of all, and masks are computed once.
  AttentionTiles attention(int64_t headSize, mlir::Type compute) const override {
    AttentionTiles best = {8, 16, 1};
    for (int64_t keys = 16; keys <= std::max<int64_t>(64, machine.array_columns); keys *= 2) {
      int64_t rows = std::min<int64_t>(
          128, llvm::bit_floor(uint64_t(machine.accumulator_bytes / 4 / (headSize + 3 * keys))));
      if (rows * keys > best.queries * best.keys)
        best = {rows, keys, 1};
    }
    best.heads = std::max<int64_t>(1, machine.accumulator_bytes / 4 / (4 * best.keys * headSize));
    return best;
  }

  /// Blocks run one after another.
  double evenWork() const override { return 1; }

  /// Rows in f32 of which three fit a half of the accumulators.
  int64_t rows(int64_t rowElements) const override {
    return std::clamp<int64_t>(machine.accumulator_bytes / 2 / 3 / 4 / std::max<int64_t>(1, rowElements), 1,
                               64);
  }

  int64_t walked() const override { return 256; }
  int64_t lanes() const override { return machine.array_columns; }

  /// A launch costs next to nothing: what saves no bytes does not pay. Every view has a register for its
  /// address, and as many are wanted for the rest.
  bool pays(const Fusion &fusion) const override {
    return fusion.sumBytes <= machine.accumulator_bytes * machine.arrays && fusion.views <= kRegisters / 2 &&
           fusion.blockBytes <= machine.scratchpad_bytes / 8 * 3 &&
           fusion.repeatedOps < fusion.savedBytes * machine.array_columns;
  }

  /// Row-major: the array transposes weights as it loads them, and a block of whole rows is one transfer.
  mlir::Attribute weightEncoding(mlir::RankedTensorType weight) const override { return {}; }
  bool decodesBlocks() const override { return false; }

private:
  /// Columns that the arrays have side by side, in multiples of `least`: as many as all of them hold, but the
  /// same in every block, for a narrow last one would take as long.
  int64_t columnsOfArrays(int64_t n, int64_t least) const {
    int64_t most = std::max<int64_t>(1, machine.array_columns * machine.arrays / least),
            all = llvm::divideCeil(n, least);
    return least * int64_t(llvm::divideCeil(all, llvm::divideCeil(all, most)));
  }
  /// Banks of the scratchpad that a tile takes, and those that tiles may take; the rest is for what is small.
  int64_t banks(int64_t bytes) const { return llvm::divideCeil(bytes, machine.scratchpadBankBytes()); }
  /// Each array's weights begin in a bank of their own.
  int64_t weightBanks(int64_t columns, int64_t k) const {
    int64_t arrays = columns <= machine.array_columns * machine.arrays
                         ? int64_t(llvm::divideCeil(columns, machine.array_columns))
                         : 1;
    return arrays * banks(2 * (columns / arrays) * k);
  }
  int64_t freeBanks() const {
    return machine.scratchpad_banks - std::max<int64_t>(1, machine.scratchpad_banks / 4);
  }

  Machine machine;
};

} // namespace

std::unique_ptr<CostModel> systolic::createCostModel(const Machine &machine) {
  return std::make_unique<SystolicCostModel>(machine);
}
