// The walk over a program: scalars are copied, structured control flow keeps its shape with tiles moved to
// shared memory, and every operation that must touch memory becomes work of all threads.
#include "lib/Target/NVIDIA/ProgramLowering.h"

#include "lib/Target/NVIDIA/Passes.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace girih;
using namespace girih::nvidia;

ProgramLowering::ProgramLowering(tile::ProgramOp program, func::FuncOp function, int64_t sharedLimit,
                                 bool hasWarpGroups)
    : KernelBuilder(program, function), sharedLimit(sharedLimit), hasWarpGroups(hasWarpGroups) {
  builder.setInsertionPointToStart(function.addEntryBlock());
  auto end = func::ReturnOp::create(builder, loc);
  builder.setInsertionPoint(end);
}

unsigned ProgramLowering::countWords(tile::ProgramOp program) {
  unsigned words = program.getGridRank();
  for (Type type : program.getArgumentTypes())
    words += 1 + cast<tile::ViewType>(type).getRank();
  return words;
}

LogicalResult ProgramLowering::run() {
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext(), unsigned(NVVM::NVVMMemorySpace::Shared));
  sharedBase = LLVM::AddressOfOp::create(builder, loc, pointer, kShared);
  Value number = NVVM::ThreadIdXOp::create(builder, loc, builder.getI32Type());
  thread = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), number);
  bindArguments();
  return lowerBlock(program.getBody().front());
}

/// Reads every view's address and sizes from the kernel's parameters.
void ProgramLowering::bindArguments() {
  auto global = LLVM::LLVMPointerType::get(builder.getContext(), unsigned(NVVM::NVVMMemorySpace::Global));
  unsigned word = 0;
  bool writesInPlace = llvm::any_of(program.getOutputViews(), [&](BlockArgument view) {
    return bool(program.getArgAttr(view.getArgNumber(), "tile.in_place"));
  });
  for (BlockArgument argument : program.getBody().getArguments()) {
    View view;
    view.type = cast<tile::ViewType>(argument.getType());
    view.data = LLVM::IntToPtrOp::create(builder, loc, global, function.getArgument(word++));
    view.isConstant = argument.getArgNumber() < program.getNumInputs() && !writesInPlace;
    for (int64_t size : view.type.getShape()) {
      Value given = function.getArgument(word++);
      view.sizes.push_back(ShapedType::isDynamic(size)
                               ? arith::IndexCastOp::create(builder, loc, builder.getIndexType(), given)
                               : constant(size));
    }
    Value stride = constant(1);
    for (Value size : llvm::reverse(view.sizes)) {
      view.strides.insert(view.strides.begin(), stride);
      stride = mul(stride, size);
    }
    views[argument] = view;
  }
  bindGrid(word);
}

/// Blocks lie in a row; the last dimension of the grid runs fastest.
void ProgramLowering::bindGrid(unsigned word) {
  Value number = NVVM::BlockIdXOp::create(builder, loc, builder.getI32Type());
  Value rest = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), number);
  blockIndex.resize(program.getGridRank());
  for (unsigned dim = program.getGridRank(); dim-- != 0;) {
    if (dim == 0) {
      blockIndex[dim] = rest;
      break;
    }
    Value size =
        arith::IndexCastOp::create(builder, loc, builder.getIndexType(), function.getArgument(word + dim));
    blockIndex[dim] = arith::RemUIOp::create(builder, loc, rest, size);
    rest = arith::DivUIOp::create(builder, loc, rest, size);
  }
}

void ProgramLowering::lowerScalar(Operation &op) {
  if (mapping.contains(op.getResult(0)))
    return;
  if (auto index = dyn_cast<tile::ProgramIndexOp>(op)) {
    mapping.map(index.getResult(), blockIndex[index.getDim()]);
  } else if (auto dim = dyn_cast<tile::DimOp>(op)) {
    mapping.map(dim.getResult(), views[dim.getView()].sizes[dim.getDim()]);
  } else if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
    Point point;
    for (Value index : extract.getIndices())
      point.push_back(mapped(index));
    phase([&] { mapping.map(extract.getResult(), evaluate(extract.getTensor(), point)); });
  } else if (std::optional<int64_t> value = getConstantIntValue(op.getResult(0));
             value && op.getResult(0).getType().isIndex()) {
    mapping.map(op.getResult(0), constant(*value));
  } else {
    builder.clone(op, mapping);
  }
}

