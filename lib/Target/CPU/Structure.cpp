// The walk over a program: scalars are copied, structured control flow keeps its shape with tiles moved to
// scratch, and every operation that must touch memory becomes a loop nest.
#include "lib/Target/CPU/ProgramLowering.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace girih;
using namespace girih::cpu;

ProgramLowering::ProgramLowering(tile::ProgramOp program, const CodeVersion &version, func::FuncOp function)
    : KernelBuilder(program, function), version(version) {
  Block *entry = function.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  entryEnd = func::ReturnOp::create(builder, loc);
  builder.setInsertionPoint(entryEnd);
  scopes.emplace_back();
  program.walk([&](tile::DotOp dot) { hasSingleColumnDot |= dot.getResult().getType().getDimSize(1) == 1; });
}

LogicalResult ProgramLowering::run() {
  bindArguments();
  bindScalars();
  // Constants and slots' addresses are made before this mark, everything else after it.
  auto body = builder.saveInsertionPoint();
  Operation *mark = arith::ConstantOp::create(builder, loc, builder.getIndexAttr(0));
  entryEnd = mark;
  builder.restoreInsertionPoint(body);
  if (failed(lowerBlock(program.getBody().front())))
    return failure();
  function->setAttr("scratch_bytes", builder.getI64IntegerAttr(llvm::alignTo(scratchBytes, 64)));
  return success();
}

/// Reads every view's address and sizes from the words of `args`.
void ProgramLowering::bindArguments() {
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext()), i64 = builder.getI64Type();
  int64_t word = 0;
  auto readWord = [&](Type type) -> Value {
    Value at = LLVM::GEPOp::create(builder, loc, pointer, i64, function.getArgument(0),
                                   LLVM::GEPArg(int32_t(word++)));
    return LLVM::LoadOp::create(builder, loc, type, at);
  };
  for (BlockArgument argument : program.getBody().getArguments()) {
    View view;
    view.type = cast<tile::ViewType>(argument.getType());
    view.data = readWord(pointer);
    for (int64_t size : view.type.getShape()) {
      Value word = readWord(i64);
      view.sizes.push_back(ShapedType::isDynamic(size)
                               ? arith::IndexCastOp::create(builder, loc, builder.getIndexType(), word)
                               : constant(size));
    }
    Value stride = constant(1);
    for (Value size : llvm::reverse(view.sizes)) {
      view.strides.insert(view.strides.begin(), stride);
      stride = mul(stride, size);
    }
    views[argument] = view;
  }
}

/// Scalar arithmetic of the program's top level comes first, so that the bounds of stores are known to every
/// nest.
void ProgramLowering::bindScalars() {
  for (Operation &op : program.getBody().front()) {
    bool scalar = op.getNumRegions() == 0 && op.getNumResults() > 0 &&
                  llvm::none_of(op.getResults(), isTile) &&
                  llvm::all_of(op.getOperands(), [&](Value operand) {
                    return isa<tile::ViewType>(operand.getType()) || mapping.contains(operand);
                  });
    if (scalar)
      lowerScalar(op);
  }
}

void ProgramLowering::lowerScalar(Operation &op) {
  if (mapping.contains(op.getResult(0)))
    return;
  if (auto index = dyn_cast<tile::ProgramIndexOp>(op)) {
    Type i64 = builder.getI64Type();
    Value at = LLVM::GEPOp::create(builder, loc, LLVM::LLVMPointerType::get(builder.getContext()), i64,
                                   function.getArgument(1), LLVM::GEPArg(int32_t(index.getDim())));
    Value word = LLVM::LoadOp::create(builder, loc, i64, at);
    mapping.map(index.getResult(),
                Value(arith::IndexCastOp::create(builder, loc, builder.getIndexType(), word)));
  } else if (auto dim = dyn_cast<tile::DimOp>(op)) {
    mapping.map(dim.getResult(), views[dim.getView()].sizes[dim.getDim()]);
  } else if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
    Point point;
    for (Value index : extract.getIndices())
      point.index.push_back(mapped(index));
    scopes.back().memo.clear();
    mapping.map(extract.getResult(), evaluate(extract.getTensor(), point));
  } else if (std::optional<int64_t> value = getConstantIntValue(op.getResult(0));
             value && op.getResult(0).getType().isIndex()) {
    mapping.map(op.getResult(0), constant(*value));
  } else {
    builder.clone(op, mapping);
  }
}

LogicalResult ProgramLowering::lowerBlock(Block &block) {
  for (Operation &op : block)
    if (!op.hasTrait<OpTrait::IsTerminator>() && failed(lowerOp(op)))
      return failure();
  return success();
}

