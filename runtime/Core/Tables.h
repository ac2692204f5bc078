// META's tables as typed spans over the mapped file: nothing is copied, indices are trusted only after Verify.
#pragma once

#include "girih-runtime/Format.h"

#include <cstddef>
#include <span>

namespace girih::runtime {

struct Tables {
  std::span<const char> strings;
  std::span<const girih_property> properties;
  std::span<const girih_symbol> symbols;
  std::span<const girih_instruction> instructions;
  std::span<const girih_expression> expressions;
  std::span<const uint32_t> indices;
  std::span<const int64_t> shapes;
  std::span<const girih_buffer> buffers;
  std::span<const girih_external_file> files;
  std::span<const girih_weight> weights;
  std::span<const girih_code_version> versions;
  std::span<const girih_kernel> kernels;
  std::span<const girih_kernel_code> kernelCode;
  std::span<const girih_arg> args;
  std::span<const girih_command> commands;
  std::span<const girih_value> values;
  std::span<const girih_entry> entries;

  const char *string(uint32_t offset) const { return strings.data() + offset; }
  std::span<const uint32_t> dims(uint32_t first, uint32_t rank) const { return indices.subspan(first, rank); }
};

/// Bytes of one element of a girih_element_type; 0 if unknown.
size_t elementBytes(uint32_t elementType);

} // namespace girih::runtime
