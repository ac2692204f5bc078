// Runs on a machine with memory of its own.
#include "DeviceRunner.h"
#include "runtime/CPU/Device.h"

#include <algorithm>
#include <cstring>
#include <new>

using namespace girih::runtime;

/// What vector loads and the machine's own copies want.
static constexpr uint64_t tensorAlignment = 256;
static constexpr uint64_t leastStaging = 64 << 10;

girih_code DeviceRunner::create(const Module &module, std::unique_ptr<DeviceRunner> &result,
                                girih_status *status) {
  std::unique_ptr<DeviceRunner> runner(new (std::nothrow) DeviceRunner(module));
  if (!runner)
    return fail(status, GIRIH_OUT_OF_MEMORY, "no memory for a session's runs on its machine");
  girih_status own = {};
  status = status ? status : &own;
  runner->stream = runner->machine.memory().openStream(runner->machine.self(), status);
  if (!runner->stream)
    return status->code;
  result = std::move(runner);
  return GIRIH_OK;
}

/// Reserves what runs of any entry need, so that they allocate nothing.
DeviceRunner::DeviceRunner(const Module &module)
    : module(module), t(module.tables()), machine(*module.device()), usesHost(t.entries.size()) {
  size_t mostInputs = 0, mostOutputs = 0;
  for (size_t i = 0; i != t.entries.size(); ++i) {
    const girih_entry &entry = t.entries[i];
    mostInputs = std::max<size_t>(mostInputs, entry.input_count);
    mostOutputs = std::max<size_t>(mostOutputs, entry.output_count);
    for (const girih_command &command : t.commands.subspan(entry.first_command, entry.command_count))
      if (command.kind == GIRIH_COMMAND_LAUNCH && module.kernel(command.kernel))
        usesHost[i] = true;
  }
  inputs.resize(mostInputs);
  outputs.resize(mostOutputs);
  key.reserve(8 + t.symbols.size() + mostInputs + mostOutputs);
  copies.reserve(GIRIH_MAX_ARGS);
}

DeviceRunner::~DeviceRunner() {
  if (stream)
    machine.memory().closeStream(stream);
}

//===-- The arena
//--------------------------------------------------------------------------------------------------===//

static uint64_t arenaBytes(const Module &module, uint32_t entry, const int64_t *symbols) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i != module.tables().entries.size(); ++i)
    if (entry == GIRIH_NONE || entry == i)
      bytes = std::max(bytes, Plan::arenaBytes(module, i, symbols));
  return bytes;
}

/// The greatest value of a symbol, the others as they are, with which the arena takes at most `bytes`; -1:
/// none.
static int64_t greatestFit(const Module &module, uint32_t entry, std::vector<int64_t> symbols, size_t symbol,
                           uint64_t bytes) {
  int64_t low = module.tables().symbols[symbol].min - 1, high = symbols[symbol];
  while (low < high) {
    int64_t middle = low + (high - low + 1) / 2;
    symbols[symbol] = middle;
    if (arenaBytes(module, entry, symbols.data()) <= bytes)
      low = middle;
    else
      high = middle - 1;
  }
  return low < module.tables().symbols[symbol].min ? -1 : low;
}

girih_code DeviceRunner::describeLack(uint32_t entry, const int64_t *symbols, uint64_t bytes,
                                      girih_status *status) const {
  const char *name;
  uint64_t left, all;
  machine.memory().describe(machine.self(), &name, &left, &all);
  std::vector<int64_t> sizes(symbols, symbols + t.symbols.size());
  std::string fits;
  for (size_t i = 0; i != sizes.size(); ++i) {
    int64_t most = t.symbols[i].kind == GIRIH_SYMBOL_SIZE ? greatestFit(module, entry, sizes, i, left) : -1;
    if (most >= 0 && most < sizes[i])
      fits += (fits.empty() ? "" : ", or ") + std::string(t.string(t.symbols[i].name)) + " up to " +
              std::to_string(most) + " instead of " + std::to_string(sizes[i]);
  }
  fits = fits.empty() ? "no size by itself makes it fit: lower several, or end what else uses it"
                      : "what would fit: " + fits;
  if (entry == GIRIH_NONE)
    return machine.lacks("intermediate values for the session's max_symbols", bytes, fits.c_str(), status);
  return machine.lacks("the run's intermediate values", bytes, fits.c_str(), status);
}

