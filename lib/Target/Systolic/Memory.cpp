// Room in the local memories, and what moves between them and DRAM.
#include "lib/Target/Bounds.h"
#include "lib/Target/Systolic/ProgramLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace girih;
using namespace girih::systolic;

//===- Room -----------------------------------------------------------------------------------------===//

static constexpr int64_t kBeat = 64; // bytes that every preset's bus moves at once

SlotRef Pool::takeAligned(int64_t bytes, int64_t alignment, bool atEnd) {
  bytes = llvm::alignTo(std::max<int64_t>(bytes, 1), alignment);
  SmallVector<std::pair<int64_t, int64_t>> pieces(free.begin(), free.end());
  if (atEnd)
    std::reverse(pieces.begin(), pieces.end());
  for (auto [offset, size] : pieces) {
    int64_t begin = atEnd ? int64_t(llvm::alignDown(std::max(offset + size - bytes, int64_t(0)), alignment))
                          : int64_t(llvm::alignTo(offset, alignment)),
            end = begin + bytes;
    if (begin < offset || end > offset + size)
      continue;
    free.erase(offset);
    if (begin != offset)
      free[offset] = begin - offset;
    if (end != offset + size)
      free[end] = offset + size - end;
    return SlotRef(new Slot{accumulator, begin, bytes}, [this](const Slot *held) {
      put(*held);
      delete held;
    });
  }
  return {};
}

SlotRef Pool::take(int64_t bytes, bool atEnd, bool apart) {
  if (!accumulator && (apart || 2 * bytes >= bankBytes))
    if (SlotRef slot = takeAligned(bytes, bankBytes, atEnd))
      return slot;
  return takeAligned(bytes, kBeat, atEnd);
}

SlotRef Pool::takeHalves() {
  for (int64_t alignment : {bankBytes, kBeat}) {
    int64_t greatest = 0;
    for (auto [offset, size] : free)
      greatest = std::max<int64_t>(greatest, int64_t(llvm::alignDown(offset + size, alignment)) -
                                                 int64_t(llvm::alignTo(offset, alignment)));
    if (int64_t bytes = llvm::alignDown(greatest, 2 * alignment))
      return takeAligned(bytes, alignment);
  }
  return {};
}

void Pool::put(const Slot &slot) {
  auto here = free.emplace(slot.offset, slot.bytes).first;
  if (auto next = std::next(here); next != free.end() && here->first + here->second == next->first) {
    here->second += next->second;
    free.erase(next);
  }
  if (here == free.begin())
    return;
  auto before = std::prev(here);
  if (before->first + before->second == here->first) {
    before->second += here->second;
    free.erase(here);
  }
}

int64_t Pool::freeBytes() const {
  int64_t bytes = 0;
  for (auto [offset, size] : free)
    bytes += size;
  return bytes;
}

/// Half of the accumulators stay for dots that are to come: their sums can lie nowhere else.
SlotRef ProgramLowering::takeAccumulators(int64_t bytes, bool leaveHalf) {
  Pool &pool = halves ? halves->accumulators : accumulators;
  int64_t most = halves ? halves->accumulatorHalf() : machine.accumulator_bytes;
  if (leaveHalf && pool.freeBytes() - bytes < (dotsToCome ? most / 2 : 0))
    return {};
  // Rows' numbers away from the rows, so that an instruction reads both at once.
  constexpr int64_t smallest = 64;
  return pool.take(bytes, atEnd || bytes * smallest <= machine.accumulatorBankBytes());
}

SlotRef ProgramLowering::allocate(int64_t bytes, bool preferAccumulators) {
  Pool &large = halves ? halves->scratchpad : scratchpad;
  if (preferAccumulators)
    if (SlotRef slot = takeAccumulators(bytes, /*leaveHalf=*/true))
      return slot;
  constexpr int64_t rowsOfLanes = 32; // what is smaller holds a port for moments alone
  bool apart = hasNeighbours && bytes >= rowsOfLanes * machine.array_columns * 2;
  if (SlotRef slot = large.take(bytes, atEnd, apart))
    return slot;
  if (!std::exchange(outOfMemory, true))
    wantedBytes = bytes;
  return std::make_shared<Slot>(Slot{false, 0, bytes});
}

