// Demand flows backwards from stores: rows that lie past the end of every output are computed by nobody, so
// 16 rows never pay for a block of 96. And the choice of what to keep in scratch: results of dots and
// reductions, operands of dots, and what is dear and needed by two loop nests.
#include "lib/Target/Extents.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Iterators.h"

using namespace mlir;
using namespace girih;

bool Need::join(const Need &other) {
  if (all)
    return false;
  if (other.all)
    return all = true;
  bool grew = false;
  for (const Term &term : other.terms)
    if (!llvm::is_contained(terms, term)) {
      terms.push_back(term);
      grew = true;
    }
  return grew;
}

ArrayRef<Need> Extents::need(Value tile) const {
  auto found = needs.find(tile);
  return found == needs.end() ? ArrayRef<Need>() : ArrayRef<Need>(found->second);
}

static bool isTopLevel(Value scalar) { return isa<tile::ProgramOp>(scalar.getParentBlock()->getParentOp()); }

/// Whether a scalar is known where a tile is computed: those of the top level are computed first.
static bool isKnownBefore(Value scalar, Value tile) {
  Operation *op = tile.getDefiningOp();
  return isTopLevel(scalar) || (op && scalar.getParentBlock() == op->getBlock() &&
                                (!scalar.getDefiningOp() || scalar.getDefiningOp()->isBeforeInBlock(op)));
}

void Extents::demand(Value tile, ArrayRef<Need> wanted) {
  auto &current = needs[tile];
  current.resize(cast<RankedTensorType>(tile.getType()).getRank());
  for (auto [mine, theirs] : llvm::zip(current, wanted)) {
    Need known = theirs;
    known.all |=
        llvm::any_of(theirs.terms, [&](const Need::Term &term) { return !isKnownBefore(term.offset, tile); });
    changed |= mine.join(known);
  }
}

void Extents::demandAll(Value tile) {
  Need everything;
  everything.all = true;
  SmallVector<Need> wanted(cast<RankedTensorType>(tile.getType()).getRank(), everything);
  demand(tile, wanted);
}

/// What a store can hold of its tile. Offsets that change inside the program (loops over chunks) ask for
/// everything.
static SmallVector<Need> storeNeeds(tile::StoreOp op) {
  SmallVector<Need> wanted;
  Block *top = &op->getParentOfType<tile::ProgramOp>().getBody().front();
  auto shape = cast<RankedTensorType>(op.getTile().getType()).getShape();
  for (auto [size, dim] : llvm::zip(shape, op.getTileDims())) {
    Value offset = op.getOffsets()[dim];
    Need &need = wanted.emplace_back();
    if (offset.getParentBlock() == top && isNonNegative(offset))
      need.terms.push_back({op.getView(), dim, offset, size});
    else
      need.all = true;
  }
  return wanted;
}

/// Needs of a reshape's input: kept for the dimensions at the front that input and result have in common,
/// those of size 1 left out (rows stay rows however their columns are grouped).
static SmallVector<Need> reshapeNeeds(tile::ReshapeOp op, ArrayRef<Need> result) {
  auto from = cast<RankedTensorType>(op.getInput().getType()).getShape();
  auto to = cast<RankedTensorType>(op.getResult().getType()).getShape();
  Need everything;
  everything.all = true;
  SmallVector<Need> wanted(from.size(), everything);
  SmallVector<unsigned> fromDims, toDims;
  for (unsigned i = 0; i < from.size(); ++i)
    if (from[i] != 1)
      fromDims.push_back(i);
  for (unsigned i = 0; i < to.size(); ++i)
    if (to[i] != 1)
      toDims.push_back(i);
  for (auto [a, b] : llvm::zip(fromDims, toDims)) {
    if (from[a] != to[b])
      break;
    wanted[a] = result[b];
  }
  return wanted;
}

