// Contractions: where the operands lie, and how the result is cut into register blocks. Packed weights and
// plain loads are read where they are; anything else is first kept in scratch, in the order the micro-kernel
// reads.
#include "lib/Target/CPU/ProgramLowering.h"

#include "dialects/Graph/BlockFormats.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace girih;
using namespace girih::cpu;

/// How many lines or columns of depth exist from `offset` on; null if certainly `size` of them.
static std::optional<bool> fits(Value offset, int64_t size, Value held) {
  if (!isNonNegative(offset))
    return std::nullopt;
  std::optional<int64_t> most = upperBound(offset), known = getConstantIntValue(held);
  return most && known && *most + size <= *known;
}

/// A load of a row-major view that a micro-kernel can read in place: `line` and `depth` are tile dimensions.
std::optional<ProgramLowering::Operand> ProgramLowering::directOperand(Value tile, unsigned line,
                                                                       unsigned depth) {
  auto load = tile.getDefiningOp<tile::LoadOp>();
  if (!load)
    return std::nullopt;
  const View &view = views[load.getView()];
  auto type = load.getResult().getType();
  if (view.type.getEncoding() || type.getRank() != 2 || !type.getElementType().isF32())
    return std::nullopt;
  SmallVector<int64_t> dims = load.getTileDims();
  Access origin;
  Operand operand;
  for (auto [dim, offset] : llvm::enumerate(load.getOffsets())) {
    int64_t tileDim = llvm::find(dims, int64_t(dim)) - dims.begin();
    bool along = tileDim < int64_t(dims.size());
    std::optional<bool> whole = fits(offset, along ? type.getDimSize(tileDim) : 1, view.sizes[dim]);
    if (!whole)
      return std::nullopt;
    origin.position.push_back(mapped(offset));
    origin.checked.push_back(!along && !*whole);
    if (along && !*whole)
      (tileDim == line ? operand.lines : operand.depth) = sub(view.sizes[dim], mapped(offset));
  }
  // A slice that lies outside altogether has no lines: its product is zero.
  if (Value in = inside(view, origin))
    operand.lines = arith::SelectOp::create(
        builder, loc, in, operand.lines ? operand.lines : constant(type.getDimSize(line)), constant(0));
  operand.pointer = address(view.data, type.getElementType(), linearIndex(view, origin));
  operand.element = type.getElementType();
  operand.lineStride = view.strides[dims[line]];
  operand.depthStride = view.strides[dims[depth]];
  return operand;
}

/// The rows of a panel that a weight is packed in, and how many elements of depth begin together; 0: it is
/// not packed.
static std::pair<int64_t, int64_t> panelOf(Attribute encoding) {
  if (auto panels = dyn_cast_or_null<graph::PanelsAttr>(encoding))
    return {panels.getWidth(), 1};
  if (auto blocks = dyn_cast_or_null<graph::BlockPanelsAttr>(encoding))
    return {blocks.getWidth(), graph::layoutOf(blocks.getFormat()).elements};
  return {0, 1};
}

/// Weights packed in panels, read in place: `[N, K]` tiles that begin at a panel's first line and with a
/// whole block.
std::optional<ProgramLowering::Operand> ProgramLowering::panelOperand(Value tile) {
  if (auto widening = tile.getDefiningOp<arith::ExtFOp>()) // the micro-kernel widens
    tile = widening.getIn();
  auto load = tile.getDefiningOp<tile::LoadOp>();
  if (!load)
    return std::nullopt;
  const View &view = views[load.getView()];
  auto type = load.getResult().getType();
  auto [width, depthStep] = panelOf(view.type.getEncoding());
  Type element = type.getElementType();
  if (!width || type.getRank() != 2 || width % lanes || divisor(load.getOffsets()[0]) % width ||
      !(element.isF32() || element.isBF16() || element.isF16()))
    return std::nullopt;
  if (divisor(load.getOffsets()[1]) % depthStep || type.getDimSize(1) % depthStep)
    return std::nullopt;
  Operand operand;
  Value *limits[] = {&operand.lines, &operand.depth};
  for (unsigned dim : {0, 1}) {
    std::optional<bool> whole = fits(load.getOffsets()[dim], type.getDimSize(dim), view.sizes[dim]);
    if (!whole)
      return std::nullopt;
    if (!*whole)
      *limits[dim] = sub(view.sizes[dim], mapped(load.getOffsets()[dim]));
  }
  operand.element = element;
  operand.pointer = view.data;
  operand.panels = view;
  operand.panelWidth = width;
  operand.blocks = dyn_cast<graph::BlockPanelsAttr>(view.type.getEncoding());
  operand.firstLine = mapped(load.getOffsets()[0]);
  operand.firstDepth = mapped(load.getOffsets()[1]);
  operand.lineStride = constant(1);
  operand.depthStride = constant(width);
  return operand;
}

