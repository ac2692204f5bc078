// The draw of the next token. What may be drawn are the scores above thresholds, which are searched for bit
// by bit: a sort would need memory, and a threshold of equal scores keeps or drops them together. Walks that
// no row of the block asks for are skipped, so a greedy choice costs one walk.
#include "lib/Tiling/Model.h"
#include "lib/Tiling/RowWalk.h"

using namespace mlir;
using namespace girih;
using namespace girih::tiling;

// Floats as integers in the same order, from 0 for -infinity to kMostKey for +infinity.
static constexpr uint32_t kLeastBits = 0x807FFFFF, kMostKey = 0x7F800000 - kLeastBits;
// Bits of a key that one walk finds, by as many comparisons as they have values besides 0.
static constexpr int64_t kKeyBits = 32, kBitsAWalk = 2, kCandidates = (1 << kBitsAWalk) - 1;

namespace {
/// Arithmetic of 32-bit words on tiles.
struct Words {
  OpBuilder &b;
  Location loc;

  Value like(Value tile, uint32_t word) { return filledLike(b, loc, tile, static_cast<int32_t>(word)); }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value multiply(Value x, uint32_t y) { return arith::MulIOp::create(b, loc, x, like(x, y)); }
  Value exclusive(Value x, Value y) { return arith::XOrIOp::create(b, loc, x, y); }
  Value low(Value x, uint32_t mask) { return arith::AndIOp::create(b, loc, x, like(x, mask)); }
  Value right(Value x, uint32_t count) { return arith::ShRUIOp::create(b, loc, x, like(x, count)); }
  /// The upper word of a product, from products of halves: vector units multiply 32 bits to 32.
  Value multiplyHigh(Value x, uint32_t y) {
    Value xLow = low(x, 0xFFFF), xHigh = right(x, 16);
    Value middle = add(multiply(xHigh, y & 0xFFFF), right(multiply(xLow, y & 0xFFFF), 16));
    Value other = add(multiply(xLow, y >> 16), low(middle, 0xFFFF));
    return add(add(multiply(xHigh, y >> 16), right(middle, 16)), right(other, 16));
  }
  /// The f32 of a key.
  Value keyToFloat(Value key) {
    Value bits = add(arith::MinUIOp::create(b, loc, key, like(key, kMostKey)), like(key, kLeastBits));
    Value sign = arith::ShRSIOp::create(b, loc, bits, like(bits, 31));
    Value ordered = exclusive(bits, low(sign, 0x7FFFFFFF));
    return arith::BitcastOp::create(b, loc, RankedTensorType::get(shapeOf(key), b.getF32Type()), ordered);
  }
};

/// The draw of one token a row.
class Draw {
public:
  Draw(graph::SampleOp op, graph::TilePull &pull, TileRequest request)
      : op(op), pull(pull), loc(op.getLoc()), b(pull.builder()), rows{pull, loc, op.getLogits(), request},
        words{b, loc} {}

  FailureOr<Value> emit() {
    if (failed(pullWishes()))
      return failure();
    FailureOr<Value> greedy =
        when(arith::XOrIOp::create(b, loc, draws, filledLike(b, loc, draws, 1)), integer(0),
             [&] { return rows.placeOfGreatest([&](const RowChunk &chunk) { return penalised(chunk); }); });
    FailureOr<Value> drawn = when(draws, integer(0), [&] { return draw(); });
    if (failed(greedy) || failed(drawn))
      return failure();
    return select(b, loc, draws, *drawn, *greedy);
  }

private:
  using Steps = function_ref<FailureOr<Value>()>;

  Value real(double value) { return rows.perRow(b.getF32Type(), value); }
  Value integer(double value) { return rows.perRow(b.getI32Type(), value); }
  Value both(Value x, Value y) { return arith::AndIOp::create(b, loc, x, y); }
  Value number(Value flags) {
    return arith::ExtUIOp::create(b, loc, RankedTensorType::get(shapeOf(flags), b.getI32Type()), flags);
  }

