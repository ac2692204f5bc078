// The register block: rows x columns accumulators, filled by one chain of fused multiply-adds over the depth
// from zero, then added to the result. Every block size runs the same chain for an element, so its bits do
// not depend on how many rows there are or which of them it is.
#include "lib/Target/CPU/ProgramLowering.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace girih;
using namespace girih::cpu;

/// Whole blocks of as many rows as registers hold, then the rest by 8, 4, 2 and 1.
void ProgramLowering::rowBlocks(tile::DotOp op, const Operand &left, const Operand &right, Value rightPointer,
                                const Slot &result, Value rows, Value column, Value depth, int64_t columns,
                                bool accumulate) {
  int64_t block = version.registerRows[columns / lanes - 1];
  auto run = [&](Value row, int64_t count) {
    bool isFull = count == block && block > 1;
    Streams streams;
    if (isFull)
      streams = comingOperands(left, right, rightPointer, row, column, depth, columns);
    if (isFull)
      fetchOutput(op, row, column, count, columns);
    microKernel(left, right, rightPointer, result, row, column, depth, count, columns, accumulate, streams);
  };
  if (std::optional<int64_t> known = getConstantIntValue(rows)) {
    int64_t row = *known / block * block;
    if (row)
      forLoop(constant(row), block, [&](Value at) { run(at, block); });
    for (int64_t size = 8; size >= 1; size /= 2)
      for (; *known - row >= size; row += size)
        run(constant(row), size);
    return;
  }
  Value rest = arith::RemUIOp::create(builder, loc, rows, constant(block)), row = sub(rows, rest);
  forLoop(row, block, [&](Value at) { run(at, block); });
  for (int64_t size = 8; size >= 1; size /= 2) {
    if (size >= block)
      continue;
    Value bit = arith::AndIOp::create(builder, loc, rest, constant(size));
    Value any = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, bit, constant(0));
    auto branch = scf::IfOp::create(builder, loc, any, /*withElseRegion=*/false);
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPoint(branch.thenBlock()->getTerminator());
      run(row, size);
    }
    row = add(row, bit);
  }
}

/// What a full block fetches ahead while it computes: in its first passes over a panel the next panel's
/// chunk, one line a turn, and with the first panel the rows below. Otherwise it touches what is in the cache
/// anyway.
ProgramLowering::Streams ProgramLowering::comingOperands(const Operand &left, const Operand &right,
                                                         Value rightPointer, Value row, Value column,
                                                         Value depth, int64_t columns) {
  if (!right.panels)
    return {};
  constexpr int64_t line = 64;
  int64_t elementBytes = right.element.getIntOrFloatBitWidth() / 8,
          block = version.registerRows[columns / lanes - 1];
  auto is = [&](arith::CmpIPredicate predicate, Value a, int64_t b) -> Value {
    return arith::CmpIOp::create(builder, loc, predicate, a, constant(b));
  };
  Type i8 = builder.getI8Type();
  // The next chunk lies one panel on; after the last panel this fetches weights of the next block, or nothing
  // of use.
  Value chunk = mul(depth, constant(right.panelWidth * elementBytes));
  Value panel = mul(right.panels->sizes[1], constant(right.panelWidth * elementBytes));
  Value pass = arith::DivUIOp::create(builder, loc, row, constant(block));
  Value ahead = add(panel, mul(mul(pass, depth), constant(line)));
  Value wanted = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult,
                                       mul(mul(pass, depth), constant(line)), chunk);
  Streams streams;
  streams.weights =
      address(rightPointer, i8, arith::SelectOp::create(builder, loc, wanted, ahead, constant(0)));
  if (getConstantIntValue(left.depthStride) == 1) {
    Value first = is(arith::CmpIPredicate::eq, column, 0);
    Value next = add(row, arith::SelectOp::create(builder, loc, first, constant(block), constant(0)));
    streams.rows = address(left.pointer, left.element, mul(next, left.lineStride));
  }
  return streams;
}

/// The output's lines that a dot's results go to, fetched for writing long before its epilogue stores them.
void ProgramLowering::fetchOutput(tile::DotOp op, Value row, Value column, int64_t rows, int64_t columns) {
  Value tile = op.getResult();
  while (tile.hasOneUse() && OpTrait::hasElementwiseMappableTraits(*tile.user_begin()))
    tile = (*tile.user_begin())->getResult(0);
  auto store = tile.hasOneUse() ? dyn_cast<tile::StoreOp>(*tile.user_begin()) : tile::StoreOp();
  if (!store || tile.getType() != op.getType() ||
      !llvm::all_of(store.getOffsets(), [&](Value offset) { return mapping.contains(offset); }))
    return;
  const View &view = views[store.getView()];
  Type element = view.type.getElementType();
  int64_t lineElements = 512 / std::max(8u, element.getIntOrFloatBitWidth());
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; c += lineElements) {
      Point point{{add(row, constant(r)), add(column, constant(c))}, -1};
      Access where = access(store.getOffsets(), store.getTileDims(), view,
                            cast<RankedTensorType>(tile.getType()), point);
      LLVM::Prefetch::create(builder, loc, address(view.data, storageType(element), linearIndex(view, where)),
                             1, 3, 1);
    }
}

