// State of one caller on a module: arena, scratch, the bound plan and the pool it runs on.
#pragma once

#include "DeviceRunner.h"
#include "Step.h"

namespace girih::runtime {

class Session {
public:
  static girih_code create(Module &module, const girih_session_options &options, Session *&session,
                           girih_status *status);
  ~Session();

  girih_code run(const Call &call, girih_status *status);
  girih_code step(const girih_step &step, girih_status *status);
  void cancel() {
    cancelled.store(true);
    launcher.cancel();
  }
  void setTrace(girih_trace trace, void *user) { listeners.trace = trace, listeners.traceUser = user; }
  void setObserver(girih_observer observer, void *user) {
    listeners.observer = observer, listeners.observerUser = user;
  }
  girih_statistics statistics() const { return last; }

private:
  explicit Session(Module &module) : module(module), plan(module), symbols(module.maxima()) { module.retain(); }
  girih_code chooseMaxima(const int64_t *wanted, girih_status *status);
  girih_code reserveArena(const girih_session_options &options, girih_status *status);
  girih_code choosePool(const girih_session_options &options, girih_status *status);
  girih_code reserveTasks(girih_status *status);
  girih_code runChecked(const Call &call, girih_status *status);
  girih_code stepChecked(const girih_step &step, girih_status *status);
  girih_code launchHere(const Call &call, girih_status *status);
  girih_code launchOnDevice(const Call &call, girih_status *status);
  void launchAll();
  girih_code outcome(girih_status *status);

  Module &module;
  Plan plan;
  std::vector<int64_t> maxima, symbols;
  Mapping arena, scratch;
  std::unique_ptr<DeviceRunner> device; // where the module's machine has memory of its own: instead of arena and pool
  std::vector<int64_t> walkWords; // of all tasks
  std::vector<TaskMemory> tasks;
  Pool *pool = nullptr;
  girih_parallel parallel = nullptr;
  void *parallelUser = nullptr;
  uint32_t threads = 1;
  Listeners listeners;
  Launcher launcher;
  girih_statistics last = {};
  std::unique_ptr<Stepper> stepper;   // of a decoder's session
  std::atomic<bool> cancelled{false}; // what is under way, be it between two runs
  std::atomic<bool> running{false};
};

} // namespace girih::runtime
