// What the library of a machine other than this CPU offers to the runtime, which opens it when an artifact
// holds programs for that machine. The two are built together: there is no older one to agree with.
//
// There are two kinds of machines. Those that work on the host's memory take one launch after another. Those
// with memory of their own offer `memory` as well: what launches touch is copied there, and a run is a stream
// of work that goes there as a whole.
#pragma once

#include "girih-runtime/girih.h"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace girih::runtime {

//===-- Machines that work on the host's memory
//--------------------------------------------------------------------===//

/// A whole tensor as a launch sees it.
struct MachineArg {
  void *data; // the host's
  uint64_t bytes;
  const int64_t *shape;
  uint32_t rank;
  uint32_t weight; // its number, or GIRIH_NONE: it changes from launch to launch
};

struct MachineLaunch {
  uint64_t entry; // of the kernel, in the image
  const MachineArg *args;
  uint32_t argCount;
  const uint32_t *grid;
  uint32_t gridRank;
  const char *label; // the model's layers
};

//===-- Machines with memory of their own
//--------------------------------------------------------------------------===//

/// A place in such a machine's memory; 0 is none.
using MachineAddress = uint64_t;

enum class CopyKind : uint32_t { ToMachine, FromMachine, Within };

struct MachineCopy {
  CopyKind kind;
  uint64_t to, from; // addresses, of the machine or the host as the kind says
  uint64_t bytes;
};

/// What fills a machine's weights: writes bytes [offset, offset + bytes) of weight `weight` to `data`. Called
/// from several threads at once, until `endUpload`.
struct WeightSource {
  void (*fill)(const void *context, uint32_t weight, uint64_t offset, uint8_t *data, uint64_t bytes);
  const void *context;
};

/// Where a weight goes.
struct WeightPlace {
  MachineAddress to;
  uint64_t bytes;
  uint32_t weight;
};

/// A launch or a copy of a run.
struct MachineOperation {
  uint64_t
      entry; // of the kernel in the image; GIRIH_NO_CODE: copies words[2] bytes from words[1] to words[0]
  const int64_t *words; // addresses and dims of all arguments, then the grid
  uint32_t wordCount;
  uint32_t command;      // in the artifact's table
  uint64_t blocks;       // product of the grid
  uint64_t flops, bytes; // as the artifact states them
  const char *label, *kernel;
};

/// What runs of operations add up to.
struct MachineCounts {
  uint64_t launches, blocks, flops, bytes;
};

struct MachineTimes {
  const MachineOperation *operation; // without its words
  uint64_t beginNs, endNs;           // CLOCK_MONOTONIC
};

/// A run: the copies to the machine, the operations in the order of the calls, the copies back.
struct MachineRun {
  const uint64_t *key; // runs of equal keys have the same operations and copies
  uint32_t keyWords;
  bool repeats; // whether it may be recorded, to be played again for an equal key; not where waits lie in
                // between
  MachineCopy in, out; // of no bytes: none
  /// Told about every operation when the run is done; null: nobody wants to know.
  void (*timed)(void *context, const MachineTimes &times);
  void *context;
};

/// Functions fill `status` where they fail.
struct MachineMemory {
  /// Zeroed.
  girih_code (*allocate)(void *machine, uint64_t bytes, MachineAddress *address, girih_status *status);
  void (*release)(void *machine, MachineAddress address);
  /// Of the device, this process's share included.
  void (*describe)(void *machine, const char **name, uint64_t *freeBytes, uint64_t *totalBytes);
  /// Host memory that copies reach at full speed.
  girih_code (*allocateHost)(void *machine, uint64_t bytes, void **data, girih_status *status);
  void (*releaseHost)(void *machine, void *data);
  /// Returns when all are done.
  girih_code (*transfer)(void *machine, const MachineCopy *copies, size_t count, girih_status *status);
  /// Begins to fill weights; runs wait for their end, and fail if it did.
  girih_code (*upload)(void *machine, const WeightPlace *places, size_t count, const WeightSource &source,
                       girih_status *status);
  /// Ends that, done or not: the source is not asked any more.
  void (*endUpload)(void *machine);

  /// A stream of work, of one session.
  void *(*openStream)(void *machine, girih_status *status);
  void (*closeStream)(void *stream);
  /// `replayed`: the run was played from a recording, so no operation follows, only `finish`.
  girih_code (*begin)(void *stream, const MachineRun &run, bool *replayed, girih_status *status);
  girih_code (*enqueue)(void *stream, const MachineOperation &operation, girih_status *status);
  /// Returns when all that was enqueued is done: for work of the host in between.
  girih_code (*wait)(void *stream, girih_status *status);
  /// Enqueues the copies back and returns when all is done.
  girih_code (*finish)(void *stream, MachineCounts *counts, girih_status *status);
  /// Ends a run that will not be finished.
  void (*abandon)(void *stream);
};

//===-- All machines
//-----------------------------------------------------------------------------------------------===//

/// What an artifact brings; it outlives the machine.
struct MachineImage {
  const char *facts;
  const uint8_t *data;
  size_t bytes;
  const uint64_t *entries; // of its kernels, GIRIH_NO_CODE left out
  size_t entryCount;
};

/// Functions that fail return null or false and say why in `message` or `status`.
struct MachineLibrary {
  void *(*open)(const MachineImage &image, girih_status *status);
  /// Null: the machine works on the host's memory.
  const MachineMemory *memory;
  /// Null where the machine has memory of its own.
  bool (*launch)(void *machine, const MachineLaunch &launch, char *message, size_t messageBytes);
  /// A launch that this CPU ran, because the machine leaves such kernels to it.
  void (*ranOnHost)(void *machine, const char *kernel, const char *label);
  /// What the launches since the last `reset` cost, as text or JSON; returns the bytes it has without its
  /// end.
  size_t (*report)(void *machine, bool json, char *text, size_t bytes);
  void (*reset)(void *machine);
  /// Later launches move and compute no data. Returns false where the machine cannot.
  bool (*timeOnly)(void *machine);
  /// Every later launch fails unless it leaves its program in `folder`; null: none. Returns false where the
  /// machine has no such programs.
  bool (*keepPrograms)(void *machine, const char *folder);
  void (*close)(void *machine);
};

using MachineLibraryFunction = const MachineLibrary *(*)();

} // namespace girih::runtime