/// The panel's coming lines. A full block finds them in the second-level cache; few rows pass over the
/// weights once, as fast as memory gives them.
void ProgramLowering::fetchPanel(const Operand &right, Value at, int64_t columns, bool staysInCache) {
  constexpr int64_t line = 64, fetchAhead = 4096;
  int64_t elementBytes = right.element.getIntOrFloatBitWidth() / 8;
  int64_t ahead = staysInCache ? 16 * right.panelWidth * elementBytes : fetchAhead;
  int64_t bytes = staysInCache ? line : columns * elementBytes;
  for (int64_t byte = 0; byte < bytes; byte += line)
    LLVM::Prefetch::create(builder, loc, address(at, builder.getI8Type(), constant(ahead + byte)), 0, 3, 1);
}

void ProgramLowering::microKernel(const Operand &left, const Operand &right, Value rightPointer,
                                  const Slot &result, Value row, Value column, Value depth, int64_t rows,
                                  int64_t columns, bool accumulate, const Streams &streams) {
  int64_t vectors = columns / lanes;
  if (right.factors)
    return sumKernel(left, right, rightPointer, result, row, column, depth, rows, vectors);
  Value leftPointer = address(left.pointer, left.element, mul(row, left.lineStride));
  SmallVector<Value> sums = products(left, right, leftPointer, rightPointer, depth, rows, vectors, streams);
  Value stride = constant(result.strides[0]);
  Value at = address(result.pointer, builder.getF32Type(), add(mul(row, stride), column));
  storeSums(at, stride, sums, rows, vectors, accumulate);
}

/// The products over the depth: one chain from zero for each element of the block.
SmallVector<Value> ProgramLowering::products(const Operand &left, const Operand &right, Value leftPointer,
                                             Value rightPointer, Value depth, int64_t rows, int64_t vectors,
                                             const Streams &streams) {
  auto type = VectorType::get(lanes, builder.getF32Type());
  SmallVector<Value> zeros(rows * vectors, zero(type));
  auto loop = scf::ForOp::create(builder, loc, constant(0), depth, constant(1), zeros);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(loop.getBody());
    Value k = loop.getInductionVar();
    Value rightAt = address(rightPointer, right.element, mul(k, right.depthStride));
    Value leftAt = address(leftPointer, left.element, mul(k, left.depthStride));
    if (right.panels)
      fetchPanel(right, rightAt, vectors * lanes, /*staysInCache=*/streams.weights != nullptr);
    if (streams.weights)
      LLVM::Prefetch::create(builder, loc,
                             address(streams.weights, builder.getI8Type(), mul(k, constant(64))), 0, 2, 1);
    if (streams.rows) {
      // Half a line a turn, 32 turns a row: 8 rows in 256 turns.
      Value line = arith::ShRUIOp::create(builder, loc, k, constant(5));
      Value inLine = arith::ShLIOp::create(builder, loc, arith::AndIOp::create(builder, loc, k, constant(31)),
                                           constant(3));
      LLVM::Prefetch::create(builder, loc,
                             address(streams.rows, left.element, add(mul(line, left.lineStride), inLine)), 0,
                             3, 1);
    }
    SmallVector<Value> columnValues, sums;
    for (int64_t v = 0; v < vectors; ++v) {
      Value at = address(rightAt, right.element, constant(v * lanes));
      Type loaded = VectorType::get(lanes, storageType(right.element));
      Value stored = LLVM::LoadOp::create(builder, loc, loaded, at, right.element.isF32() ? 4 : 2);
      columnValues.push_back(widened(fromStorage(stored, right.element)));
    }
    for (int64_t r = 0; r < rows; ++r) {
      Value at = address(leftAt, left.element, mul(constant(r), left.lineStride));
      Value element = splat(LLVM::LoadOp::create(builder, loc, left.element, at));
      for (int64_t v = 0; v < vectors; ++v)
        sums.push_back(vector::FMAOp::create(builder, loc, element, columnValues[v],
                                             loop.getRegionIterArg(r * vectors + v)));
    }
    scf::YieldOp::create(builder, loc, sums);
  }
  return llvm::to_vector(ValueRange(loop.getResults()));
}

/// Adds a block's sums to the result, or begins it with them.
void ProgramLowering::storeSums(Value result, Value stride, ArrayRef<Value> sums, int64_t rows,
                                int64_t vectors, bool accumulate) {
  auto type = VectorType::get(lanes, builder.getF32Type());
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < vectors; ++v) {
      Value at = address(result, builder.getF32Type(), add(mul(constant(r), stride), constant(v * lanes)));
      Value sum = sums[r * vectors + v];
      if (accumulate)
        sum = arith::AddFOp::create(builder, loc, LLVM::LoadOp::create(builder, loc, type, at, 4), sum);
      LLVM::StoreOp::create(builder, loc, sum, at, 4);
    }
}
