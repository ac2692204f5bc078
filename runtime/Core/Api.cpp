// The C ABI over Module, Session and Pool: arguments checked, structures of older callers completed, nothing
// more.
#include "Api.h"
#include "Session.h"
#include "runtime/CPU/Device.h"

#include <algorithm>
#include <cstring>

using namespace girih::runtime;

static Module *unwrap(const girih_module *module) {
  return const_cast<Module *>(reinterpret_cast<const Module *>(module));
}
static Session *unwrap(girih_session *session) { return reinterpret_cast<Session *>(session); }

static girih_code checkEntry(const Module &module, uint32_t entry, girih_status *status) {
  size_t count = module.tables().entries.size();
  if (entry < count)
    return GIRIH_OK;
  return fail(status, GIRIH_UNKNOWN_ENTRY, "expected an entry point below %zu but got %u", count, entry);
}

//===-- Modules
//----------------------------------------------------------------------------------------------------===//

girih_code girih_module_load(const char *path, const girih_load_options *options, girih_module **module,
                             girih_status *status) {
  if (!path || !module)
    return isNull("a path and a place for the module", status);
  *module = nullptr;
  girih_load_options completed;
  if (girih_code code = complete(options, completed, status))
    return code;
  Module *loaded = nullptr;
  girih_code code = Module::load(path, completed, loaded, status);
  *module = reinterpret_cast<girih_module *>(loaded);
  return code;
}

girih_code girih_module_load_memory(const void *data, size_t bytes, const girih_load_options *options,
                                    girih_module **module, girih_status *status) {
  if (!data || !module)
    return isNull("an artifact and a place for the module", status);
  *module = nullptr;
  girih_load_options completed;
  if (girih_code code = complete(options, completed, status))
    return code;
  Module *loaded = nullptr;
  girih_code code = Module::load({static_cast<const uint8_t *>(data), bytes}, completed, loaded, status);
  *module = reinterpret_cast<girih_module *>(loaded);
  return code;
}

void girih_module_release(girih_module *module) {
  if (module)
    unwrap(module)->release();
}

void girih_module_describe(const girih_module *handle, girih_module_info *info) {
  const Module &module = *unwrap(handle);
  const Tables &t = module.tables();
  *info = {};
  info->code_version = module.versionName();
  info->facts = module.facts();
  info->entry_count = t.entries.size();
  info->symbol_count = t.symbols.size();
  info->weight_count = t.weights.size();
  info->kernel_count = t.kernels.size();
  info->property_count = t.properties.size();
  info->file_bytes = module.file().bytes.size();
  info->code_bytes = module.codeBytes();
  for (const girih_weight &weight : t.weights)
    info->weight_bytes += weight.bytes;
}

const char *girih_module_property(const girih_module *module, const char *key) {
  const Tables &t = unwrap(module)->tables();
  for (const girih_property &property : t.properties)
    if (key && strcmp(t.string(property.key), key) == 0)
      return t.string(property.value);
  return nullptr;
}

const char *girih_module_machine(const girih_module *module) { return unwrap(module)->machineName(); }

size_t girih_module_machine_report(girih_module *module, int json, char *text, size_t bytes) {
  const Machine *machine = unwrap(module)->machine();
  return machine ? machine->report(json, text, bytes) : 0;
}

void girih_module_machine_reset(girih_module *module) {
  if (const Machine *machine = unwrap(module)->machine())
    machine->reset();
}

void girih_module_machine_time_only(girih_module *module) {
  if (const Machine *machine = unwrap(module)->machine())
    machine->timeOnly();
}

int girih_module_machine_keep_programs(girih_module *module, const char *folder) {
  const Machine *machine = unwrap(module)->machine();
  return machine && machine->keepPrograms(folder);
}

const char *girih_module_code_version(const girih_module *module, uint32_t index) {
  const Tables &t = unwrap(module)->tables();
  return index < t.versions.size() ? t.string(t.versions[index].name) : nullptr;
}

