// Opens the GPU.
#include "Device.h"

#include "runtime/Core/Status.h"

#include <new>

using namespace girih::nvidia;
using girih::runtime::fail;

girih_code Device::open(std::unique_ptr<Device> &result, girih_status *status) {
  girih_status own = {};
  status = status ? status : &own;
  const Driver *driver = Driver::get(status);
  if (!driver)
    return status->code;
  std::unique_ptr<Device> device(new (std::nothrow) Device(*driver));
  if (!device)
    return fail(status, GIRIH_OUT_OF_MEMORY, "no memory for a device");
  if (girih_code code = device->choose(status))
    return code;
  result = std::move(device);
  return GIRIH_OK;
}

uint32_t Device::attribute(int which) const {
  int value = 0;
  functions.deviceAttribute(&value, which, number);
  return value < 0 ? 0 : uint32_t(value);
}

girih_code Device::choose(girih_status *status) {
  int count = 0;
  if (Result result = functions.deviceCount(&count); result != kSuccess && result != kNoDevice)
    return failed(result, "cannot count the NVIDIA GPUs", status);
  if (count == 0 || functions.device(&number, 0) != kSuccess)
    return fail(
        status, GIRIH_MISSING_DEVICE,
        "the artifact is for an NVIDIA GPU, but the driver shows none to this process; look at nvidia-smi "
        "and CUDA_VISIBLE_DEVICES");
  char name[128] = "";
  functions.deviceName(name, sizeof(name), number);
  deviceName = name;
  computeCapability = 10 * attribute(kCapabilityMajor) + attribute(kCapabilityMinor);
  mostShared = attribute(kSharedBytesOptIn);
  processors = attribute(kMultiprocessors);
  if (Result result = functions.retainContext(&context, number))
    return failed(result, "cannot use it", status);
  return GIRIH_OK;
}

Device::~Device() {
  if (context)
    functions.releaseContext(number);
}

void Device::memory(uint64_t &freeBytes, uint64_t &totalBytes) const {
  size_t left = 0, all = 0;
  Current current(*this);
  functions.memoryInfo(&left, &all);
  freeBytes = left;
  totalBytes = all;
}

girih_code Device::failed(Result result, const char *what, girih_status *status) const {
  const char *name = functions.nameOf(result), *text = functions.textOf(result);
  if (result == kOutOfMemory) {
    uint64_t left, all;
    memory(left, all);
    return fail(
        status, GIRIH_OUT_OF_DEVICE_MEMORY,
        "%s: %s has %.1f MiB of %.1f free; end what else uses it, or compile or open for smaller sizes", what,
        deviceName.c_str(), double(left) / 0x1p20, double(all) / 0x1p20);
  }
  if (isLost(result))
    return fail(status, GIRIH_DEVICE_LOST,
                "%s: %s, %s; all that this process has on %s is lost: release its sessions, caches and "
                "modules and load "
                "anew, or start the process anew",
                what, name, text, deviceName.c_str());
  return fail(status, GIRIH_MACHINE_FAILED, "%s: %s says %s, %s", what, deviceName.c_str(), name, text);
}
