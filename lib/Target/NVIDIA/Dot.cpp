// Contractions: operands pass through shared memory in chunks, sums stay in registers until the result is
// written to its slot. In f32 each thread has some elements of the result, each of them one chain of fused
// multiply-adds.
#include "lib/Target/NVIDIA/ProgramLowering.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace girih;
using namespace girih::nvidia;

/// Elements of depth in a chunk, of f32; more where lines are few, so that enough is under way to keep memory
/// busy.
static constexpr int64_t kChunk = 32, kMostChunk = 256, kChunkBytes = 16 << 10;

Slot ProgramLowering::lowerDot(tile::DotOp op, std::optional<Slot> into) {
  if (op.getLhs().getType().getElementType().isF32())
    return dotOfThreads(op, into);
  return suitsWarpGroups(op) ? dotOfGroups(op, into) : dotOfWarps(op, into);
}

ProgramLowering::Operand ProgramLowering::leftOperand(tile::DotOp op) {
  RankedTensorType type = op.getLhs().getType();
  return {op.getLhs(), 0, 1, type.getDimSize(0), type.getDimSize(1), type.getElementType()};
}

ProgramLowering::Operand ProgramLowering::rightOperand(tile::DotOp op) {
  RankedTensorType type = op.getRhs().getType();
  unsigned line = op.getTransposeB() ? 0 : 1;
  return {op.getRhs(),          line, 1 - line, type.getDimSize(line), type.getDimSize(1 - line),
          type.getElementType()};
}

/// A loop that carries sums.
SmallVector<Value> ProgramLowering::carry(Value bound, int64_t step, ValueRange init,
                                          function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(builder, loc, constant(0), bound, constant(step), init);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(loop.getBody());
  SmallVector<Value> next = body(loop.getInductionVar(), loop.getRegionIterArgs());
  scf::YieldOp::create(builder, loc, next);
  return SmallVector<Value>(loop.getResults());
}

/// The element of the result, if it has one there.
void ProgramLowering::addInto(const Slot &slot, tile::DotOp op, Value row, Value column, Value sum,
                              bool isCertain) {
  RankedTensorType type = op.getResult().getType();
  OpBuilder::InsertionGuard guard(builder);
  memo.emplace_back();
  if (!isCertain) {
    auto branch = scf::IfOp::create(
        builder, loc,
        both(less(row, constant(type.getDimSize(0))), less(column, constant(type.getDimSize(1)))));
    builder.setInsertionPoint(branch.thenBlock()->getTerminator());
  }
  Value before = evaluate(op.getAcc(), {row, column});
  storeSlot(slot, {row, column}, arith::AddFOp::create(builder, loc, before, sum));
  memo.pop_back();
}

//===- f32 ----------------------------------------------------------------------------------------===//

/// What wastes least, and of that what loads least.
static std::pair<int64_t, int64_t> threadsFor(int64_t rows, int64_t columns) {
  std::pair<int64_t, int64_t> best;
  std::pair<int64_t, int64_t> least(INT64_MAX, INT64_MAX);
  for (int64_t across = 8; across <= kThreads; across *= 2) {
    int64_t own = llvm::divideCeil(columns, across), deep = llvm::divideCeil(rows, kThreads / across);
    std::pair<int64_t, int64_t> cost(own * deep, own + deep);
    if (cost < least)
      least = cost, best = {kThreads / across, across};
  }
  return best;
}

Slot ProgramLowering::dotOfThreads(tile::DotOp op, std::optional<Slot> into) {
  Operand left = leftOperand(op), right = rightOperand(op);
  auto [down, across] = threadsFor(left.lines, right.lines);
  Deal deal = {down, across, int64_t(llvm::divideCeil(left.lines, down)),
               int64_t(llvm::divideCeil(right.lines, across))};
  int64_t depth = kChunk;
  while (depth < kMostChunk && 4 * depth * (left.lines + right.lines) < kChunkBytes)
    depth *= 2;
  depth = std::min(depth, left.depth);
  int64_t whole = left.depth / depth * depth, rest = left.depth - whole;
  Stage a = stageFor(left, deal.down * deal.rows, depth, /*linesRun=*/true, /*padding=*/1, /*buffers=*/1);
  Stage b =
      stageFor(right, deal.across * deal.columns, depth, /*linesRun=*/true, /*padding=*/1, /*buffers=*/1);
  auto step = [&](Value from, int64_t depth, ValueRange sums) {
    memo.emplace_back();
    fillByElements(left, a, a.base, from, depth);
    fillByElements(right, b, b.base, from, depth);
    memo.pop_back();
    barrier();
    SmallVector<Value> next = chains(a, b, deal, depth, sums);
    barrier();
    return next;
  };
  barrier();
  memo.clear();
  SmallVector<Value> sums(deal.rows * deal.columns, zero(builder.getF32Type()));
  sums = carry(constant(whole), depth, sums,
               [&](Value from, ValueRange carried) { return step(from, depth, carried); });
  if (rest)
    sums = step(constant(whole), rest, sums);
  shared.give(a.offset);
  shared.give(b.offset);
  Slot slot = into ? *into : allocate(op.getResult().getType());
  bool isCertain = deal.down * deal.rows == left.lines && deal.across * deal.columns == right.lines;
  for (int64_t i = 0; i < deal.rows; ++i)
    for (int64_t j = 0; j < deal.columns; ++j)
      addInto(slot, op, add(divide(thread, deal.across), constant(i * deal.down)),
              add(remainder(thread, deal.across), constant(j * deal.across)), sums[i * deal.columns + j],
              isCertain);
  uncertain();
  return slot;
}

/// A chunk's products, added to the sums in order.
SmallVector<Value> ProgramLowering::chains(const Stage &a, const Stage &b, const Deal &deal, int64_t depth,
                                           ValueRange sums) {
  Value down = divide(thread, deal.across), across = remainder(thread, deal.across);
  auto read = [&](const Stage &stage, Value line, Value k) -> Value {
    return LLVM::LoadOp::create(builder, loc, stage.element, stageAddress(stage, stage.base, line, k));
  };
  return carry(constant(depth), 1, sums, [&](Value k, ValueRange carried) {
    SmallVector<Value> rows, columns, next;
    for (int64_t i = 0; i < deal.rows; ++i)
      rows.push_back(read(a, add(down, constant(i * deal.down)), k));
    for (int64_t j = 0; j < deal.columns; ++j)
      columns.push_back(read(b, add(across, constant(j * deal.across)), k));
    for (int64_t i = 0; i < deal.rows; ++i)
      for (int64_t j = 0; j < deal.columns; ++j)
        next.push_back(math::FmaOp::create(builder, loc, rows[i], columns[j], carried[i * deal.columns + j]));
    return next;
  });
}