girih_code girih_module_symbol(const girih_module *module, uint32_t index, girih_symbol_info *info) {
  const Tables &t = unwrap(module)->tables();
  if (index >= t.symbols.size())
    return GIRIH_INVALID_ARGUMENT;
  *info = {t.string(t.symbols[index].name), t.symbols[index].min, t.symbols[index].max};
  return GIRIH_OK;
}

girih_code girih_module_entry(const girih_module *module, uint32_t index, girih_entry_info *info) {
  const Tables &t = unwrap(module)->tables();
  if (index >= t.entries.size())
    return GIRIH_INVALID_ARGUMENT;
  const girih_entry &entry = t.entries[index];
  *info = {t.string(entry.name), entry.input_count, entry.output_count, 0};
  for (const girih_command &command : t.commands.subspan(entry.first_command, entry.command_count))
    info->launch_count += command.kind == GIRIH_COMMAND_LAUNCH;
  return GIRIH_OK;
}

girih_code girih_module_find_entry(const girih_module *module, const char *name, uint32_t *index,
                                   girih_status *status) {
  const Tables &t = unwrap(module)->tables();
  if (!name)
    return isNull("the name of an entry point", status);
  for (uint32_t i = 0; i != t.entries.size(); ++i)
    if (strcmp(t.string(t.entries[i].name), name) == 0) {
      *index = i;
      return succeed(status);
    }
  return fail(status, GIRIH_UNKNOWN_ENTRY, "no entry point is called '%s'; the first is '%s'", name,
              t.string(t.entries[0].name));
}

static void describeValue(const Module &module, const girih_value &value, girih_value_info *info) {
  const Tables &t = module.tables();
  *info = {};
  info->name = t.string(value.name);
  info->element_type = value.element_type;
  info->rank = value.rank;
  for (uint32_t i = 0; i != value.rank; ++i)
    info->dims[i] = module.text(t.indices[value.first_dim + i]);
  info->has_range = (value.flags & GIRIH_VALUE_HAS_RANGE) != 0;
  info->range_low = value.range_low;
  info->range_high = value.range_high;
  info->is_state = (value.flags & GIRIH_VALUE_STATE) != 0;
}

girih_code girih_module_input(const girih_module *handle, uint32_t entry, uint32_t index,
                              girih_value_info *info) {
  const Module &module = *unwrap(handle);
  const Tables &t = module.tables();
  if (entry >= t.entries.size() || index >= t.entries[entry].input_count)
    return GIRIH_INVALID_ARGUMENT;
  describeValue(module, t.values[t.entries[entry].first_input + index], info);
  return GIRIH_OK;
}

girih_code girih_module_output(const girih_module *handle, uint32_t entry, uint32_t index,
                               girih_value_info *info) {
  const Module &module = *unwrap(handle);
  const Tables &t = module.tables();
  if (entry >= t.entries.size() || index >= t.entries[entry].output_count)
    return GIRIH_INVALID_ARGUMENT;
  describeValue(module, t.values[t.entries[entry].first_output + index], info);
  return GIRIH_OK;
}

girih_code girih_module_weight(const girih_module *handle, uint32_t index, girih_weight_info *info) {
  const Module &module = *unwrap(handle);
  const Tables &t = module.tables();
  if (index >= t.weights.size())
    return GIRIH_INVALID_ARGUMENT;
  const girih_weight &weight = t.weights[index];
  *info = {t.string(weight.name),
           module.weight(index),
           weight.bytes,
           weight.element_type,
           weight.layout,
           weight.layout_parameter,
           weight.rank,
           t.shapes.data() + weight.first_dim,
           t.string(weight.encoding)};
  return GIRIH_OK;
}

