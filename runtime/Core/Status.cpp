// Codes, their stable names, and messages cut to the status' fixed size.
#include "Status.h"

#include <cstdarg>
#include <cstdio>

using namespace girih::runtime;

girih_code girih::runtime::fail(girih_status *status, girih_code code, const char *format, ...) {
  if (!status)
    return code;
  status->code = code;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(status->message, sizeof(status->message), format, arguments);
  va_end(arguments);
  return code;
}

girih_code girih::runtime::succeed(girih_status *status) {
  if (status) {
    status->code = GIRIH_OK;
    status->message[0] = '\0';
  }
  return GIRIH_OK;
}

const char *girih_code_name(girih_code code) {
  static const char *const names[GIRIH_CODE_COUNT] = {
      "ok",
      "cannot-read",
      "damaged-artifact",
      "unsupported-format",
      "unsupported-cpu",
      "missing-weights",
      "changed-weights",
      "out-of-memory",
      "invalid-argument",
      "unknown-entry",
      "shape-mismatch",
      "type-mismatch",
      "size-out-of-bounds",
      "value-out-of-range",
      "cancelled",
      "busy",
      "cache-full",
      "damaged-sequence",
      "wrong-model",
      "cannot-write",
      "missing-library",
      "machine-failed",
      "missing-driver",
      "old-driver",
      "missing-device",
      "unsupported-device",
      "out-of-device-memory",
      "device-lost",
  };
  return unsigned(code) < GIRIH_CODE_COUNT ? names[code] : "unknown";
}

const char *girih_runtime_version(void) { return "0.1.0"; }
