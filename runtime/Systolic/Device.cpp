// Runs launches on the simulator, and adds up what they cost.
#include "runtime/Systolic/Device.h"

#include "girih-runtime/Format.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

using namespace girih::systolic;
using girih::runtime::MachineArg;
using girih::runtime::MachineImage;
using girih::runtime::MachineLaunch;
using girih::runtime::MachineLibrary;

std::unique_ptr<Device> Device::open(const char *facts, const uint8_t *image, size_t bytes,
                                     std::string &error) {
  auto device = std::make_unique<Device>();
  if (!Machine::parse(facts, "the artifact's machine facts", device->machine, error))
    return nullptr;
  device->image = image;
  device->imageBytes = bytes;
  return device;
}

/// Reads a kernel when it is first launched.
const Device::Kernel *Device::kernel(uint64_t entry, std::string &error) {
  if (auto known = kernels.find(entry); known != kernels.end())
    return &known->second;
  girih_systolic_kernel header;
  error = "the artifact's code is no program of the systolic machine";
  if (entry > imageBytes || imageBytes - entry < sizeof(header))
    return nullptr;
  memcpy(&header, image + entry, sizeof(header));
  uint64_t left = imageBytes - entry - sizeof(header),
           bindingBytes = uint64_t(header.bindings) * sizeof(girih_systolic_binding);
  if (header.magic != GIRIH_SYSTOLIC_KERNEL_MAGIC || header.bindings > kRegisters || bindingBytes > left ||
      header.program_bytes > left - bindingBytes)
    return nullptr;
  Kernel read;
  read.outputs = header.outputs;
  read.bindings.resize(header.bindings);
  memcpy(read.bindings.data(), image + entry + sizeof(header), bindingBytes);
  if (!readProgram(image + entry + sizeof(header) + bindingBytes, header.program_bytes, read.program, error))
    return nullptr;
  return &kernels.emplace(entry, std::move(read)).first->second;
}

/// Where the arguments lie in DRAM: weights for good, one behind the other; the rest behind the last weight
/// that any launch has used.
bool Device::place(const MachineLaunch &launch, std::vector<uint64_t> &addresses, std::string &error) {
  constexpr uint64_t alignment = 64;
  auto aligned = [](uint64_t bytes) { return (bytes + alignment - 1) / alignment * alignment; };
  for (const MachineArg &arg : std::span(launch.args, launch.argCount)) {
    if (arg.weight == GIRIH_NONE || weights.contains(arg.weight))
      continue;
    if (weightEnd + arg.bytes > uint64_t(machine.dram_bytes))
      break;
    if (data)
      dram.write(weightEnd, arg.data, arg.bytes);
    weights[arg.weight] = weightEnd;
    weightEnd = aligned(weightEnd + arg.bytes);
  }
  uint64_t next = weightEnd;
  for (const MachineArg &arg : std::span(launch.args, launch.argCount)) {
    auto weight = weights.find(arg.weight);
    // An output that is written in place is the input's memory.
    auto same = std::find_if(launch.args, &arg, [&](const MachineArg &other) {
      return other.data == arg.data && other.bytes == arg.bytes;
    });
    if (weight != weights.end())
      addresses.push_back(weight->second);
    else if (same != &arg && arg.bytes)
      addresses.push_back(addresses[size_t(same - launch.args)]);
    else
      addresses.push_back(std::exchange(next, aligned(next + arg.bytes)));
  }
  if (next <= uint64_t(machine.dram_bytes))
    return true;
  error = "weights and tensors of the launch take " + std::to_string(next) + " bytes, but the DRAM of " +
          machine.name + " has " + std::to_string(machine.dram_bytes) + "; choose a machine with more";
  return false;
}

bool Device::bind(const Kernel &kernel, const MachineLaunch &launch, const std::vector<uint64_t> &addresses,
                  std::string &error) {
  for (const girih_systolic_binding &b : kernel.bindings) {
    bool isGrid = b.kind == GIRIH_SYSTOLIC_GRID;
    bool known = b.reg < kRegisters && (isGrid ? b.index < launch.gridRank : b.index < launch.argCount) &&
                 (b.kind != GIRIH_SYSTOLIC_DIM || b.dim < launch.args[b.index].rank);
    if (!known)
      return error = std::string(launch.label) + ": register " + std::to_string(b.reg) +
                     " of the program is bound to what the launch does not have (kind " +
                     std::to_string(b.kind) + ", index " + std::to_string(b.index) + ", dimension " +
                     std::to_string(b.dim) + ")",
             false;
  }
  return true;
}

