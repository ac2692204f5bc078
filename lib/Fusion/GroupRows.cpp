// Kernels around statistics of rows, and around element-wise ops that no other kernel took.
#include "lib/Fusion/KernelFormer.h"

using namespace mlir;
using namespace girih;
using namespace girih::fusion;
using Id = Groups::Id;

//===- Rows ---------------------------------------------------------------------------------------===//

/// A lookup of rows in a table that is in memory, of which a tile can be pulled anywhere.
static bool isLookup(Operation *op) {
  if (auto gather = dyn_cast<graph::GatherOp>(op))
    return gather.getAxis() == 0;
  return isa<graph::EmbeddingOp>(op);
}

/// Positions of tokens laid end to end, which nothing else reads: cheap enough to compute where they are
/// looked up.
static bool isFlatPositions(Operation *op) {
  auto reshape = dyn_cast<graph::ReshapeOp>(op);
  if (!reshape || reshape.getResult().getType().getRank() != 1)
    return false;
  auto positions = reshape.getInput().getDefiningOp<graph::PositionsOp>();
  return positions && positions->hasOneUse() && positions.getKind() == graph::PositionsKind::Absolute;
}

bool KernelFormer::isRowProducer(Operation *op, ArrayRef<graph::SizeExpr> rows) const {
  if (op->getNumResults() != 1 || groups.contains(op))
    return false;
  SmallVector<graph::SizeExpr> sizes = graph::getSizes(tensorOf(op->getResult(0)));
  bool wholeRows = ArrayRef(sizes) == rows;
  if (isElementwise(op) || isLookup(op) || (isa<graph::SliceOp>(op) && wholeRows))
    return wholeRows;
  if (isRowNorm(op))
    return wholeRows && rows.back().getConstant();
  if (isRowReduction(op))
    return graph::getSizes(tensorOf(op->getOperand(0))) == SmallVector<graph::SizeExpr>(rows) &&
           rows.back().getConstant();
  if (isFlatPositions(op))
    return true;
  if (isa<graph::PositionsOp>(op)) // reached through its reshape
    return llvm::all_of(op->getUsers(), isFlatPositions);
  return isa<graph::SliceOp>(op) &&
         llvm::all_of(ArrayRef(sizes).drop_back(), [](const graph::SizeExpr &size) {
           return size == graph::SizeExpr(1); // a row that every row is combined with
         });
}

/// Whether all the group's results are whole rows, so that one more may be stored beside them.
bool KernelFormer::yieldsOnlyRows(Id group, ArrayRef<graph::SizeExpr> rows) const {
  return llvm::all_of(groups.members(group), [&](Operation *op) {
    return groups.usedOnlyIn(group, op) ||
           graph::getSizes(tensorOf(op->getResult(0))) == SmallVector<graph::SizeExpr>(rows);
  });
}

bool KernelFormer::takeProducer(Id group, Operation *producer, ArrayRef<graph::SizeExpr> rows) {
  if (!isRowProducer(producer, rows))
    return false;
  if (!groups.usedOnlyIn(group, producer)) {
    if (!isElementwise(producer) || !yieldsOnlyRows(group, rows) ||
        !groups.staysConvexWith(group, producer)) {
      decline(producer, groups.members(group).front(), "its result is read elsewhere too");
      return false;
    }
  }
  if (!groups.staysConvexWith(group, producer))
    return false;
  join(group, producer);
  return true;
}

/// The operands of an op that a pull may compute; a table is read from memory.
static ValueRange pulledOperands(Operation *op) {
  if (isLookup(op))
    return op->getOperands().drop_front();
  return op->getOperands();
}

/// Takes what computes the members' operands on the same rows, as far back as it goes.
void KernelFormer::takeProducers(Id group, ArrayRef<graph::SizeExpr> rows) {
  SmallVector<Operation *> open(groups.members(group));
  while (!open.empty()) {
    Operation *op = open.pop_back_val();
    for (Value operand : pulledOperands(op))
      if (Operation *producer = operand.getDefiningOp(); producer && !groups.contains(producer))
        if (takeProducer(group, producer, rows))
          open.push_back(producer);
  }
}

/// Takes what alone reads the group's last result: one number for each row at first, or whole rows.
void KernelFormer::takeRowConsumers(Id group, ArrayRef<graph::SizeExpr> rows) {
  for (bool grew = true; grew;) {
    Value last = groups.members(group).back()->getResult(0);
    bool toRows =
        !last.use_empty() && isElementwise(*last.user_begin()) &&
        graph::getSizes(tensorOf((*last.user_begin())->getResult(0))) == SmallVector<graph::SizeExpr>(rows);
    grew = takeConsumer(group, last,
                        toRows ? SmallVector<graph::SizeExpr>(rows) : graph::getSizes(tensorOf(last)));
  }
}

/// Last first, so that an op meets what reads it before what feeds it.
void KernelFormer::groupRows() {
  SmallVector<Operation *> seeds =
      ungrouped([](Operation *op) { return isRowNorm(op) || isRowReduction(op); });
  for (Operation *op : llvm::reverse(seeds)) {
    if (groups.contains(op))
      continue;
    Id group = groups.create(op);
    SmallVector<graph::SizeExpr> rows = graph::getSizes(tensorOf(op->getOperand(0)));
    takeRowConsumers(group, rows);
    takeProducers(group, rows);
  }
}

void KernelFormer::groupElementwise() {
  SmallVector<Operation *> seeds = ungrouped([](Operation *op) { return isElementwise(op) || isLookup(op); });
  for (Operation *op : llvm::reverse(seeds)) {
    if (groups.contains(op))
      continue;
    SmallVector<graph::SizeExpr> rows = graph::getSizes(tensorOf(op->getResult(0)));
    if (rows.empty()) {
      groups.create(op);
      continue;
    }
    Id group = groups.create(op);
    // Without whole rows in the tile, statistics would be computed for every block of columns.
    SmallVector<Operation *> open{op};
    while (!open.empty())
      for (Value operand : pulledOperands(open.pop_back_val()))
        if (Operation *producer = operand.getDefiningOp(); producer && !isRowNorm(producer) &&
                                                           !isRowReduction(producer) &&
                                                           takeProducer(group, producer, rows))
          open.push_back(producer);
  }
}