static int64_t elementCount(ArrayRef<int64_t> shape) { return llvm::product_of(shape); }

/// A row-major tile of its own.
Tile ProgramLowering::fresh(Shape shape, systolic::Type type, bool preferAccumulators) {
  Tile tile;
  tile.type = type;
  tile.phase = halves ? Phase::This : Phase::Fixed;
  int64_t bytes = typeBytes(type);
  tile.slot = allocate(elementCount(shape) * bytes, preferAccumulators && bytes == 4);
  if (tile.slot->accumulator)
    tile.offset = array * kArrayStride;
  layOut(tile, shape);
  return tile;
}

/// Row-major strides.
void ProgramLowering::layOut(Tile &tile, Shape shape) const {
  tile.strides.assign(shape.size(), 0);
  int64_t stride = typeBytes(tile.type);
  for (size_t d = shape.size(); d-- != 0; stride *= shape[d])
    tile.strides[d] = stride;
}

ProgramLowering::Address ProgramLowering::address(const Tile &tile) const {
  int64_t offset = tile.slot->offset + tile.offset, reg = 0;
  if (tile.slot->accumulator)
    offset = int32_t(accumulatorAddress(0, uint32_t(offset)));
  if (tile.phase != Phase::Fixed)
    reg = (tile.slot->accumulator      ? halves->accumulatorsThis
           : tile.phase == Phase::This ? halves->scratchpadThis
                                       : halves->scratchpadNext)
              .number();
  return {offset, reg};
}

Access ProgramLowering::access(const Tile &tile, Shape shape, bool write) const {
  int64_t low = tile.slot->offset + tile.offset, high = low + typeBytes(tile.type);
  for (auto [size, stride] : llvm::zip(shape, tile.strides))
    high += (size - 1) * stride;
  return {tile.slot->accumulator, low, high, write, tile.phase};
}

//===- Windows on views -----------------------------------------------------------------------------===//

/// Rows of a view in DRAM, as a transfer sees them.
struct ProgramLowering::Window {
  Number address;                                // of the first element
  int64_t rowDim = -1;                           // of the tile; -1: one row
  int64_t width = 1;                             // elements of the tile that are a row's columns
  Number rowPitch = 0;                           // bytes in DRAM
  Number rows = 1, cols = 1;                     // that exist
  SmallVector<std::pair<int64_t, Number>> outer; // further dimensions of the tile and their pitches in DRAM
};

Number ProgramLowering::viewDim(Value view, int64_t dim) {
  int64_t size = cast<tile::ViewType>(view.getType()).getShape()[dim];
  if (!ShapedType::isDynamic(size))
    return size;
  std::pair<int64_t, int64_t> here(cast<BlockArgument>(view).getArgNumber(), dim);
  if (auto shared = sharedDims.find(here); shared != sharedDims.end())
    here = shared->second;
  return scalars.bound({Binding::Dim, here.first, here.second});
}

/// Blocks of one element are cut from sizes that they divide.
static bool isSingleIndex(Value offset) {
  auto index = offset.getDefiningOp<tile::ProgramIndexOp>();
  if (!index)
    return false;
  tile::GridAttr grid = index->getParentOfType<tile::ProgramOp>().getGridDim(index.getDim());
  return !grid.isFixed() && grid.getStep() == 1;
}

