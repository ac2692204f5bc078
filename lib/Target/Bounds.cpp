// Bounds of a program's index arithmetic: blocks of a static grid and loops with constant bounds give most
// addresses a known range, so that most loads need no mask.
#include "lib/Target/Bounds.h"

#include "dialects/Tile/Tile.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

#include <numeric>

using namespace mlir;

static std::optional<int64_t> programIndexBound(girih::tile::ProgramIndexOp op) {
  auto program = op->getParentOfType<girih::tile::ProgramOp>();
  girih::tile::GridAttr grid = program.getGridDim(op.getDim());
  if (grid.isFixed())
    return grid.getBlocks() - 1;
  int64_t size = program.getViewType(grid.getArg()).getShape()[grid.getDim()];
  if (ShapedType::isDynamic(size))
    return std::nullopt;
  return llvm::divideCeil(size, grid.getStep()) - 1;
}

/// The greatest value of a loop's induction variable.
static std::optional<int64_t> inductionBound(scf::ForOp loop) {
  std::optional<int64_t> lower = getConstantIntValue(loop.getLowerBound());
  std::optional<int64_t> upper = girih::upperBound(loop.getUpperBound());
  std::optional<int64_t> step = getConstantIntValue(loop.getStep());
  if (!upper)
    return std::nullopt;
  if (!lower || !step || *step <= 0)
    return *upper - 1;
  return *upper <= *lower ? *lower : *lower + (*upper - 1 - *lower) / *step * *step;
}

std::optional<int64_t> girih::upperBound(Value index) {
  if (std::optional<int64_t> constant = getConstantIntValue(index))
    return constant;
  if (auto argument = dyn_cast<BlockArgument>(index)) {
    auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    return loop && loop.getInductionVar() == index ? inductionBound(loop) : std::nullopt;
  }
  Operation *op = index.getDefiningOp();
  if (auto program = dyn_cast<tile::ProgramIndexOp>(op))
    return programIndexBound(program);
  if (auto dim = dyn_cast<tile::DimOp>(op)) {
    int64_t size = dim.getView().getType().getShape()[dim.getDim()];
    return ShapedType::isDynamic(size) ? std::nullopt : std::optional(size);
  }
  if (auto difference = dyn_cast<arith::SubIOp>(op)) {
    std::optional<int64_t> most = upperBound(difference.getLhs()),
                           less = getConstantIntValue(difference.getRhs());
    return most && less ? std::optional(*most - *less) : std::nullopt;
  }
  if (isa<arith::DivUIOp, arith::DivSIOp>(op)) {
    std::optional<int64_t> most = upperBound(op->getOperand(0)), by = getConstantIntValue(op->getOperand(1));
    return most && by && *by > 0 && isNonNegative(op->getOperand(0)) ? std::optional(*most / *by)
                                                                     : std::nullopt;
  }
  if (!isa<arith::AddIOp, arith::MulIOp, arith::MinSIOp, arith::MaxSIOp>(op))
    return std::nullopt;
  std::optional<int64_t> a = upperBound(op->getOperand(0)), b = upperBound(op->getOperand(1));
  if (isa<arith::MinSIOp>(op))
    return a && b ? std::min(*a, *b) : a ? a : b;
  if (!a || !b)
    return std::nullopt;
  if (isa<arith::MaxSIOp>(op))
    return std::max(*a, *b);
  if (isa<arith::AddIOp>(op))
    return *a + *b;
  if (!isNonNegative(op->getOperand(0)) || !isNonNegative(op->getOperand(1)))
    return std::nullopt;
  return *a * *b;
}

bool girih::isNonNegative(Value index) {
  if (std::optional<int64_t> constant = getConstantIntValue(index))
    return *constant >= 0;
  if (auto argument = dyn_cast<BlockArgument>(index)) {
    auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    return loop && loop.getInductionVar() == index && isNonNegative(loop.getLowerBound());
  }
  Operation *op = index.getDefiningOp();
  if (isa<tile::ProgramIndexOp, tile::DimOp>(op))
    return true;
  if (isa<arith::AddIOp, arith::MulIOp, arith::MinSIOp, arith::DivUIOp, arith::RemUIOp, arith::DivSIOp,
          arith::RemSIOp, arith::CeilDivUIOp, arith::CeilDivSIOp>(op))
    return isNonNegative(op->getOperand(0)) && isNonNegative(op->getOperand(1));
  if (isa<arith::MaxSIOp>(op))
    return isNonNegative(op->getOperand(0)) || isNonNegative(op->getOperand(1));
  return false;
}

int64_t girih::divisor(Value index) {
  if (std::optional<int64_t> constant = getConstantIntValue(index))
    return std::abs(*constant);
  if (upperBound(index) == 0 && isNonNegative(index))
    return 0; // a grid of one block
  if (auto argument = dyn_cast<BlockArgument>(index)) {
    auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    if (!loop || loop.getInductionVar() != index)
      return 1;
    return std::gcd(divisor(loop.getLowerBound()), divisor(loop.getStep()));
  }
  Operation *op = index.getDefiningOp();
  if (isa<arith::MulIOp>(op))
    return divisor(op->getOperand(0)) * divisor(op->getOperand(1));
  if (isa<arith::AddIOp, arith::SubIOp>(op))
    return std::gcd(divisor(op->getOperand(0)), divisor(op->getOperand(1)));
  return 1;
}
