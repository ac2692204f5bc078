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

/// The accumulators of all layers.
static int64_t sumBytes(const CostModel::MatmulTiles &tiles, unsigned layers) {
  return 4 * layers * tiles.rows * tiles.columns;
}

/// What a block keeps at once: the accumulators of all layers, and one step's rows and weights.
int64_t KernelFormer::blockBytes(graph::LinearOp linear, unsigned layers) const {
  CostModel::MatmulTiles tiles = tilesOf(linear, cost);
  int64_t bytes = graph::getElementBytes(linear.getComputeType());
  return sumBytes(tiles, layers) + bytes * tiles.depth * (tiles.rows + tiles.columns);
}

/// What a layer reads and writes beside the rows: weight, bias and result; of integers what they are worth,
/// too.
static int64_t viewsOf(graph::LinearOp linear) {
  int64_t views = 2 + bool(linear.getBias());
  for (Operation *user : linear->getUsers())
    if (isa<graph::DequantizeOp>(user))
      views += user->getNumOperands() - 1;
  return views;
}

/// Another layer beside the others reads rows that they have read already.
bool KernelFormer::siblingPays(graph::LinearOp linear, unsigned layers) const {
  CostModel::Fusion fusion{double(rowBytes(linear)) * columnBlocks(linear, cost), 0,
                           blockBytes(linear, layers)};
  fusion.sumBytes = sumBytes(tilesOf(linear, cost), layers);
  fusion.views = 1 + layers * viewsOf(linear);
  return cost.pays(fusion);
}

/// Whether one loop over K serves both: its tiles are theirs.
static bool sharesTiles(graph::LinearOp a, graph::LinearOp b) {
  return a.getWeight().getType() == b.getWeight().getType() && a.getComputeType() == b.getComputeType();
}

