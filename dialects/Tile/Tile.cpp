// The `tile` dialect itself: registration, the view type's text, and the program's builder and text.
#include "dialects/Tile/Tile.h"

using namespace mlir;
using namespace girih::tile;

#include "dialects/Tile/TileDialect.cpp.inc"
#include "dialects/Tile/TileEnums.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/Tile/TileTypes.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/Tile/TileAttrs.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/Tile/TileOps.cpp.inc"

void TileDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/Tile/TileTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Tile/TileAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Tile/TileOps.cpp.inc"
      >();
}

Operation *TileDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location loc) {
  return arith::ConstantOp::materialize(builder, value, type, loc);
}

//===- The view type ------------------------------------------------------------------------------===//

ShapedType ViewType::cloneWith(std::optional<ArrayRef<int64_t>> shape, Type elementType) const {
  return ViewType::get(shape.value_or(getShape()), elementType, getEncoding());
}

// view ::= `<` (size `x`)* element-type (`,` encoding)? `>`
Type ViewType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape;
  Type element;
  Attribute encoding;
  if (parser.parseLess() || parser.parseDimensionList(shape) || parser.parseType(element))
    return {};
  if (succeeded(parser.parseOptionalComma()) && parser.parseAttribute(encoding))
    return {};
  if (parser.parseGreater())
    return {};
  return parser.getChecked<ViewType>(parser.getContext(), shape, element, encoding);
}

void ViewType::print(AsmPrinter &printer) const {
  printer << "<";
  for (int64_t size : getShape()) {
    if (ShapedType::isDynamic(size))
      printer << "?";
    else
      printer << size;
    printer << "x";
  }
  printer << getElementType();
  if (getEncoding())
    printer << ", " << getEncoding();
  printer << ">";
}

//===- The program --------------------------------------------------------------------------------===//

void ProgramOp::build(OpBuilder &builder, OperationState &state, StringRef name, ArrayRef<Type> views,
                      ArrayRef<GridAttr> grid, int64_t outputs) {
  SmallVector<Attribute> dims(grid.begin(), grid.end());
  state.addAttribute(getSymNameAttrName(state.name), builder.getStringAttr(name));
  state.addAttribute(getFunctionTypeAttrName(state.name), TypeAttr::get(builder.getFunctionType(views, {})));
  state.addAttribute(getGridAttrName(state.name), builder.getArrayAttr(dims));
  state.addAttribute(getOutputsAttrName(state.name), builder.getI64IntegerAttr(outputs));
  Block *body = new Block();
  state.addRegion()->push_back(body);
  for (Type view : views)
    body->addArgument(view, state.location);
}

// program ::= visibility? @name `(` arguments `)` `grid` array `outputs` integer (`attributes` dict)? region
ParseResult ProgramOp::parse(OpAsmParser &parser, OperationState &result) {
  std::string visibility;
  if (succeeded(parser.parseOptionalKeywordOrString(&visibility)))
    result.addAttribute(getSymVisibilityAttrName(result.name), parser.getBuilder().getStringAttr(visibility));
  StringAttr name;
  SmallVector<OpAsmParser::Argument> arguments;
  ArrayAttr grid;
  IntegerAttr outputs;
  Type i64 = parser.getBuilder().getI64Type();
  if (parser.parseSymbolName(name, getSymNameAttrName(result.name), result.attributes) ||
      parser.parseArgumentList(arguments, AsmParser::Delimiter::Paren, /*allowType=*/true,
                               /*allowAttrs=*/true) ||
      parser.parseKeyword("grid") ||
      parser.parseAttribute(grid, getGridAttrName(result.name), result.attributes) ||
      parser.parseKeyword("outputs") ||
      parser.parseAttribute(outputs, i64, getOutputsAttrName(result.name), result.attributes) ||
      parser.parseOptionalAttrDictWithKeyword(result.attributes))
    return failure();
  SmallVector<Type> types;
  for (const OpAsmParser::Argument &argument : arguments)
    types.push_back(argument.type);
  result.addAttribute(getFunctionTypeAttrName(result.name),
                      TypeAttr::get(parser.getBuilder().getFunctionType(types, {})));
  call_interface_impl::addArgAndResultAttrs(parser.getBuilder(), result, arguments, /*resultAttrs=*/{},
                                            getArgAttrsAttrName(result.name),
                                            getResAttrsAttrName(result.name));
  return parser.parseRegion(*result.addRegion(), arguments);
}

