// Fills the weights of a module on threads of its own, while the caller goes on: each piece is made or read
// into pinned memory, from where the GPU fetches it while the next one is prepared.
#pragma once

#include "Memory.h"

#include <atomic>
#include <condition_variable>
#include <pthread.h>
#include <vector>

namespace girih::nvidia {

class Upload {
public:
  Upload(const Device &device, Memory &memory) : device(device), memory(memory) {}
  ~Upload() { end(); }

  girih_code begin(std::span<const runtime::WeightPlace> places, const runtime::WeightSource &source,
                   girih_status *status);
  /// Waits until all is there; passes on why it is not.
  girih_code wait(girih_status *status);
  /// Stops, done or not.
  void end();

private:
  struct Piece {
    runtime::MachineAddress to;
    uint64_t offset, bytes;
    uint32_t weight;
  };
  /// Pinned memory with the stream that empties it.
  struct Slot {
    void *data = nullptr;
    StreamHandle stream = nullptr;
  };

  void split(std::span<const runtime::WeightPlace> places);
  uint32_t threadsWanted() const;
  static void *threadMain(void *upload);
  void work();
  girih_code openSlot(Slot &slot, girih_status *status);
  girih_code drain(Slot &slot, girih_status *status);
  void closeSlot(Slot &slot);
  girih_code send(const Piece &piece, Slot &slot, girih_status *status);
  girih_code sendAll(std::span<Slot> slots, girih_status *status);
  void stop(girih_code code, const girih_status &status);

  const Device &device;
  Memory &memory;
  runtime::WeightSource source = {};
  std::vector<Piece> pieces;
  uint64_t totalBytes = 0;
  std::vector<pthread_t> threads;
  std::atomic<size_t> next{0};
  std::atomic<bool> stopping{false};
  std::atomic<bool> complete{true};
  std::mutex mutex; // of what follows
  std::condition_variable changed;
  uint32_t working = 0;
  girih_status failure = {};
};

} // namespace girih::nvidia
