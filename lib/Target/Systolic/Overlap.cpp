// What lets iterations of a loop overlap: both memories in halves that they take in turns, and loads of the
// next iteration's operands that stand before this one's work.
#include "lib/Target/Systolic/ProgramLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace girih;
using namespace girih::systolic;

//===- Halves ---------------------------------------------------------------------------------------===//

/// Takes what is free of both memories; the first iteration has the first halves.
bool ProgramLowering::openHalves() {
  SlotRef local = scratchpad.takeHalves(), sums = accumulators.takeHalves();
  if (!local)
    return false;
  halves.emplace(
      Halves{local, sums, Pool(false, local->offset, local->bytes / 2, machine.scratchpadBankBytes()),
             Pool(true, sums ? sums->offset : 0, sums ? sums->bytes / 2 : 0, machine.accumulatorBankBytes()),
             scalars.variable(0), 0, scalars.variable(0)});
  return true;
}

void ProgramLowering::beginPhase() {
  halves->scratchpadNext =
      scalars.inRegister(scalars.sub(halves->scratchpadBytes->bytes / 2, halves->scratchpadThis));
}

/// The halves change places.
void ProgramLowering::endPhase() {
  scalars.assign(halves->scratchpadThis, halves->scratchpadNext);
  scalars.assign(halves->accumulatorsThis, scalars.sub(halves->accumulatorHalf(), halves->accumulatorsThis));
  halves->scratchpadNext = 0;
}

/// Forgets the tiles of the loop, whose memory goes back.
void ProgramLowering::closeHalves() {
  for (auto &[value, tile] : tiles)
    if (tile.phase != Phase::Fixed)
      tile = Tile();
  ahead.clear();
  aheadOnly.clear();
  changingRows.clear();
  halves.reset();
}

//===- Loads ahead ----------------------------------------------------------------------------------===//

/// Loads of the body whose offsets the sequencer alone computes, from views that the program does not write,
/// and the scalars that only they want.
void ProgramLowering::findAhead(ArrayRef<Operation *> body) {
  DenseSet<Operation *> inside(body.begin(), body.end()), scalar;
  for (Operation *op : body)
    if (isScalar(*op) && llvm::all_of(op->getOperands(), [&](Value operand) {
          return !inside.contains(operand.getDefiningOp()) || scalar.contains(operand.getDefiningOp());
        }))
      scalar.insert(op);
  for (Operation *op : body)
    if (auto load = dyn_cast<tile::LoadOp>(op))
      if (isReadOnly(load.getView()) && llvm::all_of(load.getOffsets(), [&](Value offset) {
            Operation *definition = offset.getDefiningOp();
            return !inside.contains(definition) || scalar.contains(definition);
          }))
        ahead[op];
  for (Operation *op : llvm::reverse(body))
    if (scalar.contains(op) && !op->use_empty() && llvm::all_of(op->getUsers(), [&](Operation *user) {
          return ahead.contains(user) || aheadOnly.contains(user);
        }))
      aheadOnly.insert(op);
}

/// The scalars that the loads' offsets come from.
DenseSet<Operation *> ProgramLowering::scalarsOf(ArrayRef<Operation *> loads) const {
  SmallVector<Operation *> wanted(loads);
  DenseSet<Operation *> found;
  while (!wanted.empty())
    for (Value operand : wanted.pop_back_val()->getOperands())
      if (Operation *definition = operand.getDefiningOp();
          definition && isScalar(*definition) && found.insert(definition).second)
        wanted.push_back(definition);
  return found;
}

/// How many rows this iteration has of what was loaded ahead of it.
LogicalResult ProgramLowering::findLiveRows(ArrayRef<Operation *> body) {
  SmallVector<Operation *> loads(changingRows.keys());
  auto numbersNow = numbers;
  DenseSet<Operation *> needed = scalarsOf(loads);
  for (Operation *op : body)
    if (needed.contains(op) && failed(lowerScalar(*op)))
      return failure();
  for (Operation *op : body) {
    auto rows = changingRows.find(op);
    if (rows == changingRows.end() || !isRowwise(op->getResult(0), rows->second))
      continue;
    auto load = cast<tile::LoadOp>(op);
    int64_t dim = load.getTileDims()[rows->second], size = load.getType().getDimSize(rows->second);
    ahead[op]->live = LiveRows{live(load.getView(), dim, load.getOffsets()[dim], size), rows->second};
  }
  numbers = std::move(numbersNow);
  return success();
}

/// Loads what iteration `index` wants, if `more` is 1. The numbers of the current iteration stay as they are.
LogicalResult ProgramLowering::loadAhead(ArrayRef<Operation *> body, SetIndex setIndex, const Number &index,
                                         const Number &more, Phase phase) {
  auto numbersNow = numbers;
  auto indicesNow = indices;
  array = 0;
  setIndex(index);
  SmallVector<Operation *> loads(ahead.keys());
  DenseSet<Operation *> needed = scalarsOf(loads);
  needed.insert_range(loads);
  for (Operation *op : body) {
    if (!needed.contains(op))
      continue;
    auto load = dyn_cast<tile::LoadOp>(op);
    if (failed(load ? loadInto(load, more, ahead[op], phase) : lowerScalar(*op)))
      return failure();
  }
  numbers = std::move(numbersNow);
  indices = std::move(indicesNow);
  return success();
}