/// Which rows of a scatter exist: those whose indices are in memory.
static Need rowsNeed(Value indices) {
  Need need;
  need.all = true;
  while (Operation *op = indices.getDefiningOp()) {
    auto load = dyn_cast<tile::LoadOp>(op);
    if (load && load.getTileDims().size() == 1) {
      int64_t dim = load.getTileDims()[0];
      Value offset = load.getOffsets()[dim];
      Block *top = &op->getParentOfType<tile::ProgramOp>().getBody().front();
      if (offset.getParentBlock() != top || !isNonNegative(offset))
        return need;
      need.all = false;
      need.terms.push_back({load.getView(), unsigned(dim), offset, load.getResult().getType().getDimSize(0)});
      return need;
    }
    if (!isa<arith::SelectOp, tile::ReshapeOp>(op))
      return need;
    indices = op->getOperand(isa<arith::SelectOp>(op) ? 1 : 0);
  }
  return need;
}

/// The size of a view's dimension that an index stays below or reaches at most, through minima, and through
/// maxima with 0.
static tile::DimOp boundingSize(Value index) {
  Operation *op = index.getDefiningOp();
  if (auto size = dyn_cast_or_null<tile::DimOp>(op))
    return size;
  if (!isa_and_nonnull<arith::MinSIOp, arith::MaxSIOp>(op) ||
      (isa<arith::MaxSIOp>(op) && !matchPattern(op->getOperand(1), m_Zero())))
    return {};
  tile::DimOp first = boundingSize(op->getOperand(0));
  return first || isa<arith::MaxSIOp>(op) ? first : boundingSize(op->getOperand(1));
}

/// The index that all elements of a tile of i32 are.
static Value splattedIndex(Value tile) {
  auto splat = tile.getDefiningOp<tensor::SplatOp>();
  auto cast = splat ? splat.getInput().getDefiningOp<arith::IndexCastOp>() : arith::IndexCastOp();
  return cast ? cast.getIn() : Value();
}

/// Where a mask in a loop is certainly false from some place on, along one of its dimensions: "a position
/// lies before the end of a view's dimension", alone, in a conjunction or broadcast.
static std::optional<std::pair<int64_t, Need>> heldBelow(Value mask) {
  Operation *op = mask.getDefiningOp();
  if (isa_and_nonnull<arith::AndIOp>(op)) {
    auto first = heldBelow(op->getOperand(0));
    return first ? first : heldBelow(op->getOperand(1));
  }
  if (auto broadcast = dyn_cast_or_null<tile::BroadcastOp>(op)) {
    auto inner = heldBelow(broadcast.getInput());
    if (inner)
      inner->first = broadcast.getDims()[inner->first];
    return inner;
  }
  auto below = dyn_cast_or_null<arith::CmpIOp>(op);
  if (!below || below.getPredicate() != arith::CmpIPredicate::slt)
    return std::nullopt;
  auto sum = below.getLhs().getDefiningOp<arith::AddIOp>();
  auto count = sum ? sum.getLhs().getDefiningOp<tile::IotaOp>() : tile::IotaOp();
  Value offset = count ? splattedIndex(sum.getRhs()) : Value(), end = splattedIndex(below.getRhs());
  tile::DimOp size = offset && end ? boundingSize(end) : tile::DimOp();
  if (!size || isTopLevel(offset) || !isNonNegative(offset))
    return std::nullopt;
  int64_t dim = count.getDim();
  Need need;
  need.terms.push_back({size.getView(), int64_t(size.getDim()), offset,
                        cast<RankedTensorType>(mask.getType()).getDimSize(dim)});
  return std::pair(dim, need);
}

