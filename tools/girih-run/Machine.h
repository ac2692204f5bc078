// What this machine can do at best, measured: f32 fused multiply-adds and memory reads, on as many threads as the run has.
#pragma once

#include <cstdint>

namespace girih::run {

struct MachinePeaks {
  double gflops;         // f32 FMA, two operations each
  double gigabytesPerSecond; // reading memory far larger than the caches
};

MachinePeaks measurePeaks(uint32_t threads);

} // namespace girih::run
