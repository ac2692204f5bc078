// The timeline that Perfetto opens: one track for each queue and array, one slice an instruction, times in
// cycles. Perfetto drops slices that overlap without nesting, so a track shows what excludes one another on
// it: transfers on the bus, streams of an array.
#include "runtime/Systolic/Report.h"

#include <cstdio>

using namespace girih::systolic;

static const char *const kTracks[] = {"LD", "WL", "MX", "VX", "ST", "SEQ"};

Timeline::Timeline(const Machine &machine, const Program &program) : program(program) {
  text = "{\"displayTimeUnit\": \"ns\", \"traceEvents\": [\n";
  for (unsigned q = 0; q != kQueues + 1; ++q) {
    bool units = Queue(q) == Queue::WL || Queue(q) == Queue::MX || Queue(q) == Queue::VX;
    for (unsigned m = 0; m != (units ? unsigned(machine.arrays) : 1); ++m)
      text += "{\"ph\": \"M\", \"name\": \"thread_name\", \"pid\": 0, \"tid\": " + std::to_string(8 * q + m) + ", \"args\": {\"name\": \"" + kTracks[q] +
              (units && machine.arrays > 1 ? " " + std::to_string(m) : "") + "\"}},\n";
  }
}

void Timeline::add(const Record &record) {
  std::string name = opInfo(unsigned(program.code[record.index].op))->name;
  unsigned mask = record.mask ? record.mask : 1;
  int64_t end = record.queue == Queue::MX ? record.streamEnd : record.retire;
  for (unsigned m = 0; mask >> m; ++m)
    if (mask >> m & 1)
      text += "{\"ph\": \"X\", \"name\": \"" + name +
              "\", \"pid\": 0, \"tid\": " + std::to_string(8 * unsigned(record.queue) + m) +
              ", \"ts\": " + std::to_string(record.streamBegin) +
              ", \"dur\": " + std::to_string(end - record.streamBegin) +
              ", \"args\": {\"instruction\": " + std::to_string(record.index) +
              ", \"tag\": " + std::to_string(record.tag) +
              ", \"dispatched\": " + std::to_string(record.dispatch) +
              ", \"issued\": " + std::to_string(record.issue) +
              ", \"retires\": " + std::to_string(record.retire) + "}},\n";
}

std::string Timeline::finish() {
  if (text.ends_with(",\n"))
    text.resize(text.size() - 2);
  return text + "\n]}\n";
}