LogicalResult ProgramLowering::lowerOp(Operation &op) {
  loc = op.getLoc();
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return lowerFor(loop);
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return lowerIf(branch);
  if (auto store = dyn_cast<tile::StoreOp>(op)) {
    lowerStore(store);
    return success();
  }
  if (auto scatter = dyn_cast<tile::ScatterOp>(op)) {
    lowerScatter(scatter);
    return success();
  }
  if (failed(checkLowerable(op, "the CPU")))
    return failure();
  Value result = op.getResult(0);
  if (!isTile(result)) {
    lowerScalar(op);
    return success();
  }
  if (!extents.isKept(result))
    return success();
  if (auto dot = dyn_cast<tile::DotOp>(op)) {
    std::optional<Slot> same = inPlaceSlot(result, dot.getAcc());
    if (!same && ownsSlot(dot.getAcc(), op))
      same = slots.lookup(dot.getAcc());
    Slot slot = same ? *same : allocate(cast<RankedTensorType>(result.getType()));
    lowerDot(dot, slot, same && slots.contains(dot.getAcc()));
    slots[result] = slot;
    return success();
  }
  Slot slot = allocate(cast<RankedTensorType>(result.getType()));
  if (auto reduce = dyn_cast<tile::ReduceOp>(op))
    lowerReduce(reduce, slot);
  else
    keep(result, slot);
  slots[result] = slot;
  return success();
}

/// True if `tile` is kept, and `user`, in the same block, is all that reads it.
bool ProgramLowering::ownsSlot(Value tile, Operation &user) {
  return extents.isKept(tile) && tile.hasOneUse() && tile.getParentBlock() == user.getBlock() &&
         !tile.getDefiningOp<arith::ConstantOp>();
}

/// The slot of a loop's carried tile, if `result` may overwrite it.
std::optional<Slot> ProgramLowering::inPlaceSlot(Value result, Value input) {
  Value carried = extents.overwritten(result, input);
  return carried ? std::optional(slots.lookup(carried)) : std::nullopt;
}

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
    slots[argument] = slots[result] = slot;
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
  {
    OpBuilder::InsertionGuard guard(builder);
    if (scalars.empty())
      builder.setInsertionPoint(lowered.getBody()->getTerminator());
    else
      builder.setInsertionPointToEnd(lowered.getBody());
    if (failed(lowerBlock(*loop.getBody())))
      return failure();
    yieldTiles(*loop.getBody(), tilesYielded, carried);
    if (!scalars.empty()) {
      SmallVector<Value> values;
      for (Value value : scalarsYielded)
        values.push_back(mapped(value));
      scf::YieldOp::create(builder, loc, values);
    }
  }
  return success();
}

/// Writes the yielded tiles to the carried slots: first all to slots of their own, then over, because a
/// yielded expression may read another carried tile. What is in its place already stays.
void ProgramLowering::yieldTiles(Block &body, ArrayRef<Value> yielded, ArrayRef<Slot> carried) {
  SmallVector<std::pair<Value, Slot>> copies;
  SmallVector<Value> temporary;
  for (auto [value, slot] : llvm::zip(yielded, carried)) {
    auto found = slots.find(value);
    if (found != slots.end() && found->second.pointer == slot.pointer)
      continue;
    if (yielded.size() == 1 && !extents.isKept(value) && inPlaceSlot(value, value)) {
      keep(value, slot);
      continue;
    }
    if (!extents.isKept(value) && !llvm::is_contained(temporary, value)) {
      Slot fresh = allocate(slot.type);
      keep(value, fresh);
      slots[value] = fresh;
      temporary.push_back(value);
    }
    copies.push_back({value, slot});
  }
  for (auto [value, slot] : copies)
    keep(value, slot);
  for (Value value : temporary)
    slots.erase(value);
}

LogicalResult ProgramLowering::lowerIf(scf::IfOp branch) {
  SmallVector<Slot> results;
  SmallVector<Type> scalarTypes;
  for (Value result : branch.getResults())
    if (isTile(result))
      results.push_back(slots[result] = allocate(cast<RankedTensorType>(result.getType())));
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
    return success();
  };
  if (failed(lowerSide(branch.thenBlock(), lowered.thenBlock())) ||
      (branch.elseBlock() && failed(lowerSide(branch.elseBlock(), lowered.elseBlock()))))
    return failure();
  unsigned next = 0;
  for (Value result : branch.getResults())
    if (!isTile(result))
      mapping.map(result, lowered.getResult(next++));
  return success();
}

Value ProgramLowering::splat(Value scalar) {
  if (isa<VectorType>(scalar.getType()))
    return scalar;
  return vector::BroadcastOp::create(builder, loc, VectorType::get(lanes, scalar.getType()), scalar);
}