/// Dots wait for who reads them, so that their results take memory no longer than they must.
LogicalResult ProgramLowering::lowerBlock(Block &block) {
  SmallVector<tile::DotOp> waiting;
  auto lowerNow = [&](Operation &op) {
    if (failed(lowerOp(op)))
      return failure();
    releaseAfter(op);
    return success();
  };
  auto lowerReadBy = [&](Operation *reader) -> LogicalResult {
    for (tile::DotOp &dot : waiting)
      if (dot && (!reader || firstReader(dot.getResult()) == reader)) {
        Operation *now = dot;
        dot = {};
        if (failed(lowerNow(*now)))
          return failure();
      }
    return success();
  };
  for (Operation &op : block) {
    if (failed(lowerReadBy(&op)))
      return failure();
    if (op.hasTrait<OpTrait::IsTerminator>())
      continue;
    if (auto dot = dyn_cast<tile::DotOp>(op); dot && isKept(dot.getResult()) && mayWait(dot))
      waiting.push_back(dot);
    else if (failed(lowerNow(op)))
      return failure();
  }
  return lowerReadBy(nullptr);
}

/// Whether the dot reads nothing that shared memory holds, and so gives the same later.
bool ProgramLowering::mayWait(tile::DotOp dot) {
  if (inPlaceSlot(dot.getResult(), dot.getAcc()))
    return false;
  SmallVector<Value> todo(dot->getOperands());
  DenseSet<Value> seen;
  while (!todo.empty()) {
    Value value = todo.pop_back_val();
    if (!isTile(value) || !seen.insert(value).second)
      continue;
    if (!value.getDefiningOp() || isKept(value))
      return false;
    llvm::append_range(todo, value.getDefiningOp()->getOperands());
  }
  return true;
}

/// What is only stored needs no place of its own before.
static bool isOnlyStored(Value tile) {
  while (tile.hasOneUse()) {
    Operation *user = *tile.user_begin();
    if (user->getBlock() != tile.getParentBlock())
      return false;
    if (isa<tile::StoreOp, tile::ScatterOp>(user))
      return true;
    if (!isa<tile::ReshapeOp>(user) && !OpTrait::hasElementwiseMappableTraits(user))
      return false;
    tile = user->getResult(0);
  }
  return false;
}

bool ProgramLowering::isKept(Value tile) const {
  return extents.isKept(tile) && !(tile.getDefiningOp<tile::ConcatOp>() && isOnlyStored(tile));
}

static LogicalResult checkSupported(Operation &op) {
  if (failed(checkLowerable(op, "a GPU")))
    return failure();
  if (auto dot = dyn_cast<tile::DotOp>(op); dot && dot.getLhs().getType().getElementType().isInteger(8))
    return op.emitOpError(
        "multiplies 8-bit integers, for which GPUs have no kernel here; expected f32, bf16 or f16");
  return success();
}

LogicalResult ProgramLowering::lowerOp(Operation &op) {
  loc = op.getLoc();
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return lowerFor(loop);
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return lowerIf(branch);
  if (auto store = dyn_cast<tile::StoreOp>(op))
    return lowerStore(store), success();
  if (auto scatter = dyn_cast<tile::ScatterOp>(op))
    return lowerScatter(scatter), success();
  if (failed(checkSupported(op)))
    return failure();
  Value result = op.getResult(0);
  if (!isTile(result))
    return lowerScalar(op), success();
  if (!isKept(result))
    return success();
  if (auto dot = dyn_cast<tile::DotOp>(op)) {
    std::optional<Slot> same = inPlaceSlot(result, dot.getAcc());
    Slot slot = lowerDot(dot, same);
    if (same)
      slots[result] = slot;
    else
      bindSlot(result, slot);
    return success();
  }
  Slot slot = allocate(cast<RankedTensorType>(result.getType()));
  if (auto reduce = dyn_cast<tile::ReduceOp>(op))
    lowerReduce(reduce, slot);
  else
    keep(result, slot);
  bindSlot(result, slot);
  return success();
}