/// On this CPU an arena for the greatest sizes costs nothing until it is touched; on a device it would take
/// memory that most sessions never need, so it grows with the runs.
girih_code DeviceRunner::reserveArena(uint32_t entry, const int64_t *symbols, Plan &plan,
                                      girih_status *status) {
  uint64_t wanted = arenaBytes(module, entry, symbols);
  if (wanted <= arena.size())
    return GIRIH_OK;
  uint64_t generous = std::max(wanted, arena.size() + arena.size() / 2); // few steps where sizes grow slowly
  arena.release();
  girih_code code = arena.allocate(machine, generous, nullptr);
  if (code == GIRIH_OUT_OF_DEVICE_MEMORY && generous != wanted)
    code = arena.allocate(machine, wanted, nullptr);
  plan.setArena({arena.data(), arena.size()});
  if (code == GIRIH_OUT_OF_DEVICE_MEMORY)
    return describeLack(entry, symbols, wanted, status);
  return code ? arena.allocate(machine, wanted, status) : GIRIH_OK; // says why
}

//===-- Inputs and outputs
//-----------------------------------------------------------------------------------------===//

bool DeviceRunner::isState(const Call &call, size_t input) const {
  return t.values[t.entries[call.entry].first_input + input].flags & GIRIH_VALUE_STATE;
}

/// A tensor's offset; `end` moves behind it.
uint64_t DeviceRunner::place(girih_tensor &tensor, uint64_t &end) const {
  uint64_t offset = end;
  end += (tensorBytes(tensor) + tensorAlignment - 1) / tensorAlignment * tensorAlignment;
  return offset;
}

girih_code DeviceRunner::layOut(const Call &call, girih_status *status) {
  std::copy(call.inputs.begin(), call.inputs.end(), inputs.begin());
  std::copy(call.outputs.begin(), call.outputs.end(), outputs.begin());
  uint64_t end = 0;
  auto put = [&](girih_tensor &tensor) { tensor.data = reinterpret_cast<void *>(place(tensor, end)); };
  for (size_t i = 0; i != call.inputs.size(); ++i)
    if (!isState(call, i))
      put(inputs[i]);
  layout.outBegin = end;
  for (size_t i = 0; i != call.inputs.size(); ++i)
    if (isState(call, i) && !call.statesOnDevice)
      put(inputs[i]);
  layout.inEnd = end;
  for (size_t i = 0; i != call.outputs.size(); ++i)
    if (!call.ignores(i))
      put(outputs[i]);
  layout.outEnd = end;
  for (size_t i = 0; i != call.outputs.size(); ++i)
    if (call.ignores(i))
      put(outputs[i]);
  layout.total = end;
  if (girih_code code = reserveStaging(status))
    return code;
  auto move = [&](girih_tensor &tensor) {
    tensor.data = staged.data() + reinterpret_cast<uint64_t>(tensor.data);
  };
  for (size_t i = 0; i != call.inputs.size(); ++i)
    if (!isState(call, i) || !call.statesOnDevice)
      move(inputs[i]);
  for (size_t i = 0; i != call.outputs.size(); ++i)
    move(outputs[i]);
  return GIRIH_OK;
}

girih_code DeviceRunner::reserveStaging(girih_status *status) {
  if (layout.total <= staged.size())
    return GIRIH_OK;
  uint64_t bytes = std::max({layout.total, 2 * staged.size(), leastStaging});
  staged.release();
  pinned.release();
  girih_code code = staged.allocate(machine, bytes, status);
  if (code == GIRIH_OUT_OF_DEVICE_MEMORY)
    code = staged.allocate(machine, bytes = layout.total, status);
  if (code == GIRIH_OUT_OF_DEVICE_MEMORY)
    return machine.lacks("the run's inputs and outputs", layout.total, "run fewer or smaller ones at a time",
                         status);
  if (!code)
    code = pinned.allocate(machine, bytes, status);
  if (code)
    staged.release();
  return code;
}

