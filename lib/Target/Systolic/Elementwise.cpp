// What the vector unit computes element by element. Its instructions take rows of at most C lanes; shapes and
// strides are cut into such rows. What all operands repeat along a dimension is computed once and stays
// repeated by stride 0.
#include "lib/Target/Bounds.h"
#include "lib/Target/Systolic/ProgramLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

#include <bit>
#include <cmath>
#include <limits>

using namespace mlir;
using namespace girih;
using namespace girih::systolic;

static constexpr float kLog2E = 1.44269504f;
static constexpr float kInfinity = std::numeric_limits<float>::infinity();

//===- Rows of lanes --------------------------------------------------------------------------------===//

namespace {
/// A dimension that is walked, with the strides of destination and operands.
struct Walk {
  int64_t size;
  std::array<int64_t, 3> strides;
  int64_t perRow = 0; // how much of it is one of the rows that lie along `rowDim`, if it is made of them
};
} // namespace

/// Neighbouring dimensions that all operands walk as one become one; those of one element vanish.
static SmallVector<Walk> collapse(ArrayRef<int64_t> shape, std::array<const Tile *, 3> tiles,
                                  int64_t rowDim) {
  SmallVector<Walk> walks;
  for (auto [d, size] : llvm::enumerate(shape)) {
    if (size == 1)
      continue;
    Walk walk{size, {}, int64_t(d) == rowDim ? 1 : 0};
    for (unsigned i = 0; i != 3; ++i)
      walk.strides[i] = tiles[i] ? tiles[i]->strides[d] : 0;
    bool joins = !walks.empty();
    for (unsigned i = 0; joins && i != 3; ++i)
      joins = walks.back().strides[i] == walk.strides[i] * size;
    if (joins)
      walks.back() = {walks.back().size * size, walk.strides, walks.back().perRow * size};
    else
      walks.push_back(walk);
  }
  return walks;
}

/// One instruction: `rows` rows of `cols` lanes from `offsets` on, or as many of them as `live` says.
void ProgramLowering::vectorRows(const VectorCode &what, const Tile &to, const Tile *a, const Tile *b,
                                 Shape offsets, Shape pitches, int64_t rows, int64_t cols, bool scalar,
                                 std::optional<Number> live) {
  Instruction i;
  i.op = int64_t(systolic::Op::vector);
  i.fn = int64_t(what.combine) | int64_t(what.function) << 4;
  i.flags = what.flags | (scalar ? flag::vector_scalar : 0);
  i.mask = int64_t(1) << array;
  i.td = int64_t(to.type), i.pd = pitches[0];
  i.rows = live ? live->constant : rows, i.rn = live ? live->number() : 0, i.cols = cols;
  auto place = [&](const Tile &tile, unsigned operand, int64_t &field, int64_t &reg) {
    Address begin = address(tile);
    field = begin.offset + offsets[operand], reg = begin.reg;
  };
  place(to, 0, i.dst, i.rd);
  auto rowsAt = [&](const Tile &tile, unsigned operand, int64_t lanes, bool write) {
    int64_t first = tile.slot->offset + tile.offset + offsets[operand],
            last = first + (rows - 1) * pitches[operand];
    return Access{tile.slot->accumulator, std::min(first, last),
                  std::max(first, last) + lanes * typeBytes(tile.type), write, tile.phase};
  };
  SmallVector<Access, 3> accesses{rowsAt(to, 0, what.flags & flag::vector_reduce ? 1 : cols, true)};
  if (a) {
    i.ta = int64_t(a->type), i.pa = pitches[1];
    place(*a, 1, i.a, i.ra);
    accesses.push_back(rowsAt(*a, 1, cols, false));
  }
  if (b) {
    i.tb = int64_t(b->type), i.pb = pitches[2];
    place(*b, 2, i.b, i.rb);
    accesses.push_back(rowsAt(*b, 2, scalar ? 1 : cols, false));
  }
  if (what.flags & (flag::vector_constant | flag::vector_scale))
    i.imm = int32_t(std::bit_cast<uint32_t>(what.imm));
  code.append(i, accesses);
}

/// Operands that are spread over arrays, and those beside them, with the last dimension in two: arrays, and
/// columns of one.
void ProgramLowering::vectorByArrays(const VectorCode &what, Shape shape, const Tile &to, const Tile *a,
                                     const Tile *b) {
  const int64_t columns = machine.array_columns;
  for (int64_t from = 0; from < shape.back();) {
    int64_t arrays = std::max<int64_t>(1, (shape.back() - from) / columns),
            width = std::min(columns, shape.back() - from);
    auto cut = [&](Tile tile) {
      int64_t stride = tile.strides.back(), next = tile.spread ? kArrayStride : columns * stride;
      tile.offset += from / columns * next;
      tile.strides.back() = next;
      tile.strides.push_back(stride);
      tile.spread = false;
      return tile;
    };
    SmallVector<int64_t> sizes(shape.drop_back());
    sizes.append({arrays, width});
    std::optional<Tile> left = a ? std::optional(cut(*a)) : std::nullopt,
                        right = b ? std::optional(cut(*b)) : std::nullopt;
    vector(what, sizes, cut(to), left ? &*left : nullptr, right ? &*right : nullptr);
    from += arrays * width;
  }
}