//===- Lifetimes of kept tiles --------------------------------------------------------------------===//

/// The operations in the tile's block that read it, themselves or in what they compute of inline expressions.
SmallVector<Operation *> ProgramLowering::readersOf(Value tile) {
  Block *block = tile.getParentBlock();
  SmallVector<Operation *> readers;
  SmallVector<Value> todo = {tile};
  DenseSet<Value> seen;
  while (!todo.empty())
    for (Operation *user : todo.pop_back_val().getUsers()) {
      bool isInline = user->getNumResults() == 1 && user->getNumRegions() == 0 &&
                      isTile(user->getResult(0)) && !isKept(user->getResult(0));
      if (!isInline)
        readers.push_back(block->findAncestorOpInBlock(*user));
      else if (seen.insert(user->getResult(0)).second)
        todo.push_back(user->getResult(0));
    }
  return readers;
}

static bool isBefore(Operation *a, Operation *b) { return a->isBeforeInBlock(b); }

/// Null: nobody reads the tile.
Operation *ProgramLowering::firstReader(Value tile) {
  SmallVector<Operation *> readers = readersOf(tile);
  return readers.empty() ? nullptr : *llvm::min_element(readers, isBefore);
}

Operation *ProgramLowering::lastReader(Value tile) {
  SmallVector<Operation *> readers = readersOf(tile);
  return readers.empty() ? nullptr : *llvm::max_element(readers, isBefore);
}

/// The tile lies in the slot, which is free after its last reader.
void ProgramLowering::bindSlot(Value tile, const Slot &slot) {
  slots[tile] = slot;
  Operation *last = lastReader(tile);
  if (!last)
    shared.give(slot.offset);
  else
    dying[last].push_back(slot.offset);
}

void ProgramLowering::releaseAfter(Operation &op) {
  for (int64_t offset : dying.lookup(&op))
    shared.give(offset);
  dying.erase(&op);
}

/// The slot of a loop's carried tile, if `result` may overwrite it.
std::optional<Slot> ProgramLowering::inPlaceSlot(Value result, Value input) {
  Value carried = extents.overwritten(result, input);
  return carried ? std::optional(slots.lookup(carried)) : std::nullopt;
}

//===- Control flow -------------------------------------------------------------------------------===//

LogicalResult ProgramLowering::lowerFor(scf::ForOp loop) {
  SmallVector<Slot> carried;
  SmallVector<Value> scalars, tilesYielded, scalarsYielded;
  for (auto [init, argument, yielded, result] :
       llvm::zip(loop.getInitArgs(), loop.getRegionIterArgs(), loop.getYieldedValues(), loop.getResults())) {
    if (!isTile(init)) {
      scalars.push_back(mapped(init));
      scalarsYielded.push_back(yielded);
      continue;
    }
    Slot slot = allocate(cast<RankedTensorType>(init.getType()));
    keep(init, slot);
    carried.push_back(slot);
    tilesYielded.push_back(yielded);
    slots[argument] = slot;
  }
  auto lowered = scf::ForOp::create(builder, loc, mapped(loop.getLowerBound()), mapped(loop.getUpperBound()),
                                    mapped(loop.getStep()), scalars);
  mapping.map(loop.getInductionVar(), lowered.getInductionVar());
  unsigned next = 0;
  for (auto [argument, result] : llvm::zip(loop.getRegionIterArgs(), loop.getResults()))
    if (!isTile(result)) {
      mapping.map(argument, lowered.getRegionIterArg(next));
      mapping.map(result, lowered.getResult(next++));
    }
  OpBuilder::InsertionGuard guard(builder);
  if (scalars.empty())
    builder.setInsertionPoint(lowered.getBody()->getTerminator());
  else
    builder.setInsertionPointToEnd(lowered.getBody());
  uncertain();
  if (failed(lowerBlock(*loop.getBody())))
    return failure();
  yieldTiles(tilesYielded, carried);
  if (!scalars.empty()) {
    SmallVector<Value> values;
    for (Value value : scalarsYielded)
      values.push_back(mapped(value));
    scf::YieldOp::create(builder, loc, values);
  }
  releaseAfter(*loop.getBody()->getTerminator());
  uncertain();
  const Slot *slot = carried.begin();
  for (Value result : loop.getResults())
    if (isTile(result))
      bindSlot(result, *slot++);
  return success();
}

