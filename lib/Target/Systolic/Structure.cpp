// The walk over a program: the grid as a loop, scalars for the sequencer, `scf.for` with the tiles it
// carries, and when memory is free again.
#include "lib/Target/Systolic/Jam.h"
#include "lib/Target/Systolic/ProgramLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace girih;
using namespace girih::systolic;

LogicalResult ProgramLowering::decline(Operation *op, const Twine &reason) {
  return emitError(where.value_or(op->getLoc()))
         << "target 'systolic:" << machine.name << "' cannot compute '" << op->getName() << "' of kernel '"
         << program.getSymName() << "': " << reason;
}

Number ProgramLowering::number(Value value) {
  if (std::optional<int64_t> known = getConstantIntValue(value))
    return *known;
  return numbers.lookup(value);
}

//===- Scalars --------------------------------------------------------------------------------------===//

/// Index arithmetic, and its way into tiles.
LogicalResult ProgramLowering::lowerScalar(Operation &op) {
  auto set = [&](Number value) { return numbers[op.getResult(0)] = std::move(value), success(); };
  auto operand = [&](unsigned i) { return number(op.getOperand(i)); };
  if (auto index = dyn_cast<tile::ProgramIndexOp>(op))
    return set(indices[index.getDim()]);
  if (auto dim = dyn_cast<tile::DimOp>(op))
    return set(viewDim(dim.getView(), dim.getDim()));
  if (isa<arith::IndexCastOp>(op))
    return set(operand(0));
  if (isa<arith::AddIOp>(op))
    return set(scalars.add(operand(0), operand(1)));
  if (isa<arith::SubIOp>(op))
    return set(scalars.sub(operand(0), operand(1)));
  if (isa<arith::MulIOp>(op))
    return set(scalars.mul(operand(0), operand(1)));
  if (isa<arith::DivUIOp, arith::DivSIOp>(op))
    return set(scalars.div(operand(0), operand(1)));
  if (isa<arith::RemUIOp, arith::RemSIOp>(op))
    return set(scalars.rem(operand(0), operand(1)));
  if (isa<arith::CeilDivUIOp>(op))
    return set(scalars.ceilDiv(operand(0), operand(1)));
  if (isa<arith::MinSIOp>(op))
    return set(scalars.min(operand(0), operand(1)));
  if (isa<arith::MaxSIOp>(op))
    return set(scalars.max(operand(0), operand(1)));
  if (auto extract = dyn_cast<tensor::ExtractOp>(op))
    return lowerExtract(extract);
  return decline(&op, "the sequencer has no such scalar operation");
}

/// The sequencer reads an integer of the scratchpad when everything before is done.
LogicalResult ProgramLowering::lowerExtract(tensor::ExtractOp op) {
  if (!op.getType().isInteger(32))
    return decline(op, "the sequencer reads i32 only, but this is " + llvm::to_string(op.getType()));
  Tile tile = materialized(tileOf(op.getTensor()), op.getTensor().getType().getShape(), systolic::Type::i32);
  Number offset = 0;
  for (auto [index, stride] : llvm::zip(op.getIndices(), tile.strides))
    offset = scalars.add(offset, scalars.mul(number(index), stride));
  Address begin = address(tile);
  code.wait();
  numbers[op] = scalars.read(begin.offset, scalars.add(offset, begin.base()));
  return success();
}

/// A constant tile, which has one number.
static std::optional<float> splatOf(arith::ConstantOp op) {
  auto values = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!values || !values.isSplat())
    return std::nullopt;
  if (isa<FloatType>(values.getElementType()))
    return values.getSplatValue<APFloat>().convertToDouble();
  APInt integer = values.getSplatValue<APInt>();
  if (values.getElementType().isInteger(1))
    return integer.isZero() ? -std::numeric_limits<float>::infinity()
                            : std::numeric_limits<float>::infinity();
  // The greatest of i32, which rounds up, is itself again when it is stored as one.
  constexpr int64_t exact = 1 << 24;
  int64_t value = integer.getSExtValue();
  bool isKept = std::abs(value) <= exact || value == INT32_MAX || value == INT32_MIN;
  return isKept ? std::optional<float>(value) : std::nullopt;
}

//===- Loops ----------------------------------------------------------------------------------------===//

/// Whether no loop lies inside.
static bool hasNoLoop(ArrayRef<Operation *> body) {
  return llvm::none_of(body, [](Operation *op) { return op->getNumRegions() != 0; });
}

