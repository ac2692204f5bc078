// The tile dialect's ops on values: dot, reduce and movement, and the `tensor` ops that make tiles.
#include "lib/Reference/Model.h"
#include "lib/Reference/TileProgram.h"

#include <cmath>

using namespace mlir;
using namespace girih;
using namespace girih::reference;

namespace {
constexpr int64_t kPartials = 16;

std::vector<float> asFloats(const HostTensor &tensor) {
  return std::vector<float>(tensor.data(), tensor.data() + tensor.size());
}

// [rows, columns] row-major to [columns, rows].
std::vector<float> transposed(const std::vector<float> &values, int64_t rows, int64_t columns) {
  std::vector<float> result(values.size());
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      result[c * rows + r] = values[r * columns + c];
  return result;
}

// Integers: exact sums, modulo 2^32.
void integerDot(tile::DotOp op, ArrayRef<const HostTensor *> operands, HostTensor &result) {
  int64_t m = operands[0]->dim(0), k = operands[0]->dim(1), n = result.dim(1);
  int64_t row = op.getTransposeB() ? 1 : n, column = op.getTransposeB() ? k : 1;
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      double sum = (*operands[2])[i * n + j];
      for (int64_t p = 0; p < k; ++p)
        sum += (*operands[0])[i * k + p] * (*operands[1])[p * row + j * column];
      result[i * n + j] = roundTo(op.getType().getElementType(), sum);
    }
}

// One f32 chain of fused multiply-adds over K for every element, then one addition to the accumulator.
void dot(tile::DotOp op, ArrayRef<const HostTensor *> operands, HostTensor &result) {
  if (op.getType().getElementType().isInteger())
    return integerDot(op, operands, result);
  int64_t m = operands[0]->dim(0), k = operands[0]->dim(1), n = result.dim(1);
  std::vector<float> a = asFloats(*operands[0]), b = asFloats(*operands[1]);
  if (op.getTransposeB())
    b = transposed(b, n, k);
  std::vector<float> row(n);
  for (int64_t i = 0; i < m; ++i) {
    std::fill(row.begin(), row.end(), 0.0f);
    for (int64_t p = 0; p < k; ++p)
      for (int64_t j = 0; j < n; ++j)
        row[j] = std::fmaf(a[i * k + p], b[p * n + j], row[j]);
    for (int64_t j = 0; j < n; ++j)
      result[i * n + j] = static_cast<float>((*operands[2])[i * n + j]) + row[j];
  }
}

double combine(tile::ReduceKind kind, double x, double y) {
  if (kind == tile::ReduceKind::add)
    return x + y;
  if (std::isnan(x) || std::isnan(y))
    return NAN;
  return kind == tile::ReduceKind::max ? std::fmax(x, y) : std::fmin(x, y);
}

double neutral(tile::ReduceKind kind) {
  return kind == tile::ReduceKind::add ? -0.0 : kind == tile::ReduceKind::max ? -INFINITY : INFINITY;
}

// 16 partial results by index mod 16, each in order, then the tree: 0 with 8, 1 with 9, ...; 0 with 4, ...;
// and so on.
double reduceLine(tile::ReduceKind kind, const double *line, int64_t length, int64_t stride, Type type) {
  double partials[kPartials];
  std::fill(partials, partials + kPartials, neutral(kind));
  for (int64_t i = 0; i < length; ++i)
    partials[i % kPartials] = roundTo(type, combine(kind, partials[i % kPartials], line[i * stride]));
  for (int64_t step = kPartials / 2; step > 0; step /= 2)
    for (int64_t i = 0; i < step; ++i) {
      double merged = combine(kind, partials[i], partials[i + step]);
      partials[i] = std::isinf(merged) ? merged : roundTo(type, merged);
    }
  return partials[0];
}

void reduce(tile::ReduceOp op, ArrayRef<const HostTensor *> operands, HostTensor &result) {
  AxisView view(operands[0]->getShape(), op.getAxis());
  for (int64_t outer = 0; outer < view.outer; ++outer)
    for (int64_t inner = 0; inner < view.inner; ++inner)
      result[outer * view.inner + inner] =
          reduceLine(op.getKind(), operands[0]->data() + outer * view.length * view.inner + inner,
                     view.length, view.inner, result.getElementType());
}

// Result element `index` is the input's element at the sum of index[dims[i]] * strides[i].
void gatherByStrides(const HostTensor &input, ArrayRef<int64_t> resultStrides, HostTensor &result) {
  int64_t at = 0;
  forEachIndex(result.getShape(), [&](ArrayRef<int64_t> index) {
    int64_t from = 0;
    for (auto [i, stride] : llvm::zip(index, resultStrides))
      from += i * stride;
    result[at++] = input[from];
  });
}