/// Writes the yielded tiles to the carried slots: first all to slots of their own, then over, because a
/// yielded expression may read another carried tile. What is in its place already stays.
void ProgramLowering::yieldTiles(ArrayRef<Value> yielded, ArrayRef<Slot> carried) {
  SmallVector<std::pair<Value, Slot>> copies;
  SmallVector<Value> temporary;
  for (auto [value, slot] : llvm::zip(yielded, carried)) {
    auto found = slots.find(value);
    if (found != slots.end() && found->second.offset == slot.offset)
      continue;
    if (yielded.size() == 1 && !isKept(value) && inPlaceSlot(value, value)) {
      keep(value, slot);
      continue;
    }
    if (!isKept(value) && !llvm::is_contained(temporary, value)) {
      Slot fresh = allocate(slot.type);
      keep(value, fresh);
      slots[value] = fresh;
      temporary.push_back(value);
    }
    copies.push_back({value, slot});
  }
  for (auto [value, slot] : copies)
    keep(value, slot);
  for (Value value : temporary) {
    shared.give(slots[value].offset);
    slots.erase(value);
  }
}

LogicalResult ProgramLowering::lowerIf(scf::IfOp branch) {
  SmallVector<Slot> results;
  SmallVector<Type> scalarTypes;
  for (Value result : branch.getResults())
    if (isTile(result))
      results.push_back(allocate(cast<RankedTensorType>(result.getType())));
    else
      scalarTypes.push_back(result.getType());
  auto lowered = scf::IfOp::create(builder, loc, scalarTypes, mapped(branch.getCondition()),
                                   /*withElse=*/!branch.getElseRegion().empty());
  auto lowerSide = [&](Block *from, Block *to) -> LogicalResult {
    OpBuilder::InsertionGuard guard(builder);
    if (to->mightHaveTerminator())
      builder.setInsertionPoint(to->getTerminator());
    else
      builder.setInsertionPointToEnd(to);
    uncertain();
    if (failed(lowerBlock(*from)))
      return failure();
    SmallVector<Value> scalars;
    const Slot *slot = results.begin();
    for (Value value : from->getTerminator()->getOperands())
      if (isTile(value))
        keep(value, *slot++);
      else
        scalars.push_back(mapped(value));
    if (!to->mightHaveTerminator())
      scf::YieldOp::create(builder, loc, scalars);
    releaseAfter(*from->getTerminator());
    uncertain();
    return success();
  };
  if (failed(lowerSide(branch.thenBlock(), lowered.thenBlock())) ||
      (branch.elseBlock() && failed(lowerSide(branch.elseBlock(), lowered.elseBlock()))))
    return failure();
  unsigned next = 0;
  const Slot *slot = results.begin();
  for (Value result : branch.getResults())
    if (isTile(result))
      bindSlot(result, *slot++);
    else
      mapping.map(result, lowered.getResult(next++));
  return success();
}

//===- Index arithmetic ---------------------------------------------------------------------------===//

Value ProgramLowering::divide(Value a, int64_t b) {
  if (auto x = getConstantIntValue(a))
    return constant(*x / b);
  return b == 1 ? a : arith::DivUIOp::create(builder, loc, a, constant(b)).getResult();
}

Value ProgramLowering::remainder(Value a, int64_t b) {
  if (auto x = getConstantIntValue(a))
    return constant(*x % b);
  return b == 1 ? constant(0) : arith::RemUIOp::create(builder, loc, a, constant(b)).getResult();
}

/// As unsigned numbers: what is negative is no less than a size.
Value ProgramLowering::less(Value a, Value b) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, a, b);
}

/// Null is certain.
Value ProgramLowering::both(Value a, Value b) {
  if (!a || !b)
    return a ? a : b;
  return arith::AndIOp::create(builder, loc, a, b);
}

Value ProgramLowering::toI32(Value index) {
  return arith::IndexCastOp::create(builder, loc, builder.getI32Type(), index);
}
