// Decides what runs together, family by family; see Passes.td for the rules and Groups.h for what keeps them
// sound.
#include "lib/Fusion/Groups.h"
#include "lib/Fusion/OpKinds.h"
#include "lib/Fusion/Passes.h"

namespace girih::fusion {
#define GEN_PASS_DEF_FUSIONFORMKERNELS
#include "lib/Fusion/Passes.h.inc"
} // namespace girih::fusion

using namespace mlir;
using namespace girih;
using namespace girih::fusion;
using Id = Groups::Id;

/// More accumulators than this, and a block's tiles no longer fit the nearest cache together.
static constexpr unsigned kMostSiblings = 4;

namespace {
class KernelFormer {
public:
  KernelFormer(func::FuncOp function, bool remarks)
      : function(function), block(function.getBody().front()), groups(block), remarks(remarks) {}

  void groupLinears();
  void groupAttention();
  void groupRows();
  void groupElementwise();
  void groupRest();
  void finish() { groups.materialize(); }

  unsigned kernels() const { return groups.size(); }
  unsigned fused() const { return joined; }

private:
  void join(Id group, Operation *op) {
    groups.add(group, op);
    ++joined;
  }
  Id groupSiblings(graph::LinearOp linear);
  void takeEpilogue(Id group);
  bool takeConsumer(Id group, Value value, ArrayRef<graph::SizeExpr> sizes);
  void takeRowConsumers(Id group, ArrayRef<graph::SizeExpr> rows);
  void takeProducers(Id group, ArrayRef<graph::SizeExpr> rows);
  bool yieldsOnlyRows(Id group, ArrayRef<graph::SizeExpr> rows) const;
  bool takeProducer(Id group, Operation *producer, ArrayRef<graph::SizeExpr> rows);
  bool isRowProducer(Operation *op, ArrayRef<graph::SizeExpr> rows) const;
  void decline(Operation *op, Operation *other, const Twine &reason);
  SmallVector<Operation *> ungrouped(function_ref<bool(Operation *)> matches);

  func::FuncOp function;
  Block &block;
  Groups groups;
  bool remarks;
  unsigned joined = 0;
};

struct FormKernels : fusion::impl::FusionFormKernelsBase<FormKernels> {
  using FusionFormKernelsBase::FusionFormKernelsBase;
  void runOnOperation() override;

private:
  void form(func::FuncOp function);
};
} // namespace

static std::string nameOf(Operation *op) {
  std::string layer = graph::layerName(op->getLoc());
  return layer.empty() ? op->getName().getStringRef().str() : layer;
}

void KernelFormer::decline(Operation *op, Operation *other, const Twine &reason) {
  if (remarks)
    emitRemark(op->getLoc()) << "'" << nameOf(op) << "' runs apart from '" << nameOf(other)
                             << "': " << reason;
}

SmallVector<Operation *> KernelFormer::ungrouped(function_ref<bool(Operation *)> matches) {
  SmallVector<Operation *> found;
  for (Operation &op : block)
    if (!groups.contains(&op) && matches(&op))
      found.push_back(&op);
  return found;
}

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

//===- The rest -----------------------------------------------------------------------------------===//

static bool staysOutside(Operation *op) {
  return isa<graph::GetParameterOp, graph::ReshapeOp, graph::KernelOp>(op) ||
         op->hasTrait<OpTrait::IsTerminator>();
}

/// A constant is repeated in every kernel that reads it; one that something else reads is computed.
static bool isStored(Operation *op) {
  return !isa<graph::ConstantOp>(op) || llvm::any_of(op->getUsers(), staysOutside);
}

void KernelFormer::groupRest() {
  for (Operation *op : ungrouped([](Operation *op) { return !staysOutside(op) && isStored(op); }))
    groups.create(op);
}

//===- The pass -----------------------------------------------------------------------------------===//

/// Whether an op reads rows of the value by index, which only memory allows.
static bool isTableOf(OpOperand &use) {
  if (isa<graph::RopeOp>(use.getOwner()))
    return use.getOperandNumber() >= 2;
  return isa<graph::EmbeddingOp, graph::GatherOp>(use.getOwner()) && use.getOperandNumber() == 0;
}

/// Constants that are more than one repeated number, or are tables, become parameters with a value: kernels
/// read them from memory.
static void storeConstants(func::FuncOp function) {
  auto module = function->getParentOfType<ModuleOp>();
  SymbolTable symbols(module);
  for (auto constant : llvm::make_early_inc_range(function.getOps<graph::ConstantOp>())) {
    if (isa<SplatElementsAttr>(constant.getValue()) && llvm::none_of(constant->getUses(), isTableOf))
      continue;
    OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
    auto parameter = graph::ParameterOp::create(b, constant.getLoc(), "constant",
                                                cast<RankedTensorType>(constant.getResult().getType()),
                                                constant.getValue());
    symbols.insert(parameter);
    OpBuilder at(constant);
    auto read = graph::GetParameterOp::create(at, constant.getLoc(), parameter);
    constant.replaceAllUsesWith(read.getResult());
    constant.erase();
  }
}

static void dropUnused(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

static bool isExact(func::FuncOp function) {
  auto contract = function->getParentOfType<ModuleOp>()->getAttrOfType<StringAttr>(graph::kContractAttr);
  return contract && contract == "exact";
}

void FormKernels::form(func::FuncOp function) {
  dropUnused(function.getBody().front());
  storeConstants(function);
  KernelFormer former(function, remarks);
  if (!isExact(function)) {
    former.groupLinears();
    former.groupAttention();
    former.groupRows();
    former.groupElementwise();
  }
  former.groupRest();
  kernels += former.kernels();
  fused += former.fused();
  former.finish();
}

/// Runs on the module, not on functions side by side, because constants become parameters of the module.
void FormKernels::runOnOperation() {
  for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
    if (!function.isDeclaration() && !function->hasAttr(graph::kKernelAttr))
      form(function);
}
