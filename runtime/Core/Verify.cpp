// Verifies the tables without control flow: strings, symbols, expressions, memory, weights and code.
#include "Verify.h"

using namespace girih::runtime;

size_t girih::runtime::elementBytes(uint32_t elementType) {
  switch (elementType) {
  case GIRIH_F32:
  case GIRIH_I32:
    return 4;
  case GIRIH_BF16:
  case GIRIH_F16:
    return 2;
  case GIRIH_I8:
  case GIRIH_I1:
    return 1;
  default:
    return 0;
  }
}

//===-- Slicing ----------------------------------------------------------------------------------------------------===//

template <typename T>
static bool slice(std::span<const uint8_t> meta, const girih_table &table, std::span<const T> &result) {
  if (table.element_bytes != sizeof(T) || table.offset % 8 != 0 || table.offset > meta.size() ||
      table.reserved != 0 || table.count > (meta.size() - table.offset) / sizeof(T) || table.count >= GIRIH_NONE)
    return false;
  result = {reinterpret_cast<const T *>(meta.data() + table.offset), size_t(table.count)};
  return true;
}

girih_code girih::runtime::sliceTables(std::span<const uint8_t> meta, Tables &t, girih_status *status) {
  const auto *header = reinterpret_cast<const girih_meta_header *>(meta.data());
  if (meta.size() < sizeof(girih_meta_header) || header->table_count != GIRIH_TABLE_COUNT || header->reserved != 0)
    return fail(status, GIRIH_DAMAGED_ARTIFACT, "expected %d tables in the artifact but found another number",
                GIRIH_TABLE_COUNT);
  const girih_table *tables = header->tables;
  bool ok = slice(meta, tables[GIRIH_TABLE_STRINGS], t.strings) &&
            slice(meta, tables[GIRIH_TABLE_PROPERTIES], t.properties) &&
            slice(meta, tables[GIRIH_TABLE_SYMBOLS], t.symbols) &&
            slice(meta, tables[GIRIH_TABLE_INSTRUCTIONS], t.instructions) &&
            slice(meta, tables[GIRIH_TABLE_EXPRESSIONS], t.expressions) &&
            slice(meta, tables[GIRIH_TABLE_INDICES], t.indices) &&
            slice(meta, tables[GIRIH_TABLE_SHAPES], t.shapes) &&
            slice(meta, tables[GIRIH_TABLE_BUFFERS], t.buffers) && slice(meta, tables[GIRIH_TABLE_FILES], t.files) &&
            slice(meta, tables[GIRIH_TABLE_WEIGHTS], t.weights) &&
            slice(meta, tables[GIRIH_TABLE_VERSIONS], t.versions) &&
            slice(meta, tables[GIRIH_TABLE_KERNELS], t.kernels) &&
            slice(meta, tables[GIRIH_TABLE_KERNEL_CODE], t.kernelCode) &&
            slice(meta, tables[GIRIH_TABLE_ARGS], t.args) && slice(meta, tables[GIRIH_TABLE_COMMANDS], t.commands) &&
            slice(meta, tables[GIRIH_TABLE_VALUES], t.values) && slice(meta, tables[GIRIH_TABLE_ENTRIES], t.entries);
  if (!ok)
    return fail(status, GIRIH_DAMAGED_ARTIFACT, "a table of the artifact lies outside its section");
  return GIRIH_OK;
}

//===-- Records ----------------------------------------------------------------------------------------------------===//

girih_code Verifier::damaged(const char *what, uint64_t index) {
  return fail(status, GIRIH_DAMAGED_ARTIFACT, "the artifact contradicts itself: %s (record %llu); compile it anew", what,
              static_cast<unsigned long long>(index));
}

girih_code Verifier::verify() {
  using Step = girih_code (Verifier::*)();
  for (Step step : {&Verifier::verifyStrings, &Verifier::verifySymbols, &Verifier::verifyExpressions,
                    &Verifier::verifyBuffers, &Verifier::verifyFiles, &Verifier::verifyVersions})
    if (girih_code code = (this->*step)())
      return code;
  for (size_t i = 0; i != t.weights.size(); ++i)
    if (girih_code code = verifyWeight(t.weights[i], i))
      return code;
  return verifyEntries();
}

girih_code Verifier::verifyStrings() {
  if (t.strings.empty() || t.strings.back() != '\0')
    return damaged("the string table has no end", 0);
  for (size_t i = 0; i != t.properties.size(); ++i)
    if (!isString(t.properties[i].key) || !isString(t.properties[i].value))
      return damaged("a property's text lies outside the string table", i);
  return GIRIH_OK;
}

girih_code Verifier::verifySymbols() {
  for (size_t i = 0; i != t.symbols.size(); ++i) {
    const girih_symbol &symbol = t.symbols[i];
    if (!isString(symbol.name) || symbol.kind > GIRIH_SYMBOL_COUNTER)
      return damaged("a symbol has no name or an unknown kind", i);
    if (symbol.min < 0 || symbol.max < symbol.min)
      return damaged("a symbol's bounds are out of order", i);
  }
  return GIRIH_OK;
}

