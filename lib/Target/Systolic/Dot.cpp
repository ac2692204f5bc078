// Dots on the array: for each tile of R by C weights a load into one bank while the other multiplies, then
// all rows of the left operand streamed through it. Sums stay in the accumulators; the order over K is the
// array's, R at a time.
#include "lib/Target/Systolic/Jam.h"
#include "lib/Target/Systolic/ProgramLowering.h"

using namespace mlir;
using namespace girih;
using namespace girih::systolic;

/// Room for sums, which can lie in accumulators alone: side by side on several arrays if they are wider than
/// one. Without a slot if there is none, or, with `leaveHalf`, only what dots may want.
Tile ProgramLowering::sums(Shape shape, bool leaveHalf) {
  const int64_t columns = machine.array_columns;
  Tile result;
  result.phase = halves ? Phase::This : Phase::Fixed;
  result.spread = shape.size() == 2 && isSpread(shape[1]);
  SmallVector<int64_t> held(shape); // of one array
  if (result.spread)
    held.back() = columns;
  else
    result.offset = array * kArrayStride;
  result.slot = takeAccumulators(llvm::product_of(held) * 4, leaveHalf);
  layOut(result, held);
  return result;
}

systolic::Type ProgramLowering::sumType(tile::DotOp op) {
  return op.getType().getElementType().isInteger() ? systolic::Type::i32 : systolic::Type::f32;
}

/// Pieces of one tile have the arrays in turns: what one of them leaves is read while the next one works.
unsigned ProgramLowering::arrayOfSums(tile::DotOp op) const {
  auto whole = op->hasOneUse() ? dyn_cast<tile::ConcatOp>(*op->user_begin()) : tile::ConcatOp();
  return whole && !op->hasAttr(kNeighbourAttr) ? op->use_begin()->getOperandNumber() % machine.arrays : array;
}

/// Where the sums go: over the operand's own bytes if nothing else reads them. `accumulate`: what lies there
/// counts.
Tile ProgramLowering::dotAccumulator(tile::DotOp op, bool &accumulate) {
  Shape shape = op.getAcc().getType().getShape();
  Tile before = tileOf(op.getAcc());
  systolic::Type type = sumType(op);
  accumulate = !(before.isSplat() && before.splat == 0);
  if (std::optional<Tile> over = reusable(*op, op.getAcc(), shape, type);
      accumulate && over && over->slot->accumulator)
    return *over;
  const unsigned slice = std::exchange(array, arrayOfSums(op));
  Tile result = sums(shape);
  result.type = type;
  array = slice;
  if (!result.slot) {
    result.slot = std::make_shared<Slot>(Slot{true, 0, 0});
    if (!std::exchange(outOfMemory, true))
      wantedBytes = llvm::product_of(shape) * 4;
  }
  if (accumulate)
    copy(before, shape, result);
  return result;
}

/// Columns from `n` and rows from `k` on of the right operand, which has N first, into an array.
void ProgramLowering::loadWeights(const Tile &right, int64_t n, int64_t k, Shape sizes, bool transposed,
                                  unsigned array) {
  int64_t width = std::min(machine.array_columns, sizes[1] - n),
          depth = std::min(machine.array_rows, sizes[2] - k);
  Tile piece = right;
  piece.offset += n * right.strides[0] + k * right.strides[1];
  Instruction weights;
  weights.op = int64_t(systolic::Op::wload);
  weights.mask = int64_t(1) << array;
  weights.flags = (bank ? int64_t(flag::wload_bank) : 0) | (transposed ? int64_t(flag::wload_transpose) : 0);
  weights.ta = int64_t(right.type);
  weights.a = address(piece).offset, weights.ra = address(piece).reg;
  weights.pa = right.strides[transposed ? 0 : 1];
  weights.rows = transposed ? width : depth;
  weights.cols = transposed ? depth : width;
  code.append(weights, access(piece, {width, depth}, false));
}

