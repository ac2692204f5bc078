// Reads and loads kernels.
#include "Kernels.h"

#include "girih-runtime/Format.h"
#include "runtime/Core/Status.h"

#include <cstring>

using namespace girih::nvidia;
using girih::runtime::fail;
using girih::runtime::MachineImage;

/// What a block gets without asking.
static constexpr uint32_t commonSharedBytes = 48 << 10;
static constexpr uint32_t mostThreads = 1024;

Kernels::~Kernels() {
  Current current(device);
  for (auto &[entry, kernel] : kernels)
    if (kernel.module)
      device.driver().unloadModule(kernel.module);
}

//===-- Reading
//----------------------------------------------------------------------------------------------------===//

girih_code Kernels::read(const MachineImage &image, girih_status *status) {
  for (size_t i = 0; i != image.entryCount; ++i)
    if (girih_code code = readKernel(image, image.entries[i], status))
      return code;
  return GIRIH_OK;
}

/// The next `bytes` of an image, padded to 8; null where it has fewer.
static const uint8_t *take(const MachineImage &image, uint64_t &position, uint64_t bytes) {
  uint64_t left = image.bytes - position;
  if (bytes > left || left - bytes < (8 - bytes % 8) % 8)
    return nullptr;
  const uint8_t *data = image.data + position;
  position += bytes + (8 - bytes % 8) % 8;
  return data;
}

static bool isText(const uint8_t *data, uint64_t bytes) { return bytes == 0 || data[bytes - 1] == 0; }

static bool isSane(const girih_nvidia_kernel &header) {
  return header.magic == GIRIH_NVIDIA_KERNEL_MAGIC && header.threads >= 1 && header.threads <= mostThreads &&
         header.words <= GIRIH_MAX_ARGS * (1 + GIRIH_MAX_RANK) + GIRIH_MAX_GRID && header.name_bytes > 1 &&
         header.unit <= GIRIH_NVIDIA_FP8 && (header.ptx_bytes || header.cubin_bytes);
}

girih_code Kernels::readKernel(const MachineImage &image, uint64_t entry, girih_status *status) {
  Kernel kernel;
  uint64_t position = entry;
  bool fits = entry % 8 == 0 && entry <= image.bytes;
  const uint8_t *header = fits ? take(image, position, sizeof(girih_nvidia_kernel)) : nullptr;
  kernel.header = reinterpret_cast<const girih_nvidia_kernel *>(header);
  fits = header && isSane(*kernel.header);
  const uint8_t *name = fits ? take(image, position, kernel.header->name_bytes) : nullptr;
  const uint8_t *ptx = name ? take(image, position, kernel.header->ptx_bytes) : nullptr;
  kernel.cubin = ptx ? take(image, position, kernel.header->cubin_bytes) : nullptr;
  if (!kernel.cubin || !isText(name, kernel.header->name_bytes) || !isText(ptx, kernel.header->ptx_bytes))
    return fail(status, GIRIH_DAMAGED_ARTIFACT,
                "expected an NVIDIA kernel at byte %llu of the artifact's code but found something else; "
                "compile the model anew",
                static_cast<unsigned long long>(entry));
  kernel.name = reinterpret_cast<const char *>(name);
  kernel.ptx = reinterpret_cast<const char *>(ptx);
  kernels[entry] = kernel;
  return checkDevice(kernel, status);
}

/// A cubin runs on later devices of the same major capability, PTX on all later ones; neither, if it uses
/// what only one has.
bool Kernels::takesCubin(const Kernel &kernel) const {
  uint32_t wanted = kernel.header->capability, has = device.capability();
  bool later = has >= wanted && has / 10 == wanted / 10;
  return kernel.header->cubin_bytes && (kernel.header->is_specific ? has == wanted : later);
}

bool Kernels::takesPtx(const Kernel &kernel) const {
  uint32_t wanted = kernel.header->capability, has = device.capability();
  return kernel.header->ptx_bytes && (kernel.header->is_specific ? has == wanted : has >= wanted);
}

