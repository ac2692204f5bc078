// Collects the runtime's trace events without allocating while it runs.
#pragma once

#include "Call.h"

namespace girih::run {

/// One thread's share of one launch, its pieces joined.
struct LaunchPart {
  std::string label, kernel;
  uint32_t command, thread;
  uint64_t beginNs, endNs, blocks, flops, bytes;
};

class TraceCollector {
public:
  /// Listens on the call's session while it lives.
  explicit TraceCollector(Call &call);
  ~TraceCollector();
  TraceCollector(const TraceCollector &) = delete;

  void clear();
  /// The last run's parts, in order of their beginning.
  std::vector<LaunchPart> parts() const;

private:
  static void record(void *self, const girih_trace_event *event);

  Call &call;
  std::vector<std::vector<girih_trace_event>> perThread;
};

/// Writes Chrome's trace event format, which Perfetto opens.
void writeTrace(const std::string &path, const std::string &entry, const std::vector<LaunchPart> &parts);
/// Runs once untraced, once traced, and writes that.
void traceCall(Call &call, const std::string &path);

/// A JSON string with its quotes.
std::string quoted(const std::string &text);

} // namespace girih::run