/// Cuts a walk into instructions: lanes run along the last dimension if every operand does, rows along the
/// longest of the others that stays in one array.
void ProgramLowering::vector(VectorCode what, Shape shape, const Tile &to, const Tile *a, const Tile *b) {
  if (to.spread || (a && a->spread) || (b && b->spread))
    return vectorByArrays(what, shape, to, a, b);
  SmallVector<Walk> walks = collapse(shape, {&to, a, b}, to.live ? to.live->dim : -1);
  Walk lanes{1, {typeBytes(to.type), a ? typeBytes(a->type) : 0, b ? typeBytes(b->type) : 0}};
  auto steps = [&](unsigned operand, const Tile *tile) {
    return !tile || walks.back().strides[operand] == int64_t(typeBytes(tile->type));
  };
  if (!walks.empty() && steps(0, &to) && steps(1, a) && (steps(2, b) || walks.back().strides[2] == 0))
    lanes = walks.pop_back_val();
  bool scalar = b && lanes.size > 1 && lanes.strides[2] == 0;
  auto emit = [&](int64_t from, int64_t count, int64_t width) { // `count` times `width` lanes
    SmallVector<Walk> rest = walks;
    if (count > 1)
      rest.push_back({count,
                      {lanes.strides[0] * width, lanes.strides[1] * width, lanes.strides[2] * width},
                      lanes.perRow % width ? 0 : lanes.perRow / width});
    Walk rows{1, {}};
    auto length = [](const Walk &walk) {
      return llvm::any_of(walk.strides, [](int64_t stride) { return stride >= kArrayStride; }) ? 0
                                                                                               : walk.size;
    };
    if (auto longest =
            llvm::max_element(rest, [&](const Walk &x, const Walk &y) { return length(x) < length(y); });
        longest != rest.end() && length(*longest) != 0) {
      rows = *longest;
      rest.erase(longest);
    }
    int64_t times = 1;
    for (const Walk &walk : rest)
      times *= walk.size;
    for (int64_t i = 0; i != times; ++i) {
      std::array<int64_t, 3> at{};
      int64_t left = i;
      for (unsigned k = 0; k != 3; ++k)
        at[k] = from * lanes.strides[k];
      for (const Walk &walk : rest) {
        for (unsigned k = 0; k != 3; ++k)
          at[k] += left % walk.size * walk.strides[k];
        left /= walk.size;
      }
      std::optional<Number> live;
      if (rows.perRow)
        live = scalars.mul(to.live->count, rows.perRow);
      vectorRows(what, to, a, b, at, rows.strides, rows.size, width, scalar, live);
    }
  };
  int64_t width = std::min(lanes.size, machine.array_columns), whole = lanes.size / width;
  emit(0, whole, width);
  if (int64_t left = lanes.size % width)
    emit(whole * width, 1, left);
}

//===- Tiles from tiles -----------------------------------------------------------------------------===//

bool ProgramLowering::isDense(const Tile &tile, Shape shape) const {
  if (tile.isSplat() || tile.spread)
    return false;
  int64_t stride = typeBytes(tile.type);
  for (size_t d = shape.size(); d-- != 0; stride *= shape[d])
    if (shape[d] != 1 && tile.strides[d] != stride)
      return false;
  return true;
}

/// An operand's own bytes, where the result may lie because nothing else will read them: rows are read before
/// they are written.
std::optional<Tile> ProgramLowering::reusable(Operation &op, ValueRange operands, Shape shape,
                                              systolic::Type type) {
  for (Value operand : operands) {
    auto found = tiles.find(operand);
    if (found == tiles.end() || found->second.isSplat() || typeBytes(found->second.type) != typeBytes(type) ||
        !(isDense(found->second, shape) || found->second.spread) || !isLastUse(op, operand))
      continue;
    auto sharesSlot = [&](auto &entry) { return entry.second.slot == found->second.slot; };
    bool isAhead = llvm::any_of(
        ahead, [&](auto &entry) { return entry.second && entry.second->slot == found->second.slot; });
    if (!isAhead && llvm::count_if(tiles, sharesSlot) == 1) {
      Tile tile = found->second;
      tile.type = type;
      return tile;
    }
  }
  return std::nullopt;
}

