// Long work and Ctrl-C: the work runs on a thread of its own with the GIL released, so that other Python
// threads go on, while the calling thread looks for signals.
#pragma once

#include <nanobind/nanobind.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace girih::python {

/// Runs work(); where a Python signal handler raises, calls cancel() now and then until the work ends. True
/// if one raised: the caller throws nanobind::python_error().
template <typename Work, typename Cancel> bool runInterruptibly(Work work, Cancel cancel) {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false, raised = false;
  std::thread worker([&] {
    work();
    std::lock_guard lock(mutex);
    done = true;
    changed.notify_one();
  });
  auto wait = [&] {
    nanobind::gil_scoped_release released;
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::milliseconds(20), [&] { return done; });
  };
  while (!wait()) {
    raised = raised || PyErr_CheckSignals() != 0;
    if (raised)
      cancel();
  }
  worker.join();
  return raised;
}

} // namespace girih::python
