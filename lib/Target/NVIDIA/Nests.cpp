// Elements dealt out to the threads of a block, one after another, so that neighbours are accessed by
// neighbours; and the barriers between those who write shared memory and those who read it.
#include "lib/Target/NVIDIA/ProgramLowering.h"

#include "lib/Target/Bounds.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace girih;
using namespace girih::nvidia;

Type girih::nvidia::storageType(Type element) {
  return element.isInteger(1) ? IntegerType::get(element.getContext(), 8) : element;
}

//===- Shared memory ------------------------------------------------------------------------------===//

Value ProgramLowering::sharedAddress(int64_t offset) {
  return address(sharedBase, builder.getI8Type(), constant(offset));
}

/// Rows whose length is a multiple of the banks are eight elements apart in them, so that what walks down a
/// column meets other banks.
Slot ProgramLowering::allocate(RankedTensorType type) {
  Slot slot;
  slot.type = type;
  slot.strides.resize(type.getRank());
  Type element = storageType(type.getElementType());
  int64_t stride = 1, bytes = llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
  for (int dim = int(type.getRank()) - 1; dim >= 0; --dim) {
    slot.strides[dim] = stride;
    stride *= type.getDimSize(dim);
    bool isRow = dim == int(type.getRank()) - 1 && type.getRank() > 1;
    if (isRow && stride * bytes % 128 == 0)
      stride += 8;
  }
  slot.offset = shared.take(stride * bytes);
  slot.pointer = sharedAddress(slot.offset);
  return slot;
}

void ProgramLowering::barrier() {
  NVVM::Barrier0Op::create(builder, loc);
  pending = {};
}

/// Work of all threads: a barrier comes before it if it reads what another thread may just have written, or
/// writes what another may still read.
void ProgramLowering::phase(function_ref<void()> body) {
  Operation *begin = arith::ConstantOp::create(builder, loc, builder.getIndexAttr(0));
  current = {};
  memo.clear();
  memo.emplace_back();
  body();
  memo.clear();
  if ((current.read && pending.written) || (current.written && (pending.read || pending.written))) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(begin);
    barrier();
  }
  pending.read |= current.read;
  pending.written |= current.written;
  begin->erase();
}

//===- Elements -----------------------------------------------------------------------------------===//

/// How many elements each thread has, if all have as many: then their code is written out, so that loads are
/// under way together.
static std::optional<int64_t> evenShare(ArrayRef<Value> bounds) {
  constexpr int64_t mostElements = 16;
  int64_t total = 1;
  for (Value bound : bounds) {
    std::optional<int64_t> size = getConstantIntValue(bound);
    if (!size)
      return std::nullopt;
    total *= *size;
  }
  bool isEven = total % kThreads == 0 && total / kThreads <= mostElements;
  return isEven ? std::optional(total / kThreads) : std::nullopt;
}

/// The element of a number, the last dimension fastest.
Point ProgramLowering::elementOf(Value number, ArrayRef<Value> bounds) {
  Point point(bounds.size());
  Value rest = number;
  for (int dim = int(bounds.size()) - 1; dim >= 0; --dim) {
    std::optional<int64_t> size = getConstantIntValue(bounds[dim]);
    bool outermost =
        llvm::all_of(bounds.take_front(dim), [](Value bound) { return getConstantIntValue(bound) == 1; });
    if (size == 1) {
      point[dim] = constant(0);
    } else if (outermost) {
      point[dim] = rest;
      rest = constant(0);
    } else {
      point[dim] =
          size ? remainder(rest, *size) : arith::RemUIOp::create(builder, loc, rest, bounds[dim]).getResult();
      rest = size ? divide(rest, *size) : arith::DivUIOp::create(builder, loc, rest, bounds[dim]).getResult();
    }
  }
  return point;
}

