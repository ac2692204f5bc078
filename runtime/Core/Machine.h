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
  girih_code open(const char *name, const MachineImage &image, girih_status *status);
  bool isOpen() const { return handle != nullptr; }
  bool hasMemory() const { return isOpen() && library->memory; }
  bool launch(const MachineLaunch &launch, char *message, size_t bytes) const {
    return library->launch(handle, launch, message, bytes);
  }
  void ranOnHost(const char *kernel, const char *label) const { library->ranOnHost(handle, kernel, label); }
  size_t report(bool json, char *text, size_t bytes) const {
    return library->report(handle, json, text, bytes);
  }
  void reset() const { library->reset(handle); }
  bool timeOnly() const { return library->timeOnly(handle); }
  bool keepPrograms(const char *folder) const { return library->keepPrograms(handle, folder); }

  // Of a machine with memory of its own.
  const MachineMemory &memory() const { return *library->memory; }
  void *self() const { return handle; }
  /// GIRIH_OUT_OF_DEVICE_MEMORY, with a sentence.
  girih_code lacks(const char *what, uint64_t bytes, const char *advice, girih_status *status) const;
  girih_code transfer(std::span<const MachineCopy> copies, girih_status *status) const {
    return memory().transfer(handle, copies.data(), copies.size(), status);
  }

private:
  const MachineLibrary *library = nullptr;
  void *handle = nullptr;
};

/// A piece of a machine's memory, released by its owner, whom the machine outlives.
class MachineBlock {
public:
  MachineBlock() = default;
  MachineBlock(const MachineBlock &) = delete;
  ~MachineBlock() { release(); }

  girih_code allocate(const Machine &machine, uint64_t bytes, girih_status *status);
  void release();
  uint64_t size() const { return length; }
  /// The machine's address in a pointer's clothes: for arithmetic, not for reading.
  uint8_t *data() const { return reinterpret_cast<uint8_t *>(address); }

private:
  const Machine *owner = nullptr;
  MachineAddress address = 0;
  uint64_t length = 0;
};

/// Host memory that a machine's copies reach at full speed.
class PinnedBlock {
public:
  PinnedBlock() = default;
  PinnedBlock(const PinnedBlock &) = delete;
  ~PinnedBlock() { release(); }

  girih_code allocate(const Machine &machine, uint64_t bytes, girih_status *status);
  void release();
  uint8_t *data() const { return static_cast<uint8_t *>(memory); }

private:
  const Machine *owner = nullptr;
  void *memory = nullptr;
};

} // namespace girih::runtime
