// Kernels around linear layers, with siblings and epilogues, and around attention.
#include "lib/Fusion/KernelFormer.h"

using namespace mlir;
using namespace girih;
using namespace girih::fusion;
using Id = Groups::Id;

//===- Linear layers ------------------------------------------------------------------------------===//

static CostModel::MatmulTiles tilesOf(graph::LinearOp linear, const CostModel &cost) {
  RankedTensorType weight = linear.getWeight().getType();
  return cost.matmul(weight.getDimSize(0), weight.getDimSize(1), linear.getComputeType());
}

/// Blocks that lie side by side in a row of the result: how often each of them reads, or works out, the
/// operand.
static int64_t columnBlocks(graph::LinearOp linear, const CostModel &cost) {
  return llvm::divideCeil(linear.getWeight().getType().getDimSize(0), tilesOf(linear, cost).columns);
}

/// Bytes of one row of the operand.
static int64_t rowBytes(graph::LinearOp linear) {
  return linear.getWeight().getType().getDimSize(1) *
         graph::getElementBytes(tensorOf(linear.getInput()).getElementType());
}

/// What a block keeps at once: the accumulators of all layers, and one step's rows and weights.
int64_t KernelFormer::blockBytes(graph::LinearOp linear, unsigned layers) const {
  CostModel::MatmulTiles tiles = tilesOf(linear, cost);
  int64_t bytes = graph::getElementBytes(linear.getComputeType());
  return 4 * layers * tiles.rows * tiles.columns + bytes * tiles.depth * (tiles.rows + tiles.columns);
}

/// Another layer beside the others reads rows that they have read already.
bool KernelFormer::siblingPays(graph::LinearOp linear, unsigned layers) const {
  return cost.pays({double(rowBytes(linear)) * columnBlocks(linear, cost), 0, blockBytes(linear, layers)});
}

/// The linear and those beside it that read the same rows through weights of the same type: they share loop
/// and row tiles.
Id KernelFormer::groupSiblings(graph::LinearOp linear) {
  Id group = groups.create(linear);
  for (Operation *user : linear.getInput().getUsers()) {
    auto sibling = dyn_cast<graph::LinearOp>(user);
    if (!sibling || sibling == linear || groups.contains(sibling) || sibling.getInput() != linear.getInput())
      continue;
    if (sibling.getWeight().getType() != linear.getWeight().getType() ||
        sibling.getComputeType() != linear.getComputeType()) {
      decline(sibling, linear, "the weights' shapes or types differ, so their tiles would");
    } else if (unsigned layers = groups.members(group).size(); !siblingPays(linear, layers + 1)) {
      decline(sibling, linear,
              Twine(layers) + " share the loop already, and with one more a block would keep " +
                  Twine(blockBytes(linear, layers + 1)) + " bytes");
    } else if (!groups.staysConvexWith(group, sibling)) {
      decline(sibling, linear, "one depends on the other");
    } else {
      join(group, sibling);
    }
  }
  return group;
}

/// Adds the element-wise op that alone reads `value`, if its result has these sizes and the rest of its
/// operands do not wait for the group.
bool KernelFormer::takeConsumer(Id group, Value value, ArrayRef<graph::SizeExpr> sizes) {
  if (value.use_empty())
    return false;
  Operation *producer = value.getDefiningOp(), *user = *value.user_begin();
  if (groups.contains(user) || !isElementwise(user))
    return false;
  if (!llvm::all_of(value.getUsers(), [&](Operation *other) { return other == user; })) {
    decline(user, producer, "its operand is read elsewhere too");
    return false;
  }
  if (graph::getSizes(tensorOf(user->getResult(0))) != SmallVector<graph::SizeExpr>(sizes)) {
    decline(user, producer, "it broadcasts its operand to another shape");
    return false;
  }
  if (!groups.staysConvexWith(group, user)) {
    decline(user, producer, "another operand is computed from the kernel's result");
    return false;
  }
  join(group, user);
  return true;
}

