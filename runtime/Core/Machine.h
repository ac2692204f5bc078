// A machine other than this CPU, behind its library.
#pragma once

#include "MachineLibrary.h"
#include "Status.h"

#include <span>

namespace girih::runtime {

class Machine {
public:
  ~Machine();
  /// Opens libgirih_<name>.so: beside the runtime, in the lib folder beside its own, or where the system
  /// looks.
  girih_code open(const char *name, const char *facts, std::span<const uint8_t> image, girih_status *status);
  bool isOpen() const { return handle != nullptr; }
  bool launch(const MachineLaunch &launch, char *message, size_t bytes) const {
    return library->launch(handle, launch, message, bytes);
  }
  void ranOnHost(const char *kernel, const char *label) const { library->ranOnHost(handle, kernel, label); }
  size_t report(bool json, char *text, size_t bytes) const {
    return library->report(handle, json, text, bytes);
  }
  void reset() const { library->reset(handle); }
  void timeOnly() const { library->timeOnly(handle); }
  void keepPrograms(const char *folder) const { library->keepPrograms(handle, folder); }

private:
  const MachineLibrary *library = nullptr;
  void *handle = nullptr;
};

} // namespace girih::runtime
