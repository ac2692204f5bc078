// Contractions of bf16 and f16 on the tensor cores: each warp multiplies fragments of 16 x 16 by 16 x 8 (PTX
// ISA, mma.m16n8k16), read from chunks in shared memory by ldmatrix, while later chunks are on their way.
#include "lib/Target/NVIDIA/ProgramLowering.h"

using namespace mlir;
using namespace girih;
using namespace girih::nvidia;

static constexpr int64_t kRows = 16, kColumns = 8, kDepth = 16; // of a fragment
static constexpr int64_t kChunk = 64; // elements of depth at least: a line of 128 bytes
/// Of a chunk, so that enough is under way to keep memory busy where rows are few.
static constexpr int64_t kChunkBytes = 16 << 10;
/// Of sixteen bytes: rows begin in different banks, and where copies may.
static constexpr int64_t kPadding = 8;

/// Warps down and across: what leaves each warp fewest fragments, and of that what loads least; no more than
/// there are fragments.
static std::pair<int64_t, int64_t> warpsFor(int64_t rows, int64_t columns) {
  std::pair<int64_t, int64_t> best, least(INT64_MAX, INT64_MAX);
  int64_t rowFragments = llvm::divideCeil(rows, kRows), columnFragments = llvm::divideCeil(columns, kColumns);
  for (int64_t down = 1; down <= std::min(kWarps, rowFragments); down *= 2) {
    int64_t across = std::min(kWarps / down, columnFragments);
    int64_t deep = llvm::divideCeil(rowFragments, down), wide = llvm::divideCeil(columnFragments, across);
    std::pair<int64_t, int64_t> cost(deep * wide, deep * kRows + wide * kColumns);
    if (cost < least)
      least = cost, best = {down, across};
  }
  return best;
}

/// The warp's number among those that share a part of the depth, and which part. Warps that are left over
/// repeat others' work.
std::pair<Value, Value> ProgramLowering::warpOf(const Deal &deal) {
  int64_t each = deal.down * deal.across;
  Value warp = minimum(divide(thread, kWarp), constant(each * deal.parts - 1));
  if (each * deal.parts == kWarps)
    warp = divide(thread, kWarp);
  return {remainder(warp, each), divide(warp, each)};
}

Slot ProgramLowering::dotOfWarps(tile::DotOp op, std::optional<Slot> into) {
  Operand left = leftOperand(op), right = rightOperand(op);
  auto [down, across] = warpsFor(left.lines, right.lines);
  Deal deal = {down, across, int64_t(llvm::divideCeil(left.lines, kRows * down)),
               int64_t(llvm::divideCeil(right.lines, kColumns * across))};
  int64_t rows = deal.down * deal.rows * kRows, columns = deal.across * deal.columns * kColumns;
  int64_t depth = kChunk;
  while (2 * depth * (left.lines + right.lines) < kChunkBytes)
    depth *= 2;
  depth = std::min<int64_t>(depth, llvm::alignTo(left.depth, kDepth));
  // Few fragments leave warps over, which take parts of the depth: more of them wait for memory at once.
  while (2 * deal.parts * deal.down * deal.across <= kWarps && depth % (2 * deal.parts * kDepth) == 0)
    deal.parts *= 2;
  int64_t each = 2 * ((rows + columns) * (depth + kPadding));
  // Three chunks hide the memory's latency where two blocks share a multiprocessor.
  int64_t buffers = left.depth <= depth ? 1 : 2;
  if (buffers == 2 && left.depth > 2 * depth && 3 * each <= sharedLimit / 2)
    buffers = 3;
  Stage a = stageFor(left, rows, depth, left.linesRun(), kPadding, buffers);
  Stage b = stageFor(right, columns, depth, right.linesRun(), kPadding, buffers);
  barrier();
  memo.clear();
  SmallVector<Value> sums = pipeline(left, right, a, b, deal, buffers);
  barrier();
  shared.give(a.offset);
  shared.give(b.offset);
  if (deal.parts > 1)
    sums = sumOfParts(deal, sums);
  Slot slot = into ? *into : allocate(op.getResult().getType());
  storeFragments(op, slot, deal, sums);
  uncertain();
  return slot;
}

