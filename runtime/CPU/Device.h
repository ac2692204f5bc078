// The machine under the runtime: what its CPUs can execute and how many of them this process may use.
#pragma once

#include <cstdint>

namespace girih::runtime {

/// Bit set of girih_cpu_feature: supported by the CPU and, for AVX, AVX-512 and AMX, by the operating system.
uint64_t cpuFeatures();
/// Asks the kernel for AMX tile data, which Linux grants a process on demand.
bool enableAmx();
/// Names of the features in a bit set, separated by ", ".
void printCpuFeatures(uint64_t features, char *text, unsigned bytes);

/// Physical cores within this process' affinity, but no more than its cgroup's quota of CPU time.
uint32_t usableCores();

uint64_t monotonicNanoseconds();

} // namespace girih::runtime
