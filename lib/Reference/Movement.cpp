// Definitions of the ops that move elements, and of reductions along axes.
#include "lib/Reference/Model.h"
#include "lib/Reference/Models.h"

#include <cmath>

using namespace mlir;
using namespace girih::reference;
using namespace girih::graph;

namespace {
double combine(ReduceKind kind, double a, double b) {
  switch (kind) {
  case ReduceKind::Sum:
  case ReduceKind::Mean:
    return a + b;
  case ReduceKind::Max:
    return std::isnan(a) || std::isnan(b) ? NAN : std::fmax(a, b);
  case ReduceKind::Min:
    return std::isnan(a) || std::isnan(b) ? NAN : std::fmin(a, b);
  }
  llvm_unreachable("all kinds are above");
}

double neutral(ReduceKind kind) {
  return kind == ReduceKind::Max ? -INFINITY : kind == ReduceKind::Min ? INFINITY : 0;
}

void reduce(ReduceOp op, Operands operands, Results results) {
  const HostTensor &in = *operands[0];
  HostTensor &out = results[0];
  // Strides into the result, 0 along the axes that it combines.
  SmallVector<int64_t> kept(in.getShape()), outStrides;
  for (int64_t axis : op.getAxes())
    kept[axis < 0 ? axis + in.getRank() : axis] = 1;
  outStrides = strides(kept);
  std::fill(out.data(), out.data() + out.size(), neutral(op.getKind()));
  int64_t at = 0;
  forEachIndex(in.getShape(), [&](ArrayRef<int64_t> index) {
    int64_t to = 0;
    for (int64_t i = 0; i < in.getRank(); ++i)
      to += kept[i] == 1 ? 0 : index[i] * outStrides[i];
    out[to] = combine(op.getKind(), out[to], in[at++]);
  });
  if (op.getKind() != ReduceKind::Mean)
    return;
  double count = out.size() == 0 ? 1 : static_cast<double>(in.size()) / out.size();
  for (int64_t i = 0; i < out.size(); ++i)
    out[i] /= count;
}

int64_t nonNegative(int64_t axis, int64_t rank) { return axis < 0 ? axis + rank : axis; }

// Indices are clamped, as a kernel's gather does: nothing outside the tensor is ever read.
void gather(GatherOp op, Operands operands, Results results) {
  const HostTensor &data = *operands[0], &indices = *operands[1];
  AxisView view(data.getShape(), nonNegative(static_cast<int64_t>(op.getAxis()), data.getRank()));
  int64_t at = 0;
  for (int64_t outer = 0; outer < view.outer; ++outer)
    for (int64_t i = 0; i < indices.size(); ++i) {
      int64_t row = std::clamp<int64_t>(static_cast<int64_t>(indices[i]), 0, view.length - 1);
      for (int64_t inner = 0; inner < view.inner; ++inner)
        results[0][at++] = data[(outer * view.length + row) * view.inner + inner];
    }
}

void concat(ConcatOp op, Operands operands, Results results) {
  int64_t axis = nonNegative(static_cast<int64_t>(op.getAxis()), results[0].getRank());
  AxisView whole(results[0].getShape(), axis);
  int64_t offset = 0;
  for (const HostTensor *operand : operands) {
    AxisView part(operand->getShape(), axis);
    int64_t run = part.length * part.inner;
    for (int64_t outer = 0; outer < part.outer; ++outer)
      std::copy(operand->data() + outer * run, operand->data() + (outer + 1) * run,
                results[0].data() + (outer * whole.length + offset) * whole.inner);
    offset += part.length;
  }
}

void slice(SliceOp op, Operands operands, Results results) {
  SmallVector<int64_t> inStrides = strides(operands[0]->getShape());
  int64_t at = 0;
  forEachIndex(results[0].getShape(), [&](ArrayRef<int64_t> index) {
    int64_t from = 0;
    for (auto [i, offset, stride] : llvm::zip(index, op.getOffsets(), inStrides))
      from += (i + offset) * stride;
    results[0][at++] = (*operands[0])[from];
  });
}

void reshape(ReshapeOp, Operands operands, Results results) {
  std::copy(operands[0]->data(), operands[0]->data() + operands[0]->size(), results[0].data());
}

void transpose(TransposeOp op, Operands operands, Results results) {
  SmallVector<int64_t> inStrides = strides(operands[0]->getShape());
  int64_t at = 0;
  forEachIndex(results[0].getShape(), [&](ArrayRef<int64_t> index) {
    int64_t from = 0;
    for (auto [i, dim] : llvm::zip(index, op.getPermutation()))
      from += i * inStrides[dim];
    results[0][at++] = (*operands[0])[from];
  });
}
} // namespace

void girih::reference::attachMovementModels(MLIRContext *context) {
  attach<ReduceOp, reduce>(context);
  attach<GatherOp, gather>(context);
  attach<ConcatOp, concat>(context);
  attach<SliceOp, slice>(context);
  attach<ReshapeOp, reshape>(context);
  attach<TransposeOp, transpose>(context);
}
