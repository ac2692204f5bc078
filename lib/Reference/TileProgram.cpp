// The walk over a tile program: the grid, views with their bounds, and `scf` control flow. Scalars are tiles
// of rank 0.
#include "lib/Reference/TileProgram.h"

#include "lib/Reference/Model.h"
#include "lib/Reference/Parameters.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"

using namespace mlir;
using namespace girih;
using namespace girih::reference;

namespace {
class TileProgram {
public:
  TileProgram(tile::ProgramOp program, ArrayRef<const HostTensor *> inputs,
              MutableArrayRef<HostTensor> outputs)
      : program(program), inputs(inputs), outputs(outputs) {
    for (HostTensor &output : outputs)
      writers.emplace_back(output.size(), 0);
    copyStates();
  }

  LogicalResult run();

private:
  void copyStates();
  std::optional<unsigned> inPlace(unsigned output) const;
  LogicalResult checkViews();
  LogicalResult checkAllStored();
  LogicalResult runBlock(Block &block, SmallVectorImpl<TensorRef> &yielded);
  LogicalResult runOp(Operation &op);
  LogicalResult runPure(Operation &op);
  LogicalResult runFor(scf::ForOp loop);
  LogicalResult runIf(scf::IfOp conditional);
  LogicalResult runAffine(Operation &op, AffineMap map);
  LogicalResult store(tile::StoreOp op);
  LogicalResult scatter(tile::ScatterOp op);
  bool write(unsigned output, int64_t place, double value);
  LogicalResult clash(Operation *op, unsigned output, int64_t element);
  HostTensor load(tile::LoadOp op);
  HostTensor gather(tile::GatherOp op);

  const HostTensor &viewData(Value view) {
    unsigned i = cast<BlockArgument>(view).getArgNumber();
    return i < inputs.size() ? *inputs[i] : outputs[i - inputs.size()];
  }
  const HostTensor &get(Value value) { return *values.at(value); }
  int64_t scalar(Value value) { return static_cast<int64_t>(get(value)[0]); }
  SmallVector<int64_t> scalars(ValueRange range) {
    return llvm::map_to_vector(range, [this](Value value) { return scalar(value); });
  }
  void set(Value value, HostTensor tensor) {
    values[value] = std::make_shared<HostTensor>(std::move(tensor));
  }
  void setIndex(Value value, int64_t index);