/// How many of `size` elements from `offset` on the view has.
Number ProgramLowering::live(Value view, int64_t dim, Value offset, int64_t size) {
  std::optional<int64_t> most = upperBound(offset);
  int64_t held = cast<tile::ViewType>(view.getType()).getShape()[dim];
  if (most && !ShapedType::isDynamic(held) && *most + size <= held)
    return size;
  if (size == 1 && isSingleIndex(offset))
    return size;
  Number begin = number(offset), all = viewDim(view, dim);
  for (const KnownRows &rows : knownRows)
    if (rows.begin.reg.lock() == begin.reg && rows.begin.constant == begin.constant &&
        rows.all == all.number() && rows.size == size)
      if (Register held = rows.count.lock())
        return {held, 0};
  Number rest = scalars.sub(all, begin), count = scalars.max(scalars.min(rest, size), 0);
  if (begin.reg && all.reg && count.reg && count.constant == 0)
    knownRows.push_back({{begin.reg, begin.constant}, all.number(), size, count.reg});
  return count;
}

/// Bytes between neighbours along a dimension of a view.
Number ProgramLowering::pitchOf(Value view, int64_t dim, int64_t elementBytes) {
  Number pitch = elementBytes;
  for (int64_t d = dim + 1, rank = cast<tile::ViewType>(view.getType()).getRank(); d != rank; ++d)
    pitch = scalars.mul(pitch, viewDim(view, d));
  return pitch;
}

static std::optional<systolic::Type> elementType(mlir::Type type) {
  if (type.isF32())
    return systolic::Type::f32;
  if (type.isBF16())
    return systolic::Type::bf16;
  if (type.isInteger(32))
    return systolic::Type::i32;
  if (type.isInteger(8))
    return systolic::Type::i8;
  return std::nullopt;
}

/// What a tile of `shape` that runs along `dims` of the view covers. `joinsRows`: they lie side by side in
/// the tile, too.
FailureOr<ProgramLowering::Window> ProgramLowering::window(Operation *op, Value view, ValueRange offsets,
                                                           Shape dims, Shape shape, bool joinsRows) {
  auto type = cast<tile::ViewType>(view.getType());
  std::optional<systolic::Type> element = elementType(type.getElementType());
  if (!element)
    return decline(op, "the machine's memories hold f32, bf16, i32 and i8, but the view holds " +
                           llvm::to_string(type.getElementType()));
  if (type.getEncoding())
    return decline(
        op, "weights are decoded to rows when the artifact is written, but the view has the encoding " +
                llvm::to_string(type.getEncoding()));
  Window window;
  Number linear = 0, outside = 1; // 0 if a dimension that the tile has no extent along lies outside the view
  SmallVector<int64_t> extended;
  for (int64_t d = 0, rank = type.getRank(); d != rank; ++d) {
    linear = scalars.add(scalars.mul(linear, viewDim(view, d)), number(offsets[d]));
    const int64_t *mine = llvm::find(dims, d);
    if (mine != dims.end() && shape[mine - dims.begin()] != 1)
      extended.push_back(mine - dims.begin());
    else
      outside = scalars.mul(outside, live(view, d, offsets[d], 1));
  }
  int64_t bytes = typeBytes(*element);
  window.address = scalars.add(scalars.bound({Binding::Address, cast<BlockArgument>(view).getArgNumber(), 0}),
                               scalars.mul(linear, bytes));
  if (!extended.empty() && pitchOf(view, dims[extended.back()], bytes).known() == bytes)
    if (Number cols =
            live(view, dims[extended.back()], offsets[dims[extended.back()]], shape[extended.back()]);
        extended.size() > 1 || cols.known()) {
      window.width = shape[extended.back()];
      window.cols = cols;
      int64_t inner = extended.pop_back_val();
      if (!cols.known()) { // an instruction has columns: without any it has no rows
        outside = scalars.mul(outside, scalars.min(cols, 1));
        window.cols = scalars.max(cols, 1);
      }
      // Whole rows of the view lie side by side.
      while (joinsRows && !extended.empty() && window.cols.known() &&
             type.getShape()[dims[inner]] == shape[inner] && dims[extended.back()] == dims[inner] - 1 &&
             live(view, dims[inner] - 1, offsets[dims[inner] - 1], shape[extended.back()]).known() ==
                 shape[extended.back()]) {
        inner = extended.pop_back_val();
        window.width *= shape[inner];
        window.cols = window.width;
      }
    }
  // The instruction's rows are those whose number only a register knows, or else the longest dimension's.
  SmallVector<Number> rows;
  for (int64_t d : extended)
    rows.push_back(live(view, dims[d], offsets[dims[d]], shape[d]));
  size_t chosen = 0;
  for (size_t i = 1; i < extended.size(); ++i)
    if (rows[chosen].known() && (!rows[i].known() || shape[extended[i]] >= shape[extended[chosen]]))
      chosen = i;
  for (auto [i, d] : llvm::enumerate(extended)) {
    Number pitch = pitchOf(view, dims[d], bytes);
    if (i == chosen) {
      window.rowDim = d;
      window.rowPitch = pitch;
      window.rows = rows[i];
    } else if (rows[i].known() != shape[d]) {
      return decline(op, "tiles may end past a view's end in two dimensions at most, but dimension " +
                             Twine(dims[d]) + " is a third");
    } else {
      window.outer.insert(window.outer.begin(), {d, pitch});
    }
  }
  window.rows = scalars.mul(window.rows, outside);
  return window;
}

