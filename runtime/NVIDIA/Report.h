// What launches cost, by layer: times from the GPU beside what its facts say it could do.
#pragma once

#include "girih-runtime/NVIDIAKernel.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace girih::nvidia {

/// The machine facts that reports need; 0 where the artifact does not state them.
struct Peaks {
  std::string name;
  double bytesPerSecond = 0;
  double flopsPerSecond[GIRIH_NVIDIA_FP8 + 1] = {}; // by unit
  static Peaks read(const char *facts);
};

struct Cost {
  uint64_t launches = 0, nanoseconds = 0, flops = 0, bytes = 0;
  double leastSeconds = 0; // by the roofline
};

class Costs {
public:
  void setPeaks(Peaks newPeaks) { peaks = std::move(newPeaks); }
  /// From any thread.
  void add(const char *label, uint32_t unit, uint64_t nanoseconds, uint64_t flops, uint64_t bytes);
  void addOnHost(const char *kernel, const char *label);
  void reset();
  /// Empty where nothing was timed.
  std::string report(bool json, const std::string &device);

private:
  std::string text(const std::string &device) const;
  std::string json(const std::string &device) const;
  Cost sum() const;

  Peaks peaks;
  std::mutex mutex;
  std::map<std::string, Cost> layers;
  std::map<std::pair<std::string, std::string>, uint64_t> onHost; // launches by kernel and label
};

} // namespace girih::nvidia
