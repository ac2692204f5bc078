// Quantized weights in registers: panels of blocks are decoded eight elements of depth at a time, sixteen
// rows to a vector. For few rows the values go straight into fused multiply-adds; for many they are first
// kept in scratch, in the order the micro-kernel reads, and serve all rows. Either way they are the values of
// `girih::graph::decodeBlocks` to the bit, and the chain over the depth is the same.
#include "lib/Target/CPU/ProgramLowering.h"

#include "dialects/Graph/BlockFormats.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace girih;
using namespace girih::cpu;
using graph::BlockFormat;

namespace {
constexpr int64_t step = 8;           // elements of depth decoded together
constexpr int64_t fetchAhead = 4096;  // bytes; 2048 and less lose a tenth, more gains nothing
constexpr int64_t nibblesInPlace = 5; // of a word, that lie inside a float's mantissa
} // namespace

//===- Vector arithmetic --------------------------------------------------------------------------===//

Value ProgramLowering::words(int64_t value) {
  auto type = VectorType::get(lanes, builder.getI32Type());
  return arith::ConstantOp::create(
      builder, loc, DenseElementsAttr::get(type, builder.getI32IntegerAttr(static_cast<int32_t>(value))));
}

Value ProgramLowering::floats(float value) {
  auto type = VectorType::get(lanes, builder.getF32Type());
  return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, value));
}

/// Bits from `by` on, moved down; or up, if negative.
Value ProgramLowering::shifted(Value bits, int64_t by) {
  if (by == 0)
    return bits;
  if (by < 0)
    return arith::ShLIOp::create(builder, loc, bits, words(-by));
  return arith::ShRUIOp::create(builder, loc, bits, words(by));
}

Value ProgramLowering::shifted(Value bits, Value by) {
  Value word = arith::IndexCastOp::create(builder, loc, builder.getI32Type(), by);
  return arith::ShRUIOp::create(builder, loc, bits, splat(word));
}

Value ProgramLowering::masked(Value bits, int64_t mask) {
  return arith::AndIOp::create(builder, loc, bits, words(mask));
}

Value ProgramLowering::loadVector(Value at, int64_t byte, Type element) {
  Value pointer = address(at, builder.getI8Type(), constant(byte));
  return LLVM::LoadOp::create(builder, loc, VectorType::get(lanes, element), pointer, 1);
}

Value ProgramLowering::loadHalves(Value at, int64_t byte) {
  return widened(fromStorage(loadVector(at, byte, builder.getI16Type()), builder.getF16Type()));
}

//===- A column of blocks -------------------------------------------------------------------------===//

/// q4_0's integer at bit `height` of a mantissa is the number 2^(23 - height) + q: one fused multiply-add
/// takes the offsets away, exactly.
static float offsetAt(int64_t height) { return -(static_cast<float>(1 << (23 - height)) + 8.0f); }

ProgramLowering::BlockRows ProgramLowering::beginBlock(const Operand &right, Value column, Value lane) {
  BlockFormat format = right.blocks.getFormat();
  graph::BlockPlanes planes = graph::planesOf(format, right.panelWidth);
  Type i8 = builder.getI8Type();
  BlockRows rows;
  rows.bytes = address(column, i8, lane);
  rows.halves = address(column, i8, mul(lane, constant(2)));
  rows.words = address(column, i8, mul(lane, constant(4)));
  rows.scale = loadHalves(rows.halves, planes.scale);
  if (planes.minimum >= 0)
    rows.minimum = loadHalves(rows.halves, planes.minimum);
  if (format == BlockFormat::Q4_0)
    for (int64_t height : {8, 12, 16})
      rows.shiftedScales.push_back(arith::MulFOp::create(builder, loc, rows.scale, floats(offsetAt(height))));
  if (format == BlockFormat::Q4_K)
    for (int64_t plane = 0; plane < 3; ++plane)
      rows.small.push_back(
          loadVector(rows.words, planes.smallScales + plane * 4 * right.panelWidth, builder.getI32Type()));
  if (format == BlockFormat::Q5_0 || format == BlockFormat::Q5_1)
    rows.high = loadVector(rows.words, planes.high, builder.getI32Type());
  return rows;
}