/// A new tile of `shape`; dimensions that every operand repeats are computed once.
Tile ProgramLowering::elementwise(VectorCode what, Shape shape, const Tile *a, const Tile *b,
                                  systolic::Type type) {
  SmallVector<int64_t> own(shape);
  for (auto [d, size] : llvm::enumerate(own))
    if ((!a || a->strides[d] == 0) && (!b || b->strides[d] == 0))
      size = 1;
  std::optional<Tile> over = std::exchange(reuse, std::nullopt);
  Tile result;
  if (over && Shape(own) == shape)
    result = *over;
  else if (type == systolic::Type::f32) // as wide as sums, and beside them
    result = sums(own, /*leaveHalf=*/true);
  if (!result.slot)
    result = fresh(own, type);
  // Only b may be repeated along lanes.
  auto isRepeated = [&](const Tile *tile) {
    for (size_t d = own.size(); tile && d-- != 0;)
      if (own[d] != 1)
        return tile->strides[d] == 0;
    return false;
  };
  if (isRepeated(a) && !isRepeated(b) && b && !(what.flags & flag::vector_scale)) {
    if (what.combine == Combine::sub) // a - b = -b + a
      what.combine = Combine::add, what.flags |= flag::vector_scale, what.imm = -1;
    std::swap(a, b);
  }
  result.live = std::nullopt;
  if (resultRows && resultRows->dim < int64_t(own.size()) && own[resultRows->dim] != 1)
    result.live = resultRows;
  vector(what, own, result, a, b);
  for (auto [d, size] : llvm::enumerate(own))
    if (size == 1)
      result.strides[d] = 0;
  return result;
}

Tile ProgramLowering::unary(Function function, Shape shape, const Tile &a, systolic::Type type, float scale) {
  VectorCode what{Combine::first, function, scale == 1 ? 0 : int64_t(flag::vector_scale), scale};
  if (!a.isSplat())
    return elementwise(what, shape, &a, nullptr, type);
  Tile one = materialized(a, shape, systolic::Type::f32);
  return elementwise(what, shape, &one, nullptr, type);
}

/// combine(a, constant), then the function.
Tile ProgramLowering::withConstant(Combine combine, Shape shape, const Tile &a, float constant,
                                   systolic::Type type, Function function) {
  VectorCode what{combine, function, flag::vector_constant, constant};
  if (!a.isSplat())
    return elementwise(what, shape, &a, nullptr, type);
  Tile one = elementwise({Combine::second, Function::id, flag::vector_constant, a.splat}, shape, nullptr,
                         nullptr, systolic::Type::f32);
  return elementwise(what, shape, &one, nullptr, type);
}

Tile ProgramLowering::binary(Combine combine, Shape shape, Tile a, Tile b, systolic::Type type) {
  if (b.isSplat())
    return withConstant(combine, shape, a, b.splat, type);
  if (!a.isSplat())
    return elementwise({combine}, shape, &a, &b, type);
  if (combine != Combine::sub)
    return withConstant(combine, shape, b, a.splat, type);
  Tile negative = withConstant(Combine::mul, shape, b, -1);
  return withConstant(Combine::add, shape, negative, a.splat, type);
}

/// The tile with all of its elements, row-major.
Tile ProgramLowering::materialized(const Tile &tile, Shape shape, systolic::Type type,
                                   bool preferAccumulators) {
  if (isDense(tile, shape) && tile.type == type && tile.slot->accumulator <= preferAccumulators)
    return tile;
  Tile result = fresh(shape, type, preferAccumulators);
  result.live = tile.live;
  copy(tile, shape, result);
  return result;
}

/// Writes all elements; `second` takes b, which may be repeated along lanes.
void ProgramLowering::copy(const Tile &from, Shape shape, const Tile &to) {
  if (from.isSplat())
    vector({Combine::second, Function::id, flag::vector_constant, from.splat}, shape, to, nullptr, nullptr);
  else
    vector({Combine::second}, shape, to, nullptr, &from);
}

//===- Numbers of the sequencer ---------------------------------------------------------------------===//

/// A run-time index at every element. 1.5 2^23 + n has n in its low bits, so the sequencer can write the f32;
/// |n| < 2^22.
Tile ProgramLowering::indexTile(const Number &value, size_t rank) {
  constexpr float bias = 0x1.8p23f;
  Tile tile = fresh(SmallVector<int64_t>(rank, 1), systolic::Type::f32);
  Instruction i;
  i.op = int64_t(systolic::Op::vector);
  i.fn = int64_t(Combine::second);
  i.flags = flag::vector_constant;
  i.mask = int64_t(1) << array;
  i.td = int64_t(systolic::Type::f32), i.dst = address(tile).offset, i.rd = address(tile).reg;
  i.rows = i.cols = 1;
  i.imm = int32_t(std::bit_cast<uint32_t>(bias) + uint32_t(value.constant));
  i.ri = value.number();
  SmallVector<int64_t> one(rank, 1);
  code.append(i, access(tile, one, true));
  tile.strides.assign(rank, 0);
  return withConstant(Combine::sub, one, tile, bias);
}