/// The linear and those beside it that read the same rows through weights of the same type: they share loop
/// and row tiles.
Id KernelFormer::groupSiblings(graph::LinearOp linear) {
  Id group = groups.create(linear);
  for (Operation *user : linear.getInput().getUsers()) {
    auto sibling = dyn_cast<graph::LinearOp>(user);
    if (!sibling || sibling == linear || groups.contains(sibling) || sibling.getInput() != linear.getInput())
      continue;
    if (!sharesTiles(sibling, linear))
      continue; // a companion, perhaps
    if (unsigned layers = groups.members(group).size(); !siblingPays(linear, layers + 1)) {
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

/// Layers of other shapes on the same rows have loops of their own, but run in the same launch: blocks of all
/// of them lie side by side in its grid.
void KernelFormer::takeCompanions(Id group) {
  auto linear = cast<graph::LinearOp>(groups.members(group).front());
  if (tensorOf(linear.getResult()).getRank() != 2)
    return;
  for (Operation *user : linear.getInput().getUsers()) {
    auto other = dyn_cast<graph::LinearOp>(user);
    if (!other || groups.contains(other) || other.getInput() != linear.getInput() ||
        sharesTiles(other, linear))
      continue;
    if (!cost.pays({0, 0, 0, 1 / likelyRows(linear)}))
      decline(other, linear, "a launch of its own costs nothing here");
    else if (!groups.staysConvexWith(group, other))
      decline(other, linear, "one depends on the other");
    else
      join(group, other);
  }
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

/// What alone reads a value by heads and can be computed where the heads are: their norm, their rotation,
/// their way into a cache.
static Operation *headsReader(Value heads) {
  Operation *user = heads.hasOneUse() ? *heads.user_begin() : nullptr;
  if (isa_and_nonnull<graph::RMSNormOp, graph::LayerNormOp>(user) && user->getOperand(0) == heads)
    return user;
  if (auto rope = dyn_cast_or_null<graph::RopeOp>(user); rope && rope.getInput() == heads)
    return rope;
  if (auto write = dyn_cast_or_null<graph::CacheWriteOp>(user); write && write.getRows() == heads)
    return write;
  return nullptr;
}

/// Takes the reshape of a layer's rows to heads, and what alone reads these.
bool KernelFormer::takeHeads(Id group, Value rows) {
  auto heads = rows.hasOneUse() ? dyn_cast<graph::ReshapeOp>(*rows.user_begin()) : graph::ReshapeOp();
  if (!heads || groups.contains(heads))
    return false;
  SmallVector<graph::SizeExpr> sizes = graph::getSizes(heads.getResult().getType());
  Operation *reader = headsReader(heads.getResult());
  if (!reader || groups.contains(reader) || sizes.size() != 4 || sizes[0] != graph::SizeExpr(1) ||
      sizes[1] != graph::getSize(tensorOf(rows), 0))
    return false;
  join(group, heads);
  for (; reader && !groups.contains(reader) && groups.staysConvexWith(group, reader);
       reader = headsReader(reader->getResult(0)))
    join(group, reader);
  return true;
}

void KernelFormer::takeEpilogue(Id group) {
  for (bool grew = true; grew;) {
    grew = false;
    for (Operation *member : SmallVector<Operation *>(groups.members(group)))
      if (Value result = member->getResult(0); !groups.usedOnlyIn(group, member))
        grew |= takeConsumer(group, result, graph::getSizes(tensorOf(result))) || takeHeads(group, result);
  }
}

void KernelFormer::groupLinears() {
  for (Operation *op : ungrouped([](Operation *op) { return isa<graph::LinearOp>(op); }))
    if (!groups.contains(op)) // a sibling may have taken it
      takeCompanions(groupSiblings(cast<graph::LinearOp>(op)));
  for (Id group = 0; group < groups.size(); ++group)
    takeEpilogue(group);
}

//===- Prologues ----------------------------------------------------------------------------------===//

/// Rows that a launch usually has: sizes at their symbols' likely values.
double KernelFormer::likelyRows(graph::LinearOp linear) const {
  SmallVector<graph::SizeExpr> sizes = graph::getSizes(tensorOf(linear.getInput()));
  double rows = 1;
  for (const graph::SizeExpr &size : ArrayRef(sizes).drop_back())
    rows *= graph::evaluateAt(size, function, graph::usualValue).value_or(INT32_MAX);
  return std::max(rows, 1.0);
}

/// Vector operations for one element, roughly: a polynomial, a division, or one.
static int64_t operationsPerElement(Operation *op) {
  if (isa<graph::ExpOp, graph::TanhOp, graph::ErfOp, graph::GeluOp, graph::SiluOp, graph::SigmoidOp,
          graph::GateOp>(op))
    return 24;
  if (isRowNorm(op))
    return 4; // read for its statistic, read again, scaled twice
  return isa<graph::DivOp, graph::SqrtOp, graph::RsqrtOp, graph::ReciprocalOp>(op) ? 8 : 1;
}

/// Stored, the op's result is written once and read by every block of columns; pulled, each of these blocks
/// reads the op's operands and repeats its arithmetic.
bool KernelFormer::prologuePays(Id group, Operation *producer) const {
  auto linear = cast<graph::LinearOp>(groups.members(group).front());
  unsigned layers = llvm::count_if(groups.members(group), llvm::IsaPred<graph::LinearOp>);
  int64_t blocks = columnBlocks(linear, cost);
  int64_t operands = llvm::count_if(
      producer->getOperands(), [&](Value operand) { return sameSizes(operand, producer->getResult(0)); });
  int64_t stored = operands + 1 + blocks, pulled = operands * blocks;
  double repeated =
      double(blocks - 1) * linear.getWeight().getType().getDimSize(1) * operationsPerElement(producer);
  return cost.pays({double(stored - pulled) * rowBytes(linear), repeated, blockBytes(linear, layers),
                    1 / likelyRows(linear)});
}

/// Whether every block of columns of the group's layers may compute `producer` again.
bool KernelFormer::repeats(Id group, Operation *producer) {
  if (prologuePays(group, producer))
    return true;
  auto linear = cast<graph::LinearOp>(groups.members(group).front());
  decline(producer, linear,
          "each of " + Twine(columnBlocks(linear, cost)) + " blocks of columns would compute it again");
  return false;
}

/// Takes the norm of the rows that the group's layers alone read. Each block takes its rows' statistics once,
/// before its loop over K.
bool KernelFormer::takeNorm(Id group) {
  auto linear = dyn_cast<graph::LinearOp>(groups.members(group).front());
  Operation *norm = linear ? linear.getInput().getDefiningOp() : nullptr;
  if (!norm || groups.contains(norm) || !isa<graph::RMSNormOp, graph::LayerNormOp>(norm))
    return false;
  if (!groups.usedOnlyIn(group, norm))
    decline(norm, linear, "its result is read elsewhere too");
  else if (repeats(group, norm) && groups.staysConvexWith(group, norm))
    return join(group, norm), true;
  return false;
}

/// The norm of a layer's result that is added to the residual, where `norm` normalizes the sum (Gemma 2):
/// nothing else reads it.
static Operation *normBeforeResidual(Operation *norm) {
  auto sum = norm->getOperand(0).getDefiningOp<graph::AddOp>();
  if (!sum)
    return nullptr;
  for (Value operand : sum->getOperands())
    if (Operation *inner = operand.getDefiningOp(); inner &&
                                                    isa<graph::RMSNormOp, graph::LayerNormOp>(inner) &&
                                                    inner->hasOneUse() && sameSizes(operand, sum.getResult()))
      return inner;
  return nullptr;
}

/// After the norm of a group's layers: takes the residual sum that it normalizes, and the norm before that.
/// Others read the sum, so that the kernel stores it besides.
void KernelFormer::takeNormedResidual(Id group) {
  auto linear = cast<graph::LinearOp>(groups.members(group).front());
  Operation *norm = linear.getInput().getDefiningOp(), *inner = normBeforeResidual(norm);
  if (!inner || groups.contains(inner) || !linear.getWeight().getType().hasStaticShape())
    return;
  Operation *sum = norm->getOperand(0).getDefiningOp();
  if (groups.contains(sum) || tensorOf(linear.getInput()).getRank() != 2)
    return;
  if (repeats(group, inner) && repeats(group, sum) && groups.staysConvexWith(group, sum)) {
    join(group, sum);
    join(group, inner);
  }
}

void KernelFormer::takeNorms() {
  for (Id group = 0, last = groups.size(); group < last; ++group)
    if (takeNorm(group))
      takeNormedResidual(group);
}

/// Takes the element-wise op that computes `operand` for the group's layers alone.
bool KernelFormer::takePrologue(Id group, graph::LinearOp linear, Value operand) {
  Operation *producer = operand.getDefiningOp();
  if (!producer || groups.contains(producer) || !isElementwise(producer) ||
      !sameSizes(operand, linear.getInput()))
    return false;
  if (!groups.usedOnlyIn(group, producer))
    decline(producer, linear, "its result is read elsewhere too");
  else if (repeats(group, producer) && groups.staysConvexWith(group, producer))
    return join(group, producer), true;
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
  for (Operation *op : ungrouped([](Operation *op) {
         return isa<graph::AttentionOp, graph::PagedAttentionOp, graph::SplitAttentionOp>(op);
       })) {
    Id group = groups.create(op);
    auto rope = op->getOperand(0).getDefiningOp<graph::RopeOp>(); // the query's
    if (!rope || groups.contains(rope))
      continue;
    if (!groups.usedOnlyIn(group, rope))
      decline(rope, op, "its result is read elsewhere too");
    else if (groups.staysConvexWith(group, rope))
      join(group, rope);
  }
}