/// q4_k: scale and minimum of 32 elements, number `part` of the block's lower or upper four.
void ProgramLowering::takeSixBits(BlockRows &rows, Value part, bool upper) {
  auto f32 = VectorType::get(lanes, builder.getF32Type());
  Value bit = mul(part, constant(8));
  Value scale = shifted(rows.small[0], bit), minimum = shifted(rows.small[1], bit);
  if (upper) {
    Value low = shifted(rows.small[2], bit);
    auto joined = [&](Value nibble, Value high) -> Value {
      return arith::OrIOp::create(builder, loc, masked(nibble, 15), masked(shifted(high, 2), 48));
    };
    scale = joined(low, scale);
    minimum = joined(shifted(low, 4), minimum);
  } else {
    scale = masked(scale, 63);
    minimum = masked(minimum, 63);
  }
  auto times = [&](Value number, Value small) -> Value {
    return arith::MulFOp::create(builder, loc, number, arith::SIToFPOp::create(builder, loc, f32, small));
  };
  rows.scale = times(rows.scale, scale);
  rows.minimum = arith::NegFOp::create(builder, loc, times(rows.minimum, minimum));
}

/// q6_k: scale and high bits of 16 elements.
void ProgramLowering::takeRun(const Operand &right, BlockRows &rows, Value run) {
  graph::BlockPlanes planes = graph::planesOf(BlockFormat::Q6_K, right.panelWidth);
  auto i32 = VectorType::get(lanes, builder.getI32Type()), f32 = VectorType::get(lanes, builder.getF32Type());
  Type i8 = builder.getI8Type();
  Value width = constant(right.panelWidth);
  Value small = loadVector(address(rows.bytes, i8, mul(run, width)), planes.smallScales, i8);
  Value scale = arith::SIToFPOp::create(builder, loc, f32, arith::ExtSIOp::create(builder, loc, i32, small));
  rows.scale = arith::MulFOp::create(builder, loc, rows.scale, scale);
  rows.high = loadVector(address(rows.words, i8, mul(run, mul(width, constant(4)))), planes.high,
                         builder.getI32Type());
}

//===- Eight elements -----------------------------------------------------------------------------===//

/// Bits `height` to `height` + 3 of each word as the number 2^(23 - height) + q.
static Value mantissa(OpBuilder &builder, Location loc, Value bits, Value mask, Value exponent) {
  Value number =
      arith::OrIOp::create(builder, loc, arith::AndIOp::create(builder, loc, bits, mask), exponent);
  auto type = VectorType::get(lanes, builder.getF32Type());
  return arith::BitcastOp::create(builder, loc, type, number);
}

/// Element `i` of eight in a format of four bits: a nibble becomes a number where it lies, or after one shift
/// that three nibbles share.
Value ProgramLowering::decodeNibble(const BlockRows &rows, Value word, int64_t i) {
  bool offsets = !rows.minimum;
  int64_t shift = i >= nibblesInPlace ? 12 : offsets && i < 2 ? -12 : 0, height = 4 * i - shift;
  Value number =
      mantissa(builder, loc, shifted(word, shift), words(int64_t(15) << height), words((150 - height) << 23));
  if (offsets)
    return vector::FMAOp::create(builder, loc, number, rows.scale, rows.shiftedScales[height / 4 - 2]);
  Value offset = floats(static_cast<float>(1 << (23 - height)));
  Value integer = arith::SubFOp::create(builder, loc, number, offset);
  return vector::FMAOp::create(builder, loc, integer, rows.scale, rows.minimum);
}

/// Element `i` of eight in a format of five or six bits; `high` has the upper bits of the first element
/// lowest, those of the others four bits apart.
Value ProgramLowering::decodeWide(const graph::BlockLayout &layout, const BlockRows &rows, Value word,
                                  Value high, int64_t i) {
  int64_t mask = ((1 << layout.highBits) - 1) << 4;
  Value low = masked(shifted(word, 4 * i), 15), upper = masked(shifted(high, 4 * i - 4), mask);
  return scaled(layout, rows, arith::OrIOp::create(builder, loc, low, upper));
}

/// The value of integers, which are words.
Value ProgramLowering::scaled(const graph::BlockLayout &layout, const BlockRows &rows, Value integers) {
  if (layout.zero)
    integers = arith::SubIOp::create(builder, loc, integers, words(layout.zero));
  auto f32 = VectorType::get(lanes, builder.getF32Type());
  Value numbers = arith::SIToFPOp::create(builder, loc, f32, integers);
  if (rows.minimum)
    return vector::FMAOp::create(builder, loc, numbers, rows.scale, rows.minimum);
  return arith::MulFOp::create(builder, loc, numbers, rows.scale);
}

/// Where the low bits of elements 8 * `eight` onwards lie: a word that holds them, or an address (q8_0).
Value ProgramLowering::beginEight(const Operand &right, const BlockRows &rows, Value eight) {
  graph::BlockPlanes planes = graph::planesOf(right.blocks.getFormat(), right.panelWidth);
  int64_t bits = graph::layoutOf(right.blocks.getFormat()).lowBits;
  Value at = address(bits == 8 ? rows.bytes : rows.words, builder.getI8Type(),
                     mul(eight, constant(bits * right.panelWidth)));
  if (bits == 8)
    return address(at, builder.getI8Type(), constant(planes.low));
  return loadVector(at, planes.low, builder.getI32Type());
}

