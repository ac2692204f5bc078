// Launches blocks.
#include "Launch.h"
#include "Device.h"

#include <algorithm>
#include <cstring>

using namespace girih::runtime;

void Launcher::reset(const Plan &newPlan, std::span<const TaskMemory> newTasks, const Listeners &newListeners) {
  plan = &newPlan;
  tasks = newTasks;
  listeners = newListeners;
  observed = launchCount = blockCount = flopCount = byteCount = 0;
  next.store(0);
  done.store(0);
  failed.store(false);
  machineFailed.store(false);
  machineText[0] = '\0';
  cancelled.store(false);
}

void Launcher::work(uint32_t task) {
  StandardRounding rounding;
  Walker walker(*plan, tasks[task].walk);
  for (uint32_t step = 0; !stopped() && walker.next(); ++step) {
    if (task == 0)
      count(walker.group());
    runGroup(step, walker.group(), task);
    if (listeners.observer && !stopped())
      observe(walker.group());
  }
  if (walker.failed())
    failed.store(true);
}

void Launcher::count(const Group &group) {
  launchCount += group.size();
  blockCount += group.blocks();
  for (unsigned i = 0; i != group.size(); ++i) {
    flopCount += group.launch(i).flops;
    byteCount += group.launch(i).bytes;
    const girih_command &command = *group.launch(i).command;
    if (const Machine *machine = plan->module().machine();
        machine && command.kind == GIRIH_COMMAND_LAUNCH && group.launch(i).function) {
      const Tables &t = plan->module().tables();
      machine->ranOnHost(t.string(t.kernels[command.kernel].name), t.string(command.label));
    }
  }
}

//===-- Sharing a group's blocks -----------------------------------------------------------------------------------===//

bool Launcher::take(uint32_t step, uint64_t total, uint64_t &first, uint64_t &count) {
  uint64_t word = next.load(std::memory_order_acquire);
  do {
    first = uint32_t(word);
    if (stepOf(word) != step || first >= total)
      return false;
    // Large pieces first, single blocks at the end: neighbours share operands, and the end stays even.
    count = std::max<uint64_t>(1, (total - first) / (tasks.size() * 4));
  } while (!next.compare_exchange_weak(word, word + count, std::memory_order_acquire));
  return true;
}

void Launcher::complete(uint32_t step, uint64_t total, uint64_t count) {
  if (done.fetch_add(count, std::memory_order_acq_rel) + count != total)
    return;
  done.store(0, std::memory_order_relaxed);
  next.store(uint64_t(step + 1) << 32); // opens the next group; sequentially consistent against the sleepers' count
  if (uint32_t asleep = sleepers.load())
    wake(reinterpret_cast<uint32_t *>(&next) + 1, asleep);
}

void Launcher::waitFor(uint32_t step) {
  const uint32_t *word = reinterpret_cast<uint32_t *>(&next) + 1; // the high half
  for (unsigned round = 0; stepOf(next.load(std::memory_order_acquire)) == step && !stopped(); ++round) {
    if (round < spinRounds) {
      pauseCpu();
      continue;
    }
    sleepers.fetch_add(1);
    sleepWhile(word, step, /*briefly=*/true); // a cancellation does not change the word
    sleepers.fetch_sub(1);
  }
}

void Launcher::runGroup(uint32_t step, const Group &group, uint32_t task) {
  uint64_t first, count;
  while (!stopped() && take(step, group.blocks(), first, count)) {
    runBlocks(group, first, count, task);
    complete(step, group.blocks(), count);
  }
  waitFor(step);
}

//===-- Running blocks ---------------------------------------------------------------------------------------------===//

void Launcher::runBlocks(const Group &group, uint64_t first, uint64_t count, uint32_t task) {
  uint64_t end = first + count;
  for (unsigned i = 0; i != group.size(); ++i) {
    uint64_t from = std::max(first, group.begin(i)), to = std::min(end, group.end(i));
    if (from < to)
      runPart(group.launch(i), from - group.begin(i), to - from, task);
  }
}

