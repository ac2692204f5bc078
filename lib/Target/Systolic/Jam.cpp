// Iterations of an outer loop do not overlap, for inner loops drain the machine. But what neighbouring blocks
// do side by side in one loop has no order, and operations that do not depend on the block are done once for
// all.
#include "lib/Target/Systolic/Jam.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace girih;
using namespace girih::systolic;

namespace {
class Jam {
public:
  Jam(tile::ProgramOp program, unsigned dim, int64_t count) : program(program), dim(dim), copies(count) {
    findOwn();
  }

  /// Loops are the same for all copies.
  bool isPossible() {
    return !program
                .walk([&](Operation *op) {
                  auto loop = dyn_cast<scf::ForOp>(op);
                  bool isOther = op->getNumRegions() != 0 && !loop && op != program;
                  bool differs = loop && (own.contains(loop.getLowerBound()) ||
                                          own.contains(loop.getUpperBound()) || own.contains(loop.getStep()));
                  return isOther || differs ? WalkResult::interrupt() : WalkResult::advance();
                })
                .wasInterrupted();
  }

  OwningOpRef<tile::ProgramOp> run();

private:
  void findOwn();
  void build(Block &from, OpBuilder &b);
  void buildIndex(tile::ProgramIndexOp index, OpBuilder &b);
  void buildLoop(scf::ForOp loop, OpBuilder &b);
  void shareResults(Operation *op, Operation *made) {
    for (IRMapping &copy : copies)
      copy.map(op->getResults(), made->getResults());
  }

  tile::ProgramOp program;
  unsigned dim;
  SmallVector<IRMapping> copies; // of each block
  DenseSet<Value> own;           // what differs from block to block
};
} // namespace

/// What is computed from the block's number, or carried around by a loop beside it.
void Jam::findOwn() {
  for (size_t before = SIZE_MAX; before != own.size();) {
    before = own.size();
    program.walk([&](Operation *op) {
      auto index = dyn_cast<tile::ProgramIndexOp>(op);
      bool differs = index && index.getDim() == dim;
      differs |= llvm::any_of(op->getOperands(), [&](Value operand) { return own.contains(operand); });
      if (!differs)
        return;
      own.insert(op->result_begin(), op->result_end());
      if (auto loop = dyn_cast<scf::ForOp>(op))
        own.insert(loop.getRegionIterArgs().begin(), loop.getRegionIterArgs().end());
      if (auto loop = dyn_cast<scf::ForOp>(op->getParentOp()); loop && isa<scf::YieldOp>(op)) {
        own.insert(loop->result_begin(), loop->result_end());
        own.insert(loop.getRegionIterArgs().begin(), loop.getRegionIterArgs().end());
      }
    });
  }
}

/// Each of `count` blocks in a row.
void Jam::buildIndex(tile::ProgramIndexOp index, OpBuilder &b) {
  Location loc = index.getLoc();
  Value first = arith::MulIOp::create(b, loc, b.clone(*index)->getResult(0),
                                      arith::ConstantIndexOp::create(b, loc, int64_t(copies.size())));
  for (auto [i, copy] : llvm::enumerate(copies))
    copy.map(
        index.getResult(),
        arith::AddIOp::create(b, loc, first, arith::ConstantIndexOp::create(b, loc, int64_t(i))).getResult());
}