void DeviceRunner::copyIn(const Call &call) const {
  for (size_t i = 0; i != call.inputs.size(); ++i)
    if (uint64_t bytes = tensorBytes(call.inputs[i]); bytes && (!isState(call, i) || !call.statesOnDevice))
      memcpy(pinned.data() + (static_cast<uint8_t *>(inputs[i].data) - staged.data()), call.inputs[i].data,
             bytes);
}

void DeviceRunner::copyOut(const Call &call) const {
  auto fetch = [&](const girih_tensor &to, const girih_tensor &from) {
    if (uint64_t bytes = tensorBytes(to))
      memcpy(to.data, pinned.data() + (static_cast<uint8_t *>(from.data) - staged.data()), bytes);
  };
  for (size_t i = 0; i != call.inputs.size(); ++i)
    if (isState(call, i) && !call.statesOnDevice)
      fetch(call.inputs[i], inputs[i]);
  for (size_t i = 0; i != call.outputs.size(); ++i)
    if (!call.ignores(i))
      fetch(call.outputs[i], outputs[i]);
}

//===-- A run
//------------------------------------------------------------------------------------------------------===//

/// All that its launches and copies depend on.
void DeviceRunner::makeKey(const Call &call, const int64_t *symbols) {
  key.assign({call.entry, reinterpret_cast<uint64_t>(arena.data()), reinterpret_cast<uint64_t>(staged.data()),
              layout.inEnd, layout.outBegin, layout.outEnd});
  key.insert(key.end(), symbols, symbols + t.symbols.size());
  for (size_t i = 0; i != call.inputs.size(); ++i)
    key.push_back(reinterpret_cast<uint64_t>(inputs[i].data));
  for (size_t i = 0; i != call.outputs.size(); ++i)
    key.push_back(reinterpret_cast<uint64_t>(outputs[i].data));
}

MachineRun DeviceRunner::request() const {
  auto host = reinterpret_cast<uint64_t>(pinned.data()), there = reinterpret_cast<uint64_t>(staged.data());
  MachineRun run = {};
  run.key = key.data();
  run.keyWords = uint32_t(key.size());
  run.repeats = !listeners->observer && !usesHost[&plan->entry() - t.entries.data()];
  run.in = {CopyKind::ToMachine, there, host, layout.inEnd};
  run.out = {CopyKind::FromMachine, host + layout.outBegin, there + layout.outBegin,
             layout.outEnd - layout.outBegin};
  if (listeners->trace)
    run.timed = [](void *self, const MachineTimes &times) {
      static_cast<const DeviceRunner *>(self)->emit(times);
    };
  run.context = const_cast<DeviceRunner *>(this);
  return run;
}

girih_code DeviceRunner::run(const Call &call, const int64_t *symbols, Plan &newPlan,
                             const TaskMemory &newTask, const Listeners &newListeners,
                             const std::atomic<bool> &newCancelled, girih_status *status) {
  plan = &newPlan;
  task = &newTask;
  listeners = &newListeners;
  cancelled = &newCancelled;
  observed = 0;
  if (cancelled->load()) // before there was anything to stop
    return stopped(status);
  if (girih_code code = layOut(call, status))
    return code;
  if (girih_code code = reserveArena(call.entry, symbols, newPlan, status))
    return code;
  Call there = {call.entry, std::span(inputs).first(call.inputs.size()),
                std::span(outputs).first(call.outputs.size())};
  if (girih_code code = plan->bind(there, symbols, status))
    return code;
  copyIn(call);
  makeKey(call, symbols);
  bool replayed = false;
  const MachineMemory &m = machine.memory();
  if (girih_code code = m.begin(stream, request(), &replayed, status))
    return code;
  if (!replayed)
    if (girih_code code = walk(status)) {
      m.abandon(stream);
      return code;
    }
  if (girih_code code = m.finish(stream, &lastCounts, status))
    return code;
  if (cancelled->load()) // too late to stop, but the caller does not want it
    return stopped(status);
  copyOut(call);
  return succeed(status);
}

