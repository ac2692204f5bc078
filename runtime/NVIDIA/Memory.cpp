// Allocates and copies.
#include "Memory.h"

#include "runtime/Core/Status.h"

using namespace girih::nvidia;
using girih::runtime::CopyKind;
using girih::runtime::fail;
using girih::runtime::MachineAddress;
using girih::runtime::MachineCopy;

Result girih::nvidia::enqueueCopy(const Driver &driver, const MachineCopy &copy, StreamHandle stream) {
  switch (copy.kind) {
  case CopyKind::ToMachine:
    return driver.copyIn(copy.to, reinterpret_cast<const void *>(copy.from), copy.bytes, stream);
  case CopyKind::FromMachine:
    return driver.copyOut(reinterpret_cast<void *>(copy.to), copy.from, copy.bytes, stream);
  default:
    return driver.copyWithin(copy.to, copy.from, copy.bytes, stream);
  }
}

girih_code Memory::open(girih_status *status) {
  Current current(device);
  if (Result result = device.driver().createStream(&stream, kNonBlocking))
    return device.failed(result, "cannot open a stream for copies", status);
  return GIRIH_OK;
}

Memory::~Memory() {
  Current current(device);
  if (stream)
    device.driver().destroyStream(stream);
}

girih_code Memory::allocate(uint64_t bytes, MachineAddress &address, girih_status *status) {
  Current current(device);
  std::lock_guard lock(mutex);
  DevicePointer pointer = 0;
  char what[64];
  snprintf(what, sizeof(what), "cannot allocate %.1f MiB", double(bytes) / 0x1p20);
  if (Result result = device.driver().allocate(&pointer, bytes))
    return device.failed(result, what, status);
  Result result = device.driver().fill(pointer, 0, bytes, stream);
  if (result == kSuccess)
    result = device.driver().synchronize(stream);
  if (result != kSuccess) {
    device.driver().release(pointer);
    return device.failed(result, "cannot fill memory with zeros", status);
  }
  address = pointer;
  return GIRIH_OK;
}

void Memory::release(MachineAddress address) {
  Current current(device);
  device.driver().release(address);
}

girih_code Memory::allocateHost(uint64_t bytes, void *&data, girih_status *status) {
  Current current(device);
  Result result = device.driver().allocateHost(&data, bytes, 0);
  if (result == kSuccess)
    return GIRIH_OK;
  data = nullptr;
  if (result == kOutOfMemory) // the host's, not the device's
    return fail(status, GIRIH_OUT_OF_MEMORY, "the driver cannot pin %.1f MiB of this host's memory",
                double(bytes) / 0x1p20);
  return device.failed(result, "cannot pin memory", status);
}

void Memory::releaseHost(void *data) {
  Current current(device);
  device.driver().releaseHost(data);
}

girih_code Memory::transfer(std::span<const MachineCopy> copies, girih_status *status) {
  Current current(device);
  std::lock_guard lock(mutex);
  Result result = kSuccess;
  for (const MachineCopy &copy : copies)
    if (copy.bytes && result == kSuccess)
      result = enqueueCopy(device.driver(), copy, stream);
  Result end =
      device.driver().synchronize(stream); // even then: the caller's memory must not be written to later
  result = result == kSuccess ? end : result;
  return result == kSuccess ? GIRIH_OK : device.failed(result, "cannot copy", status);
}
