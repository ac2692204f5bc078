// Groups of ops and the kernels they become; see Groups.h.
#include "lib/Fusion/Groups.h"

#include "mlir/Analysis/TopologicalSortUtils.h"

using namespace mlir;
using namespace girih;
using namespace girih::fusion;

Groups::Id Groups::create(Operation *op) {
  groups.emplace_back();
  add(groups.size() - 1, op);
  return groups.size() - 1;
}

void Groups::add(Id group, Operation *op) {
  groups[group].insert(op);
  groupOf[op] = group;
}

bool Groups::isIn(Id group, Operation *op) const {
  auto it = groupOf.find(op);
  return it != groupOf.end() && it->second == group;
}

bool Groups::usedOnlyIn(Id group, Operation *op) const {
  return llvm::all_of(op->getUsers(), [&](Operation *user) { return isIn(group, user); });
}

/// Whether anything that computes `from`, groups taken whole, belongs to the group or is the candidate.
bool Groups::reaches(ArrayRef<Value> from, Id group, Operation *candidate) const {
  SmallVector<Value> open(from);
  llvm::DenseSet<Operation *> seen;
  while (!open.empty()) {
    Operation *op = open.pop_back_val().getDefiningOp();
    if (!op || !seen.insert(op).second)
      continue;
    if (op == candidate || isIn(group, op))
      return true;
    auto it = groupOf.find(op);
    if (it == groupOf.end()) {
      llvm::append_range(open, op->getOperands());
      continue;
    }
    for (Operation *member : groups[it->second]) {
      seen.insert(member);
      llvm::append_range(open, member->getOperands());
    }
  }
  return false;
}

bool Groups::staysConvexWith(Id group, Operation *candidate) const {
  SmallVector<Value> outside;
  auto collect = [&](Operation *op) {
    for (Value operand : op->getOperands())
      if (Operation *producer = operand.getDefiningOp();
          producer && producer != candidate && !isIn(group, producer))
        outside.push_back(operand);
  };
  collect(candidate);
  for (Operation *member : groups[group])
    collect(member);
  return !reaches(outside, group, candidate);
}

//===- Kernels ------------------------------------------------------------------------------------===//

/// Splat constants are cheaper to repeat than to store.
static bool isRepeated(Operation *op) { return isa_and_present<graph::ConstantOp>(op); }

static Location fusedLocation(ArrayRef<Operation *> ops) {
  llvm::SetVector<Location> locations;
  for (Operation *op : ops)
    locations.insert(op->getLoc());
  return FusedLoc::get(ops.front()->getContext(), locations.getArrayRef());
}

void Groups::buildKernel(ArrayRef<Operation *> ops) {
  llvm::SetVector<Value> inputs, outputs;
  llvm::SetVector<Operation *> repeated;
  for (Operation *op : ops) {
    for (Value operand : op->getOperands()) {
      Operation *producer = operand.getDefiningOp();
      if (producer && llvm::is_contained(ops, producer))
        continue;
      if (isRepeated(producer))
        repeated.insert(producer);
      else
        inputs.insert(operand);
    }
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) { return !llvm::is_contained(ops, user); }))
        outputs.insert(result);
  }
  OpBuilder b(block.getTerminator());
  auto kernel = graph::KernelOp::create(b, fusedLocation(ops), TypeRange(ValueRange(outputs.getArrayRef())),
                                        inputs.getArrayRef());
  OpBuilder body = OpBuilder::atBlockEnd(kernel.getBody());
  IRMapping mapping;
  mapping.map(inputs.getArrayRef(), kernel.getBody()->getArguments());
  for (Operation *op : repeated)
    body.clone(*op, mapping);
  for (Operation *op : ops)
    body.clone(*op, mapping);
  SmallVector<Value> yielded =
      llvm::map_to_vector(outputs, [&](Value output) { return mapping.lookup(output); });
  graph::YieldOp::create(body, kernel.getLoc(), yielded);
  for (auto [number, result] : llvm::enumerate(kernel.getResults())) {
    Value output = outputs[number];
    output.replaceUsesWithIf(result,
                             [&](OpOperand &use) { return !llvm::is_contained(ops, use.getOwner()); });
  }
  for (Operation *op : llvm::reverse(ops))
    op->erase();
}

void Groups::materialize() {
  for (auto &group : groups) {
    SmallVector<Operation *> ops(group.begin(), group.end());
    llvm::sort(ops, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    buildKernel(ops);
  }
  sortTopologically(&block);
}