girih_code DeviceRunner::stopped(girih_status *status) const {
  return fail(status, GIRIH_CANCELLED, "the run was cancelled; its outputs are incomplete");
}

girih_code DeviceRunner::walk(girih_status *status) {
  Walker walker(*plan, task->walk);
  while (walker.next()) {
    for (unsigned i = 0; i != walker.group().size(); ++i) {
      const BoundLaunch &launch = walker.group().launch(i);
      if (cancelled->load(std::memory_order_relaxed))
        return stopped(status);
      bool here = launch.command->kind == GIRIH_COMMAND_LAUNCH && launch.function;
      if (girih_code code = here ? runOnHost(launch, walker.sizes(), status) : enqueue(launch, status))
        return code;
    }
    if (listeners->observer)
      if (girih_code code = observe(walker.group(), walker.sizes(), status))
        return code;
  }
  if (walker.failed())
    return fail(status, GIRIH_DAMAGED_ARTIFACT,
                "a launch in a loop reaches outside its memory at these sizes; compile the model anew");
  return GIRIH_OK;
}

girih_code DeviceRunner::enqueue(const BoundLaunch &launch, girih_status *status) {
  const girih_command &command = *launch.command;
  bool isCopy = command.kind == GIRIH_COMMAND_COPY;
  MachineOperation operation = {};
  operation.entry = isCopy ? GIRIH_NO_CODE : module.kernelEntry(command.kernel);
  operation.words = launch.args;
  operation.wordCount = uint32_t(plan->wordsOf(command));
  operation.command = uint32_t(&command - t.commands.data());
  operation.blocks = 1;
  for (uint32_t i = 0; !isCopy && i != launch.gridRank; ++i)
    if (__builtin_mul_overflow(operation.blocks, uint64_t(launch.grid[i]), &operation.blocks))
      operation.blocks = UINT64_MAX; // the machine refuses it
  operation.flops = launch.flops;
  operation.bytes = launch.bytes;
  operation.label = t.string(command.label);
  operation.kernel = isCopy ? "copy" : t.string(t.kernels[command.kernel].name);
  return machine.memory().enqueue(stream, operation, status);
}

void DeviceRunner::emit(const MachineTimes &times) const {
  const MachineOperation &operation = *times.operation;
  girih_trace_event event = {};
  event.label = operation.label;
  event.kernel = operation.kernel;
  event.command = operation.command;
  event.begin_ns = times.beginNs;
  event.end_ns = times.endNs;
  event.blocks = event.launch_blocks = operation.blocks;
  event.launch_flops = operation.flops;
  event.launch_bytes = operation.bytes;
  listeners->trace(listeners->traceUser, &event);
}

//===-- Launches' arguments on the host
//----------------------------------------------------------------------------===//

