// Memory of the GPU and what is copied there and back outside of runs.
#pragma once

#include "Device.h"
#include "runtime/Core/MachineLibrary.h"

#include <mutex>
#include <span>

namespace girih::nvidia {

class Memory {
public:
  explicit Memory(const Device &device) : device(device) {}
  ~Memory();
  girih_code open(girih_status *status);

  /// Zeroed.
  girih_code allocate(uint64_t bytes, runtime::MachineAddress &address, girih_status *status);
  void release(runtime::MachineAddress address);
  /// Pinned.
  girih_code allocateHost(uint64_t bytes, void *&data, girih_status *status);
  void releaseHost(void *data);
  /// Returns when all are done.
  girih_code transfer(std::span<const runtime::MachineCopy> copies, girih_status *status);

private:
  const Device &device;
  std::mutex mutex;              // one transfer at a time
  StreamHandle stream = nullptr; // of transfers
};

/// Enqueues a copy.
Result enqueueCopy(const Driver &driver, const runtime::MachineCopy &copy, StreamHandle stream);

} // namespace girih::nvidia
