// Opens libcuda and finds its functions.
#include "Driver.h"

#include "runtime/Core/Status.h"

#include <dlfcn.h>
#include <mutex>

using namespace girih::nvidia;
using girih::runtime::fail;

/// A failure is not kept: a later call may find the driver installed, or its devices free.
const Driver *Driver::get(girih_status *status) {
  static std::mutex mutex;
  static Driver driver;
  static bool works = false;
  std::lock_guard lock(mutex);
  works = works || driver.open(status) == GIRIH_OK;
  return works ? &driver : nullptr;
}

girih_code Driver::open(girih_status *status) {
  void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *reason = dlerror();
    return fail(status, GIRIH_MISSING_DRIVER,
                "the artifact is for an NVIDIA GPU, whose driver library libcuda.so.1 cannot be opened (%s); "
                "install NVIDIA's "
                "driver, or compile the model for cpu",
                reason ? reason : "no reason given");
  }
  if (girih_code code = find(library, status))
    return code;
  return start(status); // the library stays open: it cannot be started twice
}

girih_code Driver::find(void *library, girih_status *status) {
  struct {
    const char *name;
    void **place;
  } const functions[] = {
#define NVIDIA_FUNCTION(member, name, parameters) {name, reinterpret_cast<void **>(&member)},
      NVIDIA_FUNCTIONS
#undef NVIDIA_FUNCTION
  };
  for (auto &[name, place] : functions) {
    *place = dlsym(library, name);
    if (!*place)
      return fail(status, GIRIH_OLD_DRIVER,
                  "libcuda.so.1 lacks the function %s; install an NVIDIA driver of CUDA 11.4 or later", name);
  }
  return GIRIH_OK;
}

girih_code Driver::start(girih_status *status) const {
  Result result = init(0);
  switch (result) {
  case kSuccess:
    return GIRIH_OK;
  case kNoDevice:
    return fail(status, GIRIH_MISSING_DEVICE,
                "the artifact is for an NVIDIA GPU, but the driver finds none; look at nvidia-smi and "
                "CUDA_VISIBLE_DEVICES");
  case kDriverMismatch:
  case kNewerDriver:
    return fail(status, GIRIH_OLD_DRIVER,
                "libcuda.so.1 and the kernel's NVIDIA driver do not fit one another: %s, %s; install one "
                "version of both, or start the system anew",
                nameOf(result), textOf(result));
  default:
    return fail(status, GIRIH_MISSING_DRIVER,
                "libcuda.so.1 does not start: %s, %s; look at nvidia-smi and the system's log",
                nameOf(result), textOf(result));
  }
}

int Driver::version() const {
  int version = 0;
  driverVersion(&version);
  return version;
}

const char *Driver::nameOf(Result result) const {
  const char *name = nullptr;
  return errorName(result, &name) == kSuccess && name ? name : "an unknown error";
}

const char *Driver::textOf(Result result) const {
  const char *text = nullptr;
  return errorText(result, &text) == kSuccess && text ? text : "which the driver does not describe";
}

bool girih::nvidia::isLost(Result result) {
  switch (result) {
  case 214: // an ECC error that could not be corrected
  case 220: // the same on NVLink
  case kIllegalAddress:
  case kLaunchTimeout:
  case kContextDestroyed:
  case kAssert:
  case kHardwareStack:
  case kIllegalInstruction:
  case kMisaligned:
  case kInvalidSpace:
  case kInvalidPc:
  case kLaunchFailed:
  case 999: // unknown
    return true;
  default:
    return false;
  }
}