/// While a chunk is multiplied, the copies of those that follow are under way.
SmallVector<Value> ProgramLowering::pipeline(const Operand &left, const Operand &right, const Stage &a,
                                             const Stage &b, const Deal &deal, int64_t buffers) {
  int64_t chunks = llvm::divideCeil(left.depth, a.depth);
  auto fetch = [&](Value chunk) {
    Value from = mul(chunk, constant(a.depth));
    fill(left, a, bufferOf(a, chunk, buffers), from);
    fill(right, b, bufferOf(b, chunk, buffers), from);
  };
  SmallVector<Value> sums(4 * deal.rows * deal.columns, zero(builder.getF32Type()));
  int64_t ahead = std::max<int64_t>(1, buffers - 1);
  for (int64_t chunk = 0; chunk < ahead; ++chunk) {
    fetch(constant(chunk));
    NVVM::CpAsyncCommitGroupOp::create(builder, loc);
  }
  if (buffers == 1) {
    NVVM::CpAsyncWaitGroupOp::create(builder, loc, 0);
    barrier();
    return multiply(a, b, constant(0), buffers, deal, sums);
  }
  return carry(constant(chunks), 1, sums, [&](Value chunk, ValueRange carried) {
    NVVM::CpAsyncWaitGroupOp::create(builder, loc, uint32_t(ahead - 1));
    barrier();
    Value next = add(chunk, constant(ahead));
    auto branch = scf::IfOp::create(builder, loc, less(next, constant(chunks)));
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPoint(branch.thenBlock()->getTerminator());
      fetch(next);
    }
    NVVM::CpAsyncCommitGroupOp::create(builder, loc); // perhaps of nothing: groups are counted
    return multiply(a, b, chunk, buffers, deal, carried);
  });
}

/// 8 x 8 matrices of 16-bit elements, each row's address from one thread.
SmallVector<Value> ProgramLowering::loadMatrices(const Stage &stage, Value buffer, Value line, Value depth,
                                                 int64_t count) {
  Type word = builder.getI32Type();
  auto type = LLVM::LLVMStructType::getLiteral(builder.getContext(), SmallVector<Type>(count, word));
  auto layout = stage.linesRun ? NVVM::MMALayout::col : NVVM::MMALayout::row;
  Value loaded = NVVM::LdMatrixOp::create(
      builder, loc, type, stageAddress(stage, buffer, line, depth), uint32_t(count), layout,
      NVVM::LdStMatrixShapeAttr::get(builder.getContext(), 8, 8), NVVM::LdStMatrixEltType::B16);
  SmallVector<Value> words;
  for (int64_t i = 0; i < count; ++i) {
    Value matrix = LLVM::ExtractValueOp::create(builder, loc, loaded, i);
    if (stage.element.isF16())
      matrix = LLVM::BitcastOp::create(builder, loc, VectorType::get(2, stage.element), matrix);
    words.push_back(matrix);
  }
  return words;
}

/// One chunk. Of the matrices that a load brings, the left operand's are its lines' halves first, then the
/// depth's; the right one's the other way round, of two neighbouring fragments.
SmallVector<Value> ProgramLowering::multiply(const Stage &a, const Stage &b, Value chunk, int64_t buffers,
                                             const Deal &deal, ValueRange carried) {
  Value bufferA = bufferOf(a, chunk, buffers), bufferB = bufferOf(b, chunk, buffers);
  auto [warp, part] = warpOf(deal);
  Value lane = remainder(thread, kWarp);
  Value firstRow = mul(divide(warp, deal.across), constant(deal.rows * kRows));
  Value firstColumn = mul(remainder(warp, deal.across), constant(deal.columns * kColumns));
  Value eighth = remainder(lane, 8), matrix = divide(lane, 8);
  Value odd = mul(remainder(matrix, 2), constant(8)), high = mul(divide(matrix, 2), constant(8));
  // In a matrix the thread names the row, which runs along the lines or along the depth.
  auto place = [&](bool linesRun, Value line, Value depth) {
    return linesRun ? std::pair(line, add(depth, eighth)) : std::pair(add(line, eighth), depth);
  };
  auto [lineA, depthA] = place(a.linesRun, add(firstRow, odd), high);
  auto [lineB, depthB] = place(b.linesRun, add(firstColumn, high), odd);
  auto [lineSingle, depthSingle] = place(b.linesRun, firstColumn, odd);
  int64_t depth = a.depth / deal.parts;
  Value begin = mul(part, constant(depth));
  auto type =
      LLVM::LLVMStructType::getLiteral(builder.getContext(), SmallVector<Type>(4, builder.getF32Type()));
  auto element = a.element.isF16() ? NVVM::MMATypes::f16 : NVVM::MMATypes::bf16;
  SmallVector<Value> sums(carried);
  for (int64_t k = 0; k < depth; k += kDepth) {
    SmallVector<SmallVector<Value>> left, right;
    Value here = add(begin, constant(k));
    for (int64_t i = 0; i < deal.rows; ++i)
      left.push_back(loadMatrices(a, bufferA, add(lineA, constant(i * kRows)), add(depthA, here), 4));
    for (int64_t j = 0; j < deal.columns; j += 2) {
      bool two = j + 1 < deal.columns;
      SmallVector<Value> words =
          loadMatrices(b, bufferB, add(two ? lineB : lineSingle, constant(j * kColumns)),
                       add(two ? depthB : depthSingle, here), two ? 4 : 2);
      for (size_t first = 0; first < words.size(); first += 2)
        right.push_back({words[first], words[first + 1]});
    }
    for (int64_t i = 0; i < deal.rows; ++i)
      for (int64_t j = 0; j < deal.columns; ++j) {
        MutableArrayRef<Value> four = MutableArrayRef<Value>(sums).slice(4 * (i * deal.columns + j), 4);
        Value product = NVVM::MmaOp::create(builder, loc, type, left[i], right[j], ValueRange(four),
                                            {kRows, kColumns, kDepth}, std::nullopt, std::nullopt,
                                            std::array{element, element},
                                            std::array{NVVM::MMALayout::row, NVVM::MMALayout::col});
        for (int64_t e = 0; e < 4; ++e)
          four[e] = LLVM::ExtractValueOp::create(builder, loc, product, e);
      }
  }
  return sums;
}

