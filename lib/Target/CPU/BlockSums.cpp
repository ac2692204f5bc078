// Quantized weights where a block's scale multiplies the sum over its elements. An element costs one fused
// multiply-add then, besides becoming a number: where a vector takes two operations of each, that is what
// decides. The integers are centred, so that a sum does not cancel against the minimum's; for few rows they
// come from registers, for many from scratch, and the chain for an element of the result is the same: over a
// block's elements from zero, then times scale into the result, then the minimum times the sum of the row's
// elements.
#include "lib/Target/CPU/ProgramLowering.h"

#include "dialects/Graph/BlockFormats.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace girih;
using namespace girih::cpu;
using graph::BlockFormat;

namespace {
constexpr int64_t step = 8;          // elements of depth that are decoded together
constexpr int64_t fetchAhead = 3072; // bytes beyond the next column of blocks
constexpr int64_t topByte = 24;      // integers of less than eight bits are numbers in a word's highest byte
} // namespace

/// 16 rows or several of them, and elements of depth that share a scale.
struct ProgramLowering::Group {
  Value column, line; // the column of blocks, and the first row's number
  ArrayRef<BlockRows> rows;
  Value origin, number; // the first element's depth, and the group's number in its row
  Value part;           // its number in the block; null: it is the block
  int64_t eights;       // elements of depth, by eight
  Value left, next;     // bytes to the end of the panel's part of the tile, and how much further what is read
                        // next begins; or null
};

static int64_t elementsOf(BlockFormat format) { return format == BlockFormat::Q6_K ? 16 : 32; }

/// The integer in the middle of those that a format has.
static int64_t centreOf(const graph::BlockLayout &layout) {
  return layout.minimum < 0 ? layout.zero : int64_t(8) << layout.highBits;
}

/// Under `exact`, the order of every sum is the reference's.
bool ProgramLowering::scalesSums() { return version.scalesSums && !graph::isExact(program); }

//===- The left operand's sums --------------------------------------------------------------------===//

/// The sum of `group` elements from `at` on: 16 partial sums, then a tree.
Value ProgramLowering::sumGroup(Value at, const Operand &left, int64_t group) {
  Type f32 = builder.getF32Type();
  bool adjacent = getConstantIntValue(left.depthStride) == 1;
  auto sixteen = [&](int64_t first) -> Value {
    Value from = address(at, left.element, mul(constant(first), left.depthStride));
    if (adjacent)
      return widened(LLVM::LoadOp::create(builder, loc, VectorType::get(lanes, left.element), from, 4));
    Value all = zero(VectorType::get(lanes, f32));
    for (int64_t i = 0; i < lanes; ++i) {
      Value place = address(from, left.element, mul(constant(i), left.depthStride));
      all = vector::InsertOp::create(builder, loc, LLVM::LoadOp::create(builder, loc, left.element, place),
                                     all, i);
    }
    return all;
  };
  Value sum = sixteen(0);
  for (int64_t first = lanes; first < group; first += lanes)
    sum = arith::AddFOp::create(builder, loc, sum, sixteen(first));
  for (int64_t half = lanes / 2; half >= 1; half /= 2) {
    auto low = llvm::to_vector(llvm::seq<int64_t>(0, half)),
         high = llvm::to_vector(llvm::seq<int64_t>(half, 2 * half));
    sum = arith::AddFOp::create(builder, loc, vector::ShuffleOp::create(builder, loc, sum, sum, low),
                                vector::ShuffleOp::create(builder, loc, sum, sum, high));
  }
  return vector::ExtractOp::create(builder, loc, sum, 0);
}

