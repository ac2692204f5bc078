// Quantized weights where they are read element by element, as an embedding reads its rows: every field is
// found by its offset, in GGUF's layout and in panels alike.
#include "lib/Target/CPU/ProgramLowering.h"

#include "dialects/Graph/BlockFormats.h"

using namespace mlir;
using namespace girih;
using namespace girih::cpu;
using graph::BlockFormat;

namespace {
/// Addresses of one element's fields, in bytes from its block's (or column of blocks') begin; `e` is its
/// number in the block.
struct Fields {
  OpBuilder &b;
  Location loc;
  BlockFormat format;
  Value e, lane; // lane: the row in its panel; null in GGUF's own layout
  int64_t width;
  const graph::BlockLayout &layout = graph::layoutOf(format);
  graph::BlockPlanes planes = graph::planesOf(format, width);

  Value number(int64_t value) const { return arith::ConstantIndexOp::create(b, loc, value); }
  Value add(Value x, Value y) const { return arith::AddIOp::create(b, loc, x, y); }
  Value times(Value x, int64_t y) const { return arith::MulIOp::create(b, loc, x, number(y)); }
  Value over(Value x, int64_t y) const { return arith::DivUIOp::create(b, loc, x, number(y)); }
  Value modulo(Value x, int64_t y) const { return arith::RemUIOp::create(b, loc, x, number(y)); }

  /// A field of `bytes` bytes a row: the block's own, or number `plane` of such planes.
  Value field(int64_t inBlock, int64_t inPlanes, int64_t bytes, Value plane = {}) const {
    if (!lane)
      return plane ? add(number(inBlock), times(plane, bytes)) : number(inBlock);
    Value row = plane ? add(times(plane, width), lane) : lane;
    return add(number(inPlanes), times(row, bytes));
  }
  Value scale() const { return field(layout.scale, planes.scale, 2); }
  Value minimum() const { return field(layout.minimum, planes.minimum, 2); }
  Value smallScale(Value run) const { return field(layout.smallScales, planes.smallScales, 1, run); }
  Value sixBits(int64_t plane, Value part) const {
    return add(field(layout.smallScales, planes.smallScales, 4, number(plane)), part);
  }

  /// The byte that holds the element's low bits, and how far up they lie.
  std::pair<Value, Value> low() const {
    if (layout.lowBits == 8)
      return {field(layout.low, planes.low, 1, e), number(0)};
    if (lane)
      return {add(field(layout.low, planes.low, 4, over(e, 8)), over(modulo(e, 8), 2)),
              times(modulo(e, 2), 4)};
    int64_t below = format == BlockFormat::Q4_K   ? 32
                    : format == BlockFormat::Q6_K ? 64
                                                  : 16; // elements in lower halves
    Value byte = add(times(over(e, 2 * below), below), modulo(e, below));
    return {add(number(layout.low), byte), times(modulo(over(e, below), 2), 4)};
  }
  std::pair<Value, Value> high() const {
    if (lane) {
      int64_t elements = 32 / layout.highBits;
      Value eight = over(modulo(e, elements), 8);
      return {add(field(layout.high, planes.high, 4, over(e, elements)), over(modulo(e, 8), 2)),
              add(times(modulo(e, 2), 4), times(eight, layout.highBits))};
    }
    if (layout.highBits == 1)
      return {add(number(layout.high), over(e, 8)), modulo(e, 8)};
    Value byte = add(times(over(e, 128), 32), modulo(e, 32));
    return {add(number(layout.high), byte), times(over(modulo(e, 128), 32), 2)};
  }
};
} // namespace