/// Zeros where the view has no elements: rows past its last one, if `more` is 1, or all of the tile if rows
/// are cut, too.
void ProgramLowering::zeroRest(const Tile &tile, Shape shape, const Window &window, const Number &more) {
  int64_t all = elementCount(shape), lanes = machine.array_columns, bytes = typeBytes(tile.type);
  bool wholeRows = window.rows.known() == (window.rowDim < 0 ? 1 : shape[window.rowDim]);
  bool wholeCols = window.cols.known() == window.width;
  if (wholeRows && wholeCols)
    return;
  VectorCode zero{Combine::second, Function::id, flag::vector_constant, 0};
  int64_t rowCount = window.rowDim < 0 ? 1 : shape[window.rowDim], width = all / rowCount,
          pitch = window.rowDim < 0 ? all : tile.strides[window.rowDim] / bytes;
  bool isOuter = window.rowDim >= 0 && pitch >= width, isDense = pitch * rowCount <= all;
  if (!wholeCols || !isOuter || (isDense && width % lanes && width > lanes)) {
    Tile whole = tile;
    whole.live.reset();
    return vector(zero, shape, whole, nullptr, nullptr);
  }
  // From the first row that is missing: one instruction if rows are consecutive, which are whole rows of
  // lanes.
  int64_t cols = std::min(width, lanes), step = isDense ? cols : pitch;
  Address begin = address(tile);
  Number first = scalars.add(scalars.mul(window.rows, pitch * bytes), begin.base());
  Number missing =
      scalars.mul(scalars.mul(scalars.sub(rowCount, window.rows), more), isDense ? width / cols : 1);
  Instruction instruction;
  instruction.op = int64_t(systolic::Op::vector);
  instruction.fn = int64_t(zero.combine);
  instruction.flags = zero.flags;
  instruction.mask = 1;
  instruction.td = int64_t(tile.type);
  instruction.rd = first.number();
  instruction.pd = step * bytes;
  instruction.rows = missing.constant;
  instruction.rn = missing.number();
  for (int64_t from = 0; from < (isDense ? cols : width); from += cols) {
    instruction.dst = begin.offset + first.constant + from * bytes;
    instruction.cols = std::min(cols, width - from);
    code.append(instruction, access(tile, shape, /*write=*/true));
  }
}

