// An operation runs once for every iteration of the loops that it stands in, so the order of the loops
// decides what is read and computed again.
#include "lib/Target/Systolic/Nest.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>

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

namespace {
/// Blocks along a dimension of the grid, and which share of their elements exists.
struct Extent {
  double blocks = 1, share = 1;
};

/// Cycles of the units that a body keeps busy: bytes that loads move, rows of lanes that the vector unit
/// computes, tiles of weights and the rows that stream through them.
struct Work {
  double loads = 0, vectors = 0, dots = 0;
  double sum() const { return loads + vectors + dots; }
  double greatest() const { return std::max({loads, vectors, dots}); }
};
} // namespace

/// Along a dimension of the grid, the most of any launch.
static Extent extentAlong(tile::ProgramOp program, unsigned dim, ArrayRef<graph::LaunchOp> launches,
                          function_ref<int64_t(graph::SymbolOp)> valueOf) {
  tile::GridAttr grid = program.getGridDim(dim);
  if (grid.isFixed())
    return {double(grid.getBlocks()), 1};
  int64_t most = 1;
  for (graph::LaunchOp launch : launches)
    most = std::max(
        most,
        graph::evaluateAt(sizeIn(launch, grid.getArg(), grid.getDim()), launch, valueOf).value_or(INT32_MAX));
  int64_t blocks = llvm::divideCeil(most, grid.getStep());
  return {double(blocks), double(most) / double(blocks * int64_t(grid.getStep()))};
}

/// The dimensions of the grid that each operation depends on, one bit each.
static DenseMap<Operation *, unsigned> dimsOf(tile::ProgramOp program) {
  DenseMap<Operation *, unsigned> dims;
  for (Operation &op : program.getBody().front().without_terminator()) {
    unsigned mine = 0;
    if (auto index = dyn_cast<tile::ProgramIndexOp>(op))
      mine = 1u << index.getDim();
    op.walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        mine |= dims.lookup(operand.getDefiningOp());
    });
    dims[&op] = mine;
  }
  return dims;
}

static Work workOf(Operation *op, const Machine &machine) {
  const double bytesPerCycle = double(machine.dram_bytes_per_cycle) / 16; // the fact is in sixteenths
  auto tile =
      op->getNumResults() == 1 ? dyn_cast<RankedTensorType>(op->getResult(0).getType()) : RankedTensorType();
  Work work;
  if (!tile)
    return work;
  double elements = double(tile.getNumElements());
  if (isa<tile::LoadOp>(op)) {
    work.loads = elements * tile.getElementTypeBitWidth() / 8 / bytesPerCycle;
  } else if (auto dot = dyn_cast<tile::DotOp>(op)) {
    int64_t arrays = llvm::divideCeil(tile.getDimSize(1), machine.array_columns);
    int64_t depth = llvm::divideCeil(dot.getLhs().getType().getDimSize(1), machine.array_rows);
    work.dots = double(llvm::divideCeil(arrays, machine.arrays) * depth) * double(tile.getDimSize(0));
  } else if (op->hasTrait<OpTrait::Elementwise>()) {
    work.vectors = elements / double(machine.array_columns);
  }
  return work;
}

/// Cycles of what stands outside of inner loops. In the innermost loop iterations overlap: after the first
/// each takes as long as the busiest unit. If other loops lie inside they do not, and what stands there takes
/// the same whatever the order.
static double cyclesOf(tile::ProgramOp program, ArrayRef<unsigned> nest, ArrayRef<Extent> extents,
                       const Machine &machine) {
  DenseMap<Operation *, unsigned> dims = dimsOf(program);
  bool overlaps = !nest.empty();
  double total = 0;
  Work innermost;
  for (auto [op, level] : levelsOf(program, nest)) {
    overlaps &= op->getNumRegions() == 0;
    double times = 1, share = 1;
    for (unsigned dim : nest.take_front(level))
      times *= extents[dim].blocks;
    for (unsigned dim : nest)
      if (dims.lookup(op) >> dim & 1)
        share *= extents[dim].share;
    Work work = workOf(op, machine);
    total += times * share * work.sum();
    if (level == nest.size())
      innermost = {innermost.loads + share * work.loads, innermost.vectors + share * work.vectors,
                   innermost.dots + share * work.dots};
  }
  if (!overlaps)
    return total;
  double saved = extents[nest.back()].blocks - 1;
  for (unsigned dim : nest.drop_back())
    saved *= extents[dim].blocks;
  return total - saved * (innermost.sum() - innermost.greatest());
}

SmallVector<unsigned> systolic::chooseNest(tile::ProgramOp program, ArrayRef<graph::LaunchOp> launches,
                                           const Machine &machine) {
  SmallVector<unsigned> nest = llvm::to_vector(llvm::seq<unsigned>(program.getGridRank())), best = nest;
  auto extentsAt = [&](function_ref<int64_t(graph::SymbolOp)> valueOf) {
    return llvm::map_to_vector(best,
                               [&](unsigned dim) { return extentAlong(program, dim, launches, valueOf); });
  };
  auto least = [](graph::SymbolOp symbol) { return int64_t(symbol.getMin()); };
  auto middle = [&](graph::SymbolOp symbol) {
    return int64_t(
        std::sqrt(double(graph::usualValue(symbol)) * double(std::max<int64_t>(1, least(symbol)))));
  };
  // A model without likely sizes names the greatest alone, so smaller ones count as much: the mean of all
  // three, as factors. Of equal orders that with most iterations to overlap.
  SmallVector<Extent> usual = extentsAt(graph::usualValue), others[] = {extentsAt(middle), extentsAt(least)};
  auto cost = [&] {
    double product = cyclesOf(program, nest, usual, machine);
    for (ArrayRef<Extent> extents : others)
      product *= cyclesOf(program, nest, extents, machine);
    return std::pair(product, -usual[nest.back()].blocks);
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