static void add(Statistics &sum, const Statistics &one) {
  sum.cycles += one.cycles, sum.instructions += one.instructions;
  for (unsigned q = 0; q != kQueues; ++q)
    sum.byQueue[q] += one.byQueue[q], sum.busy[q] += one.busy[q], sum.conflicts[q] += one.conflicts[q];
  sum.byQueue[kQueues] += one.byQueue[kQueues];
  sum.arrays.resize(one.arrays.size());
  for (size_t m = 0; m != one.arrays.size(); ++m) {
    Split &to = sum.arrays[m];
    const Split &from = one.arrays[m];
    to.active += from.active, to.weightStall += from.weightStall, to.weightShift += from.weightShift;
    to.rawStall += from.rawStall, to.nonMatrix += from.nonMatrix;
  }
  sum.macsI8 += one.macsI8, sum.macsBF16 += one.macsBF16, sum.idealEighths += one.idealEighths;
  sum.dramRead += one.dramRead, sum.dramWritten += one.dramWritten;
  sum.scratchpadBytes += one.scratchpadBytes, sum.accumulatorBytes += one.accumulatorBytes,
      sum.vectorElements += one.vectorElements;
}

/// What decides which instructions a program executes: all of its registers but the addresses.
static std::vector<int64_t> sizesOf(const Device::Kernel &kernel, const Program &program) {
  std::vector<int64_t> sizes;
  for (const girih_systolic_binding &b : kernel.bindings)
    if (b.kind != GIRIH_SYSTOLIC_ADDRESS)
      sizes.push_back(program.registers[b.reg]);
  return sizes;
}

/// Writes the launch's program, whose memory is what was before, beside what its outputs are now.
bool Device::keep(const MachineLaunch &launch, Program program, const std::vector<uint64_t> &addresses,
                  std::string &error) {
  for (uint32_t i = 0; i != launch.argCount; ++i) {
    const auto *bytes = static_cast<const uint8_t *>(launch.args[i].data);
    program.expected.push_back({addresses[i], {bytes, bytes + launch.args[i].bytes}});
  }
  std::vector<uint8_t> binary = writeProgram(program);
  char name[32];
  snprintf(name, sizeof(name), "/%05u.bin", kept++);
  FILE *file = fopen((folder + name).c_str(), "wb");
  bool written = file && fwrite(binary.data(), 1, binary.size(), file) == binary.size();
  if ((file && fclose(file) != 0) || !written)
    return error = "cannot write " + folder + name + ": " + strerror(errno), false;
  return true;
}

bool Device::launch(const MachineLaunch &launch, std::string &error) {
  std::lock_guard lock(mutex);
  const Kernel *found = kernel(launch.entry, error);
  std::vector<uint64_t> addresses;
  if (!found || !place(launch, addresses, error) || !bind(*found, launch, addresses, error))
    return false;
  Program program = found->program;
  for (const girih_systolic_binding &b : found->bindings)
    program.registers[b.reg] = b.kind == GIRIH_SYSTOLIC_ADDRESS ? int64_t(addresses[b.index])
                               : b.kind == GIRIH_SYSTOLIC_DIM   ? launch.args[b.index].shape[b.dim]
                                                                : int64_t(launch.grid[b.index]);
  uint32_t firstOutput = launch.argCount - std::min(found->outputs, launch.argCount);
  for (uint32_t i = 0; i != launch.argCount; ++i)
    if (data && launch.args[i].weight == GIRIH_NONE && i < firstOutput)
      dram.write(addresses[i], launch.args[i].data, launch.args[i].bytes);
  for (uint32_t i = 0; !folder.empty() && i != launch.argCount; ++i) {
    program.memory.push_back({addresses[i], std::vector<uint8_t>(launch.args[i].bytes)});
    dram.read(addresses[i], program.memory.back().bytes.data(), launch.args[i].bytes);
  }
  Options options;
  options.data = data;
  options.races = watched.insert({launch.entry, sizesOf(*found, program)}).second;
  Simulator simulator(machine, program, options);
  std::swap(simulator.dram, dram);
  State state = simulator.run();
  std::swap(simulator.dram, dram);
  if (state != State::Halted) {
    const Fault &fault = simulator.fault();
    error = std::string(launch.label) + ": instruction " + std::to_string(fault.index) + ", cycle " +
            std::to_string(fault.cycle) + ": " + fault.reason;
    return false;
  }
  for (uint32_t i = firstOutput; data && i != launch.argCount; ++i)
    dram.read(addresses[i], launch.args[i].data, launch.args[i].bytes);
  if (!folder.empty() && !keep(launch, program, addresses, error))
    return false;
  Costs &cost = costs[launch.label];
  ++cost.launches;
  add(cost.sum, simulator.statistics());
  return true;
}

/// Most cycles first.
std::vector<Device::Layer> Device::layers() const {
  std::vector<Layer> all;
  for (const auto &[label, cost] : costs)
    all.push_back({label, &cost});
  std::sort(all.begin(), all.end(), [](const Layer &a, const Layer &b) {
    return a.second->sum.cycles != b.second->sum.cycles ? a.second->sum.cycles > b.second->sum.cycles
                                                        : a.first < b.first;
  });
  return all;
}

