// Constraints that involve more than one op: symbols and who uses them, kernels and their launches. The
// numbers in comments are those of the op's description. (Constraints on shapes lie with the shape rules, one
// file a family.)
#include "dialects/Graph/Inference.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace girih::graph;

LogicalResult girih::graph::verifyInferredTypes(Operation *op) {
  SmallVector<Type> expected;
  if (failed(cast<InferTypeOpInterface>(op).inferReturnTypes(
          op->getContext(), op->getLoc(), op->getOperands(), op->getRawDictionaryAttrs(),
          op->getPropertiesStorage(), op->getRegions(), expected)))
    return failure();
  if (TypeRange(expected) != op->getResultTypes())
    return op->emitOpError("expects results of type ")
           << TypeRange(expected) << ", but got " << op->getResultTypes();
  return success();
}

//===-- sizes and symbols -------------------------------------------------===//

LogicalResult girih::graph::verifySizesDeclared(Operation *op, SymbolTableCollection &tables) {
  auto check = [&](Type type) -> LogicalResult {
    auto tensor = dyn_cast<RankedTensorType>(type);
    auto dims = tensor ? dyn_cast_if_present<DimsAttr>(tensor.getEncoding()) : DimsAttr();
    if (!dims)
      return success();
    for (const SizeExpr &size : dims.getSizeExprs())
      for (const std::string &name : size.getSymbols())
        if (!tables.lookupNearestSymbolFrom<SymbolOp>(op, StringAttr::get(op->getContext(), name)))
          return op->emitOpError("expects size '") << name << "' to be declared, as in: girih.symbol @"
                                                   << name << " {min = 1 : i64, max = 32 : i64}";
    return success();
  };
  for (Type type :
       llvm::concat<Type>(SmallVector<Type>(op->getOperandTypes()), SmallVector<Type>(op->getResultTypes())))
    if (failed(check(type)))
      return failure();
  return success();
}

LogicalResult SymbolOp::verify() {
  if (getMin() < 1 || getMax() < getMin()) // C1
    return emitOpError("expects 1 <= min <= max, but got ") << getMin() << " and " << getMax();
  if (getLikely() && (*getLikely() < getMin() || *getLikely() > getMax())) // C1
    return emitOpError("expects likely between ")
           << getMin() << " and " << getMax() << ", but got " << *getLikely();
  FailureOr<SizeExpr> size = SizeExpr::parse(getSymName());
  if (failed(size) || *size != SizeExpr::symbol(getSymName())) // C2
    return emitOpError("expects a name of letters, digits and '_', but got '") << getSymName() << "'";
  return success();
}

//===-- parameters --------------------------------------------------------===//

/// Rows of whole blocks, and as many of them in all as the parameter has.
static LogicalResult verifySources(ParameterOp op, RankedTensorType type, ArrayRef<SourceAttr> sources) {
  int64_t rows = type.getRank() ? type.getDimSize(0) : 1;
  auto row = RankedTensorType::get(type.getShape().drop_front(type.getRank() > 0), type.getElementType());
  int64_t columns = getNumElements(row).getConstant().value();
  SourceAttr first = sources.front();
  // Saturates where the shape lies: no file has that many bytes.
  int64_t rowBytes = first.getRowBytes(columns),
          expected = (SizeExpr(rows) * SizeExpr(rowBytes)).getConstant().value(), found = 0;
  if (rowBytes < 0)
    return op.emitOpError("expects rows of whole blocks of ")
           << stringifyBlockFormat(*first.getFormat()) << ", but got " << type;
  if (int64_t stride = first.getTransposed()) {
    if (sources.size() > 1 || type.getRank() != 2 || stride < rows)
      return op.emitOpError("expects one transposed source of rows of at least ")
             << rows << " elements for " << type << ", but got " << first;
    int64_t before = (SizeExpr(std::max<int64_t>(columns - 1, 0)) * SizeExpr(stride)).getConstant().value();
    expected = (SizeExpr(before) * SizeExpr(rowBytes / std::max<int64_t>(columns, 1))).getConstant().value();
    expected = llvm::SaturatingAdd<uint64_t>(expected, first.getRowBytes(rows));
  }
  for (SourceAttr source : sources) {
    if (source.getType() != first.getType() || source.getFormat() != first.getFormat())
      return op.emitOpError("expects sources of one type and format, but got ") << first << " and " << source;
    if (sources.size() > 1 && (rowBytes == 0 || source.getBytes() % rowBytes))
      return op.emitOpError("expects sources of whole rows of ")
             << rowBytes << " bytes, but got " << source.getBytes();
    if (source.getUnpaired() && (rowBytes == 0 || source.getBytes() % rowBytes ||
                                 source.getBytes() / rowBytes % source.getUnpaired()))
      return op.emitOpError("expects a source of whole heads of ")
             << source.getUnpaired() << " rows of " << rowBytes << " bytes, but got " << source.getBytes()
             << " bytes";
    found = llvm::SaturatingAdd<uint64_t>(found, source.getBytes());
  }
  if (found == expected)
    return success();
  InFlightDiagnostic error = op.emitOpError("expects a source of ")
                             << expected << " bytes for " << type << " from ";
  if (first.getFormat())
    return error << stringifyBlockFormat(*first.getFormat()) << ", but got " << found;
  return error << first.getType() << ", but got " << found;
}

