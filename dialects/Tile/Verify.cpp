// Verifiers and inferred types of the `tile` dialect. Comments cite the constraints of TileOps.td.
#include "dialects/Graph/Graph.h"
#include "dialects/Tile/Tile.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace girih::tile;

LogicalResult ViewType::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<int64_t> shape,
                               Type elementType, Attribute) {
  for (int64_t size : shape)
    if (!ShapedType::isDynamic(size) && size < 0)
      return emitError() << "view expects sizes of 0 or more, but got " << size;
  if (!elementType.isF32() && !elementType.isBF16() && !elementType.isF16() && !elementType.isInteger(32) &&
      !elementType.isInteger(8) && !elementType.isInteger(1))
    return emitError() << "view expects elements of f32, bf16, f16, i32, i8 or i1, but got " << elementType;
  return success();
}

LogicalResult GridAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t arg, int64_t dim,
                               int64_t step, int64_t blocks) {
  bool cuts = arg != -1 || dim != -1 || step != -1;
  if (cuts == (blocks != 0)) // C1
    return emitError() << "grid expects arg, dim and step, or blocks, but got "
                       << (cuts ? "both" : "neither");
  if (blocks < 0) // C2
    return emitError() << "grid expects at least 1 block, but got " << blocks;
  return success();
}

//===- Structure ----------------------------------------------------------------------------------===//

static LogicalResult verifyGrid(ProgramOp program) {
  for (unsigned i = 0; i < program.getGridRank(); ++i) {
    GridAttr grid = program.getGridDim(i);
    if (grid.isFixed())
      continue;
    if (grid.getArg() < 0 || grid.getArg() >= program.getFunctionType().getNumInputs())
      return program.emitOpError() << "expects grid dimension " << i << " to name one of "
                                   << program.getFunctionType().getNumInputs() << " arguments, but got "
                                   << grid.getArg();
    int64_t rank = program.getViewType(grid.getArg()).getRank();
    if (grid.getDim() < 0 || grid.getDim() >= rank)
      return program.emitOpError() << "expects grid dimension " << i << " to name a dimension of argument "
                                   << grid.getArg() << ", which has rank " << rank << ", but got "
                                   << grid.getDim();
    if (grid.getStep() < 1)
      return program.emitOpError() << "expects grid dimension " << i
                                   << " to have a step of at least 1, but got " << grid.getStep();
  }
  return success();
}

/// Outputs that are an input's memory name one of their own type.
static LogicalResult verifyInPlace(ProgramOp program) {
  for (unsigned i = 0; i < program.getFunctionType().getNumInputs(); ++i) {
    auto place = program.getArgAttrOfType<IntegerAttr>(i, girih::graph::kInPlaceAttr);
    if (!place)
      continue;
    if (i < program.getNumInputs())
      return program.emitOpError() << "expects tile.in_place on an output, but argument " << i
                                   << " is an input";
    if (place.getInt() < 0 || place.getInt() >= program.getNumInputs() ||
        program.getViewType(place.getInt()) != program.getViewType(i))
      return program.emitOpError() << "expects tile.in_place of argument " << i
                                   << " to name an input of type " << program.getViewType(i) << ", but got "
                                   << place.getInt();
  }
  return success();
}

LogicalResult ProgramOp::verify() {
  if (getFunctionType().getNumResults() != 0) // C1
    return emitOpError() << "expects no results, but got " << getFunctionType().getNumResults()
                         << "; outputs are views among the arguments";
  for (auto [i, type] : llvm::enumerate(getFunctionType().getInputs())) // C1
    if (!isa<ViewType>(type))
      return emitOpError() << "expects argument " << i << " to be a view, but got " << type;
  if (getOutputs() > getFunctionType().getNumInputs()) // C2
    return emitOpError() << "expects at most " << getFunctionType().getNumInputs()
                         << " outputs, its number of arguments, but got " << getOutputs();
  if (getBody().empty() || getBody().front().getArgumentTypes() != getFunctionType().getInputs())
    return emitOpError() << "expects a body whose arguments are those of its type, " << getFunctionType();
  if (getBody().front().empty() || !isa<ReturnOp>(getBody().front().back())) // C4
    return emitOpError() << "expects a body ended by tile.return";
  return failed(verifyInPlace(*this)) ? failure() : verifyGrid(*this); // C5, C3
}

