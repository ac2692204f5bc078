// Addresses and bounds: how an element of a tile is read from and written to views and slots.
#include "lib/Target/NVIDIA/ProgramLowering.h"

#include "lib/Target/Bounds.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace girih;
using namespace girih::nvidia;

Value ProgramLowering::address(Value base, Type element, Value index) {
  if (getConstantIntValue(index) == 0)
    return base;
  return LLVM::GEPOp::create(builder, loc, base.getType(), element, base, ValueRange{toI64(index)});
}

Value ProgramLowering::fromStorage(Value value, Type element) {
  if (!element.isInteger(1))
    return value;
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, value, zero(value.getType()));
}

Value ProgramLowering::toStorage(Value value) {
  if (!value.getType().isInteger(1))
    return value;
  return arith::ExtUIOp::create(builder, loc, builder.getI8Type(), value);
}

//===- Views --------------------------------------------------------------------------------------===//

/// Where a point lies, and in which dimensions it may lie outside the view.
ProgramLowering::Access ProgramLowering::access(ValueRange offsets, ArrayRef<int64_t> dims, const View &view,
                                                ArrayRef<int64_t> shape, const Point &point) {
  Access result;
  for (auto [dim, offset] : llvm::enumerate(offsets)) {
    Value position = mapped(offset);
    int64_t span = 1;
    if (auto *found = llvm::find(dims, int64_t(dim)); found != dims.end()) {
      position = add(position, point[found - dims.begin()]);
      span = shape[found - dims.begin()];
    }
    std::optional<int64_t> most = upperBound(offset), held = getConstantIntValue(view.sizes[dim]);
    result.position.push_back(position);
    result.checked.push_back(!(most && held && *most + span <= *held && isNonNegative(offset)));
  }
  return result;
}

/// Where an element of a load's or a gather's tile lies. A gather's row is inside, because it is clamped.
ProgramLowering::Access ProgramLowering::accessOf(Operation *source, const Point &point) {
  const View &view = views[source->getOperand(0)];
  if (auto load = dyn_cast<tile::LoadOp>(source))
    return access(load.getOffsets(), load.getTileDims(), view, load.getResult().getType().getShape(), point);
  auto gather = cast<tile::GatherOp>(source);
  Value number = evaluate(gather.getIndices(), {point[0]});
  Value row = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), number);
  Access where;
  where.position.push_back(
      arith::MaxSIOp::create(builder, loc, minimum(row, sub(view.sizes[0], constant(1))), constant(0)));
  where.checked.push_back(false);
  for (auto [i, offset] : llvm::enumerate(gather.getOffsets())) {
    int64_t span = gather.getResult().getType().getDimSize(i + 1);
    std::optional<int64_t> most = upperBound(offset), held = getConstantIntValue(view.sizes[i + 1]);
    where.position.push_back(add(mapped(offset), point[i + 1]));
    where.checked.push_back(!(most && held && *most + span <= *held && isNonNegative(offset)));
  }
  return where;
}

/// True where the position is inside the view; null if that is certain.
Value ProgramLowering::inside(const View &view, const Access &access) {
  Value all;
  for (auto [dim, position] : llvm::enumerate(access.position))
    if (access.checked[dim])
      all = both(all, less(position, view.sizes[dim]));
  return all;
}

Value ProgramLowering::elementAddress(const View &view, const Access &access) {
  Value index = constant(0);
  for (auto [position, stride] : llvm::zip(access.position, view.strides))
    index = add(index, mul(position, stride));
  return address(view.data, storageType(view.type.getElementType()), index);
}

/// What lies outside reads as zero; the view's first element is read in its stead, because a branch would
/// keep loads of a loop's next turns from being under way together.
Value ProgramLowering::loadView(const View &view, const Access &access) {
  Type element = view.type.getElementType(), storage = storageType(element);
  Value in = inside(view, access), at = elementAddress(view, access);
  if (in)
    at = arith::SelectOp::create(builder, loc, in, at, view.data);
  auto load = LLVM::LoadOp::create(builder, loc, storage, at);
  load.setInvariant(view.isConstant);
  Value value = load;
  if (in)
    value = arith::SelectOp::create(builder, loc, in, value, zero(storage));
  return fromStorage(value, element);
}

void ProgramLowering::storeView(const View &view, const Access &access, Value value) {
  value = toStorage(value);
  Value in = inside(view, access);
  OpBuilder::InsertionGuard guard(builder);
  if (in) {
    auto branch = scf::IfOp::create(builder, loc, in);
    builder.setInsertionPoint(branch.thenBlock()->getTerminator());
  }
  LLVM::StoreOp::create(builder, loc, value, elementAddress(view, access));
}

//===- Slots --------------------------------------------------------------------------------------===//

Value ProgramLowering::slotAddress(const Slot &slot, const Point &point) {
  Value index = constant(0);
  for (auto [position, stride] : llvm::zip(point, slot.strides))
    index = add(index, mul(position, constant(stride)));
  return address(slot.pointer, storageType(slot.type.getElementType()), index);
}

Value ProgramLowering::loadSlot(const Slot &slot, const Point &point) {
  current.read = true;
  Type element = slot.type.getElementType();
  return fromStorage(LLVM::LoadOp::create(builder, loc, storageType(element), slotAddress(slot, point)),
                     element);
}

void ProgramLowering::storeSlot(const Slot &slot, const Point &point, Value value) {
  current.written = true;
  LLVM::StoreOp::create(builder, loc, toStorage(value), slotAddress(slot, point));
}
