// Measures an entry point.
#pragma once

#include "Call.h"

namespace girih::run {

void benchmark(Call &call, const Options &options);

} // namespace girih::run
