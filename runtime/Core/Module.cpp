// Loading: map, verify, choose the code version, find the weights.
#include "Module.h"
#include "Verify.h"
#include "runtime/CPU/Device.h"

#include <algorithm>
#include <cstring>
#include <new>

using namespace girih::runtime;

girih_code Module::load(const char *path, const girih_load_options &options, Module *&result, girih_status *status) {
  Mapping mapping;
  if (girih_code code = Mapping::file(path, GIRIH_CANNOT_READ, mapping, status))
    return code;
  auto *module = new (std::nothrow) Module;
  if (!module)
    return fail(status, GIRIH_OUT_OF_MEMORY, "no memory for a module");
  module->mapped = std::move(mapping);
  const char *slash = strrchr(path, '/');
  module->directory = slash ? std::string(path, slash + 1) : std::string();
  if (girih_code code = module->initialize(module->mapped.bytes(), options, status)) {
    module->release();
    return code;
  }
  result = module;
  return succeed(status);
}

girih_code Module::load(std::span<const uint8_t> bytes, const girih_load_options &options, Module *&result,
                        girih_status *status) {
  if (reinterpret_cast<uintptr_t>(bytes.data()) % GIRIH_WEIGHT_ALIGNMENT != 0)
    return fail(status, GIRIH_INVALID_ARGUMENT, "expected an artifact in memory to be aligned to 64 bytes");
  auto *module = new (std::nothrow) Module;
  if (!module)
    return fail(status, GIRIH_OUT_OF_MEMORY, "no memory for a module");
  if (girih_code code = module->initialize(bytes, options, status)) {
    module->release();
    return code;
  }
  result = module;
  return succeed(status);
}

void Module::release() {
  if (references.fetch_sub(1, std::memory_order_acq_rel) == 1)
    delete this;
}

/// A name that no code version has is the caller's mistake, whatever this CPU runs.
static girih_code checkVersionName(const Tables &t, const char *wanted, girih_status *status) {
  std::string names;
  for (const girih_code_version &version : t.versions) {
    if (!wanted || strcmp(wanted, t.string(version.name)) == 0)
      return GIRIH_OK;
    names += (names.empty() ? "" : ", ") + std::string(t.string(version.name));
  }
  return fail(status, GIRIH_INVALID_ARGUMENT,
              "expected one of the artifact's code versions (%s) but got '%s'", names.c_str(),
              wanted ? wanted : "");
}

girih_code Module::initialize(std::span<const uint8_t> bytes, const girih_load_options &options, girih_status *status) {
  if (girih_code code = readArtifactFile(bytes, options.skip_weight_checksums != 0, artifact, status))
    return code;
  if (girih_code code = sliceTables(artifact.meta, t, status))
    return code;
  Surroundings around = {artifact.weights.size(), artifact.sections};
  if (girih_code code = Verifier(t, around, status).verify())
    return code;
  factsText.assign(artifact.facts.begin(), artifact.facts.end());
  if (girih_code code = checkVersionName(t, options.code_version, status))
    return code;
  if (girih_code code = chooseVersion(options.code_version, status))
    return code;
  markDynamic();
  describeDims();
  return mapWeights(status);
}

/// The machine must not ask for weights while they vanish.
Module::~Module() {
  if (device())
    device()->memory().endUpload(device()->self());
}

//===-- Code -------------------------------------------------------------------------------------------------------===//

static bool isAmx(uint64_t features) {
  return features & (uint64_t(1) << GIRIH_CPU_AMX_TILE | uint64_t(1) << GIRIH_CPU_AMX_BF16 | uint64_t(1) << GIRIH_CPU_AMX_INT8);
}

bool Module::hasAllCode(uint32_t version) const {
  return std::ranges::none_of(t.kernelCode.subspan(version * t.kernels.size(), t.kernels.size()),
                              [](const girih_kernel_code &kernel) { return kernel.entry == GIRIH_NO_CODE; });
}

/// `missing`: the features that this CPU lacks.
bool Module::runsHere(const girih_code_version &version, uint64_t &missing) const {
  missing = version.features & ~cpuFeatures();
  return version.machine == GIRIH_MACHINE_CPU && missing == 0 && (!isAmx(version.features) || enableAmx());
}

/// The first version for this CPU that has what the machine's version lacks.
girih_code Module::chooseHostVersion(girih_status *status) {
  uint64_t missing = 0;
  for (hostVersion = 0; hostVersion != t.versions.size(); ++hostVersion) {
    bool complements = true;
    for (uint32_t kernel = 0; kernel != t.kernels.size(); ++kernel)
      complements &=
          kernelEntry(kernel) != GIRIH_NO_CODE || codeOf(hostVersion, kernel).entry != GIRIH_NO_CODE;
    if (complements && runsHere(t.versions[hostVersion], missing))
      return Mapping::code(artifact.section(t.versions[hostVersion].section), code, status);
  }
  char names[256];
  printCpuFeatures(missing, names, sizeof(names));
  return fail(
      status, GIRIH_UNSUPPORTED_CPU,
      "the artifact leaves kernels to this CPU, but has no code for them that runs here: it needs %s, which "
      "this CPU or its operating system lacks; compile for this machine",
      names[0] ? names : "a code version that the artifact does not have");
}

