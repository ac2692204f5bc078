// Loop nests: rows outside, vectors of 16 along the innermost dimension, no further than the tile is needed.
#include "lib/Target/CPU/ProgramLowering.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace girih;
using namespace girih::cpu;

int girih::cpu::laneDim(ArrayRef<int64_t> shape) {
  for (int dim = int(shape.size()) - 1; dim >= 0; --dim)
    if (shape[dim] > 1)
      return dim;
  return int(shape.size()) - 1;
}

Type girih::cpu::storageType(Type element) {
  if (element.isInteger(1))
    return IntegerType::get(element.getContext(), 8);
  return isa<BFloat16Type, Float16Type>(element) ? IntegerType::get(element.getContext(), 16) : element;
}

/// A place in scratch. Rows are padded to whole vectors. A register block writes whole vectors even to a
/// single column.
Slot ProgramLowering::allocate(RankedTensorType type) {
  Slot slot;
  slot.type = type;
  int lane = laneDim(type.getShape());
  if (hasSingleColumnDot && type.getRank() == 2 && type.getDimSize(1) == 1)
    lane = 1;
  slot.strides.resize(type.getRank());
  int64_t stride = 1;
  for (int dim = int(type.getRank()) - 1; dim >= 0; --dim) {
    slot.strides[dim] = stride;
    int64_t size = type.getDimSize(dim);
    if (dim == lane)
      size = llvm::alignTo(size, lanes);
    stride *= size;
  }
  Type element = storageType(type.getElementType());
  int64_t bytes = std::max<int64_t>(stride, 1) * llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(entryEnd);
  slot.pointer = address(function.getArgument(2), builder.getI8Type(), constant(scratchBytes));
  scratchBytes += llvm::alignTo(bytes, 64) + 64; // the gap staggers slots over cache sets
  return slot;
}

/// How far anybody needs the tile, per dimension.
SmallVector<Value> ProgramLowering::neededBounds(Value tile) {
  SmallVector<Value> bounds;
  ArrayRef<Need> needs = extents.need(tile);
  for (auto [dim, size] : llvm::enumerate(cast<RankedTensorType>(tile.getType()).getShape())) {
    Value bound = constant(size);
    if (dim < needs.size() && !needs[dim].all && !needs[dim].terms.empty() && size > 1) {
      Value most;
      for (const Need::Term &term : needs[dim].terms) {
        Value held = minimum(constant(size), sub(views[term.view].sizes[term.dim], mapped(term.offset)));
        most = most ? Value(arith::MaxSIOp::create(builder, loc, most, held)) : held;
      }
      bound = most;
    }
    bounds.push_back(bound);
  }
  return bounds;
}

/// Runs `body` for 0, step, … below bound. A single turn needs no loop.
void ProgramLowering::forLoop(Value bound, int64_t step, function_ref<void(Value)> body) {
  std::optional<int64_t> count = getConstantIntValue(bound);
  if (count && *count <= step) {
    if (*count > 0)
      body(constant(0));
    return;
  }
  auto loop = scf::ForOp::create(builder, loc, constant(0), bound, constant(step));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(loop.getBody()->getTerminator());
  scopes.emplace_back().loop = loop;
  body(loop.getInductionVar());
  scopes.pop_back();
}

void ProgramLowering::nest(RankedTensorType type, ArrayRef<Value> bounds,
                           function_ref<void(const Point &)> body, bool vectors) {
  if (scopes.size() == 1)
    scopes.back().memo.clear();
  Point point;
  point.lane = vectors ? laneDim(type.getShape()) : -1;
  auto recurse = [&](auto &&self, int dim) -> void {
    if (dim == type.getRank())
      return body(point);
    forLoop(bounds[dim], dim == point.lane ? lanes : 1, [&](Value index) {
      point.index.push_back(index);
      self(self, dim + 1);
      point.index.pop_back();
    });
  };
  recurse(recurse, 0);
}

/// Computes a tile into a slot.
void ProgramLowering::keep(Value tile, const Slot &slot) {
  auto found = slots.find(tile);
  if (found == slots.end()) {
    if (auto concat = tile.getDefiningOp<tile::ConcatOp>())
      return keepConcat(concat, slot);
    auto constant = tile.getDefiningOp<arith::ConstantOp>();
    if (constant && !cast<DenseElementsAttr>(constant.getValue()).isSplat())
      return keepConstant(cast<DenseElementsAttr>(constant.getValue()), slot);
  }
  nest(slot.type, neededBounds(tile),
       [&](const Point &point) { storeSlot(slot, point, evaluate(tile, point)); });
}