// The program an op belongs to, which may be several regions up.
static FailureOr<ProgramOp> enclosingProgram(Operation *op) {
  if (ProgramOp program = op->getParentOfType<ProgramOp>())
    return program;
  return op->emitOpError("expects to be inside a tile.program");
}

LogicalResult ProgramIndexOp::verify() {
  FailureOr<ProgramOp> program = enclosingProgram(*this);
  if (failed(program))
    return failure();
  if (getDim() >= program->getGrid().size()) // C1
    return emitOpError() << "expects a dimension of the program's grid, which has "
                         << program->getGrid().size() << ", but got " << getDim();
  return success();
}

LogicalResult DimOp::verify() {
  if (static_cast<int64_t>(getDim()) >= getView().getType().getRank()) // C1
    return emitOpError() << "expects a dimension of a view of rank " << getView().getType().getRank()
                         << ", but got " << getDim();
  return success();
}

//===- Memory -------------------------------------------------------------------------------------===//

// Inputs are only read and outputs only written: the one rule that makes loads pure.
static LogicalResult verifyRole(Operation *op, Value view, bool wantsOutput) {
  FailureOr<ProgramOp> program = enclosingProgram(op);
  if (failed(program))
    return failure();
  auto argument = dyn_cast<BlockArgument>(view);
  if (!argument || argument.getOwner() != &program->getBody().front())
    return op->emitOpError("expects its view to be an argument of the program");
  bool isOutput = argument.getArgNumber() >= program->getNumInputs();
  if (isOutput != wantsOutput)
    return op->emitOpError() << "expects one of the program's " << (wantsOutput ? "outputs" : "inputs")
                             << ", but argument " << argument.getArgNumber() << " is an "
                             << (isOutput ? "output" : "input");
  return success();
}

static LogicalResult verifyElements(Operation *op, RankedTensorType tile, ViewType view) {
  if (tile.getElementType() != view.getElementType())
    return op->emitOpError() << "expects tile and view of one element type, but got " << tile.getElementType()
                             << " and " << view.getElementType() << "; convert with arith";
  return success();
}

static LogicalResult verifyIncreasing(Operation *op, ArrayRef<int64_t> dims, int64_t tileRank, int64_t rank) {
  if (static_cast<int64_t>(dims.size()) != tileRank)
    return op->emitOpError() << "expects one of dims for each of " << tileRank << " tile dimensions, but got "
                             << dims.size();
  int64_t previous = -1;
  for (int64_t dim : dims) {
    if (dim <= previous || dim >= rank)
      return op->emitOpError() << "expects dims strictly increasing and below " << rank << ", but got ["
                               << dims << "]";
    previous = dim;
  }
  return success();
}

template <typename AccessOp>
static LogicalResult verifyAccess(AccessOp op, RankedTensorType tile, bool stores) {
  ViewType view = op.getView().getType();
  if (failed(verifyRole(op, op.getView(), stores))) // C1
    return failure();
  if (static_cast<int64_t>(op.getOffsets().size()) != view.getRank()) // C2
    return op.emitOpError() << "expects one offset for each of " << view.getRank()
                            << " view dimensions, but got " << op.getOffsets().size();
  if (failed(verifyIncreasing(op, op.getTileDims(), tile.getRank(), view.getRank()))) // C3
    return failure();
  return verifyElements(op, tile, view); // C4
}

LogicalResult LoadOp::verify() { return verifyAccess(*this, getResult().getType(), /*stores=*/false); }

LogicalResult StoreOp::verify() {
  if (getView().getType().getEncoding()) // C1
    return emitOpError() << "expects a view without encoding, but got " << getView().getType()
                         << "; encodings are packed when the artifact is written";
  return verifyAccess(*this, getTile().getType(), /*stores=*/true);
}

