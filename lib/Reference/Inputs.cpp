// Makes inputs for an entry, and checks those that a user brought.
#include "lib/Reference/Inputs.h"

#include "dialects/Graph/Graph.h"

#include "include/girih-runtime/RandomWeights.h"

using namespace mlir;
using namespace girih;
using namespace girih::reference;

std::string girih::reference::inputName(func::FuncOp entry, unsigned index) {
  if (auto name = entry.getArgAttrOfType<StringAttr>(index, graph::kNameAttr))
    return name.str();
  return "input " + std::to_string(index);
}

std::optional<std::pair<int64_t, int64_t>> girih::reference::inputRange(func::FuncOp entry, unsigned index) {
  Attribute attribute = entry.getArgAttr(index, graph::kRangeAttr);
  if (auto dense = dyn_cast_or_null<DenseI64ArrayAttr>(attribute))
    return std::pair(dense[0], dense[1]);
  if (auto array = dyn_cast_or_null<ArrayAttr>(attribute))
    return std::pair(cast<IntegerAttr>(array[0]).getInt(), cast<IntegerAttr>(array[1]).getInt());
  return {};
}

//===- Checking -----------------------------------------------------------------------------------===//

namespace {
// Learns the value of a symbol from a size in an input: a multiple of it, perhaps with a constant more. Other
// expressions are only checked later.
void learnSymbol(const graph::SizeExpr &size, int64_t value, llvm::StringMap<int64_t> &sizes) {
  ArrayRef<graph::SizeExpr::Term> terms = size.getTerms();
  if (terms.size() == 2 && terms[1].symbols.empty())
    value -= terms[1].coefficient;
  else if (terms.size() != 1)
    return;
  if (terms[0].symbols.size() == 1 && value % terms[0].coefficient == 0)
    sizes.try_emplace(terms[0].symbols.front(), value / terms[0].coefficient);
}

LogicalResult checkShape(func::FuncOp entry, unsigned index, const HostTensor &input,
                         const llvm::StringMap<int64_t> &sizes) {
  auto type = cast<RankedTensorType>(entry.getArgumentTypes()[index]);
  for (auto [size, actual] : llvm::zip_equal(graph::getSizes(type), input.getShape())) {
    std::optional<int64_t> expected = size.evaluate([&](StringRef symbol) -> std::optional<int64_t> {
      auto found = sizes.find(symbol);
      return found == sizes.end() ? std::optional<int64_t>() : found->second;
    });
    if (expected != actual)
      return entry.emitError() << "'" << inputName(entry, index) << "' expects size " << size.str()
                               << (expected ? " = " + std::to_string(*expected) : "") << ", but got "
                               << actual;
  }
  return success();
}

LogicalResult checkRange(func::FuncOp entry, unsigned index, const HostTensor &input) {
  std::optional<std::pair<int64_t, int64_t>> range = inputRange(entry, index);
  if (!range)
    return success();
  for (int64_t i = 0; i < input.size(); ++i)
    if (input[i] < range->first || input[i] >= range->second)
      return entry.emitError() << "'" << inputName(entry, index) << "' expects values in [" << range->first
                               << ", " << range->second << "), but got " << static_cast<int64_t>(input[i])
                               << " at element " << i;
  return success();
}

LogicalResult checkBounds(func::FuncOp entry, const llvm::StringMap<int64_t> &sizes) {
  for (auto symbol : entry->getParentOfType<ModuleOp>().getOps<graph::SymbolOp>()) {
    auto found = sizes.find(symbol.getSymName());
    if (found == sizes.end())
      continue;
    auto min = static_cast<int64_t>(symbol.getMin()), max = static_cast<int64_t>(symbol.getMax());
    if (found->second < min || found->second > max)
      return entry.emitError() << "expects " << symbol.getSymName() << " from " << min << " to " << max
                               << ", but got " << found->second;
  }
  return success();
}
} // namespace

FailureOr<llvm::StringMap<int64_t>> girih::reference::bindInputs(func::FuncOp entry,
                                                                 ArrayRef<TensorRef> inputs) {
  if (inputs.size() != entry.getNumArguments())
    return entry.emitError() << "expects " << entry.getNumArguments() << " inputs, but got " << inputs.size();
  llvm::StringMap<int64_t> sizes;
  for (auto [i, input] : llvm::enumerate(inputs)) {
    auto type = cast<RankedTensorType>(entry.getArgumentTypes()[i]);
    if (type.getRank() != input->getRank() || type.getElementType() != input->getElementType())
      return entry.emitError() << "'" << inputName(entry, i) << "' expects rank " << type.getRank() << " of "
                               << type.getElementType() << ", but got rank " << input->getRank() << " of "
                               << input->getElementType();
    for (auto [size, actual] : llvm::zip_equal(graph::getSizes(type), input->getShape()))
      learnSymbol(size, actual, sizes);
  }
  for (auto [i, input] : llvm::enumerate(inputs))
    if (failed(checkShape(entry, i, *input, sizes)) || failed(checkRange(entry, i, *input)))
      return failure();
  if (failed(checkBounds(entry, sizes)))
    return failure();
  return sizes;
}

//===- Making -------------------------------------------------------------------------------------===//

static int64_t defaultSize(func::FuncOp entry, StringRef symbol) {
  for (auto op : entry->getParentOfType<ModuleOp>().getOps<graph::SymbolOp>())
    if (op.getSymName() == symbol)
      return std::max<int64_t>(op.getMin(), std::min<int64_t>(op.getMax(), 8));
  return 8;
}

static double drawElement(Type type, std::optional<std::pair<int64_t, int64_t>> range, uint64_t stream,
                          int64_t i) {
  if (isa<FloatType>(type))
    return roundTo(type, girih_random_float(stream, i, 1));
  if (type.isInteger(8))
    return girih_random_i8(stream, i);
  auto [low, high] = range.value_or(std::pair<int64_t, int64_t>(0, 2));
  return low + static_cast<int64_t>(girih_random_bits(stream, i) % static_cast<uint64_t>(high - low));
}

FailureOr<std::vector<TensorRef>>
girih::reference::makeInputs(func::FuncOp entry, llvm::StringMap<int64_t> sizes, uint64_t seed) {
  std::vector<TensorRef> inputs;
  for (unsigned index = 0; index < entry.getNumArguments(); ++index) {
    auto type = cast<RankedTensorType>(entry.getArgumentTypes()[index]);
    SmallVector<int64_t> shape;
    for (const graph::SizeExpr &size : graph::getSizes(type))
      shape.push_back(*size.evaluate([&](StringRef symbol) -> std::optional<int64_t> {
        return sizes.try_emplace(symbol, defaultSize(entry, symbol)).first->second;
      }));
    HostTensor tensor(shape, type.getElementType());
    std::string name = inputName(entry, index);
    uint64_t stream = girih_random_stream(seed, name.data(), name.size());
    std::optional<std::pair<int64_t, int64_t>> range = inputRange(entry, index);
    bool isMask = range && *range == std::pair<int64_t, int64_t>(0, 2);
    for (int64_t i = 0; i < tensor.size(); ++i) {
      bool first = isMask && tensor.getRank() > 0 && i % tensor.dim(-1) == 0;
      tensor[i] = first ? 1 : drawElement(type.getElementType(), range, stream, i);
    }
    inputs.push_back(std::make_shared<HostTensor>(std::move(tensor)));
  }
  return inputs;
}
