// Addresses, bounds and masks: how a point of a tile is read from and written to views and slots.
#include "lib/Target/CPU/ProgramLowering.h"

#include "dialects/Graph/Graph.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace girih;
using namespace girih::cpu;

static unsigned alignmentOf(Type element) { return std::max(1u, element.getIntOrFloatBitWidth() / 8); }

Value ProgramLowering::address(Value base, Type element, Value index) {
  std::optional<int64_t> known = getConstantIntValue(index);
  if (known == 0)
    return base;
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  // Not `inbounds`: masked lanes and rows may be addressed outside their buffer, and are not touched there.
  return LLVM::GEPOp::create(builder, loc, pointer, element, base, ValueRange{toI64(index)});
}

Value ProgramLowering::fromStorage(Value value, Type element) {
  Type type = value.getType();
  if (element.isInteger(1))
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, value, zero(type));
  if (element == getElementTypeOrSelf(type))
    return value;
  Type real = isa<VectorType>(type) ? Type(VectorType::get(lanes, element)) : element;
  return arith::BitcastOp::create(builder, loc, real, value);
}

Value ProgramLowering::toStorage(Value value) {
  Type type = value.getType(), element = getElementTypeOrSelf(type), storage = storageType(element);
  if (storage == element)
    return value;
  Type stored = isa<VectorType>(type) ? Type(VectorType::get(lanes, storage)) : storage;
  if (element.isInteger(1))
    return arith::ExtUIOp::create(builder, loc, stored, value);
  return arith::BitcastOp::create(builder, loc, stored, value);
}

/// 0, 1, … 15 as i32.
Value ProgramLowering::laneNumbers() {
  auto type = VectorType::get(lanes, builder.getI32Type());
  SmallVector<int32_t> numbers = llvm::to_vector(llvm::seq<int32_t>(0, lanes));
  return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, ArrayRef<int32_t>(numbers)));
}

/// Lanes 0 … count - 1.
Value ProgramLowering::maskBelow(Value count) {
  Value some = arith::MaxSIOp::create(builder, loc, minimum(count, constant(lanes)), constant(0));
  Value narrow = arith::IndexCastOp::create(builder, loc, builder.getI32Type(), some);
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, laneNumbers(), splat(narrow));
}

//===- Views --------------------------------------------------------------------------------------===//

/// Where a point lies, and in which dimensions it may lie outside the view.
ProgramLowering::Access ProgramLowering::access(ValueRange offsets, ArrayRef<int64_t> dims, const View &view,
                                                RankedTensorType tile, const Point &point) {
  Access result;
  for (auto [dim, offset] : llvm::enumerate(offsets)) {
    Value position = mapped(offset);
    int64_t span = 1;
    auto *found = llvm::find(dims, int64_t(dim));
    if (found != dims.end()) {
      int tileDim = found - dims.begin();
      position = add(position, point.index[tileDim]);
      span = tile.getDimSize(tileDim);
      if (tileDim == point.lane) {
        result.lane = dim;
        result.mayBeNegative = !isNonNegative(offset);
        span = llvm::alignTo(span, lanes);
      }
    }
    std::optional<int64_t> most = upperBound(offset), held = getConstantIntValue(view.sizes[dim]);
    result.position.push_back(position);
    result.checked.push_back(!(most && held && *most + span <= *held && isNonNegative(offset)));
  }
  return result;
}

/// True where the position is inside the view in all dimensions but the lanes'; null if that is certain.
Value ProgramLowering::inside(const View &view, const Access &access) {
  Value all;
  for (auto [dim, position] : llvm::enumerate(access.position)) {
    if (!access.checked[dim] || int(dim) == access.lane)
      continue;
    // Unsigned: a negative position is outside too.
    Value in = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, position, view.sizes[dim]);
    all = all ? Value(arith::AndIOp::create(builder, loc, all, in)) : in;
  }
  return all;
}

/// The lanes that are inside the view; null if all are.
Value ProgramLowering::laneMask(const View &view, const Access &access) {
  Value mask, all = inside(view, access);
  if (access.lane >= 0 && access.checked[access.lane]) {
    Value position = access.position[access.lane];
    Value size = view.sizes[access.lane];
    mask = maskBelow(sub(access.end ? minimum(size, access.end) : size, position));
    if (access.mayBeNegative) {
      Value before = maskBelow(sub(constant(0), position));
      Value every = splat(arith::ConstantOp::create(builder, loc, builder.getBoolAttr(true)));
      mask = arith::AndIOp::create(builder, loc, mask, arith::XOrIOp::create(builder, loc, before, every));
    }
  }
  if (!all)
    return mask;
  return mask ? Value(arith::AndIOp::create(builder, loc, mask, splat(all))) : splat(all);
}

Value ProgramLowering::linearIndex(const View &view, const Access &access) {
  if (auto panels = dyn_cast_or_null<graph::PanelsAttr>(view.type.getEncoding())) {
    Value width = constant(panels.getWidth()), n = access.position[0], k = access.position[1];
    Value panel = arith::DivUIOp::create(builder, loc, n, width);
    Value column = arith::RemUIOp::create(builder, loc, n, width);
    return add(mul(add(mul(panel, view.sizes[1]), k), width), column);
  }
  Value index = constant(0);
  for (auto [position, stride] : llvm::zip(access.position, view.strides))
    index = add(index, mul(position, stride));
  return index;
}

