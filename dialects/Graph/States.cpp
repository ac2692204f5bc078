// Versions of states, followed through updates, kernels and launches.
#include "dialects/Graph/States.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace girih::graph;

/// The result of a kernel's body that is the next version of its argument; -1 if none is.
static int64_t resultHolding(Block &body, unsigned argument) {
  for (OpOperand &use : body.getArgument(argument).getUses())
    if (Value next = getNextVersion(use))
      for (auto [i, value] : llvm::enumerate(body.getTerminator()->getOperands()))
        if (value == next)
          return i;
  return -1;
}

/// The same of an outlined kernel: a function, or a program that says which output is written in an input's
/// place.
static int64_t resultHolding(FunctionOpInterface kernel, unsigned argument, unsigned inputs) {
  if (auto function = dyn_cast<func::FuncOp>(kernel.getOperation()))
    return function.isExternal() ? -1 : resultHolding(function.getBody().front(), argument);
  for (unsigned i = inputs; i < kernel.getNumArguments(); ++i)
    if (auto place = kernel.getArgAttrOfType<IntegerAttr>(i, kInPlaceAttr);
        place && place.getInt() == argument)
      return i - inputs;
  return -1;
}

Value girih::graph::getNextVersion(OpOperand &use) {
  Operation *user = use.getOwner();
  if (auto write = dyn_cast<CacheWriteOp>(user))
    return &use == &write.getCacheMutable() ? Value(write.getResult()) : Value();
  int64_t result = -1;
  if (auto kernel = dyn_cast<KernelOp>(user))
    result = resultHolding(*kernel.getBody(), use.getOperandNumber());
  if (auto launch = dyn_cast<LaunchOp>(user))
    if (auto kernel = dyn_cast_or_null<FunctionOpInterface>(
            SymbolTable::lookupNearestSymbolFrom(launch, launch.getKernelAttr())))
      result = resultHolding(kernel, use.getOperandNumber(), launch->getNumOperands());
  return result < 0 ? Value() : user->getResult(result);
}

bool girih::graph::isState(func::FuncOp entry, unsigned argument) {
  return entry.getArgAttr(argument, kStateAttr) != nullptr;
}

unsigned girih::graph::getNumProperResults(func::FuncOp entry) {
  unsigned count = entry.getNumResults();
  while (count > 0 && entry.getResultAttr(count - 1, kStateAttr))
    --count;
  return count;
}

/// The last version of a state, its uses checked on the way.
static FailureOr<Value> lastVersion(func::FuncOp entry, unsigned number) {
  Value version = entry.getArgument(number);
  // Which version is returned as the last one is checked by itself.
  auto isLast = [&](OpOperand &use) {
    return use.getOwner()->hasTrait<OpTrait::IsTerminator>() && use.getOperandNumber() >= getNumProperResults(entry);
  };
  while (true) {
    OpOperand *update = nullptr;
    for (OpOperand &use : version.getUses()) {
      if (!getNextVersion(use))
        continue;
      if (update) { // C1
        Operation *one = use.getOwner(), *other = update->getOwner();
        return (one->isBeforeInBlock(other) ? other : one)->emitOpError("expects to be the only update of state ")
               << number << ", but the state is updated elsewhere too";
      }
      update = &use;
    }
    if (!update)
      return version;
    for (OpOperand &use : version.getUses())
      if (Operation *reader = use.getOwner(); update->getOwner()->isBeforeInBlock(reader) && !isLast(use)) // C1
        return reader->emitOpError("expects state ")
               << number << " as it is now, but reads a version from before an update";
    version = getNextVersion(*update);
  }
}

LogicalResult girih::graph::verifyStates(func::FuncOp entry) {
  Operation *end = entry.getBody().front().getTerminator();
  unsigned next = getNumProperResults(entry);
  for (unsigned i = 0; i < entry.getNumArguments(); ++i) {
    if (!isState(entry, i))
      continue;
    auto named = next < entry.getNumResults() ? entry.getResultAttrOfType<IntegerAttr>(next, kStateAttr)
                                              : IntegerAttr();
    if (!named || named.getInt() != i) // C2
      return entry.emitOpError("expects its last results to be its states in order, with girih.state = ")
             << i << " on result " << next;
    FailureOr<Value> last = lastVersion(entry, i);
    if (failed(last))
      return failure();
    if (end->getOperand(next) != *last) // C2
      return entry.emitOpError("expects result ") << next << " to be the last version of state " << i;
    ++next;
  }
  if (next != entry.getNumResults()) // C2
    return entry.emitOpError("expects as many results with girih.state as arguments, but got result ")
           << next << " besides";
  return success();
}
