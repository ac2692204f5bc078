// Chunks of a dot's operands on their way through shared memory: copied by the copy engine of each
// multiprocessor while others are multiplied where they lie in memory as they are, evaluated element by
// element where not.
#include "lib/Target/NVIDIA/ProgramLowering.h"

#include "lib/Target/Bounds.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace girih;
using namespace girih::nvidia;

/// Bytes of one asynchronous copy, the most that there is, and what addresses are multiples of.
static constexpr int64_t kCopyBytes = 16;

Point ProgramLowering::Operand::at(Value line, Value depth) const {
  return lineDim == 0 ? Point{line, depth} : Point{depth, line};
}

/// `padding`: elements between rows, so that what walks down a column meets all banks.
ProgramLowering::Stage ProgramLowering::stageFor(const Operand &operand, int64_t lines, int64_t depth,
                                                 bool linesRun, int64_t padding, int64_t buffers,
                                                 bool isPermuted) {
  Stage stage;
  stage.isPermuted = isPermuted;
  stage.depth = depth;
  stage.linesRun = linesRun;
  stage.element = operand.element;
  stage.stride = (linesRun ? lines : depth) + padding;
  stage.bytes =
      llvm::alignTo((linesRun ? depth : lines) * stage.stride * (operand.element.getIntOrFloatBitWidth() / 8),
                    isPermuted ? 1024 : 128);
  stage.offset = shared.take(stage.bytes * buffers, isPermuted ? 1024 : 128);
  stage.base = sharedAddress(stage.offset);
  return stage;
}

Value ProgramLowering::stageAddress(const Stage &stage, Value buffer, Value line, Value depth) {
  Value slow = stage.linesRun ? depth : line, fast = stage.linesRun ? line : depth;
  if (stage.isPermuted) {
    Value piece = arith::XOrIOp::create(builder, loc, divide(fast, 8), remainder(slow, 8));
    fast = add(mul(piece, constant(8)), remainder(fast, 8));
  }
  return address(buffer, stage.element, add(mul(slow, constant(stage.stride)), fast));
}

Value ProgramLowering::bufferOf(const Stage &stage, Value chunk, int64_t buffers) {
  return address(stage.base, builder.getI8Type(), mul(remainder(chunk, buffers), constant(stage.bytes)));
}

/// The load or gather that a tile is, perhaps without its dimensions of one element; which of its dimensions
/// each of the tile's is.
static std::pair<Operation *, SmallVector<unsigned>> findSource(Value tile) {
  SmallVector<unsigned> dims = {0, 1};
  if (auto reshape = tile.getDefiningOp<tile::ReshapeOp>()) {
    auto from = cast<RankedTensorType>(reshape.getInput().getType());
    dims.clear();
    SmallVector<int64_t> sizes;
    for (auto [dim, size] : llvm::enumerate(from.getShape()))
      if (size != 1)
        dims.push_back(dim), sizes.push_back(size);
    if (ArrayRef<int64_t>(sizes) != cast<RankedTensorType>(tile.getType()).getShape())
      return {};
    tile = reshape.getInput();
  }
  Operation *source = tile.getDefiningOp();
  return {isa_and_nonnull<tile::LoadOp, tile::GatherOp>(source) ? source : nullptr, dims};
}

/// The dimension of the view that a dimension of the tile runs along, and where it begins there; none for the
/// rows of a gather.
static std::pair<int64_t, Value> placeInView(Operation *source, unsigned dim) {
  if (auto load = dyn_cast<tile::LoadOp>(source)) {
    int64_t viewDim = load.getTileDims()[dim];
    return {viewDim, load.getOffsets()[viewDim]};
  }
  return {dim, dim == 0 ? Value() : cast<tile::GatherOp>(source).getOffsets()[dim - 1]};
}

static bool isZero(Value tile) {
  auto constant = tile.getDefiningOp<arith::ConstantOp>();
  auto values = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : DenseElementsAttr();
  return values && values.isSplat() && isa<FloatType>(values.getElementType()) &&
         values.getSplatValue<APFloat>().isPosZero();
}

/// The tile that is the operand where a mask holds, which is the same along each row, and zero elsewhere:
/// copies can do that. The tile may be wider in between, if nothing is rounded by it.
static std::pair<Value, Value> withoutMask(Value tile, unsigned runs) {
  auto narrowed = tile.getDefiningOp<arith::TruncFOp>();
  auto select = (narrowed ? narrowed.getIn() : tile).getDefiningOp<arith::SelectOp>();
  auto mask = select ? select.getCondition().getDefiningOp<tile::BroadcastOp>() : tile::BroadcastOp();
  if (!mask || !isZero(select.getFalseValue()) || llvm::is_contained(mask.getDims(), int64_t(runs)))
    return {tile, Value()};
  if (!narrowed)
    return {select.getTrueValue(), select.getCondition()};
  auto widened = select.getTrueValue().getDefiningOp<arith::ExtFOp>();
  if (!widened || widened.getIn().getType() != tile.getType())
    return {tile, Value()};
  return {widened.getIn(), select.getCondition()};
}