ProgramLowering::Operand ProgramLowering::leftOperand(tile::DotOp op) {
  if (std::optional<Operand> direct = directOperand(op.getLhs(), 0, 1))
    return *direct;
  return keptOperand(op.getLhs(), /*transposed=*/false);
}

/// The right operand's lines are the result's columns: vectors run along them.
ProgramLowering::Operand ProgramLowering::rightOperand(tile::DotOp op) {
  if (op.getTransposeB()) {
    if (std::optional<Operand> panels = panelOperand(op.getRhs()))
      return *panels;
    return keptOperand(op.getRhs(), /*transposed=*/true);
  }
  std::optional<Operand> direct = directOperand(op.getRhs(), 1, 0);
  int64_t columns = op.getRhs().getType().getDimSize(1);
  if (direct && !direct->lines && columns % lanes == 0 && getConstantIntValue(direct->lineStride) == 1)
    return *direct;
  Operand kept = keptOperand(op.getRhs(), /*transposed=*/false);
  std::swap(kept.lineStride, kept.depthStride);
  return kept;
}

/// A `[lines, depth]` tile in scratch, in f32. Transposed, its columns become rows of the slot.
ProgramLowering::Operand ProgramLowering::keptOperand(Value tile, bool transposed) {
  auto type = cast<RankedTensorType>(tile.getType());
  Type f32 = builder.getF32Type();
  auto found = slots.find(tile);
  bool ready = !transposed && found != slots.end() && type.getElementType().isF32();
  Slot slot =
      ready ? found->second
            : allocate(transposed ? RankedTensorType::get({int64_t(llvm::alignTo(type.getDimSize(1), lanes)),
                                                           int64_t(llvm::alignTo(type.getDimSize(0), lanes))},
                                                          f32)
                                  : RankedTensorType::get(type.getShape(), f32));
  if (transposed)
    keepTransposed(tile, slot);
  else if (!ready)
    nest(slot.type, neededBounds(tile),
         [&](const Point &point) { storeSlot(slot, point, widened(evaluate(tile, point))); });
  Operand operand;
  operand.pointer = slot.pointer;
  operand.element = f32;
  operand.lineStride = constant(transposed ? 1 : slot.strides[0]);
  operand.depthStride = constant(transposed ? slot.strides[0] : slot.strides[1]);
  return operand;
}

/// Squares of 16 x 16, each transposed in registers by four rounds of interleaving row i with row i + 8.
void ProgramLowering::keepTransposed(Value tile, const Slot &slot) {
  auto type = cast<RankedTensorType>(tile.getType());
  if (scopes.size() == 1)
    scopes.back().memo.clear();
  Value last = constant(type.getDimSize(0) - 1);
  SmallVector<int64_t> low, high;
  for (int64_t i = 0; i < lanes; ++i) {
    low.push_back(i / 2 + i % 2 * lanes);
    high.push_back(lanes / 2 + i / 2 + i % 2 * lanes);
  }
  forLoop(neededBounds(tile)[0], lanes, [&](Value line) {
    forLoop(constant(type.getDimSize(1)), lanes, [&](Value depth) {
      SmallVector<Value> rows, next(lanes);
      for (int64_t i = 0; i < lanes; ++i)
        rows.push_back(splat(widened(evaluate(tile, {{minimum(add(line, constant(i)), last), depth}, 1}))));
      for (int round = 0; round < 4; ++round) {
        for (int64_t i = 0; i < lanes / 2; ++i) {
          next[2 * i] = vector::ShuffleOp::create(builder, loc, rows[i], rows[i + lanes / 2], low);
          next[2 * i + 1] = vector::ShuffleOp::create(builder, loc, rows[i], rows[i + lanes / 2], high);
        }
        rows = next;
      }
      for (int64_t i = 0; i < lanes; ++i)
        storeSlot(slot, {{add(depth, constant(i)), line}, 1}, rows[i]);
    });
  });
}

Value ProgramLowering::widened(Value value) {
  Type type = value.getType(), f32 = builder.getF32Type();
  if (getElementTypeOrSelf(type).isF32())
    return value;
  return arith::ExtFOp::create(builder, loc, isa<VectorType>(type) ? Type(VectorType::get(lanes, f32)) : f32,
                               value);
}

/// The address of the right operand's first element of a block of columns.
Value ProgramLowering::columnPointer(const Operand &right, Value column) {
  if (right.panelStride) {
    Value width = constant(right.panelWidth), panel = arith::DivUIOp::create(builder, loc, column, width);
    Value line = arith::RemUIOp::create(builder, loc, column, width);
    return address(right.pointer, right.element, add(mul(panel, right.panelStride), line));
  }
  if (!right.panels)
    return address(right.pointer, right.element, mul(column, right.lineStride));
  Access where;
  where.position = {add(right.firstLine, column), right.firstDepth};
  return address(right.pointer, right.element, linearIndex(*right.panels, where));
}

