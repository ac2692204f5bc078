// Peak loops: independent chains of FMAs in registers, and four streams of loads through huge pages.
#include "Machine.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <immintrin.h>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace girih::run;

namespace {

constexpr int chains = 16; // enough to cover the latency of two FMA units
volatile float sink;

__attribute__((target("avx512f"))) double fma512(uint64_t rounds) {
  __m512 sums[chains];
  for (int i = 0; i != chains; ++i)
    sums[i] = _mm512_set1_ps(float(i));
  __m512 a = _mm512_set1_ps(0.999f), b = _mm512_set1_ps(0.001f);
  for (uint64_t r = 0; r != rounds; ++r) {
#pragma clang loop unroll(full)
    for (int i = 0; i != chains; ++i)
      sums[i] = _mm512_fmadd_ps(sums[i], a, b);
    __asm__ volatile("" ::: "memory");
  }
  for (int i = 1; i != chains; ++i)
    sums[0] = _mm512_add_ps(sums[0], sums[i]);
  sink = _mm512_cvtss_f32(sums[0]);
  return double(rounds) * chains * 16 * 2;
}

__attribute__((target("avx2,fma"))) double fma256(uint64_t rounds) {
  __m256 sums[chains - 4];
  for (int i = 0; i != chains - 4; ++i)
    sums[i] = _mm256_set1_ps(float(i));
  __m256 a = _mm256_set1_ps(0.999f), b = _mm256_set1_ps(0.001f);
  for (uint64_t r = 0; r != rounds; ++r) {
#pragma clang loop unroll(full)
    for (int i = 0; i != chains - 4; ++i)
      sums[i] = _mm256_fmadd_ps(sums[i], a, b);
    __asm__ volatile("" ::: "memory");
  }
  for (int i = 1; i != chains - 4; ++i)
    sums[0] = _mm256_add_ps(sums[0], sums[i]);
  sink = _mm256_cvtss_f32(sums[0]);
  return double(rounds) * (chains - 4) * 8 * 2;
}

__attribute__((target("avx2"))) double readAll(const uint8_t *data, size_t bytes) {
  __m256i sums[4] = {};
  size_t quarter = bytes / 4;
  for (size_t i = 0; i + 64 <= quarter; i += 64)
    for (int stream = 0; stream != 4; ++stream) {
      const auto *line = reinterpret_cast<const __m256i *>(data + stream * quarter + i);
      sums[stream] = _mm256_xor_si256(sums[stream], _mm256_xor_si256(_mm256_loadu_si256(line), _mm256_loadu_si256(line + 1)));
    }
  __m256i all = _mm256_xor_si256(_mm256_xor_si256(sums[0], sums[1]), _mm256_xor_si256(sums[2], sums[3]));
  sink = float(_mm256_extract_epi32(all, 0));
  return double(quarter / 64 * 64 * 4);
}

/// Work of all threads, started together, by the seconds until the last one ends.
double rate(uint32_t threads, const std::function<double(uint32_t)> &work) {
  std::atomic<uint32_t> ready{0};
  std::vector<double> amounts(threads);
  std::vector<std::thread> others;
  std::chrono::steady_clock::time_point begin;
  auto body = [&](uint32_t i) {
    ready.fetch_add(1);
    while (ready.load() != threads)
      _mm_pause();
    if (i == 0)
      begin = std::chrono::steady_clock::now();
    amounts[i] = work(i);
  };
  for (uint32_t i = 1; i < threads; ++i)
    others.emplace_back(body, i);
  body(0);
  for (std::thread &thread : others)
    thread.join();
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), total = 0;
  for (double amount : amounts)
    total += amount;
  return total / seconds;
}

/// The best of short bursts: a busy machine lets some of them through.
double best(uint32_t threads, int bursts, const std::function<double(uint32_t)> &work) {
  double result = 0;
  for (int i = 0; i != bursts; ++i)
    result = std::max(result, rate(threads, work));
  return result;
}

double peakFlops(uint32_t threads) {
  if (__builtin_cpu_supports("avx512f"))
    return best(threads, 30, [](uint32_t) { return fma512(500'000); });
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return best(threads, 30, [](uint32_t) { return fma256(1'000'000); });
  return 0;
}

double peakBandwidth(uint32_t threads) {
  uint64_t memory = uint64_t(sysconf(_SC_PHYS_PAGES)) * uint64_t(sysconf(_SC_PAGESIZE));
  // Past the caches, but a guest in memory.
  long cache = std::max(0L, sysconf(_SC_LEVEL3_CACHE_SIZE));
  size_t bytes = std::min<uint64_t>(std::max<uint64_t>(256u << 20, std::min<uint64_t>(2 * uint64_t(cache), 512u << 20)), memory / 8) >> 21 << 21;
  void *data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED || !__builtin_cpu_supports("avx2"))
    return 0;
  madvise(data, bytes, MADV_HUGEPAGE);
  auto *words = static_cast<uint8_t *>(data);
  for (size_t i = 0; i < bytes; i += 4096)
    words[i] = uint8_t(i >> 12);
  size_t share = bytes / threads;
  double result = best(threads, 5, [&](uint32_t i) { return readAll(words + i * share, share); });
  munmap(data, bytes);
  return result;
}

} // namespace

MachinePeaks girih::run::measurePeaks(uint32_t threads) { return {peakFlops(threads) / 1e9, peakBandwidth(threads) / 1e9}; }