/// Element `i` of eight, whose low bits `beginEight` found.
Value ProgramLowering::decodeElement(const Operand &right, const BlockRows &rows, Value low, Value high,
                                     int64_t i) {
  const graph::BlockLayout &layout = graph::layoutOf(right.blocks.getFormat());
  if (layout.lowBits == 8) {
    Value bytes = loadVector(low, i * right.panelWidth, builder.getI8Type());
    auto i32 = VectorType::get(lanes, builder.getI32Type());
    return scaled(layout, rows, arith::ExtSIOp::create(builder, loc, i32, bytes));
  }
  return layout.highBits ? decodeWide(layout, rows, low, high, i) : decodeNibble(rows, low, i);
}

//===- Loops over the depth -----------------------------------------------------------------------===//

/// A loop from 0 to `bound` that carries values.
SmallVector<Value> ProgramLowering::carryLoop(Value bound, ValueRange init,
                                              function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(builder, loc, constant(0), bound, constant(1), init);
  OpBuilder::InsertionGuard guard(builder);
  if (init.empty())
    builder.setInsertionPoint(loop.getBody()->getTerminator());
  else
    builder.setInsertionPointToEnd(loop.getBody());
  SmallVector<Value> next = body(loop.getInductionVar(), loop.getRegionIterArgs());
  if (!init.empty())
    scf::YieldOp::create(builder, loc, next);
  return llvm::to_vector(ValueRange(loop.getResults()));
}

/// Fetches the bytes that come `fetchAhead` after a step's.
void ProgramLowering::fetchBlocks(const Operand &right, Value column, Value eight) {
  const graph::BlockLayout &layout = graph::layoutOf(right.blocks.getFormat());
  int64_t bytes = layout.bytes * right.panelWidth * step / layout.elements;
  Value at = address(column, builder.getI8Type(), add(mul(eight, constant(bytes)), constant(fetchAhead)));
  for (int64_t byte = 0; byte < bytes; byte += 64)
    LLVM::Prefetch::create(builder, loc, address(at, builder.getI8Type(), constant(byte)), 0, 3, 1);
}

/// The first column of blocks of the panel that holds line `line` of the tile, and the line's number in its
/// panel.
ProgramLowering::BlockPlace ProgramLowering::placeOf(const Operand &right, Value line, int64_t vectors) {
  BlockFormat format = right.blocks.getFormat();
  Value elements = constant(graph::layoutOf(format).elements), width = constant(right.panelWidth);
  Value n = add(right.firstLine, line);
  auto divided = [&](Value a, Value b) -> Value { return arith::DivUIOp::create(builder, loc, a, b); };
  Value first = add(mul(divided(n, width), divided(right.panels->sizes[1], elements)),
                    divided(right.firstDepth, elements));
  bool whole = vectors * lanes == right.panelWidth;
  Value lane = whole ? constant(0) : Value(arith::RemUIOp::create(builder, loc, n, width));
  int64_t bytes = graph::planesOf(format, right.panelWidth).bytes;
  return {address(right.pointer, builder.getI8Type(), mul(first, constant(bytes))), lane};
}

/// A call of a function of the kernel's own, made at its first call. A kernel decodes one format in many
/// places (the rest of the depth, sibling weights), and its code is compiled once. Integers arrive as
/// `index`.
void ProgramLowering::callHelper(const Twine &suffix, ArrayRef<Value> operands,
                                 function_ref<void(ValueRange)> body) {
  std::string name = (program.getSymName() + "." + suffix).str();
  SmallVector<Value> words;
  for (Value operand : operands)
    words.push_back(operand.getType().isIndex() ? toI64(operand) : operand);
  auto module = function->getParentOfType<ModuleOp>();
  auto helper = module.lookupSymbol<func::FuncOp>(name);
  if (!helper) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointAfter(function);
    helper =
        func::FuncOp::create(builder, loc, name, builder.getFunctionType(ValueRange(words).getTypes(), {}));
    helper->setAttr("llvm.linkage", LLVM::LinkageAttr::get(builder.getContext(), LLVM::Linkage::Internal));
    helper.setPrivate();
    auto outer = std::tuple(function, std::move(constants), entryEnd);
    function = helper;
    constants.clear();
    builder.setInsertionPointToStart(helper.addEntryBlock());
    entryEnd = func::ReturnOp::create(builder, loc);
    builder.setInsertionPoint(entryEnd);
    SmallVector<Value> arguments;
    for (auto [argument, operand] : llvm::zip(helper.getArguments(), operands))
      arguments.push_back(operand.getType().isIndex()
                              ? arith::IndexCastOp::create(builder, loc, builder.getIndexType(), argument)
                              : Value(argument));
    body(arguments);
    std::tie(function, constants, entryEnd) = std::move(outer);
  }
  func::CallOp::create(builder, loc, helper, words);
}

