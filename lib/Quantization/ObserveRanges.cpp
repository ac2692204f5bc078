// What calibration looks at: how great the rows are that linear layers read.
#include "lib/Quantization/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"

namespace girih::quantization {
#define GEN_PASS_DEF_QUANTIZATIONOBSERVERANGES
#include "lib/Quantization/Passes.h.inc"
} // namespace girih::quantization

using namespace mlir;
using namespace girih;
using namespace girih::quantization;

namespace {
struct ObserveRanges : quantization::impl::QuantizationObserveRangesBase<ObserveRanges> {
  void runOnOperation() override;
};

/// The operands of an entry's linear layers, and whose they are.
using Operands = llvm::MapVector<Value, std::string>;
} // namespace

static bool hasCaches(func::FuncOp entry) {
  for (unsigned i = 0; i < entry.getNumArguments(); ++i)
    if (entry.getArgAttr(i, graph::kStateAttr))
      return true;
  return false;
}

/// Rows that all have the sizes of the first, as a result needs; a layer on pooled rows has others.
static Operands operandsOf(func::FuncOp entry) {
  Operands operands;
  std::optional<SmallVector<graph::SizeExpr>> rows;
  for (auto linear : entry.getOps<graph::LinearOp>()) {
    SmallVector<graph::SizeExpr> sizes = graph::getSizes(linear.getInput().getType());
    sizes.pop_back();
    if (!rows)
      rows = sizes;
    if (*rows != sizes)
      continue;
    std::string &names = operands[linear.getInput()];
    names += (names.empty() ? "" : " ") + graph::nameOf(linear);
  }
  return operands;
}

/// One number of each row.
static Value extreme(OpBuilder &b, Value rows, graph::ReduceKind kind) {
  int64_t last = cast<RankedTensorType>(rows.getType()).getRank() - 1;
  return graph::ReduceOp::create(b, rows.getLoc(), rows, kind, ArrayRef(last), /*keep_dims=*/true);
}

static void returnRanges(func::FuncOp entry, const Operands &operands) {
  Operation *end = entry.getBody().front().getTerminator();
  OpBuilder b(end);
  SmallVector<Value> extremes, results(end->getOperands());
  for (graph::ReduceKind kind : {graph::ReduceKind::Max, graph::ReduceKind::Min})
    for (auto &[operand, names] : operands)
      extremes.push_back(extreme(b, operand, kind));
  int64_t axis = cast<RankedTensorType>(extremes.front().getType()).getRank() - 1;
  results.push_back(graph::ConcatOp::create(b, entry.getLoc(), extremes, axis));
  end->setOperands(results);
  unsigned added = entry.getNumResults();
  entry.setFunctionType(
      FunctionType::get(entry.getContext(), entry.getArgumentTypes(), ValueRange(results).getTypes()));
  SmallVector<DictionaryAttr> attributes;
  for (unsigned i = 0; i < added; ++i)
    attributes.push_back(entry.getResultAttrDict(i));
  attributes.push_back(b.getDictionaryAttr(b.getNamedAttr(graph::kNameAttr, b.getStringAttr("ranges"))));
  entry.setAllResultAttrs(attributes);
}

void ObserveRanges::runOnOperation() {
  ModuleOp module = getOperation();
  for (auto entry : module.getOps<func::FuncOp>()) {
    if (!entry->hasAttr(graph::kEntryAttr) || hasCaches(entry))
      continue;
    Operands operands = operandsOf(entry);
    if (operands.empty())
      continue;
    returnRanges(entry, operands);
    observed += operands.size();
    std::string lines;
    for (auto &[operand, names] : operands)
      lines += (lines.empty() ? "" : "\n") + names;
    NamedAttrList properties(module->getAttrOfType<DictionaryAttr>(graph::kPropertiesAttr));
    properties.set("observed", StringAttr::get(&getContext(), lines));
    module->setAttr(graph::kPropertiesAttr, properties.getDictionary(&getContext()));
  }
}
