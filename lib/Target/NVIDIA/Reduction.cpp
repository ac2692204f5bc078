// Reductions in the order that the tile dialect fixes: sixteen threads hold the partial results by index mod
// 16, and shuffles are the tree. Where the order makes no difference, a warp holds them.
#include "lib/Target/NVIDIA/ProgramLowering.h"

using namespace mlir;
using namespace girih;
using namespace girih::nvidia;

/// Whether partial results may be combined in any order.
static bool isOrderFree(tile::ReduceOp op) {
  return op.getKind() != tile::ReduceKind::add || op.getInput().getType().getElementType().isInteger(32);
}

/// What one thread combines, in order: elements `lane`, `lane + partials`, .. of the row, eight of which are
/// on their way at once.
Value ProgramLowering::partialSum(tile::ReduceOp op, const Point &place, Value lane, int64_t partials) {
  constexpr int64_t together = 8;
  auto input = cast<RankedTensorType>(op.getInput().getType());
  int64_t size = input.getDimSize(op.getAxis()), whole = size / partials, rest = size % partials;
  auto at = [&](Value index) {
    Point from = place;
    from.insert(from.begin() + op.getAxis(), index);
    memo.emplace_back();
    Value value = evaluate(op.getInput(), from);
    memo.pop_back();
    return value;
  };
  auto several = [&](Value first, int64_t count, Value sum) {
    SmallVector<Value> values;
    for (int64_t i = 0; i < count; ++i)
      values.push_back(at(add(lane, mul(add(first, constant(i)), constant(partials)))));
    for (Value value : values)
      sum = combine(op.getKind(), sum, value);
    return sum;
  };
  Value none = neutral(op.getKind(), input.getElementType()), sum = none;
  int64_t looped = whole / together * together;
  if (looped > together)
    sum = carry(constant(looped), together, sum, [&](Value first, ValueRange carried) {
      return SmallVector<Value>{several(first, together, carried.front())};
    })[0];
  else
    looped = 0;
  sum = several(constant(looped), whole - looped, sum);
  if (!rest)
    return sum;
  Value index = add(lane, constant(whole * partials));
  Value last = arith::SelectOp::create(builder, loc, less(lane, constant(rest)),
                                       at(minimum(index, constant(size - 1))), none);
  return combine(op.getKind(), sum, last);
}

/// Combines what the first `width` threads of each group of as many hold; the first of a group has the
/// result.
Value ProgramLowering::combineAcross(tile::ReduceKind kind, Value mine, int64_t width) {
  Value all = arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(-1));
  // The mask that keeps a group apart, then its last lane (PTX ISA, shfl.sync).
  Value clamp = arith::ConstantOp::create(
      builder, loc, builder.getI32IntegerAttr(int32_t((kWarp - width) << 8 | (width - 1))));
  for (int32_t half = int32_t(width) / 2; half >= 1; half /= 2) {
    Value distance = arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(half));
    Value other = NVVM::ShflOp::create(builder, loc, mine.getType(), all, mine, distance, clamp,
                                       NVVM::ShflKind::down, UnitAttr());
    mine = combine(kind, mine, other);
  }
  return mine;
}

/// One result, in whose order nothing lies: every thread looks at a part of the row, and what the warps find
/// is combined by one thread.
void ProgramLowering::reduceByAll(tile::ReduceOp op, const Slot &slot) {
  Point place(slot.type.getRank(), constant(0));
  Slot found = allocate(RankedTensorType::get({kWarps}, slot.type.getElementType()));
  auto onlyFirst = [&](Value number, function_ref<void()> body) {
    auto branch = scf::IfOp::create(
        builder, loc, arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, number, constant(0)));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(branch.thenBlock()->getTerminator());
    memo.emplace_back();
    body();
    memo.pop_back();
  };
  phase([&] {
    Value sum = combineAcross(op.getKind(), partialSum(op, place, thread, kThreads), kWarp);
    onlyFirst(remainder(thread, kWarp), [&] { storeSlot(found, {divide(thread, kWarp)}, sum); });
  });
  phase([&] {
    onlyFirst(thread, [&] {
      Value sum = loadSlot(found, {constant(0)});
      for (int64_t warp = 1; warp < kWarps; ++warp)
        sum = combine(op.getKind(), sum, loadSlot(found, {constant(warp)}));
      storeSlot(slot, place, sum);
    });
  });
  shared.give(found.offset);
}

/// All threads of a warp take the same turns, because they shuffle; who has no result of its own repeats the
/// last one's.
void ProgramLowering::lowerReduce(tile::ReduceOp op, const Slot &slot) {
  if (isOrderFree(op) && slot.type.getNumElements() == 1)
    return reduceByAll(op, slot);
  int64_t results = slot.type.getNumElements();
  const int64_t partials = isOrderFree(op) ? kWarp : kPartials, groups = kThreads / partials;
  Value lane = remainder(thread, partials), group = divide(thread, partials);
  auto reduceOne = [&](Value number) {
    Point place(slot.type.getRank());
    Value rest = number;
    for (int dim = int(slot.type.getRank()) - 1; dim >= 0; --dim) {
      place[dim] = dim == 0 ? rest : remainder(rest, slot.type.getDimSize(dim));
      rest = dim == 0 ? rest : divide(rest, slot.type.getDimSize(dim));
    }
    Value sum = partialSum(op, place, lane, partials);
    sum = combineAcross(op.getKind(), sum, partials);
    return std::pair(place, sum);
  };
  phase([&] {
    auto loop = scf::ForOp::create(builder, loc, constant(0), constant(results), constant(groups));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(loop.getBody()->getTerminator());
    Value wanted = add(loop.getInductionVar(), group);
    memo.emplace_back();
    auto [place, sum] = reduceOne(results % groups ? minimum(wanted, constant(results - 1)) : wanted);
    memo.pop_back();
    Value mine = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, lane, constant(0));
    if (results % groups)
      mine = both(mine, less(wanted, constant(results)));
    auto branch = scf::IfOp::create(builder, loc, mine);
    builder.setInsertionPoint(branch.thenBlock()->getTerminator());
    storeSlot(slot, place, sum);
  });
}
