// The kernels of an artifact: read from its image when it is opened, loaded into the GPU when they are first
// launched. A cubin takes microseconds; PTX is compiled by the driver, once for each machine, because it
// keeps what it made.
#pragma once

#include "Device.h"
#include "girih-runtime/NVIDIAKernel.h"
#include "runtime/Core/MachineLibrary.h"

#include <map>
#include <mutex>

namespace girih::nvidia {

struct Kernel {
  const girih_nvidia_kernel *header = nullptr;
  const char *name = nullptr, *ptx = nullptr;
  const uint8_t *cubin = nullptr;
  Module module = nullptr;
  Function function = nullptr; // null: not loaded yet
};

class Kernels {
public:
  explicit Kernels(const Device &device) : device(device) {}
  ~Kernels();

  /// Checks every kernel of the image, and that the device executes them.
  girih_code read(const runtime::MachineImage &image, girih_status *status);
  /// Loaded, from any thread, in the device's context.
  girih_code load(uint64_t entry, const Kernel *&kernel, girih_status *status);

private:
  girih_code readKernel(const runtime::MachineImage &image, uint64_t entry, girih_status *status);
  girih_code checkDevice(const Kernel &kernel, girih_status *status) const;
  bool takesCubin(const Kernel &kernel) const;
  bool takesPtx(const Kernel &kernel) const;
  girih_code loadCode(Kernel &kernel, girih_status *status) const;
  girih_code compile(Kernel &kernel, girih_status *status) const;
  girih_code prepare(Kernel &kernel, girih_status *status) const;

  const Device &device;
  std::mutex mutex; // of what is loaded
  std::map<uint64_t, Kernel> kernels;
};

} // namespace girih::nvidia
