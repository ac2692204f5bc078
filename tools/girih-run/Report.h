// How girih-run fails: one line on stderr and an exit status that says whose fault it was.
#pragma once

#include "girih-runtime/girih.h"

#include <string>

namespace girih::run {

enum ExitStatus { Success = 0, Differs = 1, Usage = 2, BadInput = 3, Resource = 4, Internal = 5 };

/// Thrown to main, which prints it.
struct Failure {
  ExitStatus exitStatus;
  std::string code, message;
};

inline ExitStatus exitStatusOf(girih_code code) {
  switch (code) {
  case GIRIH_OUT_OF_MEMORY:
  case GIRIH_UNSUPPORTED_CPU:
  case GIRIH_CANCELLED:
  case GIRIH_MISSING_LIBRARY:
  case GIRIH_MISSING_DRIVER:
  case GIRIH_OLD_DRIVER:
  case GIRIH_MISSING_DEVICE:
  case GIRIH_UNSUPPORTED_DEVICE:
  case GIRIH_OUT_OF_DEVICE_MEMORY:
    return Resource;
  case GIRIH_INVALID_ARGUMENT:
  case GIRIH_UNKNOWN_ENTRY:
    return Usage;
  case GIRIH_BUSY:
  case GIRIH_MACHINE_FAILED:
  case GIRIH_DEVICE_LOST:
    return Internal;
  default:
    return BadInput;
  }
}

/// Throws if the runtime refused.
inline void check(girih_code code, const girih_status &status, const std::string &where = "") {
  if (code != GIRIH_OK)
    throw Failure{exitStatusOf(code), girih_code_name(code), (where.empty() ? "" : where + ": ") + status.message};
}

} // namespace girih::run
