// What the library of a machine other than this CPU offers to the runtime, which opens it when an artifact
// holds programs for that machine. The two are built together: there is no older one to agree with.
#pragma once

#include <cstddef>
#include <cstdint>

namespace girih::runtime {

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

/// Functions that fail return null or false and say why in `message`.
struct MachineLibrary {
  /// `facts` and `image` outlive the machine.
  void *(*open)(const char *facts, const uint8_t *image, size_t bytes, char *message, size_t messageBytes);
  bool (*launch)(void *machine, const MachineLaunch &launch, char *message, size_t messageBytes);
  /// A launch that this CPU ran, because the machine leaves such kernels to it.
  void (*ranOnHost)(void *machine, const char *kernel, const char *label);
  /// What the launches since the last `reset` cost, as text or JSON; returns the bytes it has without its
  /// end.
  size_t (*report)(void *machine, bool json, char *text, size_t bytes);
  void (*reset)(void *machine);
  /// Later launches move and compute no data.
  void (*timeOnly)(void *machine);
  /// Every later launch fails unless it leaves its program in `folder`; null: none.
  void (*keepPrograms)(void *machine, const char *folder);
  void (*close)(void *machine);
};

using MachineLibraryFunction = const MachineLibrary *(*)();

} // namespace girih::runtime