static int64_t activeCycles(const Statistics &s) {
  int64_t active = 0;
  for (const Split &split : s.arrays)
    active = std::max(active, split.active);
  return active;
}

std::string Device::report(bool json) {
  std::lock_guard lock(mutex);
  Costs all;
  for (const auto &[label, cost] : costs) {
    all.launches += cost.launches;
    add(all.sum, cost.sum);
  }
  if (all.launches == 0)
    return "";
  Report whole{machine, all.shapes, all.sum};
  std::string text = json ? "{\"all\": " + reportJson(whole) + ",\n \"layers\": [" : reportText(whole);
  if (!json)
    text += format("\n%12s %6s %7s %9s %12s %12s  layer\n", "cycles", "share", "active", "utilised",
                   "DRAM bytes", "energy uJ");
  bool first = true;
  for (const auto &[label, cost] : layers()) {
    Report one{machine, cost->shapes, cost->sum};
    double cycles = double(cost->sum.cycles), active = double(activeCycles(cost->sum)) / cycles;
    if (json)
      text += format("%s\n  {\"cycles\": %lld, \"launches\": %llu, \"active\": %.6f, \"utilisation\": %.6f, "
                     "\"dramBytes\": %llu, \"energyMicrojoules\": %.6g, \"layers\": ",
                     first ? "" : ",", static_cast<long long>(cost->sum.cycles),
                     static_cast<unsigned long long>(cost->launches), active, one.utilisation(),
                     static_cast<unsigned long long>(one.dramBytes()), one.energy().total()) +
              jsonText(label) + "}";
    else
      text +=
          format("%12lld %5.1f%% %6.1f%% %8.1f%% %12llu %12.3f  ", static_cast<long long>(cost->sum.cycles),
                 100 * cycles / double(all.sum.cycles), 100 * active, 100 * one.utilisation(),
                 static_cast<unsigned long long>(one.dramBytes()), one.energy().total()) +
          label + "\n";
    first = false;
  }
  if (json)
    text += "],\n \"host\": [";
  else if (!onHost.empty())
    text += "\non the host:\n";
  first = true;
  for (const auto &[launch, count] : onHost) {
    const auto &[kernel, label] = launch;
    text += json ? format("%s\n  {\"launches\": %llu, \"kernel\": ", first ? "" : ",",
                          static_cast<unsigned long long>(count)) +
                       jsonText(kernel) + ", \"layers\": " + jsonText(label) + "}"
                 : format("%12llu launches of ", static_cast<unsigned long long>(count)) + kernel + "  " +
                       label + "\n";
    first = false;
  }
  return json ? text + "]}\n" : text;
}

void Device::ranOnHost(const char *kernel, const char *label) {
  std::lock_guard lock(mutex);
  ++onHost[{kernel, label}];
}

void Device::timeOnly() {
  std::lock_guard lock(mutex);
  data = false;
}

void Device::keepPrograms(const char *where) {
  std::lock_guard lock(mutex);
  folder = where ? where : "";
  kept = 0;
}

void Device::reset() {
  std::lock_guard lock(mutex);
  costs.clear();
  onHost.clear();
}

//===-- The library's door
//-----------------------------------------------------------------------------------------===//

static void put(const std::string &text, char *to, size_t bytes) { snprintf(to, bytes, "%s", text.c_str()); }

extern "C" __attribute__((visibility("default"))) const MachineLibrary *girih_machine_library() {
  static const MachineLibrary library = {
      [](const MachineImage &image, girih_status *status) -> void * {
        std::string error;
        std::unique_ptr<Device> device = Device::open(image.facts, image.data, image.bytes, error);
        if (!device && status) {
          status->code = GIRIH_DAMAGED_ARTIFACT;
          put(error + "; compile the model anew", status->message, sizeof(status->message));
        }
        return device.release();
      },
      /*memory=*/nullptr,
      [](void *device, const MachineLaunch &launch, char *message, size_t messageBytes) {
        std::string error;
        bool done = static_cast<Device *>(device)->launch(launch, error);
        put(error, message, messageBytes);
        return done;
      },
      [](void *device, const char *kernel, const char *label) {
        static_cast<Device *>(device)->ranOnHost(kernel, label);
      },
      [](void *device, bool json, char *text, size_t bytes) {
        std::string report = static_cast<Device *>(device)->report(json);
        put(report, text, bytes);
        return report.size();
      },
      [](void *device) { static_cast<Device *>(device)->reset(); },
      [](void *device) { return static_cast<Device *>(device)->timeOnly(), true; },
      [](void *device, const char *folder) {
        return static_cast<Device *>(device)->keepPrograms(folder), true;
      },
      [](void *device) { delete static_cast<Device *>(device); },
  };
  return &library;
}