girih_code Verifier::verifyExpressions() {
  bounds.resize(t.expressions.size());
  for (size_t i = 0; i != t.expressions.size(); ++i)
    if (!evaluateInterval(t, i, bounds[i]))
      return damaged("a size expression is malformed, may overflow or may divide by zero", i);
  return GIRIH_OK;
}

girih_code Verifier::verifyBuffers() {
  for (size_t i = 0; i != t.buffers.size(); ++i) {
    const girih_buffer &buffer = t.buffers[i];
    if (!isString(buffer.name) || buffer.reserved != 0 || !isExpression(buffer.offset) ||
        !isExpression(buffer.bytes))
      return damaged("a buffer refers to what is not there", i);
    if (bounds[buffer.offset].low < 0 || bounds[buffer.bytes].low < 0)
      return damaged("a buffer's place or size may be negative", i);
  }
  return GIRIH_OK;
}

girih_code Verifier::verifyFiles() {
  for (size_t i = 0; i != t.files.size(); ++i)
    if (!isString(t.files[i].path) || t.files[i].reserved != 0)
      return damaged("an external file has no name", i);
  return GIRIH_OK;
}

girih_code Verifier::verifyWeight(const girih_weight &weight, size_t index) {
  if (!isString(weight.name) || !isString(weight.encoding) || weight.reserved != 0 ||
      elementBytes(weight.element_type) == 0 || weight.layout > GIRIH_LAYOUT_OTHER)
    return damaged("a weight's description is malformed", index);
  if (weight.rank > GIRIH_MAX_RANK || uint64_t(weight.first_dim) + weight.rank > t.shapes.size())
    return damaged("a weight's shape lies outside its table", index);
  for (int64_t size : t.shapes.subspan(weight.first_dim, weight.rank))
    if (size < 0)
      return damaged("a weight's shape is negative", index);
  switch (weight.source) {
  case GIRIH_WEIGHT_STORED:
    if (weight.offset % GIRIH_WEIGHT_ALIGNMENT != 0 || weight.offset > around.weightBytes ||
        weight.bytes > around.weightBytes - weight.offset)
      return damaged("a weight lies outside its section", index);
    return GIRIH_OK;
  case GIRIH_WEIGHT_EXTERNAL:
    if (weight.file >= t.files.size() || weight.offset > t.files[weight.file].bytes ||
        weight.bytes > t.files[weight.file].bytes - weight.offset)
      return damaged("a weight lies outside its external file", index);
    return GIRIH_OK;
  case GIRIH_WEIGHT_RANDOM:
    return verifyRandomWeight(weight, index);
  default:
    return damaged("a weight comes from an unknown source", index);
  }
}

/// A random weight's bytes must follow from its shape, because the runtime lays them out itself.
girih_code Verifier::verifyRandomWeight(const girih_weight &weight, size_t index) {
  std::span<const int64_t> shape = t.shapes.subspan(weight.first_dim, weight.rank);
  bool isPanels = weight.layout == GIRIH_LAYOUT_PANELS;
  if (weight.layout == GIRIH_LAYOUT_OTHER || (isPanels && (weight.rank != 2 || weight.layout_parameter == 0)))
    return damaged("a random weight has a layout that cannot be filled", index);
  uint64_t bytes = elementBytes(weight.element_type);
  for (size_t i = 0; i != shape.size(); ++i) {
    uint64_t size = shape[i], width = weight.layout_parameter;
    if (isPanels && i == 0) {
      if (size > uint64_t(INT64_MAX) - width)
        return damaged("a random weight's size overflows", index);
      size = (size + width - 1) / width * width;
    }
    if (__builtin_mul_overflow(bytes, size, &bytes))
      return damaged("a random weight's size overflows", index);
  }
  return bytes == weight.bytes ? GIRIH_OK : damaged("a random weight's bytes do not follow from its shape", index);
}

girih_code Verifier::verifyVersions() {
  if (t.kernelCode.size() != uint64_t(t.versions.size()) * t.kernels.size())
    return damaged("not every code version has every kernel", t.kernelCode.size());
  for (size_t i = 0; i != t.kernels.size(); ++i)
    if (!isString(t.kernels[i].name) || t.kernels[i].reserved != 0)
      return damaged("a kernel has no name", i);
  for (size_t v = 0; v != t.versions.size(); ++v) {
    const girih_code_version &version = t.versions[v];
    if (!isString(version.name) || version.reserved != 0 || version.section >= around.sections.size() ||
        around.sections[version.section].kind != GIRIH_SECTION_CODE)
      return damaged("a code version has no image", v);
    if (version.machine > GIRIH_MACHINE_NVIDIA)
      return damaged("a code version is for an unknown machine", v);
    if (version.features >> GIRIH_CPU_FEATURE_COUNT != 0)
      return damaged("a code version asks for an unknown CPU feature", v);
    for (const girih_kernel_code &kernel : t.kernelCode.subspan(v * t.kernels.size(), t.kernels.size()))
      if ((kernel.entry >= around.sections[version.section].bytes && kernel.entry != GIRIH_NO_CODE) ||
          kernel.scratch_bytes > (uint64_t(1) << 40))
        return damaged("a kernel starts outside its image", &kernel - t.kernelCode.data());
  }
  return GIRIH_OK;
}