LogicalResult ScatterOp::verify() {
  ViewType view = getView().getType();
  RankedTensorType tile = getTile().getType(), indices = getIndices().getType();
  if (failed(verifyRole(*this, getView(), /*wantsOutput=*/true))) // C1
    return failure();
  if (view.getEncoding()) // C1
    return emitOpError() << "expects a view without encoding, but got " << view;
  if (view.getRank() < 1 || static_cast<int64_t>(getOffsets().size()) != view.getRank() - 1) // C2
    return emitOpError() << "expects one offset for each view dimension but the first, for a view of rank "
                         << view.getRank() << ", but got " << getOffsets().size();
  if (indices.getRank() != 1 || tile.getRank() != view.getRank() ||
      tile.getDimSize(0) != indices.getDimSize(0)) // C3
    return emitOpError() << "expects indices of rank 1 and a tile of rank " << view.getRank()
                         << " with a row for each, but got " << indices << " and " << tile;
  return verifyElements(*this, tile, view); // C4
}

LogicalResult GatherOp::verify() {
  ViewType view = getView().getType();
  RankedTensorType result = getResult().getType();
  if (failed(verifyRole(*this, getView(), /*wantsOutput=*/false))) // C1
    return failure();
  if (view.getRank() < 1 || static_cast<int64_t>(getOffsets().size()) != view.getRank() - 1) // C2
    return emitOpError() << "expects one offset for each view dimension but the first, for a view of rank "
                         << view.getRank() << ", but got " << getOffsets().size();
  if (getIndices().getType().getRank() != 1 || result.getRank() != view.getRank() ||
      result.getDimSize(0) != getIndices().getType().getDimSize(0)) // C3
    return emitOpError() << "expects indices of rank 1 and a result of rank " << view.getRank()
                         << " with a row for each, but got " << getIndices().getType() << " and " << result;
  return verifyElements(*this, result, view); // C4
}

//===- Contraction and reduction ------------------------------------------------------------------===//

LogicalResult DotOp::verify() {
  RankedTensorType lhs = getLhs().getType(), rhs = getRhs().getType(), acc = getAcc().getType();
  bool ranks = lhs.getRank() == 2 && rhs.getRank() == 2 && acc.getRank() == 2;
  unsigned n = getTransposeB() ? 0 : 1;
  if (!ranks || lhs.getDimSize(0) != acc.getDimSize(0) || rhs.getDimSize(n) != acc.getDimSize(1) ||
      lhs.getDimSize(1) != rhs.getDimSize(1 - n)) // C1
    return emitOpError() << "expects tiles [M,K], " << (getTransposeB() ? "[N,K]" : "[K,N]")
                         << " and [M,N], but got " << lhs << ", " << rhs << " and " << acc;
  if (lhs.getElementType() != rhs.getElementType()) // C2
    return emitOpError() << "expects lhs and rhs of one element type, but got " << lhs.getElementType()
                         << " and " << rhs.getElementType();
  if (lhs.getElementType().isInteger(8) != acc.getElementType().isInteger(32)) // C3
    return emitOpError() << "expects sums of i32 for operands of i8, else f32, but got "
                         << lhs.getElementType() << " and " << acc.getElementType();
  return success();
}

LogicalResult ReduceOp::verify() {
  RankedTensorType type = getInput().getType();
  if (static_cast<int64_t>(getAxis()) >= type.getRank() || type.getDimSize(getAxis()) < 1) // C1
    return emitOpError() << "expects axis to be a dimension of at least one element of " << type
                         << ", but got " << getAxis();
  if (!type.getElementType().isF32() && !type.getElementType().isInteger(32)) // C2
    return emitOpError() << "expects elements of f32 or i32, but got " << type.getElementType()
                         << "; widen with arith first";
  return success();
}

// Inference runs before verification, so it must bear attributes that a verifier would refuse.
LogicalResult ReduceOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  auto type = dyn_cast<RankedTensorType>(adaptor.getInput().getType());
  if (!type || adaptor.getAxis() >= static_cast<uint64_t>(type.getRank()))
    return emitOptionalError(location,
                             "'tile.reduce' op expects axis to be a dimension of its input, but got ",
                             adaptor.getAxis(), " for ", adaptor.getInput().getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.erase(shape.begin() + adaptor.getAxis());
  types.push_back(RankedTensorType::get(shape, type.getElementType()));
  return success();
}

//===- Movement -----------------------------------------------------------------------------------===//