/// Runs `body` for every element below the bounds, each on one thread.
void ProgramLowering::eachElement(ArrayRef<Value> bounds, function_ref<void(const Point &)> body) {
  if (std::optional<int64_t> share = evenShare(bounds)) {
    Point first = elementOf(thread, bounds);
    int64_t inner = 1;
    for (Value bound : bounds.drop_front())
      inner *= *getConstantIntValue(bound);
    for (int64_t i = 0; i < *share; ++i) {
      // A fixed way apart: what is known about the first one serves all.
      Point point = first;
      if (kThreads % inner == 0)
        point[0] = add(first[0], constant(i * kThreads / inner));
      else
        point = elementOf(add(thread, constant(i * kThreads)), bounds);
      memo.emplace_back();
      body(point);
      memo.pop_back();
    }
    return;
  }
  Value total = constant(1);
  for (Value bound : bounds) // two that are negative would make elements out of nothing
    total = mul(total, getConstantIntValue(bound)
                           ? bound
                           : arith::MaxSIOp::create(builder, loc, bound, constant(0)).getResult());
  auto loop = scf::ForOp::create(builder, loc, thread, total, constant(kThreads));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(loop.getBody()->getTerminator());
  memo.emplace_back();
  body(elementOf(loop.getInductionVar(), bounds));
  memo.pop_back();
}

void ProgramLowering::nest(ArrayRef<Value> bounds, function_ref<void(const Point &)> body) {
  phase([&] { eachElement(bounds, body); });
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

//===- Kept tiles ---------------------------------------------------------------------------------===//

/// Computes a tile into a slot.
void ProgramLowering::keep(Value tile, const Slot &slot) {
  if (!slots.contains(tile)) {
    if (auto concat = tile.getDefiningOp<tile::ConcatOp>())
      return keepConcat(concat, slot);
    auto constant = tile.getDefiningOp<arith::ConstantOp>();
    if (constant && !cast<DenseElementsAttr>(constant.getValue()).isSplat())
      return keepConstant(cast<DenseElementsAttr>(constant.getValue()), slot);
  }
  nest(neededBounds(tile), [&](const Point &point) { storeSlot(slot, point, evaluate(tile, point)); });
}

void ProgramLowering::keepConcat(tile::ConcatOp op, const Slot &slot) {
  int64_t offset = 0;
  for (Value input : op.getInputs()) {
    nest(neededBounds(input), [&](const Point &point) {
      Point place = point;
      place[op.getAxis()] = add(point[op.getAxis()], constant(offset));
      storeSlot(slot, place, evaluate(input, point));
    });
    offset += cast<RankedTensorType>(input.getType()).getDimSize(op.getAxis());
  }
}

/// Every thread writes the same: they are few.
void ProgramLowering::keepConstant(DenseElementsAttr values, const Slot &slot) {
  phase([&] {
    SmallVector<int64_t> index(slot.type.getRank(), 0);
    for (Attribute value : values.getValues<Attribute>()) {
      Point point;
      for (int64_t i : index)
        point.push_back(constant(i));
      storeSlot(slot, point, arith::ConstantOp::create(builder, loc, cast<TypedAttr>(value)));
      for (int dim = int(index.size()) - 1; dim >= 0 && ++index[dim] == slot.type.getDimSize(dim); --dim)
        index[dim] = 0;
    }
  });
}

//===- Stores -------------------------------------------------------------------------------------===//

/// The elements stop where the view ends, so what is stored needs no test of its own.
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
  nest(bounds, [&](const Point &point) {
    Access where = access(op.getOffsets(), dims, view, type.getShape(), point);
    for (auto [dim, done] : llvm::enumerate(bounded))
      if (done)
        where.checked[dim] = false;
    storeView(view, where, evaluate(op.getTile(), point));
  });
}

/// Rows go where their indices say; the test of a row is part of its address' bounds.
void ProgramLowering::lowerScatter(tile::ScatterOp op) {
  const View &view = views[op.getView()];
  nest(neededBounds(op.getTile()), [&](const Point &point) {
    Value number = evaluate(op.getIndices(), {point[0]});
    Access where;
    where.position.push_back(arith::IndexCastOp::create(builder, loc, builder.getIndexType(), number));
    where.checked.push_back(true);
    for (auto [i, offset] : llvm::enumerate(op.getOffsets())) {
      int64_t size = op.getTile().getType().getDimSize(i + 1);
      std::optional<int64_t> most = upperBound(offset), held = getConstantIntValue(view.sizes[i + 1]);
      bool fits = most && held && *most + size <= *held && isNonNegative(offset);
      where.position.push_back(add(mapped(offset), point[i + 1]));
      where.checked.push_back(!fits);
    }
    storeView(view, where, evaluate(op.getTile(), point));
  });
}