/// combine(a, number), which the sequencer knows, at the latest when the program runs.
Tile ProgramLowering::withNumber(Combine combine, Shape shape, const Tile &a, const Number &number,
                                 systolic::Type type) {
  if (std::optional<int64_t> known = number.known())
    return withConstant(combine, shape, a, float(*known), type);
  return binary(combine, shape, a, indexTile(number, shape.size()), type);
}

/// 0, 1, 2 … along one dimension. Each row is the one before plus one, because a row is written before the
/// next is read.
Tile ProgramLowering::iota(int64_t size, int64_t dim, size_t rank) {
  Tile line = fresh({size}, systolic::Type::f32), rest = line;
  vector({Combine::second, Function::id, flag::vector_constant, 0}, {1}, line, nullptr, nullptr);
  rest.offset += typeBytes(systolic::Type::f32);
  if (size > 1)
    vectorRows({Combine::add, Function::id, flag::vector_constant, 1}, rest, &line, nullptr, {0, 0, 0},
               {4, 4, 0}, size - 1, 1, false);
  Tile result = line;
  result.strides.assign(rank, 0);
  result.strides[dim] = typeBytes(systolic::Type::f32);
  return result;
}

//===- Conditions -----------------------------------------------------------------------------------===//

/// From 1 and 0 to infinity and minus infinity, or the other way round.
Tile ProgramLowering::condition(Shape shape, const Tile &oneIfTrue, bool negate) {
  return withConstant(Combine::mul, shape, withConstant(Combine::sub, shape, oneIfTrue, 0.5f),
                      negate ? -kInfinity : kInfinity);
}

static ArrayRef<int64_t> shapeOf(Value tile) { return cast<RankedTensorType>(tile.getType()).getShape(); }

/// Whether an integer tile is one number of a size, or a constant, that is not negative.
static bool isNotNegative(Value tile) {
  DenseIntElementsAttr constant;
  if (matchPattern(tile, m_Constant(&constant)))
    return constant.isSplat() && !constant.getSplatValue<APInt>().isNegative();
  auto splat = tile.getDefiningOp<tensor::SplatOp>();
  auto cast = splat ? splat.getInput().getDefiningOp<arith::IndexCastOp>() : arith::IndexCastOp();
  return cast && isNonNegative(cast.getIn());
}

/// Integers are f32 here, exact below 2^24 (`lowerOp` refuses larger constants): a < b if b - a - 0.5 is
/// positive.
LogicalResult ProgramLowering::lowerCompare(Operation &op) {
  Shape shape = shapeOf(op.getOperand(0));
  Tile a = tileOf(op.getOperand(0)), b = tileOf(op.getOperand(1)), one;
  auto order = [&](const Tile &less, const Tile &more, float margin) {
    Tile difference = withConstant(Combine::add, shape, binary(Combine::sub, shape, more, less), margin);
    setTile(op.getResult(0), withConstant(Combine::mul, shape, difference, kInfinity));
    return success();
  };
  if (auto compare = dyn_cast<arith::CmpIOp>(op)) {
    switch (compare.getPredicate()) {
    case arith::CmpIPredicate::slt:
      return order(a, b, -0.5f);
    case arith::CmpIPredicate::sle:
      return order(a, b, 0.5f);
    case arith::CmpIPredicate::sgt:
      return order(b, a, -0.5f);
    case arith::CmpIPredicate::sge:
      return order(b, a, 0.5f);
    case arith::CmpIPredicate::ult: { // a negative number is a great one
      if (!isNotNegative(compare.getRhs()))
        return decline(&op, "the vector unit compares unsigned integers with numbers that are not negative");
      Tile reaches = withConstant(Combine::mul, shape, withConstant(Combine::add, shape, a, 0.5f), kInfinity);
      Tile difference = withConstant(Combine::add, shape, binary(Combine::sub, shape, b, a), -0.5f);
      Tile below = withConstant(Combine::mul, shape, difference, kInfinity);
      return setTile(op.getResult(0), binary(Combine::min, shape, reaches, below)), success();
    }
    case arith::CmpIPredicate::eq:
    case arith::CmpIPredicate::ne:
      one = unary(Function::abs, shape, binary(Combine::sub, shape, a, b));
      one = withConstant(Combine::min, shape, one, 1);
      setTile(op.getResult(0), condition(shape, one, compare.getPredicate() == arith::CmpIPredicate::eq));
      return success();
    default:
      return decline(&op, "the vector unit compares signed integers only");
    }
  }
  auto compare = cast<arith::CmpFOp>(op);
  if (compare.getPredicate() != arith::CmpFPredicate::OEQ || !b.isSplat() || a.isSplat())
    return decline(&op, "the vector unit compares floats for equality with a constant only");
  if (b.splat == -kInfinity) { // the lowest finite number stands for it: everything above differs from that
                               // by more than 1
    constexpr float lowest = std::numeric_limits<float>::lowest();
    one = withConstant(Combine::sub, shape, withConstant(Combine::max, shape, a, lowest), lowest);
  } else { // the least difference is 2^-126: the machine has no subnormals
    one = withConstant(Combine::sub, shape, a, b.splat, systolic::Type::f32, Function::abs);
    one = withConstant(Combine::mul, shape, one, 0x1p126f);
  }
  setTile(op.getResult(0), condition(shape, withConstant(Combine::min, shape, one, 1), /*negate=*/true));
  return success();
}