/// The f32 value of element (n, k).
Value ProgramLowering::blockElement(const View &view, Value n, Value k) {
  auto panels = dyn_cast<graph::BlockPanelsAttr>(view.type.getEncoding());
  BlockFormat format =
      panels ? panels.getFormat() : cast<graph::BlocksAttr>(view.type.getEncoding()).getFormat();
  int64_t width = panels ? panels.getWidth() : 1;
  const graph::BlockLayout &layout = graph::layoutOf(format);
  Fields at{builder, loc, format, {}, {}, width};
  at.e = at.modulo(k, layout.elements);
  if (panels)
    at.lane = at.modulo(n, width);
  Type i8 = builder.getI8Type(), i16 = builder.getI16Type(), i32 = builder.getI32Type(),
       f32 = builder.getF32Type();
  Value column = at.add(mul(panels ? at.over(n, width) : n, at.over(view.sizes[1], layout.elements)),
                        at.over(k, layout.elements));
  Value block = address(view.data, i8, at.times(column, layout.bytes * width));

  auto byte = [&](Value place) -> Value {
    Value loaded = LLVM::LoadOp::create(builder, loc, i8, address(block, i8, place), 1);
    return arith::ExtUIOp::create(builder, loc, i32, loaded);
  };
  auto half = [&](Value place) {
    Value loaded = LLVM::LoadOp::create(builder, loc, i16, address(block, i8, place), 1);
    return widened(fromStorage(loaded, builder.getF16Type()));
  };
  auto word = [&](int64_t value) -> Value { return arith::ConstantIntOp::create(builder, loc, i32, value); };
  auto bits = [&](Value from, Value up, int64_t mask) -> Value {
    Value shift = arith::IndexCastOp::create(builder, loc, i32, up);
    return arith::AndIOp::create(builder, loc, arith::ShRUIOp::create(builder, loc, from, shift), word(mask));
  };
  auto join = [&](Value low, Value high) -> Value {
    return arith::OrIOp::create(builder, loc, low, arith::ShLIOp::create(builder, loc, high, word(4)));
  };
  auto real = [&](Value integer) -> Value { return arith::SIToFPOp::create(builder, loc, f32, integer); };
  auto times = [&](Value a, Value b) -> Value { return arith::MulFOp::create(builder, loc, a, b); };

  Value scale = half(at.scale()), minimum;
  if (layout.minimum >= 0)
    minimum = half(at.minimum());
  if (format == BlockFormat::Q6_K) {
    Value place = address(block, i8, at.smallScale(at.over(at.e, 16)));
    Value small = LLVM::LoadOp::create(builder, loc, i8, place, 1);
    scale = times(scale, real(arith::ExtSIOp::create(builder, loc, i32, small)));
  }
  if (format == BlockFormat::Q4_K) {
    Value part = at.modulo(at.over(at.e, 32), 4);
    Value first = byte(at.sixBits(0, part)), second = byte(at.sixBits(1, part)),
          third = byte(at.sixBits(2, part));
    Value upper = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::uge, at.e, constant(128));
    auto choose = [&](Value small, int64_t height) -> Value {
      Value split = join(bits(third, constant(height), 15), bits(small, constant(6), 3));
      return real(arith::SelectOp::create(builder, loc, upper, split, bits(small, constant(0), 63)));
    };
    scale = times(scale, choose(first, 0));
    minimum = arith::NegFOp::create(builder, loc, times(minimum, choose(second, 4)));
  }

  auto [place, height] = at.low();
  Value integer;
  if (layout.lowBits == 8)
    integer = arith::ExtSIOp::create(builder, loc, i32,
                                     LLVM::LoadOp::create(builder, loc, i8, address(block, i8, place), 1));
  else
    integer = bits(byte(place), height, 15);
  if (layout.highBits) {
    auto [highPlace, highHeight] = at.high();
    integer = join(integer, bits(byte(highPlace), highHeight, (1 << layout.highBits) - 1));
  }
  if (layout.zero)
    integer = arith::SubIOp::create(builder, loc, integer, word(layout.zero));
  Value product = times(real(integer), scale);
  return minimum ? Value(arith::AddFOp::create(builder, loc, product, minimum)) : product;
}

/// An element, or 16 of them one by one; outside the view they are zero.
Value ProgramLowering::loadBlocks(const View &view, const Access &access) {
  auto element = [&](Value n, Value k, Value in) -> Value {
    if (in) { // an address inside for what is not
      n = arith::SelectOp::create(builder, loc, in, n, constant(0));
      k = arith::SelectOp::create(builder, loc, in, k, constant(0));
    }
    Value value = blockElement(view, n, k);
    return in ? Value(arith::SelectOp::create(builder, loc, in, value, zero(value.getType()))) : value;
  };
  if (access.lane < 0)
    return element(access.position[0], access.position[1], inside(view, access));
  auto type = VectorType::get(lanes, builder.getF32Type());
  Value mask = laneMask(view, access), result = zero(type);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    SmallVector<Value, 4> position = access.position;
    position[access.lane] = add(position[access.lane], constant(lane));
    Value in = mask ? Value(vector::ExtractOp::create(builder, loc, mask, lane)) : Value();
    result = vector::InsertOp::create(builder, loc, element(position[0], position[1], in), result, lane);
  }
  return result;
}