/// The sums of all parts of the depth, added in the parts' order by the first part's warps; the others' are
/// of no use then.
SmallVector<Value> ProgramLowering::sumOfParts(const Deal &deal, ValueRange sums) {
  int64_t threads = deal.down * deal.across * kWarp, count = sums.size();
  int64_t offset = shared.take(4 * count * threads * (deal.parts - 1));
  Value own = remainder(thread, threads);
  auto place = [&](Value part, int64_t number) {
    return address(sharedAddress(offset), builder.getF32Type(),
                   add(mul(add(mul(part, constant(count)), constant(number)), constant(threads)), own));
  };
  {
    auto isLater =
        both(arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::uge, thread, constant(threads)),
             less(thread, constant(threads * deal.parts)));
    auto branch = scf::IfOp::create(builder, loc, isLater);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(branch.thenBlock()->getTerminator());
    Value part = sub(divide(thread, threads), constant(1));
    for (auto [number, sum] : llvm::enumerate(sums))
      LLVM::StoreOp::create(builder, loc, sum, place(part, number));
  }
  barrier();
  SmallVector<Value> all(sums);
  for (int64_t part = 0; part + 1 < deal.parts; ++part)
    for (auto [number, sum] : llvm::enumerate(all))
      sum = arith::AddFOp::create(
          builder, loc, sum,
          LLVM::LoadOp::create(builder, loc, builder.getF32Type(), place(constant(part), number)));
  barrier();
  shared.give(offset);
  return all;
}

/// A thread has two neighbours in each of two rows, eight apart, of every fragment.
void ProgramLowering::storeFragments(tile::DotOp op, const Slot &slot, const Deal &deal, ValueRange sums) {
  RankedTensorType type = op.getResult().getType();
  OpBuilder::InsertionGuard guard(builder);
  if (deal.down * deal.across != kWarps) {
    auto branch = scf::IfOp::create(builder, loc, less(thread, constant(deal.down * deal.across * kWarp)));
    builder.setInsertionPoint(branch.thenBlock()->getTerminator());
  }
  Value warp = divide(thread, kWarp), lane = remainder(thread, kWarp);
  Value firstRow = add(mul(divide(warp, deal.across), constant(deal.rows * kRows)), divide(lane, 4));
  Value firstColumn = add(mul(remainder(warp, deal.across), constant(deal.columns * kColumns)),
                          mul(remainder(lane, 4), constant(2)));
  bool isCertain = deal.down * deal.rows * kRows == type.getDimSize(0) &&
                   deal.across * deal.columns * kColumns == type.getDimSize(1);
  for (auto [number, sum] : llvm::enumerate(sums)) {
    int64_t fragment = number / 4, i = fragment / deal.columns, j = fragment % deal.columns, e = number % 4;
    addInto(slot, op, add(firstRow, constant(i * kRows + e / 2 * 8)),
            add(firstColumn, constant(j * kColumns + e % 2)), sum, isCertain);
  }
}