/// max(min(x, c), min(y, -c)) for a condition c; a side that is -infinity where it is not chosen already
/// needs nothing.
LogicalResult ProgramLowering::lowerSelect(Operation &op) {
  auto select = cast<arith::SelectOp>(op);
  if (!isa<RankedTensorType>(select.getCondition().getType()))
    return decline(&op, "a condition for whole tiles belongs to the sequencer, which has no selection");
  if (select.getType() == select.getCondition().getType())
    return decline(&op, "the vector unit chooses between numbers, not conditions");
  Shape shape = shapeOf(select);
  Tile chosen = tileOf(select.getCondition()), yes = tileOf(select.getTrueValue()),
       no = tileOf(select.getFalseValue());
  systolic::Type type = resultType(select);
  if (auto product = combinations.lookup(select)) {
    Tile scaled = tileOf(product->getOperand(0));
    VectorCode what{Combine::min, Function::id, flag::vector_scale, tileOf(product->getOperand(1)).splat};
    reuse = reusable(op, product->getOperand(0), shape, type);
    setTile(select, elementwise(what, shape, &scaled, &chosen, type));
    return success();
  }
  if (no.isSplat() && no.splat == -kInfinity) {
    setTile(select, binary(Combine::min, shape, yes, chosen, type));
    return success();
  }
  Tile other = withConstant(Combine::mul, shape, chosen, -1);
  if (yes.isSplat() && yes.splat == -kInfinity) {
    setTile(select, binary(Combine::min, shape, no, other, type));
    return success();
  }
  Tile first = binary(Combine::min, shape, yes, chosen), second = binary(Combine::min, shape, no, other);
  setTile(select, binary(Combine::max, shape, first, second, type));
  return success();
}

//===- Arithmetic -----------------------------------------------------------------------------------===//

/// f32, or what the only reader rounds it to anyway.
systolic::Type ProgramLowering::resultType(Value value) {
  if (value.hasOneUse() && isa<tile::QuantizeOp>(*value.user_begin()))
    return systolic::Type::i8;
  if (value.hasOneUse())
    if (auto narrow = dyn_cast<arith::TruncFOp>(*value.user_begin());
        narrow && cast<RankedTensorType>(narrow.getType()).getElementType().isBF16())
      return systolic::Type::bf16;
  return systolic::Type::f32;
}

/// A division is a product with the reciprocal; that of a square root is an instruction.
LogicalResult ProgramLowering::lowerDivide(Operation &op) {
  Shape shape = shapeOf(op.getResult(0));
  Tile above = tileOf(op.getOperand(0)), below = tileOf(op.getOperand(1));
  systolic::Type type = resultType(op.getResult(0));
  if (!op.getOperand(1).getDefiningOp<math::SqrtOp>() && below.isSplat()) {
    setTile(op.getResult(0), withConstant(Combine::mul, shape, above, 1 / below.splat, type));
    return success();
  }
  bool isOne = above.isSplat() && above.splat == 1;
  auto root = op.getOperand(1).getDefiningOp<math::SqrtOp>();
  if (root && !covered.contains(root))
    root = {};
  Tile inverse =
      root ? unary(Function::rsqrt, shape, tileOf(root.getOperand()), isOne ? type : systolic::Type::f32)
           : unary(Function::recip, shape, below, isOne ? type : systolic::Type::f32);
  setTile(op.getResult(0), isOne ? inverse : binary(Combine::mul, shape, above, inverse, type));
  return success();
}

/// The natural logarithm of a finite number that is not negative. The bits of an f32, read as an integer, are
/// its binary logarithm within 0.09; each step y + 2 (x - e^y) / (x + e^y) leaves a twelfth of the error's
/// cube.
Tile ProgramLowering::logarithm(Shape shape, const Tile &a, systolic::Type type) {
  constexpr float ln2 = 0.693147182f;
  Tile x = materialized(a, shape, systolic::Type::f32, /*preferAccumulators=*/true), bits = x;
  bits.type = systolic::Type::i32;
  Tile y = withConstant(Combine::mul, shape, bits, 0x1p-23f);
  y = withConstant(Combine::mul, shape, withConstant(Combine::sub, shape, y, 127), ln2);
  for (int step = 0; step != 2; ++step) {
    Tile ratio =
        binary(Combine::mul, shape, x, unary(Function::exp2, shape, y, systolic::Type::f32, -kLog2E));
    Tile over = withConstant(Combine::add, shape, ratio, 1, systolic::Type::f32, Function::recip);
    Tile correction = binary(Combine::mul, shape, withConstant(Combine::sub, shape, ratio, 1), over);
    y = binary(Combine::add, shape, y, withConstant(Combine::mul, shape, correction, 2));
  }
  // Of zero it is minus infinity.
  Tile positive = withConstant(Combine::min, shape, withConstant(Combine::mul, shape, x, 0x1p126f), 1);
  return binary(Combine::min, shape, y, condition(shape, positive, /*negate=*/false), type);
}

