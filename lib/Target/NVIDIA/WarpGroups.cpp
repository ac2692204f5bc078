// Contractions of many rows on Hopper's tensor cores: four warps together multiply 64 rows by all columns of
// the block, from chunks that lie in shared memory as the matrix unit reads them (PTX ISA, wgmma.mma_async;
// matrix descriptors).
#include "lib/Target/NVIDIA/ProgramLowering.h"

using namespace mlir;
using namespace girih;
using namespace girih::nvidia;

static constexpr int64_t kRows = 128; // of two warp groups
static constexpr int64_t kDepth = 16; // of one instruction
static constexpr int64_t kChunk =
    64; // elements of depth: a row of 128 bytes, whose pieces of 16 are permuted by the row's number
static constexpr int64_t kMostColumns = 256;
/// Rows in eights of 1024 bytes, pieces permuted within 128 bytes.
static constexpr int64_t kDescriptor = (int64_t(1) << 62) | (int64_t(1024 >> 4) << 32) | (int64_t(1) << 16);

bool ProgramLowering::suitsWarpGroups(tile::DotOp op) {
  Operand left = leftOperand(op), right = rightOperand(op);
  int64_t chunk = 2 * kChunk * (kRows + right.lines);
  return hasWarpGroups && left.lines == kRows && right.lines % 8 == 0 && right.lines <= kMostColumns &&
         left.depth >= kChunk && !left.linesRun() && !right.linesRun() && 3 * chunk <= sharedLimit;
}

/// While a chunk is multiplied, the copies of those that follow are under way. A group knows that its own
/// products of the chunk before are done; that the other one's are, the barrier tells it one chunk later. So
/// of the buffers two are never written to.
Slot ProgramLowering::dotOfGroups(tile::DotOp op, std::optional<Slot> into) {
  Operand left = leftOperand(op), right = rightOperand(op);
  int64_t chunks = llvm::divideCeil(left.depth, kChunk), bytes = 2 * kChunk * (kRows + right.lines);
  int64_t buffers = std::min<int64_t>(sharedLimit / bytes, 4), ahead = buffers - 2;
  Stage a = stageFor(left, kRows, kChunk, /*linesRun=*/false, /*padding=*/0, buffers, /*isPermuted=*/true);
  Stage b =
      stageFor(right, right.lines, kChunk, /*linesRun=*/false, /*padding=*/0, buffers, /*isPermuted=*/true);
  auto fetch = [&](Value chunk) {
    fill(left, a, bufferOf(a, chunk, buffers), mul(chunk, constant(kChunk)));
    fill(right, b, bufferOf(b, chunk, buffers), mul(chunk, constant(kChunk)));
  };
  barrier();
  memo.clear();
  SmallVector<Value> sums(right.lines / 2, zero(builder.getF32Type()));
  for (int64_t chunk = 0; chunk < ahead; ++chunk) {
    if (chunk < chunks)
      fetch(constant(chunk));
    NVVM::CpAsyncCommitGroupOp::create(builder, loc);
  }
  sums = carry(constant(chunks), 1, sums, [&](Value chunk, ValueRange carried) {
    NVVM::CpAsyncWaitGroupOp::create(builder, loc, uint32_t(ahead - 1));
    // What threads wrote, the matrix unit reads through another path.
    NVVM::FenceProxyOp::create(
        builder, loc, NVVM::ProxyKindAttr::get(builder.getContext(), NVVM::ProxyKind::async_shared),
        NVVM::SharedSpaceAttr::get(builder.getContext(), NVVM::SharedSpace::shared_cta));
    barrier();
    SmallVector<Value> products = multiplyGroups(a, b, chunk, buffers, right.lines, carried);
    Value next = add(chunk, constant(ahead));
    auto branch = scf::IfOp::create(builder, loc, less(next, constant(chunks)));
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPoint(branch.thenBlock()->getTerminator());
      fetch(next);
    }
    NVVM::CpAsyncCommitGroupOp::create(builder, loc);
    NVVM::WgmmaWaitGroupSyncOp::create(builder, loc, uint64_t(1));
    return products;
  });
  sums = finished(sums);
  barrier();
  shared.give(a.offset);
  shared.give(b.offset);
  Slot slot = into ? *into : allocate(op.getResult().getType());
  storeFragments(op, slot, {kWarps, 1, 1, right.lines / 8}, sums);
  uncertain();
  return slot;
}