/// The part has the shape that follows from the matrix's rows.
static LogicalResult verifyQuantized(ParameterOp op, RankedTensorType type) {
  QuantizedAttr quantized = *op.getQuantized();
  bool values = quantized.getPart() == QuantizedPart::Values;
  bool fits = values ? type.getRank() == 2 && type.getElementType().isInteger(8) &&
                           type.getDimSize(1) == quantized.getColumns()
                     : type.getRank() == 1 && type.getElementType().isF32();
  if (!fits || type.getEncoding())
    return op.emitOpError("expects ") << (values ? "values [N, columns] of i8" : "scales or sums [N] of f32")
                                      << " without encoding for " << quantized << ", but got " << type;
  if (op.getValue())
    return op.emitOpError("expects no value for ") << quantized;
  return success();
}

LogicalResult ParameterOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  if (!type.hasStaticShape()) // C1
    return emitOpError("expects a static shape, but got ") << type;
  if (bool(getSource()) + bool(getSources()) + bool(getValue()) > 1) // C2
    return emitOpError("expects a source or a value, but got both");
  SmallVector<SourceAttr> sources = getAllSources();
  if (getSources() && sources.empty())
    return emitOpError("expects at least one of sources");
  if (getQuantized() && failed(verifyQuantized(*this, type))) // C6
    return failure();
  if (!sources.empty() && failed(verifySources(*this, getRowsType(), sources))) // C3
    return failure();
  auto plain = RankedTensorType::get(type.getShape(), type.getElementType());
  if (getValue() && getValue()->getShapedType() != plain) // C4
    return emitOpError("expects a value of type ") << plain << ", but got " << getValue()->getShapedType();
  auto encoding = dyn_cast_if_present<EncodingAttrInterface>(type.getEncoding());
  std::optional<BlockFormat> format = encoding ? encoding.getSourceFormat() : std::nullopt;
  if (format && (getValue() || (!sources.empty() && sources.front().getFormat() != format))) // C5
    return emitOpError("expects a source with format = ") << stringifyBlockFormat(*format) << " for " << type;
  return success();
}

LogicalResult GetParameterOp::verifySymbolUses(SymbolTableCollection &tables) {
  auto parameter = tables.lookupNearestSymbolFrom<ParameterOp>(*this, getParameterAttr());
  if (!parameter) // C1
    return emitOpError("expects a girih.parameter named ") << getParameterAttr();
  if (parameter.getType() != getType()) { // C2
    InFlightDiagnostic error = emitOpError("expects the parameter's type ")
                               << parameter.getType() << ", but got " << getType();
    error.attachNote(parameter.getLoc()) << "the parameter is declared here";
    return error;
  }
  return success();
}