  tile::ProgramOp program;
  ArrayRef<const HostTensor *> inputs;
  MutableArrayRef<HostTensor> outputs;
  DenseMap<Value, TensorRef> values;
  SmallVector<int64_t> coordinates;           // of the current block in the grid
  uint32_t block = 0;                         // the current block's number, from 1
  std::vector<std::vector<uint32_t>> writers; // for each output element the block that stored it, 0 for none
};

// A value's tile, zeroed; scalars have rank 0.
HostTensor makeValue(Type type) {
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    return HostTensor(tensor.getShape(), tensor.getElementType());
  return HostTensor(ArrayRef<int64_t>(), type);
}

// Where the elements of a tile lie in a view: calls body(tile element, view element), -1 for one outside.
template <typename Body>
void forEachPlace(ArrayRef<int64_t> tileShape, ArrayRef<int64_t> viewShape, ArrayRef<int64_t> offsets,
                  ArrayRef<int64_t> dims, Body body) {
  SmallVector<int64_t> viewStrides = strides(viewShape);
  int64_t element = 0;
  forEachIndex(tileShape, [&](ArrayRef<int64_t> index) {
    SmallVector<int64_t, 6> place(offsets);
    for (auto [i, dim] : llvm::zip(index, dims))
      place[dim] += i;
    int64_t at = 0;
    for (auto [p, size, stride] : llvm::zip(place, viewShape, viewStrides)) {
      if (p < 0 || p >= size) {
        at = -1;
        break;
      }
      at += p * stride;
    }
    body(element++, at);
  });
}

void TileProgram::setIndex(Value value, int64_t index) {
  HostTensor tensor(ArrayRef<int64_t>(), value.getType());
  tensor[0] = index;
  set(value, std::move(tensor));
}

//===- States -------------------------------------------------------------------------------------===//

/// The input that an output is written over.
std::optional<unsigned> TileProgram::inPlace(unsigned output) const {
  auto place =
      tile::ProgramOp(program).getArgAttrOfType<IntegerAttr>(inputs.size() + output, graph::kInPlaceAttr);
  return place ? std::optional<unsigned>(place.getInt()) : std::nullopt;
}

void TileProgram::copyStates() {
  for (unsigned i = 0; i < outputs.size(); ++i)
    if (std::optional<unsigned> input = inPlace(i); input && inputs[*input]->size() == outputs[i].size())
      std::copy(inputs[*input]->data(), inputs[*input]->data() + outputs[i].size(), outputs[i].data());
}

//===- The grid -----------------------------------------------------------------------------------===//

LogicalResult TileProgram::checkViews() {
  if (inputs.size() != program.getNumInputs() || outputs.size() != program.getOutputs())
    return program.emitOpError() << "expects " << program.getNumInputs() << " inputs and "
                                 << program.getOutputs() << " outputs, but is launched with " << inputs.size()
                                 << " and " << outputs.size();
  for (BlockArgument view : program.getArguments()) {
    auto type = cast<tile::ViewType>(view.getType());
    const HostTensor &data = viewData(view);
    bool fits = type.getRank() == data.getRank() && type.getElementType() == data.getElementType();
    for (int64_t d = 0; fits && d < type.getRank(); ++d)
      fits = type.isDynamicDim(d) || type.getDimSize(d) == data.dim(d);
    if (!fits)
      return program.emitOpError() << "expects " << type << " as argument " << view.getArgNumber()
                                   << ", but is launched with sizes [" << data.getShape() << "] of "
                                   << data.getElementType();
  }
  return success();
}

LogicalResult TileProgram::run() {
  if (failed(checkViews()))
    return failure();
  SmallVector<int64_t> grid;
  for (unsigned i = 0; i < program.getGridRank(); ++i) {
    tile::GridAttr dim = program.getGridDim(i);
    if (dim.isFixed()) {
      grid.push_back(dim.getBlocks());
      continue;
    }
    int64_t size = viewData(program.getArgument(dim.getArg())).dim(dim.getDim());
    grid.push_back(llvm::divideCeil(static_cast<uint64_t>(size), static_cast<uint64_t>(dim.getStep())));
  }
  LogicalResult result = success();
  forEachIndex(grid, [&](ArrayRef<int64_t> index) {
    if (failed(result))
      return;
    coordinates.assign(index.begin(), index.end());
    ++block;
    SmallVector<TensorRef> none;
    result = runBlock(program.getBody().front(), none);
  });
  return failed(result) ? failure() : checkAllStored();
}

LogicalResult TileProgram::checkAllStored() {
  for (auto [i, blocks] : llvm::enumerate(writers)) {
    if (inPlace(i))
      continue;
    for (auto [element, writer] : llvm::enumerate(blocks))
      if (writer == 0)
        return program.emitOpError() << "expects every element of output " << i
                                     << " to be stored, but no block of " << block << " stores element "
                                     << element;
  }
  return success();
}

//===- Control flow -------------------------------------------------------------------------------===//

LogicalResult TileProgram::runBlock(Block &body, SmallVectorImpl<TensorRef> &yielded) {
  for (Operation &op : body) {
    if (op.hasTrait<OpTrait::IsTerminator>()) {
      for (Value operand : op.getOperands())
        yielded.push_back(values.at(operand));
      return success();
    }
    if (failed(runOp(op)))
      return failure();
  }
  return success();
}

LogicalResult TileProgram::runFor(scf::ForOp loop) {
  SmallVector<TensorRef> carried;
  for (Value init : loop.getInitArgs())
    carried.push_back(values.at(init));
  int64_t upper = scalar(loop.getUpperBound()), step = scalar(loop.getStep());
  for (int64_t i = scalar(loop.getLowerBound()); i < upper; i += step) {
    setIndex(loop.getInductionVar(), i);
    for (auto [argument, value] : llvm::zip_equal(loop.getRegionIterArgs(), carried))
      values[argument] = value;
    carried.clear();
    if (failed(runBlock(*loop.getBody(), carried)))
      return failure();
  }
  for (auto [result, value] : llvm::zip_equal(loop.getResults(), carried))
    values[result] = value;
  return success();
}

LogicalResult TileProgram::runIf(scf::IfOp conditional) {
  Region &region =
      scalar(conditional.getCondition()) ? conditional.getThenRegion() : conditional.getElseRegion();
  if (region.empty())
    return success();
  SmallVector<TensorRef> yielded;
  if (failed(runBlock(region.front(), yielded)))
    return failure();
  for (auto [result, value] : llvm::zip_equal(conditional.getResults(), yielded))
    values[result] = value;
  return success();
}

//===- Memory -------------------------------------------------------------------------------------===//

HostTensor TileProgram::load(tile::LoadOp op) {
  HostTensor result = makeValue(op.getType());
  const HostTensor &view = viewData(op.getView());
  forEachPlace(result.getShape(), view.getShape(), scalars(op.getOffsets()), op.getTileDims(),
               [&](int64_t element, int64_t place) { result[element] = place < 0 ? 0 : view[place]; });
  return result;
}

HostTensor TileProgram::gather(tile::GatherOp op) {
  HostTensor result = makeValue(op.getType());
  const HostTensor &view = viewData(op.getView()), &indices = get(op.getIndices());
  SmallVector<int64_t> offsets = scalars(op.getOffsets());
  offsets.insert(offsets.begin(), 0);
  SmallVector<int64_t> dims = llvm::to_vector(llvm::seq<int64_t>(1, view.getRank()));
  int64_t rowSize = indices.size() == 0 ? 0 : result.size() / indices.size();
  for (int64_t row = 0; row < indices.size(); ++row) {
    offsets[0] = std::clamp<int64_t>(static_cast<int64_t>(indices[row]), 0, view.dim(0) - 1);
    forEachPlace(result.getShape().drop_front(), view.getShape(), offsets, dims,
                 [&](int64_t element, int64_t place) {
                   result[row * rowSize + element] = place < 0 ? 0 : view[place];
                 });
  }
  return result;
}

/// False where another block has written the element.
bool TileProgram::write(unsigned output, int64_t place, double value) {
  uint32_t &writer = writers[output][place];
  bool isFree = writer == 0 || writer == block;
  writer = block;
  outputs[output][place] = value;
  return isFree;
}

LogicalResult TileProgram::clash(Operation *op, unsigned output, int64_t element) {
  return op->emitOpError() << "expects blocks that store different elements, but block " << block - 1
                           << " stores element " << element << " of output " << output
                           << ", which another block stored";
}

LogicalResult TileProgram::store(tile::StoreOp op) {
  unsigned number = cast<BlockArgument>(op.getView()).getArgNumber() - inputs.size();
  const HostTensor &tensor = get(op.getTile());
  int64_t twice = -1;
  forEachPlace(tensor.getShape(), outputs[number].getShape(), scalars(op.getOffsets()), op.getTileDims(),
               [&](int64_t element, int64_t place) {
                 if (place >= 0 && !write(number, place, tensor[element]))
                   twice = place;
               });
  return twice < 0 ? success() : clash(op, number, twice);
}

LogicalResult TileProgram::scatter(tile::ScatterOp op) {
  unsigned number = cast<BlockArgument>(op.getView()).getArgNumber() - inputs.size();
  const HostTensor &tensor = get(op.getTile()), &indices = get(op.getIndices());
  SmallVector<int64_t> offsets = scalars(op.getOffsets());
  offsets.insert(offsets.begin(), 0);
  SmallVector<int64_t> dims = llvm::to_vector(llvm::seq<int64_t>(1, tensor.getRank()));
  int64_t rowSize = indices.size() == 0 ? 0 : tensor.size() / indices.size(), twice = -1;
  for (int64_t row = 0; row < indices.size(); ++row) {
    offsets[0] = static_cast<int64_t>(indices[row]); // outside: no place
    forEachPlace(tensor.getShape().drop_front(), outputs[number].getShape(), offsets, dims,
                 [&](int64_t element, int64_t place) {
                   if (place >= 0 && !write(number, place, tensor[row * rowSize + element]))
                     twice = place;
                 });
  }
  return twice < 0 ? success() : clash(op, number, twice);
}

//===- Ops ----------------------------------------------------------------------------------------===//

LogicalResult TileProgram::runAffine(Operation &op, AffineMap map) {
  Builder builder(op.getContext());
  SmallVector<Attribute> operands, results;
  for (Value operand : op.getOperands())
    operands.push_back(builder.getIndexAttr(scalar(operand)));
  if (failed(map.constantFold(operands, results)))
    return op.emitOpError("divides by zero");
  SmallVector<int64_t> numbers =
      llvm::map_to_vector(results, [](Attribute result) { return cast<IntegerAttr>(result).getInt(); });
  setIndex(op.getResult(0),
           isa<affine::AffineMaxOp>(op) ? *llvm::max_element(numbers) : *llvm::min_element(numbers));
  return success();
}

LogicalResult TileProgram::runPure(Operation &op) {
  SmallVector<const HostTensor *> operands =
      llvm::map_to_vector(op.getOperands(), [this](Value operand) { return values.at(operand).get(); });
  if (op.getNumResults() == 1) {
    HostTensor result = makeValue(op.getResult(0).getType());
    if (succeeded(runTileOp(&op, operands, result)) || succeeded(runElementwise(&op, operands, result))) {
      set(op.getResult(0), std::move(result));
      return success();
    }
  }
  return op.emitOpError(
      "expects an op of tile, arith, math, scf, tensor or affine that the tile interpreter runs");
}

LogicalResult TileProgram::runOp(Operation &op) {
  return TypeSwitch<Operation *, LogicalResult>(&op)
      .Case([&](arith::ConstantOp constant) {
        HostTensor result = makeValue(constant.getType());
        if (auto elements = dyn_cast<ElementsAttr>(constant.getValue()))
          fillFromAttribute(elements, result);
        else if (auto number = dyn_cast<FloatAttr>(constant.getValue()))
          result[0] = number.getValueAsDouble();
        else
          result[0] = constant.getType().isInteger(1) ? cast<BoolAttr>(constant.getValue()).getValue()
                                                      : cast<IntegerAttr>(constant.getValue()).getInt();
        return set(constant, std::move(result)), success();
      })
      .Case(
          [&](tile::ProgramIndexOp index) { return setIndex(index, coordinates[index.getDim()]), success(); })
      .Case([&](tile::DimOp dim) {
        return setIndex(dim, viewData(dim.getView()).dim(dim.getDim())), success();
      })
      .Case([&](tile::LoadOp op) { return set(op, load(op)), success(); })
      .Case([&](tile::GatherOp op) { return set(op, gather(op)), success(); })
      .Case([&](tile::StoreOp op) { return store(op); })
      .Case([&](tile::ScatterOp op) { return scatter(op); })
      .Case([&](scf::ForOp loop) { return runFor(loop); })
      .Case([&](scf::IfOp conditional) { return runIf(conditional); })
      .Case<affine::AffineApplyOp, affine::AffineMinOp, affine::AffineMaxOp>(
          [&](auto affineOp) { return runAffine(op, affineOp.getAffineMap()); })
      .Default([&](Operation *) { return runPure(op); });
}
} // namespace

LogicalResult girih::reference::runTileProgram(tile::ProgramOp program, ArrayRef<const HostTensor *> inputs,
                                               MutableArrayRef<HostTensor> outputs) {
  return TileProgram(program, inputs, outputs).run();
}
