// What a call's tensors say: symbols are read off the inputs' shapes, outputs' shapes follow, integers are checked against
// their ranges, so that kernels may index by them.
#pragma once

#include "Module.h"

namespace girih::runtime {

/// One call's arguments.
struct Call {
  uint32_t entry;
  std::span<const girih_tensor> inputs, outputs;
  bool statesOnDevice = false;    // their data are addresses of the machine
  uint64_t ignoredOutputs = 0;    // bit set of those that nobody reads
  bool ignores(size_t output) const { return output < 64 && ignoredOutputs >> output & 1; }
};

/// Binds every size symbol of the entry; symbols that it does not use keep their values. `maxima`: bounds in use.
girih_code deduceSymbols(const Module &module, const Call &call, std::span<const int64_t> maxima, int64_t *symbols,
                         girih_status *status);
/// The outputs' types and shapes.
girih_code shapeOutputs(const Module &module, uint32_t entry, const int64_t *symbols, std::span<girih_tensor> outputs,
                        girih_status *status);
girih_code checkOutputs(const Module &module, const Call &call, const int64_t *symbols, girih_status *status);
/// Every element of an integer input within its range.
girih_code checkRanges(const Module &module, const Call &call, girih_status *status);

uint64_t tensorBytes(const girih_tensor &tensor);

} // namespace girih::runtime