/// Rows of whole copies, which begin where copies may.
std::optional<ProgramLowering::Copied> ProgramLowering::copied(const Operand &operand) {
  if (slots.contains(operand.tile))
    return std::nullopt;
  auto [unmasked, mask] = withoutMask(operand.tile, operand.linesRun() ? operand.lineDim : operand.depthDim);
  auto [source, dims] = findSource(unmasked);
  int64_t each = kCopyBytes * 8 / operand.element.getIntOrFloatBitWidth();
  if (!source || slots.contains(unmasked) || slots.contains(source->getResult(0)))
    return std::nullopt;
  auto view = cast<tile::ViewType>(source->getOperand(0).getType());
  auto [viewDim, begin] = placeInView(source, dims[operand.linesRun() ? operand.lineDim : operand.depthDim]);
  if (view.getEncoding() || view.getElementType() != operand.element || !begin ||
      viewDim != view.getRank() - 1)
    return std::nullopt;
  int64_t size = view.getShape()[viewDim], run = operand.linesRun() ? operand.lines : operand.depth;
  if (ShapedType::isDynamic(size) || size % each != 0 || divisor(begin) % each != 0 || run % each != 0)
    return std::nullopt;
  return Copied{source, dims[operand.lineDim], dims[operand.depthDim], mask};
}

void ProgramLowering::fill(const Operand &operand, const Stage &stage, Value buffer, Value from) {
  memo.emplace_back();
  if (std::optional<Copied> source = copied(operand))
    fillByCopies(operand, *source, stage, buffer, from);
  else
    fillByElements(operand, stage, buffer, from, stage.depth);
  memo.pop_back();
}

/// Past the tile's depth, as outside the view, copies fill with zeros.
void ProgramLowering::fillByCopies(const Operand &operand, const Copied &copied, const Stage &stage,
                                   Value buffer, Value from) {
  const View &view = views[copied.source->getOperand(0)];
  int64_t each = kCopyBytes * 8 / operand.element.getIntOrFloatBitWidth();
  int64_t rank = cast<RankedTensorType>(copied.source->getResult(0).getType()).getRank();
  SmallVector<Value> bounds = stage.linesRun
                                  ? SmallVector<Value>{constant(stage.depth), constant(operand.lines / each)}
                                  : SmallVector<Value>{constant(operand.lines), constant(stage.depth / each)};
  eachElement(bounds, [&](const Point &point) {
    Value first = mul(point[1], constant(each));
    Value line = stage.linesRun ? first : point[0], depth = stage.linesRun ? point[0] : first,
          place = add(from, depth);
    bool ends = operand.depth % stage.depth != 0;
    Value held = ends ? minimum(place, constant(operand.depth - 1)) : place;
    Point at(rank, constant(0));
    at[copied.lineDim] = line;
    at[copied.depthDim] = held;
    Access where = accessOf(copied.source, at);
    Value valid = inside(view, where);
    if (copied.mask)
      valid = both(valid, evaluate(copied.mask, operand.at(line, held)));
    if (ends)
      valid = both(valid, less(place, constant(operand.depth)));
    Value address = elementAddress(view, where), bytes;
    if (valid) {
      address = arith::SelectOp::create(builder, loc, valid, address, view.data);
      bytes = arith::SelectOp::create(builder, loc, valid, toI32(constant(kCopyBytes)), toI32(constant(0)));
    }
    NVVM::CpAsyncOp::create(builder, loc, stageAddress(stage, buffer, line, depth), address,
                            uint32_t(kCopyBytes), NVVM::LoadCacheModifierKind::CG, bytes);
  });
}

/// Lines past the tile's end are left as they are: they give lines that nobody asks for. Past its depth are
/// zeros.
void ProgramLowering::fillByElements(const Operand &operand, const Stage &stage, Value buffer, Value from,
                                     int64_t depth) {
  SmallVector<Value> bounds = operand.linesRun()
                                  ? SmallVector<Value>{constant(depth), constant(operand.lines)}
                                  : SmallVector<Value>{constant(operand.lines), constant(depth)};
  bool ends = operand.depth % depth != 0 && getConstantIntValue(from).value_or(0) + depth > operand.depth;
  ends |= operand.depth % depth != 0 && !getConstantIntValue(from);
  eachElement(bounds, [&](const Point &point) {
    Value line = operand.linesRun() ? point[1] : point[0], within = operand.linesRun() ? point[0] : point[1];
    Value place = add(from, within), held = ends ? minimum(place, constant(operand.depth - 1)) : place;
    Value value = evaluate(operand.tile, operand.at(line, held));
    if (ends)
      value = arith::SelectOp::create(builder, loc, less(place, constant(operand.depth)), value,
                                      zero(operand.element));
    LLVM::StoreOp::create(builder, loc, value, stageAddress(stage, buffer, line, within));
  });
}
