// Turns each kernel into a tile program: views for its arguments and results, a grid over its first result,
// and one pulled tile per result, stored. See Blocks.h for the sizes and Pull.h for the pull.
#include "girih/Target.h"
#include "lib/Tiling/Blocks.h"
#include "lib/Tiling/Emit.h"
#include "lib/Tiling/Model.h"
#include "lib/Tiling/Parts.h"
#include "lib/Tiling/Passes.h"
#include "lib/Tiling/Pull.h"

#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/LoopInvariantCodeMotionUtils.h"

namespace girih::tiling {
#define GEN_PASS_DEF_TILINGEMITPROGRAMS
#include "lib/Tiling/Passes.h.inc"
} // namespace girih::tiling

using namespace mlir;
using namespace girih;
using namespace girih::tiling;

static tile::ViewType viewOf(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  Attribute encoding = tensor.getEncoding();
  if (isa_and_present<graph::DimsAttr>(encoding))
    encoding = {};
  return tile::ViewType::get(tensor.getShape(), tensor.getElementType(), encoding);
}

static tile::ProgramOp createProgram(func::FuncOp kernel, ArrayRef<tile::GridAttr> grid) {
  OpBuilder b(kernel);
  SmallVector<Type> views;
  for (Type type : kernel.getArgumentTypes())
    views.push_back(viewOf(type));
  for (Type type : kernel.getResultTypes())
    views.push_back(viewOf(type));
  return tile::ProgramOp::create(b, kernel.getLoc(), kernel.getName(), views, grid, kernel.getNumResults());
}

/// A grid dimension over a size, which some argument or result has.
static tile::GridAttr gridOver(func::FuncOp kernel, const graph::SizeExpr &size, int64_t step) {
  SmallVector<Type> types(kernel.getArgumentTypes());
  llvm::append_range(types, kernel.getResultTypes());
  for (auto [i, type] : llvm::enumerate(types))
    for (auto [d, own] : llvm::enumerate(graph::getSizes(cast<RankedTensorType>(type))))
      if (own == size)
        return tile::GridAttr::get(kernel.getContext(), i, d, step);
  llvm_unreachable("a kernel's results have the sizes of its arguments");
}

/// The grid over the first result.
static SmallVector<tile::GridAttr> gridOf(func::FuncOp kernel, const Blocks &blocks) {
  Value first = kernel.getBody().front().getTerminator()->getOperand(0), over = iterated(first);
  return llvm::map_to_vector(blocks.order, [&](int64_t d) {
    if (over != first)
      return gridOver(kernel, graph::getSize(cast<RankedTensorType>(over.getType()), d), blocks.sizes[d]);
    return tile::GridAttr::get(kernel.getContext(), kernel.getNumArguments(), d, blocks.sizes[d]);
  });
}

/// All parts' blocks of columns, slowest, then the blocks of rows.
static SmallVector<tile::GridAttr> gridOf(func::FuncOp kernel, const Parts &parts) {
  return {tile::GridAttr::get(kernel.getContext(), parts.columnBlocks()),
          gridOver(kernel, parts.rows, parts.rowBlock)};
}

/// Where this block begins in the first result.
static SmallVector<OpFoldResult> blockOffsets(OpBuilder &b, Location loc, const Blocks &blocks) {
  SmallVector<OpFoldResult> offsets(blocks.sizes.size(), zero(b));
  for (auto [axis, d] : llvm::enumerate(blocks.order)) {
    Value index = tile::ProgramIndexOp::create(b, loc, axis);
    offsets[d] = multiply(b, loc, index, blocks.sizes[d]);
  }
  return offsets;
}

/// Stores a tile in the view's element type; dimensions of size 1 that a reshape had added stay out of the
/// way.
static void store(OpBuilder &b, Value tile, Value view, ArrayRef<OpFoldResult> offsets) {
  Location loc = tile.getLoc();
  SmallVector<int64_t> dims;
  auto widened = tile.getDefiningOp<tile::ReshapeOp>();
  if (widened && llvm::count_if(shapeOf(tile), [](int64_t size) { return size != 1; }) ==
                     llvm::count_if(shapeOf(widened.getInput()), [](int64_t size) { return size != 1; }))
    for (auto [d, size] : llvm::enumerate(shapeOf(tile)))
      if (dims.size() < shapeOf(widened.getInput()).size() &&
          size == shapeOf(widened.getInput())[dims.size()])
        dims.push_back(d);
  if (widened && dims.size() == shapeOf(widened.getInput()).size())
    tile = widened.getInput();
  else
    dims.clear();
  Type element = cast<tile::ViewType>(view.getType()).getElementType();
  if (isa<FloatType>(element))
    tile = inFloat(b, loc, tile, element);
  SmallVector<Value> indices;
  for (OpFoldResult offset : offsets)
    indices.push_back(toIndex(b, loc, offset));
  tile::StoreOp::create(b, loc, tile, view, indices, dims);
}

