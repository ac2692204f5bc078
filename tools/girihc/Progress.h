// Says on standard error what is going on, once a step has taken two seconds and every two seconds from then
// on.
#pragma once

#include "llvm/ADT/StringRef.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace girihc {

class Progress {
public:
  explicit Progress(bool quiet);
  ~Progress();

  /// A step begins (`total` 0), or has come some way.
  void update(llvm::StringRef step, uint64_t done, uint64_t total);

private:
  using Clock = std::chrono::steady_clock;
  void watch();
  void print();

  std::mutex mutex;
  std::condition_variable stopped;
  bool stop = false;
  std::string step;
  uint64_t done = 0, total = 0;
  Clock::time_point begun = Clock::now();
  std::thread watcher;
};

} // namespace girihc
