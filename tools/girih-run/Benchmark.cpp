// Repeated runs: median and spread, rates, and what share of the roofline they reach. Launches are timed in
// runs of their own, because asking for the time costs time.
#include "Benchmark.h"
#include "Machine.h"
#include "Trace.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>

using namespace girih::run;

namespace {

using Clock = std::chrono::steady_clock;

/// Sorted seconds.
struct Times {
  std::vector<double> seconds;

  double quantile(double q) const { return seconds[size_t(q * double(seconds.size() - 1) + 0.5)]; }
  double median() const { return quantile(0.5); }
  /// Width of the middle 80 %, relative to the median.
  double spread() const { return (quantile(0.9) - quantile(0.1)) / median(); }
};

double timeOnce(Call &call) {
  auto begin = Clock::now();
  call.run();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

Times measure(Call &call, uint32_t warmup, uint32_t repeats) {
  for (uint32_t i = 0; i != warmup; ++i)
    call.run();
  Times times;
  double total = 0;
  for (uint32_t i = 0; repeats ? i != repeats : i < 5 || (total < 2 && i < 10000); ++i) {
    times.seconds.push_back(timeOnce(call));
    total += times.seconds.back();
  }
  std::ranges::sort(times.seconds);
  return times;
}

struct LaunchTime {
  std::string label, kernel;
  uint32_t command;
  uint64_t flops, bytes;
  Times times;
};

/// The wall time of every launch: from the first thread's beginning to the last one's end.
std::vector<LaunchTime> measureLaunches(Call &call, uint32_t repeats) {
  TraceCollector collector(call);
  std::map<uint32_t, LaunchTime> launches;
  for (uint32_t i = 0; i != repeats; ++i) {
    collector.clear();
    call.run();
    std::map<uint32_t, std::pair<uint64_t, uint64_t>> spans;
    for (const LaunchPart &part : collector.parts()) {
      auto [span, isNew] = spans.emplace(part.command, std::pair(part.beginNs, part.endNs));
      span->second.second = std::max(span->second.second, part.endNs);
      launches.try_emplace(part.command,
                           LaunchTime{part.label, part.kernel, part.command, part.flops, part.bytes, {}});
    }
    for (const auto &[command, span] : spans)
      launches[command].times.seconds.push_back(double(span.second - span.first) * 1e-9);
  }
  std::vector<LaunchTime> result;
  for (auto &[command, launch] : launches) {
    std::ranges::sort(launch.times.seconds);
    result.push_back(std::move(launch));
  }
  return result;
}

/// The least time the machine's peaks allow.
double roofline(double flops, double bytes, const MachinePeaks &peaks) {
  double compute = peaks.gflops > 0 ? flops / (peaks.gflops * 1e9) : 0;
  double memory = peaks.gigabytesPerSecond > 0 ? bytes / (peaks.gigabytesPerSecond * 1e9) : 0;
  return std::max(compute, memory);
}

void printText(const Call &call, const Times &times, const girih_statistics &s, const MachinePeaks &peaks) {
  double median = times.median();
  printf("%s, %u threads: median %.3f ms, spread %.1f %% (least %.3f, greatest %.3f, %zu runs)\n",
         call.sizes().c_str(), s.threads, median * 1e3, times.spread() * 100, times.seconds.front() * 1e3,
         times.seconds.back() * 1e3, times.seconds.size());
  printf("  %llu launches, %llu blocks, arena %.2f MB\n", static_cast<unsigned long long>(s.launches),
         static_cast<unsigned long long>(s.blocks), double(s.arena_bytes) / 1e6);
  if (s.flops)
    printf("  %.3f GFLOP at %.1f GFLOP/s: %.1f %% of the measured FMA peak of %.1f\n", double(s.flops) / 1e9,
           double(s.flops) / median / 1e9, double(s.flops) / median / 1e9 / peaks.gflops * 100, peaks.gflops);
  if (s.bytes)
    printf("  %.1f MB moved at %.1f GB/s: %.1f %% of the measured bandwidth of %.1f\n", double(s.bytes) / 1e6,
           double(s.bytes) / median / 1e9, double(s.bytes) / median / 1e9 / peaks.gigabytesPerSecond * 100,
           peaks.gigabytesPerSecond);
  if (s.flops || s.bytes)
    printf("  %.1f %% of the roofline\n", roofline(double(s.flops), double(s.bytes), peaks) / median * 100);
}

void printLaunches(const std::vector<LaunchTime> &launches, const MachinePeaks &peaks) {
  double total = 0;
  for (const LaunchTime &launch : launches)
    total += launch.times.median();
  printf("\n%10s %6s %9s %8s %9s  %s\n", "us", "%", "GFLOP/s", "GB/s", "roofline", "layers (kernel)");
  for (const LaunchTime &launch : launches) {
    double median = launch.times.median(), flops = double(launch.flops), bytes = double(launch.bytes);
    printf("%10.1f %6.1f %9.1f %8.1f %8.1f%%  %s (%s)\n", median * 1e6, median / total * 100,
           flops / median / 1e9, bytes / median / 1e9, roofline(flops, bytes, peaks) / median * 100,
           launch.label.c_str(), launch.kernel.c_str());
  }
  printf("%10.1f  all launches\n", total * 1e6);
}

void printJson(const Call &call, const Times &times, const girih_statistics &s, const MachinePeaks &peaks,
               const std::vector<LaunchTime> &launches) {
  double median = times.median();
  printf("{\"sizes\": %s, \"threads\": %u, \"repeats\": %zu,\n", quoted(call.sizes()).c_str(), s.threads,
         times.seconds.size());
  printf(" \"median_ms\": %.6f, \"min_ms\": %.6f, \"max_ms\": %.6f, \"p10_ms\": %.6f, \"p90_ms\": %.6f, "
         "\"spread\": %.4f,\n",
         median * 1e3, times.seconds.front() * 1e3, times.seconds.back() * 1e3, times.quantile(0.1) * 1e3,
         times.quantile(0.9) * 1e3, times.spread());
  printf(" \"launches\": %llu, \"blocks\": %llu, \"arena_bytes\": %llu, \"flops\": %llu, \"bytes\": %llu,\n",
         static_cast<unsigned long long>(s.launches), static_cast<unsigned long long>(s.blocks),
         static_cast<unsigned long long>(s.arena_bytes), static_cast<unsigned long long>(s.flops),
         static_cast<unsigned long long>(s.bytes));
  printf(" \"gflops\": %.3f, \"gbytes_per_s\": %.3f, \"peak_gflops\": %.3f, \"peak_gbytes_per_s\": %.3f,\n",
         double(s.flops) / median / 1e9, double(s.bytes) / median / 1e9, peaks.gflops,
         peaks.gigabytesPerSecond);
  printf(" \"fma_share\": %.4f, \"roofline_share\": %.4f",
         peaks.gflops > 0 ? double(s.flops) / median / 1e9 / peaks.gflops : 0,
         roofline(double(s.flops), double(s.bytes), peaks) / median);
  for (size_t i = 0; i != launches.size(); ++i)
    printf("%s\n  {\"layers\": %s, \"kernel\": %s, \"median_us\": %.3f, \"flops\": %llu, \"bytes\": %llu}%s",
           i == 0 ? ",\n \"per_launch\": [" : ",", quoted(launches[i].label).c_str(),
           quoted(launches[i].kernel).c_str(), launches[i].times.median() * 1e6,
           static_cast<unsigned long long>(launches[i].flops),
           static_cast<unsigned long long>(launches[i].bytes), i + 1 == launches.size() ? "]" : "");
  printf("}\n");
}

std::string machineReport(girih_module *module, bool json) {
  std::string text(girih_module_machine_report(module, json, nullptr, 0), '\0');
  girih_module_machine_report(module, json, text.data(), text.size() + 1);
  return text;
}

/// What one run costs on the simulator, whose cycles are always the same.
void benchmarkSimulator(Call &call, girih_module *module, bool json) {
  girih_module_machine_reset(module);
  call.run();
  if (!json)
    printf("%s on the simulator\n", call.sizes().c_str());
  fputs(machineReport(module, json).c_str(), stdout);
}

/// The machine's own times of launches, from runs that ask for them, beside the wall time of runs that do
/// not.
void benchmarkDevice(Call &call, girih_module *module, const Options &options) {
  Times times = measure(call, options.warmup, options.repeats);
  girih_statistics s = call.statistics();
  girih_module_machine_reset(module);
  girih_session_set_trace(call.session(), [](void *, const girih_trace_event *) {}, nullptr);
  size_t runs = std::min<size_t>(times.seconds.size(), 20);
  for (size_t i = 0; i != runs; ++i)
    call.run();
  girih_session_set_trace(call.session(), nullptr, nullptr);
  std::string report = machineReport(module, options.json);
  double median = times.median();
  if (options.json) {
    printf("{\"sizes\": %s, \"repeats\": %zu, \"median_ms\": %.6f, \"min_ms\": %.6f, \"max_ms\": %.6f, "
           "\"spread\": %.4f,\n",
           quoted(call.sizes()).c_str(), times.seconds.size(), median * 1e3, times.seconds.front() * 1e3,
           times.seconds.back() * 1e3, times.spread());
    printf(
        " \"launches\": %llu, \"blocks\": %llu, \"arena_bytes\": %llu, \"flops\": %llu, \"bytes\": %llu,\n",
        static_cast<unsigned long long>(s.launches), static_cast<unsigned long long>(s.blocks),
        static_cast<unsigned long long>(s.arena_bytes), static_cast<unsigned long long>(s.flops),
        static_cast<unsigned long long>(s.bytes));
    printf(" \"timed_runs\": %zu, \"report\":\n%s}\n", runs, report.c_str());
    return;
  }
  printf("%s: median %.3f ms, spread %.1f %% (least %.3f, greatest %.3f, %zu runs)\n", call.sizes().c_str(),
         median * 1e3, times.spread() * 100, times.seconds.front() * 1e3, times.seconds.back() * 1e3,
         times.seconds.size());
  printf(
      "  %llu launches, %llu blocks, arena %.2f MB, %.3f GFLOP at %.2f TFLOP/s, %.1f MB moved at %.1f GB/s\n",
      static_cast<unsigned long long>(s.launches), static_cast<unsigned long long>(s.blocks),
      double(s.arena_bytes) / 1e6, double(s.flops) / 1e9, double(s.flops) / median / 1e12,
      double(s.bytes) / 1e6, double(s.bytes) / median / 1e9);
  printf("launches of %zu more runs, timed:\n%s", runs, report.c_str());
}

} // namespace

void girih::run::benchmark(Call &call, girih_module *module, const Options &options) {
  std::string machine = girih_module_machine(module);
  if (machine == "systolic")
    return benchmarkSimulator(call, module, options.json);
  if (machine != "cpu")
    return benchmarkDevice(call, module, options);
  Times times = measure(call, options.warmup, options.repeats);
  girih_statistics statistics = call.statistics();
  std::vector<LaunchTime> launches;
  if (options.perLaunch)
    launches = measureLaunches(call, uint32_t(std::min<size_t>(times.seconds.size(), 100)));
  MachinePeaks peaks = measurePeaks(statistics.threads);
  if (options.json)
    return printJson(call, times, statistics, peaks, launches);
  printText(call, times, statistics, peaks);
  if (options.perLaunch)
    printLaunches(launches, peaks);
}
