// Decides what runs together, family by family; see Passes.td for the rules and Groups.h for what keeps them
// sound.
#include "lib/Fusion/KernelFormer.h"
#include "lib/Fusion/Passes.h"

namespace girih::fusion {
#define GEN_PASS_DEF_FUSIONFORMKERNELS
#include "lib/Fusion/Passes.h.inc"
} // namespace girih::fusion

using namespace mlir;
using namespace girih;
using namespace girih::fusion;

namespace {
struct FormKernels : fusion::impl::FusionFormKernelsBase<FormKernels> {
  using FusionFormKernelsBase::FusionFormKernelsBase;
  void runOnOperation() override;

private:
  void form(func::FuncOp function, const CostModel &cost);
};
} // namespace

void KernelFormer::decline(Operation *op, Operation *other, const Twine &reason) {
  if (remarks)
    emitRemark(op->getLoc()) << "'" << graph::nameOf(op) << "' runs apart from '" << graph::nameOf(other)
                             << "': " << reason;
}

SmallVector<Operation *> KernelFormer::ungrouped(function_ref<bool(Operation *)> matches) {
  SmallVector<Operation *> found;
  for (Operation &op : block)
    if (!groups.contains(&op) && matches(&op))
      found.push_back(&op);
  return found;
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

void FormKernels::form(func::FuncOp function, const CostModel &cost) {
  dropUnused(function.getBody().front());
  storeConstants(function);
  KernelFormer former(function, cost, remarks);
  if (!graph::isExact(function)) {
    former.groupLinears();
    former.groupAttention();
    former.takeNorms();
    former.groupRows();
    former.takePrologues();
    former.groupElementwise();
  }
  former.groupRest();
  kernels += former.kernels();
  fused += former.fused();
  former.finish();
}

/// Runs on the module, not on functions side by side, because constants become parameters of the module.
void FormKernels::runOnOperation() {
  FailureOr<std::unique_ptr<Target>> chosen = targetOf(getOperation(), target);
  if (failed(chosen))
    return signalPassFailure();
  for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
    if (!function.isDeclaration() && !function->hasAttr(graph::kKernelAttr))
      form(function, (*chosen)->cost());
}
