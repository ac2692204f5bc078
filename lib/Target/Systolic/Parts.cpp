// The machine runs blocks one after another, so that each range of them has loops and memory of its own.
#include "lib/Target/Systolic/Parts.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace girih;
using namespace girih::systolic;

namespace {
/// A choice by the block's place: below `bound`, or not.
struct Choice {
  scf::IfOp branches;
  unsigned dim;
  int64_t bound;
};
} // namespace

static std::optional<Choice> findChoice(tile::ProgramOp program) {
  for (auto branches : program.getBody().front().getOps<scf::IfOp>()) {
    auto compare = branches.getCondition().getDefiningOp<arith::CmpIOp>();
    auto index = compare ? compare.getLhs().getDefiningOp<tile::ProgramIndexOp>() : tile::ProgramIndexOp();
    if (!index || compare.getPredicate() != arith::CmpIPredicate::ult || branches.getNumResults() != 0 ||
        !program.getGridDim(index.getDim()).isFixed())
      continue;
    if (std::optional<int64_t> bound = getConstantIntValue(compare.getRhs()))
      return Choice{branches, unsigned(index.getDim()), *bound};
  }
  return std::nullopt;
}

/// Puts one branch in the place of both.
static void take(Choice choice, bool below) {
  Operation *condition = choice.branches.getCondition().getDefiningOp();
  Region &region = below ? choice.branches.getThenRegion() : choice.branches.getElseRegion();
  if (!region.empty()) {
    Block &branch = region.front();
    branch.getTerminator()->erase();
    choice.branches->getBlock()->getOperations().splice(Block::iterator(choice.branches),
                                                        branch.getOperations());
  }
  choice.branches.erase();
  if (condition->use_empty())
    condition->erase();
}

static void split(Part part, SmallVector<Part> &parts) {
  std::optional<Choice> choice = findChoice(*part.program);
  if (!choice || (part.range && choice->dim != part.dim)) {
    parts.push_back(std::move(part));
    return;
  }
  auto [begin, end] =
      part.range.value_or(std::pair<int64_t, int64_t>(0, part.program->getGridDim(choice->dim).getBlocks()));
  for (bool below : {true, false}) {
    std::pair<int64_t, int64_t> range = below ? std::pair(begin, std::min(end, choice->bound))
                                              : std::pair(std::max(begin, choice->bound), end);
    if (range.first >= range.second)
      continue;
    Part one{cast<tile::ProgramOp>((*part.program)->clone()), choice->dim, range, {}};
    take(*findChoice(*one.program), below);
    split(std::move(one), parts);
  }
}

SmallVector<Part> systolic::splitParts(tile::ProgramOp program) {
  SmallVector<Part> parts;
  split({cast<tile::ProgramOp>(program->clone()), 0, std::nullopt, {}}, parts);
  return parts;
}