/// One transfer for each place along the outer dimensions, and for each row if only the sequencer knows how
/// far apart they lie.
void ProgramLowering::transfer(systolic::Op op, const Tile &tile, Shape shape, const Window &window) {
  bool isLoad = op == systolic::Op::load, rowByRow = !window.rowPitch.known();
  auto outer = window.outer;
  if (rowByRow)
    outer.push_back({window.rowDim, window.rowPitch});
  auto [local, localReg] = address(tile);
  int64_t pitch = window.rowDim < 0 ? 0 : tile.strides[window.rowDim], bytes = typeBytes(tile.type),
          count = 1;
  Instruction instruction;
  instruction.op = int64_t(op);
  instruction.ta = int64_t(tile.type);
  instruction.cols = window.cols.constant, instruction.rk = window.cols.number();
  instruction.px = window.rowDim < 0 && window.cols.known() ? window.cols.constant * bytes
                                                            : window.rowPitch.known().value_or(0);
  (isLoad ? instruction.pd : instruction.pa) = rowByRow ? 0 : pitch;
  (isLoad ? instruction.rd : instruction.ra) = localReg;
  for (auto [dim, step] : outer)
    count *= shape[dim];
  for (int64_t i = 0; i != count; ++i) {
    int64_t offset = local, rest = i, row = 0;
    Number remote = window.address;
    for (auto &[dim, step] : outer) {
      int64_t at = rest % shape[dim];
      rest /= shape[dim];
      offset += at * tile.strides[dim];
      remote = scalars.add(remote, scalars.mul(step, at));
      row = at;
    }
    Number rows = rowByRow ? scalars.max(scalars.min(scalars.sub(window.rows, row), 1), 0) : window.rows;
    instruction.rows = rows.constant, instruction.rn = rows.number();
    instruction.x = remote.constant, instruction.rx = remote.number();
    (isLoad ? instruction.dst : instruction.a) = offset;
    code.append(instruction, access(tile, shape, isLoad));
  }
}

//===- Loads and stores -----------------------------------------------------------------------------===//

/// Whether several arrays have the rows of what is loaded side by side, as columns of their weights.
bool ProgramLowering::isForArrays(tile::LoadOp op) const {
  Shape shape = op.getResult().getType().getShape();
  return shape.size() == 2 && isSpread(shape[0]) && llvm::all_of(op->getUses(), [](OpOperand &use) {
           auto dot = dyn_cast<tile::DotOp>(use.getOwner());
           return dot && dot.getTransposeB() && use.getOperandNumber() == 1;
         });
}

/// Room for what is loaded. The weights of each of several arrays begin in a bank of their own, so that their
/// loads do not meet at a port.
Tile ProgramLowering::freshFor(tile::LoadOp op) {
  Shape shape = op.getResult().getType().getShape();
  systolic::Type type = *elementType(op.getResult().getType().getElementType());
  const int64_t columns = machine.array_columns, bank = machine.scratchpadBankBytes();
  if (!isForArrays(op) || bank % columns != 0)
    return fresh(shape, type, /*preferAccumulators=*/false);
  Tile tile;
  tile.type = type;
  tile.phase = halves ? Phase::This : Phase::Fixed;
  layOut(tile, shape);
  tile.strides[0] = int64_t(llvm::alignTo(columns * tile.strides[0], bank)) / columns;
  tile.slot = allocate(tile.strides[0] * shape[0], /*preferAccumulators=*/false);
  return tile;
}

/// Loads into `tile`, which is made if it is not there, if `more` is 1; nothing if it is 0.
LogicalResult ProgramLowering::loadInto(tile::LoadOp op, const Number &more, std::optional<Tile> &tile,
                                        Phase phase) {
  Shape shape = op.getResult().getType().getShape();
  FailureOr<Window> where =
      window(op, op.getView(), op.getOffsets(), op.getTileDims(), shape, /*joinsRows=*/!isForArrays(op));
  if (failed(where))
    return failure();
  if (!tile) {
    tile = freshFor(op);
    // A load ahead is made before the loop: rows that the loop changes are not those of every iteration.
    Value begin = where->rowDim < 0 ? Value() : op.getOffsets()[op.getTileDims()[where->rowDim]];
    bool changes = begin && ahead.contains(op) && begin.getParentBlock() == op->getBlock() &&
                   levels.lookup(begin.getDefiningOp()) == levels.lookup(op);
    if (begin && !where->rows.known()) {
      if (changes)
        changingRows[op] = where->rowDim;
      else
        tile->live = LiveRows{where->rows, where->rowDim};
    }
  }
  Tile to = *tile;
  if (to.phase != Phase::Fixed)
    to.phase = phase;
  const bool restMatters =
      where->rowDim < 0 || !where->cols.known() || !isRowwise(op.getResult(), where->rowDim);
  if (restMatters)
    zeroRest(to, shape, *where, more);
  where->rows = scalars.mul(where->rows, more);
  transfer(systolic::Op::load, to, shape, *where);
  return success();
}

