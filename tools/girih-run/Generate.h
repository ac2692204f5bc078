// Generates tokens with a decoder.
#pragma once

#include "Call.h"

namespace girih::run {

/// Prefills options.generate and decodes options.newTokens more; prints their ids and what they took.
void generate(girih_module *module, const Options &options);

} // namespace girih::run