/// Whether only `op` and what is covered already read the value.
bool ProgramLowering::isOnlyFor(Operation *op, Value value) const {
  return llvm::all_of(value.getUsers(),
                      [&](Operation *user) { return user == op || covered.contains(user); });
}

std::optional<Combine> ProgramLowering::combineOf(Operation *op) {
  return isa_and_nonnull<arith::AddFOp>(op)   ? std::optional(Combine::add)
         : isa_and_nonnull<arith::SubFOp>(op) ? std::optional(Combine::sub)
         : isa_and_nonnull<arith::MulFOp>(op) ? std::optional(Combine::mul)
                                              : std::nullopt;
}

/// The instruction of `op` combines two tiles first, if that is how its operand comes about. An exponential
/// scales both sides, which a product would not bear.
void ProgramLowering::cover(Operation *op, Value operand) {
  Operation *inner = operand.getDefiningOp();
  std::optional<Combine> combine = combineOf(inner);
  if (!combine || gelus.contains(inner) || covered.contains(inner) || !isOnlyFor(op, operand) ||
      (isa<math::ExpOp>(op) && combine == Combine::mul) ||
      llvm::any_of(inner->getOperands(), [](Value value) { return matchPattern(value, m_Constant()); }))
    return;
  combinations[op] = inner;
  covered.insert(inner);
}

/// The instruction of `op` multiplies its operand by a number first, if that is how the operand comes about.
void ProgramLowering::coverScale(Operation *op, Value operand) {
  DenseFPElementsAttr factor;
  auto product = operand.getDefiningOp<arith::MulFOp>();
  if (!product || covered.contains(product) || !isOnlyFor(op, operand) ||
      !matchPattern(product.getRhs(), m_Constant(&factor)) || !factor.isSplat())
    return;
  combinations[op] = product;
  covered.insert(product);
}

/// x / 2 (1 + erf(x / sqrt 2)) is gelu, which is an instruction; erf is none. A square root that only divides
/// is a part of the division.
void ProgramLowering::findPatterns() {
  auto times = [](Value value, double factor) -> Value {
    auto product = value.getDefiningOp<arith::MulFOp>();
    DenseFPElementsAttr splat;
    if (!product || !matchPattern(product.getRhs(), m_Constant(&splat)) || !splat.isSplat())
      return {};
    double found = splat.getSplatValue<APFloat>().convertToDouble();
    return std::fabs(found - factor) < 1e-6 ? product.getLhs() : Value();
  };
  program.walk([&](arith::MulFOp last) {
    Value x = times(last.getLhs(), 0.5);
    auto sum = last.getRhs().getDefiningOp<arith::AddFOp>();
    auto erf = sum ? sum.getLhs().getDefiningOp<math::ErfOp>() : math::ErfOp();
    if (!x || !erf || times(erf.getOperand(), 0.70710678118) != x || !erf->hasOneUse() || !sum->hasOneUse())
      return;
    gelus[last] = x;
    covered.insert_range(ArrayRef<Operation *>{sum, erf});
    for (Value inner : {erf.getOperand(), last.getLhs()})
      if (inner.hasOneUse())
        covered.insert(inner.getDefiningOp());
    cover(last, x);
  });
  program.walk([&](Operation *op) {
    if (isa<math::ExpOp, tile::ReduceOp>(op))
      cover(op, op->getOperand(0));
    else if (auto select = dyn_cast<arith::SelectOp>(op);
             select && matchPattern(select.getFalseValue(), m_NegInfFloat()))
      coverScale(select, select.getTrueValue());
  });
  program.walk([&](math::SqrtOp root) {
    if (llvm::all_of(root->getUses(), [](OpOperand &use) {
          return isa<arith::DivFOp>(use.getOwner()) && use.getOperandNumber() == 1;
        }))
      covered.insert(root);
  });
}

