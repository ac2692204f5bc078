// Opening a session reserves all it will ever need; a run checks, binds and launches.
#include "Session.h"
#include "runtime/CPU/Device.h"

#include <algorithm>
#include <new>

using namespace girih::runtime;

girih_code Session::create(Module &module, const girih_session_options &options, Session *&result,
                           girih_status *status) {
  auto *session = new (std::nothrow) Session(module);
  if (!session)
    return fail(status, GIRIH_OUT_OF_MEMORY, "no memory for a session");
  girih_code code = session->chooseMaxima(options.max_symbols, status);
  if (!code)
    code = session->reserveArena(options, status);
  if (!code)
    code = session->choosePool(options, status);
  if (!code)
    code = session->reserveTasks(status);
  if (!code && Stepper::create(module, session->maxima, options.prefill_tokens, session->stepper, status) ==
                   GIRIH_OUT_OF_MEMORY)
    code = GIRIH_OUT_OF_MEMORY; // whoever is no decoder finds out when asked for a step
  if (code) {
    delete session;
    return code;
  }
  result = session;
  return succeed(status);
}

Session::~Session() {
  device.reset(); // what it has of the machine goes before that
  if (pool)
    pool->release();
  module.release();
}

girih_code Session::chooseMaxima(const int64_t *wanted, girih_status *status) {
  maxima = module.maxima();
  const Tables &t = module.tables();
  for (size_t i = 0; wanted && i != maxima.size(); ++i) {
    if (t.symbols[i].kind == GIRIH_SYMBOL_COUNTER)
      continue;
    if (wanted[i] < t.symbols[i].min || wanted[i] > t.symbols[i].max)
      return fail(status, GIRIH_SIZE_OUT_OF_BOUNDS,
                  "expected max_symbols for '%s' between %lld and %lld but got %lld",
                  t.string(t.symbols[i].name), static_cast<long long>(t.symbols[i].min),
                  static_cast<long long>(t.symbols[i].max), static_cast<long long>(wanted[i]));
    maxima[i] = wanted[i];
  }
  return GIRIH_OK;
}

girih_code Session::reserveArena(const girih_session_options &options, girih_status *status) {
  if (module.device()) { // it grows with the runs, unless the caller says how far
    if (girih_code code = DeviceRunner::create(module, device, status))
      return code;
    girih_code code = GIRIH_OK;
    if (options.max_symbols)
      code = device->reserveArena(GIRIH_NONE, maxima.data(), plan, status);
    last.arena_reserved = device->arenaReserved();
    return code;
  }
  uint64_t bytes = 0;
  for (uint32_t i = 0; i != module.tables().entries.size(); ++i)
    bytes = std::max(bytes, Plan::arenaBytes(module, i, maxima.data()));
  if (girih_code code = Mapping::pages(bytes, !options.no_huge_pages, arena, status))
    return code;
  plan.setArena({arena.data(), arena.size()});
  last.arena_reserved = bytes;
  return GIRIH_OK;
}

girih_code Session::choosePool(const girih_session_options &options, girih_status *status) {
  if (device) // the caller's thread is enough for launching
    return GIRIH_OK;
  if (options.parallel) {
    parallel = options.parallel;
    parallelUser = options.parallel_user;
    threads = options.threads ? options.threads : usableCores();
    return GIRIH_OK;
  }
  if (auto *shared = reinterpret_cast<Pool *>(options.pool)) {
    shared->retain();
    pool = shared;
  } else {
    pool = Pool::create(options.threads, status);
    if (!pool)
      return status ? status->code : GIRIH_OUT_OF_MEMORY;
  }
  threads = options.threads ? std::min(options.threads, pool->threads()) : pool->threads();
  return GIRIH_OK;
}

girih_code Session::reserveTasks(girih_status *status) {
  if (threads > 4096)
    return fail(status, GIRIH_INVALID_ARGUMENT, "expected at most 4096 threads but got %u", threads);
  // A page apart, so that no two threads write to one cache line.
  uint64_t each = (module.scratchBytes() + GIRIH_PAGE_BYTES - 1) / GIRIH_PAGE_BYTES * GIRIH_PAGE_BYTES;
  if (girih_code code = Mapping::pages(each * threads, /*huge=*/false, scratch, status))
    return code;
  last.scratch_bytes = each * threads;
  // Loops count in their own copy of the symbols, even where no launch depends on the counter.
  bool loops = std::ranges::any_of(module.tables().commands,
                                   [](const girih_command &c) { return c.kind == GIRIH_COMMAND_LOOP; });
  size_t symbolWords = loops ? symbols.size() : 0;
  size_t launchWords = plan.hasDynamic() ? (Group::capacity + 1) * plan.wordsPerLaunch() : 0;
  walkWords.resize((symbolWords + launchWords) * threads);
  for (uint32_t i = 0; i != threads; ++i) {
    int64_t *words = walkWords.data() + (symbolWords + launchWords) * i;
    tasks.push_back({scratch.data() + each * i, {{words, symbolWords}, {words + symbolWords, launchWords}}});
  }
  return GIRIH_OK;
}