LogicalResult BroadcastOp::verify() {
  RankedTensorType input = getInput().getType(), result = getResult().getType();
  if (failed(verifyIncreasing(*this, getDims(), input.getRank(), result.getRank()))) // C1
    return failure();
  for (auto [i, dim] : llvm::enumerate(getDims()))
    if (input.getDimSize(i) != 1 && input.getDimSize(i) != result.getDimSize(dim)) // C2
      return emitOpError() << "expects input dimension " << i << " to be 1 or " << result.getDimSize(dim)
                           << ", the size of result dimension " << dim << ", but got " << input.getDimSize(i);
  if (input.getElementType() != result.getElementType()) // C3
    return emitOpError() << "expects input and result of one element type, but got " << input.getElementType()
                         << " and " << result.getElementType();
  return success();
}

static bool isPermutation(ArrayRef<int64_t> permutation, int64_t rank) {
  return static_cast<int64_t>(permutation.size()) == rank && isPermutationVector(permutation);
}

LogicalResult TransposeOp::verify() { // C1
  if (!isPermutation(getPermutation(), getInput().getType().getRank()))
    return emitOpError() << "expects a permutation of " << getInput().getType().getRank()
                         << " dimensions, but got [" << getPermutation() << "]";
  return success();
}

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                            SmallVectorImpl<Type> &types) {
  auto type = dyn_cast<RankedTensorType>(adaptor.getInput().getType());
  if (!type || !isPermutation(adaptor.getPermutation(), type.getRank()))
    return emitOptionalError(location, "'tile.transpose' op expects a permutation of the dimensions of ",
                             adaptor.getInput().getType(), ", but got [", adaptor.getPermutation(), "]");
  SmallVector<int64_t> shape;
  for (int64_t dim : adaptor.getPermutation())
    shape.push_back(type.getDimSize(dim));
  types.push_back(RankedTensorType::get(shape, type.getElementType()));
  return success();
}

LogicalResult ReshapeOp::verify() {
  RankedTensorType input = getInput().getType(), result = getResult().getType();
  if (input.getNumElements() != result.getNumElements() ||
      input.getElementType() != result.getElementType()) // C1
    return emitOpError() << "expects as many elements of the same type, but got " << input << " and "
                         << result;
  return success();
}

static bool canJoin(RankedTensorType first, RankedTensorType other, uint64_t axis) {
  if (first.getRank() != other.getRank() || first.getElementType() != other.getElementType())
    return false;
  for (int64_t dim = 0; dim < first.getRank(); ++dim)
    if (dim != static_cast<int64_t>(axis) && first.getDimSize(dim) != other.getDimSize(dim))
      return false;
  return true;
}

LogicalResult ConcatOp::verify() {
  auto first = cast<RankedTensorType>(getInputs().front().getType());
  for (Value input : getInputs()) // C1, C2
    if (!canJoin(first, cast<RankedTensorType>(input.getType()), getAxis()))
      return emitOpError() << "expects inputs that differ along dimension " << getAxis() << " only, but got "
                           << first << " and " << input.getType();
  return success();
}

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor,
                                         SmallVectorImpl<Type> &types) {
  if (adaptor.getInputs().empty())
    return emitOptionalError(location, "'tile.concat' op expects at least one input, but got none");
  auto first = dyn_cast<RankedTensorType>(adaptor.getInputs().front().getType());
  if (!first || adaptor.getAxis() >= static_cast<uint64_t>(first.getRank()))
    return emitOptionalError(location,
                             "'tile.concat' op expects axis to be a dimension of its inputs, but got ",
                             adaptor.getAxis(), " for ", adaptor.getInputs().front().getType());
  SmallVector<int64_t> shape(first.getShape());
  shape[adaptor.getAxis()] = 0;
  for (Value input : adaptor.getInputs()) {
    auto type = dyn_cast<RankedTensorType>(input.getType());
    if (!type || !canJoin(first, type, adaptor.getAxis()))
      return emitOptionalError(location, "'tile.concat' op expects inputs that differ along dimension ",
                               adaptor.getAxis(), " only, but got ", first, " and ", input.getType());
    shape[adaptor.getAxis()] += type.getDimSize(adaptor.getAxis());
  }
  types.push_back(RankedTensorType::get(shape, first.getElementType()));
  return success();
}

LogicalResult IotaOp::verify() {
  if (static_cast<int64_t>(getDim()) >= getResult().getType().getRank()) // C1
    return emitOpError() << "expects a dimension of " << getResult().getType() << ", but got " << getDim();
  return success();
}
