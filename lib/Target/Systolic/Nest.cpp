// An operation runs once for every iteration of the loops that it stands in, so the order of the loops
// decides what is read and computed again.
#include "lib/Target/Systolic/Nest.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir;
using namespace girih;
using namespace girih::systolic;

bool systolic::isReadOnly(Value view) {
  return llvm::all_of(view.getUsers(), llvm::IsaPred<tile::LoadOp, tile::GatherOp, tile::DimOp>);
}

Levels systolic::levelsOf(tile::ProgramOp program, ArrayRef<unsigned> nest) {
  Levels levels;
  for (Operation &op : program.getBody().front().without_terminator()) {
    unsigned level = 0;
    if (auto index = dyn_cast<tile::ProgramIndexOp>(op))
      level = 1 + (llvm::find(nest, index.getDim()) - nest.begin());
    auto load = dyn_cast<tile::LoadOp>(op);
    if (isa<tile::StoreOp, tile::ScatterOp>(op) || (load && !isReadOnly(load.getView())))
      level = nest.size();
    op.walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (auto definition = levels.find(operand.getDefiningOp()); definition != levels.end())
          level = std::max(level, definition->second);
    });
    levels[&op] = level;
  }
  return levels;
}

graph::SizeExpr systolic::sizeIn(graph::LaunchOp launch, unsigned argument, unsigned dim) {
  unsigned inputs = launch.getInputs().size();
  Value value = argument < inputs ? launch.getInputs()[argument] : launch.getOutputs()[argument - inputs];
  return graph::getSize(cast<RankedTensorType>(value.getType()), dim);
}

/// Blocks along a dimension of the grid, the most of any launch.
static double blocksAlong(tile::ProgramOp program, unsigned dim, ArrayRef<graph::LaunchOp> launches,
                          int64_t (*valueOf)(graph::SymbolOp)) {
  tile::GridAttr grid = program.getGridDim(dim);
  if (grid.isFixed())
    return double(grid.getBlocks());
  double most = 1;
  for (graph::LaunchOp launch : launches) {
    std::optional<int64_t> size =
        graph::evaluateAt(sizeIn(launch, grid.getArg(), grid.getDim()), launch, valueOf);
    most = std::max(most, double(llvm::divideCeil(size.value_or(INT32_MAX), grid.getStep())));
  }
  return most;
}

/// Cycles of what stands outside of inner loops, each unit's for itself: bytes that loads move, rows of lanes
/// that the vector unit computes. What stands inside takes the same whatever the order.
static double cyclesOf(tile::ProgramOp program, ArrayRef<unsigned> nest, ArrayRef<double> blocks,
                       const Machine &machine) {
  double total = 0;
  for (auto [op, level] : levelsOf(program, nest)) {
    auto tile = op->getNumResults() == 1 ? dyn_cast<RankedTensorType>(op->getResult(0).getType())
                                         : RankedTensorType();
    bool isLoad = isa<tile::LoadOp>(op);
    if (!tile || !(isLoad || op->hasTrait<OpTrait::Elementwise>()))
      continue;
    double times = 1;
    for (unsigned dim : nest.take_front(level))
      times *= blocks[dim];
    int64_t elements = tile.getNumElements(), bits = tile.getElementTypeBitWidth();
    const double bytesPerCycle = double(machine.dram_bytes_per_cycle) / 16; // the fact is in sixteenths
    total += times * (isLoad ? double(llvm::divideCeil(elements * bits, 8)) / bytesPerCycle
                             : double(elements) / double(machine.array_columns));
  }
  return total;
}

SmallVector<unsigned> systolic::chooseNest(tile::ProgramOp program, ArrayRef<graph::LaunchOp> launches,
                                           const Machine &machine) {
  SmallVector<unsigned> nest = llvm::to_vector(llvm::seq<unsigned>(program.getGridRank())), best = nest;
  auto blocksAt = [&](int64_t (*valueOf)(graph::SymbolOp)) {
    return llvm::map_to_vector(best,
                               [&](unsigned dim) { return blocksAlong(program, dim, launches, valueOf); });
  };
  SmallVector<double> usual = blocksAt(graph::usualValue),
                      least = blocksAt([](graph::SymbolOp symbol) { return int64_t(symbol.getMin()); });
  // A model without likely sizes names the greatest alone: the mean of both, as factors. Of equal orders that
  // with most iterations to overlap.
  auto cost = [&] {
    return std::pair(cyclesOf(program, nest, usual, machine) * cyclesOf(program, nest, least, machine),
                     -usual[nest.back()]);
  };
  if (nest.empty())
    return nest;
  auto fewest = cost();
  while (std::next_permutation(nest.begin(), nest.end()))
    if (auto mine = cost(); mine < fewest) {
      fewest = mine;
      best = nest;
    }
  return best;
}