/// The sums of every row's blocks, in scratch.
Value ProgramLowering::sumRows(tile::DotOp op, const Operand &left, const Operand &right, Value rows,
                               Value depth) {
  auto type = op.getLhs().getType();
  int64_t size = elementsOf(right.blocks.getFormat()), groups = type.getDimSize(1) / size;
  Type f32 = builder.getF32Type();
  Slot sums = allocate(RankedTensorType::get({type.getDimSize(0) * groups}, f32));
  forLoop(rows, 1, [&](Value row) {
    Value from = address(left.pointer, left.element, mul(row, left.lineStride));
    Value to = address(sums.pointer, f32, mul(row, constant(groups)));
    forLoop(arith::DivUIOp::create(builder, loc, depth, constant(size)), 1, [&](Value group) {
      Value at = address(from, left.element, mul(mul(group, constant(size)), left.depthStride));
      LLVM::StoreOp::create(builder, loc, sumGroup(at, left, size), address(to, f32, group), 4);
    });
  });
  return sums.pointer;
}

//===- Integers -----------------------------------------------------------------------------------===//

/// Turns what multiplies elements into what multiplies sums of their integers.
void ProgramLowering::finishRow(BlockRows &rows, const Operand &right) {
  const graph::BlockLayout &layout = graph::layoutOf(right.blocks.getFormat());
  if (rows.minimum)
    rows.minimum = vector::FMAOp::create(builder, loc, rows.scale, floats(centreOf(layout)), rows.minimum);
  if (layout.lowBits < 8)
    rows.scale = arith::MulFOp::create(builder, loc, rows.scale, floats(1.0f / (1 << topByte)));
}

/// The integers of elements 0, 2, 4 and 6 of eight, or of 1, 3, 5 and 7, less the centre: a byte each.
Value ProgramLowering::centred(const Operand &right, Value word, Value high, bool odd) {
  const graph::BlockLayout &layout = graph::layoutOf(right.blocks.getFormat());
  Value bits = masked(odd ? shifted(word, 4) : word, 0x0f0f0f0f);
  if (high)
    bits = arith::OrIOp::create(
        builder, loc, bits,
        masked(odd ? high : shifted(high, -4), layout.highBits == 1 ? 0x10101010 : 0x30303030));
  auto type = VectorType::get(4 * lanes, builder.getI8Type());
  Value centre = arith::ConstantOp::create(
      builder, loc,
      DenseElementsAttr::get(type, builder.getI8IntegerAttr(static_cast<int8_t>(centreOf(layout)))));
  return arith::SubIOp::create(builder, loc, vector::BitCastOp::create(builder, loc, type, bits), centre);
}

/// Signed byte `number` of every word, as a number times 2^24: one shuffle moves it where its sign is the
/// word's.
static Value numberOf(OpBuilder &builder, Location loc, Value bytes, int64_t number) {
  auto i32 = VectorType::get(lanes, builder.getI32Type()), f32 = VectorType::get(lanes, builder.getF32Type());
  Value zeros = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(bytes.getType()));
  SmallVector<int64_t> places(4 * lanes, 4 * lanes);
  for (int64_t lane = 0; lane < lanes; ++lane)
    places[4 * lane + 3] = 4 * lane + number;
  Value moved = vector::ShuffleOp::create(builder, loc, bytes, zeros, places);
  return arith::SIToFPOp::create(builder, loc, f32, vector::BitCastOp::create(builder, loc, i32, moved));
}

/// Fetches what lies ahead by a step's share: all rows of a column are fetched while all of them are passed
/// over.
void ProgramLowering::fetchGroup(const Operand &right, const Group &group, Value eight) {
  const graph::BlockLayout &layout = graph::layoutOf(right.blocks.getFormat());
  int64_t all = graph::planesOf(right.blocks.getFormat(), right.panelWidth).bytes,
          eights = layout.elements / step;
  int64_t passes = right.panelWidth / (lanes * group.rows.size()),
          share = llvm::divideCeil(all, eights * passes);
  Value pass = arith::DivUIOp::create(builder, loc, group.line, constant(lanes * group.rows.size()));
  Value done = mul(add(mul(pass, constant(eights)), eight), constant(share));
  Value at = add(done, constant(all + fetchAhead));
  if (group.next) {
    Value beyond = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge, at, group.left);
    at = add(at, arith::SelectOp::create(builder, loc, beyond, group.next, constant(0)));
  }
  at = address(group.column, builder.getI8Type(), at);
  for (int64_t byte = 0; byte < share; byte += 64)
    LLVM::Prefetch::create(builder, loc, address(at, builder.getI8Type(), constant(byte)), 0, 3, 1);
}

