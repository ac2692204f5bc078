// A thread that wakes every two seconds; short compilations never hear of it.
#include "Progress.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace girihc;

Progress::Progress(bool quiet) {
  if (!quiet)
    watcher = std::thread([this] { watch(); });
}

Progress::~Progress() {
  {
    std::lock_guard lock(mutex);
    stop = true;
  }
  stopped.notify_all();
  if (watcher.joinable())
    watcher.join();
}

void Progress::update(llvm::StringRef name, uint64_t newDone, uint64_t newTotal) {
  std::lock_guard lock(mutex);
  if (name != step) {
    step = name.str();
    begun = Clock::now();
  }
  done = newDone;
  total = newTotal;
}

void Progress::print() {
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - begun).count();
  if (seconds < 2)
    return;
  llvm::errs() << "girihc: " << step << ", " << seconds << " s";
  if (total)
    llvm::errs() << llvm::formatv(", {0} of {1} MB", done / 1000000, total / 1000000);
  llvm::errs() << "\n";
}

void Progress::watch() {
  std::unique_lock lock(mutex);
  while (!stopped.wait_for(lock, std::chrono::seconds(2), [this] { return stop; }))
    print();
}
