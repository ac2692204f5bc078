// Moves kernels to functions, equal ones to the same function. Weights are arguments and layer names are the
// launches', so layers that differ in nothing else are equal.
#include "lib/Fusion/Passes.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace girih::fusion {
#define GEN_PASS_DEF_FUSIONOUTLINEKERNELS
#include "lib/Fusion/Passes.h.inc"
} // namespace girih::fusion

using namespace mlir;
using namespace girih;

namespace {
struct OutlineKernels : fusion::impl::FusionOutlineKernelsBase<OutlineKernels> {
  using FusionOutlineKernelsBase::FusionOutlineKernelsBase;
  void runOnOperation() override;

private:
  func::FuncOp outline(graph::KernelOp kernel, SymbolTable &symbols);
  func::FuncOp findEqual(func::FuncOp function);

  llvm::MapVector<Type, SmallVector<func::FuncOp>> distinct; // by function type
};
} // namespace

/// "embedding_add_layer_norm": what runs, each kind of op once, the first few.
static std::string kernelName(graph::KernelOp kernel) {
  llvm::SetVector<StringRef> kinds;
  for (Operation &op : kernel.getBody()->without_terminator())
    if (!isa<graph::ConstantOp, graph::ReshapeOp>(op))
      kinds.insert(op.getName().stripDialect());
  constexpr size_t most = 4;
  if (kinds.empty())
    return "constant";
  std::string name = llvm::join(kinds.getArrayRef().take_front(most), "_");
  return kinds.size() > most ? name + "_more" : name;
}

/// The kernel's body as a function whose own location says nothing of a layer.
func::FuncOp OutlineKernels::outline(graph::KernelOp kernel, SymbolTable &symbols) {
  OpBuilder b(&getContext());
  Location nowhere = b.getUnknownLoc();
  auto type = b.getFunctionType(kernel->getOperandTypes(), kernel->getResultTypes());
  auto function = func::FuncOp::create(nowhere, kernelName(kernel), type);
  function.setPrivate();
  function->setAttr(graph::kKernelAttr, b.getUnitAttr());
  function.getBody().takeBody(kernel.getBodyRegion());
  Block &body = function.getBody().front();
  Operation *yield = body.getTerminator();
  b.setInsertionPoint(yield);
  func::ReturnOp::create(b, nowhere, yield->getOperands());
  yield->erase();
  function.walk([&](Operation *op) { op->setLoc(nowhere); });
  for (BlockArgument argument : body.getArguments())
    argument.setLoc(nowhere);
  return function;
}

func::FuncOp OutlineKernels::findEqual(func::FuncOp function) {
  for (func::FuncOp known : distinct[function.getFunctionType()])
    if (OperationEquivalence::isRegionEquivalentTo(&known.getBody(), &function.getBody(),
                                                   OperationEquivalence::IgnoreLocations))
      return known;
  return {};
}

void OutlineKernels::runOnOperation() {
  SymbolTable symbols(getOperation());
  distinct.clear();
  SmallVector<graph::KernelOp> kernels;
  getOperation().walk([&](graph::KernelOp kernel) { kernels.push_back(kernel); });
  for (graph::KernelOp kernel : kernels) {
    func::FuncOp function = outline(kernel, symbols);
    if (func::FuncOp known = findEqual(function)) {
      function.erase();
      function = known;
    } else {
      symbols.insert(function); // renames on a clash
      distinct[function.getFunctionType()].push_back(function);
      ++functions;
    }
    OpBuilder b(kernel);
    auto launch =
        graph::LaunchOp::create(b, kernel.getLoc(), kernel->getResultTypes(),
                                FlatSymbolRefAttr::get(function.getSymNameAttr()), kernel.getInputs());
    kernel->replaceAllUsesWith(launch->getResults());
    kernel.erase();
    ++launches;
  }
}