void Extents::propagate(Operation *op) {
  Need everything;
  everything.all = true;
  if (auto store = dyn_cast<tile::StoreOp>(op))
    return demand(store.getTile(), storeNeeds(store));
  if (auto scatter = dyn_cast<tile::ScatterOp>(op)) {
    Need everything, rows = rowsNeed(scatter.getIndices());
    everything.all = true;
    SmallVector<Need> wanted(scatter.getTile().getType().getRank(), everything);
    wanted[0] = rows;
    demand(scatter.getIndices(), {rows});
    return demand(scatter.getTile(), wanted);
  }
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    for (auto [init, argument, yielded, result] :
         llvm::zip(loop.getInitArgs(), loop.getRegionIterArgs(), loop.getYieldedValues(), loop.getResults()))
      if (isTile(init)) {
        demand(argument, SmallVector<Need>(need(result)));
        SmallVector<Need> all(need(argument));
        demand(init, all);
        demand(yielded, all);
      }
    return;
  }
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    for (auto [i, result] : llvm::enumerate(branch.getResults()))
      if (isTile(result))
        for (Block *block : {branch.thenBlock(), branch.elseBlock()})
          demand(block->getTerminator()->getOperand(i), SmallVector<Need>(need(result)));
    return;
  }
  if (op->getNumResults() != 1 || !isTile(op->getResult(0))) {
    for (Value operand : op->getOperands())
      if (isTile(operand) && !op->hasTrait<OpTrait::IsTerminator>())
        demandAll(operand);
    return;
  }
  SmallVector<Need> result(need(op->getResult(0)));
  if (result.empty() && cast<RankedTensorType>(op->getResult(0).getType()).getRank() > 0)
    return; // nobody has asked yet
  if (auto dot = dyn_cast<tile::DotOp>(op)) {
    demand(dot.getLhs(), {result[0], everything});
    demand(dot.getRhs(), dot.getTransposeB() ? ArrayRef<Need>({result[1], everything})
                                             : ArrayRef<Need>({everything, result[1]}));
    return demand(dot.getAcc(), result);
  }
  if (auto reduce = dyn_cast<tile::ReduceOp>(op)) {
    result.insert(result.begin() + reduce.getAxis(), everything);
    return demand(reduce.getInput(), result);
  }
  if (auto broadcast = dyn_cast<tile::BroadcastOp>(op)) {
    SmallVector<Need> wanted;
    auto shape = cast<RankedTensorType>(broadcast.getInput().getType()).getShape();
    for (auto [size, dim] : llvm::zip(shape, broadcast.getDims()))
      wanted.push_back(size == 1 ? everything : result[dim]);
    return demand(broadcast.getInput(), wanted);
  }
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
    for (auto [wanted, from, to] :
         llvm::zip(result, slice.getSourceType().getShape(), slice.getType().getShape()))
      if (from != to)
        wanted = everything;
    return demand(slice.getSource(), result);
  }
  if (auto transpose = dyn_cast<tile::TransposeOp>(op)) {
    SmallVector<Need> wanted(result.size());
    for (auto [i, from] : llvm::enumerate(transpose.getPermutation()))
      wanted[from] = result[i];
    return demand(transpose.getInput(), wanted);
  }
  if (auto concat = dyn_cast<tile::ConcatOp>(op)) {
    result[concat.getAxis()] = everything;
    for (Value input : concat.getInputs())
      demand(input, result);
    return;
  }
  if (auto reshape = dyn_cast<tile::ReshapeOp>(op))
    return demand(reshape.getInput(), reshapeNeeds(reshape, result));
  if (auto gather = dyn_cast<tile::GatherOp>(op))
    return demand(gather.getIndices(), result[0]);
  if (auto select = dyn_cast<arith::SelectOp>(op); select && isTile(select.getCondition())) {
    demand(select.getCondition(), result);
    demand(select.getFalseValue(), result);
    if (auto held = heldBelow(select.getCondition()); held && result[held->first].all)
      result[held->first] = held->second;
    return demand(select.getTrueValue(), result);
  }
  for (Value operand : op->getOperands())
    if (isTile(operand)) {
      if (OpTrait::hasElementwiseMappableTraits(op))
        demand(operand, result);
      else
        demandAll(operand);
    }
}