//===-- Running
//----------------------------------------------------------------------------------------------------===//

girih_code Session::run(const Call &call, girih_status *status) {
  if (running.exchange(true, std::memory_order_acquire))
    return fail(status, GIRIH_BUSY, "the session is running; open one session for each thread of calls");
  cancelled.store(false);
  girih_code code = runChecked(call, status);
  running.store(false, std::memory_order_release);
  return code;
}

girih_code Session::step(const girih_step &step, girih_status *status) {
  if (running.exchange(true, std::memory_order_acquire))
    return fail(status, GIRIH_BUSY, "the session is running; open one session for each thread of calls");
  cancelled.store(false);
  girih_code code = stepChecked(step, status);
  running.store(false, std::memory_order_release);
  return code;
}

girih_code Session::stepChecked(const girih_step &step, girih_status *status) {
  if (!stepper) // says why
    return Stepper::create(module, maxima, 0, stepper, status);
  if (girih_code code = stepper->begin(step, status))
    return code;
  girih_statistics sum = {};
  girih_code code = GIRIH_OK;
  for (Call call; !code && stepper->next(call);) {
    code = runChecked(call, status);
    if (!code)
      stepper->collect(step);
    sum.nanoseconds += last.nanoseconds;
    sum.launches += last.launches;
    sum.blocks += last.blocks;
    sum.flops += last.flops;
    sum.bytes += last.bytes;
    sum.arena_bytes = std::max(sum.arena_bytes, last.arena_bytes);
  }
  stepper->end(!code);
  last.nanoseconds = sum.nanoseconds;
  last.launches = sum.launches;
  last.blocks = sum.blocks;
  last.flops = sum.flops;
  last.bytes = sum.bytes;
  last.arena_bytes = sum.arena_bytes;
  return code ? code : succeed(status);
}

girih_code Session::runChecked(const Call &call, girih_status *status) {
  uint64_t begin = monotonicNanoseconds();
  launcher.reset(plan, tasks, listeners);
  if (cancelled.load()) // before the launcher could be told
    launcher.cancel();
  if (call.entry >= module.tables().entries.size())
    return fail(status, GIRIH_UNKNOWN_ENTRY, "expected an entry point below %zu but got %u",
                module.tables().entries.size(), call.entry);
  if (girih_code code = deduceSymbols(module, call, maxima, symbols.data(), status))
    return code;
  if (girih_code code = checkOutputs(module, call, symbols.data(), status))
    return code;
  if (girih_code code = checkRanges(module, call, status))
    return code;
  girih_code code = device ? launchOnDevice(call, status) : launchHere(call, status);
  last.nanoseconds = monotonicNanoseconds() - begin;
  last.arena_bytes = Plan::arenaBytes(module, call.entry, symbols.data());
  last.threads = threads;
  return code;
}

girih_code Session::launchOnDevice(const Call &call, girih_status *status) {
  girih_code code = device->run(call, symbols.data(), plan, tasks[0], listeners, cancelled, status);
  const MachineCounts &counts = device->counts();
  last.launches = counts.launches;
  last.blocks = counts.blocks;
  last.flops = counts.flops;
  last.bytes = counts.bytes;
  last.arena_reserved = device->arenaReserved();
  return code;
}

girih_code Session::launchHere(const Call &call, girih_status *status) {
  if (girih_code code = plan.bind(call, symbols.data(), status))
    return code;
  launchAll();
  last.launches = launcher.launches();
  last.blocks = launcher.blocks();
  last.flops = launcher.flops();
  last.bytes = launcher.bytes();
  return outcome(status);
}

void Session::launchAll() {
  auto body = [](void *self, uint32_t task) { static_cast<Launcher *>(self)->work(task); };
  if (listeners.observer)
    body(&launcher, 0);
  else if (parallel)
    parallel(parallelUser, threads, body, &launcher);
  else
    pool->run(threads, body, &launcher);
}

girih_code Session::outcome(girih_status *status) {
  if (launcher.machineMessage()[0])
    return fail(status, GIRIH_MACHINE_FAILED, "%s", launcher.machineMessage());
  if (launcher.hasFailed())
    return fail(status, GIRIH_DAMAGED_ARTIFACT,
                "a launch in a loop reaches outside its memory at these sizes; compile the model anew");
  if (launcher.wasCancelled())
    return fail(status, GIRIH_CANCELLED, "the run was cancelled; its outputs are incomplete");
  return succeed(status);
}
