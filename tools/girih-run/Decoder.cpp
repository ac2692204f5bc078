// Made-up steps. docs/embedding.md has the meaning of the inputs.
#include "Decoder.h"
#include "Report.h"

#include <algorithm>
#include <cstring>
#include <string_view>

using namespace girih::run;

namespace {

/// Sizes of the step, by the inputs that show them.
struct StepSizes {
  int64_t width = 1, total = 1, slots = 0;

  explicit StepSizes(std::span<const MadeUp> all) {
    for (const MadeUp &each : all) {
      std::string_view name = each.info.name;
      if (name == "ids" && each.info.rank == 2)
        width = each.tensor->shape[1];
      if (name == "table" && each.info.rank == 2)
        total = each.tensor->shape[1];
      if (each.info.is_state && each.info.rank)
        slots = each.tensor->shape[0];
    }
  }
  /// Rows end with the table.
  int64_t position(int64_t i) const { return std::max<int64_t>(0, total - width) + i; }
};

void fillInt(HostTensor &tensor, auto valueOf) {
  auto *data = reinterpret_cast<int32_t *>(tensor.data());
  int64_t columns = tensor.shape.size() == 2 ? tensor.shape[1] : 1;
  for (int64_t i = 0, count = int64_t(tensor.count()); i != count; ++i)
    data[i] = int32_t(valueOf(i / columns, i % columns));
}

void fillFloat(HostTensor &tensor, float value) {
  auto *data = reinterpret_cast<float *>(tensor.data());
  std::fill(data, data + tensor.count(), value);
}

} // namespace

bool girih::run::makeUpForDecoder(const MadeUp &input, std::span<const MadeUp> all, uint64_t seed) {
  std::string_view name = input.info.name;
  HostTensor &tensor = *input.tensor;
  StepSizes sizes(all);
  bool isInt = tensor.elementType == GIRIH_I32, isFloat = tensor.elementType == GIRIH_F32;
  // A slot that would lie outside is no slot: rows that share one would race.
  auto slotOf = [&](int64_t row, int64_t position) {
    int64_t slot = row * sizes.total + position;
    return position < sizes.total && slot < sizes.slots ? slot : -1;
  };
  if (isInt && name == "mask")
    fillInt(tensor, [](int64_t, int64_t) { return 1; });
  else if (isInt && name == "positions")
    fillInt(tensor, [&](int64_t, int64_t i) { return sizes.position(i); });
  else if (isInt && name == "slots")
    fillInt(tensor, [&](int64_t row, int64_t i) { return slotOf(row, sizes.position(i)); });
  else if (isInt && name == "table")
    fillInt(tensor, slotOf);
  else if (isInt && (name == "top_k" || name == "step"))
    fillInt(tensor, [&](int64_t, int64_t) { return name == "step" ? sizes.total : 0; });
  else if (isInt && name == "seed")
    fillInt(tensor, [&](int64_t row, int64_t) { return int64_t(seed & 0xffff) + row; });
  else if (isFloat && (name == "temperature" || name == "min_p"))
    fillFloat(tensor, 0);
  else if (isFloat && (name == "top_p" || name == "penalty"))
    fillFloat(tensor, 1);
  else if (tensor.elementType == GIRIH_I8 && name == "seen")
    memset(tensor.data(), 0, tensor.bytes());
  else
    return false;
  return true;
}