/// Runs `count` iterations, which overlap in an innermost loop if they can; `lowerBody` lowers one.
LogicalResult ProgramLowering::lowerLoop(ArrayRef<Operation *> body, const Number &count, SetIndex setIndex,
                                         bool isInnermost, function_ref<LogicalResult()> lowerBody) {
  bool overlaps = isInnermost && schedule == Schedule::Overlapped && openHalves();
  if (overlaps) {
    findAhead(body);
    if (failed(loadAhead(body, setIndex, 0, scalars.min(count, 1), Phase::This)))
      return failure();
  }
  Number index = scalars.variable(0);
  code.beginLoop(count.constant, count.number());
  if (overlaps) {
    beginPhase();
    Number more = scalars.min(scalars.sub(scalars.sub(count, index), 1), 1);
    if (failed(loadAhead(body, setIndex, {index.reg, 1}, more, Phase::Next)))
      return failure();
  }
  setIndex(index);
  if (overlaps) {
    if (failed(findLiveRows(body)))
      return failure();
    for (auto &[load, tile] : ahead)
      setTile(load->getResult(0), *tile);
  }
  if (failed(lowerBody()))
    return failure();
  if (overlaps)
    endPhase();
  code.endLoop(index.number(), 1);
  if (overlaps)
    closeHalves();
  return success();
}

/// Results of the body go where the next iteration looks for them. One that is another's old value is saved
/// first.
LogicalResult ProgramLowering::copyYields(scf::ForOp loop, ArrayRef<Tile> slots) {
  auto yields = loop.getBody()->getTerminator()->getOperands();
  SmallVector<Tile> news;
  for (auto [i, yielded] : llvm::enumerate(yields)) {
    array = slots[i].array();
    Shape shape = cast<RankedTensorType>(yielded.getType()).getShape();
    Tile tile = tileOf(yielded);
    bool isOther = isa<BlockArgument>(yielded) && cast<BlockArgument>(yielded).getOwner() == loop.getBody() &&
                   yielded != loop.getRegionIterArg(i);
    if (isOther) {
      Tile saved = fresh(shape, systolic::Type::f32);
      copy(tile, shape, saved);
      tile = saved;
    }
    news.push_back(tile);
  }
  for (auto [yielded, tile, slot] : llvm::zip(yields, news, slots)) {
    Shape shape = cast<RankedTensorType>(yielded.getType()).getShape();
    if (!tile.isSplat() && tile.slot == slot.slot && tile.offset == slot.offset)
      continue;
    array = slot.array();
    copy(tile, shape, slot);
  }
  return success();
}

LogicalResult ProgramLowering::lowerFor(scf::ForOp loop) {
  std::optional<int64_t> step = getConstantIntValue(loop.getStep());
  if (!step || *step != 1)
    return decline(loop, "loops count by 1");
  SmallVector<Tile> slots;
  auto neighbours = loop->getAttrOfType<IntegerAttr>(kNeighboursAttr);
  unsigned each = loop.getNumRegionIterArgs() / (neighbours ? neighbours.getInt() : 1);
  for (auto [argument, init] : llvm::zip(loop.getRegionIterArgs(), loop.getInitArgs())) {
    array = slots.size() / each % machine.arrays;
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type || !(type.getElementType().isF32() || type.getElementType().isInteger(32)))
      return decline(loop, "loops carry tiles of f32 and i32, but this carries " +
                               llvm::to_string(argument.getType()));
    auto sum = llvm::find_if(argument.getUsers(), llvm::IsaPred<tile::DotOp>);
    bool isSum = sum != argument.getUsers().end();
    Tile slot = isSum ? sums(type.getShape()) : Tile();
    if (!slot.slot)
      slot = fresh(type.getShape(), systolic::Type::f32, !isSum);
    else
      slot.type = sumType(cast<tile::DotOp>(*sum));
    copy(tileOf(init), type.getShape(), slot);
    setTile(argument, slot);
    slots.push_back(slot);
  }
  Number first = number(loop.getLowerBound()),
         count = scalars.max(scalars.sub(number(loop.getUpperBound()), first), 0);
  SmallVector<Operation *> body =
      llvm::map_to_vector(loop.getBody()->without_terminator(), [](Operation &op) { return &op; });
  auto setIndex = [&](const Number &index) { numbers[loop.getInductionVar()] = scalars.add(first, index); };
  if (failed(lowerLoop(body, count, setIndex, hasNoLoop(body), [&] {
        return success(succeeded(lowerOps(body)) && succeeded(copyYields(loop, slots)));
      })))
    return failure();
  auto forget = [&](Value value) {
    tiles.erase(value);
    numbers.erase(value);
  };
  llvm::for_each(loop.getBody()->getArguments(), forget);
  for (Operation &op : *loop.getBody())
    llvm::for_each(op.getResults(), forget);
  for (auto [result, slot] : llvm::zip(loop.getResults(), slots))
    setTile(result, slot);
  return success();
}

//===- The walk -------------------------------------------------------------------------------------===//

unsigned ProgramLowering::arrayOf(Operation &op) const {
  auto neighbour = op.getAttrOfType<IntegerAttr>(kNeighbourAttr);
  return neighbour ? neighbour.getInt() % machine.arrays : 0;
}