/// Tens of instructions: worth keeping rather than computing twice.
static bool isDear(Operation *op) {
  return isa<arith::DivFOp, tile::GatherOp>(op) ||
         (isa_and_nonnull<math::MathDialect>(op->getDialect()) &&
          !isa<math::AbsFOp, math::FmaOp, math::RoundEvenOp, math::FloorOp>(op));
}

/// True if every row of a larger tile reads this one along the lanes: its masks and arithmetic are then worth
/// doing once.
static bool isRepeatedOverRows(Value tile) {
  Operation *op = tile.getDefiningOp();
  auto load = dyn_cast<tile::LoadOp>(op);
  bool masked = load && ShapedType::isDynamicShape(load.getView().getType().getShape());
  if (!masked && !OpTrait::hasElementwiseMappableTraits(op))
    return false;
  return llvm::any_of(tile.getUsers(), [&](Operation *user) {
    auto broadcast = dyn_cast<tile::BroadcastOp>(user);
    if (!broadcast)
      return false;
    auto from = cast<RankedTensorType>(tile.getType()),
         to = cast<RankedTensorType>(broadcast.getResult().getType());
    return from.getNumElements() >= 16 && to.getNumElements() > from.getNumElements() &&
           broadcast.getDims().back() == to.getRank() - 1 && from.getShape().back() == to.getShape().back();
  });
}

void Extents::chooseKept(tile::ProgramOp program) {
  // Which loop nests read each tile, through inline expressions; operations in reverse order see users first.
  DenseMap<Value, DenseSet<Operation *>> nests;
  auto readersOf = [&](Value tile) {
    DenseSet<Operation *> readers;
    for (Operation *user : tile.getUsers()) {
      bool isInline = user->getNumResults() == 1 && user->getNumRegions() == 0 &&
                      isTile(user->getResult(0)) && !kept.contains(user->getResult(0)) &&
                      !isa<tile::DotOp, tile::ReduceOp>(user);
      if (!isInline)
        readers.insert(user);
      else
        readers.insert(nests[user->getResult(0)].begin(), nests[user->getResult(0)].end());
    }
    return readers;
  };
  program->walk<WalkOrder::PostOrder, ReverseIterator>([&](Operation *op) {
    for (Value result : op->getResults()) {
      if (!isTile(result))
        continue;
      nests[result] = readersOf(result);
      auto constant = dyn_cast<arith::ConstantOp>(op);
      bool listed = constant && !cast<DenseElementsAttr>(constant.getValue()).isSplat();
      bool structural = isa<tile::DotOp, tile::ReduceOp, tile::ConcatOp, scf::ForOp, scf::IfOp>(op);
      if (structural || listed || isRepeatedOverRows(result) || (isDear(op) && nests[result].size() > 1))
        kept.insert(result);
    }
  });
}

Value Extents::overwritten(Value result, Value input) const {
  auto loop = dyn_cast<scf::ForOp>(result.getParentBlock()->getParentOp());
  if (!loop)
    return nullptr;
  for (auto [argument, yielded] : llvm::zip(loop.getRegionIterArgs(), loop.getYieldedValues())) {
    if (yielded != result || !isTile(argument))
      continue;
    Value chain = argument;
    while (chain != input) {
      if (!chain.hasOneUse() || isKept(chain))
        return nullptr;
      Operation *user = *chain.user_begin();
      if (!OpTrait::hasElementwiseMappableTraits(user) || user->getNumResults() != 1)
        return nullptr;
      chain = user->getResult(0);
    }
    if (!chain.hasOneUse())
      return nullptr;
    return argument;
  }
  return nullptr;
}

Extents::Extents(tile::ProgramOp program) {
  do {
    changed = false;
    program->walk<WalkOrder::PostOrder, ReverseIterator>([&](Operation *op) { propagate(op); });
  } while (changed);
  chooseKept(program);
}
