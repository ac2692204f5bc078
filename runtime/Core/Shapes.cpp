// Checks tensors against an entry's inputs and outputs.
#include "Shapes.h"

#include <algorithm>

using namespace girih::runtime;

uint64_t girih::runtime::tensorBytes(const girih_tensor &tensor) {
  uint64_t bytes = elementBytes(tensor.element_type);
  for (uint32_t i = 0; i < tensor.rank && i < GIRIH_MAX_RANK; ++i)
    bytes *= uint64_t(tensor.shape[i]);
  return bytes;
}

static const char *typeName(uint32_t elementType) {
  static const char *const names[] = {"?", "f32", "bf16", "f16", "i32", "i8", "i1"};
  return elementType < sizeof(names) / sizeof(names[0]) ? names[elementType] : "?";
}

//===-- Inputs -----------------------------------------------------------------------------------------------------===//

static girih_code checkTypeAndRank(const Tables &t, const girih_value &value, const girih_tensor &tensor,
                                   const char *role, girih_status *status) {
  const char *name = t.string(value.name);
  if (tensor.element_type != value.element_type)
    return fail(status, GIRIH_TYPE_MISMATCH, "expected %s '%s' of type %s but got %s", role, name,
                typeName(value.element_type), typeName(tensor.element_type));
  if (tensor.rank != value.rank)
    return fail(status, GIRIH_SHAPE_MISMATCH, "expected %s '%s' of rank %u but got rank %u", role, name, value.rank,
                tensor.rank);
  return GIRIH_OK;
}

/// Binds the symbols that are dims by themselves; a symbol seen twice must have one value.
static girih_code bindDims(const Module &module, const girih_value &value, const girih_tensor &tensor,
                           std::span<const int64_t> maxima, int64_t *symbols, girih_status *status) {
  const Tables &t = module.tables();
  for (uint32_t i = 0; i != value.rank; ++i) {
    uint32_t symbol = plainSymbol(t, t.indices[value.first_dim + i]);
    if (symbol == GIRIH_NONE)
      continue;
    int64_t size = tensor.shape[i], least = t.symbols[symbol].min, most = maxima[symbol];
    if (size < least || size > most)
      return fail(status, GIRIH_SIZE_OUT_OF_BOUNDS,
                  "expected '%s' between %lld and %lld but dimension %u of input '%s' is %lld; stay within, or compile "
                  "the model with wider bounds",
                  t.string(t.symbols[symbol].name), static_cast<long long>(least), static_cast<long long>(most), i,
                  t.string(value.name), static_cast<long long>(size));
    symbols[symbol] = size;
  }
  return GIRIH_OK;
}

static girih_code checkDims(const Module &module, const girih_value &value, const girih_tensor &tensor,
                            const char *role, const int64_t *symbols, girih_status *status) {
  const Tables &t = module.tables();
  for (uint32_t i = 0; i != value.rank; ++i) {
    uint32_t dim = t.indices[value.first_dim + i];
    int64_t expected = evaluate(t, dim, symbols);
    if (tensor.shape[i] != expected)
      return fail(status, GIRIH_SHAPE_MISMATCH, "expected dimension %u of %s '%s' to be %lld (%s) but got %lld", i, role,
                  t.string(value.name), static_cast<long long>(expected), module.text(dim),
                  static_cast<long long>(tensor.shape[i]));
  }
  return GIRIH_OK;
}

static girih_code checkCount(size_t found, uint32_t expected, const char *role, girih_status *status) {
  if (found == expected)
    return GIRIH_OK;
  return fail(status, GIRIH_INVALID_ARGUMENT, "expected %u %ss but got %zu", expected, role, found);
}

static girih_code checkData(const Tables &t, const girih_value &value, const girih_tensor &tensor, const char *role,
                            girih_status *status) {
  if (tensorBytes(tensor) != 0 && !tensor.data)
    return fail(status, GIRIH_INVALID_ARGUMENT, "%s '%s' has no data", role, t.string(value.name));
  if (reinterpret_cast<uintptr_t>(tensor.data) % elementBytes(value.element_type) != 0)
    return fail(status, GIRIH_INVALID_ARGUMENT, "expected the data of %s '%s' to be aligned to its elements", role,
                t.string(value.name));
  return GIRIH_OK;
}

