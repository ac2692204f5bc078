// Reads entries off the module: each becomes a list of launches over whole tensors. A tensor's memory is
// found by walking through reshapes, which are other names for the same bytes; what an entry returns is
// computed in the caller's memory.
#include "lib/Artifact/Plan.h"

#include "dialects/Graph/States.h"
#include "dialects/Tile/Tile.h"
#include "lib/Artifact/Limits.h"
#include "lib/Artifact/Types.h"

using namespace mlir;
using namespace girih;
using namespace girih::artifact;

std::vector<std::string> Plan::symbolNames() const {
  std::vector<std::string> names;
  for (const Symbol &symbol : symbols)
    names.push_back(symbol.name);
  return names;
}

namespace {

/// Numbers shared by all entries of a module.
struct Numbering {
  SymbolNumbers symbols;
  llvm::StringMap<unsigned> weights, kernels;
};

class EntryPlanner {
public:
  EntryPlanner(func::FuncOp function, SymbolTable &table, Numbering &numbering, Plan &plan)
      : function(function), table(table), numbering(numbering), plan(plan) {}

  FailureOr<Entry> run();

private:
  /// Where a value's bytes are, once known.
  struct Storage {
    Place place;
    unsigned index;
  };

  LogicalResult checkSizesBound();
  void describeInputs();
  void describeOutputs();
  LogicalResult visit(Operation &op);
  LogicalResult visitParameter(graph::GetParameterOp op);
  LogicalResult visitLaunch(graph::LaunchOp op);
  void claimOutputs();
  void copyOtherOutputs();
  void layOut();
  void placeBarriers();

  /// What the entry returns besides its states, whose last versions are where they were.
  ValueRange properResults() {
    return function.getBody().front().getTerminator()->getOperands().take_front(
        graph::getNumProperResults(function));
  }
  void writeInPlace(graph::LaunchOp op, tile::ProgramOp program);
  mlir::Value root(mlir::Value value) const;
  unsigned weightNumber(graph::ParameterOp parameter);
  Argument argument(mlir::Value value);
  artifact::Value describe(Type type, DictionaryAttr attributes, StringRef fallback, unsigned number);
  graph::ParameterOp parameterOf(mlir::Value value);

  func::FuncOp function;
  SymbolTable &table;
  Numbering &numbering;
  Plan &plan;
  Entry entry;
  llvm::DenseMap<mlir::Value, mlir::Value> aliases;
  llvm::DenseMap<mlir::Value, Storage> storage;
  SmallVector<Tenant> tenants; ///< indices are Argument::index until layOut
};

} // namespace

/// The value whose bytes `value` names.
mlir::Value EntryPlanner::root(mlir::Value value) const {
  while (true) {
    auto found = aliases.find(value);
    if (found == aliases.end())
      return value;
    value = found->second;
  }
}

artifact::Value EntryPlanner::describe(Type type, DictionaryAttr attributes, StringRef fallback,
                                       unsigned number) {
  artifact::Value value;
  auto tensor = cast<RankedTensorType>(type);
  value.elementType = tensor.getElementType();
  value.dims = dimsOf(tensor, numbering.symbols);
  value.name = (fallback + Twine(number)).str();
  if (!attributes)
    return value;
  if (auto name = attributes.getAs<StringAttr>(graph::kNameAttr))
    value.name = name.str();
  if (auto range = attributes.getAs<ArrayAttr>(graph::kRangeAttr))
    value.range = {cast<IntegerAttr>(range[0]).getInt(), cast<IntegerAttr>(range[1]).getInt()};
  return value;
}

void EntryPlanner::describeInputs() {
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes())) {
    entry.inputs.push_back(describe(type, function.getArgAttrDict(i), "input", i));
    entry.inputs.back().isState = graph::isState(function, i);
    storage[function.getArgument(i)] = {Place::Input, static_cast<unsigned>(i)};
  }
}

void EntryPlanner::describeOutputs() {
  for (auto [i, type] :
       llvm::enumerate(function.getResultTypes().take_front(graph::getNumProperResults(function))))
    entry.outputs.push_back(describe(type, function.getResultAttrDict(i), "output", i));
}

/// The runtime learns each symbol from an input's shape, so every size of a result must be some input's
/// dimension.
LogicalResult EntryPlanner::checkSizesBound() {
  llvm::BitVector bound(plan.symbols.size());
  for (const artifact::Value &input : entry.inputs)
    for (const Size &dim : input.dims)
      if (auto symbol = dim.symbolNumber())
        bound.set(*symbol);
  for (const artifact::Value &output : entry.outputs)
    for (const Size &dim : output.dims)
      for (unsigned symbol : dim.symbols())
        if (!bound.test(symbol))
          return function.emitOpError("expects every size of output '")
                 << output.name << "' to be a dimension of an input, but '" << plan.symbols[symbol].name
                 << "' is none";
  return success();
}

