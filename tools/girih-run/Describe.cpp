// Lists what an artifact holds.
#include "Call.h"

#include <cstdio>
#include <string>

using namespace girih::run;

/// Text from an artifact, with control characters escaped: a file never garbles a terminal.
static std::string printable(const char *text) {
  std::string result;
  for (; *text; ++text) {
    bool control = static_cast<unsigned char>(*text) < 0x20 || *text == 0x7f;
    char escaped[8];
    snprintf(escaped, sizeof(escaped), control ? "\\x%02x" : "%c", *text);
    result += escaped;
  }
  return result;
}

static void describeValue(const char *role, const girih_value_info &info) {
  std::string dims;
  for (uint32_t d = 0; d != info.rank; ++d)
    dims += (d ? ", " : "") + printable(info.dims[d]);
  printf("  %-6s %s: %s [%s]", role, printable(info.name).c_str(), typeName(info.element_type), dims.c_str());
  if (info.has_range)
    printf(" in [%lld, %lld)", static_cast<long long>(info.range_low), static_cast<long long>(info.range_high));
  printf("\n");
}

static void describeEntry(girih_module *module, uint32_t index) {
  girih_entry_info entry;
  girih_module_entry(module, index, &entry);
  printf("%s (%u launches)\n", printable(entry.name).c_str(), entry.launch_count);
  girih_value_info value;
  for (uint32_t i = 0; i != entry.input_count; ++i) {
    girih_module_input(module, index, i, &value);
    describeValue(value.is_state ? "state" : "input", value);
  }
  for (uint32_t i = 0; i != entry.output_count; ++i) {
    girih_module_output(module, index, i, &value);
    describeValue("output", value);
  }
  uint64_t bytes = 0;
  girih_module_arena_bytes(module, index, nullptr, &bytes, nullptr);
  printf("  arena  at most %.1f MB\n", double(bytes) / 1e6);
}

/// Which CPUs the artifact has code for, where that is more than one kind.
static void describeVersions(const girih_module *module, const girih_module_info &info) {
  std::string names;
  const char *name = nullptr;
  uint32_t count = 0;
  for (; (name = girih_module_code_version(module, count)); ++count)
    names += (count ? ", " : "") + printable(name);
  if (count > 1)
    printf("code versions: %s; %s is used here\n", names.c_str(), printable(info.code_version).c_str());
}

void girih::run::describe(girih_module *module) {
  girih_module_info info;
  girih_module_describe(module, &info);
  for (uint32_t i = 0; i != info.entry_count; ++i)
    describeEntry(module, i);
  girih_symbol_info symbol;
  for (uint32_t i = 0; girih_module_symbol(module, i, &symbol) == GIRIH_OK; ++i)
    printf("symbol %s: %lld to %lld\n", printable(symbol.name).c_str(), static_cast<long long>(symbol.min), static_cast<long long>(symbol.max));
  printf("file %.1f MB: %u weights of %.1f MB; %u kernels of %.1f KB for %s\n", double(info.file_bytes) / 1e6,
         info.weight_count, double(info.weight_bytes) / 1e6, info.kernel_count, double(info.code_bytes) / 1e3,
         info.code_version);
  describeVersions(module, info);
  for (const char *key : {"model", "target", "contract", "dtype", "producer"})
    if (const char *value = girih_module_property(module, key))
      printf("%s: %s\n", key, printable(value).c_str());
}
