// The pull: memoised tiles, loads of kernel arguments, and run-time sizes found among the views.
#include "lib/Tiling/Pull.h"
#include "lib/Tiling/Emit.h"

using namespace mlir;
using namespace girih;
using namespace girih::tiling;

ProgramPull::ProgramPull(tile::ProgramOp program, func::FuncOp kernel, const CostModel &cost)
    : builder_(program.getContext()), cost_(cost), entry_(&program.getBody().front()) {
  builder_.setInsertionPointToStart(entry_);
  for (auto [argument, view] : llvm::zip(kernel.getArguments(), entry_->getArguments()))
    views_[argument] = view;
  SmallVector<Type> types(kernel.getArgumentTypes());
  llvm::append_range(types, kernel.getResultTypes());
  for (auto [type, view] : llvm::zip(types, entry_->getArguments()))
    for (auto [d, size] : llvm::enumerate(graph::getSizes(cast<RankedTensorType>(type))))
      if (!size.isConstant())
        sizes_.push_back({size, {view, static_cast<int64_t>(d)}});
}

FailureOr<Value> ProgramPull::pull(Value value, ArrayRef<OpFoldResult> offsets, ArrayRef<int64_t> sizes) {
  if (Value known = find(value, offsets, sizes))
    return known;
  FailureOr<Value> tile;
  if (Value view = views_.lookup(value)) {
    tile = load(view, offsets, sizes);
  } else {
    auto op = cast<OpResult>(value).getOwner();
    auto tileable = dyn_cast<graph::TileableOpInterface>(op);
    if (!tileable)
      return op->emitOpError(
          "expected an op that can compute one tile of its result, found one without TileableOpInterface");
    tile = tileable.emitTile(*this, cast<OpResult>(value).getResultNumber(), offsets, sizes);
  }
  if (succeeded(tile))
    remember(value, offsets, sizes, *tile);
  return tile;
}

void ProgramPull::remember(Value value, ArrayRef<OpFoldResult> offsets, ArrayRef<int64_t> sizes, Value tile) {
  memo_[value].push_back({llvm::to_vector(offsets), llvm::to_vector(sizes), tile});
}

/// A tile computed in an enclosing block came earlier there, since programs grow at their end; one from a
/// finished loop is out of reach.
bool ProgramPull::isVisible(Value tile) {
  Block *home = tile.getParentBlock();
  for (Block *block = builder_.getInsertionBlock(); block;) {
    if (block == home)
      return true;
    if (block == entry_)
      return false;
    block = block->getParentOp()->getBlock();
  }
  return false;
}

/// Whether two offsets are the same number: one value, or equal arithmetic on equal values.
static bool isSame(OpFoldResult a, OpFoldResult b) {
  if (a == b)
    return true;
  std::optional<int64_t> x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x || y)
    return x == y;
  Operation *left = cast<Value>(a).getDefiningOp(), *right = cast<Value>(b).getDefiningOp();
  return left && right && isa<arith::MulIOp, arith::AddIOp>(left) && left->getName() == right->getName() &&
         llvm::all_of(llvm::zip(left->getOperands(), right->getOperands()), [](auto pair) {
           return isSame(OpFoldResult(std::get<0>(pair)), OpFoldResult(std::get<1>(pair)));
         });
}

static bool areSame(ArrayRef<OpFoldResult> a, ArrayRef<OpFoldResult> b) {
  return a.size() == b.size() && llvm::all_of(llvm::zip(a, b), [](auto pair) {
           return isSame(std::get<0>(pair), std::get<1>(pair));
         });
}

Value ProgramPull::find(Value value, ArrayRef<OpFoldResult> offsets, ArrayRef<int64_t> sizes) {
  for (Entry &entry : llvm::reverse(memo_[value]))
    if (ArrayRef(entry.sizes) == sizes && areSame(entry.offsets, offsets) && isVisible(entry.tile))
      return entry.tile;
  return {};
}

Value ProgramPull::load(Value view, ArrayRef<OpFoldResult> offsets, ArrayRef<int64_t> sizes) {
  Location loc = view.getLoc();
  SmallVector<Value> indices;
  for (OpFoldResult offset : offsets)
    indices.push_back(toIndex(builder_, loc, offset));
  auto type = RankedTensorType::get(sizes, cast<tile::ViewType>(view.getType()).getElementType());
  return widen(builder_, loc, tile::LoadOp::create(builder_, loc, type, view, indices));
}

FailureOr<Value> ProgramPull::view(Value value) {
  if (Value view = views_.lookup(value))
    return view;
  return failure();
}

/// The size as a view states it, or as the product of sizes that views state.
Value ProgramPull::findSize(const graph::SizeExpr &size) {
  for (auto &[known, place] : sizes_)
    if (known == size)
      return tile::DimOp::create(builder_, place.first.getLoc(), place.first, place.second);
  for (auto &[known, place] : sizes_) {
    std::optional<graph::SizeExpr> rest = size.dividedBy(known);
    if (!rest)
      continue;
    Location loc = place.first.getLoc();
    Value other = rest->isConstant() ? toIndex(builder_, loc, builder_.getIndexAttr(*rest->getConstant()))
                                     : findSize(*rest);
    if (!other)
      continue;
    Value part = tile::DimOp::create(builder_, loc, place.first, place.second);
    return arith::MulIOp::create(builder_, loc, part, other);
  }
  return {};
}

OpFoldResult ProgramPull::dim(Value value, int64_t dimension) {
  graph::SizeExpr size = graph::getSize(cast<RankedTensorType>(value.getType()), dimension);
  if (std::optional<int64_t> constant = size.getConstant())
    return builder_.getIndexAttr(*constant);
  Value found = findSize(size);
  assert(found && "kernels carry an argument or result for every size they need");
  return found;
}