/// The integers of a group: `body` gets every depth in order, its numbers, a vector for 16 rows, and what the
/// loop carries.
SmallVector<Value> ProgramLowering::overIntegers(const Operand &right, const Group &group, ValueRange init,
                                                 IntegerBody body) {
  const graph::BlockLayout &layout = graph::layoutOf(right.blocks.getFormat());
  int64_t vectors = group.rows.size();
  auto i32 = VectorType::get(lanes, builder.getI32Type()), f32 = VectorType::get(lanes, builder.getF32Type());
  return carryLoop(constant(group.eights), init, [&](Value i, ValueRange held) {
    Value eight = group.part ? add(mul(group.part, constant(group.eights)), i) : i;
    fetchGroup(right, group, eight);
    SmallVector<Value> low, high(vectors), bytes(2 * vectors), numbers(vectors), next(held);
    for (int64_t v = 0; v < vectors; ++v) {
      low.push_back(beginEight(right, group.rows[v], eight));
      if (group.rows[v].high)
        high[v] = shifted(group.rows[v].high, mul(i, constant(layout.highBits)));
    }
    auto number = [&](int64_t v, int64_t e) -> Value {
      if (layout.lowBits == 8) {
        Value stored = loadVector(low[v], e * right.panelWidth, builder.getI8Type());
        return arith::SIToFPOp::create(builder, loc, f32, arith::ExtSIOp::create(builder, loc, i32, stored));
      }
      Value &four = bytes[2 * v + e % 2];
      if (!four)
        four = centred(right, low[v], high[v], e % 2);
      return numberOf(builder, loc, four, e / 2);
    };
    Value k = add(group.origin, mul(i, constant(step)));
    for (int64_t e = 0; e < step; ++e) {
      for (int64_t v = 0; v < vectors; ++v)
        numbers[v] = number(v, e);
      next = body(add(k, constant(e)), numbers, next);
    }
    return next;
  });
}

/// All groups of `columns` rows from a place on, those of one column of blocks together, so that memory is
/// read in order.
void ProgramLowering::overGroups(const Operand &right, BlockPlace place, Value next, Value columns,
                                 Value depth, int64_t vectors, GroupBody body) {
  BlockFormat format = right.blocks.getFormat();
  const graph::BlockLayout &layout = graph::layoutOf(format);
  int64_t size = elementsOf(format), groups = layout.elements / size, width = vectors * lanes;
  auto loop = [&](Value bound, function_ref<void(Value)> each) {
    carryLoop(bound, {}, [&](Value i, ValueRange) {
      each(i);
      return SmallVector<Value>();
    });
  };
  Value passes = arith::DivUIOp::create(builder, loc, add(columns, constant(width - 1)), constant(width));
  Value blocks = arith::DivUIOp::create(builder, loc, depth, constant(layout.elements));
  Value bytes = constant(graph::planesOf(format, right.panelWidth).bytes);
  loop(blocks, [&](Value block) {
    Value column = address(place.column, builder.getI8Type(), mul(block, bytes));
    Value left = next ? mul(sub(blocks, block), bytes) : Value();
    loop(passes, [&](Value pass) {
      Value line = mul(pass, constant(width));
      SmallVector<BlockRows, 4> rows;
      for (int64_t v = 0; v < vectors; ++v)
        rows.push_back(beginBlock(right, column, add(add(place.lane, line), constant(v * lanes))));
      auto emit = [&](Value part, function_ref<void(BlockRows &)> take) {
        SmallVector<BlockRows, 4> own(rows);
        for (BlockRows &row : own) {
          take(row);
          finishRow(row, right);
        }
        Value number = part ? add(mul(block, constant(groups)), part) : block;
        body({column, line, own, mul(number, constant(size)), number, part, size / step, left, next});
      };
      if (format == BlockFormat::Q6_K)
        return loop(constant(groups),
                    [&](Value run) { emit(run, [&](BlockRows &row) { takeRun(right, row, run); }); });
      if (format != BlockFormat::Q4_K)
        return emit({}, [](BlockRows &) {});
      for (int64_t upper : {0, 1})
        loop(constant(4), [&](Value part) {
          emit(add(part, constant(4 * upper)), [&](BlockRows &row) { takeSixBits(row, part, upper); });
        });
    });
  });
}

