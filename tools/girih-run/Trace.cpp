// Traces a run.
#include "Trace.h"
#include "Output.h"

#include <algorithm>
#include <cstdio>

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

/// Microseconds since the trace's begin.
static std::string microseconds(uint64_t nanoseconds) {
  char text[40];
  snprintf(text, sizeof(text), "%.3f", double(nanoseconds) / 1e3);
  return text;
}

static std::string threadEvent(uint32_t thread) {
  std::string number = std::to_string(thread);
  return ",\n{\"ph\": \"M\", \"pid\": 1, \"tid\": " + number +
         ", \"name\": \"thread_name\", \"args\": {\"name\": \"" + (thread ? "worker " : "caller ") + number +
         "\"}}";
}

static std::string launchEvent(const LaunchPart &part, uint64_t origin) {
  return ",\n{\"ph\": \"X\", \"pid\": 1, \"tid\": " + std::to_string(part.thread) +
         ", \"cat\": \"launch\", \"name\": " + quoted(part.label.empty() ? part.kernel : part.label) +
         ", \"ts\": " + microseconds(part.beginNs - origin) +
         ", \"dur\": " + microseconds(part.endNs - part.beginNs) +
         ", \"args\": {\"kernel\": " + quoted(part.kernel) +
         ", \"command\": " + std::to_string(part.command) + ", \"blocks\": " + std::to_string(part.blocks) +
         "}}";
}

void girih::run::writeTrace(const std::string &path, const std::string &entry,
                            const std::vector<LaunchPart> &parts) {
  uint64_t origin = parts.empty() ? 0 : parts.front().beginNs;
  uint32_t threads = 0;
  for (const LaunchPart &part : parts)
    threads = std::max(threads, part.thread + 1);
  std::string text = "{\"displayTimeUnit\": \"ns\", \"traceEvents\": [\n{\"ph\": \"M\", \"pid\": 1, "
                     "\"name\": \"process_name\", \"args\": {\"name\": " +
                     quoted(entry) + "}}";
  for (uint32_t thread = 0; thread != threads; ++thread)
    text += threadEvent(thread);
  for (const LaunchPart &part : parts)
    text += launchEvent(part, origin);
  writeFile(path, {text, "\n]}\n"});
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
