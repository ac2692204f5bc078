// A GPU as a module uses it: the primary context, which the process shares with whoever else uses CUDA in it,
// and sentences for what goes wrong there.
#pragma once

#include "Driver.h"

#include <memory>
#include <string>

namespace girih::nvidia {

class Device {
public:
  /// The first device that the process sees: CUDA_VISIBLE_DEVICES chooses and orders them.
  static girih_code open(std::unique_ptr<Device> &device, girih_status *status);
  ~Device();

  const Driver &driver() const { return functions; }
  const char *name() const { return deviceName.c_str(); }
  /// 10 * major + minor.
  uint32_t capability() const { return computeCapability; }
  /// The most shared memory that a block may ask for.
  uint32_t sharedBytes() const { return mostShared; }
  uint32_t multiprocessors() const { return processors; }
  void memory(uint64_t &freeBytes, uint64_t &totalBytes) const;

  /// Fills `status` for what the driver said; `what` is the beginning of the sentence: "cannot …".
  girih_code failed(Result result, const char *what, girih_status *status) const;

private:
  friend class Current;
  explicit Device(const Driver &driver) : functions(driver) {}
  girih_code choose(girih_status *status);
  uint32_t attribute(int which) const;

  const Driver &functions;
  DeviceNumber number = 0;
  Context context = nullptr;
  std::string deviceName;
  uint32_t computeCapability = 0, mostShared = 0, processors = 0;
};

/// Makes the device's context the calling thread's, and the one from before again at its end: other code of
/// the thread may use another.
class Current {
public:
  explicit Current(const Device &device) : device(device) { device.functions.pushContext(device.context); }
  ~Current() {
    Context ours;
    device.functions.popContext(&ours);
  }
  Current(const Current &) = delete;

private:
  const Device &device;
};

} // namespace girih::nvidia