//===- Contractions -------------------------------------------------------------------------------===//

/// Adds sums over a group to the result: times the scales, and the minima times the rows' sums.
void ProgramLowering::addScaled(Value result, Value stride, ArrayRef<Value> sums, ArrayRef<Value> scales,
                                ArrayRef<Value> minimums, ArrayRef<Value> rowSums) {
  auto type = VectorType::get(lanes, builder.getF32Type());
  int64_t vectors = scales.size(), rows = sums.size() / vectors;
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t v = 0; v < vectors; ++v) {
      Value at = address(result, builder.getF32Type(), add(mul(constant(r), stride), constant(v * lanes)));
      Value sum = LLVM::LoadOp::create(builder, loc, type, at, 4);
      sum = vector::FMAOp::create(builder, loc, sums[r * vectors + v], scales[v], sum);
      if (!minimums.empty())
        sum = vector::FMAOp::create(builder, loc, rowSums[r], minimums[v], sum);
      LLVM::StoreOp::create(builder, loc, sum, at, 4);
    }
}

/// The sums of `rows` rows' elements in group `number`, a vector each.
SmallVector<Value> ProgramLowering::loadRowSums(Value sums, Value stride, Value number, int64_t rows) {
  Type f32 = builder.getF32Type();
  SmallVector<Value> loaded;
  for (int64_t r = 0; sums && r < rows; ++r)
    loaded.push_back(splat(
        LLVM::LoadOp::create(builder, loc, f32, address(sums, f32, add(mul(constant(r), stride), number)))));
  return loaded;
}

/// How far from the end of a panel's part of the tile lies what is read next: the next panel's part, or after
/// the last panel the first one's next part, which the tile's next depths are.
Value ProgramLowering::distanceToNext(const Operand &right, Value column, Value columns, Value depth) {
  BlockFormat format = right.blocks.getFormat();
  int64_t elements = graph::layoutOf(format).elements, width = right.panelWidth;
  auto bytes = [&](Value deep) {
    return mul(arith::DivUIOp::create(builder, loc, deep, constant(elements)),
               constant(graph::planesOf(format, width).bytes));
  };
  auto when = [&](arith::CmpIPredicate predicate, Value a, Value b, Value then, Value otherwise) -> Value {
    Value holds = arith::CmpIOp::create(builder, loc, predicate, a, b);
    return arith::SelectOp::create(builder, loc, holds, then, otherwise);
  };
  Value panel = bytes(right.panels->sizes[1]);
  Value back = mul(sub(constant(0), arith::DivUIOp::create(builder, loc, column, constant(width))), panel);
  Value afterLast = when(arith::CmpIPredicate::slt, add(right.firstDepth, depth), right.panels->sizes[1],
                         back, constant(0));
  return when(arith::CmpIPredicate::slt, add(column, constant(width)), columns, sub(panel, bytes(depth)),
              afterLast);
}