/// The matrix that begins at an address, as the matrix unit is told of it.
Value ProgramLowering::descriptor(Value pointer) {
  Value address = LLVM::PtrToIntOp::create(builder, loc, builder.getI32Type(), pointer);
  auto number = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(int32_t(value)));
  };
  Value sixteenths = arith::AndIOp::create(
      builder, loc, arith::ShRUIOp::create(builder, loc, address, number(4)), number(0x3fff));
  Value wide = arith::ExtUIOp::create(builder, loc, builder.getI64Type(), sixteenths);
  return arith::OrIOp::create(
      builder, loc, wide, arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(kDescriptor)));
}

/// An instruction that reads and writes all sums in their registers.
SmallVector<Value> ProgramLowering::withSums(StringRef text, ValueRange sums, ValueRange operands) {
  std::string constraints;
  for (size_t i = 0; i < sums.size(); ++i)
    constraints += "=f,";
  for (size_t i = 0; i < sums.size(); ++i)
    constraints += std::to_string(i) + ",";
  for (size_t i = 0; i < operands.size(); ++i)
    constraints += "l,";
  StringRef all = StringRef(constraints).drop_back();
  SmallVector<Value> given(sums);
  given.append(operands.begin(), operands.end());
  auto type = LLVM::LLVMStructType::getLiteral(builder.getContext(),
                                               SmallVector<Type>(sums.size(), builder.getF32Type()));
  auto statement = LLVM::InlineAsmOp::create(builder, loc, type, given, text, all, /*has_side_effects=*/true,
                                             /*is_align_stack=*/false, LLVM::TailCallKind::None,
                                             LLVM::AsmDialectAttr(), ArrayAttr());
  SmallVector<Value> results;
  for (size_t i = 0; i < sums.size(); ++i)
    results.push_back(LLVM::ExtractValueOp::create(builder, loc, statement.getRes(), int64_t(i)));
  return results;
}

/// One chunk: four instructions that are issued as one group, and may still be under way afterwards.
SmallVector<Value> ProgramLowering::multiplyGroups(const Stage &a, const Stage &b, Value chunk,
                                                   int64_t buffers, int64_t columns, ValueRange sums) {
  // One number for all threads of a warp, as far as the compiler can see.
  Value group = divide(thread, 4 * kWarp);
  Value first = stageAddress(a, bufferOf(a, chunk, buffers), mul(group, constant(kRows / 2)), constant(0));
  std::string list, text = "{\n.reg .b64 a, b;\nwgmma.fence.sync.aligned;\n";
  for (size_t i = 0; i < sums.size(); ++i)
    list += (i ? ", $" : "$") + std::to_string(i);
  std::string type = a.element.isF16() ? "f16" : "bf16";
  for (int64_t k = 0; k < kChunk; k += kDepth) {
    std::string step = std::to_string(k * 2 / 16);
    text += "add.s64 a, $" + std::to_string(2 * sums.size()) + ", " + step + ";\nadd.s64 b, $" +
            std::to_string(2 * sums.size() + 1) + ", " + step + ";\nwgmma.mma_async.sync.aligned.m64n" +
            std::to_string(columns) + "k16.f32." + type + "." + type + " {" + list +
            "}, a, b, 1, 1, 1, 0, 0;\n";
  }
  text += "wgmma.commit_group.sync.aligned;\n}";
  return withSums(text, sums, {descriptor(first), descriptor(bufferOf(b, chunk, buffers))});
}

/// The sums when all products have been added.
SmallVector<Value> ProgramLowering::finished(ValueRange sums) {
  return withSums("wgmma.wait_group.sync.aligned 0;", sums, {});
}