LogicalResult ProgramLowering::lowerLoad(tile::LoadOp op) {
  std::optional<Tile> tile;
  if (failed(loadInto(op, 1, tile, Phase::This)))
    return failure();
  setTile(op.getResult(), std::move(*tile));
  return success();
}

//===- Rows by index --------------------------------------------------------------------------------===//

struct ProgramLowering::IndexedRows {
  systolic::Type element;
  Number address; // of the tile's first element in row 0 of the view
  Number count;   // rows of the view
  int64_t pitch;  // bytes between them
  int64_t cols;   // elements that lie side by side in view and tile
  SmallVector<std::pair<int64_t, int64_t>>
      pieces; // of so many: offsets in bytes in the tile's row and the view's
};

/// What a tile of `shape` covers of each row that its indices name.
FailureOr<ProgramLowering::IndexedRows> ProgramLowering::indexedRows(Operation *op, Value view,
                                                                     ValueRange offsets, Shape shape) {
  auto type = cast<tile::ViewType>(view.getType());
  Shape held = type.getShape();
  std::optional<systolic::Type> element = elementType(type.getElementType());
  if (ShapedType::isDynamicShape(held.drop_front()) || !element || type.getEncoding())
    return decline(
        op, "rows found by index have static sizes and elements that the machine knows, but these are of " +
                llvm::to_string(type));
  int64_t bytes = typeBytes(*element);
  IndexedRows rows{*element, 0, viewDim(view, 0), bytes, 1, {{0, 0}}};
  Number begin = 0;
  for (auto [d, offset] : llvm::enumerate(offsets)) {
    std::optional<int64_t> most = upperBound(offset);
    if (!most || *most + shape[d + 1] > held[d + 1])
      return decline(op, "a part of a row found by index lies inside of it");
    begin = scalars.add(scalars.mul(begin, held[d + 1]), number(offset));
    rows.pitch *= held[d + 1];
  }
  rows.address = scalars.add(scalars.bound({Binding::Address, cast<BlockArgument>(view).getArgNumber(), 0}),
                             scalars.mul(begin, bytes));
  size_t inner = shape.size(); // from this dimension on, tile and view lie side by side
  while (inner > 1 && (inner == shape.size() || shape[inner] == held[inner]))
    rows.cols *= shape[--inner];
  int64_t inTile = rows.cols * bytes, inView = bytes;
  for (int64_t size : held.drop_front(inner))
    inView *= size;
  for (size_t d = inner; d-- > 1; inTile *= shape[d], inView *= held[d]) {
    auto before = rows.pieces;
    for (int64_t i = 1; i < shape[d]; ++i)
      for (auto [local, remote] : before)
        rows.pieces.push_back({local + i * inTile, remote + i * inView});
  }
  return rows;
}

/// One transfer for each piece of a row. Without data are the rows past the live ones.
void ProgramLowering::transferByIndex(systolic::Op op, const Tile &tile, Shape shape, const Tile &table,
                                      const IndexedRows &rows) {
  const bool isLoad = op == systolic::Op::load;
  Number count = tile.live ? tile.live->count : Number(shape[0]);
  auto [local, localReg] = address(tile);
  auto [from, fromReg] = address(table);
  for (auto [inTile, inView] : rows.pieces) {
    Instruction instruction;
    instruction.op = int64_t(op);
    instruction.flags = isLoad ? flag::load_gather : flag::store_gather;
    instruction.ta = int64_t(rows.element);
    (isLoad ? instruction.dst : instruction.a) = local + inTile;
    (isLoad ? instruction.rd : instruction.ra) = localReg;
    (isLoad ? instruction.pd : instruction.pa) = tile.strides[0];
    instruction.b = from, instruction.rb = fromReg;
    instruction.rows = count.constant, instruction.rn = count.number();
    instruction.cols = rows.cols;
    instruction.x = rows.address.constant + inView;
    instruction.rx = rows.address.number();
    instruction.px = rows.pitch;
    code.append(instruction, {access(tile, shape, isLoad), access(table, shape.take_front(), false)},
                /*readsTable=*/true);
  }
}

