// What a run cost: the report as text, as JSON and as a roofline plot.
#pragma once

#include "runtime/Systolic/Simulator.h"

namespace girih::systolic {

struct Energy {
  double macs = 0, vector = 0, scratchpad = 0, accumulators = 0, dram = 0; // microjoules
  double total() const { return macs + vector + scratchpad + accumulators + dram; }
};

struct Report {
  const Machine &machine;
  const Program &program;
  const Statistics &statistics;

  uint64_t macs() const { return statistics.macsI8 + statistics.macsBF16; }
  double seconds() const { return double(statistics.cycles) / (double(machine.clock_mhz) * 1e6); }
  /// Cycles that the multiplications take on full arrays, of all cycles.
  double utilisation() const;
  double teraOps() const { return seconds() > 0 ? 2.0 * double(macs()) / seconds() * 1e-12 : 0; }
  uint64_t dramBytes() const { return statistics.dramRead + statistics.dramWritten; }
  /// max(MK + KN + MN, 2MNK / sqrt(S)) bytes over the program's matrix products, of one-byte elements for int8, two for bf16; 0 if
  /// the program names none. S counts the elements that scratchpad and accumulators hold.
  double minimumBytes() const;
  Energy energy() const;
};

std::string format(const char *form, ...) __attribute__((format(printf, 1, 2)));
/// A JSON string, quotes and all.
std::string jsonText(const std::string &text);
std::string reportText(const Report &report);
std::string reportJson(const Report &report);
/// SVG: operations per DRAM byte against operations per second, with the machine's two roofs.
std::string rooflineSvg(const Report &report);

/// A Perfetto (Chrome trace) timeline, one track a queue and unit.
class Timeline {
public:
  Timeline(const Machine &machine, const Program &program);
  void add(const Record &record);
  std::string finish();

private:
  const Program &program;
  std::string text;
};

} // namespace girih::systolic
