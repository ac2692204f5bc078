// The part of NVIDIA's driver interface (libcuda) that the runtime uses, declared here: the driver's header
// comes with the CUDA toolkit, which neither building nor running should need, and what the driver exports
// under these names is stable. The library is opened when a machine is, so that programs without a GPU never
// load it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "girih-runtime/girih.h"

namespace girih::nvidia {

//===-- Types, as the driver has them
//------------------------------------------------------------------------------===//

using Result = int; // CUresult
using DeviceNumber = int;
using DevicePointer = unsigned long long;
using Context = struct CUctx_st *;
using Module = struct CUmod_st *;
using Function = struct CUfunc_st *;
using StreamHandle = struct CUstream_st *;
using EventHandle = struct CUevent_st *;
using Graph = struct CUgraph_st *;
using GraphExec = struct CUgraphExec_st *;

/// The results that are told apart.
inline constexpr Result kSuccess = 0, kOutOfMemory = 2, kStubLibrary = 34, kNewerDriver = 36, kNoDevice = 100,
                        kInvalidImage = 200, kNoBinary = 209, kInvalidPtx = 218, kNoJit = 221,
                        kUnsupportedPtx = 222, kInvalidSource = 300, kIllegalAddress = 700,
                        kLaunchResources = 701, kLaunchTimeout = 702, kContextDestroyed = 709, kAssert = 710,
                        kHardwareStack = 714, kIllegalInstruction = 715, kMisaligned = 716,
                        kInvalidSpace = 717, kInvalidPc = 718, kLaunchFailed = 719, kDriverMismatch = 803;

enum : int { // CUdevice_attribute
  kMultiprocessors = 16,
  kCapabilityMajor = 75,
  kCapabilityMinor = 76,
  kSharedBytesOptIn = 97,
};
inline constexpr int kMaxDynamicShared = 8;    // CUfunction_attribute
inline constexpr unsigned kNonBlocking = 1;    // CUstream_flags: no waiting for the legacy stream of others
inline constexpr int kCaptureThreadLocal = 1;  // CUstreamCaptureMode: other threads may allocate meanwhile
inline constexpr unsigned kRecordExternal = 1; // CUevent_record_flags: in a graph, recorded whenever it runs
inline constexpr int kJitErrorLog = 5, kJitErrorLogBytes = 6; // CUjit_option

//===-- Functions
//--------------------------------------------------------------------------------------------------===//

/// NVIDIA_FUNCTION(member, exported name, parameters). Versions of exported names are those of CUDA 11.4, the
/// least that the runtime works with; later drivers export them as well.
#define NVIDIA_FUNCTIONS                                                                                     \
  NVIDIA_FUNCTION(init, "cuInit", (unsigned flags))                                                          \
  NVIDIA_FUNCTION(driverVersion, "cuDriverGetVersion", (int *version))                                       \
  NVIDIA_FUNCTION(errorName, "cuGetErrorName", (Result result, const char **name))                           \
  NVIDIA_FUNCTION(errorText, "cuGetErrorString", (Result result, const char **text))                         \
  NVIDIA_FUNCTION(deviceCount, "cuDeviceGetCount", (int *count))                                             \
  NVIDIA_FUNCTION(device, "cuDeviceGet", (DeviceNumber * device, int ordinal))                               \
  NVIDIA_FUNCTION(deviceName, "cuDeviceGetName", (char *name, int bytes, DeviceNumber device))               \
  NVIDIA_FUNCTION(deviceAttribute, "cuDeviceGetAttribute", (int *value, int attribute, DeviceNumber device)) \
  NVIDIA_FUNCTION(retainContext, "cuDevicePrimaryCtxRetain", (Context * context, DeviceNumber device))       \
  NVIDIA_FUNCTION(releaseContext, "cuDevicePrimaryCtxRelease_v2", (DeviceNumber device))                     \
  NVIDIA_FUNCTION(pushContext, "cuCtxPushCurrent_v2", (Context context))                                     \
  NVIDIA_FUNCTION(popContext, "cuCtxPopCurrent_v2", (Context * context))                                     \
  NVIDIA_FUNCTION(memoryInfo, "cuMemGetInfo_v2", (size_t *freeBytes, size_t *totalBytes))                    \
  NVIDIA_FUNCTION(allocate, "cuMemAlloc_v2", (DevicePointer * pointer, size_t bytes))                        \
  NVIDIA_FUNCTION(release, "cuMemFree_v2", (DevicePointer pointer))                                          \
  NVIDIA_FUNCTION(allocateHost, "cuMemHostAlloc", (void **data, size_t bytes, unsigned flags))               \
  NVIDIA_FUNCTION(releaseHost, "cuMemFreeHost", (void *data))                                                \
  NVIDIA_FUNCTION(copyIn, "cuMemcpyHtoDAsync_v2",                                                            \
                  (DevicePointer to, const void *from, size_t bytes, StreamHandle stream))                   \
  NVIDIA_FUNCTION(copyOut, "cuMemcpyDtoHAsync_v2",                                                           \
                  (void *to, DevicePointer from, size_t bytes, StreamHandle stream))                         \
  NVIDIA_FUNCTION(copyWithin, "cuMemcpyDtoDAsync_v2",                                                        \
                  (DevicePointer to, DevicePointer from, size_t bytes, StreamHandle stream))                 \
  NVIDIA_FUNCTION(fill, "cuMemsetD8Async",                                                                   \
                  (DevicePointer to, unsigned char value, size_t bytes, StreamHandle stream))                \
  NVIDIA_FUNCTION(createStream, "cuStreamCreate", (StreamHandle * stream, unsigned flags))                   \
  NVIDIA_FUNCTION(destroyStream, "cuStreamDestroy_v2", (StreamHandle stream))                                \
  NVIDIA_FUNCTION(synchronize, "cuStreamSynchronize", (StreamHandle stream))                                 \
  NVIDIA_FUNCTION(beginCapture, "cuStreamBeginCapture_v2", (StreamHandle stream, int mode))                  \
  NVIDIA_FUNCTION(endCapture, "cuStreamEndCapture", (StreamHandle stream, Graph * graph))                    \
  NVIDIA_FUNCTION(instantiate, "cuGraphInstantiateWithFlags",                                                \
                  (GraphExec * exec, Graph graph, unsigned long long flags))                                 \
  NVIDIA_FUNCTION(destroyGraph, "cuGraphDestroy", (Graph graph))                                             \
  NVIDIA_FUNCTION(launchGraph, "cuGraphLaunch", (GraphExec exec, StreamHandle stream))                       \
  NVIDIA_FUNCTION(destroyExec, "cuGraphExecDestroy", (GraphExec exec))                                       \
  NVIDIA_FUNCTION(createEvent, "cuEventCreate", (EventHandle * event, unsigned flags))                       \
  NVIDIA_FUNCTION(destroyEvent, "cuEventDestroy_v2", (EventHandle event))                                    \
  NVIDIA_FUNCTION(record, "cuEventRecordWithFlags",                                                          \
                  (EventHandle event, StreamHandle stream, unsigned flags))                                  \
  NVIDIA_FUNCTION(elapsed, "cuEventElapsedTime", (float *milliseconds, EventHandle begin, EventHandle end))  \
  NVIDIA_FUNCTION(loadModule, "cuModuleLoadDataEx",                                                          \
                  (Module * module, const void *image, unsigned count, int *options, void **values))         \
  NVIDIA_FUNCTION(unloadModule, "cuModuleUnload", (Module module))                                           \
  NVIDIA_FUNCTION(function, "cuModuleGetFunction", (Function * function, Module module, const char *name))   \
  NVIDIA_FUNCTION(setAttribute, "cuFuncSetAttribute", (Function function, int attribute, int value))         \
  NVIDIA_FUNCTION(launch, "cuLaunchKernel",                                                                  \
                  (Function function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,       \
                   unsigned blockY, unsigned blockZ, unsigned sharedBytes, StreamHandle stream,              \
                   void **parameters, void **extra))

struct Driver {
#define NVIDIA_FUNCTION(member, name, parameters) Result(*member) parameters = nullptr;
  NVIDIA_FUNCTIONS
#undef NVIDIA_FUNCTION

  /// The process's driver, opened and started at the first call; null, with the reason in `status`, where
  /// there is none that works.
  static const Driver *get(girih_status *status);
  /// 13000 is CUDA 13.0.
  int version() const;
  /// The driver's name of a result, "CUDA_ERROR_…", and its sentence.
  const char *nameOf(Result result) const;
  const char *textOf(Result result) const;

private:
  girih_code open(girih_status *status);
  girih_code find(void *library, girih_status *status);
  girih_code start(girih_status *status) const;
};

/// After these nothing works in the context any more.
bool isLost(Result result);

} // namespace girih::nvidia