  LogicalResult pullWishes() {
    auto own = [&](Value operand, Value &tile) {
      FailureOr<Value> pulled = pull.pull(operand, rows.request.offsets, rows.request.sizes);
      if (succeeded(pulled))
        tile = *pulled;
      return pulled;
    };
    Value topK;
    if (failed(own(op.getTemperature(), temperature)) || failed(own(op.getTopK(), topK)) ||
        failed(own(op.getTopP(), topP)) || failed(own(op.getMinP(), minP)) ||
        failed(own(op.getPenalty(), penalty)) || failed(own(op.getSeed(), seed)) ||
        failed(own(op.getStep(), step)))
      return failure();
    draws = rows.compare(arith::CmpFPredicate::OGT, temperature, real(0));
    divisor = select(b, loc, draws, temperature, real(1));
    Value all = splatIndex(b, loc, pull.dim(op.getLogits(), 1), rows.request.sizes);
    Value some = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, topK, integer(1));
    wantsTopK = both(draws, both(some, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, topK, all)));
    // A row that asks for all finds its threshold at -infinity.
    kept = select(b, loc, wantsTopK, topK, all);
    wantsTopP = both(draws, rows.compare(arith::CmpFPredicate::OLT, topP, real(1)));
    wantsMinP = rows.compare(arith::CmpFPredicate::OGT, minP, real(0));
    return success();
  }

  /// What `steps` gives if any row is flagged, else `otherwise`.
  FailureOr<Value> when(Value flags, Value otherwise, Steps steps) {
    Value any = number(flags);
    for (int64_t left = rows.axis; left > 0; --left)
      any = reduce(b, loc, tile::ReduceKind::max, any, 0);
    Value most = tensor::ExtractOp::create(b, loc, any, ValueRange());
    Value none = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(0));
    Value some = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, most, none);
    // Not a loop that runs once or never: what is pure would be hoisted out of it.
    auto branch = scf::IfOp::create(b, loc, otherwise.getType(), some, /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.elseBlock());
    scf::YieldOp::create(b, loc, otherwise);
    b.setInsertionPointToStart(branch.thenBlock());
    FailureOr<Value> result = steps();
    if (failed(result))
      return failure();
    scf::YieldOp::create(b, loc, *result);
    return branch.getResult(0);
  }

  /// The logits, those of tokens that occurred made less likely.
  FailureOr<Value> penalised(const RowChunk &chunk) {
    FailureOr<Value> seen = rows.alike(op.getSeen(), chunk);
    if (failed(seen))
      return failure();
    Value x = chunk.tile, factor = rows.along(penalty, x);
    Value isNegative = rows.compare(arith::CmpFPredicate::OLT, x, filledLike(b, loc, x, 0.0));
    Value less = select(b, loc, isNegative, arith::MulFOp::create(b, loc, x, factor),
                        arith::DivFOp::create(b, loc, x, factor));
    return select(b, loc, differs(b, loc, *seen, 0), less, x);
  }

  FailureOr<Value> scores(const RowChunk &chunk) {
    FailureOr<Value> x = penalised(chunk);
    if (failed(x))
      return failure();
    return Value(arith::DivFOp::create(b, loc, *x, rows.along(divisor, *x)));
  }

  /// The sum, or the maximum, over a row of terms of its scores.
  FailureOr<SmallVector<Value>> total(tile::ReduceKind kind, ValueRange initial,
                                      function_ref<SmallVector<Value>(Value scores)> terms) {
    return rows.each(kLeast, initial,
                     [&](const RowChunk &chunk, ValueRange carried) -> FailureOr<SmallVector<Value>> {
                       FailureOr<Value> x = scores(chunk);
                       if (failed(x))
                         return failure();
                       SmallVector<Value> sums;
                       for (auto [before, term] : llvm::zip_equal(carried, terms(*x)))
                         sums.push_back(combine(b, loc, kind, before, reduce(b, loc, kind, term, rows.axis)));
                       return sums;
                     });
  }

  /// e^(score - most), 0 where the score is dropped by top-k.
  Value weights(Value x) {
    Value weight = math::ExpOp::create(b, loc, arith::SubFOp::create(b, loc, x, rows.along(most, x)));
    Value isKept = rows.compare(arith::CmpFPredicate::UGE, x, rows.along(least, x));
    return select(b, loc, isKept, weight, filledLike(b, loc, weight, 0.0));
  }

  /// The greatest threshold of which `holds` is true; it is true of every lesser one. `holds` answers for
  /// several at once.
  using Holds = function_ref<FailureOr<SmallVector<Value>>(ArrayRef<Value> thresholds)>;
  FailureOr<Value> greatestThreshold(Holds holds) {
    OpFoldResult walks = b.getIndexAttr(kKeyBits / kBitsAWalk);
    auto found = forEach(pull, loc, walks, {integer(0)},
                         [&](Value index, ValueRange carried) -> FailureOr<SmallVector<Value>> {
                           Value bits = arith::MulIOp::create(
                               b, loc, splatIndex(b, loc, index, rows.request.sizes), integer(kBitsAWalk));
                           Value shift = arith::SubIOp::create(b, loc, integer(kKeyBits - kBitsAWalk), bits);
                           auto shifted = [&](Value digit) {
                             return words.add(carried[0], arith::ShLIOp::create(b, loc, digit, shift));
                           };
                           SmallVector<Value> thresholds;
                           for (int64_t digit = 1; digit <= kCandidates; ++digit)
                             thresholds.push_back(words.keyToFloat(shifted(integer(digit))));
                           FailureOr<SmallVector<Value>> flags = holds(thresholds);
                           if (failed(flags))
                             return failure();
                           Value digit = integer(0);
                           for (Value flag : *flags)
                             digit = words.add(digit, number(flag));
                           return SmallVector<Value>{shifted(digit)};
                         });
    if (failed(found))
      return failure();
    return words.keyToFloat(found->front());
  }

  /// The k-th greatest score.
  FailureOr<Value> topKThreshold() {
    return greatestThreshold([&](ArrayRef<Value> thresholds) -> FailureOr<SmallVector<Value>> {
      SmallVector<Value> none(thresholds.size(), integer(0));
      auto counts = total(tile::ReduceKind::add, none, [&](Value x) {
        return llvm::map_to_vector(thresholds, [&](Value threshold) {
          return number(rows.compare(arith::CmpFPredicate::UGE, x, rows.along(threshold, x)));
        });
      });
      if (failed(counts))
        return failure();
      return llvm::map_to_vector(*counts, [&](Value count) {
        return Value(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, count, kept));
      });
    });
  }

  /// The least score which, with all that are no likelier, has more than 1 - top_p of the weight.
  FailureOr<Value> topPThreshold() {
    auto whole =
        total(tile::ReduceKind::add, {real(0)}, [&](Value x) { return SmallVector<Value>{weights(x)}; });
    if (failed(whole))
      return failure();
    Value allowed =
        arith::MulFOp::create(b, loc, arith::SubFOp::create(b, loc, real(1), topP), whole->front());
    auto threshold = greatestThreshold([&](ArrayRef<Value> thresholds) -> FailureOr<SmallVector<Value>> {
      SmallVector<Value> none(thresholds.size(), real(0));
      auto below = total(tile::ReduceKind::add, none, [&](Value x) {
        Value weight = weights(x), nothing = filledLike(b, loc, x, 0.0);
        return llvm::map_to_vector(thresholds, [&](Value bound) {
          Value isBelow = rows.compare(arith::CmpFPredicate::OLT, x, rows.along(bound, x));
          return select(b, loc, isBelow, weight, nothing);
        });
      });
      if (failed(below))
        return failure();
      return llvm::map_to_vector(
          *below, [&](Value weight) { return rows.compare(arith::CmpFPredicate::OLE, weight, allowed); });
    });
    if (failed(threshold))
      return failure();
    // The likeliest always stays.
    Value bound = arith::MinimumFOp::create(b, loc, *threshold, most);
    return select(b, loc, wantsTopP, arith::MaximumFOp::create(b, loc, bound, least), least);
  }

  FailureOr<Value> draw() {
    auto greatest =
        total(tile::ReduceKind::max, {real(kLeast)}, [](Value x) { return SmallVector<Value>{x}; });
    if (failed(greatest))
      return failure();
    most = greatest->front();
    FailureOr<Value> bound = when(wantsTopK, real(kLeast), [&] { return topKThreshold(); });
    if (failed(bound))
      return failure();
    least = *bound;
    bound = when(wantsTopP, least, [&] { return topPThreshold(); });
    if (failed(bound))
      return failure();
    least = *bound;
    return rows.placeOfGreatest([&](const RowChunk &chunk) -> FailureOr<Value> {
      FailureOr<Value> x = scores(chunk);
      if (failed(x))
        return failure();
      Value raised = arith::AddFOp::create(b, loc, *x, gumbel(chunk.places));
      return select(b, loc, isDropped(*x), filledLike(b, loc, *x, kLeast), raised);
    });
  }

  Value isDropped(Value x) {
    Value greatest = rows.along(most, x);
    Value weight = math::ExpOp::create(b, loc, arith::SubFOp::create(b, loc, x, greatest));
    Value isUnlikely = both(rows.compare(arith::CmpFPredicate::OLT, weight, rows.along(minP, x)),
                            rows.compare(arith::CmpFPredicate::UNE, x, greatest));
    return arith::OrIOp::create(b, loc, rows.compare(arith::CmpFPredicate::OLT, x, rows.along(least, x)),
                                both(rows.along(wantsMinP, x), isUnlikely));
  }

  /// Philox 4x32-10's first word for the counter (token, step, 0, 0) and the key (seed, 0).
  Value random(Value token) {
    Value zero = words.like(token, 0), key = rows.along(seed, token),
          counter[] = {token, rows.along(step, token), zero, zero};
    uint32_t round = 0, otherKey = 0;
    for (int i = 0; i < 10; ++i, round += 0x9E3779B9, otherKey += 0xBB67AE85) {
      Value keys[] = {words.add(key, words.like(token, round)), words.like(token, otherKey)};
      Value first[] = {words.multiplyHigh(counter[0], 0xD2511F53), words.multiply(counter[0], 0xD2511F53)},
            second[] = {words.multiplyHigh(counter[2], 0xCD9E8D57), words.multiply(counter[2], 0xCD9E8D57)};
      Value high = words.exclusive(words.exclusive(second[0], counter[1]), keys[0]),
            low = words.exclusive(words.exclusive(first[0], counter[3]), keys[1]);
      counter[0] = high, counter[1] = second[1], counter[2] = low, counter[3] = first[1];
    }
    return counter[0];
  }

  /// -log(-log(u)) with u uniform in (0, 1), a multiple of 2^-24.
  Value gumbel(Value token) {
    Value bits = words.right(random(token), 9);
    Value whole =
        arith::SIToFPOp::create(b, loc, RankedTensorType::get(shapeOf(token), b.getF32Type()), bits);
    Value u =
        arith::MulFOp::create(b, loc, arith::AddFOp::create(b, loc, whole, filledLike(b, loc, whole, 0.5)),
                              filledLike(b, loc, whole, 0x1p-23));
    auto minusLog = [&](Value x) -> Value {
      return arith::NegFOp::create(b, loc, math::LogOp::create(b, loc, x));
    };
    return minusLog(minusLog(u));
  }

  graph::SampleOp op;
  graph::TilePull &pull;
  Location loc;
  OpBuilder &b;
  RowWalk rows;
  Words words;
  // One a row: what is asked for, whether it is, the greatest score and the least that may be drawn.
  Value temperature, divisor, kept, topP, minP, penalty, seed, step, draws, wantsTopK, wantsTopP, wantsMinP,
      most, least;
};
} // namespace

static FailureOr<Value> emitSample(graph::SampleOp op, graph::TilePull &pull, TileRequest request) {
  return Draw(op, pull, request).emit();
}

void tiling::attachDraw(MLIRContext *context) { attach<graph::SampleOp, emitSample>(context); }