girih_code Kernels::checkDevice(const Kernel &kernel, girih_status *status) const {
  const girih_nvidia_kernel &header = *kernel.header;
  uint32_t here = device.capability();
  const char *suffix = here >= 90 ? "a" : ""; // whose tensor cores are used by what only they have
  if (!takesCubin(kernel) && !takesPtx(kernel))
    return fail(status, GIRIH_UNSUPPORTED_DEVICE,
                "the artifact is compiled for sm_%u%s, but %s is of sm_%u; compile the model with "
                "--target=nvidia:sm_%u%s",
                header.capability, header.is_specific ? "a" : "", device.name(), here, here, suffix);
  if (header.shared_bytes > device.sharedBytes())
    return fail(status, GIRIH_UNSUPPORTED_DEVICE,
                "kernel '%s' takes %u bytes of shared memory a block, but %s has %u; compile the model with "
                "--target=nvidia:sm_%u%s",
                kernel.name, header.shared_bytes, device.name(), device.sharedBytes(), here, suffix);
  return GIRIH_OK;
}

//===-- Loading
//----------------------------------------------------------------------------------------------------===//

girih_code Kernels::load(uint64_t entry, const Kernel *&result, girih_status *status) {
  std::lock_guard lock(mutex);
  auto found = kernels.find(entry);
  if (found == kernels.end())
    return fail(status, GIRIH_DAMAGED_ARTIFACT,
                "a launch names no kernel of the artifact; compile the model anew");
  Kernel &kernel = found->second;
  result = &kernel;
  if (kernel.function)
    return GIRIH_OK;
  if (!kernel.module)
    if (girih_code code = loadCode(kernel, status))
      return code;
  return prepare(kernel, status);
}

/// The cubin, or where the driver does not take it, which happens if it is older than the compiler, the PTX.
girih_code Kernels::loadCode(Kernel &kernel, girih_status *status) const {
  Result result = kNoBinary;
  if (takesCubin(kernel))
    result = device.driver().loadModule(&kernel.module, kernel.cubin, 0, nullptr, nullptr);
  if (result == kSuccess)
    return GIRIH_OK;
  bool refused =
      result == kNoBinary || result == kInvalidImage || result == kUnsupportedPtx || result == kInvalidSource;
  if (refused && takesPtx(kernel))
    return compile(kernel, status);
  if (refused)
    return fail(
        status, GIRIH_OLD_DRIVER,
        "the driver, of CUDA %d.%d, refuses the artifact's code of kernel '%s' (%s); install a newer driver",
        device.driver().version() / 1000, device.driver().version() % 1000 / 10, kernel.name,
        device.driver().nameOf(result));
  return device.failed(result, "cannot load a kernel", status);
}

girih_code Kernels::compile(Kernel &kernel, girih_status *status) const {
  char log[256] = "";
  int options[] = {kJitErrorLog, kJitErrorLogBytes};
  void *values[] = {log, reinterpret_cast<void *>(uintptr_t(sizeof(log)))};
  Result result = device.driver().loadModule(&kernel.module, kernel.ptx, 2, options, values);
  int version = device.driver().version();
  switch (result) {
  case kSuccess:
    return GIRIH_OK;
  case kUnsupportedPtx:
    return fail(
        status, GIRIH_OLD_DRIVER,
        "the driver, of CUDA %d.%d, is too old for the artifact's PTX (kernel '%s'); install a newer driver",
        version / 1000, version % 1000 / 10, kernel.name);
  case kNoJit:
    return fail(status, GIRIH_OLD_DRIVER,
                "the driver's compiler of PTX (libnvidia-ptxjitcompiler) is not there, which kernel '%s' "
                "needs; install it with the "
                "driver",
                kernel.name);
  case kInvalidPtx:
  case kInvalidImage:
  case kNoBinary:
    return fail(status, GIRIH_MACHINE_FAILED,
                "the driver refuses the PTX of kernel '%s' (%s): %s; please report it", kernel.name,
                device.driver().nameOf(result), log);
  default:
    return device.failed(result, "cannot compile a kernel", status);
  }
}

girih_code Kernels::prepare(Kernel &kernel, girih_status *status) const {
  Function function = nullptr;
  if (Result result = device.driver().function(&function, kernel.module, kernel.name))
    return device.failed(result, "cannot find a kernel in its code", status);
  if (kernel.header->shared_bytes > commonSharedBytes)
    if (Result result =
            device.driver().setAttribute(function, kMaxDynamicShared, int(kernel.header->shared_bytes)))
      return device.failed(result, "cannot give a kernel its shared memory", status);
  kernel.function = function;
  return GIRIH_OK;
}
