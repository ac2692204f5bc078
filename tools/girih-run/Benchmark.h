// Measures an entry point.
#pragma once

#include "Call.h"

namespace girih::run {

void benchmark(Call &call, girih_module *module, const Options &options);

} // namespace girih::run
