// CPUID for features, sysfs and cgroups for cores.
#include "Device.h"
#include "girih-runtime/Format.h"

#include <algorithm>
#include <cpuid.h>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace girih::runtime;

//===-- Features ---------------------------------------------------------------------------------------------------===//

namespace {

enum Register { EAX, EBX, ECX, EDX };
enum State : uint8_t { Plain, Avx, Avx512, Amx }; // what the system must save on a context switch

struct Feature {
  const char *name;
  uint32_t leaf, subleaf;
  Register where;
  unsigned bit;
  State state;
};

/// In the order of girih_cpu_feature.
constexpr Feature features[] = {
    {"sse4.2", 1, 0, ECX, 20, Plain},      {"popcnt", 1, 0, ECX, 23, Plain},
    {"movbe", 1, 0, ECX, 22, Plain},       {"lzcnt", 0x80000001, 0, ECX, 5, Plain},
    {"bmi1", 7, 0, EBX, 3, Plain},         {"bmi2", 7, 0, EBX, 8, Plain},
    {"avx", 1, 0, ECX, 28, Avx},           {"avx2", 7, 0, EBX, 5, Avx},
    {"fma", 1, 0, ECX, 12, Avx},           {"f16c", 1, 0, ECX, 29, Avx},
    {"avx512f", 7, 0, EBX, 16, Avx512},    {"avx512bw", 7, 0, EBX, 30, Avx512},
    {"avx512cd", 7, 0, EBX, 28, Avx512},   {"avx512dq", 7, 0, EBX, 17, Avx512},
    {"avx512vl", 7, 0, EBX, 31, Avx512},   {"avx512vnni", 7, 0, ECX, 11, Avx512},
    {"avx512bf16", 7, 1, EAX, 5, Avx512},  {"avx512fp16", 7, 0, EDX, 23, Avx512},
    {"avx512vbmi", 7, 0, ECX, 1, Avx512},  {"avxvnni", 7, 1, EAX, 4, Avx},
    {"amx-tile", 7, 0, EDX, 24, Amx},      {"amx-bf16", 7, 0, EDX, 22, Amx},
    {"amx-int8", 7, 0, EDX, 25, Amx},
};
static_assert(sizeof(features) / sizeof(features[0]) == GIRIH_CPU_FEATURE_COUNT);

bool hasBit(const Feature &feature) {
  uint32_t registers[4] = {};
  if (__get_cpuid_max(feature.leaf & 0x80000000u, nullptr) < feature.leaf)
    return false;
  __cpuid_count(feature.leaf, feature.subleaf, registers[0], registers[1], registers[2], registers[3]);
  return registers[feature.where] >> feature.bit & 1;
}

/// XCR0: the register states that the operating system saves.
uint64_t savedStates() {
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 27 & 1)) // OSXSAVE
    return 0;
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

} // namespace

uint64_t girih::runtime::cpuFeatures() {
  constexpr uint64_t needed[] = {0, 0x6, 0xe6, 0x60006};
  uint64_t saved = savedStates(), result = 0;
  for (unsigned i = 0; i != GIRIH_CPU_FEATURE_COUNT; ++i)
    if (hasBit(features[i]) && (saved & needed[features[i].state]) == needed[features[i].state])
      result |= uint64_t(1) << i;
  return result;
}

bool girih::runtime::enableAmx() {
  constexpr int requestPermission = 0x1023, tileData = 18;
  return syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
}

void girih::runtime::printCpuFeatures(uint64_t set, char *text, unsigned bytes) {
  text[0] = '\0';
  for (unsigned i = 0; i != GIRIH_CPU_FEATURE_COUNT; ++i) {
    size_t used = strlen(text);
    if (set >> i & 1)
      snprintf(text + used, bytes - used, "%s%s", used ? ", " : "", features[i].name);
  }
}

//===-- Cores ------------------------------------------------------------------------------------------------------===//

/// The least sibling of a CPU names its physical core; -1 if the system does not tell.
static int coreOf(int cpu) {
  char path[96];
  snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
  FILE *file = fopen(path, "re");
  if (!file)
    return -1;
  int first = -1;
  if (fscanf(file, "%d", &first) != 1)
    first = -1;
  fclose(file);
  return first;
}

/// CPU time that cgroup v2 grants, in whole CPUs rounded up; a great number without limit.
static uint32_t quota() {
  FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
  if (!file)
    return UINT32_MAX;
  unsigned long long granted = 0, period = 0;
  int read = fscanf(file, "%llu %llu", &granted, &period);
  fclose(file);
  return read == 2 && granted > 0 && period > 0 ? uint32_t((granted + period - 1) / period) : UINT32_MAX;
}

uint32_t girih::runtime::usableCores() {
  cpu_set_t allowed, cores;
  CPU_ZERO(&allowed);
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
    return std::max(1L, sysconf(_SC_NPROCESSORS_ONLN));
  for (int cpu = 0; cpu != CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed))
      continue;
    int core = coreOf(cpu);
    CPU_SET(core >= 0 && core < CPU_SETSIZE ? core : cpu, &cores);
  }
  return std::max(1u, std::min<uint32_t>(CPU_COUNT(&cores), quota()));
}

uint64_t girih::runtime::monotonicNanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return uint64_t(now.tv_sec) * 1000000000u + now.tv_nsec;
}
