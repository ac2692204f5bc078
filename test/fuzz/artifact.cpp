// Feeds the artifact loader files that lie. Checksums are made right again first, because they would stop every mutation; what
// the verifier then accepts is described, opened and bound at the least sizes, and its command table walked, all without
// running any of its code.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "runtime/Core/Step.h"
#include "runtime/Core/Walk.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

using namespace girih::runtime;

namespace {

/// Where arena and tensors are said to lie; nobody touches them.
uint8_t *const nowhere = reinterpret_cast<uint8_t *>(uintptr_t(1) << 46);

struct Free {
  void operator()(uint8_t *p) const { free(p); }
};
struct Release {
  void operator()(Module *module) const { module->release(); }
};

/// Header and sections as they would be had the writer written these bytes.
void repair(uint8_t *bytes, size_t size) {
  auto *header = reinterpret_cast<girih_file_header *>(bytes);
  memcpy(header->magic, GIRIH_FORMAT_MAGIC, sizeof(header->magic));
  header->version = GIRIH_FORMAT_VERSION;
  header->endianness = GIRIH_FORMAT_ENDIANNESS;
  header->file_bytes = size;
  for (girih_section &section : header->sections)
    if (section.offset <= size && section.padded_bytes <= size - section.offset)
      section.checksum = XXH3_64bits(bytes + section.offset, section.padded_bytes);
  header->checksum = 0;
  header->checksum = XXH3_64bits(bytes, GIRIH_PAGE_BYTES);
}

/// The least value of every symbol.
std::vector<int64_t> least(const Module &module) {
  std::vector<int64_t> symbols;
  for (const girih_symbol &symbol : module.tables().symbols)
    symbols.push_back(symbol.min);
  return symbols;
}

std::vector<girih_tensor> tensorsOf(const Module &module, uint32_t first, uint32_t count, const int64_t *symbols) {
  const Tables &t = module.tables();
  std::vector<girih_tensor> tensors(count);
  for (uint32_t i = 0; i != count; ++i) {
    const girih_value &value = t.values[first + i];
    tensors[i] = {nowhere, value.element_type, value.rank, {}};
    for (uint32_t d = 0; d != value.rank; ++d)
      tensors[i].shape[d] = evaluate(t, t.indices[value.first_dim + d], symbols);
  }
  return tensors;
}

void walk(const Plan &plan, size_t symbolCount) {
  std::vector<int64_t> symbols(symbolCount), words((Group::capacity + 1) * plan.wordsPerLaunch());
  Walker walker(plan, {symbols, words});
  for (int steps = 0; steps != 1000 && walker.next(); ++steps)
    ;
}

void bind(const Module &module, uint32_t index) {
  const girih_entry &entry = module.tables().entries[index];
  std::vector<int64_t> symbols = least(module);
  auto inputs = tensorsOf(module, entry.first_input, entry.input_count, symbols.data());
  auto outputs = tensorsOf(module, entry.first_output, entry.output_count, symbols.data());
  Call call = {index, inputs, outputs};
  if (deduceSymbols(module, call, module.maxima(), symbols.data(), nullptr) ||
      checkOutputs(module, call, symbols.data(), nullptr) == GIRIH_SHAPE_MISMATCH)
    return;
  Plan plan(module);
  plan.setArena({nowhere, size_t(1) << 40});
  if (plan.bind(call, symbols.data(), nullptr) == GIRIH_OK)
    walk(plan, symbols.size());
}

/// What decoders are asked before they run: the sizes of a cache, and a step's memory.
void plan(const Module &module) {
  CachePlan sizes;
  girih_cache_options options = {sizeof(options), 0, 0, 1};
  CachePlan::make(module, options, sizes, nullptr);
  std::unique_ptr<Stepper> stepper;
  std::vector<int64_t> maxima = module.maxima();
  Stepper::create(module, maxima, 0, stepper, nullptr);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < GIRIH_PAGE_BYTES)
    return 0;
  std::unique_ptr<uint8_t, Free> bytes(static_cast<uint8_t *>(aligned_alloc(64, (size + 63) / 64 * 64)));
  memcpy(bytes.get(), data, size);
  repair(bytes.get(), size);
  Module *loaded = nullptr;
  girih_status status;
  if (Module::load({bytes.get(), size}, {}, loaded, &status) != GIRIH_OK)
    return 0;
  std::unique_ptr<Module, Release> module(loaded);
  for (uint32_t i = 0; i != module->tables().entries.size(); ++i)
    bind(*module, i);
  plan(*module);
  return 0;
}