/// Results that are returned are written where the caller wants them; of two returned names of one value, the
/// first.
void EntryPlanner::claimOutputs() {
  for (auto [i, value] : llvm::enumerate(properResults())) {
    mlir::Value owner = root(value);
    if (owner.getDefiningOp<graph::LaunchOp>() && !storage.count(owner))
      storage[owner] = {Place::Output, static_cast<unsigned>(i)};
  }
}

unsigned EntryPlanner::weightNumber(graph::ParameterOp parameter) {
  auto [found, isNew] = numbering.weights.try_emplace(parameter.getSymName(), plan.weights.size());
  if (isNew)
    plan.weights.push_back(parameter);
  return found->second;
}

LogicalResult EntryPlanner::visitParameter(graph::GetParameterOp op) {
  auto parameter = table.lookup<graph::ParameterOp>(op.getParameter());
  if (!parameter)
    return op.emitOpError("expects a girih.parameter named '") << op.getParameter() << "'";
  if (!op->use_empty())
    storage[op.getResult()] = {Place::Weight, weightNumber(parameter)};
  return success();
}

/// How a command sees `value`: its memory, with the dimensions of its own type.
Argument EntryPlanner::argument(mlir::Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  mlir::Value owner = root(value);
  auto [found, isNew] =
      storage.try_emplace(owner, Storage{Place::Arena, static_cast<unsigned>(tenants.size())});
  unsigned step = entry.launches.size();
  if (isNew)
    tenants.push_back({bytesOf(cast<RankedTensorType>(owner.getType()), numbering.symbols), step, step});
  if (found->second.place == Place::Arena)
    tenants[found->second.index].lastStep = step;
  return {found->second.place, found->second.index, dimsOf(type, numbering.symbols),
          bytesOf(type, numbering.symbols)};
}

static std::optional<Size> workExpression(Operation *op, StringRef name, const SymbolNumbers &symbols) {
  auto terms = op->getAttrOfType<ArrayAttr>(name);
  if (!terms)
    return std::nullopt;
  Size sum;
  for (auto term : terms.getAsRange<StringAttr>())
    if (auto expr = graph::SizeExpr::parse(term.getValue()); succeeded(expr))
      sum = sum + toSize(*expr, symbols);
  return sum;
}

/// Gives results that are written over an input its memory. What is no state of the entry is copied first,
/// since others may read it still.
void EntryPlanner::writeInPlace(graph::LaunchOp op, tile::ProgramOp program) {
  for (auto [i, result] : llvm::enumerate(op->getResults())) {
    auto place = program.getArgAttrOfType<IntegerAttr>(op->getNumOperands() + i, graph::kInPlaceAttr);
    if (!place)
      continue;
    mlir::Value input = op->getOperand(place.getInt());
    auto state = dyn_cast<BlockArgument>(root(input));
    if (state && graph::isState(function, state.getArgNumber())) {
      aliases[result] = input;
      continue;
    }
    Launch copy;
    copy.label = graph::layerName(op.getLoc());
    copy.arguments = {argument(input), argument(result)};
    copy.bytes = copy.arguments[0].bytes * Size(2);
    entry.launches.push_back(std::move(copy));
  }
}

LogicalResult EntryPlanner::visitLaunch(graph::LaunchOp op) {
  auto program = table.lookup<tile::ProgramOp>(op.getKernel());
  if (!program)
    return op.emitOpError("expects its kernel to be a tile.program, but '") << op.getKernel() << "' is none";
  if (program.getArgumentTypes().size() != op->getNumOperands() + op->getNumResults())
    return op.emitOpError("expects ")
           << program.getArgumentTypes().size() << " inputs and results in all, but has "
           << op->getNumOperands() + op->getNumResults();
  writeInPlace(op, program);
  Launch launch;
  launch.kernel = op.getKernel().str();
  launch.label = graph::layerName(op.getLoc());
  launch.outputs = op->getNumResults();
  for (mlir::Value value : llvm::concat<mlir::Value>(op->getOperands(), op->getResults()))
    launch.arguments.push_back(argument(value));
  for (auto grid : program.getGrid().getAsRange<tile::GridAttr>())
    launch.grid.push_back(grid.isFixed()
                              ? Size(grid.getBlocks())
                              : launch.arguments[grid.getArg()].dims[grid.getDim()].ceilDiv(grid.getStep()));
  launch.flops = workExpression(op, graph::kFlopsAttr, numbering.symbols);
  launch.bytes = workExpression(op, graph::kBytesAttr, numbering.symbols);
  if (numbering.kernels.try_emplace(launch.kernel, plan.kernels.size()).second)
    plan.kernels.push_back(launch.kernel);
  entry.launches.push_back(std::move(launch));
  return success();
}