LogicalResult ProgramLowering::lowerOp(Operation &op) {
  reuse.reset();
  if (!isa<tile::GatherOp>(op))
    table.reset();
  array = arrayOf(op);
  resultRows = liveRows(op);
  atEnd = isForInnerLoops(op);
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    if (!isa<RankedTensorType>(constant.getType()))
      return success(); // read where it is used
    std::optional<float> splat = splatOf(constant);
    if (!splat)
      return decline(&op, "a constant tile repeats one number, an integer of at most 2^24 or the end of i32");
    Tile tile;
    tile.splat = *splat;
    return setTile(constant, tile), success();
  }
  if (auto splat = dyn_cast<tensor::SplatOp>(op)) {
    if (!splat.getInput().getType().isInteger(32))
      return decline(&op, "only integers of the sequencer are repeated over tiles");
    return setTile(splat, indexTile(number(splat.getInput()), splat.getType().getRank())), success();
  }
  if (auto load = dyn_cast<tile::LoadOp>(op))
    return lowerLoad(load);
  if (auto gather = dyn_cast<tile::GatherOp>(op))
    return lowerGather(gather);
  if (auto store = dyn_cast<tile::StoreOp>(op))
    return lowerStore(store);
  if (auto scatter = dyn_cast<tile::ScatterOp>(op))
    return lowerScatter(scatter);
  if (auto dot = dyn_cast<tile::DotOp>(op))
    return lowerDot(dot);
  if (auto reduce = dyn_cast<tile::ReduceOp>(op))
    return lowerReduce(reduce);
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return lowerFor(loop);
  if (op.getNumRegions() || op.getNumResults() != 1)
    return decline(&op, "the machine's programs have loops, but no such operation");
  if (!isa<RankedTensorType>(op.getResult(0).getType()))
    return lowerScalar(op);
  if (isa<tile::ReshapeOp, tile::BroadcastOp, tile::TransposeOp, tile::ConcatOp, tile::IotaOp,
          tensor::ExtractSliceOp>(op))
    return lowerMovement(op);
  return lowerElementwise(op);
}

bool ProgramLowering::isScalar(Operation &op) {
  return op.getNumResults() == 1 && op.getNumRegions() == 0 &&
         !isa<RankedTensorType>(op.getResult(0).getType()) && !isa<arith::ConstantOp>(op);
}

/// The order in which operations are lowered: outer loops' first.
bool ProgramLowering::isBefore(Operation *a, Operation *b) const {
  unsigned levelA = levels.lookup(a), levelB = levels.lookup(b);
  return levelA != levelB ? levelA < levelB : a->isBeforeInBlock(b);
}

/// Whether a loop inside reads the result, or what is but another name for it.
bool ProgramLowering::isForInnerLoops(Operation &op) const {
  return llvm::any_of(op.getUsers(), [&](Operation *user) {
    Operation *here = op.getBlock()->findAncestorOpInBlock(*user);
    if (!here || levels.lookup(here) > levels.lookup(&op))
      return here != nullptr;
    return isa<arith::TruncFOp, arith::ExtFOp, tile::ReshapeOp, tile::BroadcastOp>(here) &&
           isForInnerLoops(*here);
  });
}

/// Whether nothing reads the value after `op`: it is of the same loop, and all others that use it came
/// before. What a loop carries is written anew at the end of each iteration.
bool ProgramLowering::isLastUse(Operation &op, Value value) const {
  Operation *definition = value.getDefiningOp();
  if (value.getParentBlock() != op.getBlock() || levels.lookup(definition) != levels.lookup(&op))
    return false;
  return llvm::all_of(value.getUsers(), [&](Operation *user) {
    // What an instruction covers reads its operands when that is emitted.
    Operation *here = op.getBlock()->findAncestorOpInBlock(*user);
    return here == &op || (covered.contains(user) ? combinations.lookup(&op) == user : isBefore(here, &op));
  });
}

/// Drops what this was the last operation to use.
void ProgramLowering::releaseAfter(Operation &op) {
  auto release = [&](Value value) {
    if (isLastUse(op, value)) {
      tiles.erase(value);
      numbers.erase(value);
    }
  };
  op.walk([&](Operation *inner) { llvm::for_each(inner->getOperands(), release); });
  if (Operation *inner = combinations.lookup(&op))
    llvm::for_each(inner->getOperands(), release);
  llvm::for_each(op.getResults(), release);
}