LogicalResult ProgramLowering::lowerElementwise(Operation &op) {
  if (isa<arith::CmpIOp, arith::CmpFOp>(op))
    return lowerCompare(op);
  if (isa<arith::SelectOp>(op))
    return lowerSelect(op);
  if (isa<arith::DivFOp>(op))
    return lowerDivide(op);
  Value result = op.getResult(0);
  Shape shape = shapeOf(result);
  bool isInteger = cast<RankedTensorType>(result.getType()).getElementType().isInteger();
  systolic::Type type = isInteger ? systolic::Type::f32 : resultType(result);
  auto operand = [&](unsigned i) { return tileOf(op.getOperand(i)); };
  auto is = [&](auto combine) {
    reuse = reusable(op, op.getOperands(), shape, type);
    return setTile(result, binary(combine, shape, operand(0), operand(1), type)), success();
  };
  auto function = [&](Function which, float scale = 1) {
    reuse = reusable(op, op.getOperands(), shape, type);
    return setTile(result, unary(which, shape, operand(0), type, scale)), success();
  };
  if (Operation *inner = combinations.lookup(&op)) {
    VectorCode what{*combineOf(inner), gelus.contains(&op) ? Function::gelu : Function::exp2};
    Tile a = tileOf(inner->getOperand(0)), b = tileOf(inner->getOperand(1));
    if (what.function == Function::exp2) {
      what.flags = flag::vector_scale, what.imm = kLog2E;
      b = withConstant(Combine::mul, shape, b, kLog2E);
    }
    reuse = reusable(op, inner->getOperands(), shape, type);
    return setTile(result, elementwise(what, shape, &a, &b, type)), success();
  }
  if (auto found = gelus.find(&op); found != gelus.end()) {
    setTile(result, unary(Function::gelu, shape, tileOf(found->second), type));
    return success();
  }
  if (isa<arith::AddFOp, arith::AddIOp>(op))
    return is(Combine::add);
  if (isa<arith::SubFOp, arith::SubIOp>(op))
    return is(Combine::sub);
  if (isa<arith::MulFOp, arith::MulIOp>(op))
    return is(Combine::mul);
  if (isa<arith::MaximumFOp, arith::MaxSIOp, arith::OrIOp>(op))
    return is(Combine::max);
  if (isa<arith::MinimumFOp, arith::MinSIOp, arith::AndIOp>(op))
    return is(Combine::min);
  if (isa<arith::NegFOp>(op))
    return setTile(result, withConstant(Combine::mul, shape, operand(0), -1, type)), success();
  if (isa<math::ExpOp>(op))
    return function(Function::exp2, kLog2E);
  if (isa<math::Exp2Op>(op))
    return function(Function::exp2);
  if (isa<math::LogOp>(op))
    return setTile(result, logarithm(shape, operand(0), type)), success();
  if (isa<math::TanhOp>(op))
    return function(Function::tanh);
  if (isa<math::AbsFOp>(op))
    return function(Function::abs);
  if (isa<math::RsqrtOp>(op))
    return function(Function::rsqrt);
  if (isa<math::SqrtOp>(op)) // 1 / (1 / sqrt x), which is 0 at 0
    return setTile(result, unary(Function::recip, shape, unary(Function::rsqrt, shape, operand(0)), type)),
           success();
  if (isa<arith::RemUIOp>(
          op)) { // x - floor(x / n) n, the floor as the nearest of (x + 0.5) / n - 0.5: exact below 2^20
    Tile inverse = unary(Function::recip, shape, operand(1));
    Tile quotient = binary(Combine::mul, shape, withConstant(Combine::add, shape, operand(0), 0.5f), inverse);
    quotient = withConstant(Combine::sub, shape, quotient, 0.5f, systolic::Type::i32);
    return setTile(result, binary(Combine::sub, shape, operand(0),
                                  binary(Combine::mul, shape, quotient, operand(1)))),
           success();
  }
  if (isa<arith::UIToFPOp, arith::ExtUIOp>(op) &&
      cast<RankedTensorType>(op.getOperand(0).getType()).getElementType().isInteger(1))
    return setTile(result, withConstant(Combine::min, shape, withConstant(Combine::max, shape, operand(0), 0),
                                        1, type)),
           success();
  if (isa<arith::SIToFPOp, arith::UIToFPOp, arith::ExtFOp, arith::ExtSIOp>(
          op)) // every instruction reads every type
    return setTile(result, operand(0)), success();
  if (auto narrow = dyn_cast<arith::TruncFOp>(op)) {
    if (!cast<RankedTensorType>(narrow.getType()).getElementType().isBF16())
      return decline(&op, "the machine has no " + llvm::to_string(narrow.getType()) + "; it rounds to bf16");
    Tile wide = operand(0);
    return setTile(result, wide.isSplat() || wide.type == systolic::Type::bf16
                               ? wide
                               : unary(Function::id, shape, wide, systolic::Type::bf16)),
           success();
  }
  if (isa<tile::QuantizeOp>(op)) {
    Tile wide = operand(0);
    return setTile(result, wide.isSplat() || wide.type == systolic::Type::i8
                               ? wide
                               : unary(Function::id, shape, wide, systolic::Type::i8)),
           success();
  }
  return decline(&op, "no instruction of the machine computes it");
}

