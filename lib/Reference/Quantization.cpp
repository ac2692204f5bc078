// Definitions of the ops between floats and small integers.
#include "lib/Reference/Model.h"
#include "lib/Reference/Models.h"

#include <cmath>

using namespace mlir;
using namespace girih::reference;
using namespace girih::graph;

namespace {
void quantize(QuantizeOp, Operands operands, Results results) {
  double scale = (*operands[1])[0], center = (*operands[2])[0];
  for (int64_t i = 0; i < results[0].size(); ++i)
    results[0][i] = toByte(((*operands[0])[i] - center) / scale);
}

void quantizeRows(QuantizeRowsOp, Operands operands, Results results) {
  const HostTensor &x = *operands[0];
  int64_t length = x.dim(-1);
  for (int64_t row = 0; row < results[1].size(); ++row) {
    const double *begin = x.data() + row * length, *end = begin + length;
    auto [least, greatest] = std::minmax_element(begin, end);
    Type f32 = results[1].getElementType();
    double center = roundTo(f32, (*greatest + *least) / 2);
    double scale = roundTo(f32, std::max({*greatest - center, center - *least, 0x1p-100}) / 127);
    for (int64_t i = 0; i < length; ++i)
      results[0][row * length + i] = toByte((begin[i] - center) / scale);
    results[1][row] = scale;
    results[2][row] = center;
  }
}

void dequantize(DequantizeOp op, Operands operands, Results results) {
  HostTensor &out = results[0];
  int64_t n = out.dim(-1);
  auto ofRow = [&](unsigned operand, int64_t row) {
    return (*operands[operand])[operands[operand]->size() == 1 ? 0 : row];
  };
  for (int64_t i = 0; i < out.size(); ++i) {
    int64_t row = i / n, channel = i % n;
    double sum = (*operands[0])[i] * ofRow(1, row) + ofRow(2, row) * (*operands[4])[channel];
    out[i] = sum * (*operands[3])[channel] + (op.getBias() ? (*operands[5])[channel] : 0.0);
  }
}
} // namespace

void girih::reference::attachQuantizationModels(MLIRContext *context) {
  attach<QuantizeOp, quantize>(context);
  attach<QuantizeRowsOp, quantizeRows>(context);
  attach<DequantizeOp, dequantize>(context);
}