/// One loop, which carries the tiles of all.
void Jam::buildLoop(scf::ForOp loop, OpBuilder &b) {
  bool carriesOwn = llvm::any_of(loop.getResults(), [&](Value result) { return own.contains(result); });
  ArrayRef<IRMapping> carriers = carriesOwn ? ArrayRef(copies) : ArrayRef(copies).take_front();
  SmallVector<Value> inits;
  for (const IRMapping &copy : carriers)
    for (Value init : loop.getInitArgs())
      inits.push_back(copy.lookupOrDefault(init));
  auto bound = [&](Value value) { return copies.front().lookupOrDefault(value); };
  auto made = scf::ForOp::create(b, loop.getLoc(), bound(loop.getLowerBound()), bound(loop.getUpperBound()),
                                 bound(loop.getStep()), inits);
  made->setAttr(kNeighboursAttr, b.getI64IntegerAttr(carriers.size()));
  size_t each = loop.getInitArgs().size();
  for (auto [i, copy] : llvm::enumerate(copies)) {
    size_t first = carriesOwn ? i * each : 0;
    copy.map(loop.getInductionVar(), made.getInductionVar());
    copy.map(loop.getRegionIterArgs(), made.getRegionIterArgs().slice(first, each));
    copy.map(loop.getResults(), made.getResults().slice(first, each));
  }
  OpBuilder inside = OpBuilder::atBlockEnd(made.getBody());
  if (Operation *yield = made.getBody()->getNumArguments() == 1 ? made.getBody()->getTerminator() : nullptr)
    inside.setInsertionPoint(yield);
  build(*loop.getBody(), inside);
  if (each == 0)
    return;
  SmallVector<Value> yields;
  for (const IRMapping &copy : carriers)
    for (Value yielded : loop.getBody()->getTerminator()->getOperands())
      yields.push_back(copy.lookupOrDefault(yielded));
  scf::YieldOp::create(inside, loop.getLoc(), yields);
}

void Jam::build(Block &from, OpBuilder &b) {
  for (Operation &op : from) {
    if (isa<scf::YieldOp>(op))
      continue;
    if (auto index = dyn_cast<tile::ProgramIndexOp>(op); index && index.getDim() == dim) {
      buildIndex(index, b);
    } else if (auto loop = dyn_cast<scf::ForOp>(op)) {
      buildLoop(loop, b);
    } else if (llvm::any_of(op.getOperands(), [&](Value operand) { return own.contains(operand); })) {
      for (auto [i, copy] : llvm::enumerate(copies))
        b.clone(op, copy)->setAttr(kNeighbourAttr, b.getI64IntegerAttr(i));
    } else {
      shareResults(&op, b.clone(op, copies.front()));
    }
  }
}

OwningOpRef<tile::ProgramOp> Jam::run() {
  OwningOpRef<tile::ProgramOp> jammed(cast<tile::ProgramOp>(program->cloneWithoutRegions()));
  Block &from = program.getBody().front(), &block = jammed->getBody().emplaceBlock();
  for (BlockArgument view : from.getArguments()) {
    BlockArgument mine = block.addArgument(view.getType(), view.getLoc());
    for (IRMapping &copy : copies)
      copy.map(view, mine);
  }
  OpBuilder b = OpBuilder::atBlockEnd(&block);
  build(from, b);
  SmallVector<Attribute> grid(program.getGrid().getValue());
  tile::GridAttr cut = program.getGridDim(dim);
  int64_t count = copies.size();
  grid[dim] = cut.isFixed()
                  ? tile::GridAttr::get(b.getContext(), cut.getBlocks() / count)
                  : tile::GridAttr::get(b.getContext(), cut.getArg(), cut.getDim(), cut.getStep() * count);
  jammed->setGridAttr(b.getArrayAttr(grid));
  return jammed;
}

/// Blocks along a dimension of the grid, if every launch has the same.
static std::optional<int64_t> blocksAlong(tile::ProgramOp program, unsigned dim) {
  tile::GridAttr grid = program.getGridDim(dim);
  if (grid.isFixed())
    return grid.getBlocks();
  int64_t size = program.getViewType(grid.getArg()).getShape()[grid.getDim()];
  if (ShapedType::isDynamic(size) || size % grid.getStep() != 0)
    return std::nullopt;
  return size / grid.getStep();
}

OwningOpRef<tile::ProgramOp> systolic::jamBlocks(tile::ProgramOp program, int64_t count) {
  if (program.getBody().front().getOps<scf::ForOp>().empty())
    return {};
  for (unsigned dim = 0, rank = program.getGridRank(); dim != rank; ++dim) {
    std::optional<int64_t> blocks = blocksAlong(program, dim);
    if (!blocks || *blocks == 1 || *blocks % count != 0)
      continue;
    if (Jam jam(program, dim, count); jam.isPossible())
      return jam.run();
  }
  return {};
}
