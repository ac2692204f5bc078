// Uploads weights.
#include "Upload.h"

#include "runtime/Core/Status.h"

#include <algorithm>
#include <unistd.h>

using namespace girih::nvidia;
using girih::runtime::CopyKind;
using girih::runtime::fail;
using girih::runtime::WeightPlace;
using girih::runtime::WeightSource;

/// Large enough for the bus, small enough that what is pinned (two pieces a thread) does not matter.
static constexpr uint64_t pieceBytes = 4 << 20;
/// One thread copies about 10 GB/s from the page cache, the bus takes some 50.
static constexpr uint32_t mostThreads = 6;
static constexpr uint64_t bytesWorthAThread = 64 << 20;

girih_code Upload::begin(std::span<const WeightPlace> places, const WeightSource &newSource,
                         girih_status *status) {
  source = newSource;
  split(places);
  if (pieces.empty())
    return GIRIH_OK;
  complete.store(false);
  std::lock_guard lock(mutex); // threads that end at once wait until all are counted
  uint32_t wanted = threadsWanted();
  for (pthread_t thread; working != wanted; ++working) {
    if (pthread_create(&thread, nullptr, threadMain, this) != 0)
      break;
    threads.push_back(thread);
  }
  if (working != 0)
    return GIRIH_OK;
  complete.store(true);
  return fail(status, GIRIH_OUT_OF_MEMORY, "no thread for copying weights to the GPU");
}

void Upload::split(std::span<const WeightPlace> places) {
  for (const WeightPlace &place : places) {
    for (uint64_t offset = 0; offset < place.bytes; offset += pieceBytes)
      pieces.push_back({place.to + offset, offset, std::min(pieceBytes, place.bytes - offset), place.weight});
    totalBytes += place.bytes;
  }
}

uint32_t Upload::threadsWanted() const {
  long cores = std::max(1L, sysconf(_SC_NPROCESSORS_ONLN));
  uint64_t worth = 1 + totalBytes / bytesWorthAThread;
  return uint32_t(std::min<uint64_t>({worth, mostThreads, uint64_t(cores), pieces.size()}));
}

girih_code Upload::wait(girih_status *status) {
  if (complete.load(std::memory_order_acquire) && failure.code == GIRIH_OK)
    return GIRIH_OK;
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return working == 0; });
  if (failure.code == GIRIH_OK)
    return GIRIH_OK;
  return fail(status, failure.code, "the weights did not reach the GPU: %s", failure.message);
}

void Upload::end() {
  stopping.store(true);
  for (pthread_t thread : threads)
    pthread_join(thread, nullptr);
  threads.clear();
}

//===-- Threads
//----------------------------------------------------------------------------------------------------===//

void *Upload::threadMain(void *upload) {
  static_cast<Upload *>(upload)->work();
  return nullptr;
}

void Upload::work() {
  Current current(device);
  girih_status status = {};
  Slot slots[2];
  girih_code code = GIRIH_OK;
  for (Slot &slot : slots)
    code = code ? code : openSlot(slot, &status);
  if (!code)
    code = sendAll(slots, &status);
  for (Slot &slot : slots)
    closeSlot(slot);
  stop(code, status);
}

/// Fills one slot while the other is emptied.
girih_code Upload::sendAll(std::span<Slot> slots, girih_status *status) {
  girih_code code = GIRIH_OK;
  for (size_t turn = 0; !code && !stopping.load(std::memory_order_relaxed); ++turn) {
    size_t index = next.fetch_add(1, std::memory_order_relaxed);
    if (index >= pieces.size())
      break;
    code = send(pieces[index], slots[turn % slots.size()], status);
  }
  for (Slot &slot : slots)
    if (girih_code last = drain(slot, code ? nullptr : status); !code)
      code = last;
  return code;
}

girih_code Upload::openSlot(Slot &slot, girih_status *status) {
  uint64_t largest = std::min(pieceBytes, totalBytes);
  if (girih_code code = memory.allocateHost(largest, slot.data, status))
    return code;
  if (Result result = device.driver().createStream(&slot.stream, kNonBlocking))
    return device.failed(result, "cannot open a stream for weights", status);
  return GIRIH_OK;
}

void Upload::closeSlot(Slot &slot) {
  if (slot.stream)
    device.driver().destroyStream(slot.stream);
  if (slot.data)
    memory.releaseHost(slot.data);
}

girih_code Upload::drain(Slot &slot, girih_status *status) {
  Result result = device.driver().synchronize(slot.stream);
  return result == kSuccess ? GIRIH_OK : device.failed(result, "cannot copy weights", status);
}

girih_code Upload::send(const Piece &piece, Slot &slot, girih_status *status) {
  if (girih_code code = drain(slot, status)) // of the piece before
    return code;
  source.fill(source.context, piece.weight, piece.offset, static_cast<uint8_t *>(slot.data), piece.bytes);
  Result result = device.driver().copyIn(piece.to, slot.data, piece.bytes, slot.stream);
  return result == kSuccess ? GIRIH_OK : device.failed(result, "cannot copy weights", status);
}

/// One thread is done. The first failure is kept, and stops the others.
void Upload::stop(girih_code code, const girih_status &status) {
  std::lock_guard lock(mutex);
  if (code != GIRIH_OK && failure.code == GIRIH_OK) {
    failure = status;
    stopping.store(true);
  }
  if (--working == 0) {
    complete.store(true, std::memory_order_release);
    changed.notify_all();
  }
}
