// Kernels around linear layers, with siblings and epilogues, and around attention.
#include "lib/Fusion/KernelFormer.h"

using namespace mlir;
using namespace girih;
using namespace girih::fusion;
using Id = Groups::Id;

/// More accumulators than this, and a block's tiles no longer fit the nearest cache together.
static constexpr unsigned kMostSiblings = 4;

//===- Linear layers ------------------------------------------------------------------------------===//

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
    } else if (groups.members(group).size() == kMostSiblings) {
      decline(sibling, linear,
              Twine(kMostSiblings) +
                  " layers share the loop already, more accumulators would not stay in cache");
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
