// The likeliest token of rows of logits, and the loss of given ones.
#include "lib/Tiling/Model.h"
#include "lib/Tiling/RowWalk.h"

using namespace mlir;
using namespace girih;
using namespace girih::tiling;

static FailureOr<Value> emitArgmax(graph::ArgmaxOp op, graph::TilePull &pull, TileRequest request) {
  RowWalk rows{pull, op.getLoc(), op.getInput(), request};
  return rows.placeOfGreatest([](const RowChunk &chunk) { return FailureOr<Value>(chunk.tile); });
}

static FailureOr<Value> emitCrossEntropy(graph::CrossEntropyOp op, graph::TilePull &pull,
                                         TileRequest request) {
  RowWalk rows{pull, op.getLoc(), op.getLogits(), request};
  OpBuilder &b = rows.b;
  Location loc = rows.loc;
  FailureOr<Value> labels = pull.pull(op.getLabels(), request.offsets, request.sizes);
  if (failed(labels))
    return failure();
  Value last =
      splatIndex(b, loc, add(b, loc, pull.dim(op.getLogits(), rows.axis), b.getIndexAttr(-1)), request.sizes);
  Value label = arith::MinSIOp::create(b, loc, *labels, last);
  auto highest = rows.each(kLeast, {rows.perRow(b.getF32Type(), kLeast)},
                           [&](const RowChunk &chunk, ValueRange carried) {
                             Value most = reduce(b, loc, tile::ReduceKind::max, chunk.tile, rows.axis);
                             return FailureOr<SmallVector<Value>>(
                                 SmallVector<Value>{arith::MaximumFOp::create(b, loc, carried[0], most)});
                           });
  if (failed(highest))
    return failure();
  SmallVector<Value> none(2, rows.perRow(b.getF32Type(), 0.0));
  auto sums = rows.each(kLeast, none, [&](const RowChunk &chunk, ValueRange carried) {
    Value shifted = arith::SubFOp::create(b, loc, chunk.tile, rows.along((*highest)[0], chunk.tile));
    Value total = reduce(b, loc, tile::ReduceKind::add, math::ExpOp::create(b, loc, shifted), rows.axis);
    Value isLabel = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, chunk.places,
                                          rows.along(label, chunk.places));
    // One element of the row is not zero: the sum is that element.
    Value own = select(b, loc, isLabel, shifted, filledLike(b, loc, shifted, 0.0));
    return FailureOr<SmallVector<Value>>(SmallVector<Value>{
        arith::AddFOp::create(b, loc, carried[0], total),
        arith::AddFOp::create(b, loc, carried[1], reduce(b, loc, tile::ReduceKind::add, own, rows.axis))});
  });
  if (failed(sums))
    return failure();
  Value loss = arith::SubFOp::create(b, loc, math::LogOp::create(b, loc, (*sums)[0]), (*sums)[1]);
  Value counts =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, *labels, filledLike(b, loc, *labels, 0));
  return select(b, loc, counts, loss, filledLike(b, loc, loss, 0.0));
}

void tiling::attachSampling(MLIRContext *context) {
  attach<graph::ArgmaxOp, emitArgmax>(context);
  attach<graph::CrossEntropyOp, emitCrossEntropy>(context);
}