/// `rows` rows, fewer than eight, times a panel whose integers are decoded on the way. `sums` are the left
/// operand's; null if the format has no minimum.
void ProgramLowering::groupKernel(const Operand &left, const Operand &right, const Slot &result, Value sums,
                                  int64_t groups, Value row, Value column, Value columns, Value depth,
                                  int64_t rows, int64_t vectors) {
  BlockPlace place = placeOf(right, column, right.panelWidth / lanes);
  Type f32 = builder.getF32Type(), element = left.element;
  Value leftPointer = address(left.pointer, element, mul(row, left.lineStride));
  Value resultPointer = address(result.pointer, f32, add(mul(row, constant(result.strides[0])), column));
  bool adjacent = getConstantIntValue(left.depthStride) == 1;
  SmallVector<Value> operands = {place.column,
                                 minimum(sub(columns, column), constant(right.panelWidth)),
                                 depth,
                                 leftPointer,
                                 left.lineStride,
                                 left.depthStride,
                                 resultPointer,
                                 constant(result.strides[0]),
                                 distanceToNext(right, column, columns, depth)};
  if (sums)
    operands.append({address(sums, f32, mul(row, constant(groups))), constant(groups)});
  std::string suffix =
      "sums" + std::to_string(rows) + "." + (adjacent ? "" : "strided.") + describe(right.blocks, vectors);
  callHelper(suffix, operands, [&](ValueRange given) {
    Value depthStride = adjacent ? constant(1) : given[5];
    overGroups(
        right, {given[0], constant(0)}, given[8], given[1], given[2], vectors, [&](const Group &group) {
          SmallVector<Value> zeros(rows * vectors, zero(VectorType::get(lanes, f32)));
          SmallVector<Value> products =
              overIntegers(right, group, zeros, [&](Value k, ArrayRef<Value> numbers, ValueRange carried) {
                SmallVector<Value> next(carried);
                Value leftAt = address(given[3], element, mul(k, depthStride));
                for (int64_t r = 0; r < rows; ++r) {
                  Value at = address(leftAt, element, mul(constant(r), given[4]));
                  Value factor = splat(LLVM::LoadOp::create(builder, loc, element, at));
                  for (int64_t v = 0; v < vectors; ++v)
                    next[r * vectors + v] =
                        vector::FMAOp::create(builder, loc, factor, numbers[v], next[r * vectors + v]);
                }
                return next;
              });
          SmallVector<Value> scales, minimums, rowSums;
          for (const BlockRows &own : group.rows) {
            scales.push_back(own.scale);
            if (own.minimum)
              minimums.push_back(own.minimum);
          }
          if (!minimums.empty())
            rowSums = loadRowSums(given[9], given[10], group.number, rows);
          addScaled(address(given[6], f32, group.line), given[7], products, scales, minimums, rowSums);
        });
  });
}

/// A tile's panels in scratch: integers as decoded weights lie (`decodedOperand`), and the scales and minima
/// of its groups.
ProgramLowering::Operand ProgramLowering::integerOperand(const Operand &right, RankedTensorType type,
                                                         Value columns, Value depth, int64_t vectors) {
  int64_t width = right.panelWidth, panels = llvm::divideCeil(type.getDimSize(0), width),
          deep = type.getDimSize(1);
  int64_t groups = deep / elementsOf(right.blocks.getFormat());
  bool hasMinimum = graph::layoutOf(right.blocks.getFormat()).minimum >= 0;
  Type f32 = builder.getF32Type();
  auto lines = [&](int64_t count) {
    return allocate(RankedTensorType::get({panels * count, width}, f32)).pointer;
  };
  Operand operand;
  operand.pointer = lines(deep);
  operand.element = f32;
  operand.lineStride = constant(1);
  operand.depthStride = constant(width);
  operand.panelWidth = width;
  operand.panelStride = constant(deep * width);
  operand.factors = {lines(groups), hasMinimum ? lines(groups) : Value(), {}, deep / groups, groups};
  forLoop(columns, width, [&](Value line) {
    Value factorAt = mul(line, constant(groups)); // line is a whole number of panels
    SmallVector<Value> operands = {
        placeOf(right, line, width / lanes).column, minimum(sub(columns, line), constant(width)), depth,
        columnPointer(operand, line), address(operand.factors->scales, f32, factorAt)};
    if (hasMinimum)
      operands.push_back(address(operand.factors->minimums, f32, factorAt));
    callHelper("integers." + describe(right.blocks, vectors), operands, [&](ValueRange given) {
      auto store = [&](Value to, Value depth, Value first, ArrayRef<Value> values) {
        Value at = address(to, f32, add(mul(depth, constant(width)), first));
        for (auto [v, value] : llvm::enumerate(values))
          LLVM::StoreOp::create(builder, loc, value, address(at, f32, constant(v * lanes)), 4);
      };
      overGroups(right, {given[0], constant(0)}, {}, given[1], given[2], vectors, [&](const Group &group) {
        overIntegers(right, group, {}, [&](Value k, ArrayRef<Value> numbers, ValueRange) {
          store(given[3], k, group.line, numbers);
          return SmallVector<Value>();
        });
        store(given[4], group.number, group.line,
              llvm::map_to_vector(group.rows, [](const BlockRows &own) { return own.scale; }));
        if (hasMinimum)
          store(given[5], group.number, group.line,
                llvm::map_to_vector(group.rows, [](const BlockRows &own) { return own.minimum; }));
      });
    });
  });
  return operand;
}