/// The whole launch at once. The order of launches that may run at once does not matter, so the machine may
/// take them as they come.
void Launcher::runOnMachine(const BoundLaunch &launch) {
  const Tables &t = plan->module().tables();
  const girih_command &command = *launch.command;
  MachineArg args[GIRIH_MAX_ARGS];
  const int64_t *word = launch.args;
  for (uint32_t i = 0; i != command.arg_count; ++i) {
    const girih_arg &arg = t.args[command.first_arg + i];
    auto *data = reinterpret_cast<void *>(*word++);
    args[i] = {data, plan->argBytes(arg), word, arg.rank,
               arg.kind == GIRIH_ARG_WEIGHT ? arg.index : GIRIH_NONE};
    word += arg.rank;
  }
  MachineLaunch request = {plan->module().kernelEntry(command.kernel),
                           args,
                           command.arg_count,
                           launch.grid,
                           launch.gridRank,
                           t.string(command.label)};
  char message[sizeof(machineText)];
  if (plan->module().machine()->launch(request, message, sizeof(message)))
    return;
  if (!machineFailed.exchange(true))
    memcpy(machineText, message, sizeof(message));
  failed.store(true);
}

/// UBSan would look for a type's hash in front of the function, where an image has none.
__attribute__((no_sanitize("function"))) void girih::runtime::runBlocks(const BoundLaunch &launch,
                                                                        uint64_t first, uint64_t count,
                                                                        uint8_t *scratch,
                                                                        const std::atomic<bool> &cancelled) {
  int64_t block[GIRIH_MAX_GRID] = {};
  uint64_t rest = first;
  for (uint32_t d = launch.gridRank; d-- != 0; rest /= launch.grid[d])
    block[d] = int64_t(rest % launch.grid[d]);
  for (uint64_t i = 0; i != count && !cancelled.load(std::memory_order_relaxed); ++i) {
    launch.function(launch.args, block, scratch);
    for (uint32_t d = launch.gridRank; d-- != 0;) {
      if (++block[d] < launch.grid[d])
        break;
      block[d] = 0;
    }
  }
}

void Launcher::runPart(const BoundLaunch &launch, uint64_t first, uint64_t count, uint32_t task) {
  uint64_t begin = listeners.trace ? monotonicNanoseconds() : 0;
  if (launch.function)
    girih::runtime::runBlocks(launch, first, count, tasks[task].scratch, cancelled);
  else
    runOnMachine(launch);
  if (listeners.trace)
    emit(launch, task, begin, count);
}

void Launcher::emit(const BoundLaunch &launch, uint32_t task, uint64_t begin, uint64_t blocks) {
  const Tables &t = plan->module().tables();
  bool isCopy = launch.command->kind == GIRIH_COMMAND_COPY;
  girih_trace_event event = {};
  event.label = t.string(launch.command->label);
  event.kernel = isCopy ? "copy" : t.string(t.kernels[launch.command->kernel].name);
  event.command = uint32_t(launch.command - t.commands.data());
  event.thread = task;
  event.begin_ns = begin;
  event.end_ns = monotonicNanoseconds();
  event.blocks = blocks;
  event.launch_blocks = launch.blocks;
  event.launch_flops = launch.flops;
  event.launch_bytes = launch.bytes;
  listeners.trace(listeners.traceUser, &event);
}

//===-- Observing --------------------------------------------------------------------------------------------------===//

void Launcher::observe(const Group &group) {
  for (unsigned i = 0; i != group.size(); ++i)
    if (group.launch(i).command->kind == GIRIH_COMMAND_LAUNCH)
      observe(group.launch(i));
}

void Launcher::observe(const BoundLaunch &launch) {
  const Tables &t = plan->module().tables();
  const girih_command &command = *launch.command;
  girih_observed_arg args[GIRIH_MAX_ARGS];
  const int64_t *word = launch.args;
  for (uint32_t i = 0; i != command.arg_count; ++i) {
    const girih_arg &arg = t.args[command.first_arg + i];
    args[i] = {reinterpret_cast<const void *>(*word++), plan->argBytes(arg), arg.kind, arg.index, arg.rank, {}};
    for (uint32_t d = 0; d != arg.rank; ++d)
      args[i].shape[d] = *word++;
  }
  girih_observation observation = {t.string(command.label), t.string(t.kernels[command.kernel].name),
                                   uint32_t(&command - t.commands.data()), observed++, command.arg_count, args};
  listeners.observer(listeners.observerUser, &observation);
}