girih_code girih_module_arena_bytes(const girih_module *handle, uint32_t entry, const int64_t *symbols,
                                    uint64_t *bytes, girih_status *status) {
  const Module &module = *unwrap(handle);
  const Tables &t = module.tables();
  if (entry != GIRIH_NONE)
    if (girih_code code = checkEntry(module, entry, status))
      return code;
  std::vector<int64_t> values = module.maxima();
  for (size_t i = 0; symbols && i != values.size(); ++i) {
    bool isCounter = t.symbols[i].kind == GIRIH_SYMBOL_COUNTER;
    if (!isCounter && (symbols[i] < t.symbols[i].min || symbols[i] > t.symbols[i].max))
      return fail(status, GIRIH_SIZE_OUT_OF_BOUNDS, "expected '%s' between %lld and %lld but got %lld",
                  t.string(t.symbols[i].name), static_cast<long long>(t.symbols[i].min),
                  static_cast<long long>(t.symbols[i].max), static_cast<long long>(symbols[i]));
    if (!isCounter)
      values[i] = symbols[i];
  }
  *bytes = 0;
  for (uint32_t i = 0; i != t.entries.size(); ++i)
    if (entry == GIRIH_NONE || entry == i)
      *bytes = std::max(*bytes, Plan::arenaBytes(module, i, values.data()));
  return succeed(status);
}

//===-- Tensors
//----------------------------------------------------------------------------------------------------===//

size_t girih_element_bytes(uint32_t elementType) { return elementBytes(elementType); }
uint64_t girih_tensor_bytes(const girih_tensor *tensor) { return tensorBytes(*tensor); }

girih_code girih_module_output_shapes(const girih_module *handle, uint32_t entry, const girih_tensor *inputs,
                                      uint32_t inputCount, girih_tensor *outputs, uint32_t outputCount,
                                      girih_status *status) {
  const Module &module = *unwrap(handle);
  if (girih_code code = checkEntry(module, entry, status))
    return code;
  std::vector<int64_t> maxima = module.maxima(), symbols = maxima;
  Call call = {entry, {inputs, inputCount}, {}};
  if (girih_code code = deduceSymbols(module, call, maxima, symbols.data(), status))
    return code;
  if (girih_code code = shapeOutputs(module, entry, symbols.data(), {outputs, outputCount}, status))
    return code;
  return succeed(status);
}

//===-- Threads
//----------------------------------------------------------------------------------------------------===//

uint32_t girih_default_threads(void) { return usableCores(); }

girih_code girih_pool_create(uint32_t threads, girih_pool **pool, girih_status *status) {
  if (!pool)
    return isNull("a place for the pool", status);
  girih_status own;
  status = status ? status : &own;
  *pool = reinterpret_cast<girih_pool *>(Pool::create(threads, status));
  return *pool ? succeed(status) : status->code;
}

void girih_pool_release(girih_pool *pool) {
  if (pool)
    reinterpret_cast<Pool *>(pool)->release();
}

//===-- Sessions
//---------------------------------------------------------------------------------------------------===//

girih_code girih_session_create(girih_module *module, const girih_session_options *options,
                                girih_session **session, girih_status *status) {
  if (!module || !session)
    return isNull("a module and a place for the session", status);
  *session = nullptr;
  girih_session_options completed;
  if (girih_code code = complete(options, completed, status))
    return code;
  Session *created = nullptr;
  girih_code code = Session::create(*unwrap(module), completed, created, status);
  *session = reinterpret_cast<girih_session *>(created);
  return code;
}

void girih_session_release(girih_session *session) { delete unwrap(session); }

girih_code girih_session_run(girih_session *session, uint32_t entry, const girih_tensor *inputs,
                             uint32_t inputCount, const girih_tensor *outputs, uint32_t outputCount,
                             girih_status *status) {
  if (!session || (!inputs && inputCount) || (!outputs && outputCount))
    return isNull("a session, inputs and outputs", status);
  return unwrap(session)->run({entry, {inputs, inputCount}, {outputs, outputCount}}, status);
}

void girih_session_cancel(girih_session *session) { unwrap(session)->cancel(); }

void girih_session_set_trace(girih_session *session, girih_trace trace, void *user) {
  unwrap(session)->setTrace(trace, user);
}

void girih_session_set_observer(girih_session *session, girih_observer observer, void *user) {
  unwrap(session)->setObserver(observer, user);
}

void girih_session_statistics(const girih_session *session, girih_statistics *statistics) {
  *statistics = reinterpret_cast<const Session *>(session)->statistics();
}