/// A register block over groups in scratch.
void ProgramLowering::sumKernel(const Operand &left, const Operand &right, Value rightPointer,
                                const Slot &result, Value row, Value column, Value depth, int64_t rows,
                                int64_t vectors) {
  const BlockFactors &factors = *right.factors;
  Type f32 = builder.getF32Type();
  auto type = VectorType::get(lanes, f32);
  Value width = constant(right.panelWidth), stride = constant(result.strides[0]);
  Value panel = arith::DivUIOp::create(builder, loc, column, width),
        line = arith::RemUIOp::create(builder, loc, column, width);
  Value first = add(mul(panel, constant(factors.stride * right.panelWidth)), line);
  Value resultPointer = address(result.pointer, f32, add(mul(row, stride), column));
  Value rowSums =
      factors.rowSums ? address(factors.rowSums, f32, mul(row, constant(factors.stride))) : Value();
  Value leftPointer = address(left.pointer, left.element, mul(row, left.lineStride));
  forLoop(arith::DivUIOp::create(builder, loc, depth, constant(factors.group)), 1, [&](Value number) {
    Value origin = mul(number, constant(factors.group)), at = add(first, mul(number, width));
    auto load = [&](Value from) {
      SmallVector<Value> loaded;
      for (int64_t v = 0; from && v < vectors; ++v)
        loaded.push_back(
            LLVM::LoadOp::create(builder, loc, type, address(from, f32, add(at, constant(v * lanes))), 4));
      return loaded;
    };
    SmallVector<Value> sums =
        products(left, right, address(leftPointer, left.element, mul(origin, left.depthStride)),
                 address(rightPointer, f32, mul(origin, width)), constant(factors.group), rows, vectors, {});
    addScaled(resultPointer, stride, sums, load(factors.scales), load(factors.minimums),
              loadRowSums(rowSums, constant(factors.stride), number, rows));
  });
}

/// Few rows or many, as for weights whose elements are decoded.
void ProgramLowering::lowerBlockSums(tile::DotOp op, const Operand &left, const Operand &right,
                                     const Slot &slot, Value rows, Value columns, Value depth) {
  BlockFormat format = right.blocks.getFormat();
  int64_t vectors = vectorsPerBlock(right.panelWidth / lanes, version.blockVectors);
  int64_t groups = op.getLhs().getType().getDimSize(1) / elementsOf(format);
  Value sums;
  if (graph::layoutOf(format).minimum >= 0)
    sums = sumRows(op, left, right, rows, depth);
  auto few = [&] {
    forLoop(columns, right.panelWidth, [&](Value column) {
      fewRows(rows, [&](Value row, int64_t size) {
        groupKernel(left, right, slot, sums, groups, row, column, columns, depth, size, vectors);
      });
    });
  };
  auto many = [&] {
    Operand integers = integerOperand(right, op.getRhs().getType(), columns, depth, vectors);
    integers.factors->rowSums = sums;
    columnBlocks(op, left, integers, slot, rows, columns, depth, version.blockVectors, /*accumulate=*/true);
  };
  fewOrMany(rows, few, many);
}
