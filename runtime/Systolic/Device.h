// The machine as the runtime sees it: programs from an artifact, run on the simulator one launch at a time.
// Its DRAM holds the weights for good; a launch's other arguments are copied in before it and its outputs out
// after it, which costs no cycles: they stand for memory that the host and the machine share.
#pragma once

#include "girih-runtime/SystolicKernel.h"
#include "runtime/Core/MachineLibrary.h"
#include "runtime/Systolic/Report.h"

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>

namespace girih::systolic {

class Device {
public:
  static std::unique_ptr<Device> open(const char *facts, const uint8_t *image, size_t bytes,
                                      std::string &error);
  bool launch(const runtime::MachineLaunch &launch, std::string &error);
  void ranOnHost(const char *kernel, const char *label);
  /// All launches together, then the layers, most cycles first.
  std::string report(bool json);
  void reset();
  void timeOnly();
  void keepPrograms(const char *folder);

  struct Kernel {
    Program program;
    std::vector<girih_systolic_binding> bindings;
    uint32_t outputs;
  };

private:
  struct Costs {
    uint64_t launches = 0;
    Statistics sum;
    Program shapes; // a report wants one
  };

  using Layer = std::pair<std::string, const Costs *>;

  std::vector<Layer> layers() const;
  bool keep(const runtime::MachineLaunch &launch, Program program, const std::vector<uint64_t> &addresses,
            std::string &error);
  const Kernel *kernel(uint64_t entry, std::string &error);
  bool place(const runtime::MachineLaunch &launch, std::vector<uint64_t> &addresses, std::string &error);
  bool bind(const Kernel &kernel, const runtime::MachineLaunch &launch,
            const std::vector<uint64_t> &addresses, std::string &error);

  Machine machine;
  const uint8_t *image = nullptr;
  size_t imageBytes = 0;
  std::mutex mutex;   // sessions share the machine
  std::string folder; // for programs; empty: none are kept
  unsigned kept = 0;
  bool data = true;
  Dram dram;
  std::map<uint64_t, Kernel> kernels;
  std::set<std::pair<uint64_t, std::vector<int64_t>>>
      watched; // programs and sizes that were run with the race detector: once is enough
  std::map<uint32_t, uint64_t> weights; // by number, where they lie
  uint64_t weightEnd = 0;
  std::map<std::string, Costs> costs; // by label
  std::map<std::pair<std::string, std::string>, uint64_t> onHost; // launches by kernel and label
};

} // namespace girih::systolic
