// Walks along rows of logits.
#include "lib/Tiling/RowWalk.h"

#include "girih/Target.h"

#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace girih;
using namespace girih::tiling;

FailureOr<SmallVector<Value>> RowWalk::each(double standIn, ValueRange initial, Body body) {
  OpFoldResult end = pull.dim(input, axis);
  return forEach(pull, loc, ceilDivide(b, loc, end, chunk), initial, [&](Value index, ValueRange carried) {
    RowChunk part{Value(), Value(), multiply(b, loc, index, chunk)};
    FailureOr<Value> tile = alike(input, part);
    if (failed(tile))
      return FailureOr<SmallVector<Value>>(failure());
    part.tile = maskPast(pull, loc, *tile, axis, part.start, end, standIn);
    part.places = coordinates(b, loc, part.start, axis, shapeOf(*tile));
    return body(part, carried);
  });
}

FailureOr<Value> RowWalk::alike(Value other, const RowChunk &part) {
  SmallVector<OpFoldResult> offsets(request.offsets);
  SmallVector<int64_t> sizes(request.sizes);
  offsets.push_back(part.start);
  sizes.push_back(chunk);
  return pull.pull(other, offsets, sizes);
}

/// The first place in a chunk that holds its greatest score, NaN if there is one.
static Value firstPlaceOf(RowWalk &rows, Value greatest, Value scores, Value places) {
  Value wanted = rows.along(greatest, scores);
  // Equal, or not a number where the greatest is none.
  Value holds = rows.compare(arith::CmpFPredicate::UEQ, scores, wanted);
  Value isNumber = rows.compare(arith::CmpFPredicate::ORD, scores, scores),
        wantsNaN = rows.compare(arith::CmpFPredicate::UNO, wanted, wanted);
  Value odd = arith::AndIOp::create(rows.b, rows.loc, wantsNaN, isNumber);
  Value never = filledLike(rows.b, rows.loc, places, std::numeric_limits<int32_t>::max());
  Value place = select(rows.b, rows.loc, holds, select(rows.b, rows.loc, odd, never, places), never);
  return reduce(rows.b, rows.loc, tile::ReduceKind::min, place, rows.axis);
}

/// The greatest is the same in whatever pieces it is looked for, so they may be the target's.
FailureOr<Value> RowWalk::placeOfGreatest(Score score) {
  llvm::SaveAndRestore whole(chunk, pull.cost().walked());
  SmallVector<Value> initial{perRow(b.getF32Type(), kLeast), perRow(b.getI32Type(), 0)};
  auto end =
      each(kLeast, initial, [&](const RowChunk &chunk, ValueRange carried) -> FailureOr<SmallVector<Value>> {
        FailureOr<Value> scores = score(chunk);
        if (failed(scores))
          return failure();
        Value greatest = reduce(b, loc, tile::ReduceKind::max, *scores, axis);
        Value place = firstPlaceOf(*this, greatest, *scores, chunk.places);
        // Greater, or the first NaN.
        Value better = arith::AndIOp::create(b, loc, compare(arith::CmpFPredicate::UGT, greatest, carried[0]),
                                             compare(arith::CmpFPredicate::ORD, carried[0], carried[0]));
        return SmallVector<Value>{select(b, loc, better, greatest, carried[0]),
                                  select(b, loc, better, place, carried[1])};
      });
  if (failed(end))
    return failure();
  return (*end)[1];
}
