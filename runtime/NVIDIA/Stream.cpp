// Enqueues, records and plays runs.
#include "Stream.h"

#include "runtime/CPU/Device.h"
#include "runtime/Core/Status.h"

#include <algorithm>
#include <new>

using namespace girih::nvidia;
using girih::runtime::fail;
using girih::runtime::MachineCounts;
using girih::runtime::MachineOperation;
using girih::runtime::MachineRun;
using girih::runtime::MachineTimes;
using girih::runtime::monotonicNanoseconds;

girih_code Stream::open(Machine &machine, std::unique_ptr<Stream> &result, girih_status *status) {
  std::unique_ptr<Stream> stream(new (std::nothrow) Stream(machine));
  if (!stream)
    return fail(status, GIRIH_OUT_OF_MEMORY, "no memory for a session's stream");
  Current current(*machine.device);
  if (Result code = stream->driver.createStream(&stream->handle, kNonBlocking))
    return machine.device->failed(code, "cannot open a session's stream", status);
  result = std::move(stream);
  return GIRIH_OK;
}

Stream::~Stream() {
  Current scope(*machine.device);
  for (Recording &each : recordings)
    forget(each);
  for (EventHandle event : events)
    driver.destroyEvent(event);
  if (handle)
    driver.destroyStream(handle);
}

girih_code Stream::failed(Result result, const char *doing, const char *label, const char *kernel,
                          girih_status *status) const {
  char what[256];
  snprintf(what, sizeof(what), "%s %s (kernel %s)", doing, label[0] ? label : "a launch", kernel);
  return machine.device->failed(result, what, status);
}

//===-- What is known of runs
//--------------------------------------------------------------------------------------===//

Stream::Recording *Stream::find() {
  for (Recording &each : recordings)
    if (!each.key.empty() && std::equal(each.key.begin(), each.key.end(), run.key, run.key + run.keyWords))
      return &each;
  return nullptr;
}

/// In the place of the one that was not used for the longest time.
Stream::Recording &Stream::remember() {
  Recording &place =
      *std::min_element(recordings.begin(), recordings.end(),
                        [](const Recording &a, const Recording &b) { return a.lastUse < b.lastUse; });
  forget(place);
  place.key.assign(run.key, run.key + run.keyWords);
  return place;
}

void Stream::forget(Recording &place) {
  if (place.exec)
    driver.destroyExec(place.exec);
  place = {};
}

//===-- A run
//------------------------------------------------------------------------------------------------------===//

girih_code Stream::begin(const MachineRun &newRun, bool &replayed, girih_status *status) {
  replayed = false;
  if (girih_code code = machine.upload.wait(status))
    return code;
  current.emplace(*machine.device);
  run = newRun;
  counts = {};
  marks = 0;
  mode = Mode::Plain;
  recording = run.repeats ? find() : nullptr;
  bool records = recording && recording->seen && !recording->refused;
  if (run.repeats && !recording)
    recording = &remember();
  if (recording)
    recording->lastUse = ++uses;
  if (records && recording->exec && !run.timed) {
    mode = Mode::Replayed;
    counts = recording->counts;
    replayed = true;
    Result result = driver.launchGraph(recording->exec, handle);
    return result == kSuccess ? GIRIH_OK
                              : machine.device->failed(result, "cannot play a recorded run", status);
  }
  if (run.timed)
    if (girih_code code = startTiming(status))
      return code;
  if (records)
    if (girih_code code = beginCapture(status))
      return code;
  if (run.in.bytes)
    if (Result result = enqueueCopy(driver, run.in, handle))
      return machine.device->failed(result, "cannot copy inputs", status);
  return run.timed ? mark(status) : GIRIH_OK;
}

girih_code Stream::beginCapture(girih_status *status) {
  if (Result result = driver.beginCapture(handle, kCaptureThreadLocal))
    return machine.device->failed(result, "cannot record a run", status);
  capturing = true;
  mode = Mode::Recorded;
  return GIRIH_OK;
}

girih_code Stream::enqueue(const MachineOperation &operation, girih_status *status) {
  uint32_t unit = GIRIH_NVIDIA_F32;
  bool isCopy = operation.entry == GIRIH_NO_CODE;
  if (girih_code code = isCopy ? copy(operation, status) : launch(operation, unit, status))
    return code;
  count(operation);
  if (!run.timed)
    return GIRIH_OK;
  timed.push_back({operation, unit});
  return mark(status);
}

girih_code Stream::copy(const MachineOperation &operation, girih_status *status) {
  const int64_t *words = operation.words;
  Result result =
      driver.copyWithin(DevicePointer(words[0]), DevicePointer(words[1]), size_t(words[2]), handle);
  return result == kSuccess ? GIRIH_OK : failed(result, "cannot copy for", operation.label, "copy", status);
}

