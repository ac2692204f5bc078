// How the runtime reports: a code returned, and a sentence in the caller's girih_status. Inside, functions return girih_code
// and `if (girih_code code = step(...)) return code;` passes it on.
#pragma once

#include "girih-runtime/girih.h"

namespace girih::runtime {

/// Fills `status`, if there is one, and returns `code`.
girih_code fail(girih_status *status, girih_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/// Marks success.
girih_code succeed(girih_status *status);

} // namespace girih::runtime
