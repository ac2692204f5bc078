// Traces a run.
#include "Trace.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

using namespace girih::run;

TraceCollector::TraceCollector(Call &call) : call(call), perThread(4096) {
  girih_session_set_trace(call.session(), record, this);
}

TraceCollector::~TraceCollector() { girih_session_set_trace(call.session(), nullptr, nullptr); }

void TraceCollector::clear() {
  for (auto &events : perThread)
    events.clear();
}

/// Threads write to lists of their own.
void TraceCollector::record(void *self, const girih_trace_event *event) {
  static_cast<TraceCollector *>(self)->perThread[event->thread].push_back(*event);
}

std::vector<LaunchPart> TraceCollector::parts() const {
  std::vector<LaunchPart> result;
  for (const auto &events : perThread) {
    const girih_trace_event *previous = nullptr;
    for (const girih_trace_event &event : events) {
      if (previous && previous->command == event.command) {
        result.back().endNs = event.end_ns;
        result.back().blocks += event.blocks;
      } else {
        result.push_back({event.label, event.kernel, event.command, event.thread, event.begin_ns, event.end_ns,
                          event.blocks, event.launch_flops, event.launch_bytes});
      }
      previous = &event;
    }
  }
  std::ranges::sort(result, {}, [](const LaunchPart &part) { return std::pair(part.beginNs, part.thread); });
  return result;
}

std::string girih::run::quoted(const std::string &text) {
  std::string result = "\"";
  char escape[8];
  for (unsigned char c : text) {
    if (c == '"' || c == '\\')
      result += '\\';
    if (c < 0x20) {
      snprintf(escape, sizeof(escape), "\\u%04x", c);
      result += escape;
    } else {
      result += char(c);
    }
  }
  return result + "\"";
}

void girih::run::writeTrace(const std::string &path, const std::string &entry, const std::vector<LaunchPart> &parts) {
  FILE *file = fopen(path.c_str(), "w");
  if (!file)
    throw Failure{Resource, "cannot-write", "cannot write '" + path + "': " + strerror(errno)};
  uint64_t origin = parts.empty() ? 0 : parts.front().beginNs;
  uint32_t threads = 0;
  for (const LaunchPart &part : parts)
    threads = std::max(threads, part.thread + 1);
  fprintf(file, "{\"displayTimeUnit\": \"ns\", \"traceEvents\": [\n");
  fprintf(file, "{\"ph\": \"M\", \"pid\": 1, \"name\": \"process_name\", \"args\": {\"name\": %s}}", quoted(entry).c_str());
  for (uint32_t t = 0; t != threads; ++t)
    fprintf(file, ",\n{\"ph\": \"M\", \"pid\": 1, \"tid\": %u, \"name\": \"thread_name\", \"args\": {\"name\": \"%s %u\"}}", t,
            t ? "worker" : "caller", t);
  for (const LaunchPart &part : parts)
    fprintf(file,
            ",\n{\"ph\": \"X\", \"pid\": 1, \"tid\": %u, \"cat\": \"launch\", \"name\": %s, \"ts\": %.3f, \"dur\": %.3f, "
            "\"args\": {\"kernel\": %s, \"command\": %u, \"blocks\": %llu}}",
            part.thread, quoted(part.label.empty() ? part.kernel : part.label).c_str(), double(part.beginNs - origin) / 1e3,
            double(part.endNs - part.beginNs) / 1e3, quoted(part.kernel).c_str(), part.command,
            static_cast<unsigned long long>(part.blocks));
  fprintf(file, "\n]}\n");
  bool failed = ferror(file) != 0;
  if (fclose(file) != 0 || failed)
    throw Failure{Resource, "cannot-write", "cannot write '" + path + "': " + strerror(errno)};
}

void girih::run::traceCall(Call &call, const std::string &path) {
  TraceCollector collector(call);
  call.run();
  collector.clear();
  call.run();
  std::vector<LaunchPart> parts = collector.parts();
  writeTrace(path, call.sizes(), parts);
  fprintf(stderr, "trace of %zu launch parts written to %s; open it at ui.perfetto.dev\n", parts.size(), path.c_str());
}
