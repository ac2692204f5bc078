// Reductions in the order the tile dialect fixes: 16 partial results by index mod 16, then a tree over them.
#include "lib/Target/CPU/ProgramLowering.h"

using namespace mlir;
using namespace girih;
using namespace girih::cpu;

void ProgramLowering::lowerReduce(tile::ReduceOp op, const Slot &slot) {
  auto shape = cast<RankedTensorType>(op.getInput().getType()).getShape();
  bool alongLanes = int(op.getAxis()) == laneDim(shape);
  nest(
      slot.type, neededBounds(op.getResult()),
      [&](const Point &point) {
        storeSlot(slot, point, alongLanes ? reduceAcrossLanes(op, point) : reduceAcrossRows(op, point));
      },
      /*vectors=*/!alongLanes);
}

/// One turn of a reduction's loop over 16 elements at a time: carried partial results in, new ones out.
SmallVector<Value> ProgramLowering::foldLoop(int64_t bound, SmallVector<Value> partials,
                                             function_ref<void(Value, SmallVector<Value> &)> body) {
  if (bound == 0)
    return partials;
  if (bound == lanes) {
    body(constant(0), partials);
    return partials;
  }
  auto loop = scf::ForOp::create(builder, loc, constant(0), constant(bound), constant(lanes), partials);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(loop.getBody());
  scopes.emplace_back().loop = loop;
  SmallVector<Value> carried(loop.getRegionIterArgs().begin(), loop.getRegionIterArgs().end());
  body(loop.getInductionVar(), carried);
  scf::YieldOp::create(builder, loc, carried);
  scopes.pop_back();
  return SmallVector<Value>(loop.getResults().begin(), loop.getResults().end());
}

/// The axis lies along the lanes: each lane is a partial result.
Value ProgramLowering::reduceAcrossLanes(tile::ReduceOp op, const Point &row) {
  auto input = cast<RankedTensorType>(op.getInput().getType());
  int axis = op.getAxis();
  int64_t size = input.getDimSize(axis), whole = size / lanes * lanes;
  auto type = VectorType::get(lanes, input.getElementType());
  auto at = [&](Value index) {
    Point point{row.index, axis};
    point.index.insert(point.index.begin() + axis, index);
    return splat(evaluate(op.getInput(), point));
  };
  Value none = neutral(op.getKind(), type);
  Value sum = foldLoop(whole, {none}, [&](Value index, SmallVector<Value> &partials) {
    partials[0] = combine(op.getKind(), partials[0], at(index));
  })[0];
  if (whole < size) {
    Value rest = arith::SelectOp::create(builder, loc, maskBelow(constant(size - whole)), at(constant(whole)), none);
    sum = combine(op.getKind(), sum, rest);
  }
  for (int64_t half = lanes / 2; half >= 1; half /= 2) {
    Value low = vector::ShuffleOp::create(builder, loc, sum, sum, llvm::to_vector(llvm::seq<int64_t>(0, half)));
    Value high = vector::ShuffleOp::create(builder, loc, sum, sum, llvm::to_vector(llvm::seq<int64_t>(half, 2 * half)));
    sum = combine(op.getKind(), low, high);
  }
  return vector::ExtractOp::create(builder, loc, sum, int64_t(0));
}

/// The axis lies across the lanes: sixteen partial vectors.
Value ProgramLowering::reduceAcrossRows(tile::ReduceOp op, const Point &point) {
  auto input = cast<RankedTensorType>(op.getInput().getType());
  int axis = op.getAxis();
  int64_t size = input.getDimSize(axis), whole = size / lanes * lanes;
  auto at = [&](Value index) {
    Point from = point;
    from.index.insert(from.index.begin() + axis, index);
    if (from.lane >= axis)
      ++from.lane;
    return splat(evaluate(op.getInput(), from));
  };
  SmallVector<Value> partials;
  if (whole) {
    SmallVector<Value> none(lanes, neutral(op.getKind(), VectorType::get(lanes, input.getElementType())));
    partials = foldLoop(whole, none, [&](Value index, SmallVector<Value> &carried) {
      for (int64_t i = 0; i < lanes; ++i)
        carried[i] = combine(op.getKind(), carried[i], at(add(index, constant(i))));
    });
  }
  for (int64_t i = whole; i < size; ++i) {
    Value rest = at(constant(i));
    if (whole)
      partials[i - whole] = combine(op.getKind(), partials[i - whole], rest);
    else
      partials.push_back(rest);
  }
  // Absent partials would add the neutral element: leave them out.
  for (size_t half = lanes / 2; half >= 1; partials.resize(std::min(partials.size(), half)), half /= 2)
    for (size_t i = 0; i < half && i + half < partials.size(); ++i)
      partials[i] = combine(op.getKind(), partials[i], partials[i + half]);
  return partials[0];
}