/// Writes rows of a cache to their slots. Rows past the last one read 0 as their slot, and name none instead.
static LogicalResult scatter(ProgramPull &pull, graph::CacheWriteOp write, Value view,
                             ArrayRef<OpFoldResult> offsets, ArrayRef<int64_t> sizes) {
  OpBuilder &b = pull.builder();
  Location loc = write.getLoc();
  if (sizes[0] != 1)
    return write.emitOpError("expected to be asked for rows of one sequence at a time");
  FailureOr<Value> rows = pull.pull(write.getRows(), offsets, sizes);
  FailureOr<Value> slots = pull.pull(write.getSlots(), offsets.take_front(2), sizes.take_front(2));
  if (failed(rows) || failed(slots))
    return failure();
  int64_t count = sizes[1];
  Value numbers = reshaped(b, loc, *slots, {count});
  Value exists =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, coordinates(b, loc, offsets[1], 0, {count}),
                            splatIndex(b, loc, pull.dim(write.getSlots(), 1), {count}));
  numbers = select(b, loc, exists, numbers, filledLike(b, loc, numbers, -1));
  Value tile = inFloat(b, loc, reshaped(b, loc, *rows, sizes.drop_front()),
                       cast<tile::ViewType>(view.getType()).getElementType());
  SmallVector<Value> indices;
  for (OpFoldResult offset : offsets.drop_front(2))
    indices.push_back(toIndex(b, loc, offset));
  tile::ScatterOp::create(b, loc, tile, view, numbers, indices);
  return success();
}

/// A root's tile, to its view.
static LogicalResult storeRoot(ProgramPull &pull, Value root, Value view, ArrayRef<OpFoldResult> offsets,
                               ArrayRef<int64_t> sizes) {
  if (auto write = root.getDefiningOp<graph::CacheWriteOp>())
    return scatter(pull, write, view, offsets, sizes);
  FailureOr<Value> tile = pull.pull(root, offsets, sizes);
  if (failed(tile))
    return failure();
  store(pull.builder(), *tile, view, offsets);
  return success();
}

namespace {
/// A result and where its tile lies; beside attention's block [b, i, h, e] sits its log-sum-exp [b, h, i],
/// beside a part's block [b, p, h, e] its statistics [b, p, h], beside quantized rows a number for each.
struct Place {
  SmallVector<OpFoldResult> offsets;
  SmallVector<int64_t> sizes;
};
} // namespace

static Place placeOf(Value root, const Place &first) {
  if (auto split = root.getDefiningOp<graph::SplitAttentionOp>(); split && root != split.getWeighted())
    return {SmallVector<OpFoldResult>(ArrayRef(first.offsets).drop_back()),
            SmallVector<int64_t>(ArrayRef(first.sizes).drop_back())};
  if (auto rows = root.getDefiningOp<graph::QuantizeRowsOp>(); rows && root != rows.getResult()) {
    Place place = first;
    place.offsets.back() = IntegerAttr::get(IndexType::get(rows.getContext()), 0);
    place.sizes.back() = 1;
    return place;
  }
  auto attention = root.getDefiningOp<graph::AttentionOp>();
  if (!attention || root != attention.getLse() || first.offsets.size() != 4)
    return first;
  return {{first.offsets[0], first.offsets[2], first.offsets[1]}, {1, 1, first.sizes[1]}};
}

static LogicalResult storeRoots(ProgramPull &pull, tile::ProgramOp program, func::FuncOp kernel,
                                const Place &first) {
  auto roots = kernel.getBody().front().getTerminator()->getOperands();
  for (auto [root, view] : llvm::zip(roots, program.getOutputViews())) {
    Place place = placeOf(root, first);
    if (failed(storeRoot(pull, root, view, place.offsets, place.sizes)))
      return failure();
  }
  return success();
}

/// The body: all roots at the block's place, or at every step of the dimension the program walks.
static LogicalResult emitBody(ProgramPull &pull, tile::ProgramOp program, func::FuncOp kernel,
                              const Blocks &blocks) {
  OpBuilder &b = pull.builder();
  Location loc = kernel.getLoc();
  Place first{blockOffsets(b, loc, blocks), blocks.sizes};
  if (blocks.walked < 0)
    return storeRoots(pull, program, kernel, first);
  Value root = kernel.getBody().front().getTerminator()->getOperand(0);
  int64_t step = blocks.sizes[blocks.walked];
  OpFoldResult count = ceilDivide(b, loc, pull.dim(root, blocks.walked), step);
  return forEach(pull, loc, count, {}, [&](Value index, ValueRange) -> FailureOr<SmallVector<Value>> {
    first.offsets[blocks.walked] = multiply(b, loc, index, step);
    if (failed(storeRoots(pull, program, kernel, first)))
      return failure();
    return SmallVector<Value>{};
  });
}

/// One part's results at a place that is one of its blocks.
static LogicalResult storePart(ProgramPull &pull, tile::ProgramOp program, func::FuncOp kernel,
                               const Part &part, OpFoldResult row, int64_t rows, OpFoldResult columnBlock) {
  OpBuilder &b = pull.builder();
  for (unsigned i : part.results) {
    Value root = kernel.getBody().front().getTerminator()->getOperand(i);
    PartPlace place = placeIn(iterated(root), b, row, rows, columnBlock, part.columns);
    if (failed(storeRoot(pull, root, program.getOutputViews()[i], place.offsets, place.sizes)))
      return failure();
  }
  return success();
}