//===-- kernels -----------------------------------------------------------===//

LogicalResult KernelOp::verify() {
  if (getBody()->getArgumentTypes() != getInputs().getTypes()) // C1
    return emitOpError("expects body arguments of the inputs' types");
  if (!isa<YieldOp>(getBody()->getTerminator()) ||
      getYield().getValues().getTypes() != getOutputs().getTypes()) // C2
    return emitOpError("expects the body to yield the results' types");
  for (Operation &op : *getBody()) // C3
    if (!isa<GirihDialect>(op.getDialect()) || isa<KernelOp, LaunchOp>(op)) {
      InFlightDiagnostic error = emitOpError("expects graph ops alone in its body, but got '")
                                 << op.getName() << "'";
      error.attachNote(op.getLoc()) << "it stands here";
      return error;
    }
  return success();
}

/// The encoding in a shaped type: its attribute, if it has one.
static Attribute encodingOf(Type type) {
  Attribute encoding;
  type.walkImmediateSubElements([&](Attribute attribute) { encoding = attribute; }, [](Type) {});
  return encoding;
}

/// Whether a kernel's argument, a tensor or a view of memory, holds `tensor`. Views are the tile dialect's,
/// which this one does not know; both are shaped, and a view names an encoding but no sizes.
static bool holds(Type argument, RankedTensorType tensor) {
  auto view = dyn_cast<ShapedType>(argument);
  if (!view || isa<RankedTensorType>(argument))
    return argument == tensor;
  Attribute encoding = isa_and_present<DimsAttr>(tensor.getEncoding()) ? Attribute() : tensor.getEncoding();
  return view.hasRank() && view.getShape() == tensor.getShape() &&
         view.getElementType() == tensor.getElementType() && encodingOf(view) == encoding;
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &tables) {
  if (failed(verifySizesDeclared(*this, tables)))
    return failure();
  Operation *kernel = tables.lookupNearestSymbolFrom(*this, getKernelAttr());
  auto function = dyn_cast_if_present<FunctionOpInterface>(kernel);
  if (!function) // C1
    return emitOpError("expects a kernel named ") << getKernelAttr();
  // A function returns its results; a tile program takes them as its last views.
  SmallVector<Type> kernelTypes(function.getArgumentTypes());
  llvm::append_range(kernelTypes, function.getResultTypes());
  SmallVector<Type> types(getInputs().getTypes());
  llvm::append_range(types, getOutputs().getTypes());
  bool fits = kernelTypes.size() == types.size() && // C2
              llvm::all_of(llvm::zip(kernelTypes, types), [](auto pair) {
                return holds(std::get<0>(pair), cast<RankedTensorType>(std::get<1>(pair)));
              });
  if (fits)
    return success();
  InFlightDiagnostic error = emitOpError("expects operands and results of the kernel's types");
  error.attachNote(kernel->getLoc()) << "the kernel is defined here";
  return error;
}

//===-- slices ------------------------------------------------------------===//

/// The least value a size can take: every symbol at its declared minimum.
static std::optional<int64_t> leastValue(const SizeExpr &size, Operation *user,
                                         SymbolTableCollection &tables) {
  return size.evaluate([&](StringRef name) -> std::optional<int64_t> {
    auto symbol = tables.lookupNearestSymbolFrom<SymbolOp>(user, StringAttr::get(user->getContext(), name));
    return symbol ? std::optional<int64_t>(symbol.getMin()) : std::nullopt;
  });
}

LogicalResult SliceOp::verifySymbolUses(SymbolTableCollection &tables) {
  if (failed(verifySizesDeclared(*this, tables)))
    return failure();
  for (auto [whole, offset, size] : llvm::zip_equal(sizesOf(getInput()), getOffsets(), getSizes())) {
    std::optional<int64_t> least = leastValue(whole, *this, tables);
    if (size >= 0 && least && offset > *least - size) // C3
      return emitOpError("expects a part that lies inside for all sizes, but ")
             << whole.str() << " may be " << *least << ", less than offset " << offset << " and size "
             << size;
  }
  return success();
}