/// Rows through the array whose weights are columns from `n` on, or through all arrays that the result is
/// spread over.
void ProgramLowering::stream(const Tile &left, const Tile &result, int64_t n, int64_t k, Shape sizes,
                             const Number &count, bool accumulate) {
  const int64_t columns = machine.array_columns, depth = std::min(machine.array_rows, sizes[2] - k),
                arrays = result.spread ? int64_t(llvm::divideCeil(sizes[1], columns)) : 1,
                width = result.spread ? columns : std::min(columns, sizes[1] - n);
  Tile rows = left, into = result;
  rows.offset += k * left.strides[1], into.offset += n * 4;
  Instruction stream;
  stream.op = int64_t(systolic::Op::matmul);
  stream.mask = result.spread ? (int64_t(1) << arrays) - 1 : int64_t(1) << result.array();
  stream.flags = flag::matmul_release | (bank ? int64_t(flag::matmul_bank) : 0) |
                 (accumulate || k ? int64_t(flag::matmul_accumulate) : 0);
  stream.ta = int64_t(left.type);
  stream.a = address(rows).offset, stream.ra = address(rows).reg, stream.pa = left.strides[0];
  stream.dst = into.slot->offset + into.offset % kArrayStride, stream.rd = address(into).reg,
  stream.pd = result.strides[0];
  stream.rows = count.constant, stream.rn = count.number(), stream.cols = depth, stream.px = width;
  SmallVector<Access, 5> accesses{access(rows, {sizes[0], depth}, false)};
  for (int64_t array = 0; array != arrays; ++array, into.offset += kArrayStride)
    accesses.push_back(access(into, {sizes[0], width}, true));
  code.append(stream, accesses);
}

/// `sizes` are M, N, K; the right operand's strides are those of N, then K. `count` rows of M are streamed.
void ProgramLowering::multiply(const Tile &left, const Tile &right, const Tile &result, Shape sizes,
                               const Number &count, bool transposed, bool accumulate) {
  const int64_t columns = machine.array_columns, together = result.spread ? sizes[1] : columns;
  for (int64_t n = 0; n < sizes[1]; n += together)
    for (int64_t k = 0; k < sizes[2]; k += machine.array_rows) {
      unsigned next = result.spread ? 0 : result.array();
      for (int64_t from = n; from < std::min(n + together, sizes[1]); from += columns)
        loadWeights(right, from, k, sizes, transposed, next++);
      stream(left, result, n, k, sizes, count, accumulate);
      if (machine.shadow_weights)
        bank ^= 1;
    }
}

/// The type that the array multiplies the operands in, if it does.
FailureOr<systolic::Type> ProgramLowering::factorType(tile::DotOp op) {
  mlir::Type element = op.getLhs().getType().getElementType();
  if (element.isInteger(8) && machine.matmul_cycles_i8)
    return systolic::Type::i8;
  if (element.isBF16() && machine.matmul_cycles_bf16)
    return systolic::Type::bf16;
  if (element.isInteger(8) || element.isBF16())
    return decline(op, "the machine's arrays have no " + llvm::to_string(element) +
                           "; choose a machine whose facts give matmul_cycles_" +
                           (element.isBF16() ? "bf16" : "i8"));
  return decline(op, "the array multiplies bf16 and i8, but the operands are " + llvm::to_string(element) +
                         "; compile with --dtype=bf16 or int8");
}

LogicalResult ProgramLowering::lowerDot(tile::DotOp op) {
  FailureOr<systolic::Type> type = factorType(op);
  if (failed(type))
    return failure();
  if (machine.output_stationary)
    return decline(op, "the machine is output stationary, a mode for timing alone");
  const int64_t bytes = typeBytes(*type);
  Shape leftShape = op.getLhs().getType().getShape(), rightShape = op.getRhs().getType().getShape();
  Tile left = tileOf(op.getLhs()), right = tileOf(op.getRhs());
  if (left.isSplat() || left.type != *type || left.slot->accumulator || left.strides[1] != bytes)
    left = materialized(left, leftShape, *type);
  bool inPlace = !right.isSplat() && right.type == *type &&
                 (right.strides[0] == bytes || right.strides[1] == bytes) && right.strides[0] &&
                 right.strides[1];
  if (!inPlace)
    right = materialized(right, rightShape, *type);
  if (!op.getTransposeB()) // as [N, K]
    std::swap(right.strides[0], right.strides[1]);
  bool accumulate;
  Tile result = dotAccumulator(op, accumulate);
  int64_t n = op.getType().getDimSize(1), k = leftShape[1];
  Number rows = leftShape[0];
  if (left.live && left.live->dim == 0 && isRowwise(op, 0)) {
    rows = left.live->count;
    result.live = left.live;
  }
  multiply(left, right, result, {leftShape[0], n, k}, rows, /*transposed=*/right.strides[1] == bytes,
           accumulate);
  setTile(op, std::move(result));
  --dotsToCome;
  return success();
}