/// What distinguishes helpers of one kernel.
std::string ProgramLowering::describe(graph::BlockPanelsAttr blocks, int64_t vectors) {
  return (graph::stringifyBlockFormat(blocks.getFormat()) + "x" + Twine(blocks.getWidth()) + "v" +
          Twine(vectors))
      .str();
}

/// Decodes `vectors` times 16 rows from a place on over all of `depth`. `body` gets every
/// depth in order, its values, a vector for 16 rows, and what the loops carry.
SmallVector<Value> ProgramLowering::overBlocks(const Operand &right, BlockPlace place, Value depth,
                                               int64_t vectors, ValueRange init, ElementBody body) {
  BlockFormat format = right.blocks.getFormat();
  const graph::BlockLayout &layout = graph::layoutOf(format);
  graph::BlockPlanes planes = graph::planesOf(format, right.panelWidth);
  Type i8 = builder.getI8Type();
  Value elements = constant(layout.elements);
  auto eights = [&](Value column, ArrayRef<BlockRows> rows, Value origin, Value firstEight, int64_t count,
                    ValueRange carried) {
    return carryLoop(constant(count), carried, [&](Value i, ValueRange held) {
      Value eight = add(firstEight, i);
      fetchBlocks(right, column, eight);
      SmallVector<Value> low, high(vectors), values(vectors), next(held);
      for (int64_t v = 0; v < vectors; ++v) {
        low.push_back(beginEight(right, rows[v], eight));
        if (rows[v].high)
          high[v] = shifted(rows[v].high, mul(i, constant(layout.highBits)));
      }
      Value k = add(origin, mul(eight, constant(step)));
      for (int64_t e = 0; e < step; ++e) {
        for (int64_t v = 0; v < vectors; ++v)
          values[v] = decodeElement(right, rows[v], low[v], high[v], e);
        next = body(add(k, constant(e)), values, next);
      }
      return next;
    });
  };
  Value blocks = arith::DivUIOp::create(builder, loc, depth, elements);
  return carryLoop(blocks, init, [&](Value block, ValueRange carried) {
    Value column = address(place.column, i8, mul(block, constant(planes.bytes))),
          origin = mul(block, elements);
    SmallVector<BlockRows, 4> rows;
    for (int64_t v = 0; v < vectors; ++v)
      rows.push_back(beginBlock(right, column, add(place.lane, constant(v * lanes))));
    if (layout.elements == 32)
      return eights(column, rows, origin, constant(0), 4, carried);
    if (format == BlockFormat::Q6_K)
      return carryLoop(constant(16), carried, [&](Value run, ValueRange held) {
        SmallVector<BlockRows, 4> own(rows);
        for (BlockRows &row : own)
          takeRun(right, row, run);
        return eights(column, own, origin, mul(run, constant(2)), 2, held);
      });
    SmallVector<Value> held(carried);
    for (int64_t upper : {0, 1})
      held = carryLoop(constant(4), held, [&](Value part, ValueRange inner) {
        SmallVector<BlockRows, 4> own(rows);
        for (BlockRows &row : own)
          takeSixBits(row, part, upper);
        return eights(column, own, origin, mul(add(part, constant(upper * 4)), constant(4)), 4, inner);
      });
    return held;
  });
}

//===- Contractions -------------------------------------------------------------------------------===//

/// A tile's panels decoded into scratch, element (line, depth) of a panel at depth * width + line.
ProgramLowering::Operand ProgramLowering::decodedOperand(const Operand &right, RankedTensorType type,
                                                         Value columns, Value depth, int64_t vectors) {
  int64_t width = right.panelWidth, panels = llvm::divideCeil(type.getDimSize(0), width);
  Slot slot = allocate(RankedTensorType::get({panels * type.getDimSize(1), width}, builder.getF32Type()));
  Operand operand;
  operand.pointer = slot.pointer;
  operand.element = builder.getF32Type();
  operand.lineStride = constant(1);
  operand.depthStride = constant(width);
  operand.panelWidth = width;
  operand.panelStride = constant(type.getDimSize(1) * width);
  forLoop(columns, vectors * lanes, [&](Value line) {
    BlockPlace place = placeOf(right, line, vectors);
    Value base = columnPointer(operand, line);
    callHelper("decode." + describe(right.blocks, vectors), {place.column, place.lane, depth, base},
               [&](ValueRange given) {
                 overBlocks(right, {given[0], given[1]}, given[2], vectors, {},
                            [&](Value k, ArrayRef<Value> values, ValueRange) {
                              Value at = address(given[3], operand.element, mul(k, constant(width)));
                              for (auto [v, value] : llvm::enumerate(values))
                                LLVM::StoreOp::create(builder, loc, value,
                                                      address(at, operand.element, constant(v * lanes)), 4);
                              return SmallVector<Value>();
                            });
               });
  });
  return operand;
}

