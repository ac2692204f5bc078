// Rows that the model has: a block at the end of a view holds fewer than its tiles. Where no row of what
// follows depends on another, the others are neither loaded nor computed.
#include "lib/Target/Systolic/ProgramLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace girih;
using namespace girih::systolic;

static ArrayRef<int64_t> shapeOf(Value tile) { return cast<RankedTensorType>(tile.getType()).getShape(); }

/// The dimension of `to` that dimension `dim` of `from` becomes, where a reshape keeps it.
static std::optional<int64_t> throughReshape(ArrayRef<int64_t> from, ArrayRef<int64_t> to, int64_t dim) {
  int64_t outside = llvm::product_of(from.take_front(dim));
  for (size_t d = 0; d != to.size(); ++d)
    if (to[d] == from[dim] && llvm::product_of(to.take_front(d)) == outside)
      return d;
  return std::nullopt;
}

/// Along which dimension of the user's results lie the rows that lie along `dim` of the operand; nothing if
/// it mixes rows. Stores and scatters, which have no results, keep them where they are.
static std::optional<int64_t> rowsThrough(OpOperand &use, int64_t dim) {
  Operation *user = use.getOwner();
  bool isFirst = use.getOperandNumber() == 0;
  if (user->hasTrait<OpTrait::Elementwise>() || isa<tile::StoreOp>(user))
    return dim;
  if (isa<tile::DotOp>(user))
    return use.getOperandNumber() != 1 && dim == 0 ? std::optional(dim) : std::nullopt;
  if (auto scatter = dyn_cast<tile::ScatterOp>(user))
    return dim == 0 && (isFirst || use.get() == scatter.getIndices()) ? std::optional(dim) : std::nullopt;
  if (isa<tile::GatherOp>(user)) // by index
    return 0;
  if (auto reduce = dyn_cast<tile::ReduceOp>(user))
    return reduce.getAxis() == uint64_t(dim) ? std::nullopt
                                             : std::optional(dim - (int64_t(reduce.getAxis()) < dim));
  if (auto broadcast = dyn_cast<tile::BroadcastOp>(user))
    return broadcast.getDims()[dim];
  if (auto transpose = dyn_cast<tile::TransposeOp>(user))
    return llvm::find(transpose.getPermutation(), dim) - transpose.getPermutation().begin();
  if (auto reshape = dyn_cast<tile::ReshapeOp>(user))
    return throughReshape(shapeOf(reshape.getInput()), shapeOf(reshape), dim);
  if (auto concat = dyn_cast<tile::ConcatOp>(user))
    return concat.getAxis() == uint64_t(dim) ? std::nullopt : std::optional(dim);
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(user))
    return shapeOf(slice)[dim] == shapeOf(slice.getSource())[dim] ? std::optional(dim) : std::nullopt;
  return std::nullopt;
}

bool ProgramLowering::isRowwise(Value value, int64_t dim) const {
  SmallVector<std::pair<Value, int64_t>> rest = {{value, dim}};
  llvm::SmallDenseSet<std::pair<Value, int64_t>> seen;
  while (!rest.empty()) {
    auto next = rest.pop_back_val();
    if (!seen.insert(next).second)
      continue;
    for (OpOperand &use : next.first.getUses()) {
      Operation *user = use.getOwner();
      if (isa<scf::YieldOp>(user)) {
        auto loop = dyn_cast<scf::ForOp>(user->getParentOp());
        if (!loop)
          return false;
        rest.emplace_back(loop.getRegionIterArg(use.getOperandNumber()), next.second);
        rest.emplace_back(loop.getResult(use.getOperandNumber()), next.second);
        continue;
      }
      std::optional<int64_t> through = rowsThrough(use, next.second);
      if (!through)
        return false;
      for (Value result : user->getResults())
        rest.emplace_back(result, *through);
    }
  }
  return true;
}

/// Those of an operand with as many, if what follows keeps rows apart.
std::optional<LiveRows> ProgramLowering::liveRows(Operation &op) const {
  if (op.getNumResults() != 1 || op.getNumRegions() != 0 || !isa<RankedTensorType>(op.getResult(0).getType()))
    return std::nullopt;
  auto through = [&](Value operand, OpOperand &use) -> std::optional<LiveRows> {
    auto tile = tiles.find(operand);
    if (tile == tiles.end() || !tile->second.live)
      return std::nullopt;
    std::optional<int64_t> dim = rowsThrough(use, tile->second.live->dim);
    return dim && isRowwise(op.getResult(0), *dim) ? std::optional(LiveRows{tile->second.live->count, *dim})
                                                   : std::nullopt;
  };
  Operation *inner = combinations.lookup(&op);
  auto gelu = gelus.find(&op);
  for (OpOperand &use : op.getOpOperands()) {
    SmallVector<Value> read = {gelu != gelus.end() ? gelu->second : use.get()};
    if (inner && read[0].getDefiningOp() == inner) // what an instruction covers reads its own operands
      read.assign(inner->operand_begin(), inner->operand_end());
    for (Value operand : read)
      if (std::optional<LiveRows> rows = through(operand, use))
        return rows;
  }
  return std::nullopt;
}