/// The widest block of columns, of at most `most` vectors, that never crosses panels of `panel` vectors.
int64_t ProgramLowering::vectorsPerBlock(int64_t panel, int64_t most) {
  int64_t block = most;
  while (panel % block)
    --block;
  return block;
}

void ProgramLowering::lowerDot(tile::DotOp op, const Slot &slot, bool accumulate) {
  Operand left = leftOperand(op), right = rightOperand(op);
  auto constantAcc = op.getAcc().getDefiningOp<arith::ConstantOp>();
  bool zeroAcc = constantAcc && matchPattern(constantAcc.getResult(), m_AnyZeroFloat());
  if (!accumulate && (!zeroAcc || left.lines || right.lines || (right.blocks && scalesSums()))) {
    keep(op.getAcc(), slot);
    accumulate = true;
  }
  SmallVector<Value> bounds = neededBounds(op.getResult());
  Value rows = left.lines ? minimum(bounds[0], left.lines) : bounds[0];
  if (!getConstantIntValue(rows))
    rows = arith::MaxSIOp::create(builder, loc, rows, constant(0));
  Value columns = right.lines ? minimum(bounds[1], right.lines) : bounds[1];
  Value depth = constant(op.getLhs().getType().getDimSize(1));
  for (const Operand *operand : {&left, &right})
    if (operand->depth)
      depth = minimum(depth, operand->depth);
  if (right.blocks && scalesSums())
    lowerBlockSums(op, left, right, slot, rows, columns, depth);
  else if (right.blocks)
    lowerBlocksDot(op, left, right, slot, rows, columns, depth, accumulate);
  else
    lowerElementsDot(op, left, right, slot, rows, columns, depth, accumulate);
}

/// One row passes over a panel once: as wide as the panel, it reads memory in order.
void ProgramLowering::lowerElementsDot(tile::DotOp op, const Operand &left, const Operand &right,
                                       const Slot &slot, Value rows, Value columns, Value depth,
                                       bool accumulate) {
  int64_t panel = right.panelWidth / lanes, most = version.blockVectors;
  bool isWider = right.panels && vectorsPerBlock(panel, version.maxVectors()) > vectorsPerBlock(panel, most);
  auto blocks = [&](Value count, int64_t vectors) {
    columnBlocks(op, left, right, slot, count, columns, depth, vectors, accumulate);
  };
  if (!isWider)
    return blocks(rows, most);
  if (std::optional<int64_t> known = getConstantIntValue(rows))
    return blocks(rows, *known == 1 ? version.maxVectors() : most);
  choose(
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, rows, constant(1)),
      [&] { blocks(constant(1), version.maxVectors()); }, [&] { blocks(rows, most); });
}

/// One way or the other, as a condition says.
void ProgramLowering::choose(Value condition, function_ref<void()> then, function_ref<void()> otherwise) {
  auto branch = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(branch.thenBlock()->getTerminator());
  then();
  builder.setInsertionPoint(branch.elseBlock()->getTerminator());
  otherwise();
}

/// Columns outside, at most `most` vectors at a time, rows inside: a block of columns of the right operand
/// stays in the first-level cache while the left operand's rows stream by.
void ProgramLowering::columnBlocks(tile::DotOp op, const Operand &left, const Operand &right,
                                   const Slot &slot, Value rows, Value columns, Value depth, int64_t most,
                                   bool accumulate) {
  // As few blocks of columns as registers allow, of equal width; a block never crosses panels.
  int64_t width = op.getResult().getType().getDimSize(1), vectors = llvm::divideCeil(width, lanes);
  int64_t block = right.panelWidth ? vectorsPerBlock(right.panelWidth / lanes, most)
                                   : llvm::divideCeil(vectors, llvm::divideCeil(vectors, most));
  block *= lanes;
  int64_t whole = width / block * block;
  auto blockOf = [&](Value column, int64_t size) {
    rowBlocks(op, left, right, columnPointer(right, column), slot, rows, column, depth, size, accumulate);
  };
  if (whole)
    forLoop(minimum(columns, constant(whole)), block, [&](Value column) { blockOf(column, block); });
  // What is left of a narrow tile, by single vectors. A panel is read past the tile's last column: zeros or
  // weights that no one asks for.
  if (whole < width)
    forLoop(sub(columns, constant(whole)), lanes,
            [&](Value column) { blockOf(add(column, constant(whole)), lanes); });
}