/// Brings all that a launch touches to this host: `hostWords` are then its words with places here, `copies`
/// what was copied. Arguments in one place stay in one place.
girih_code DeviceRunner::fetchArgs(const BoundLaunch &launch, const int64_t *sizes, girih_status *status) {
  const girih_command &command = *launch.command;
  hostWords.assign(launch.args, launch.args + plan->wordsOf(command));
  copies.clear();
  uint64_t end = 0;
  struct {
    size_t word, copy;
  } moved[GIRIH_MAX_ARGS];
  size_t word = 0, movedCount = 0;
  for (const girih_arg &arg : t.args.subspan(command.first_arg, command.arg_count)) {
    auto address = uint64_t(launch.args[word]);
    uint64_t bytes = plan->argBytes(arg, sizes);
    if (arg.kind == GIRIH_ARG_WEIGHT) {
      uint64_t offset = address - reinterpret_cast<uint64_t>(module.kernelWeight(arg.index));
      hostWords[word] = reinterpret_cast<int64_t>(module.weight(arg.index) + offset);
    } else {
      auto same = std::ranges::find_if(
          copies, [&](const MachineCopy &c) { return c.from == address && c.bytes == bytes; });
      moved[movedCount++] = {word, size_t(same - copies.begin())};
      if (same == copies.end()) {
        copies.push_back({CopyKind::FromMachine, end, address, bytes});
        end += (bytes + tensorAlignment - 1) / tensorAlignment * tensorAlignment;
      }
    }
    word += 1 + arg.rank;
  }
  if (fetched.size() < end + tensorAlignment)
    fetched.resize(end + tensorAlignment);
  auto base = reinterpret_cast<uint64_t>(fetched.data());
  base = (base + tensorAlignment - 1) / tensorAlignment * tensorAlignment;
  for (MachineCopy &copy : copies)
    copy.to += base;
  for (auto [place, copy] : std::span(moved, movedCount))
    hostWords[place] = int64_t(copies[copy].to);
  if (girih_code code = machine.memory().wait(stream, status))
    return code;
  return machine.transfer(copies, status);
}

/// What the machine leaves to this CPU: its arguments come here and go back. Slow, and right.
girih_code DeviceRunner::runOnHost(const BoundLaunch &launch, const int64_t *sizes, girih_status *status) {
  uint64_t begin = monotonicNanoseconds();
  if (girih_code code = fetchArgs(launch, sizes, status))
    return code;
  BoundLaunch here = launch;
  here.args = hostWords.data();
  {
    StandardRounding rounding;
    runBlocks(here, 0, here.blocks, task->scratch, *cancelled);
  }
  for (MachineCopy &copy : copies) {
    std::swap(copy.to, copy.from);
    copy.kind = CopyKind::ToMachine;
  }
  const girih_command &command = *launch.command;
  const char *kernel = t.string(t.kernels[command.kernel].name), *label = t.string(command.label);
  if (girih_code code = machine.transfer(copies, status))
    return code;
  machine.ranOnHost(kernel, label);
  if (!listeners->trace)
    return GIRIH_OK;
  girih_trace_event event = {label,
                             kernel,
                             uint32_t(&command - t.commands.data()),
                             0,
                             begin,
                             monotonicNanoseconds(),
                             launch.blocks,
                             launch.blocks,
                             launch.flops,
                             launch.bytes};
  listeners->trace(listeners->traceUser, &event);
  return GIRIH_OK;
}

girih_code DeviceRunner::observe(const Group &group, const int64_t *sizes, girih_status *status) {
  for (unsigned i = 0; i != group.size(); ++i)
    if (group.launch(i).command->kind == GIRIH_COMMAND_LAUNCH)
      if (girih_code code = observe(group.launch(i), sizes, status))
        return code;
  return GIRIH_OK;
}

girih_code DeviceRunner::observe(const BoundLaunch &launch, const int64_t *sizes, girih_status *status) {
  if (girih_code code = fetchArgs(launch, sizes, status))
    return code;
  const girih_command &command = *launch.command;
  girih_observed_arg args[GIRIH_MAX_ARGS];
  const int64_t *word = hostWords.data();
  for (uint32_t i = 0; i != command.arg_count; ++i) {
    const girih_arg &arg = t.args[command.first_arg + i];
    args[i] = {reinterpret_cast<const void *>(*word++),
               plan->argBytes(arg, sizes),
               arg.kind,
               arg.index,
               arg.rank,
               {}};
    for (uint32_t d = 0; d != arg.rank; ++d)
      args[i].shape[d] = *word++;
  }
  girih_observation observation = {t.string(command.label),
                                   t.string(t.kernels[command.kernel].name),
                                   uint32_t(&command - t.commands.data()),
                                   observed++,
                                   command.arg_count,
                                   args};
  listeners->observer(listeners->observerUser, &observation);
  return GIRIH_OK;
}