/// The indices, clamped to a view of so many rows. Keys and values lie in the same ones.
Tile ProgramLowering::tableOf(Value indices, const Number &rows) {
  if (table && table->indices == indices && table->rows.number() == rows.number() &&
      table->rows.constant == rows.constant)
    return table->tile;
  Shape count = cast<RankedTensorType>(indices.getType()).getShape();
  Tile low = withConstant(Combine::max, count, tileOf(indices), 0);
  Tile clamped = withNumber(Combine::min, count, low, scalars.sub(rows, 1), systolic::Type::i32);
  table = Table{indices, rows, materialized(clamped, count, systolic::Type::i32)};
  return table->tile;
}

/// Finds its rows through the tile of indices.
LogicalResult ProgramLowering::lowerGather(tile::GatherOp op) {
  Shape shape = op.getResult().getType().getShape();
  FailureOr<IndexedRows> rows = indexedRows(op, op.getView(), op.getOffsets(), shape);
  if (failed(rows))
    return failure();
  Tile table = tableOf(op.getIndices(), rows->count);
  Tile tile = fresh(shape, rows->element, /*preferAccumulators=*/false);
  tile.live = resultRows;
  transferByIndex(systolic::Op::load, tile, shape, table, *rows);
  setTile(op.getResult(), std::move(tile));
  return success();
}

/// Rows whose index lies outside of the view are dropped: the machine skips negative ones, so those past the
/// end become negative.
LogicalResult ProgramLowering::lowerScatter(tile::ScatterOp op) {
  constexpr float beyond = 1 << 24;
  Shape shape = op.getTile().getType().getShape(), count = shape.take_front();
  FailureOr<IndexedRows> rows = indexedRows(op, op.getView(), op.getOffsets(), shape);
  if (failed(rows))
    return failure();
  Tile tile = materialized(tileOf(op.getTile()), shape, rows->element), index = tileOf(op.getIndices());
  if (tile.live && tile.live->dim != 0)
    tile.live.reset();
  resultRows = tile.live;
  Number last = scalars.sub(rows->count, 1);
  Tile past = withNumber(Combine::sub, count, index, last);
  past = withConstant(Combine::mul, count, withConstant(Combine::max, count, past, 0), beyond);
  Tile kept = binary(Combine::sub, count, index, past, systolic::Type::i32);
  transferByIndex(systolic::Op::store, tile, shape, materialized(kept, count, systolic::Type::i32), *rows);
  return success();
}

//===- Stores ---------------------------------------------------------------------------------------===//

LogicalResult ProgramLowering::lowerStore(tile::StoreOp op) {
  Shape shape = op.getTile().getType().getShape();
  std::optional<systolic::Type> element = elementType(op.getTile().getType().getElementType());
  FailureOr<Window> where = window(op, op.getView(), op.getOffsets(), op.getTileDims(), shape);
  if (failed(where) || !element)
    return failure();
  // From the scratchpad, so that ST and MX never meet; but sums of integers as they are, because the vector
  // unit rounds them to f32.
  Tile tile = tileOf(op.getTile());
  bool areSums = tile.type == systolic::Type::i32 && tile.slot && tile.slot->accumulator;
  if (!isDense(tile, shape) || tile.type != *element || (tile.slot->accumulator && !areSums))
    tile = materialized(tile, shape, *element);
  transfer(systolic::Op::store, tile, shape, *where);
  return success();
}