girih_code girih::runtime::deduceSymbols(const Module &module, const Call &call, std::span<const int64_t> maxima,
                                         int64_t *symbols, girih_status *status) {
  const Tables &t = module.tables();
  const girih_entry &entry = t.entries[call.entry];
  if (girih_code code = checkCount(call.inputs.size(), entry.input_count, "input", status))
    return code;
  std::span<const girih_value> values = t.values.subspan(entry.first_input, entry.input_count);
  for (size_t i = 0; i != values.size(); ++i) {
    if (girih_code code = checkTypeAndRank(t, values[i], call.inputs[i], "input", status))
      return code;
    if (girih_code code = bindDims(module, values[i], call.inputs[i], maxima, symbols, status))
      return code;
  }
  for (size_t i = 0; i != values.size(); ++i)
    if (girih_code code = checkDims(module, values[i], call.inputs[i], "input", symbols, status))
      return code;
  return GIRIH_OK;
}

/// The least and the greatest element; two accumulators that the compiler vectorises.
template <typename T> static void findRange(const girih_tensor &tensor, int64_t &low, int64_t &high) {
  const T *data = static_cast<const T *>(tensor.data);
  uint64_t count = tensorBytes(tensor) / sizeof(T);
  T least = data[0], greatest = data[0];
  for (uint64_t i = 1; i < count; ++i) {
    least = std::min(least, data[i]);
    greatest = std::max(greatest, data[i]);
  }
  low = least;
  high = greatest;
}

girih_code girih::runtime::checkRanges(const Module &module, const Call &call, girih_status *status) {
  const Tables &t = module.tables();
  const girih_entry &entry = t.entries[call.entry];
  for (uint32_t i = 0; i != entry.input_count; ++i) {
    const girih_value &value = t.values[entry.first_input + i];
    if (girih_code code = checkData(t, value, call.inputs[i], "input", status))
      return code;
    bool isElsewhere = call.statesOnDevice && (value.flags & GIRIH_VALUE_STATE);
    if (!(value.flags & GIRIH_VALUE_HAS_RANGE) || isElsewhere || tensorBytes(call.inputs[i]) == 0)
      continue;
    int64_t low = value.range_low, high = value.range_low;
    if (value.element_type == GIRIH_I32)
      findRange<int32_t>(call.inputs[i], low, high);
    else if (value.element_type == GIRIH_I8)
      findRange<int8_t>(call.inputs[i], low, high);
    else if (value.element_type == GIRIH_I1)
      findRange<uint8_t>(call.inputs[i], low, high);
    if (low < value.range_low || high >= value.range_high)
      return fail(status, GIRIH_VALUE_OUT_OF_RANGE, "expected elements of input '%s' in [%lld, %lld) but found %lld",
                  t.string(value.name), static_cast<long long>(value.range_low), static_cast<long long>(value.range_high),
                  static_cast<long long>(low < value.range_low ? low : high));
  }
  return GIRIH_OK;
}

//===-- Outputs ----------------------------------------------------------------------------------------------------===//

girih_code girih::runtime::shapeOutputs(const Module &module, uint32_t index, const int64_t *symbols,
                                        std::span<girih_tensor> outputs, girih_status *status) {
  const Tables &t = module.tables();
  const girih_entry &entry = t.entries[index];
  if (girih_code code = checkCount(outputs.size(), entry.output_count, "output", status))
    return code;
  for (size_t i = 0; i != outputs.size(); ++i) {
    const girih_value &value = t.values[entry.first_output + i];
    outputs[i].element_type = value.element_type;
    outputs[i].rank = value.rank;
    for (uint32_t d = 0; d != value.rank; ++d)
      outputs[i].shape[d] = evaluate(t, t.indices[value.first_dim + d], symbols);
  }
  return GIRIH_OK;
}

girih_code girih::runtime::checkOutputs(const Module &module, const Call &call, const int64_t *symbols,
                                        girih_status *status) {
  const Tables &t = module.tables();
  const girih_entry &entry = t.entries[call.entry];
  if (girih_code code = checkCount(call.outputs.size(), entry.output_count, "output", status))
    return code;
  for (size_t i = 0; i != call.outputs.size(); ++i) {
    const girih_value &value = t.values[entry.first_output + i];
    if (girih_code code = checkTypeAndRank(t, value, call.outputs[i], "output", status))
      return code;
    if (girih_code code = checkDims(module, value, call.outputs[i], "output", symbols, status))
      return code;
    if (girih_code code = checkData(t, value, call.outputs[i], "output", status))
      return code;
  }
  return GIRIH_OK;
}
