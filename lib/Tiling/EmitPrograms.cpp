// Turns each kernel into a tile program: views for its arguments and results, a grid over its first result,
// and one pulled tile per result, stored. See Blocks.h for the sizes and Pull.h for the pull.
#include "girih/Target.h"
#include "lib/Tiling/Blocks.h"
#include "lib/Tiling/Emit.h"
#include "lib/Tiling/Model.h"
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

static tile::ProgramOp createProgram(func::FuncOp kernel, const Blocks &blocks) {
  OpBuilder b(kernel);
  SmallVector<Type> views;
  for (Type type : kernel.getArgumentTypes())
    views.push_back(viewOf(type));
  for (Type type : kernel.getResultTypes())
    views.push_back(viewOf(type));
  SmallVector<tile::GridAttr> grid;
  for (int64_t d : blocks.order)
    grid.push_back(tile::GridAttr::get(b.getContext(), kernel.getNumArguments(), d, blocks.sizes[d]));
  return tile::ProgramOp::create(b, kernel.getLoc(), kernel.getName(), views, grid, kernel.getNumResults());
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

namespace {
/// A result and where its tile lies; attention's log-sum-exp [b, h, i] sits beside the block [b, i, h, e].
struct Place {
  SmallVector<OpFoldResult> offsets;
  SmallVector<int64_t> sizes;
};
} // namespace

static Place placeOf(Value root, const Place &first) {
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
    FailureOr<Value> tile = pull.pull(root, place.offsets, place.sizes);
    if (failed(tile))
      return failure();
    store(pull.builder(), *tile, view, place.offsets);
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

/// Folds, drops what nothing uses, merges what is equal (loads included, which are pure), and moves
/// statistics and operands that a loop does not change out of it.
static void clean(tile::ProgramOp program) {
  IRRewriter rewriter(program.getContext());
  DominanceInfo dominance(program);
  (void)applyPatternsGreedily(program, FrozenRewritePatternSet());
  eliminateCommonSubExpressions(rewriter, dominance, program);
  program.walk([](LoopLikeOpInterface loop) { moveLoopInvariantCode(loop); });
}

static LogicalResult emitProgram(func::FuncOp kernel, const CostModel &cost) {
  FailureOr<Blocks> blocks = chooseBlocks(kernel, cost);
  if (failed(blocks))
    return failure();
  tile::ProgramOp program = createProgram(kernel, *blocks);
  ProgramPull pull(program, kernel, cost);
  if (failed(emitBody(pull, program, kernel, *blocks))) {
    program.erase();
    return failure();
  }
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
    attachNormalization(context);
    attachElementwise(context);
    attachMovement(context);
    attachReduction(context);
    attachSequence(context);
    attachPooling(context);
  });
}