girih_code Stream::launch(const MachineOperation &operation, uint32_t &unit, girih_status *status) {
  const Kernel *kernel;
  if (girih_code code = machine.kernels.load(operation.entry, kernel, status))
    return code;
  const girih_nvidia_kernel &header = *kernel->header;
  unit = header.unit;
  if (header.words != operation.wordCount || operation.blocks > INT32_MAX)
    return fail(status, GIRIH_DAMAGED_ARTIFACT,
                "kernel '%s' takes %u words and at most %d blocks, but the launch of %s has %u and %llu; "
                "compile the model "
                "anew",
                kernel->name, header.words, INT32_MAX, operation.label, operation.wordCount,
                static_cast<unsigned long long>(operation.blocks));
  void *parameters[GIRIH_MAX_ARGS * (1 + GIRIH_MAX_RANK) + GIRIH_MAX_GRID];
  for (uint32_t i = 0; i != operation.wordCount; ++i)
    parameters[i] = const_cast<int64_t *>(operation.words + i);
  Result result = driver.launch(kernel->function, unsigned(operation.blocks), 1, 1, header.threads, 1, 1,
                                header.shared_bytes, handle, parameters, nullptr);
  return result == kSuccess ? GIRIH_OK
                            : failed(result, "cannot launch", operation.label, operation.kernel, status);
}

void Stream::count(const MachineOperation &operation) {
  ++counts.launches;
  counts.blocks += operation.blocks;
  counts.flops += operation.flops;
  counts.bytes += operation.bytes;
}

girih_code Stream::synchronize(girih_status *status) {
  Result result = driver.synchronize(handle);
  if (result == kSuccess)
    return GIRIH_OK;
  return machine.device->failed(
      result,
      "a launch failed (with CUDA_LAUNCH_BLOCKING=1 in the environment the next one that fails is named)",
      status);
}

girih_code Stream::wait(girih_status *status) { return synchronize(status); }

girih_code Stream::finish(MachineCounts &result, girih_status *status) {
  girih_code code = GIRIH_OK;
  if (mode != Mode::Replayed && run.out.bytes)
    if (Result copied = enqueueCopy(driver, run.out, handle))
      code = machine.device->failed(copied, "cannot copy outputs", status);
  if (!code && mode == Mode::Recorded)
    code = endCapture(status);
  if (girih_code end = synchronize(code ? nullptr : status); !code)
    code = end;
  if (!code && run.timed)
    code = tellTimes(status);
  result = counts;
  if (code) {
    abandon();
    return code;
  }
  if (recording)
    recording->seen = true;
  leave();
  return GIRIH_OK;
}

/// The recording is played for the first time.
girih_code Stream::endCapture(girih_status *status) {
  Graph graph = nullptr;
  GraphExec exec = nullptr;
  capturing = false;
  recording->refused = true; // unless all goes well
  Result result = driver.endCapture(handle, &graph);
  if (result == kSuccess)
    result = driver.instantiate(&exec, graph, 0);
  if (graph)
    driver.destroyGraph(graph);
  if (result == kSuccess) {
    (run.timed ? once : recording->exec) = exec;
    result = driver.launchGraph(exec, handle);
  }
  if (result != kSuccess)
    return machine.device->failed(result, "cannot record a run", status);
  recording->refused = false;
  recording->counts = counts;
  return GIRIH_OK;
}

/// Ends a capture and waits for whatever is under way, so that the memory it uses can be released.
void Stream::abandon() {
  if (!current)
    return;
  if (capturing) {
    Graph graph = nullptr;
    driver.endCapture(handle, &graph);
    if (graph)
      driver.destroyGraph(graph);
  }
  driver.synchronize(handle);
  leave();
}

void Stream::leave() {
  if (once)
    driver.destroyExec(once);
  once = nullptr;
  capturing = false;
  recording = nullptr;
  timed.clear();
  current.reset();
}

//===-- Times
//------------------------------------------------------------------------------------------------------===//

/// What the GPU's clock says at a time of the host.
girih_code Stream::startTiming(girih_status *status) {
  if (girih_code code = mark(status))
    return code;
  if (girih_code code = synchronize(status))
    return code;
  startNs = monotonicNanoseconds();
  return GIRIH_OK;
}

girih_code Stream::event(size_t index, EventHandle &result, girih_status *status) {
  while (events.size() <= index) {
    EventHandle made;
    if (Result code = driver.createEvent(&made, 0))
      return machine.device->failed(code, "cannot make an event", status);
    events.push_back(made);
  }
  result = events[index];
  return GIRIH_OK;
}

/// In a recording the event is a part of it: nothing waits for the host between two launches, so that short
/// ones are timed well.
girih_code Stream::mark(girih_status *status) {
  EventHandle next;
  if (girih_code code = event(marks++, next, status))
    return code;
  Result result = driver.record(next, handle, capturing ? kRecordExternal : 0);
  return result == kSuccess ? GIRIH_OK : machine.device->failed(result, "cannot record an event", status);
}

girih_code Stream::tellTimes(girih_status *status) {
  float before = 0, after = 0;
  Result result = driver.elapsed(&before, events[0], events[1]);
  for (size_t i = 0; i != timed.size() && result == kSuccess; ++i, before = after) {
    result = driver.elapsed(&after, events[0], events[i + 2]);
    const auto &[operation, unit] = timed[i];
    MachineTimes times = {&operation, startNs + uint64_t(double(before) * 1e6),
                          startNs + uint64_t(double(after) * 1e6)};
    machine.costs.add(operation.label, unit, times.endNs - times.beginNs, operation.flops, operation.bytes);
    run.timed(run.context, times);
  }
  return result == kSuccess ? GIRIH_OK : machine.device->failed(result, "cannot read an event", status);
}