/// `rows` rows, fewer than eight, four, two and one at a time.
void ProgramLowering::fewRows(Value rows, function_ref<void(Value row, int64_t size)> body) {
  Value row = constant(0);
  for (int64_t size : {4, 2, 1}) {
    Value bit = arith::AndIOp::create(builder, loc, rows, constant(size));
    Value any = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, bit, constant(0));
    auto branch = scf::IfOp::create(builder, loc, any, /*withElseRegion=*/false);
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPoint(branch.thenBlock()->getTerminator());
      body(row, size);
    }
    row = add(row, bit);
  }
}

void ProgramLowering::blockKernel(const Operand &left, const Operand &right, const Slot &result, Value row,
                                  Value column, Value depth, int64_t rows, int64_t vectors, bool accumulate) {
  BlockPlace place = placeOf(right, column, vectors);
  Type f32 = builder.getF32Type();
  Value leftPointer = address(left.pointer, left.element, mul(row, left.lineStride));
  Value resultPointer = address(result.pointer, f32, add(mul(row, constant(result.strides[0])), column));
  bool adjacent = getConstantIntValue(left.depthStride) == 1;
  Type element = left.element;
  std::string suffix = "rows" + std::to_string(rows) + (accumulate ? "more." : "first.") +
                       (adjacent ? "" : "strided.") + describe(right.blocks, vectors);
  callHelper(suffix,
             {place.column, place.lane, depth, leftPointer, left.lineStride, left.depthStride, resultPointer,
              constant(result.strides[0])},
             [&](ValueRange given) {
               Value depthStride = adjacent ? constant(1) : given[5];
               SmallVector<Value> zeros(rows * vectors, zero(VectorType::get(lanes, f32)));
               SmallVector<Value> sums =
                   overBlocks(right, {given[0], given[1]}, given[2], vectors, zeros,
                              [&](Value k, ArrayRef<Value> values, ValueRange carried) {
                                SmallVector<Value> next(carried);
                                Value leftAt = address(given[3], element, mul(k, depthStride));
                                for (int64_t r = 0; r < rows; ++r) {
                                  Value at = address(leftAt, element, mul(constant(r), given[4]));
                                  Value factor = splat(LLVM::LoadOp::create(builder, loc, element, at));
                                  for (int64_t v = 0; v < vectors; ++v) {
                                    Value &sum = next[r * vectors + v];
                                    sum = vector::FMAOp::create(builder, loc, factor, values[v], sum);
                                  }
                                }
                                return next;
                              });
               storeSums(given[6], given[7], sums, rows, vectors, accumulate);
             });
}

/// Both ways, chosen where the number of rows is known.
void ProgramLowering::lowerBlocksDot(tile::DotOp op, const Operand &left, const Operand &right,
                                     const Slot &slot, Value rows, Value columns, Value depth,
                                     bool accumulate) {
  int64_t vectors = vectorsPerBlock(right.panelWidth / lanes, version.blockVectors);
  auto few = [&] {
    forLoop(columns, vectors * lanes, [&](Value column) {
      fewRows(rows, [&](Value row, int64_t size) {
        blockKernel(left, right, slot, row, column, depth, size, vectors, accumulate);
      });
    });
  };
  auto many = [&] {
    Operand decoded = decodedOperand(right, op.getRhs().getType(), columns, depth, vectors);
    columnBlocks(op, left, decoded, slot, rows, columns, depth, version.blockVectors, accumulate);
  };
  fewOrMany(rows, few, many);
}

/// Whether few rows decode on the way or many share what is decoded once.
void ProgramLowering::fewOrMany(Value rows, function_ref<void()> few, function_ref<void()> many) {
  constexpr int64_t most = 7; // rows that are worth decoding for each few of them
  if (std::optional<int64_t> known = getConstantIntValue(rows))
    return *known <= most ? few() : many();
  choose(arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sle, rows, constant(most)), few, many);
}