LogicalResult ProgramLowering::lowerOps(ArrayRef<Operation *> ops) {
  for (Operation *op : ops) {
    if (ahead.contains(op) || aheadOnly.contains(op) || covered.contains(op))
      continue;
    if (failed(lowerOp(*op)))
      return failure();
    if (outOfMemory)
      return isTooLarge()
                 ? failure()
                 : decline(op, "there is no room for " + Twine(wantedBytes) +
                                   " bytes beside its other tiles in a scratchpad of " +
                                   Twine(machine.scratchpad_bytes) + " and accumulators of " +
                                   Twine(machine.accumulator_bytes) + "; choose a machine with more");
    releaseAfter(*op);
  }
  return success();
}

//===- The grid -------------------------------------------------------------------------------------===//

SmallVector<Operation *> ProgramLowering::opsAt(unsigned level) {
  SmallVector<Operation *> ops;
  for (Operation &op : program.getBody().front().without_terminator())
    if (levels.lookup(&op) == level)
      ops.push_back(&op);
  return ops;
}

Number ProgramLowering::blocksAlong(unsigned dim) {
  tile::GridAttr grid = program.getGridDim(dim);
  if (grid.isFixed())
    return grid.getBlocks();
  int64_t size = program.getViewType(grid.getArg()).getShape()[grid.getDim()];
  return ShapedType::isDynamic(size) ? scalars.bound({Binding::Grid, int64_t(dim), 0})
                                     : Number(llvm::divideCeil(size, grid.getStep()));
}

/// The loops of the rest of the nest.
LogicalResult ProgramLowering::lowerNest(ArrayRef<unsigned> nest) {
  if (nest.empty())
    return success();
  SmallVector<Operation *> body = opsAt(program.getGridRank() - nest.size() + 1);
  bool isCut = part->range && nest.front() == part->dim;
  Number first = isCut ? part->range->first : 0;
  Number count = isCut ? Number(part->range->second - part->range->first) : blocksAlong(nest.front());
  auto setIndex = [&](const Number &index) { indices[nest.front()] = scalars.add(first, index); };
  return lowerLoop(body, count, setIndex, nest.size() == 1 && hasNoLoop(body), [&] {
    return success(succeeded(lowerOps(body)) && succeeded(lowerNest(nest.drop_front())));
  });
}

std::string ProgramLowering::whyTooLarge() const {
  if (code.isExhausted())
    return code.error();
  if (!outOfMemory)
    return "that takes more than the machine's " + std::to_string(kRegisters) + " registers";
  return "a half of its memories has no room for " + std::to_string(wantedBytes) +
         " bytes beside the other tiles";
}

/// Gathers stand as early as their operands allow, so that the vector unit has work while they wait for DRAM.
static void hoistGathers(tile::ProgramOp program) {
  llvm::DenseMap<Block *, Operation *> last;
  SmallVector<tile::GatherOp> gathers;
  program.walk([&](tile::GatherOp gather) { gathers.push_back(gather); });
  for (tile::GatherOp gather : gathers) {
    if (!isReadOnly(gather.getView()))
      continue;
    Operation *&after = last[gather->getBlock()];
    for (Value operand : gather->getOperands())
      if (Operation *definition = operand.getDefiningOp(); definition &&
                                                           definition->getBlock() == gather->getBlock() &&
                                                           (!after || after->isBeforeInBlock(definition)))
        after = definition;
    if (after)
      gather->moveAfter(after);
    after = gather;
  }
}

/// Nothing of the part before is left: neither tiles nor registers but those that the launch fills.
LogicalResult ProgramLowering::lowerPart(const Part &next) {
  part = &next;
  program = *part->program;
  tiles.clear();
  numbers.clear();
  indices.clear();
  combinations.clear();
  gelus.clear();
  covered.clear();
  knownRows.clear();
  hoistGathers(program);
  findPatterns();
  hasNeighbours =
      program
          .walk([](scf::ForOp loop) {
            return loop->hasAttr(kNeighboursAttr) ? WalkResult::interrupt() : WalkResult::advance();
          })
          .wasInterrupted();
  dotsToCome = 0;
  program.walk([&](tile::DotOp) { ++dotsToCome; });
  levels = levelsOf(program, part->nest);
  if (schedule == Schedule::Plain)
    for (auto &[op, level] : levels)
      level = isa<arith::ConstantOp>(op) ? 0 : part->nest.size();
  indices.resize(part->nest.size());
  return success(succeeded(lowerOps(opsAt(0))) && succeeded(lowerNest(part->nest)));
}

FailureOr<Program> ProgramLowering::run(ArrayRef<Part> parts) {
  for (const Part &each : parts) {
    code.barrier();
    if (failed(lowerPart(each)))
      return failure();
  }
  if (scalars.isExhausted())
    return isTooLarge() ? failure()
                        : decline(program, "its sizes and addresses need more than the machine's " +
                                               Twine(kRegisters) + " registers");
  Program result = code.finish();
  if (!code.error().empty())
    return isTooLarge() ? failure() : decline(program, code.error());
  return result;
}