/// One address per lane, for lanes that are not neighbours in memory.
Value ProgramLowering::laneAddresses(const View &view, const Access &access) {
  auto type = VectorType::get(lanes, builder.getI64Type());
  Value addresses = LLVM::PoisonOp::create(
      builder, loc, VectorType::get(lanes, LLVM::LLVMPointerType::get(builder.getContext())));
  (void)type;
  for (int64_t lane = 0; lane < lanes; ++lane) {
    Access one = access;
    one.position[access.lane] = add(access.position[access.lane], constant(lane));
    Value at = address(view.data, storageType(view.type.getElementType()), linearIndex(view, one));
    addresses = vector::InsertOp::create(builder, loc, at, addresses, lane);
  }
  return addresses;
}

Value ProgramLowering::loadScalar(const View &view, const Access &access) {
  Type element = view.type.getElementType(), storage = storageType(element);
  Value index = linearIndex(view, access), in = inside(view, access);
  if (in)
    index = arith::SelectOp::create(builder, loc, in, index, constant(0));
  Value value = LLVM::LoadOp::create(builder, loc, storage, address(view.data, storage, index));
  if (in)
    value = arith::SelectOp::create(builder, loc, in, value, zero(storage));
  return fromStorage(value, element);
}

/// True if neighbouring lanes lie side by side.
static bool areNeighbours(const View &view, int lane) {
  return !view.type.getEncoding() && getConstantIntValue(view.strides[lane]) == 1;
}

Value ProgramLowering::loadView(const View &view, const Access &access) {
  if (isa_and_present<graph::BlocksAttr, graph::BlockPanelsAttr>(view.type.getEncoding()))
    return loadBlocks(view, access);
  if (access.lane < 0)
    return loadScalar(view, access);
  Type element = view.type.getElementType(), storage = storageType(element);
  auto type = VectorType::get(lanes, storage);
  Value mask = laneMask(view, access), value;
  if (areNeighbours(view, access.lane)) {
    Value at = address(view.data, storage, linearIndex(view, access));
    if (mask)
      value = LLVM::MaskedLoadOp::create(builder, loc, type, at, mask, zero(type), alignmentOf(storage));
    else
      value = LLVM::LoadOp::create(builder, loc, type, at, alignmentOf(storage));
  } else {
    if (!mask)
      mask = splat(arith::ConstantOp::create(builder, loc, builder.getBoolAttr(true)));
    value = LLVM::masked_gather::create(builder, loc, type, laneAddresses(view, access), mask, zero(type),
                                        alignmentOf(storage));
  }
  return fromStorage(value, element);
}

void ProgramLowering::storeView(const View &view, const Access &access, Value value) {
  Type storage = storageType(view.type.getElementType());
  value = toStorage(value);
  if (access.lane < 0) {
    Value in = inside(view, access), at = address(view.data, storage, linearIndex(view, access));
    if (!in)
      LLVM::StoreOp::create(builder, loc, value, at);
    else
      scf::IfOp::create(builder, loc, in, [&](OpBuilder &then, Location) {
        LLVM::StoreOp::create(then, loc, value, at);
        scf::YieldOp::create(then, loc);
      });
    return;
  }
  value = splat(value);
  Value mask = laneMask(view, access);
  if (areNeighbours(view, access.lane)) {
    Value at = address(view.data, storage, linearIndex(view, access));
    if (mask)
      LLVM::MaskedStoreOp::create(builder, loc, value, at, mask, alignmentOf(storage));
    else
      LLVM::StoreOp::create(builder, loc, value, at, alignmentOf(storage));
    return;
  }
  if (!mask)
    mask = splat(arith::ConstantOp::create(builder, loc, builder.getBoolAttr(true)));
  LLVM::masked_scatter::create(builder, loc, value, laneAddresses(view, access), mask, alignmentOf(storage));
}

//===- Slots --------------------------------------------------------------------------------------===//

/// A slot seen as a view, for lanes that run along another dimension than the slot's own.
static View viewOf(const Slot &slot, ArrayRef<Value> sizes, ArrayRef<Value> strides) {
  View view;
  view.data = slot.pointer;
  view.type = tile::ViewType::get(slot.type.getShape(), slot.type.getElementType());
  view.sizes.assign(sizes.begin(), sizes.end());
  view.strides.assign(strides.begin(), strides.end());
  return view;
}

Value ProgramLowering::loadSlot(const Slot &slot, const Point &point) {
  Access where{point.index, SmallVector<bool, 4>(point.index.size(), false), point.lane};
  SmallVector<Value> sizes, strides;
  for (auto [size, stride] : llvm::zip(slot.type.getShape(), slot.strides)) {
    sizes.push_back(constant(size));
    strides.push_back(constant(stride));
  }
  where.mayBeNegative = false;
  if (point.lane >= 0 && slot.strides[point.lane] != 1)
    where.checked[point.lane] = true;
  return loadView(viewOf(slot, sizes, strides), where);
}

void ProgramLowering::storeSlot(const Slot &slot, const Point &point, Value value) {
  Access where{point.index, SmallVector<bool, 4>(point.index.size(), false), point.lane};
  SmallVector<Value> sizes, strides;
  for (auto [size, stride] : llvm::zip(slot.type.getShape(), slot.strides)) {
    sizes.push_back(constant(size));
    strides.push_back(constant(stride));
  }
  where.mayBeNegative = false;
  bool endsInside = slot.isPart && point.lane >= 0 && slot.type.getDimSize(point.lane) % lanes;
  if (endsInside || (point.lane >= 0 && slot.strides[point.lane] != 1))
    where.checked[point.lane] = true;
  storeView(viewOf(slot, sizes, strides), where, value);
}