void KernelFormer::takeEpilogue(Id group) {
  for (bool grew = true; grew;) {
    grew = false;
    for (Operation *member : SmallVector<Operation *>(groups.members(group)))
      if (!groups.usedOnlyIn(group, member))
        grew |= takeConsumer(group, member->getResult(0), graph::getSizes(tensorOf(member->getResult(0))));
  }
}

void KernelFormer::groupLinears() {
  for (Operation *op : ungrouped([](Operation *op) { return isa<graph::LinearOp>(op); }))
    if (!groups.contains(op)) // a sibling may have taken it
      groupSiblings(cast<graph::LinearOp>(op));
  for (Id group = 0; group < groups.size(); ++group)
    takeEpilogue(group);
}

//===- Prologues ----------------------------------------------------------------------------------===//

/// Vector operations for one element, roughly: a polynomial, a division, or one.
static int64_t operationsPerElement(Operation *op) {
  if (isa<graph::ExpOp, graph::TanhOp, graph::ErfOp, graph::GeluOp, graph::SiluOp, graph::SigmoidOp,
          graph::GateOp>(op))
    return 24;
  return isa<graph::DivOp, graph::SqrtOp, graph::RsqrtOp, graph::ReciprocalOp>(op) ? 8 : 1;
}

/// Stored, the op's result is written once and read by every block of columns; pulled, each of these blocks
/// reads the op's operands and repeats its arithmetic.
bool KernelFormer::prologuePays(graph::LinearOp linear, Operation *producer, unsigned layers) const {
  int64_t blocks = columnBlocks(linear, cost);
  int64_t operands = llvm::count_if(
      producer->getOperands(), [&](Value operand) { return sameSizes(operand, producer->getResult(0)); });
  int64_t stored = operands + 1 + blocks, pulled = operands * blocks;
  double repeated =
      double(blocks - 1) * linear.getWeight().getType().getDimSize(1) * operationsPerElement(producer);
  return cost.pays({double(stored - pulled) * rowBytes(linear), repeated, blockBytes(linear, layers)});
}

/// Takes the element-wise op that computes `operand` for the group's layers alone.
bool KernelFormer::takePrologue(Id group, graph::LinearOp linear, Value operand) {
  Operation *producer = operand.getDefiningOp();
  if (!producer || groups.contains(producer) || !isElementwise(producer) ||
      !sameSizes(operand, linear.getInput()))
    return false;
  unsigned layers = llvm::count_if(groups.members(group), llvm::IsaPred<graph::LinearOp>);
  if (!groups.usedOnlyIn(group, producer)) {
    decline(producer, linear, "its result is read elsewhere too");
  } else if (!prologuePays(linear, producer, layers)) {
    decline(producer, linear,
            "each of " + Twine(columnBlocks(linear, cost)) + " blocks of columns would compute it again");
  } else if (groups.staysConvexWith(group, producer)) {
    join(group, producer);
    return true;
  }
  return false;
}

/// After all else: an op that ended a kernel before the layer cost nothing there.
void KernelFormer::takePrologues() {
  for (Id group = 0, last = groups.size(); group < last; ++group) {
    auto linear = dyn_cast<graph::LinearOp>(groups.members(group).front());
    if (!linear)
      continue;
    SmallVector<Value> open{linear.getInput()};
    while (!open.empty())
      if (Value operand = open.pop_back_val(); takePrologue(group, linear, operand))
        llvm::append_range(open, operand.getDefiningOp()->getOperands());
  }
}

//===- Attention ----------------------------------------------------------------------------------===//

/// The query's rotation runs once per query; the keys' would run again for every block of queries, so it
/// stays outside.
void KernelFormer::groupAttention() {
  for (Operation *op : ungrouped([](Operation *op) { return isa<graph::AttentionOp>(op); })) {
    Id group = groups.create(op);
    auto rope = cast<graph::AttentionOp>(op).getQuery().getDefiningOp<graph::RopeOp>();
    if (!rope || groups.contains(rope))
      continue;
    if (!groups.usedOnlyIn(group, rope))
      decline(rope, op, "its result is read elsewhere too");
    else if (groups.staysConvexWith(group, rope))
      join(group, rope);
  }
}
