// The library's door: the functions behind which the runtime finds a GPU.
#include "Stream.h"

#include "runtime/Core/Status.h"

#include <new>

using namespace girih::nvidia;
using namespace girih::runtime;
using girih::nvidia::Machine;

static Machine &machineOf(void *machine) { return *static_cast<Machine *>(machine); }
static Stream &streamOf(void *stream) { return *static_cast<Stream *>(stream); }

static void *open(const MachineImage &image, girih_status *status) {
  std::unique_ptr<Device> device;
  if (Device::open(device, status))
    return nullptr;
  std::unique_ptr<Machine> machine(new (std::nothrow) Machine(std::move(device)));
  if (!machine)
    return fail(status, GIRIH_OUT_OF_MEMORY, "no memory for a machine"), nullptr;
  if (machine->kernels.read(image, status) || machine->memory.open(status))
    return nullptr;
  machine->costs.setPeaks(Peaks::read(image.facts));
  return machine.release();
}

static void *openStream(void *machine, girih_status *status) {
  std::unique_ptr<Stream> stream;
  return Stream::open(machineOf(machine), stream, status) ? nullptr : stream.release();
}

static size_t report(void *machine, bool json, char *text, size_t bytes) {
  const Device &device = *machineOf(machine).device;
  int version = device.driver().version();
  char driver[64];
  snprintf(driver, sizeof(driver), ", driver of CUDA %d.%d", version / 1000, version % 1000 / 10);
  std::string report = machineOf(machine).costs.report(json, device.name() + std::string(driver));
  snprintf(text, bytes, "%s", report.c_str());
  return report.size();
}

static const MachineMemory memory = {
    [](void *machine, uint64_t bytes, MachineAddress *address, girih_status *status) {
      return machineOf(machine).memory.allocate(bytes, *address, status);
    },
    [](void *machine, MachineAddress address) { machineOf(machine).memory.release(address); },
    [](void *machine, const char **name, uint64_t *freeBytes, uint64_t *totalBytes) {
      *name = machineOf(machine).device->name();
      machineOf(machine).device->memory(*freeBytes, *totalBytes);
    },
    [](void *machine, uint64_t bytes, void **data, girih_status *status) {
      return machineOf(machine).memory.allocateHost(bytes, *data, status);
    },
    [](void *machine, void *data) { machineOf(machine).memory.releaseHost(data); },
    [](void *machine, const MachineCopy *copies, size_t count, girih_status *status) {
      return machineOf(machine).memory.transfer({copies, count}, status);
    },
    [](void *machine, const WeightPlace *places, size_t count, const WeightSource &source,
       girih_status *status) { return machineOf(machine).upload.begin({places, count}, source, status); },
    [](void *machine) { machineOf(machine).upload.end(); },
    openStream,
    [](void *stream) { delete &streamOf(stream); },
    [](void *stream, const MachineRun &run, bool *replayed, girih_status *status) {
      girih_code code = streamOf(stream).begin(run, *replayed, status);
      if (code)
        streamOf(stream).abandon();
      return code;
    },
    [](void *stream, const MachineOperation &operation, girih_status *status) {
      return streamOf(stream).enqueue(operation, status);
    },
    [](void *stream, girih_status *status) { return streamOf(stream).wait(status); },
    [](void *stream, MachineCounts *counts, girih_status *status) {
      return streamOf(stream).finish(*counts, status);
    },
    [](void *stream) { streamOf(stream).abandon(); },
};

extern "C" __attribute__((visibility("default"))) const MachineLibrary *girih_machine_library() {
  static const MachineLibrary library = {
      open,
      &memory,
      /*launch=*/nullptr,
      [](void *machine, const char *kernel, const char *label) {
        machineOf(machine).costs.addOnHost(kernel, label);
      },
      report,
      [](void *machine) { machineOf(machine).costs.reset(); },
      [](void *) { return false; },
      [](void *, const char *) { return false; },
      [](void *machine) { delete &machineOf(machine); },
  };
  return &library;
}