//===- Movement -------------------------------------------------------------------------------------===//

/// The strides of a reshaped tile, if it can stay where it is: each dimension of the result is a part of one
/// run of dimensions that follow one another in memory.
static std::optional<SmallVector<int64_t, 4>>
reshapedStrides(ArrayRef<int64_t> from, ArrayRef<int64_t> strides, ArrayRef<int64_t> to) {
  SmallVector<std::pair<int64_t, int64_t>> runs; // size and innermost stride
  for (auto [size, stride] : llvm::zip(from, strides)) {
    if (size == 1)
      continue;
    if (!runs.empty() && runs.back().second == stride * size)
      runs.back() = {runs.back().first * size, stride};
    else
      runs.emplace_back(size, stride);
  }
  SmallVector<int64_t, 4> result(to.size(), 0);
  for (size_t d = to.size(); d-- != 0;) {
    if (to[d] == 1)
      continue;
    if (runs.empty() || runs.back().first % to[d] != 0)
      return std::nullopt;
    result[d] = runs.back().second;
    runs.back() = {runs.back().first / to[d], runs.back().second * to[d]};
    if (runs.back().first == 1)
      runs.pop_back();
  }
  return result;
}

/// The tile in one piece.
Tile ProgramLowering::plain(Value value) {
  Tile tile = tileOf(value);
  return tile.spread ? materialized(tile, shapeOf(value), tile.type, /*preferAccumulators=*/true) : tile;
}

LogicalResult ProgramLowering::lowerReshape(tile::ReshapeOp op) {
  Shape from = shapeOf(op.getInput()), to = shapeOf(op);
  bool keepsColumns = !to.empty() && !from.empty() && to.back() == from.back();
  Tile tile = keepsColumns ? tileOf(op.getInput()) : plain(op.getInput());
  if (!tile.isSplat()) {
    if (auto strides = reshapedStrides(from, tile.strides, to)) {
      tile.strides = *strides;
    } else {
      tile = materialized(tile, from, tile.type, tile.slot->accumulator);
      layOut(tile, to);
    }
  }
  tile.live = resultRows;
  setTile(op, std::move(tile));
  return success();
}

LogicalResult ProgramLowering::lowerMovement(Operation &op) {
  if (auto reshape = dyn_cast<tile::ReshapeOp>(op))
    return lowerReshape(reshape);
  if (auto broadcast = dyn_cast<tile::BroadcastOp>(op)) {
    Tile tile = plain(broadcast.getInput());
    if (!tile.isSplat()) {
      SmallVector<int64_t, 4> strides(shapeOf(broadcast).size(), 0);
      for (auto [d, dim] : llvm::enumerate(broadcast.getDims()))
        strides[dim] = shapeOf(broadcast.getInput())[d] == 1 ? 0 : tile.strides[d];
      tile.strides = strides;
    }
    tile.live = resultRows;
    setTile(broadcast, std::move(tile));
    return success();
  }
  if (auto transpose = dyn_cast<tile::TransposeOp>(op)) {
    Tile tile = plain(transpose.getInput());
    if (!tile.isSplat()) {
      SmallVector<int64_t, 4> strides;
      for (int64_t d : transpose.getPermutation())
        strides.push_back(tile.strides[d]);
      tile.strides = strides;
    }
    tile.live = resultRows;
    setTile(transpose, std::move(tile));
    return success();
  }
  if (auto concat = dyn_cast<tile::ConcatOp>(op)) {
    systolic::Type type =
        concat.getType().getElementType().isBF16() ? systolic::Type::bf16 : systolic::Type::f32;
    Tile result = fresh(shapeOf(concat), type);
    result.live = resultRows;
    Tile part = result;
    for (Value input : concat.getInputs()) {
      copy(tileOf(input), shapeOf(input), part);
      part.offset += part.strides[concat.getAxis()] * shapeOf(input)[concat.getAxis()];
    }
    setTile(concat, std::move(result));
    return success();
  }
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
    Tile tile = plain(slice.getSource());
    if (slice.getStaticSizes().size() != shapeOf(slice).size() ||
        ShapedType::isDynamicShape(slice.getStaticOffsets()) ||
        !llvm::all_of(slice.getStaticStrides(), [](int64_t stride) { return stride == 1; }))
      return decline(
          &op, "a slice has as many dimensions as its tile, begins at a constant and leaves nothing out");
    for (auto [offset, stride] : llvm::zip(slice.getStaticOffsets(), tile.strides))
      tile.offset += offset * stride;
    tile.live = resultRows;
    setTile(slice, std::move(tile));
    return success();
  }
  if (auto numbers = dyn_cast<tile::IotaOp>(op)) {
    setTile(numbers, iota(shapeOf(numbers)[numbers.getDim()], numbers.getDim(), shapeOf(numbers).size()));
    return success();
  }
  return decline(&op, "no instruction of the machine moves elements so");
}