/// The part that this block of columns belongs to, found by its number; its own number is kept inside the
/// part for whoever reasons about bounds.
static LogicalResult emitParts(ProgramPull &pull, tile::ProgramOp program, func::FuncOp kernel,
                               const Parts &parts) {
  OpBuilder &b = pull.builder();
  OpBuilder::InsertionGuard guard(b);
  Location loc = kernel.getLoc();
  auto number = [&](int64_t value) { return toIndex(b, loc, b.getIndexAttr(value)); };
  Value block = tile::ProgramIndexOp::create(b, loc, 0);
  OpFoldResult row = multiply(b, loc, Value(tile::ProgramIndexOp::create(b, loc, 1)), parts.rowBlock);
  int64_t first = 0;
  for (const Part &part : parts.parts) {
    int64_t end = first + part.blocks;
    scf::IfOp branch;
    Value own = first == 0 ? block : Value(arith::SubIOp::create(b, loc, block, number(first)));
    own = arith::MaxSIOp::create(b, loc, arith::MinSIOp::create(b, loc, own, number(part.blocks - 1)),
                                 number(0));
    if (end != parts.columnBlocks()) {
      Value isMine = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, block, number(end));
      branch = scf::IfOp::create(b, loc, isMine, /*withElseRegion=*/true);
      b.setInsertionPointToStart(branch.thenBlock());
    }
    if (failed(storePart(pull, program, kernel, part, row, parts.rowBlock, own)))
      return failure();
    if (branch)
      b.setInsertionPointToStart(branch.elseBlock());
    first = end;
  }
  return success();
}

/// Folds, drops what nothing uses, merges what is equal (loads included, which are pure), and moves
/// statistics and operands that a loop does not change out of it.
static void clean(tile::ProgramOp program) {
  IRRewriter rewriter(program.getContext());
  DominanceInfo dominance(program);
  (void)applyPatternsGreedily(program, FrozenRewritePatternSet());
  eliminateCommonSubExpressions(rewriter, dominance, program);
  program.walk([](LoopLikeOpInterface loop) { moveLoopInvariantCode(loop); });
}

/// Outputs that are a cache's next version lie in the old one's memory.
static void markInPlace(tile::ProgramOp program, func::FuncOp kernel) {
  for (auto [i, root] : llvm::enumerate(kernel.getBody().front().getTerminator()->getOperands()))
    if (auto write = root.getDefiningOp<graph::CacheWriteOp>())
      if (auto cache = dyn_cast<BlockArgument>(write.getCache()))
        program.setArgAttr(kernel.getNumArguments() + i, graph::kInPlaceAttr,
                           IntegerAttr::get(IntegerType::get(kernel.getContext(), 64), cache.getArgNumber()));
}

static LogicalResult emitProgram(func::FuncOp kernel, const CostModel &cost) {
  FailureOr<Blocks> blocks = chooseBlocks(kernel, cost);
  if (failed(blocks))
    return failure();
  std::optional<Parts> parts = chooseParts(kernel, cost);
  tile::ProgramOp program = createProgram(kernel, parts ? gridOf(kernel, *parts) : gridOf(kernel, *blocks));
  ProgramPull pull(program, kernel, cost);
  if (failed(parts ? emitParts(pull, program, kernel, *parts) : emitBody(pull, program, kernel, *blocks))) {
    program.erase();
    return failure();
  }
  markInPlace(program, kernel);
  program.setSampling(kernel.walk([](graph::SampleOp) { return WalkResult::interrupt(); }).wasInterrupted());
  OpBuilder end = OpBuilder::atBlockEnd(&program.getBody().front());
  tile::ReturnOp::create(end, kernel.getLoc());
  clean(program);
  kernel.erase();
  return success();
}

namespace {
struct EmitPrograms : tiling::impl::TilingEmitProgramsBase<EmitPrograms> {
  using TilingEmitProgramsBase::TilingEmitProgramsBase;

  void runOnOperation() override {
    FailureOr<std::unique_ptr<Target>> chosen = targetOf(getOperation(), target);
    if (failed(chosen))
      return signalPassFailure();
    for (auto kernel : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      if (!kernel->hasAttr(graph::kKernelAttr))
        continue;
      if (failed(emitProgram(kernel, (*chosen)->cost())))
        return signalPassFailure();
      ++programs;
    }
  }
};
} // namespace

void tiling::registerTilingModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, graph::GirihDialect *) {
    attachContraction(context);
    attachAttention(context);
    attachPagedAttention(context);
    attachNormalization(context);
    attachElementwise(context);
    attachQuantization(context);
    attachMovement(context);
    attachReduction(context);
    attachSequence(context);
    attachPooling(context);
    attachSampling(context);
    attachDraw(context);
  });
}