/// In the order of girih_code_machine, as their libraries are called.
const char *Module::machineName() const {
  const char *const names[] = {"cpu", "systolic", "nvidia"};
  return names[t.versions[version].machine];
}

/// The machine of the version that was chosen.
girih_code Module::openMachine(girih_status *status) {
  std::span<const uint8_t> image = artifact.section(t.versions[version].section);
  std::vector<uint64_t> entries;
  for (uint32_t kernel = 0; kernel != t.kernels.size(); ++kernel)
    if (kernelEntry(kernel) != GIRIH_NO_CODE)
      entries.push_back(kernelEntry(kernel));
  MachineImage opened = {facts(), image.data(), image.size(), entries.data(), entries.size()};
  if (girih_code failed = otherMachine.open(machineName(), opened, status))
    return failed;
  return hasAllCode(version) ? GIRIH_OK : chooseHostVersion(status);
}

girih_code Module::chooseVersion(const char *wanted, girih_status *status) {
  uint64_t missing = 0;
  const char *closest = "none";
  for (version = 0; version != t.versions.size(); ++version) {
    const girih_code_version &each = t.versions[version];
    if (wanted && strcmp(wanted, t.string(each.name)) != 0)
      continue;
    closest = t.string(each.name);
    if (each.machine != GIRIH_MACHINE_CPU)
      return openMachine(status);
    if (hasAllCode(version) && runsHere(each, missing))
      return Mapping::code(artifact.section(each.section), code, status);
  }
  char names[256];
  printCpuFeatures(missing, names, sizeof(names));
  return fail(status, GIRIH_UNSUPPORTED_CPU,
              "no code in the artifact runs here: '%s' needs %s, which this CPU or its operating system lacks; compile "
              "for this machine",
              wanted ? wanted : closest, names[0] ? names : "a code version that the artifact does not have");
}

KernelFunction Module::kernel(uint32_t index) const {
  uint64_t entry = kernelEntry(index);
  if (machine()) {
    if (entry != GIRIH_NO_CODE)
      return nullptr;
    entry = codeOf(hostVersion, index).entry;
  }
  return reinterpret_cast<KernelFunction>(code.data() + entry);
}

uint64_t Module::scratchBytes() const {
  uint64_t result = 0;
  uint32_t here = hostVersion == GIRIH_NONE ? version : hostVersion;
  for (const girih_kernel_code &kernel : t.kernelCode.subspan(here * t.kernels.size(), t.kernels.size()))
    result = std::max(result, kernel.scratch_bytes);
  return result;
}

//===-- Tables derived once ----------------------------------------------------------------------------------------===//

bool Module::usesCounter(uint32_t expression) const {
  if (expression == GIRIH_NONE)
    return false;
  const girih_expression &program = t.expressions[expression];
  for (const girih_instruction &instruction : t.instructions.subspan(program.first, program.count))
    if (instruction.opcode == GIRIH_OP_SYMBOL && t.symbols[instruction.value].kind == GIRIH_SYMBOL_COUNTER)
      return true;
  return false;
}

bool Module::usesCounter(const girih_command &command) const {
  auto uses = [&](uint32_t expression) { return usesCounter(expression); };
  if (command.kind == GIRIH_COMMAND_LAUNCH) {
    if (uses(command.flops) || uses(command.bytes) ||
        std::ranges::any_of(t.dims(command.first_grid, command.grid_rank), uses))
      return true;
  } else if (command.kind != GIRIH_COMMAND_COPY) {
    return false;
  }
  for (const girih_arg &arg : t.args.subspan(command.first_arg, command.arg_count))
    if (uses(arg.offset) || uses(arg.bytes) || std::ranges::any_of(t.dims(arg.first_dim, arg.rank), uses))
      return true;
  return uses(command.bytes);
}

void Module::markDynamic() {
  for (const girih_command &command : t.commands)
    dynamic.push_back(usesCounter(command));
}

void Module::describeDims() {
  char text[256];
  for (const girih_value &value : t.values)
    for (uint32_t dim : t.dims(value.first_dim, value.rank)) {
      print(t, dim, text, sizeof(text));
      texts[dim] = text;
    }
}

std::vector<int64_t> Module::maxima() const {
  std::vector<int64_t> result;
  for (const girih_symbol &symbol : t.symbols)
    result.push_back(symbol.max);
  return result;
}
