// The register block: rows x columns accumulators, filled by one chain of fused multiply-adds over the depth from
// zero, then added to the result. Every block size runs the same chain for an element, so its bits do not depend on
// how many rows there are or which of them it is.
#include "lib/Target/CPU/ProgramLowering.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace girih;
using namespace girih::cpu;

/// Whole blocks of as many rows as registers hold, then the rest by 8, 4, 2 and 1.
void ProgramLowering::rowBlocks(const Operand &left, const Operand &right, Value rightPointer, const Slot &result,
                                Value rows, Value column, Value depth, int64_t columns, bool accumulate) {
  int64_t block = version.registerRows[columns / lanes - 1];
  auto run = [&](Value row, int64_t count) {
    microKernel(left, right, rightPointer, result, row, column, depth, count, columns, accumulate);
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
  rows = arith::MaxSIOp::create(builder, loc, rows, constant(0));
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

void ProgramLowering::microKernel(const Operand &left, const Operand &right, Value rightPointer, const Slot &result,
                                  Value row, Value column, Value depth, int64_t rows, int64_t columns,
                                  bool accumulate) {
  auto type = VectorType::get(lanes, builder.getF32Type());
  int64_t vectors = columns / lanes;
  Value leftPointer = address(left.pointer, left.element, mul(row, left.lineStride));
  SmallVector<Value> zeros(rows * vectors, zero(type));
  auto loop = scf::ForOp::create(builder, loc, constant(0), depth, constant(1), zeros);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(loop.getBody());
    Value k = loop.getInductionVar();
    Value rightAt = address(rightPointer, right.element, mul(k, right.depthStride));
    Value leftAt = address(leftPointer, left.element, mul(k, left.depthStride));
    // The panel's next lines, so that they come from the second-level cache in time.
    if (right.panels)
      LLVM::Prefetch::create(builder, loc, address(rightAt, right.element, constant(16 * right.panelWidth)), 0, 3, 1);
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
        sums.push_back(
            vector::FMAOp::create(builder, loc, element, columnValues[v], loop.getRegionIterArg(r * vectors + v)));
    }
    scf::YieldOp::create(builder, loc, sums);
  }
  Value resultPointer = address(result.pointer, builder.getF32Type(),
                                add(mul(row, constant(result.strides[0])), column));
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < vectors; ++v) {
      Value at = address(resultPointer, builder.getF32Type(), constant(r * result.strides[0] + v * lanes));
      Value sum = loop.getResult(r * vectors + v);
      if (accumulate)
        sum = arith::AddFOp::create(builder, loc, LLVM::LoadOp::create(builder, loc, type, at, 4), sum);
      LLVM::StoreOp::create(builder, loc, sum, at, 4);
    }
}
