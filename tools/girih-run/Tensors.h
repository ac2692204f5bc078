// A tensor that owns its memory, and how the tool reads, makes up and summarises tensors.
#pragma once

#include "girih-runtime/girih.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace girih::run {

struct HostTensor {
  uint32_t elementType = GIRIH_F32;
  std::vector<int64_t> shape;

  /// Zeroed memory for type and shape.
  void allocate();
  uint8_t *data() const { return memory.get(); }
  size_t bytes() const;
  size_t count() const;
  girih_tensor view() const;
  /// Element i as a number.
  double value(size_t i) const;

private:
  struct Free {
    void operator()(uint8_t *p) const { free(p); }
  };
  std::unique_ptr<uint8_t, Free> memory;
};

const char *typeName(uint32_t elementType);
double toDouble(const void *data, uint32_t elementType, size_t i);
std::string shapeText(const std::vector<int64_t> &shape);
/// "f32 [2, 384]: mean …, min …, max …, first …"
std::string summary(const HostTensor &tensor);
/// Fills an input within its range.
void makeUp(HostTensor &tensor, const girih_value_info &info, uint64_t seed);
/// The same values in another element type; throws where an integer does not fit.
HostTensor convert(const HostTensor &tensor, uint32_t elementType, const std::string &name);

} // namespace girih::run
