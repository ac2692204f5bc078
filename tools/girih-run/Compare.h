// Compares an artifact with the reference interpreter, launch by launch.
#pragma once

#include "Call.h"

namespace girih::run {

/// Prints where the two part; Differs if they do.
ExitStatus compareReference(girih_module *module, Call &call, const Options &options);

} // namespace girih::run