LogicalResult EntryPlanner::visit(Operation &op) {
  if (auto parameter = dyn_cast<graph::GetParameterOp>(op))
    return visitParameter(parameter);
  if (auto launch = dyn_cast<graph::LaunchOp>(op))
    return visitLaunch(launch);
  if (isa<graph::ReshapeOp, func::ReturnOp>(op))
    return success();
  return op.emitOpError(
      "expects to be part of a kernel when memory is planned; run the stages 'fuse' and 'outline' first");
}

/// A returned value that is an input, a weight or another output already has a place: it is copied at the
/// end.
void EntryPlanner::copyOtherOutputs() {
  for (auto [i, value] : llvm::enumerate(properResults())) {
    Argument from = argument(value);
    if (from.place == Place::Output && from.index == i)
      continue;
    Launch copy;
    copy.label = entry.outputs[i].name;
    copy.arguments = {from, {Place::Output, static_cast<unsigned>(i), from.dims, from.bytes}};
    copy.bytes = from.bytes * Size(2);
    entry.launches.push_back(std::move(copy));
  }
}

void EntryPlanner::layOut() {
  SmallVector<int64_t> largest;
  for (const Symbol &symbol : plan.symbols)
    largest.push_back(symbol.max);
  entry.arena = layOutArena(tenants, largest);
  for (Launch &launch : entry.launches)
    for (Argument &argument : launch.arguments)
      if (argument.place == Place::Arena)
        argument.index = entry.arena.slotOf[argument.index];
}

/// Launches between two barriers may overlap, so a barrier comes before each launch that touches memory which
/// another since the last barrier wrote, or that writes what another read.
void EntryPlanner::placeBarriers() {
  llvm::DenseSet<std::pair<int, unsigned>> read, written;
  for (Launch &launch : entry.launches) {
    auto key = [](const Argument &a) { return std::pair(static_cast<int>(a.place), a.index); };
    unsigned firstOutput = launch.arguments.size() - launch.outputs;
    for (auto [i, argument] : llvm::enumerate(launch.arguments))
      launch.barrierBefore |=
          written.contains(key(argument)) || (i >= firstOutput && read.contains(key(argument)));
    if (launch.barrierBefore) {
      read.clear();
      written.clear();
    }
    for (auto [i, argument] : llvm::enumerate(launch.arguments))
      (i >= firstOutput ? written : read).insert(key(argument));
  }
}

FailureOr<Entry> EntryPlanner::run() {
  entry.name = function.getName().str();
  describeInputs();
  describeOutputs();
  if (failed(checkSizesBound()))
    return failure();
  for (auto reshape : function.getOps<graph::ReshapeOp>())
    aliases[reshape.getResult()] = reshape.getInput();
  claimOutputs();
  for (Operation &op : function.getBody().front())
    if (failed(visit(op)))
      return failure();
  copyOtherOutputs();
  layOut();
  placeBarriers();
  if (std::string excess = findExcess(entry, plan.symbols); !excess.empty())
    return function.emitError()
           << "expects symbols whose upper bounds the runtime can serve, but at those bounds " << excess
           << "; lower the bounds (--max-batch, --max-seq-len)";
  return std::move(entry);
}

FailureOr<Plan> girih::artifact::planModule(ModuleOp module) {
  Plan plan;
  Numbering numbering;
  SymbolTable table(module);
  for (auto symbol : module.getOps<graph::SymbolOp>()) {
    numbering.symbols[symbol.getSymName()] = plan.symbols.size();
    plan.symbols.push_back({symbol.getSymName().str(), static_cast<int64_t>(symbol.getMin()),
                            static_cast<int64_t>(symbol.getMax())});
  }
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function->hasAttr(graph::kEntryAttr))
      continue;
    FailureOr<Entry> entry = EntryPlanner(function, table, numbering, plan).run();
    if (failed(entry))
      return failure();
    plan.entries.push_back(std::move(*entry));
  }
  if (plan.entries.empty())
    return module.emitOpError("expects a function with the attribute girih.entry, but has none");
  return plan;
}
