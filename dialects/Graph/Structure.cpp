// Builders and syntax of the ops that hold a graph together.
#include "dialects/Graph/Graph.h"

using namespace mlir;
using namespace girih::graph;

void SymbolOp::build(OpBuilder &builder, OperationState &state, StringRef name, int64_t min, int64_t max) {
  build(builder, state, name, min, max, /*likely=*/nullptr, /*sym_visibility=*/nullptr);
}

void ParameterOp::build(OpBuilder &builder, OperationState &state, StringRef name, RankedTensorType type,
                        SourceAttr source) {
  build(builder, state, name, type, source, /*sources=*/nullptr, /*value=*/nullptr, /*quantized=*/nullptr,
        /*sym_visibility=*/nullptr);
}

void ParameterOp::build(OpBuilder &builder, OperationState &state, StringRef name, RankedTensorType type,
                        ElementsAttr value) {
  build(builder, state, name, type, /*source=*/nullptr, /*sources=*/nullptr, value, /*quantized=*/nullptr,
        /*sym_visibility=*/nullptr);
}

SmallVector<SourceAttr> ParameterOp::getAllSources() {
  if (SourceAttr source = getSourceAttr())
    return {source};
  if (ArrayAttr sources = getSourcesAttr())
    return llvm::to_vector(sources.getAsRange<SourceAttr>());
  return {};
}

RankedTensorType ParameterOp::getRowsType() {
  auto type = cast<RankedTensorType>(getType());
  if (!getQuantized())
    return type;
  return RankedTensorType::get({type.getDimSize(0), getQuantized()->getColumns()},
                               Float32Type::get(getContext()));
}

void GetParameterOp::build(OpBuilder &builder, OperationState &state, ParameterOp parameter) {
  build(builder, state, parameter.getType(), parameter.getSymName());
}

void YieldOp::build(OpBuilder &builder, OperationState &state) { build(builder, state, ValueRange()); }

//===-- kernel ------------------------------------------------------------===//

void KernelOp::build(OpBuilder &builder, OperationState &state, TypeRange outputs, ValueRange inputs) {
  OpBuilder::InsertionGuard guard(builder);
  state.addTypes(outputs);
  state.addOperands(inputs);
  Block *body = builder.createBlock(state.addRegion());
  for (Value input : inputs)
    body->addArgument(input.getType(), input.getLoc());
}

YieldOp KernelOp::getYield() { return cast<YieldOp>(getBody()->getTerminator()); }

/// Reads `(%a = %x, %b = %w : type, type)`.
static ParseResult parseBindings(OpAsmParser &parser, SmallVectorImpl<OpAsmParser::Argument> &arguments,
                                 SmallVectorImpl<OpAsmParser::UnresolvedOperand> &inputs) {
  if (parser.parseLParen())
    return failure();
  if (succeeded(parser.parseOptionalRParen()))
    return success();
  auto parseBinding = [&]() -> ParseResult {
    return failure(parser.parseArgument(arguments.emplace_back()) || parser.parseEqual() ||
                   parser.parseOperand(inputs.emplace_back()));
  };
  SmallVector<Type> types;
  SMLoc where = parser.getCurrentLocation();
  if (parser.parseCommaSeparatedList(parseBinding) || parser.parseColonTypeList(types) ||
      parser.parseRParen())
    return failure();
  if (types.size() != arguments.size())
    return parser.emitError(where, "expects one type for each argument, but got ")
           << types.size() << " for " << arguments.size();
  for (auto [argument, type] : llvm::zip_equal(arguments, types))
    argument.type = type;
  return success();
}

ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &state) {
  SmallVector<OpAsmParser::Argument> arguments;
  SmallVector<OpAsmParser::UnresolvedOperand> inputs;
  SMLoc where = parser.getCurrentLocation();
  if (parseBindings(parser, arguments, inputs) || parser.parseArrowTypeList(state.types) ||
      parser.parseOptionalAttrDictWithKeyword(state.attributes) ||
      parser.parseRegion(*state.addRegion(), arguments))
    return failure();
  SmallVector<Type> types = llvm::map_to_vector(arguments, [](auto &argument) { return argument.type; });
  return parser.resolveOperands(inputs, types, where, state.operands);
}

void KernelOp::print(OpAsmPrinter &printer) {
  printer << "(";
  llvm::interleaveComma(llvm::zip_equal(getBody()->getArguments(), getInputs()), printer,
                        [&](auto pair) { printer << std::get<0>(pair) << " = " << std::get<1>(pair); });
  if (!getInputs().empty())
    printer << " : " << getInputs().getTypes();
  printer << ")";
  printer.printArrowTypeList(getOutputs().getTypes());
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs());
  printer << ' ';
  printer.printRegion(getBodyRegion(), /*printEntryBlockArgs=*/false);
}