/// Parts side by side in a row end where they end: what a whole vector would run into may be written already.
void ProgramLowering::keepConcat(tile::ConcatOp op, const Slot &slot) {
  int64_t offset = 0;
  for (Value input : op.getInputs()) {
    auto type = cast<RankedTensorType>(input.getType());
    Slot part = slot;
    part.type = type;
    part.pointer = address(slot.pointer, storageType(type.getElementType()),
                           constant(offset * slot.strides[op.getAxis()]));
    part.isPart = true;
    nest(type, neededBounds(input),
         [&](const Point &point) { storeSlot(part, point, evaluate(input, point)); });
    offset += type.getDimSize(op.getAxis());
  }
}

void ProgramLowering::keepConstant(DenseElementsAttr values, const Slot &slot) {
  SmallVector<int64_t> index(slot.type.getRank(), 0);
  for (Attribute value : values.getValues<Attribute>()) {
    Point point;
    for (int64_t i : index)
      point.index.push_back(constant(i));
    storeSlot(slot, point, arith::ConstantOp::create(builder, loc, cast<TypedAttr>(value)));
    for (int dim = int(index.size()) - 1; dim >= 0 && ++index[dim] == slot.type.getDimSize(dim); --dim)
      index[dim] = 0;
  }
}

/// The loops stop where the view ends, so only the last vector of a row may need a mask: where the view ends,
/// or the tile does. What lies behind a tile is another block's, which may have been stored already.
void ProgramLowering::lowerStore(tile::StoreOp op) {
  auto type = cast<RankedTensorType>(op.getTile().getType());
  const View &view = views[op.getView()];
  SmallVector<int64_t> dims = op.getTileDims();
  SmallVector<Value> bounds;
  SmallVector<bool> bounded(view.sizes.size(), false);
  for (auto [size, dim] : llvm::zip(type.getShape(), dims)) {
    Value offset = op.getOffsets()[dim];
    std::optional<int64_t> most = upperBound(offset), held = getConstantIntValue(view.sizes[dim]);
    bool fits = most && held && *most + size <= *held;
    bounds.push_back(fits ? constant(size) : minimum(constant(size), sub(view.sizes[dim], mapped(offset))));
    bounded[dim] = isNonNegative(offset);
  }
  nest(
      type, bounds,
      [&](const Point &point) {
        Access where = access(op.getOffsets(), dims, view, type, point);
        for (auto [dim, done] : llvm::enumerate(bounded))
          if (done && int(dim) != where.lane)
            where.checked[dim] = false;
        if (point.lane >= 0 && type.getDimSize(point.lane) % lanes) {
          where.checked[where.lane] = true;
          where.end = add(mapped(op.getOffsets()[where.lane]), constant(type.getDimSize(point.lane)));
        }
        storeView(view, where, evaluate(op.getTile(), point));
      },
      /*vectors=*/type.getNumElements() > 1);
}

/// Rows go where their indices say; the test of a row is part of its addresses' bounds.
void ProgramLowering::lowerScatter(tile::ScatterOp op) {
  RankedTensorType type = op.getTile().getType();
  const View &view = views[op.getView()];
  auto store = [&](const Point &point) {
    Value number = evaluate(op.getIndices(), {{point.index[0]}, -1});
    Access where;
    where.position.push_back(arith::IndexCastOp::create(builder, loc, builder.getIndexType(), number));
    where.checked.push_back(true);
    for (auto [i, offset] : llvm::enumerate(op.getOffsets())) {
      int64_t size = type.getDimSize(i + 1);
      std::optional<int64_t> most = upperBound(offset), held = getConstantIntValue(view.sizes[i + 1]);
      bool isLane = point.lane == int(i + 1);
      bool fits = most && held && *most + (isLane ? int64_t(llvm::alignTo(size, lanes)) : size) <= *held &&
                  isNonNegative(offset);
      where.position.push_back(add(mapped(offset), point.index[i + 1]));
      where.checked.push_back(!fits);
      if (!isLane)
        continue;
      where.lane = i + 1;
      where.mayBeNegative = !isNonNegative(offset);
      if (size % lanes)
        where.end = add(mapped(offset), constant(size)), where.checked.back() = true;
    }
    storeView(view, where, evaluate(op.getTile(), point));
  };
  nest(type, neededBounds(op.getTile()), store, /*vectors=*/laneDim(type.getShape()) > 0);
}
