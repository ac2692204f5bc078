// Linear layers on integers: rows by the calibrated range of their tensor or by their own, weights by output
// channel.
#include "lib/Quantization/Passes.h"

namespace girih::quantization {
#define GEN_PASS_DEF_QUANTIZATIONLINEARS
#include "lib/Quantization/Passes.h.inc"
} // namespace girih::quantization

using namespace mlir;
using namespace girih;
using namespace girih::quantization;
using graph::LinearOp;
using graph::ParameterOp;

namespace {
/// Rows as integers, and what one of them is worth: numbers for each row, or for all.
struct QuantizedRows {
  Value values, scale, center;
};

struct QuantizeLinears : quantization::impl::QuantizationLinearsBase<QuantizeLinears> {
  void runOnOperation() override;

private:
  LogicalResult quantize(LinearOp linear);
  FailureOr<QuantizedRows> rowsOf(LinearOp linear);
  FailureOr<QuantizedRows> calibratedRows(LinearOp linear);
  void eraseUnread();
  ParameterOp part(ParameterOp weight, graph::QuantizedPart part);

  SymbolTable *symbols;
  DictionaryAttr ranges; // null: each row by what it spans
  llvm::DenseMap<Value, QuantizedRows> rows;
};
} // namespace

/// In units that span what calibration saw. Layers of one operand saw the same.
FailureOr<QuantizedRows> QuantizeLinears::calibratedRows(LinearOp linear) {
  std::string layer = graph::nameOf(linear);
  auto range = ranges.getAs<DenseF32ArrayAttr>(layer);
  if (!range)
    return linear.emitError("expected the calibration to have a range for '")
           << layer << "' but it has none; calibrate this model again";
  OpBuilder b(linear);
  Location loc = linear.getLoc();
  auto number = [&](float value) -> Value {
    auto type = RankedTensorType::get({1}, b.getF32Type());
    return graph::ConstantOp::create(b, loc, DenseElementsAttr::get(type, value));
  };
  float center = (range[0] + range[1]) / 2, reach = std::max(range[1] - center, 0x1p-100f);
  QuantizedRows made{Value(), number(reach / 127), number(center)};
  made.values = graph::QuantizeOp::create(b, loc, linear.getInput(), made.scale, made.center);
  return made;
}

/// The operand of a layer in integers, made once for all layers that read it.
FailureOr<QuantizedRows> QuantizeLinears::rowsOf(LinearOp linear) {
  Value input = linear.getInput();
  if (auto known = rows.find(input); known != rows.end())
    return known->second;
  if (ranges) {
    FailureOr<QuantizedRows> made = calibratedRows(linear);
    if (succeeded(made))
      rows[input] = *made;
    return made;
  }
  OpBuilder b(linear);
  auto made = graph::QuantizeRowsOp::create(b, linear.getLoc(), input);
  return rows[input] = QuantizedRows{made.getResult(), made.getScale(), made.getCenter()};
}

/// The parameter that holds one part of the quantized weight.
ParameterOp QuantizeLinears::part(ParameterOp weight, graph::QuantizedPart part) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(weight.getType()).getShape();
  std::string name = (weight.getSymName() + "." + graph::stringifyQuantizedPart(part)).str();
  auto quantized = graph::QuantizedAttr::get(&getContext(), part, shape.back());
  if (auto known = symbols->lookup<ParameterOp>(name); known && known.getQuantized() == quantized)
    return known; // of a weight that several layers share
  OpBuilder b(weight);
  auto type = part == graph::QuantizedPart::Values ? RankedTensorType::get(shape, b.getI8Type())
                                                   : RankedTensorType::get(shape.drop_back(), b.getF32Type());
  auto made =
      ParameterOp::create(b, weight.getLoc(), name, type, weight.getSourceAttr(), weight.getSourcesAttr(),
                          /*value=*/nullptr, quantized, weight.getSymVisibilityAttr());
  symbols->insert(made);
  return made;
}

LogicalResult QuantizeLinears::quantize(LinearOp linear) {
  auto read = linear.getWeight().getDefiningOp<graph::GetParameterOp>();
  auto weight = read ? symbols->lookup<ParameterOp>(read.getParameter()) : ParameterOp();
  if (!weight || weight.getValue()) {
    linear.emitRemark("'") << graph::nameOf(linear) << "' stays in " << linear.getComputeType()
                           << ": its weight is no parameter of the model's files";
    return success();
  }
  FailureOr<QuantizedRows> rows = rowsOf(linear);
  if (failed(rows))
    return failure();
  OpBuilder b(linear);
  Location loc = linear.getLoc();
  auto load = [&](graph::QuantizedPart which) -> Value {
    return graph::GetParameterOp::create(b, loc, part(weight, which));
  };
  Value sums = LinearOp::create(b, loc, rows->values, load(graph::QuantizedPart::Values), Value(), TypeAttr(),
                                TypeAttr());
  Type element = cast<RankedTensorType>(linear.getResult().getType()).getElementType();
  auto result =
      graph::DequantizeOp::create(b, loc, sums, rows->scale, rows->center, load(graph::QuantizedPart::Scales),
                                  load(graph::QuantizedPart::Sums), linear.getBias(), element);
  linear.getResult().replaceAllUsesWith(result.getResult());
  linear.erase();
  if (read.use_empty())
    read.erase();
  ++quantized;
  return success();
}

/// Weights that nothing reads as they were.
void QuantizeLinears::eraseUnread() {
  llvm::DenseSet<StringAttr> read;
  getOperation().walk([&](graph::GetParameterOp get) { read.insert(get.getParameterAttr().getAttr()); });
  for (auto parameter : llvm::make_early_inc_range(getOperation().getOps<ParameterOp>()))
    if (symbols->lookup((parameter.getSymName() + ".values").str()) &&
        !read.contains(parameter.getSymNameAttr()))
      symbols->erase(parameter);
}

void QuantizeLinears::runOnOperation() {
  auto dtype = getOperation()->getAttrOfType<StringAttr>(graph::kDtypeAttr);
  if (!dtype || dtype.getValue() != "int8")
    return;
  SymbolTable table(getOperation());
  symbols = &table;
  ranges = getOperation()->getAttrOfType<DictionaryAttr>(graph::kRangesAttr);
  rows.clear();
  SmallVector<LinearOp> linears;
  getOperation().walk([&](LinearOp linear) {
    if (isa<FloatType>(linear.getComputeType()))
      linears.push_back(linear);
  });
  for (LinearOp linear : linears)
    if (failed(quantize(linear)))
      return signalPassFailure();
  eraseUnread();
}
