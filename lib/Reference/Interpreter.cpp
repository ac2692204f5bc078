// The walk over host code. Values are dropped after their last use, so that a large model runs in the memory
// of its activations and the weights of one layer.
#include "lib/Reference/Interpreter.h"

#include "dialects/Graph/Graph.h"
#include "dialects/Tile/Tile.h"
#include "lib/Reference/Inputs.h"
#include "lib/Reference/TileProgram.h"

using namespace mlir;
using namespace girih;
using namespace girih::reference;

Interpreter::Interpreter(ModuleOp module, InterpreterOptions options)
    : module(module), symbols(module), options(std::move(options)),
      parameters(module, this->options.randomWeights) {}

func::FuncOp Interpreter::findEntry(StringRef name) {
  SmallVector<func::FuncOp> entries;
  for (auto function : module.getOps<func::FuncOp>())
    if (function->hasAttr(graph::kEntryAttr) && (name.empty() || function.getSymName() == name))
      entries.push_back(function);
  if (entries.size() == 1)
    return entries.front();
  if (name.empty())
    module.emitError() << "expected one entry, but found " << entries.size() << "; name one with --entry";
  else
    module.emitError() << "expected an entry called '" << name
                       << "', but found none; mark it with girih.entry";
  return {};
}

FailureOr<std::vector<TensorRef>> Interpreter::run(func::FuncOp entry, ArrayRef<TensorRef> inputs) {
  FailureOr<llvm::StringMap<int64_t>> bound = bindInputs(entry, inputs);
  if (failed(bound))
    return failure();
  sizes = std::move(*bound);
  return runBlock(entry.getBody().front(), inputs);
}

FailureOr<std::vector<TensorRef>> Interpreter::runBlock(Block &block, ArrayRef<TensorRef> arguments) {
  DenseMap<Value, TensorRef> values;
  DenseMap<Value, int64_t> usesLeft;
  auto define = [&](Value value, TensorRef tensor) {
    int64_t uses = std::distance(value.use_begin(), value.use_end());
    if (uses == 0)
      return;
    values[value] = std::move(tensor);
    usesLeft[value] = uses;
  };
  for (auto [argument, tensor] : llvm::zip_equal(block.getArguments(), arguments))
    define(argument, tensor);

  for (Operation &op : block) {
    std::vector<TensorRef> operands;
    for (Value operand : op.getOperands()) {
      operands.push_back(values.lookup(operand));
      if (--usesLeft[operand] == 0)
        values.erase(operand);
    }
    if (op.hasTrait<OpTrait::IsTerminator>())
      return operands;
    FailureOr<std::vector<TensorRef>> results = evaluate(&op, operands);
    if (failed(results))
      return failure();
    if (options.observer)
      options.observer(&op, *results);
    for (auto [result, tensor] : llvm::zip_equal(op.getResults(), *results))
      define(result, tensor);
  }
  return std::vector<TensorRef>();
}

FailureOr<std::vector<TensorRef>> Interpreter::evaluate(Operation *op, ArrayRef<TensorRef> operands) {
  if (auto get = dyn_cast<graph::GetParameterOp>(op)) {
    FailureOr<HostTensor> tensor = parameters.load(symbols.lookup<graph::ParameterOp>(get.getParameter()));
    if (failed(tensor))
      return failure();
    tensor->setExact(options.exact);
    return std::vector<TensorRef>{std::make_shared<HostTensor>(std::move(*tensor))};
  }
  if (auto kernel = dyn_cast<graph::KernelOp>(op))
    return runBlock(*kernel.getBody(), operands);
  if (auto launched = dyn_cast<graph::LaunchOp>(op))
    return launch(launched, operands);
  if (auto model = dyn_cast<graph::ReferenceOpInterface>(op))
    return evaluateModel(model, operands);
  return op->emitOpError(
      "expects a graph op, a kernel or a launch: the interpreter knows no other op of host code");
}

// Sizes come from the types: every `?` is an expression in the entry's symbols.
FailureOr<std::vector<HostTensor>> Interpreter::makeResults(Operation *op) {
  auto valueOf = [&](StringRef symbol) -> std::optional<int64_t> {
    auto found = sizes.find(symbol);
    return found == sizes.end() ? std::optional<int64_t>() : found->second;
  };
  std::vector<HostTensor> results;
  for (Type type : op->getResultTypes()) {
    SmallVector<int64_t> shape;
    for (const graph::SizeExpr &size : graph::getSizes(cast<RankedTensorType>(type))) {
      std::optional<int64_t> value = size.evaluate(valueOf);
      if (!value)
        return op->emitOpError() << "expects sizes in symbols that the entry's inputs bind, but got "
                                 << size.str();
      shape.push_back(*value);
    }
    results.emplace_back(shape, cast<RankedTensorType>(type).getElementType());
    results.back().setExact(options.exact);
  }
  return results;
}

static std::vector<TensorRef> share(std::vector<HostTensor> tensors) {
  std::vector<TensorRef> refs;
  for (HostTensor &tensor : tensors)
    refs.push_back(std::make_shared<HostTensor>(std::move(tensor)));
  return refs;
}

static SmallVector<const HostTensor *> pointers(ArrayRef<TensorRef> tensors) {
  return llvm::map_to_vector(tensors, [](const TensorRef &tensor) { return tensor.get(); });
}

FailureOr<std::vector<TensorRef>> Interpreter::evaluateModel(graph::ReferenceOpInterface op,
                                                             ArrayRef<TensorRef> operands) {
  FailureOr<std::vector<HostTensor>> results = makeResults(op);
  if (failed(results) || failed(op.evaluate(pointers(operands), *results)))
    return failure();
  for (HostTensor &result : *results)
    result.round();
  return share(std::move(*results));
}

FailureOr<std::vector<TensorRef>> Interpreter::launch(graph::LaunchOp op, ArrayRef<TensorRef> operands) {
  Operation *kernel = symbols.lookup(op.getKernel());
  if (auto function = dyn_cast_or_null<func::FuncOp>(kernel))
    return runBlock(function.getBody().front(), operands);
  auto program = dyn_cast_or_null<tile::ProgramOp>(kernel);
  if (!program)
    return op.emitOpError() << "expects '" << op.getKernel() << "' to be a kernel function or a tile program";
  FailureOr<std::vector<HostTensor>> results = makeResults(op);
  if (failed(results) || failed(runTileProgram(program, pointers(operands), *results)))
    return failure();
  return share(std::move(*results));
}
