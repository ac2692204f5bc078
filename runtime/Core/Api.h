// What the files of the C ABI share: how structures and null pointers of callers are taken.
#pragma once

#include "Status.h"

#include <algorithm>
#include <cstring>

namespace girih::runtime {

/// What the caller filled, zeros for what its version of the structure lacks.
template <typename Options>
girih_code complete(const Options *options, Options &result, girih_status *status) {
  result = {};
  if (!options)
    return GIRIH_OK;
  if (options->struct_bytes < sizeof(size_t))
    return fail(status, GIRIH_INVALID_ARGUMENT,
                "expected struct_bytes in the options; set it with GIRIH_INIT(options)");
  memcpy(&result, options, std::min(options->struct_bytes, sizeof(Options)));
  return GIRIH_OK;
}

inline girih_code isNull(const char *what, girih_status *status) {
  return fail(status, GIRIH_INVALID_ARGUMENT, "expected %s but got a null pointer", what);
}

} // namespace girih::runtime