void broadcast(tile::BroadcastOp op, ArrayRef<const HostTensor *> operands, HostTensor &result) {
  SmallVector<int64_t> own = strides(operands[0]->getShape()), wanted(result.getRank(), 0);
  for (auto [i, dim] : llvm::enumerate(op.getDims()))
    wanted[dim] = operands[0]->dim(i) == 1 ? 0 : own[i];
  gatherByStrides(*operands[0], wanted, result);
}

void transpose(tile::TransposeOp op, ArrayRef<const HostTensor *> operands, HostTensor &result) {
  SmallVector<int64_t> own = strides(operands[0]->getShape()), wanted;
  for (int64_t dim : op.getPermutation())
    wanted.push_back(own[dim]);
  gatherByStrides(*operands[0], wanted, result);
}

void concat(tile::ConcatOp op, ArrayRef<const HostTensor *> operands, HostTensor &result) {
  AxisView whole(result.getShape(), op.getAxis());
  int64_t offset = 0;
  for (const HostTensor *operand : operands) {
    AxisView part(operand->getShape(), op.getAxis());
    int64_t run = part.length * part.inner;
    for (int64_t outer = 0; outer < part.outer; ++outer)
      std::copy(operand->data() + outer * run, operand->data() + (outer + 1) * run,
                result.data() + (outer * whole.length + offset) * whole.inner);
    offset += part.length;
  }
}

void slice(tensor::ExtractSliceOp op, ArrayRef<const HostTensor *> operands, HostTensor &result) {
  SmallVector<int64_t> own = strides(operands[0]->getShape());
  int64_t next = 0;
  forEachIndex(result.getShape(), [&](ArrayRef<int64_t> index) {
    int64_t place = 0;
    for (auto [i, offset, stride] : llvm::zip(index, op.getStaticOffsets(), own))
      place += (i + offset) * stride;
    result[next++] = (*operands[0])[place];
  });
}

void quantize(ArrayRef<const HostTensor *> operands, HostTensor &result) {
  for (int64_t i = 0; i < result.size(); ++i)
    result[i] = toByte((*operands[0])[i]);
}

void iota(tile::IotaOp op, HostTensor &result) {
  AxisView view(result.getShape(), op.getDim());
  for (int64_t i = 0; i < result.size(); ++i)
    result[i] = i / view.inner % view.length;
}

void copyAll(const HostTensor &input, HostTensor &result) {
  std::copy(input.data(), input.data() + input.size(), result.data());
}

// The element of a tile at run-time indices, operands after the first.
double extract(ArrayRef<const HostTensor *> operands) {
  SmallVector<int64_t> own = strides(operands[0]->getShape());
  int64_t at = 0;
  for (auto [index, stride] : llvm::zip_equal(operands.drop_front(), own))
    at += static_cast<int64_t>((*index)[0]) * stride;
  return (*operands[0])[at];
}
} // namespace

LogicalResult girih::reference::runTileOp(Operation *op, ArrayRef<const HostTensor *> operands,
                                          HostTensor &result) {
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](tile::DotOp dotOp) { return dot(dotOp, operands, result), success(); })
      .Case([&](tile::ReduceOp reduceOp) { return reduce(reduceOp, operands, result), success(); })
      .Case(
          [&](tile::BroadcastOp broadcastOp) { return broadcast(broadcastOp, operands, result), success(); })
      .Case(
          [&](tile::TransposeOp transposeOp) { return transpose(transposeOp, operands, result), success(); })
      .Case([&](tile::ConcatOp concatOp) { return concat(concatOp, operands, result), success(); })
      .Case([&](tensor::ExtractSliceOp sliceOp) { return slice(sliceOp, operands, result), success(); })
      .Case([&](tile::QuantizeOp) { return quantize(operands, result), success(); })
      .Case([&](tile::IotaOp iotaOp) { return iota(iotaOp, result), success(); })
      .Case([&](tile::ReshapeOp) { return copyAll(*operands[0], result), success(); })
      .Case([&](tensor::SplatOp) {
        std::fill(result.data(), result.data() + result.size(), (*operands[0])[0]);
        return success();
      })
      .Case([&](tensor::ExtractOp) { return result[0] = extract(operands), success(); })
      .Case([&](tensor::FromElementsOp) {
        for (auto [i, operand] : llvm::enumerate(operands))
          result[i] = (*operand)[0];
        return success();
      })
      .Default(failure());
}