void ProgramOp::print(OpAsmPrinter &p) {
  p << ' ';
  if (std::optional<StringRef> visibility = getSymVisibility())
    p << *visibility << ' ';
  p.printSymbolName(getSymName());
  p << '(';
  llvm::interleaveComma(getBody().getArguments(), p, [&](BlockArgument argument) {
    DictionaryAttr attributes;
    if (std::optional<ArrayAttr> all = getArgAttrs())
      attributes = cast<DictionaryAttr>((*all)[argument.getArgNumber()]);
    p.printRegionArgument(argument, attributes ? attributes.getValue() : ArrayRef<NamedAttribute>());
  });
  p << ") grid " << getGrid() << " outputs " << getOutputs();
  p.printOptionalAttrDictWithKeyword((*this)->getAttrs(),
                                     {getSymNameAttrName(), getFunctionTypeAttrName(), getGridAttrName(),
                                      getOutputsAttrName(), getSymVisibilityAttrName(), getArgAttrsAttrName(),
                                      getResAttrsAttrName()});
  p << ' ';
  p.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

ArrayRef<BlockArgument> ProgramOp::getInputViews() {
  return ArrayRef<BlockArgument>(getBody().getArguments()).take_front(getNumInputs());
}
ArrayRef<BlockArgument> ProgramOp::getOutputViews() {
  return ArrayRef<BlockArgument>(getBody().getArguments()).take_back(getOutputs());
}
ViewType ProgramOp::getViewType(unsigned i) { return cast<ViewType>(getFunctionType().getInput(i)); }
GridAttr ProgramOp::getGridDim(unsigned i) { return cast<GridAttr>(getGrid()[i]); }

//===- Loads and stores ---------------------------------------------------------------------------===//

namespace {
// All dimensions in order are left out of the text and of the op, so that equal loads are equal. A tile
// of rank 0 runs along none.
DenseI64ArrayAttr dimsUnlessAll(OpBuilder &builder, ArrayRef<int64_t> dims, Type tile, Value view) {
  int64_t rank = cast<ViewType>(view.getType()).getRank();
  bool none = rank > 0 && cast<RankedTensorType>(tile).getRank() == 0;
  bool all = !none && (dims.empty() || static_cast<int64_t>(dims.size()) == rank);
  return all ? DenseI64ArrayAttr() : builder.getDenseI64ArrayAttr(dims);
}

SmallVector<int64_t> dimsOrAll(std::optional<ArrayRef<int64_t>> dims, int64_t rank) {
  return dims ? llvm::to_vector(*dims) : llvm::to_vector(llvm::seq<int64_t>(0, rank));
}
} // namespace

void LoadOp::build(OpBuilder &builder, OperationState &state, Type tile, Value view, ValueRange offsets,
                   ArrayRef<int64_t> dims) {
  build(builder, state, tile, view, offsets, dimsUnlessAll(builder, dims, tile, view));
}
void StoreOp::build(OpBuilder &builder, OperationState &state, Value tile, Value view, ValueRange offsets,
                    ArrayRef<int64_t> dims) {
  build(builder, state, tile, view, offsets, dimsUnlessAll(builder, dims, tile.getType(), view));
}
SmallVector<int64_t> LoadOp::getTileDims() { return dimsOrAll(getDims(), getView().getType().getRank()); }
SmallVector<int64_t> StoreOp::getTileDims() { return dimsOrAll(getDims(), getView().getType().getRank()); }
